//! Collects everything that is wrong with a draft, each with its path and what was expected there.

use std::collections::HashSet;
use std::fmt;
use std::hash::Hash;
use std::ops::RangeInclusive;

use crate::engine::records::Refusal;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// Where, such as `callbacks[2]`; empty for the record as a whole.
    pub path: String,
    /// What was expected there.
    pub expected: String,
}

/// The flaws found so far.
#[derive(Debug, Default)]
pub(crate) struct Flaws(Vec<Flaw>);

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            f.write_str(&self.expected)
        } else {
            write!(f, "{}: {}", self.path, self.expected)
        }
    }
}

impl Flaws {
    /// Notes a flaw unless `good`.
    pub(crate) fn require(&mut self, good: bool, path: impl fmt::Display, expected: impl fmt::Display) {
        if !good {
            self.0.push(Flaw { path: path.to_string(), expected: expected.to_string() });
        }
    }

    /// Between so many characters, none of them a control character.
    pub(crate) fn text(&mut self, path: impl fmt::Display, text: &str, length: RangeInclusive<usize>) {
        let good = length.contains(&text.chars().count()) && !text.chars().any(char::is_control);
        let (least, most) = (length.start(), length.end());
        self.require(
            good,
            path,
            format_args!("expected {least} to {most} characters, none of them a control character"),
        );
    }

    /// A name that people see: text without angle brackets, as Auth0 wants it.
    pub(crate) fn title(&mut self, path: &str, text: &str, most: usize) {
        self.text(path, text, 1..=most);
        self.require(!text.contains(['<', '>']), path, "expected a name without < and >");
        self.require(text.trim() == text, path, "expected a name without spaces around it");
    }

    /// A number within bounds.
    pub(crate) fn within(&mut self, path: impl fmt::Display, value: u64, bounds: RangeInclusive<u64>) {
        let (least, most) = (bounds.start(), bounds.end());
        self.require(bounds.contains(&value), path, format_args!("expected a number from {least} to {most}"));
    }

    /// No item twice, and at most `most` of them.
    pub(crate) fn unique<T: Eq + Hash>(&mut self, path: &str, items: impl Iterator<Item = T>, most: usize) {
        let mut seen = HashSet::new();
        let mut count = 0;
        for (at, item) in items.enumerate() {
            self.require(seen.insert(item), format_args!("{path}[{at}]"), "expected each item once");
            count = at + 1;
        }
        self.require(count <= most, path, format_args!("expected at most {most} items"));
    }

    /// Small free-form values: at most ten keys of 255 characters each, as Auth0 has it.
    pub(crate) fn metadata<'a>(&mut self, path: &str, pairs: impl Iterator<Item = (&'a String, &'a String)>) {
        let mut count = 0;
        for (key, value) in pairs {
            count += 1;
            self.text(format_args!("{path}.{key}"), key, 1..=255);
            self.text(format_args!("{path}.{key}"), value, 0..=255);
        }
        self.require(count <= 10, path, "expected at most 10 keys");
    }

    /// Refuses when anything was wrong.
    pub(crate) fn verdict(self) -> Result<(), Refusal> {
        if self.0.is_empty() { Ok(()) } else { Err(Refusal::Invalid(self.0)) }
    }
}

/// Reads a draft, naming the path of what does not read.
///
/// # Errors
/// [`Refusal::Invalid`] with one flaw.
pub fn read<'de, T: serde::Deserialize<'de>>(json: &'de str) -> Result<T, Refusal> {
    let mut reader = serde_json::Deserializer::from_str(json);
    let draft = serde_path_to_error::deserialize(&mut reader).map_err(|error| misread(&error))?;
    reader.end().map_err(|error| Refusal::flaw("", &error))?;
    Ok(draft)
}

/// As [`read`], from a parsed value.
///
/// # Errors
/// [`Refusal::Invalid`] with one flaw.
pub fn read_value<T: serde::de::DeserializeOwned>(value: serde_json::Value) -> Result<T, Refusal> {
    serde_path_to_error::deserialize(value).map_err(|error| misread(&error))
}

fn misread(error: &serde_path_to_error::Error<serde_json::Error>) -> Refusal {
    let path = error.path().to_string();
    let message = error.inner().to_string();
    // The reader quotes what it found; a hash must not be repeated.
    let message = match message.rsplit_once("expected ") {
        Some((_, expected)) if path.starts_with("custom_password_hash") => format!("expected {expected}"),
        _ => message,
    };
    Refusal::flaw(if path == "." { "" } else { &path }, &message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flaw_is_named_with_its_place() {
        let mut flaws = Flaws::default();
        flaws.text("name", "", 1..=3);
        flaws.text("note", "a\u{7}", 0..=3);
        flaws.within("leeway", 601, 0..=600);
        flaws.unique("list", ["a", "b", "a"].iter(), 2);
        flaws.title("title", " <b>", 9);
        let Err(refusal) = flaws.verdict() else { panic!("nothing was wrong") };
        let paths: Vec<_> = refusal.flaws().into_iter().map(|flaw| flaw.path).collect();
        assert_eq!(paths, ["name", "note", "leeway", "list[2]", "list", "title", "title"]);
        assert!(Flaws::default().verdict().is_ok());
    }

    #[test]
    fn a_misread_draft_names_the_path_and_not_the_line_of_another_file() {
        #[derive(Debug, serde::Deserialize)]
        struct Inner {
            #[expect(dead_code, reason = "only read")]
            n: Vec<u8>,
        }
        let refusal = read::<Inner>(r#"{"n":[1,"x"]}"#).unwrap_err();
        assert_eq!(refusal.flaws()[0].path, "n[1]");
        let refusal = read_value::<Inner>(serde_json::json!({"n": [1, 2, -3]})).unwrap_err();
        assert_eq!(refusal.flaws()[0].path, "n[2]");
        assert!(read::<Inner>(r#"{"n":[]} more"#).is_err());
    }
}
