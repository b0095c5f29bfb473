//! Why a record was not saved.

use crate::clock::EntropyError;
use crate::engine::records::flaws::Flaw;
use crate::engine::records::secrets::HashingError;
use crate::model::password_policy::Weakness;
use crate::store::StoreError;

/// Why a record was not saved; nothing of it was.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Refusal {
    /// Too many passwords are being hashed.
    #[error("too many passwords are being hashed; try again in {retry_after_secs} s")]
    Busy {
        /// When it is worth another try.
        retry_after_secs: u64,
    },
    /// Somebody else changed the record meanwhile; trying again is worth it.
    #[error("the record was changed by somebody else at the same time")]
    Conflict,
    /// There is one with this id.
    #[error("a record with this id exists already")]
    Exists,
    /// Something else needs the record; it cannot go.
    #[error("{0}")]
    InUse(&'static str),
    /// The draft is wrong in these places.
    #[error("{}", listed(.0))]
    Invalid(Vec<Flaw>),
    /// There is none with this id.
    #[error("there is no such record")]
    Missing,
    /// A name that must be unique belongs to another record.
    #[error("{field}: belongs to another record")]
    NameTaken {
        /// The field that holds the name.
        field: &'static str,
    },
    /// The fault is ours.
    #[error("{0}")]
    Ours(String),
    /// The password is not good enough.
    #[error("{}: {}", .0.name(), .0.message())]
    Password(Weakness),
    /// The store could not be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Refusal {
    /// One thing is wrong.
    pub(crate) fn flaw(path: &str, expected: &dyn std::fmt::Display) -> Self {
        Self::Invalid(vec![Flaw { path: path.to_owned(), expected: expected.to_string() }])
    }

    /// The refusal for a taken identifier such as `email:connection:address`.
    pub(crate) fn name_taken(identifier: &str) -> Self {
        let field = match identifier.split(':').next().unwrap_or_default() {
            "email" => "email",
            "host" => "custom_domains",
            "org" | "role" => "name",
            "username" => "username",
            _ => "id",
        };
        Self::NameTaken { field }
    }

    /// What is wrong, place by place; the path is empty when the record as a whole is meant.
    pub fn flaws(&self) -> Vec<Flaw> {
        match self {
            Self::Invalid(flaws) => flaws.clone(),
            Self::NameTaken { field } => {
                vec![Flaw { path: (*field).to_owned(), expected: "belongs to another record".to_owned() }]
            }
            Self::Password(_) => vec![Flaw { path: "password".to_owned(), expected: self.to_string() }],
            Self::Busy { .. }
            | Self::Conflict
            | Self::Exists
            | Self::InUse(_)
            | Self::Missing
            | Self::Ours(_)
            | Self::Store(_) => vec![Flaw { path: String::new(), expected: self.to_string() }],
        }
    }
}

impl From<EntropyError> for Refusal {
    fn from(error: EntropyError) -> Self {
        Self::Ours(error.to_string())
    }
}

impl From<HashingError> for Refusal {
    fn from(error: HashingError) -> Self {
        match error {
            HashingError::Busy { retry_after_secs } => Self::Busy { retry_after_secs },
            HashingError::Failed(cause) => Self::Ours(cause),
        }
    }
}

fn listed(flaws: &[Flaw]) -> String {
    flaws.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
