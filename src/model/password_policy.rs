//! What a new password must be like, in Auth0's names: the rules that need nothing but the password and whose it is.

use serde::{Deserialize, Serialize};

/// The most characters of a password; hashing more would be a gift to an attacker.
pub const CHARACTERS_MAX: usize = 256;

/// The fewest different characters, whatever the policy.
const DIFFERENT_MIN: usize = 4;

/// The shortest part of an address or a name that a password must not hold.
const PERSONAL_MIN: usize = 4;

/// Auth0's password policies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PasswordPolicy {
    /// Any characters; eight of them.
    #[default]
    None,
    /// As `None`: Auth0 asks for six characters here.
    Low,
    /// A lower-case letter, an upper-case letter and a digit.
    Fair,
    /// Three of: lower-case, upper-case, digit, special character.
    Good,
    /// As `Good`, ten characters, and never three of the same in a row.
    Excellent,
}

/// Auth0's `password_complexity_options`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Complexity {
    /// The fewest characters, instead of the policy's own number; 1 to 128.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_length: Option<usize>,
}

/// Auth0's `password_history`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct History {
    /// Whether earlier passwords are refused.
    pub enable: bool,
    /// How many of them, the present one included; 1 to 24.
    pub size: usize,
}

/// Auth0's `password_no_personal_info`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NoPersonalInfo {
    /// Whether a password may hold neither address nor names. On by default, unlike Auth0's.
    pub enable: bool,
}

/// Auth0's `password_dictionary`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Dictionary {
    /// Whether these words are refused.
    pub enable: bool,
    /// Whole passwords, without case; at most 200 of 50 characters.
    pub dictionary: Vec<String>,
}

/// One rule of a password's strength, in Auth0's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Auth0's name of it.
    pub code: &'static str,
    /// What it asks for; `%d` and `%s` stand for the items of `format`.
    pub message: &'static str,
    /// The numbers and texts of the message.
    pub format: Vec<serde_json::Value>,
    /// What it is made of.
    pub items: Vec<Rule>,
    /// Whether the password is so.
    pub verified: bool,
}

/// Why a password is not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Weakness {
    /// It is known to have leaked.
    Breached,
    /// It is in the connection's dictionary.
    Common,
    /// It is easy to guess.
    Guessable,
    /// It holds the person's address or name.
    Personal,
    /// It breaks one of these rules.
    Strength(Vec<Rule>),
    /// It was used before.
    Used,
}

impl Weakness {
    /// What is wrong, in English.
    pub const fn message(&self) -> &'static str {
        match self {
            Self::Breached => "Password has been leaked in a data breach",
            Self::Common => "Password is too common",
            Self::Guessable | Self::Strength(_) => "Password is too weak",
            Self::Personal => "Password contains user information",
            Self::Used => "Password has previously been used",
        }
    }

    /// Auth0's name of it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Breached => "PasswordLeakedError",
            Self::Common => "PasswordDictionaryError",
            Self::Guessable | Self::Strength(_) => "PasswordStrengthError",
            Self::Personal => "PasswordNoUserInfoError",
            Self::Used => "PasswordHistoryError",
        }
    }
}

impl PasswordPolicy {
    /// The fewest characters when nothing else says so.
    pub const fn min_length(self) -> usize {
        match self {
            Self::None | Self::Low | Self::Fair | Self::Good => 8,
            Self::Excellent => 10,
        }
    }

    /// Every rule of the policy, and whether `password` obeys it.
    pub fn rules(self, password: &str, complexity: Complexity) -> Vec<Rule> {
        let length = password.chars().count();
        let least = complexity.min_length.unwrap_or_else(|| self.min_length());
        let mut rules = vec![
            rule("lengthAtLeast", "At least %d characters in length", &[least.into()], length >= least),
            rule(
                "lengthAtMost",
                "At most %d characters in length",
                &[CHARACTERS_MAX.into()],
                length <= CHARACTERS_MAX,
            ),
            different(password, least.min(DIFFERENT_MIN)),
        ];
        match self {
            Self::None | Self::Low => {}
            Self::Fair => {
                rules.push(containing("shouldContain", "Should contain:", kinds(password)[..3].to_vec(), 3));
            }
            Self::Good | Self::Excellent => {
                let message = "Contain at least %d of the following %d types of characters:";
                rules.push(containing("containsAtLeast", message, kinds(password).to_vec(), 3));
            }
        }
        if self == Self::Excellent {
            let message = "No more than %d identical characters in a row (e.g., \"%s\" not allowed)";
            let chars: Vec<char> = password.chars().collect();
            let run = chars.windows(3).any(|run| run[0] == run[1] && run[1] == run[2]);
            rules.push(rule("identicalChars", message, &[2.into(), "aaa".into()], !run));
        }
        rules
    }
}

