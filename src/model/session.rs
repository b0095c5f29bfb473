//! A session: one login of one user, shared by applications, ended once for all of them.

use serde::{Deserialize, Serialize};

use crate::clock::UnixMs;
use crate::protocol::ids::{ClientId, OrganizationId, SessionId, TenantId, UserId};

/// What is remembered of a login.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The id that tokens carry as `sid`.
    pub id: SessionId,
    /// The tenant in which the login took place.
    pub tenant: TenantId,
    /// Who logged in.
    pub user: UserId,
    /// The organization of the login, if there was one.
    pub organization: Option<OrganizationId>,
    /// When the person last proved who they are.
    pub authenticated_at: UnixMs,
    /// How (RFC 8176).
    pub amr: Amr,
    /// When the login took place.
    pub created_at: UnixMs,
    /// When the record may be forgotten; families started in it can only move this later.
    pub expires_at: Option<UnixMs>,
    /// Where it was used from, when a browser took part.
    pub device: Option<Device>,
    /// The applications that are to be told of its end; only those that want to be, as there are millions of
    /// sessions.
    #[serde(default)]
    pub clients: Vec<ClientId>,
}

/// What is known of the place from which a session is used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// The `User-Agent` header, cut to 256 characters.
    pub user_agent: String,
    /// The address of the last use.
    pub address: String,
    /// When a browser last used the session, about: it is not written for every request.
    pub used_at: UnixMs,
}

/// Authentication methods (RFC 8176) as a set of bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Amr(pub u8);

impl Amr {
    /// A password was checked.
    pub const PASSWORD: Self = Self(1);
    /// A one-time password was checked.
    pub const OTP: Self = Self(2);

    /// Every class of authentication that there is, weakest first; these are names of our own, and all of one factor.
    pub const ACRS: [&str; 2] = ["urn:jeton:acr:otp", "urn:jeton:acr:pwd"];

    /// The class of a login by these methods (`acr`, OpenID Connect Core §2).
    pub const fn acr(self) -> &'static str {
        let [otp, password] = Self::ACRS;
        if self.0 & Self::PASSWORD.0 == 0 { otp } else { password }
    }

    /// The registered names of the methods in the set.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        [(Self::PASSWORD, "pwd"), (Self::OTP, "otp")]
            .into_iter()
            .filter(move |(bit, _)| self.0 & bit.0 != 0)
            .map(|(_, name)| name)
    }
}

/// The most applications that one session remembers.
pub const CLIENTS_MAX: usize = 100;

/// How much ends with a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The session and every refresh family in it.
    Everything,
    /// As a person logs out: families that survive a logout stay, and nothing else of the session.
    Logout,
}

/// What ending a session took away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It existed; so many refresh families went with it.
    Ended {
        /// What it was.
        session: Box<Session>,
        /// Refresh families that were deleted in the same verb.
        families: usize,
        /// Refresh families that survive it.
        kept: usize,
    },
    /// It was logged out of before; the families that had survived that went now.
    Survivors {
        /// So many.
        families: usize,
    },
    /// There was no such session.
    Unknown,
}
