//! What an import did.

use std::fmt;

use crate::engine::records::flaws::Flaw;
use crate::engine::records::secrets::Secret;
use crate::engine::records::{Outcome, Refusal};

/// What an import did.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Records that are new.
    pub created: u64,
    /// Records that changed.
    pub updated: u64,
    /// Records that already were as the file has them.
    pub unchanged: u64,
    /// Records that were refused; each may have several flaws.
    pub refused_records: u64,
    /// What was wrong, the first ten thousand things, in the order of the file within each kind.
    pub refused: Vec<Refused>,
    /// Secrets made for clients that came without one, by client id.
    pub secrets: Vec<(String, Secret)>,
}

/// One thing that was wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Where in the file, such as `tenants[0].users[3].email`.
    pub path: String,
    /// What was expected there.
    pub expected: String,
}

/// Flaws that a report tells of; more are counted only, so that it stays small however wrong a file is.
const REFUSED_MAX: usize = 10_000;

impl Report {
    /// Records looked at so far.
    pub fn records(&self) -> u64 {
        self.created + self.updated + self.unchanged + self.refused_records
    }

    /// Counts a record that was accepted.
    pub(crate) fn accept(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Created => self.created += 1,
            Outcome::Unchanged => self.unchanged += 1,
            Outcome::Updated => self.updated += 1,
        }
    }

    /// Counts what became of the record on a line.
    pub(crate) fn note(&mut self, line: u64, fate: Result<(Outcome, Option<(String, Secret)>), Refusal>) {
        match fate {
            Ok((outcome, secret)) => {
                self.accept(outcome);
                self.secrets.extend(secret);
            }
            Err(refusal) => self.refuse(&format!("line {line}"), &refusal),
        }
    }

    /// Counts a record that was refused, and notes why.
    pub(crate) fn refuse(&mut self, record: &str, refusal: &Refusal) {
        self.refused_records += 1;
        if self.refused.len() >= REFUSED_MAX {
            return;
        }
        for Flaw { path, expected } in refusal.flaws() {
            let path = if path.is_empty() { record.to_owned() } else { format!("{record}.{path}") };
            self.refused.push(Refused { path, expected });
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.expected)
    }
}
