//! A field of a draft that `null` clears, and that keeps its value when absent.

use serde::{Deserialize, Deserializer};

/// What a draft says of a field that may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Clearable<T> {
    /// Nothing.
    #[default]
    Absent,
    /// It shall be empty.
    Null,
    /// It shall have this value.
    Value(T),
}

impl<T> Clearable<T> {
    /// The value once the draft is laid over `standing`.
    pub(crate) fn over(self, standing: Option<T>) -> Option<T> {
        match self {
            Self::Absent => standing,
            Self::Null => None,
            Self::Value(value) => Some(value),
        }
    }
}

impl<T> From<Option<T>> for Clearable<T> {
    /// `None` says nothing.
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Absent, Self::Value)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Clearable<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::<T>::deserialize(deserializer)?.map_or(Self::Null, Self::Value))
    }
}
