//! Authorization codes: sealed facts that live for a minute and are spent once (RFC 6749 §4.1.2).

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::clock::UnixMs;
use crate::engine::Engine;
use crate::engine::authorization::unsealed;
use crate::engine::serial::Jti;
use crate::model::family::NewFamily;
use crate::model::session::Amr;
use crate::protocol::claims_request::Wanted;
use crate::protocol::ids::{FamilyKey, SessionId, TenantId};
use crate::protocol::oauth_error::OAuthError;
use crate::protocol::pkce::Challenge;
use crate::signing::sealing::Purpose;
use crate::store::spends::{self, Redeemed, Redeeming, Spent, Thing};

/// How long a code may wait for the client, in seconds.
pub const LIFETIME_SECS: u64 = 60;

/// What a code says; borrowed from the opened seal.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CodeFacts<'a> {
    /// What tells it from every other code.
    pub id: [u8; 16],
    /// Who may present it.
    pub client: &'a str,
    /// Where it was sent.
    pub redirect_uri: &'a str,
    /// Whether the authorization request named that place.
    pub named_redirect_uri: bool,
    /// What the client must prove.
    pub challenge: Option<Challenge>,
    /// For the ID token.
    pub nonce: Option<&'a str>,
    /// What the application wants to find in the tokens.
    pub wanted: Wanted,
    /// Who logged in.
    pub user: &'a str,
    /// In which session.
    pub session: SessionId,
    /// What was asked for.
    pub scope: &'a str,
    /// Of whom; `None` is the tenant's default.
    pub audience: Option<&'a str>,
    /// The id of the organization.
    pub organization: Option<&'a str>,
    /// When the person last proved who they are.
    pub authenticated_at: UnixMs,
    /// How.
    pub amr: Amr,
    /// When it is worth nothing any more.
    pub expires_at: UnixMs,
}

/// An opened code; wiped when dropped.
pub struct OpenedCode(Zeroizing<Vec<u8>>);

impl OpenedCode {
    /// What it says; `None` when its format is not ours.
    pub fn facts(&self) -> Option<CodeFacts<'_>> {
        postcard::from_bytes(&self.0).ok()
    }
}

impl CodeFacts<'_> {
    /// What the store calls it: codes that expire together have names that begin alike.
    fn name(&self) -> [u8; 24] {
        let mut name = [0; 24];
        name[..8].copy_from_slice(&self.expires_at.0.to_be_bytes());
        name[8..].copy_from_slice(&self.id);
        name
    }

    /// When it was given.
    pub fn given_at(&self) -> UnixMs {
        UnixMs(self.expires_at.0.saturating_sub(LIFETIME_SECS * 1000))
    }
}

/// The access token that the first use of a code gives.
#[derive(Clone, Copy, Debug)]
pub struct GivenToken {
    /// Its id.
    pub jti: Jti,
    /// The present instant.
    pub given_at: UnixMs,
    /// When it is worth nothing any more.
    pub expires_at: UnixMs,
}

/// Which use of a code it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeUse {
    /// Another than the first; whatever the first gave is worth nothing any more.
    Again,
    /// The first.
    First,
    /// None: the session of the login has ended.
    NoSession,
}

/// What the first use of a code gave, and a second one takes away; it fits the note of a spent thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Given {
    session: SessionId,
    family: Option<FamilyKey>,
    jti: Jti,
    expires_at: UnixMs,
}

impl Engine {
    /// Seals a code.
    ///
    /// # Errors
    /// `invalid_request` when the facts are too long to be carried.
    pub fn seal_code(&self, tenant: &TenantId, facts: &CodeFacts<'_>) -> Result<String, OAuthError> {
        self.sealer().seal_facts(Purpose::Code, tenant, &facts.id, facts).map_err(unsealed)
    }

    /// Opens what a client presents; `None` for anything that this tenant did not seal as a code.
    pub fn open_code(&self, tenant: &TenantId, text: &str) -> Option<OpenedCode> {
        self.sealer().open(Purpose::Code, tenant, text).map(OpenedCode)
    }

    /// Spends a code, and starts the `family` that its first use is about to give with `access_token`. Whoever comes
    /// second takes both away from whoever came first (RFC 6749 §4.1.2).
    ///
    /// # Errors
    /// `temporarily_unavailable`; the code may be spent then.
    pub async fn spend_code(
        &self,
        tenant: &TenantId,
        facts: &CodeFacts<'_>,
        family: Option<NewFamily>,
        GivenToken { jti, given_at: now, expires_at }: GivenToken,
    ) -> Result<CodeUse, OAuthError> {
        let name = facts.name();
        let session = facts.session;
        let thing = Thing {
            tenant,
            purpose: spends::Purpose::Code,
            name: &name,
            session: Some(session),
            expires_at: facts.expires_at.plus_secs(spends::MARGIN_SECS),
        };
        let given = Given { session, family: family.map(|family| family.key), jti, expires_at };
        let note =
            postcard::to_stdvec(&given).map_err(|error| OAuthError::server_error(error.to_string()))?;
        let redeemed = match family {
            Some(family) => {
                self.store().redeem(Redeeming { thing, note: &note, session, family, now }).await?
            }
            None => match self.store().spend(thing, &note).await? {
                Spent::Before(note) => Redeemed::Before(note),
                Spent::First => Redeemed::First,
            },
        };
        match redeemed {
            Redeemed::First => Ok(CodeUse::First),
            Redeemed::NoSession => Ok(CodeUse::NoSession),
            Redeemed::Before(note) => {
                self.undo_first_use(tenant, &note).await?;
                Ok(CodeUse::Again)
            }
        }
    }

    /// Takes away what the first use of a code gave.
    async fn undo_first_use(&self, tenant: &TenantId, note: &[u8]) -> Result<(), OAuthError> {
        let Ok(Given { session, family, jti, expires_at }) = postcard::from_bytes(note) else {
            return Ok(());
        };
        let token = Thing {
            tenant,
            purpose: spends::Purpose::AccessToken,
            name: jti.as_str().as_bytes(),
            session: None,
            expires_at,
        };
        self.store().spend(token, b"").await?;
        if let Some(family) = family {
            self.revoke_family(session, family).await?;
        }
        Ok(())
    }
}
