//! A user's password hash, kept apart from the user so that no cache of users holds one.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::clock::UnixMs;
use crate::model::change::Change;
use crate::model::record::{Kind, Record};
use crate::protocol::ids::{TenantId, UserId};

/// The password of one user, hashed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credential {
    /// The tenant it belongs to.
    pub tenant: TenantId,
    /// Whose it is.
    pub user: UserId,
    /// A PHC string (argon2id and Auth0's custom formats) or a bcrypt string.
    pub hash: String,
    /// When it was set.
    pub set_at: UnixMs,
    /// Earlier hashes, newest first, for a password history policy.
    #[serde(default)]
    pub history: Vec<String>,
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credential")
            .field("tenant", &self.tenant)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

impl Record for Credential {
    const KIND: Kind = Kind::Credential;

    // Every node reads it afresh; what ends with an old password, the user says.
    const TOLD: bool = false;

    fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    fn id(&self) -> Cow<'_, str> {
        Cow::Borrowed(self.user.as_str())
    }

    fn change(&self) -> Change {
        Change::User { tenant: self.tenant.clone(), user: self.user.clone() }
    }
}
