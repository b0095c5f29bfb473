//! Terms: what documents are found by besides their ids and unique names, kept in order by the store.

/// What a term is about; each has an order of its own within a tenant and kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Field {
    /// `true`, for those who are blocked; the others have no such term.
    Blocked,
    /// When the document was made, as [`Term::instant`] spells it.
    CreatedAt,
    /// An e-mail address, lower case; empty without one, so that all can be listed in its order.
    Email,
    /// The name that people see, lower case; empty without one.
    Name,
    /// The organization that it belongs to, then when it was made.
    Organization,
    /// A role that is held, one term each.
    Role,
}

/// One thing by which a document is found. The order is that of the bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Term {
    /// What it is about.
    pub field: Field,
    value: String,
}

/// The longest value in bytes; what comes after it does not count.
const VALUE_BYTES: usize = 128;

impl Field {
    /// The short tag used in store keys; never change one.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Blocked => "b",
            Self::CreatedAt => "c",
            Self::Email => "e",
            Self::Name => "n",
            Self::Organization => "o",
            Self::Role => "r",
        }
    }
}

impl Term {
    /// A term as it is kept: without NUL, and no longer than 128 bytes.
    pub fn new(field: Field, value: &str) -> Self {
        let mut value = value.replace('\0', "");
        value.truncate(value.floor_char_boundary(VALUE_BYTES));
        Self { field, value }
    }

    /// A term that does not depend on case.
    pub fn folded(field: Field, value: &str) -> Self {
        Self::new(field, &value.to_lowercase())
    }

    /// What it says.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// An instant as a text of fixed length, so that order of bytes is order of time; good for another five
    /// hundred years.
    pub fn instant(at: crate::clock::UnixMs) -> String {
        format!("{:011x}", at.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::UnixMs;

    #[test]
    fn a_value_is_cut_between_characters_and_has_no_nul() {
        let term = Term::folded(Field::Name, &format!("A\0{}", "É".repeat(100)));
        assert!(term.value().len() == 127 && term.value().starts_with("aé"), "{term:?}");
    }

    #[test]
    fn instants_sort_as_texts() {
        let texts = [0, 255, 256, 1_800_000_000_000].map(|ms| Term::instant(UnixMs(ms)));
        assert!(texts.is_sorted() && texts.iter().all(|text| text.len() == 11), "{texts:?}");
    }
}
