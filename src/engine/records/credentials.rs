//! Passwords of users: set once, replaced only when the draft says so, so that an import never undoes what
//! people changed since.

use crate::clock::UnixMs;
use crate::engine::records::users::UserDraft;
use crate::engine::records::{Outcome, Refusal, Registrar};
use crate::model::credential::Credential;
use crate::model::user::User;
use crate::store::catalog::{Saved, Versioned};
use crate::store::records::Expect;

/// What happens to a user's password.
#[derive(Debug)]
pub(crate) enum Change {
    /// There was one: it is replaced, and what was built on it ends.
    Replace(Credential, u64),
    /// There was none.
    Set(Credential),
}

impl Registrar {
    /// What the draft's password, or hash, does to the user.
    pub(crate) async fn credential(
        &self,
        draft: &UserDraft,
        user: &User,
        new: bool,
        now: UnixMs,
    ) -> Result<Option<Change>, Refusal> {
        if draft.password.is_none() && draft.password_hash.is_none() {
            return Ok(None);
        }
        let id = user.user_id.as_str();
        let standing = if new { None } else { self.catalog.find::<Credential>(&user.tenant, id).await? };
        if let Some(standing) = &standing
            && (!draft.password_update || self.is_the_same(draft, standing).await?)
        {
            return Ok(None);
        }
        let hash = match (&draft.password, &draft.password_hash) {
            (Some(password), _) => self.hashing.hash(password.to_zeroizing()).await?,
            (None, Some(hash)) => hash.expose().to_owned(),
            (None, None) => return Ok(None),
        };
        let credential = Credential {
            tenant: user.tenant.clone(),
            user: user.user_id.clone(),
            hash,
            set_at: now,
            history: Vec::new(),
        };
        Ok(Some(match standing {
            Some(Versioned { version, record }) => {
                // Newest first; the connection's policy says how many are kept.
                let history = std::iter::once(record.hash).chain(record.history).collect();
                Change::Replace(Credential { history, ..credential }, version)
            }
            None => Change::Set(credential),
        }))
    }

    async fn is_the_same(
        &self,
        draft: &UserDraft,
        standing: &Versioned<Credential>,
    ) -> Result<bool, Refusal> {
        let hash = &standing.record.hash;
        match (&draft.password, &draft.password_hash) {
            (Some(password), _) => Ok(self.hashing.verify(password.to_zeroizing(), hash.clone()).await?),
            (None, given) => Ok(given.as_ref().is_some_and(|given| given.expose() == hash)),
        }
    }

    /// Saves the password of a user that was just saved; a user that is new goes again if that fails.
    pub(crate) async fn save_credential(&self, change: Change, outcome: Outcome) -> Result<(), Refusal> {
        let (credential, expect) = match change {
            Change::Replace(credential, version) => (credential, Expect::Version(version)),
            // Left over from a user of this id that was removed: nobody's password.
            Change::Set(credential) if outcome == Outcome::Created => (credential, Expect::Anything),
            Change::Set(credential) => (credential, Expect::Absent),
        };
        match self.catalog.save(&credential, expect).await {
            Ok(Saved::Saved { .. }) => Ok(()),
            Ok(Saved::Conflict | Saved::NameTaken(_)) => Err(Refusal::Conflict),
            Err(error) => {
                if outcome == Outcome::Created {
                    // If this fails too, the user stands without a password, and the next import gives it one.
                    let _undone =
                        self.catalog.remove::<User>(&credential.tenant, credential.user.as_str()).await;
                }
                Err(error.into())
            }
        }
    }
}
