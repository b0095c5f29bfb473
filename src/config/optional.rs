//! A text that may be absent, written as an empty text, so that its key has a place among the defaults.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Reads an empty text as absence.
pub(super) fn deserialize<'de, D: Deserializer<'de>, T: From<String>>(
    from: D,
) -> Result<Option<T>, D::Error> {
    let text = String::deserialize(from)?;
    Ok(if text.is_empty() { None } else { Some(T::from(text)) })
}

/// Writes absence as an empty text.
#[expect(clippy::ref_option, reason = "serde passes the field by reference")]
pub(super) fn serialize<S: Serializer, T: Serialize>(value: &Option<T>, to: S) -> Result<S::Ok, S::Error> {
    match value {
        None => to.serialize_str(""),
        Some(value) => value.serialize(to),
    }
}
