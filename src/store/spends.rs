//! Single use: the first to spend a thing has it.

use crate::clock::UnixMs;
use crate::model::family::NewFamily;
use crate::protocol::ids::{SessionId, TenantId};
use crate::store::StoreError;

/// What can be used once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// An access token that was taken back: its `jti` (RFC 7519 §4.1.7).
    AccessToken,
    /// The `jti` of a client assertion (RFC 7523 §3).
    Assertion,
    /// An authorization code (RFC 6749 §4.1.2).
    Code,
    /// A login on an application's own page.
    LoginTicket,
    /// A link or code sent by mail.
    Mail,
    /// A pushed authorization request (RFC 9126 §4).
    Pushed,
}

impl Purpose {
    /// The short tag used in store keys; never change one.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::AccessToken => "t",
            Self::Assertion => "a",
            Self::Code => "c",
            Self::LoginTicket => "l",
            Self::Mail => "m",
            Self::Pushed => "p",
        }
    }
}

/// So much longer than it counts must a thing be remembered that is spent, in seconds: whether it still counts is judged
/// before it comes to the store, and by another clock.
pub const MARGIN_SECS: u64 = 60;

/// A thing that can be used once, until it expires anyway.
#[derive(Clone, Copy, Debug)]
pub struct Thing<'a> {
    /// The tenant in which it counts.
    pub tenant: &'a TenantId,
    /// What kind of thing it is.
    pub purpose: Purpose,
    /// What tells it from others of its kind: a `jti`, a random id.
    pub name: &'a [u8],
    /// The session that it is of, if any: it may be kept beside it. The same each time the thing is named.
    pub session: Option<SessionId>,
    /// When it need no longer be remembered: [`MARGIN_SECS`] after it ceased to count, at the earliest.
    pub expires_at: UnixMs,
}

/// What spending did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spent {
    /// Somebody was first; this is the note that they left.
    Before(Vec<u8>),
    /// The caller is the first.
    First,
}

/// A thing that is spent on starting a family.
#[derive(Clone, Copy, Debug)]
pub struct Redeeming<'a> {
    /// What is spent; of the same session.
    pub thing: Thing<'a>,
    /// What is left for whoever comes later, at most 64 bytes.
    pub note: &'a [u8],
    /// In which session.
    pub session: SessionId,
    /// What is started.
    pub family: NewFamily,
    /// The present instant.
    pub now: UnixMs,
}

/// What redeeming did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Redeemed {
    /// Somebody was first; this is the note that they left. No family was started.
    Before(Vec<u8>),
    /// The caller is the first, and the family stands.
    First,
    /// There is no such session (any more); nothing was spent.
    NoSession,
}

/// Things that can be used once.
#[async_trait::async_trait]
pub trait Spends: Send + Sync {
    /// Spends `thing`, leaving `note` (at most 64 bytes) for whoever comes later. One atomic verb on one key.
    /// *Rotation* class.
    ///
    /// # Errors
    /// [`StoreError`]; after [`StoreError::Unknown`] the thing may be spent.
    async fn spend(&self, thing: Thing<'_>, note: &[u8]) -> Result<Spent, StoreError>;

    /// Starts a family and spends a thing for it. Never is the thing spent before the family stands, so that whoever
    /// reads the note finds the family that it names. *Careful* class.
    ///
    /// # Errors
    /// [`StoreError`]; after [`StoreError::Unknown`] the thing may be spent.
    async fn redeem(&self, asked: Redeeming<'_>) -> Result<Redeemed, StoreError>;

    /// Whether `thing` was spent; it is not spent by this.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn is_spent(&self, thing: Thing<'_>) -> Result<bool, StoreError>;
}
