//! Identifiers as types, so that a client id can never be passed where a user id is meant.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

macro_rules! text_ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The identifier as it travels on the wire.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(Arc::from(text))
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(Arc::from(text))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &self.0)
            }
        }
    )*};
}

text_ids! {
    /// A resource server's identifier, presented as `audience`.
    Audience,
    /// An application (RFC 6749 §2.2).
    ClientId,
    /// A source of users, such as a username-password database.
    ConnectionId,
    /// A signing key: the RFC 7638 thumbprint of its public half.
    KeyId,
    /// An organization, `org_…`.
    OrganizationId,
    /// A role, `rol_…`.
    RoleId,
    /// A tenant: one issuer with everything that belongs to it.
    TenantId,
    /// A user, `auth0|…`.
    UserId,
}

/// One login of one user: 96 random bits, shown as `sid` (16 characters of base64url).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(pub [u8; 12]);

impl SessionId {
    /// Reads what [`fmt::Display`] wrote; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        bytes.try_into().ok().map(Self)
    }

    /// The 16 characters, without an allocation.
    pub fn encoded(&self) -> [u8; 16] {
        let mut text = [b'A'; 16];
        // Twelve bytes are exactly sixteen characters; the encoder has no way to fail.
        let _written = URL_SAFE_NO_PAD.encode_slice(self.0, &mut text);
        text
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for SessionId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for SessionId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not a session id"))
        } else {
            <[u8; 12]>::deserialize(deserializer).map(Self)
        }
    }
}

/// The 128 secret bits that name a refresh family inside a sealed token, and appear nowhere else.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, zeroize::Zeroize, zeroize::ZeroizeOnDrop)]
pub struct FamilyId(pub [u8; 16]);

impl fmt::Debug for FamilyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FamilyId(…)")
    }
}

/// What the store knows of a family: the first 56 bits of SHA-256 of its [`FamilyId`], then its [`ClientMark`].
///
/// The bits name one family among those of one session; they open nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FamilyKey(pub [u8; 10]);

impl FamilyKey {
    /// The key under which the store keeps the family called `id`, of `client`.
    pub fn of(id: &FamilyId, client: &str) -> Self {
        use sha2::Digest as _;
        let digest = sha2::Sha256::digest(id.0);
        let mut key = [0_u8; 10];
        key[..7].copy_from_slice(&digest[..7]);
        key[7..].copy_from_slice(&ClientMark::of(client).0);
        Self(key)
    }

    /// The mark of the client to which its tokens were given.
    pub fn client(&self) -> ClientMark {
        let [.., one, two, three] = self.0;
        ClientMark([one, two, three])
    }
}

/// Enough of a client's id to know the client again among those of its tenant: one in sixteen million is mistaken for
/// another. It costs the store nothing, because a family has to have a name anyway; it proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientMark([u8; 3]);

impl ClientMark {
    /// The mark of the client called `id`: FNV-1a, folded.
    pub fn of(id: &str) -> Self {
        let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        let hash = id.bytes().fold(0xcbf2_9ce4_8422_2325, step);
        let [_, b0, b1, b2, ..] = (hash ^ (hash << 24)).to_be_bytes();
        Self([b0, b1, b2])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_id_survives_its_text() {
        let sid = SessionId([7; 12]);
        assert_eq!(SessionId::parse(&sid.to_string()), Some(sid));
        assert_eq!(sid.encoded().as_slice(), sid.to_string().as_bytes());
        assert_eq!(SessionId::parse("short"), None);
        assert_eq!(SessionId::parse("!!!!!!!!!!!!!!!!"), None);
    }

    #[test]
    fn a_family_id_never_prints() {
        assert_eq!(format!("{:?}", FamilyId([1; 16])), "FamilyId(…)");
        let key = |id, client| FamilyKey::of(&FamilyId([id; 16]), client);
        assert_ne!(key(1, "a"), key(2, "a"));
        assert_ne!(key(1, "a"), key(1, "b"));
    }

    #[test]
    fn a_family_key_knows_its_client() {
        let key = FamilyKey::of(&FamilyId([1; 16]), "app");
        assert_eq!(key.client(), ClientMark::of("app"));
        let mut marks: Vec<_> =
            (0..1000).map(|number| ClientMark::of(&format!("client-{number}")).0).collect();
        marks.sort_unstable();
        marks.dedup();
        assert!(marks.len() >= 999, "{} of 1000 marks", marks.len());
    }
}
