//! What the pages of a tenant or of an organization look like: a logo, an icon, two colours.

use serde::{Deserialize, Serialize};

/// Auth0's `branding`; whatever is absent follows the tenant, and then our own look.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Branding {
    /// Colours.
    #[serde(skip_serializing_if = "Colors::is_empty")]
    pub colors: Colors,
    /// The picture on the browser's tab.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub favicon_url: Option<String>,
    /// The picture above each form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo_url: Option<String>,
}

/// Auth0's `branding.colors`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Colors {
    /// Buttons, links and what has the focus.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub primary: Option<Color>,
    /// What is around the form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page_background: Option<Color>,
}

/// `#rrggbb`, in the letters in which it was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Color {
    text: String,
    rgb: [u8; 3],
}

impl Branding {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// This, and where it says nothing, `other`.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        Self {
            colors: Colors {
                primary: self.colors.primary.clone().or_else(|| other.colors.primary.clone()),
                page_background: {
                    let own = self.colors.page_background.clone();
                    own.or_else(|| other.colors.page_background.clone())
                },
            },
            favicon_url: self.favicon_url.clone().or_else(|| other.favicon_url.clone()),
            logo_url: self.logo_url.clone().or_else(|| other.logo_url.clone()),
        }
    }
}

impl Colors {
    fn is_empty(&self) -> bool {
        self.primary.is_none() && self.page_background.is_none()
    }
}

impl Color {
    /// Black.
    pub const BLACK: [u8; 3] = [0; 3];
    /// White.
    pub const WHITE: [u8; 3] = [255; 3];

    /// Reads `#rrggbb`; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#')?;
        if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let [_, red, green, blue] = u32::from_str_radix(digits, 16).ok()?.to_be_bytes();
        Some(Self { text: text.to_owned(), rgb: [red, green, blue] })
    }

    /// Red, green and blue.
    pub const fn rgb(&self) -> [u8; 3] {
        self.rgb
    }
}

impl TryFrom<String> for Color {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("expected #rrggbb")
    }
}

impl From<Color> for String {
    fn from(color: Color) -> Self {
        color.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_color_is_six_digits_and_nothing_else() {
        assert_eq!(Color::parse("#fF0a01").map(|color| color.rgb()), Some([255, 10, 1]));
        for bad in ["", "#fff", "ff0000", "#ff000", "#ff00000", "#ff00gg", "#+f0000", "red;}", "#éaaaa"] {
            assert_eq!(Color::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_one_leaves_open_the_other_says() {
        let read = |json: &str| serde_json::from_str::<Branding>(json).unwrap();
        let own = read(r##"{"colors":{"primary":"#112233"}}"##);
        let other = read(
            r##"{"colors":{"primary":"#ffffff","page_background":"#000000"},"logo_url":"https://a/l"}"##,
        );
        let both = own.or(&other);
        assert_eq!(both.colors.primary.unwrap().rgb(), [0x11, 0x22, 0x33]);
        assert!(both.colors.page_background.is_some() && both.logo_url.is_some());
        assert!(Branding::default().is_empty() && !own.is_empty());
        assert_eq!(serde_json::to_string(&own).unwrap(), r##"{"colors":{"primary":"#112233"}}"##);
    }
}
