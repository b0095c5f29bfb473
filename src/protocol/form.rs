//! The parameters of a request: `application/x-www-form-urlencoded` or a flat JSON object, strictly read.

use std::borrow::Cow;
use std::fmt;

use memchr::{memchr, memchr2};

use crate::protocol::oauth_error::OAuthError;

mod json;

/// Named values, each name at most once (RFC 6749 §3.2); an empty value counts as absent (§3.2).
#[derive(Clone, Default)]
pub struct Form<'a> {
    pairs: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

/// How many parameters one request may carry.
pub const PARAMETERS_MAX: usize = 64;

/// As many parameters as most forms have at most.
const ORDINARY: usize = 8;

impl<'a> Form<'a> {
    /// Reads a urlencoded body or query.
    ///
    /// # Errors
    /// `invalid_request` on bad percent-encoding, bad UTF-8, a repeated name or more than
    /// [`PARAMETERS_MAX`] parameters.
    pub fn urlencoded(text: &'a [u8]) -> Result<Self, OAuthError> {
        let mut form = Self { pairs: Vec::with_capacity(ORDINARY) };
        let mut rest = Some(text);
        while let Some(text) = rest {
            let end = memchr(b'&', text);
            let piece = &text[..end.unwrap_or(text.len())];
            rest = end.map(|end| &text[end + 1..]);
            if piece.is_empty() {
                continue;
            }
            let equals = memchr(b'=', piece);
            let (name, value) = equals.map_or((piece, &b""[..]), |at| (&piece[..at], &piece[at + 1..]));
            form.push(decoded(name)?, decoded(value)?)?;
        }
        Ok(form)
    }

    /// Reads a JSON object whose values are strings, numbers or booleans; the members called `nested` may also be objects,
    /// and are kept as JSON text for [`Form::nested`].
    ///
    /// # Errors
    /// `invalid_request` when the body is not such an object, repeats a name or has too many.
    pub fn json(text: &'a [u8], nested: &[&str]) -> Result<Self, OAuthError> {
        json::read(text, json::Reading { nested, ..json::Reading::of("The body") })
    }

    /// Named values that were read elsewhere.
    ///
    /// # Errors
    /// `invalid_request` for a repeated name or more than [`PARAMETERS_MAX`] of them.
    pub fn of_pairs(pairs: Vec<(String, String)>) -> Result<Form<'static>, OAuthError> {
        let mut form = Form::default();
        for (name, value) in pairs {
            form.push(Cow::Owned(name), Cow::Owned(value))?;
        }
        Ok(form)
    }

    /// A copy with the declared parameters only.
    pub fn declared(&self, names: &[&str]) -> Form<'static> {
        let declared = self.pairs.iter().filter(|(name, _)| names.contains(&name.as_ref()));
        let owned = |text: &Cow<'_, str>| Cow::Owned(text.clone().into_owned());
        Form { pairs: declared.map(|(name, value)| (owned(name), owned(value))).collect() }
    }

    /// The value called `name`, unless absent or empty.
    pub fn value(&self, name: &str) -> Option<&str> {
        let (_, value) = self.pairs.iter().find(|(own, _)| own == name)?;
        (!value.is_empty()).then_some(value.as_ref())
    }

    /// The value called `name`.
    ///
    /// # Errors
    /// `invalid_request` that names the missing parameter.
    pub fn required(&self, name: &'static str) -> Result<&str, OAuthError> {
        self.value(name)
            .ok_or_else(|| OAuthError::invalid_request(format!("Missing required parameter: {name}")))
    }

    /// The JSON object that the value called `name` is, unless absent: strings, numbers and booleans.
    ///
    /// # Errors
    /// As of [`Form::json`].
    pub fn nested(&self, name: &str) -> Result<Option<Form<'_>>, OAuthError> {
        self.object(name, json::Reading::of(name))
    }

    /// As [`Form::nested`], for objects that hold nothing but strings.
    ///
    /// # Errors
    /// As of [`Form::json`]; for any other value too.
    pub fn nested_strings(&self, name: &str) -> Result<Option<Form<'_>>, OAuthError> {
        self.object(name, json::Reading { only_strings: true, ..json::Reading::of(name) })
    }

    fn object(&self, name: &str, reading: json::Reading<'_>) -> Result<Option<Form<'_>>, OAuthError> {
        self.value(name).map(|text| json::read(text.as_bytes(), reading)).transpose()
    }

    /// Drops every parameter that `keep` does not accept, so that what is not declared is not seen.
    pub fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.pairs.retain(|(name, _)| keep(name));
    }

    /// All pairs, in the order in which they arrived.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(name, value)| (name.as_ref(), value.as_ref()))
    }

    fn push(&mut self, name: Cow<'a, str>, value: Cow<'a, str>) -> Result<(), OAuthError> {
        if self.pairs.iter().any(|(own, _)| *own == name) {
            return Err(OAuthError::invalid_request(format!(
                "Parameter given more than once: {}",
                shown(&name)
            )));
        }
        if self.pairs.len() == PARAMETERS_MAX {
            return Err(OAuthError::invalid_request("Too many parameters"));
        }
        self.pairs.push((name, value));
        Ok(())
    }
}

