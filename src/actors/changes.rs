//! The change feed, heard by everybody on this node who remembers something: caches, keys, the ring, and
//! whoever subscribes. On any doubt all of it is dropped.

use std::sync::{Arc, Mutex};

use tokio::sync::broadcast;

use self::tail::{Tail, TailArguments, TailMsg};
use super::keyring::Keyring;
use super::memberships::Memberships;
use super::post::{Position, Post, Staffed};
use super::ring::Ring;
use crate::model::change::Change;
use crate::store::SharedStore;
use crate::store::cached::Cached;
use crate::telemetry::labels::ActorName;
use crate::telemetry::metrics::Metrics;

mod tail;

/// News that a slow subscriber may leave unread before it has missed some.
const BACKLOG: usize = 4_096;

/// What the feed said, for subscribers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// This changed.
    Changed(Change),
    /// Anything may have changed: word of it was lost. A subscriber that lagged behind knows no more.
    Everything,
}

/// Where the feed can be listened to; cheap to clone.
#[derive(Clone)]
pub struct Changes {
    news: broadcast::Sender<News>,
}

/// Everybody who is told directly.
#[derive(Clone)]
pub(crate) struct Listeners {
    pub(crate) cached: Arc<Cached>,
    pub(crate) keyring: Keyring,
    pub(crate) memberships: Memberships,
    pub(crate) ring: Ring,
    pub(crate) news: broadcast::Sender<News>,
}

impl Changes {
    /// The feed of `store` and the position that its tail fills; `listeners` are told first.
    pub(crate) fn new(
        store: &SharedStore,
        (cached, keyring): (Arc<Cached>, Keyring),
        (memberships, ring): (Memberships, Ring),
        metrics: Arc<Metrics>,
    ) -> (Self, Arc<dyn Position>) {
        let news = broadcast::Sender::new(BACKLOG);
        let listeners = Listeners { cached, keyring, memberships, ring, news: news.clone() };
        let arguments = TailArguments {
            store: Arc::clone(store),
            listeners,
            metrics,
            place: Arc::new(Mutex::new(None)),
            topology: Arc::new(Mutex::new(store.topology_epoch())),
        };
        let post: Arc<Post<TailMsg>> = Post::empty();
        let position = Arc::new(Staffed::new(ActorName::Changes, post, Tail, arguments));
        (Self { news }, position)
    }

    /// Everything the feed says from now on, after caches and keys were told.
    pub fn subscribe(&self) -> broadcast::Receiver<News> {
        self.news.subscribe()
    }
}

impl Listeners {
    /// Tells everybody what changed.
    pub(crate) fn tell(&self, change: &Change) {
        self.cached.apply(change);
        match change {
            Change::FamilyRevoked { session, family, .. } => self.ring.forget_family(*session, *family),
            Change::Keys { tenant } => self.keyring.reload_soon(tenant),
            Change::Membership { tenant, user, organization } => {
                self.memberships.forget(tenant, user, organization);
            }
            Change::SessionEnded { session, spares: false, .. } => self.ring.forget(*session),
            Change::Client { .. }
            | Change::ClientGrant { .. }
            | Change::Connection { .. }
            | Change::Organization { .. }
            | Change::ResourceServer { .. }
            | Change::Role { .. }
            | Change::SessionEnded { spares: true, .. }
            | Change::Tenant { .. }
            | Change::TenantEmptied { .. }
            | Change::User { .. } => {}
        }
        // Nobody may be listening.
        let _ = self.news.send(News::Changed(change.clone()));
    }

    /// Tells everybody that anything may have changed.
    pub(crate) fn tell_all(&self) {
        self.cached.drop_all();
        self.memberships.forget_all();
        self.keyring.reload_all();
        let _ = self.news.send(News::Everything);
    }
}

#[cfg(test)]
mod tests;
