//! The end of a session, wherever it was decided: in its own slot, on this node at once, in the change feed, and
//! told to the applications that took part (OpenID Connect Back-Channel Logout 1.0). Of several nodes that end the same
//! session, the one that the store names tells them, once.

use std::sync::Arc;

use crate::actors::Actors;
use crate::actors::audit::Audit;
use crate::actors::deliveries::{Deliveries, Web};
use crate::actors::keyring::Keyring;
use crate::actors::ring::Ring;
use crate::clock::{Clock, Entropy};
use crate::engine::logout_notice::LogoutNotice;
use crate::model::change::Change;
use crate::model::client::Client;
use crate::model::oidc_logout::Initiator;
use crate::model::session::{End, Ended, Session};
use crate::protocol::ids::SessionId;
use crate::store::cached::Cached;
use crate::store::{SharedStore, StoreError};
use crate::tenancy::Tenancy;

/// Ends sessions. Behind an `Arc`, so that an end that has begun is carried out when its request is given up.
pub struct Endings {
    pub(super) audit: Audit,
    cached: Arc<Cached>,
    pub(super) clock: Clock,
    deliveries: Deliveries,
    entropy: Entropy,
    pub(super) keyring: Keyring,
    pub(super) ring: Ring,
    pub(super) store: SharedStore,
    tenancy: Arc<Tenancy>,
    pub(super) web: Arc<dyn Web>,
}

/// What an engine's endings are made of, besides its actors.
pub struct Surroundings {
    /// The time.
    pub clock: Clock,
    /// The dice.
    pub entropy: Entropy,
    /// The store.
    pub store: SharedStore,
    /// The tenants.
    pub tenancy: Arc<Tenancy>,
    /// What makes requests to other servers.
    pub web: Arc<dyn Web>,
}

impl Endings {
    /// Endings of an engine over `actors`.
    pub fn new(actors: &Actors, surroundings: Surroundings) -> Arc<Self> {
        let Surroundings { clock, entropy, store, tenancy, web } = surroundings;
        Arc::new(Self {
            audit: actors.audit.clone(),
            cached: Arc::clone(&actors.cached),
            clock,
            deliveries: actors.deliveries.clone(),
            entropy,
            keyring: actors.keyring.clone(),
            ring: actors.ring.clone(),
            store,
            tenancy,
            web,
        })
    }

    /// Ends a session: after a logout, families that survive it stay.
    ///
    /// # Errors
    /// [`StoreError`]; ending again is safe.
    pub async fn end(self: &Arc<Self>, id: SessionId, initiator: Initiator) -> Result<Ended, StoreError> {
        let spares = initiator.is_logout();
        let ended = self.store.end(id, if spares { End::Logout } else { End::Everything }).await?;
        // A logout leaves nothing behind only if the store said so: one that was ended by a logout before is unknown to
        // it, and yet may have families that survived.
        if !spares || matches!(&ended, Ended::Ended { kept: 0, .. }) {
            self.ring.forget(id);
        }
        if let Ended::Ended { session, .. } = &ended {
            self.tell(session, initiator).await;
        }
        self.store.publish(&Change::SessionEnded { session: id, at: self.clock.now(), spares }).await?;
        Ok(ended)
    }

    /// The applications that took part in `session` and are still there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn clients_of(&self, session: &Session) -> Result<Vec<Arc<Client>>, StoreError> {
        let mut clients = Vec::with_capacity(session.clients.len());
        for client in &session.clients {
            clients.extend(self.cached.client(&session.tenant, client.as_str()).await?);
        }
        Ok(clients)
    }

    /// Puts a logout token on its way to each application that wants one.
    async fn tell(self: &Arc<Self>, session: &Session, initiator: Initiator) {
        let Some(tenant) = self.tenancy.by_id(&session.tenant) else { return };
        let clients = match self.clients_of(session).await {
            Ok(clients) => clients,
            Err(error) => return tracing::error!(%error, "applications are not told of the end of a session"),
        };
        for client in clients {
            let Some(settings) = client.oidc_logout.as_ref().filter(|settings| settings.wants(initiator))
            else {
                continue;
            };
            for url in &settings.backchannel_logout_urls {
                let Ok(jti) = self.entropy.bytes() else {
                    return tracing::error!("no randomness for a logout token");
                };
                self.deliveries.hand_in(Arc::new(LogoutNotice {
                    endings: Arc::clone(self),
                    tenant: session.tenant.clone(),
                    issuer: tenant.issuer.clone(),
                    client: client.client_id.clone(),
                    algorithm: client.jwt_configuration.alg,
                    url: url.clone(),
                    user: session.user.clone(),
                    session: session.id,
                    jti,
                }));
            }
        }
    }
}
