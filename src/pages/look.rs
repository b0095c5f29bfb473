//! A brand's colours as rules of a style sheet: whatever colour is chosen, text stays readable, by day and by night.

use std::fmt::Write as _;

use crate::model::branding::{Branding, Color};

/// What is behind text, as `pages.css` has it.
const PAPER: [u8; 3] = [0xff, 0xff, 0xff];
const PAPER_AT_NIGHT: [u8; 3] = [0x1a, 0x1e, 0x25];

/// WCAG 2.2 §1.4.3: text of ordinary size against what is behind it.
const READABLE: f64 = 4.5;

/// The brightest page that may surround a form at night (relative luminance).
const NIGHT: f64 = 0.1;

/// Rules that lay a brand's colours over `pages.css`; nothing for a brand without colours.
pub fn rules(branding: &Branding) -> String {
    let mut day = String::new();
    let mut night = String::new();
    if let Some(primary) = &branding.colors.primary {
        let accent = primary.rgb();
        put(&mut day, "accent", accent);
        put(&mut day, "on", text_on(accent));
        put(&mut day, "link", readable_on(PAPER, accent, Color::BLACK));
        put(&mut night, "link", readable_on(PAPER_AT_NIGHT, accent, Color::WHITE));
    }
    if let Some(ground) = &branding.colors.page_background {
        put(&mut day, "ground", ground.rgb());
        if luminance(ground.rgb()) <= NIGHT {
            put(&mut night, "ground", ground.rgb());
        } else {
            night.push_str("--ground:var(--dusk);");
        }
    }
    if day.is_empty() {
        return day;
    }
    format!(":root{{{day}}}@media (prefers-color-scheme:dark){{:root{{{night}}}}}")
}

fn put(rules: &mut String, name: &str, [red, green, blue]: [u8; 3]) {
    let _infallible = write!(rules, "--{name}:#{red:02x}{green:02x}{blue:02x};");
}

/// Black or white, whichever reads better; one of them always has a contrast of at least 4.5.
fn text_on(behind: [u8; 3]) -> [u8; 3] {
    let white = contrast(behind, Color::WHITE);
    if white >= contrast(behind, Color::BLACK) { Color::WHITE } else { Color::BLACK }
}

/// `color`, with as much of `towards` in it as it takes to be read on `paper`.
fn readable_on(paper: [u8; 3], color: [u8; 3], towards: [u8; 3]) -> [u8; 3] {
    let shades = (0..=16_u16).map(|part| mixed(color, towards, part));
    shades.into_iter().find(|shade| contrast(paper, *shade) >= READABLE).unwrap_or(towards)
}

/// `part` sixteenths of `other` in `color`.
fn mixed(color: [u8; 3], other: [u8; 3], part: u16) -> [u8; 3] {
    let mut mixed = color;
    for (own, other) in mixed.iter_mut().zip(other) {
        let sum = u16::from(*own) * (16 - part) + u16::from(other) * part;
        *own = u8::try_from(sum / 16).unwrap_or(u8::MAX);
    }
    mixed
}

/// From 1, the same, to 21, black and white (WCAG 2.2, "contrast ratio").
fn contrast(one: [u8; 3], other: [u8; 3]) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// From 0, black, to 1, white (WCAG 2.2, "relative luminance").
fn luminance(rgb: [u8; 3]) -> f64 {
    let [red, green, blue] = rgb.map(|part| {
        let part = f64::from(part) / 255.0;
        if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

#[cfg(test)]
mod tests {
    use super::*;

    fn brand(json: &str) -> Branding {
        serde_json::from_str(&format!("{{\"colors\":{json}}}")).unwrap()
    }

    #[test]
    fn the_paper_is_that_of_the_style_sheet() {
        let style = include_str!("pages.css");
        for paper in [PAPER, PAPER_AT_NIGHT] {
            let [red, green, blue] = paper;
            assert!(style.contains(&format!("--paper:#{red:02x}{green:02x}{blue:02x};")), "{paper:?}");
        }
    }

    #[test]
    fn every_colour_leaves_text_readable() {
        for red in (0..=255).step_by(17) {
            for green in (0..=255).step_by(17) {
                for blue in (0..=255).step_by(17) {
                    let color = [red, green, blue];
                    assert!(contrast(color, text_on(color)) >= READABLE, "{color:?}");
                    let day = readable_on(PAPER, color, Color::BLACK);
                    let night = readable_on(PAPER_AT_NIGHT, color, Color::WHITE);
                    assert!(contrast(PAPER, day) >= READABLE, "{color:?} {day:?}");
                    assert!(contrast(PAPER_AT_NIGHT, night) >= READABLE, "{color:?} {night:?}");
                }
            }
        }
    }

    #[test]
    fn rules_say_only_what_the_brand_says() {
        assert_eq!(rules(&Branding::default()), "");
        let ours = rules(&brand(r##"{"primary":"#0b5fff"}"##));
        assert!(ours.starts_with(":root{--accent:#0b5fff;--on:#ffffff;--link:#0b5fff;}@media"), "{ours}");
        let bright = rules(&brand(r##"{"primary":"#FFE000","page_background":"#fafafa"}"##));
        assert!(bright.contains("--accent:#ffe000;--on:#000000;"), "{bright}");
        assert!(bright.contains("--ground:var(--dusk);"), "a bright page stays dark at night: {bright}");
        let dark = rules(&brand(r##"{"page_background":"#101820"}"##));
        assert_eq!(dark.matches("--ground:#101820;").count(), 2, "{dark}");
    }

    #[test]
    fn contrast_is_that_of_wcag() {
        assert!((contrast(Color::BLACK, Color::WHITE) - 21.0).abs() < 1e-9);
        assert!((contrast([0x77; 3], Color::WHITE) - 4.478).abs() < 0.01);
    }
}
