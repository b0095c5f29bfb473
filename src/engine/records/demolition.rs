//! The end of a tenant: everything that is kept of it goes, a batch at a time, and the tenant itself last.
//!
//! Each batch can be repeated, so whoever begins again goes on with what is left. The change feed is
//! told at the end only: the tenant is disabled, and nobody may ask for what is being removed.

use std::time::Duration;

use futures_util::future::try_join_all;

use crate::clock::UnixMs;
use crate::model::change::Change;
use crate::model::client::Client;
use crate::model::client_grant::ClientGrant;
use crate::model::connection::Connection;
use crate::model::consent::Consent;
use crate::model::credential::Credential;
use crate::model::email_template::EmailTemplate;
use crate::model::invitation::Invitation;
use crate::model::organization::Organization;
use crate::model::record::{Kind, Record, SYSTEM_TENANT};
use crate::model::resource_server::ResourceServer;
use crate::model::role::Role;
use crate::model::session::End;
use crate::model::signing_key::SigningKeyRecord;
use crate::model::tenant::Tenant;
use crate::model::user::User;
use crate::protocol::ids::{OrganizationId, TenantId, UserId};
use crate::store::catalog::Catalog;
use crate::store::records::RecordKey;
use crate::store::{SharedStore, StoreError};

/// Documents removed at once.
const STEP: usize = 32;
/// Log events removed in one write.
const EVENTS: usize = 1_000;
/// How long to wait for a store in trouble, and how often.
const PAUSE: (Duration, usize) = (Duration::from_secs(1), 30);

/// One tenant on its way out.
pub struct Demolition {
    catalog: Catalog,
    tenant: TenantId,
}

impl Demolition {
    /// Of the tenant called `tenant`, which must be retired.
    pub fn new(catalog: Catalog, tenant: TenantId) -> Self {
        Self { catalog, tenant }
    }

    /// Removes everything, and waits for a store that is in trouble, but not for ever.
    pub async fn finish(&self) {
        for _ in 0..PAUSE.1 {
            match self.remove_all().await {
                Ok(()) => return,
                Err(error) => {
                    tracing::warn!(tenant = %self.tenant, %error, "a tenant is not removed yet; trying again");
                    tokio::time::sleep(PAUSE.0).await;
                }
            }
        }
        tracing::error!(tenant = %self.tenant, "a tenant is disabled and not removed; delete it again");
    }

    /// Removes everything.
    ///
    /// # Errors
    /// [`StoreError`]; beginning again goes on with what is left.
    pub async fn remove_all(&self) -> Result<(), StoreError> {
        // Twice: a request that was under way, or another node that was furnishing the tenant, may have been late.
        for kind in Kind::ALL.into_iter().chain(Kind::ALL) {
            while self.some(kind).await? {}
        }
        let store = self.catalog.store();
        store.publish(&Change::Keys { tenant: self.tenant.clone() }).await?;
        store.publish(&Change::TenantEmptied { tenant: self.tenant.clone() }).await?;
        while store.forget_events(&self.tenant, EVENTS).await? {}
        self.catalog.remove::<Tenant>(&TenantId::from(SYSTEM_TENANT), self.tenant.as_str()).await?;
        tracing::info!(tenant = %self.tenant, "a tenant was removed");
        Ok(())
    }

    /// Removes some documents of a kind; whether there may be more.
    async fn some(&self, kind: Kind) -> Result<bool, StoreError> {
        match kind {
            Kind::Client => self.erased::<Client>().await,
            Kind::ClientGrant => self.erased::<ClientGrant>().await,
            Kind::Connection => self.erased::<Connection>().await,
            Kind::Consent => self.erased::<Consent>().await,
            Kind::Credential => self.erased::<Credential>().await,
            Kind::EmailTemplate => self.erased::<EmailTemplate>().await,
            Kind::Invitation => self.erased::<Invitation>().await,
            Kind::Organization => self.erased::<Organization>().await,
            Kind::ResourceServer => self.erased::<ResourceServer>().await,
            Kind::Role => self.erased::<Role>().await,
            Kind::SigningKey => self.erased::<SigningKeyRecord>().await,
            Kind::User => self.erased::<User>().await,
            // Kept under the system's own name, and removed last.
            Kind::Tenant => Ok(false),
        }
    }

    async fn erased<T: Record>(&self) -> Result<bool, StoreError> {
        let page = self.catalog.store().page(&self.tenant, T::KIND, None, STEP).await?;
        let erasing = page.items.iter().map(|(id, stored)| async move {
            if T::KIND == Kind::Organization {
                self.empty_organization(&OrganizationId::from(id.as_str())).await?;
            }
            if T::KIND == Kind::User {
                self.forget_user(&UserId::from(id.as_str())).await?;
            }
            let key = RecordKey { tenant: self.tenant.clone(), kind: T::KIND, id: id.clone() };
            self.catalog.erase::<T>(&key, stored).await
        });
        try_join_all(erasing).await?;
        Ok(page.next.is_some())
    }

    /// Ends the sessions of a user and their memberships.
    async fn forget_user(&self, user: &UserId) -> Result<(), StoreError> {
        let store: &SharedStore = self.catalog.store();
        // Expired ones too: at the beginning of time nothing has expired.
        for session in store.of_user(&self.tenant, user, UnixMs(0)).await? {
            store.end(session, End::Everything).await?;
        }
        loop {
            let memberships = store.organizations_of(&self.tenant, user, None, STEP).await?;
            for membership in &memberships {
                store.leave(&self.tenant, user, &membership.organization).await?;
            }
            if memberships.len() < STEP {
                return Ok(());
            }
        }
    }

    async fn empty_organization(&self, organization: &OrganizationId) -> Result<(), StoreError> {
        let store = self.catalog.store();
        loop {
            let members = store.members_of(&self.tenant, organization, None, STEP).await?;
            for member in &members {
                store.leave(&self.tenant, &member.user, organization).await?;
            }
            if members.len() < STEP {
                return Ok(());
            }
        }
    }
}
