//! Branding in drafts: colours as `#rrggbb`, pictures from the web, nothing that a page would not show.

use serde_json::{Map, Value};

use crate::engine::records::flaws::Flaws;
use crate::engine::records::{Refusal, uris};
use crate::model::branding::{Branding, Color, Colors};

/// What a tenant's branding may name; `font` only to be told that there is none.
pub(crate) const OF_TENANT: &[&str] = &["colors", "favicon_url", "font", "logo_url"];

/// What an organization's branding may name.
pub(crate) const OF_ORGANIZATION: &[&str] = &["colors", "logo_url"];

/// `standing` with what `draft` names laid over it; `null` takes a value away.
///
/// # Errors
/// [`Refusal::Invalid`] with every flaw.
pub(crate) fn laid_over(
    mut standing: Branding,
    draft: &Map<String, Value>,
    known: &[&str],
) -> Result<Branding, Refusal> {
    let mut flaws = Flaws::default();
    for (key, value) in draft {
        let path = format!("branding.{key}");
        match key.as_str() {
            key if !known.contains(&key) => {
                flaws.require(false, path, format_args!("expected one of {}", known.join(", ")));
            }
            "colors" => lay_colors(&mut standing.colors, value, &path, &mut flaws),
            "favicon_url" => standing.favicon_url = picture(value, &path, &mut flaws),
            "font" => {
                flaws.require(
                    value.is_null(),
                    path,
                    "expected null: pages load no font, they have the system's",
                );
            }
            _ => standing.logo_url = picture(value, &path, &mut flaws),
        }
    }
    flaws.verdict()?;
    Ok(standing)
}

fn lay_colors(standing: &mut Colors, value: &Value, path: &str, flaws: &mut Flaws) {
    if value.is_null() {
        *standing = Colors::default();
        return;
    }
    let Some(colors) = value.as_object() else {
        return flaws.require(false, path, "expected an object");
    };
    for (key, value) in colors {
        let path = format!("{path}.{key}");
        let color = value.as_str().and_then(Color::parse);
        flaws.require(value.is_null() || color.is_some(), &path, "expected #rrggbb");
        match key.as_str() {
            "primary" => standing.primary = color,
            "page_background" => standing.page_background = color,
            _ => flaws.require(false, path, "expected primary or page_background"),
        }
    }
}

fn picture(value: &Value, path: &str, flaws: &mut Flaws) -> Option<String> {
    let uri = value.as_str().filter(|uri| uris::is_picture(uri));
    flaws.require(value.is_null() || uri.is_some(), path, "expected an http(s) URI");
    uri.map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::engine::records::world::paths;

    fn laid(draft: &Value) -> Result<Branding, Refusal> {
        let standing = serde_json::from_value(json!({
            "colors": { "primary": "#111111", "page_background": "#222222" }, "logo_url": "https://a.test/l.png",
        }));
        laid_over(standing.unwrap(), draft.as_object().unwrap(), OF_TENANT)
    }

    #[test]
    fn what_is_named_changes_and_null_takes_away() {
        let after =
            laid(&json!({ "colors": { "primary": "#ABCDEF" }, "logo_url": null, "font": null })).unwrap();
        let expected = json!({ "colors": { "primary": "#ABCDEF", "page_background": "#222222" } });
        assert_eq!(serde_json::to_value(after).unwrap(), expected);
        let after = laid(&json!({ "colors": null, "favicon_url": "http://localhost:1/i.ico" })).unwrap();
        assert!(after.colors == Colors::default() && after.favicon_url.is_some() && after.logo_url.is_some());
    }

    #[test]
    fn each_flaw_is_named() {
        for (draft, path) in [
            (json!({ "colors": 1 }), "branding.colors"),
            (json!({ "colors": { "primary": "red" } }), "branding.colors.primary"),
            (json!({ "colors": { "primary": "#fff;}*{x:y" } }), "branding.colors.primary"),
            (
                json!({ "colors": { "page_background": { "type": "linear-gradient" } } }),
                "branding.colors.page_background",
            ),
            (json!({ "colors": { "secondary": "#ffffff" } }), "branding.colors.secondary"),
            (json!({ "logo_url": "javascript:alert(1)" }), "branding.logo_url"),
            (json!({ "logo_url": "data:image/png;base64,x" }), "branding.logo_url"),
            (json!({ "logo_url": "https://a.test;script-src/l" }), "branding.logo_url"),
            (json!({ "logo_url": "https://a.test,b/l" }), "branding.logo_url"),
            (json!({ "favicon_url": "/favicon.ico" }), "branding.favicon_url"),
            (json!({ "font": { "url": "https://fonts.test/f.woff2" } }), "branding.font"),
            (json!({ "template": "x" }), "branding.template"),
        ] {
            let refusal = laid(&draft).unwrap_err();
            assert_eq!(paths(&refusal), [path], "{refusal}");
        }
    }
}
