//! A signing key: from published, to signing, to published only, to gone.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::clock::UnixMs;
use crate::model::change::Change;
use crate::model::record::{Kind, Record};
use crate::protocol::ids::{KeyId, TenantId};

/// Signature algorithms (RFC 7518 §3.1, RFC 8037 §3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Algorithm {
    /// Ed25519.
    #[default]
    #[serde(rename = "EdDSA")]
    EdDsa,
    /// ECDSA with P-256 and SHA-256.
    #[serde(rename = "ES256")]
    Es256,
    /// RSASSA-PKCS1-v1_5 with SHA-256, 2048 bits.
    #[serde(rename = "RS256")]
    Rs256,
}

impl Algorithm {
    /// Every algorithm.
    pub const ALL: [Self; 3] = [Self::EdDsa, Self::Es256, Self::Rs256];

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
        }
    }
}

/// Where a key is in its life; each state carries what is known in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum KeyState {
    /// Published and signing.
    Active {
        /// When it began to sign.
        since: UnixMs,
    },
    /// Published, not yet signing.
    Next {
        /// When it was published.
        published_at: UnixMs,
    },
    /// Published so that its last tokens verify, no longer signing.
    Retiring {
        /// When it may be forgotten.
        until: UnixMs,
    },
}

impl KeyState {
    /// The instant that the state is about.
    pub const fn at(self) -> UnixMs {
        match self {
            Self::Active { since: at } | Self::Next { published_at: at } | Self::Retiring { until: at } => at,
        }
    }
}

/// A certificate around a public key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyCertificate {
    /// RFC 7468.
    pub pem: String,
    /// SHA-1 of it, 40 capital hexadecimal digits.
    pub thumbprint: String,
}

/// A signing key as the store keeps it: the private half sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SigningKeyRecord {
    /// The tenant whose tokens it signs.
    pub tenant: TenantId,
    /// RFC 7638 thumbprint.
    pub kid: KeyId,
    /// What it signs with.
    pub algorithm: Algorithm,
    /// Where it is in its life.
    pub status: KeyState,
    /// The private key (PKCS #8), sealed under the master key, base64url.
    pub sealed_private_key: String,
    /// The public key as a JWK (RFC 7517), without `kid`, `use` and `alg`.
    pub public_jwk: serde_json::Value,
    /// The public key in the form that some applications want it in; made once, with the key.
    #[serde(default)]
    pub certificate: Option<KeyCertificate>,
}

impl Record for SigningKeyRecord {
    const KIND: Kind = Kind::SigningKey;

    fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    fn id(&self) -> Cow<'_, str> {
        Cow::Borrowed(self.kid.as_str())
    }

    fn change(&self) -> Change {
        Change::Keys { tenant: self.tenant.clone() }
    }
}
