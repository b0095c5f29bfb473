//! The words of the authorization endpoint: response types and modes, prompts (OpenID Connect Core §3, OAuth 2.0
//! Multiple Response Types, Form Post Response Mode).

use serde::{Deserialize, Serialize};

use crate::protocol::grant_type::GrantType;

/// What comes back from the authorization endpoint, as a set of bits: everything that is not a code comes by way of
/// the browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ResponseType(u8);

impl ResponseType {
    /// A code, to be exchanged at the token endpoint.
    pub const CODE: Self = Self(1);
    /// An ID token.
    pub const ID_TOKEN: Self = Self(2);
    /// An access token.
    pub const TOKEN: Self = Self(4);

    const WORDS: [(&'static str, Self); 3] =
        [("code", Self::CODE), ("id_token", Self::ID_TOKEN), ("token", Self::TOKEN)];

    /// Every response type on offer: each combination of the words.
    pub fn all() -> impl Iterator<Item = Self> {
        (1..1 << Self::WORDS.len()).map(Self)
    }

    /// The name on the wire, its words in alphabetical order.
    pub fn name(self) -> String {
        let words = Self::WORDS.into_iter().filter(|(_, word)| self.has(*word)).map(|(name, _)| name);
        words.collect::<Vec<_>>().join(" ")
    }

    /// Reads a `response_type`, whose words may come in any order, each once.
    pub fn parse(text: &str) -> Option<Self> {
        let mut set = Self(0);
        for name in text.split(' ') {
            let (_, word) = Self::WORDS.into_iter().find(|(own, _)| *own == name)?;
            if set.has(word) {
                return None;
            }
            set.0 |= word.0;
        }
        Some(set)
    }

    /// Whether `word` is in the set.
    pub const fn has(self, word: Self) -> bool {
        self.0 & word.0 != 0
    }

    /// The grant types that a client needs for it (RFC 7591 §2.1).
    pub fn grants(self) -> impl Iterator<Item = GrantType> {
        let code = self.has(Self::CODE).then_some(GrantType::AuthorizationCode);
        code.into_iter().chain(self.brings_tokens().then_some(GrantType::Implicit))
    }

    /// Whether tokens come by way of the browser.
    pub const fn brings_tokens(self) -> bool {
        self.0 != Self::CODE.0
    }

    /// How it comes back unless the request says otherwise (OAuth 2.0 Multiple Response Types §2.1, §5).
    pub const fn default_mode(self) -> ResponseMode {
        if self.brings_tokens() { ResponseMode::Fragment } else { ResponseMode::Query }
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
    /// In a message to the window of the application that opened or framed ours.
    WebMessage,
}

impl ResponseMode {
    /// Every response mode on offer.
    pub const ALL: [Self; 4] = [Self::FormPost, Self::Fragment, Self::Query, Self::WebMessage];

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FormPost => "form_post",
            Self::Fragment => "fragment",
            Self::Query => "query",
            Self::WebMessage => "web_message",
        }
    }

    /// The response mode called `name`.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|own| own.name() == name)
    }

    /// Whether it may carry `kind`: tokens in a query would end up in logs and `Referer` headers (OAuth 2.0 Multiple
    /// Response Types §5).
    pub fn carries(self, kind: ResponseType) -> bool {
        self != Self::Query || !kind.brings_tokens()
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
        for kind in ResponseType::all() {
            assert_eq!(ResponseType::parse(&kind.name()), Some(kind));
        }
        assert_eq!(ResponseType::all().count(), 7);
        assert_eq!(ResponseType::parse("token id_token code"), ResponseType::parse("code id_token token"));
        for bad in ["", "none", "code ", "code code", "Code", "code,token"] {
            assert_eq!(ResponseType::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn tokens_never_come_in_a_query() {
        for kind in ResponseType::all() {
            assert!(kind.default_mode().carries(kind));
            assert_eq!(ResponseMode::Query.carries(kind), kind == ResponseType::CODE);
        }
    }
}