/// The four kinds of characters.
fn kinds(password: &str) -> [Rule; 4] {
    let has = |kind: fn(char) -> bool| password.chars().any(kind);
    [
        rule("lowerCase", "lower case letters (a-z)", &[], has(char::is_lowercase)),
        rule("upperCase", "upper case letters (A-Z)", &[], has(char::is_uppercase)),
        rule("numbers", "numbers (i.e. 0-9)", &[], has(|c| c.is_ascii_digit())),
        rule("specialCharacters", "special characters (e.g. !@#$%^&*)", &[], has(|c| !c.is_alphanumeric())),
    ]
}

fn containing(code: &'static str, message: &'static str, items: Vec<Rule>, least: usize) -> Rule {
    let verified = items.iter().filter(|item| item.verified).count() >= least;
    let format = if code == "containsAtLeast" { vec![least.into(), items.len().into()] } else { Vec::new() };
    Rule { code, message, format, items, verified }
}

fn different(password: &str, least: usize) -> Rule {
    let mut characters: Vec<char> = password.to_lowercase().chars().take(CHARACTERS_MAX + 1).collect();
    characters.sort_unstable();
    characters.dedup();
    rule("differentChars", "At least %d different characters", &[least.into()], characters.len() >= least)
}

fn rule(code: &'static str, message: &'static str, format: &[serde_json::Value], verified: bool) -> Rule {
    Rule { code, message, format: format.to_vec(), items: Vec::new(), verified }
}

impl Dictionary {
    /// Whether `password` is one of the words.
    pub fn holds(&self, password: &str) -> bool {
        let lower = password.to_lowercase();
        self.enable && self.dictionary.iter().any(|word| word.to_lowercase() == lower)
    }
}

/// Whether `password` is one of `facts`, or holds a word of one or the part of one that stands before the `@`.
pub fn is_personal<'a>(password: &str, facts: impl Iterator<Item = &'a str>) -> bool {
    let lower = password.to_lowercase();
    let holds = |word: &str| word.chars().count() >= PERSONAL_MIN && lower.contains(word);
    facts.map(str::to_lowercase).any(|fact| {
        let local = fact.split('@').next().unwrap_or_default();
        !fact.is_empty() && (lower == fact || local.split_whitespace().any(holds))
    })
}

impl Rule {
    /// The rule and whether it is obeyed, as Auth0 shows it.
    pub fn shown(&self) -> serde_json::Value {
        let mut shown =
            serde_json::json!({ "message": self.message, "code": self.code, "verified": self.verified });
        if !self.format.is_empty() {
            shown["format"] = self.format.clone().into();
        }
        if !self.items.is_empty() {
            shown["items"] = self.items.iter().map(Self::shown).collect();
        }
        shown
    }

    /// The rule as a sentence.
    pub fn sentence(&self) -> String {
        let mut text = self.message.to_owned();
        for value in &self.format {
            let (mark, value) = match value.as_str() {
                Some(word) => ("%s", word.to_owned()),
                None => ("%d", value.to_string()),
            };
            text = text.replacen(mark, &value, 1);
        }
        let items: Vec<&str> = self.items.iter().map(|item| item.message).collect();
        if items.is_empty() { text } else { format!("{text} {}", items.join(", ")) }
    }
}

impl Default for History {
    fn default() -> Self {
        Self { enable: false, size: 5 }
    }
}

impl Default for NoPersonalInfo {
    fn default() -> Self {
        Self { enable: true }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn obeys(policy: PasswordPolicy, password: &str) -> bool {
        policy.rules(password, Complexity::default()).iter().all(|rule| rule.verified)
    }

    #[test]
    fn each_policy_asks_for_what_it_says() {
        use PasswordPolicy::{Excellent, Fair, Good, Low, None};
        for (policy, good, bad) in [
            (None, "abcdefgh", "abcdefg"),
            (Low, "abcdefgh", "ababababab"),
            (Fair, "Passw0rd", "password1"),
            (Good, "pass-w0rd", "passw0rd"),
            (Excellent, "pass-w0rd-x", "pass-w0rd"),
            (Excellent, "Abcdefghi1", "Abbbcdefg1"),
        ] {
            assert!(obeys(policy, good), "{policy:?} {good}");
            assert!(!obeys(policy, bad), "{policy:?} {bad}");
        }
        assert!(!obeys(None, &"xyz1".repeat(65)));
    }

    #[test]
    fn a_connection_may_ask_for_another_length() {
        let rules = |password, min_length| {
            PasswordPolicy::Excellent.rules(password, Complexity { min_length: Some(min_length) })
        };
        assert!(rules("A-b1", 4).iter().all(|rule| rule.verified));
        assert!(!rules("Abcdefghi1", 11)[0].verified);
        assert_eq!(rules("x", 11)[0].sentence(), "At least 11 characters in length");
    }

    #[test]
    fn what_is_personal_is_found_in_any_case() {
        let facts = || ["Annabella@example.test", "bo", "Jo Example"].into_iter();
        for bad in ["annabella-2027", "xANNABELLAx", "annabella@example.test", "bo", "my-example"] {
            assert!(is_personal(bad, facts()), "{bad}");
        }
        assert!(!is_personal("borrowed-horse", facts()), "two letters are in every word");
        assert!(!is_personal("Correct-Horse-1", ["", "ann@x"].into_iter()));
    }
}
