//! What the change feed says: which cached thing is no longer what it was.

use serde::{Deserialize, Serialize};

use crate::clock::UnixMs;
use crate::protocol::ids::{
    Audience, ClientId, ConnectionId, FamilyKey, OrganizationId, SessionId, TenantId, UserId,
};

/// One entry of the change feed; every node drops what it names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields name the changed thing")]
pub enum Change {
    /// An application was written or removed.
    Client { tenant: TenantId, client: ClientId },
    /// A client grant was written or removed.
    ClientGrant { tenant: TenantId, client: ClientId, audience: Audience },
    /// A connection was written or removed.
    Connection { tenant: TenantId, connection: ConnectionId },
    /// A single refresh family was revoked; the second copy of that fact (design §7).
    FamilyRevoked { session: SessionId, family: FamilyKey, at: UnixMs },
    /// The tenant's signing keys changed.
    Keys { tenant: TenantId },
    /// A user joined, left or changed roles in an organization.
    Membership { tenant: TenantId, user: UserId, organization: OrganizationId },
    /// An organization was written or removed.
    Organization { tenant: TenantId, organization: OrganizationId, name: String },
    /// A resource server was written or removed.
    ResourceServer { tenant: TenantId, audience: Audience },
    /// A role was written or removed.
    Role { tenant: TenantId },
    /// A session was ended with all its families; the second copy of that fact (design §7).
    /// With `spares`, families that survive a logout stay.
    SessionEnded {
        session: SessionId,
        at: UnixMs,
        #[serde(default)]
        spares: bool,
    },
    /// A tenant's settings were written or the tenant was removed.
    Tenant { tenant: TenantId },
    /// A tenant was taken apart: nothing that was kept of it is there any more.
    TenantEmptied { tenant: TenantId },
    /// A user was written or removed: blocked, a new not-before epoch, other roles.
    User { tenant: TenantId, user: UserId },
}
