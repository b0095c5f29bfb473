//! JSON objects as forms: each name once, and no value but the declared ones deeper than a string.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer as _, Error as _, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::{Form, shown};
use crate::protocol::oauth_error::OAuthError;

/// How an object is read.
#[derive(Clone, Copy)]
pub(super) struct Reading<'n> {
    /// What a refusal calls it.
    pub(super) what: &'n str,
    /// Members that may be objects, kept as JSON text.
    pub(super) nested: &'n [&'n str],
    /// Whether numbers, booleans and `null` are refused as well.
    pub(super) only_strings: bool,
}

impl<'n> Reading<'n> {
    pub(super) fn of(what: &'n str) -> Self {
        Self { what, nested: &[], only_strings: false }
    }
}

pub(super) fn read<'de>(text: &'de [u8], reading: Reading<'_>) -> Result<Form<'de>, OAuthError> {
    let mut reader = serde_json::Deserializer::from_slice(text);
    let refused = |error: serde_json::Error| refused(&error, reading.what);
    let form = reader.deserialize_map(FormVisitor(reading)).map_err(refused)?;
    reader.end().map_err(refused)?;
    Ok(form)
}

fn refused(error: &serde_json::Error, what: &str) -> OAuthError {
    let text = error.to_string();
    // Our own messages are contract; the parser's may quote the input.
    let own = text.split(" at line ").next();
    match own.filter(|text| text.starts_with("Parameter") || text.starts_with("Too")) {
        Some(own) => OAuthError::invalid_request(own.to_owned()),
        None => OAuthError::invalid_request(format!("{what} is not a JSON object of strings")),
    }
}

struct FormVisitor<'n>(Reading<'n>);

impl<'de> Visitor<'de> for FormVisitor<'_> {
    type Value = Form<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Form<'de>, A::Error> {
        let mut form = Form::default();
        while let Some(name) = map.next_key::<String>()? {
            let text = if self.0.nested.contains(&name.as_str()) {
                nested(&name, map.next_value::<&'de RawValue>()?)?
            } else {
                let value: Value = map.next_value()?;
                if self.0.only_strings && !value.is_string() {
                    return Err(not_a_string(&name));
                }
                plain(&name, value)?.map(Cow::Owned)
            };
            if let Some(text) = text {
                form.push(Cow::Owned(name), text).map_err(|error| A::Error::custom(error.description))?;
            }
        }
        Ok(form)
    }
}

/// An object as it stands in the body, so that whoever reads it sees what was repeated in it; a plain value otherwise.
fn nested<'de, E: serde::de::Error>(name: &str, value: &'de RawValue) -> Result<Option<Cow<'de, str>>, E> {
    if value.get().starts_with('{') {
        return Ok(Some(Cow::Borrowed(value.get())));
    }
    let value = serde_json::from_str(value.get()).map_err(E::custom)?;
    Ok(plain(name, value)?.map(Cow::Owned))
}

fn plain<E: serde::de::Error>(name: &str, value: Value) -> Result<Option<String>, E> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text)),
        Value::Bool(flag) => Ok(Some(flag.to_string())),
        Value::Number(number) => Ok(Some(number.to_string())),
        Value::Array(_) | Value::Object(_) => Err(not_a_string(name)),
    }
}

fn not_a_string<E: serde::de::Error>(name: &str) -> E {
    E::custom(format!("Parameter must be a string: {}", shown(name)))
}