impl fmt::Debug for Form<'_> {
    /// Passwords, secrets and tokens are values: only names may be printed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.pairs.iter().map(|(name, _)| name)).finish()
    }
}

/// Decodes `application/x-www-form-urlencoded` text strictly; borrows when there is nothing to decode.
///
/// # Errors
/// `invalid_request` when `%` is not followed by two hex digits or the result is not UTF-8.
pub fn decoded(text: &[u8]) -> Result<Cow<'_, str>, OAuthError> {
    if memchr2(b'%', b'+', text).is_none() {
        return std::str::from_utf8(text).map(Cow::Borrowed).map_err(|_| not_utf8());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        match first {
            b'+' => bytes.push(b' '),
            b'%' => {
                let (high, low) = hex_pair(tail).ok_or_else(bad_percent)?;
                bytes.push(high << 4 | low);
                rest = &tail[2..];
            }
            plain => bytes.push(*plain),
        }
    }
    String::from_utf8(bytes).map(Cow::Owned).map_err(|_| not_utf8())
}

fn hex_pair(text: &[u8]) -> Option<(u8, u8)> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|value| u8::try_from(value).ok());
    Some((digit(*text.first()?)?, digit(*text.get(1)?)?))
}

fn bad_percent() -> OAuthError {
    OAuthError::invalid_request("Malformed percent-encoding")
}

fn not_utf8() -> OAuthError {
    OAuthError::invalid_request("Parameters must be UTF-8")
}

/// At most 40 printable characters of a name that came from outside.
fn shown(name: &str) -> String {
    name.chars().filter(char::is_ascii_graphic).take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_and_encoded_values_read() {
        let form = Form::urlencoded(b"a=1&b=x+y%20z&c=%C3%A9&d=&e").unwrap();
        assert_eq!(form.value("a"), Some("1"));
        assert!(!format!("{form:?}").contains("x y z"));
        assert_eq!(form.value("b"), Some("x y z"));
        assert_eq!(form.value("c"), Some("é"));
        assert_eq!((form.value("d"), form.value("e"), form.value("f")), (None, None, None));
    }

    #[test]
    fn bad_encoding_and_repeats_are_refused() {
        for bad in ["a=%", "a=%4", "a=%zz", "a=%ff", "a=1&a=2", "a=1&%61=2", "a&a"] {
            assert!(Form::urlencoded(bad.as_bytes()).is_err(), "{bad}");
        }
        let many = (0..=PARAMETERS_MAX).map(|n| format!("p{n}=1")).collect::<Vec<_>>().join("&");
        assert!(Form::urlencoded(many.as_bytes()).is_err());
    }

    #[test]
    fn json_reads_like_a_form() {
        let form = Form::json(br#"{"a":"1","n":7,"t":true,"z":null,"u":"\u00e9"}"#, &[]).unwrap();
        assert_eq!((form.value("a"), form.value("n"), form.value("t")), (Some("1"), Some("7"), Some("true")));
        assert_eq!((form.value("z"), form.value("u")), (None, Some("é")));
        for bad in ["[]", "{", "{\"a\":[1]}", "{\"a\":{}}", "{\"a\":1,\"a\":2}", "{} x", "\"a\""] {
            assert!(Form::json(bad.as_bytes(), &[]).is_err(), "{bad}");
        }
        let error = Form::json(br#"{"a":"1","a":"2"}"#, &[]).unwrap_err();
        assert_eq!(error.description, "Parameter given more than once: a");
    }

    #[test]
    fn declared_members_may_be_objects() {
        let text = br#"{"a":"1","o":{"s":"x","n":7,"z":null},"p":{"s":"\u00e9"},"q":null,"r":"text"}"#;
        let form = Form::json(text, &["o", "p", "q", "r"]).unwrap();
        assert_eq!(form.value("a"), Some("1"));
        let inner = form.nested("o").unwrap().unwrap();
        assert_eq!((inner.value("s"), inner.value("n"), inner.value("z")), (Some("x"), Some("7"), None));
        assert_eq!(form.nested_strings("p").unwrap().unwrap().value("s"), Some("é"));
        assert!(form.nested("q").unwrap().is_none() && form.nested("nosuch").unwrap().is_none());
        assert_eq!(form.nested("r").unwrap_err().description, "r is not a JSON object of strings");
        assert_eq!(form.nested_strings("o").unwrap_err().description, "Parameter must be a string: n");
        assert!(Form::json(text, &["o"]).is_err(), "the other one was not declared");
        for bad in [r#"{"o":{"a":1,"a":2}}"#, r#"{"o":[]}"#, r#"{"o":{"a":{}}}"#, r#"{"o":{"a":[1]}}"#] {
            let form = Form::json(bad.as_bytes(), &["o"]);
            assert!(form.is_err() || form.is_ok_and(|form| form.nested("o").is_err()), "{bad}");
        }
        for bad in [r#"{"o":{}"#, r#"{"o":{"#, r#"{"o":{},"o":{}}"#, "{\"o\":{\"a\":\"\u{1}\"}} x"] {
            assert!(Form::json(bad.as_bytes(), &["o"]).is_err(), "{bad}");
        }
    }
}
