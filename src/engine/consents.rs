//! Consents: remembered, found again, listed, taken back together with what was given on their ground.

use crate::engine::Engine;
use crate::engine::records::mint;
use crate::model::client::Client;
use crate::model::consent::Consent;
use crate::model::user::User;
use crate::protocol::ids::{Audience, TenantId, UserId};
use crate::protocol::oauth_error::OAuthError;
use crate::protocol::scope::Scope;
use crate::store::catalog::{Saved, Versioned};
use crate::store::records::Expect;

/// Consents read at once.
const STEP: usize = 200;

/// How often a write is tried that somebody else's came before.
const TRIES: usize = 5;

impl Engine {
    /// Whether `user` has let `client` have all of `wanted` of `audience`.
    ///
    /// # Errors
    /// `temporarily_unavailable` when the store cannot say.
    pub async fn has_consented(
        &self,
        user: &User,
        client: &Client,
        audience: &Audience,
        wanted: &Scope,
    ) -> Result<bool, OAuthError> {
        let found = self.consent(user, client, audience).await?;
        Ok(found.is_some_and(|found| wanted.is_subset(&found.record.scope)))
    }

    /// Remembers that `user` lets `client` have `wanted` of `audience`, beside what was allowed before.
    ///
    /// # Errors
    /// `temporarily_unavailable` when the store cannot; `server_error` when there is no randomness.
    pub async fn remember_consent(
        &self,
        user: &User,
        client: &Client,
        audience: &Audience,
        wanted: &Scope,
    ) -> Result<(), OAuthError> {
        for _ in 0..TRIES {
            let id = Consent::record_id(&user.user_id, &client.client_id, audience);
            let standing = self.cached().catalog().find::<Consent>(&user.tenant, &id).await?;
            let expect = standing.as_ref().map_or(Expect::Absent, |found| Expect::Version(found.version));
            let still = standing.filter(|found| client.existed_at(found.record.given_at));
            let name = mint::base62(self.entropy(), "cns_", 20);
            let consent = Consent {
                tenant: user.tenant.clone(),
                id: name.map_err(|error| OAuthError::server_error(error.to_string()))?,
                user: user.user_id.clone(),
                client: client.client_id.clone(),
                audience: audience.clone(),
                scope: wanted.clone(),
                given_at: self.now(),
            };
            let consent = match still {
                Some(Versioned { record, .. }) => Consent {
                    scope: record.scope.iter().chain(wanted.iter()).collect(),
                    id: record.id,
                    ..consent
                },
                None => consent,
            };
            if let Saved::Saved { .. } = self.cached().catalog().save(&consent, expect).await? {
                return Ok(());
            }
        }
        Err(OAuthError::unavailable("a consent was changed by others again and again"))
    }

    /// Everything that a user let applications have, in order of client and audience.
    ///
    /// # Errors
    /// `temporarily_unavailable` when the store cannot say.
    pub async fn consents_of(&self, tenant: &TenantId, user: &UserId) -> Result<Vec<Consent>, OAuthError> {
        let prefix = Consent::prefix(user);
        let (mut consents, mut after) = (Vec::new(), Some(prefix.clone()));
        while let Some(start) = after {
            let (page, next) = self.cached().catalog().page::<Consent>(tenant, Some(&start), STEP).await?;
            let whole = page.len();
            let records = page.into_iter().map(|found| found.record);
            let own: Vec<_> = records.take_while(|own| own.user == *user).collect();
            after = next.filter(|_| own.len() == whole);
            consents.extend(own);
        }
        Ok(consents)
    }

    /// Takes a consent back. What the client has got of this user so far is worth nothing any more.
    ///
    /// # Errors
    /// `temporarily_unavailable`; taking it back again is safe.
    pub async fn revoke_consent(&self, consent: &Consent) -> Result<(), OAuthError> {
        self.shut_out(consent).await?;
        let id = Consent::record_id(&consent.user, &consent.client, &consent.audience);
        self.cached().catalog().remove::<Consent>(&consent.tenant, &id).await?;
        Ok(())
    }

    /// Writes into the user that nothing is admitted any more that the client has got so far: the refresh path
    /// reads the user anyway.
    async fn shut_out(&self, consent: &Consent) -> Result<(), OAuthError> {
        for _ in 0..TRIES {
            let catalog = self.cached().catalog();
            let found = catalog.find::<User>(&consent.tenant, consent.user.as_str()).await?;
            let Some(Versioned { version, record: mut user }) = found else { return Ok(()) };
            user.clients_not_before.insert(consent.client.to_string(), self.now());
            if let Saved::Saved { .. } = catalog.save(&user, Expect::Version(version)).await? {
                let change = crate::model::record::Record::change(&user);
                self.cached().apply(&change);
                return Ok(());
            }
        }
        Err(OAuthError::unavailable("a user was changed by others again and again"))
    }

    async fn consent(
        &self,
        user: &User,
        client: &Client,
        audience: &Audience,
    ) -> Result<Option<Versioned<Consent>>, OAuthError> {
        let id = Consent::record_id(&user.user_id, &client.client_id, audience);
        let found = self.cached().catalog().find::<Consent>(&user.tenant, &id).await?;
        Ok(found.filter(|found| client.existed_at(found.record.given_at)))
    }
}
