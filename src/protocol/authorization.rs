//! The words of the authorization endpoint: response types and modes, prompts (OpenID Connect Core §3, OAuth 2.0
//! Multiple Response Types, Form Post Response Mode).

use serde::{Deserialize, Serialize};

/// What comes back from the authorization endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ResponseType {
    /// A code.
    Code,
}

impl ResponseType {
    /// Every response type on offer.
    pub const ALL: [Self; 1] = [Self::Code];

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Code => "code",
        }
    }

    /// The response type called `name`.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|own| own.name() == name)
    }
}

/// How it comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ResponseMode {
    /// In a form that the browser posts.
    FormPost,
    /// In the fragment of the redirect URI.
    Fragment,
    /// In its query.
    Query,
}

impl ResponseMode {
    /// Every response mode on offer.
    pub const ALL: [Self; 3] = [Self::FormPost, Self::Fragment, Self::Query];

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FormPost => "form_post",
            Self::Fragment => "fragment",
            Self::Query => "query",
        }
    }

    /// The response mode called `name`.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|own| own.name() == name)
    }
}

/// What the person is to be asked, as a set of bits (OpenID Connect Core §3.1.2.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Prompt(u8);

impl Prompt {
    /// Nothing at all.
    pub const NONE: Self = Self(1);
    /// To log in again.
    pub const LOGIN: Self = Self(2);
    /// To consent again.
    pub const CONSENT: Self = Self(4);
    /// To choose who they are.
    pub const SELECT_ACCOUNT: Self = Self(8);

    const NAMES: [(&'static str, Self); 4] = [
        ("none", Self::NONE),
        ("login", Self::LOGIN),
        ("consent", Self::CONSENT),
        ("select_account", Self::SELECT_ACCOUNT),
    ];

    /// Every name on offer.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Self::NAMES.into_iter().map(|(name, _)| name)
    }

    /// Reads a `prompt` parameter; `None` for an unknown word, or for `none` beside another.
    pub fn parse(text: &str) -> Option<Self> {
        let mut set = Self::default();
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            set.0 |= Self::NAMES.into_iter().find(|(name, _)| *name == word)?.1.0;
        }
        (set == Self::NONE || !set.has(Self::NONE)).then_some(set)
    }

    /// Whether `word` is in the set.
    pub const fn has(self, word: Self) -> bool {
        self.0 & word.0 != 0
    }
}

/// What goes back to the application by way of the browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// Where to; trusted.
    pub redirect_uri: String,
    /// How.
    pub mode: ResponseMode,
    /// What.
    pub parameters: Vec<(&'static str, String)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_stands_alone() {
        assert_eq!(Prompt::parse("none"), Some(Prompt::NONE));
        let both = Prompt::parse("login consent").unwrap();
        assert!(both.has(Prompt::LOGIN) && both.has(Prompt::CONSENT) && !both.has(Prompt::NONE));
        assert_eq!(Prompt::parse("none login"), None);
        assert_eq!(Prompt::parse("create"), None);
    }

    #[test]
    fn names_read_back() {
        for mode in ResponseMode::ALL {
            assert_eq!(ResponseMode::parse(mode.name()), Some(mode));
        }
        assert_eq!(ResponseType::parse("code"), Some(ResponseType::Code));
        assert_eq!(ResponseType::parse("token"), None);
    }
}
