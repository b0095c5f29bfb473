//! Sealing: what a client carries for us, closed to everybody else (AES-256-GCM-SIV, RFC 8452).
//!
//! A sealed text is `prefix + base64url(epoch | nonce | ciphertext and tag)`. Tenant, purpose and epoch are
//! associated data, so a text opens only where it was sealed. The nonce is derived from a seed that the
//! caller chooses: the same facts seal to the same bytes, on every node, without a memory of them.

mod cipher;
mod epoch_keys;

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use postcard::ser_flavors::Size;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use self::cipher::{NONCE_BYTES, Nonce, TAG_BYTES};
use self::epoch_keys::EpochKeys;
use crate::protocol::base64url::BASE64URL;
use crate::protocol::ids::TenantId;
pub use crate::signing::master_key::{BadMasterKey, MasterKey};

/// Longest sealed text, in characters with its prefix. Longer input is refused before any cryptography.
pub const SEALED_MAX: usize = 4096;

/// [`SEALED_MAX`] of what a link in a message says: it may carry a newcomer's profile.
pub const SEALED_MAIL_MAX: usize = 16 * 1024;

const HEAD_BYTES: usize = 1 + NONCE_BYTES;
/// The length of HMAC-SHA256.
const HASH_BYTES: usize = 32;

/// What a sealed text is for; each purpose has keys of its own. The numbers are part of the format: a new
/// purpose takes the next one, and none is ever used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// An authorization code, `ac_…`.
    Code = 0,
    /// The session cookie.
    Cookie = 1,
    /// A validated authorization request on its way through the login pages, `ls_…`.
    LoginState = 2,
    /// A refresh token, `rt_…`.
    RefreshToken = 3,
    /// The private half of a signing key, at rest.
    SigningKey = 4,
    /// A validated logout request on its way through the confirmation page, `lo_…`.
    Logout = 5,
    /// What a link in a message says, `ml_…`.
    Mail = 6,
    /// A pushed authorization request, `pr_…` inside its URN.
    Pushed = 7,
    /// The token with which a registered client manages itself, `ra_…`.
    Registration = 8,
    /// The ticket of an invitation to an organization, `iv_…`.
    Invitation = 9,
    /// A login on an application's own page, on its way to the authorization endpoint, `lt_…`.
    LoginTicket = 10,
    /// A form of the account page, `ap_…`.
    Account = 11,
}

/// Seals and opens. Cheap to clone; every key is derived once, at construction.
#[derive(Clone)]
pub struct Sealer {
    keys: Arc<Keys>,
}

struct Keys {
    current: EpochKeys,
    previous: Vec<EpochKeys>,
}

/// Nothing was sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The cipher refused.
    #[error("sealing failed")]
    Cipher,
    /// The facts do not let themselves be written.
    #[error("not to be written")]
    Facts,
    /// The text would be longer than its purpose allows.
    #[error("too long to be sealed")]
    TooLong,
}

impl Purpose {
    /// Every purpose, in declaration order.
    pub const ALL: [Self; 12] = [
        Self::Code,
        Self::Cookie,
        Self::LoginState,
        Self::RefreshToken,
        Self::SigningKey,
        Self::Logout,
        Self::Mail,
        Self::Pushed,
        Self::Registration,
        Self::Invitation,
        Self::LoginTicket,
        Self::Account,
    ];

    /// What a sealed text of this purpose starts with, so that people and scanners can tell them apart.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Account => "ap_",
            Self::Code => "ac_",
            Self::Cookie | Self::SigningKey => "",
            Self::Invitation => "iv_",
            Self::LoginState => "ls_",
            Self::LoginTicket => "lt_",
            Self::Logout => "lo_",
            Self::Mail => "ml_",
            Self::Pushed => "pr_",
            Self::RefreshToken => "rt_",
            Self::Registration => "ra_",
        }
    }

    /// The longest sealed text of this purpose, in characters with its prefix.
    const fn longest(self) -> usize {
        if matches!(self, Self::Mail) { SEALED_MAIL_MAX } else { SEALED_MAX }
    }

    /// The word in key derivation. Changing one makes everything sealed under it unreadable.
    const fn label(self) -> &'static [u8] {
        match self {
            Self::Account => b"account",
            Self::Code => b"code",
            Self::Cookie => b"cookie",
            Self::Invitation => b"invitation",
            Self::LoginState => b"login-state",
            Self::LoginTicket => b"login-ticket",
            Self::Logout => b"logout",
            Self::Mail => b"mail",
            Self::Pushed => b"pushed-request",
            Self::RefreshToken => b"refresh-token",
            Self::Registration => b"registration",
            Self::SigningKey => b"signing-key",
        }
    }
}

impl Sealer {
    /// Seals under `master`, called `epoch`; opens under the `previous` ones as well. A previous key with
    /// the current key's epoch is not reachable for opening.
    pub fn new(master: &MasterKey, epoch: u8, previous: &[(u8, MasterKey)]) -> Self {
        let previous = previous.iter().map(|(epoch, master)| EpochKeys::derive(master, *epoch)).collect();
        Self { keys: Arc::new(Keys { current: EpochKeys::derive(master, epoch), previous }) }
    }

    /// Whether `facts` can be sealed.
    pub fn has_room<T: Serialize>(purpose: Purpose, facts: &T) -> bool {
        size_of_facts(facts).is_ok_and(|bytes| characters(purpose, bytes).is_ok())
    }

    /// Seals `facts` in their compact encoding, as [`Sealer::seal`] seals bytes. They are written where they are
    /// sealed: no copy of them stays anywhere.
    ///
    /// # Errors
    /// As there.
    pub fn seal_facts<T: Serialize>(
        &self,
        purpose: Purpose,
        tenant: &TenantId,
        nonce_seed: &[u8],
        facts: &T,
    ) -> Result<String, SealError> {
        let size = size_of_facts(facts)?;
        let mut bytes = room(size);
        let written = postcard::to_slice(facts, body(&mut bytes)).map_err(|_| SealError::Facts)?;
        if written.len() != size {
            return Err(SealError::Facts);
        }
        self.seal_here(purpose, tenant, nonce_seed, bytes)
    }

    /// Seals `plain`. The same seed, text, tenant and purpose give the same bytes; a seed used for two
    /// texts gives away no more than whether they are equal.
    ///
    /// # Errors
    /// The result would be longer than its purpose allows.
    pub fn seal(
        &self,
        purpose: Purpose,
        tenant: &TenantId,
        nonce_seed: &[u8],
        plain: &[u8],
    ) -> Result<String, SealError> {
        let mut bytes = room(plain.len());
        body(&mut bytes).copy_from_slice(plain);
        self.seal_here(purpose, tenant, nonce_seed, bytes)
    }

    /// Seals the body of `bytes`.
    fn seal_here(
        &self,
        purpose: Purpose,
        tenant: &TenantId,
        nonce_seed: &[u8],
        mut bytes: Zeroizing<Vec<u8>>,
    ) -> Result<String, SealError> {
        let tag_at = bytes.len() - TAG_BYTES;
        let characters = characters(purpose, tag_at - HEAD_BYTES)?;
        let keys = &self.keys.current;
        let nonce = nonce_from(nonce_seed);
        bytes[0] = keys.epoch;
        bytes[1..HEAD_BYTES].copy_from_slice(&nonce);
        let context = associated_data(purpose, keys.epoch, tenant);
        let tag = keys.cipher(purpose).seal(nonce, &context, body(&mut bytes));
        bytes[tag_at..].copy_from_slice(&tag.map_err(|_| SealError::Cipher)?);
        let mut text = String::with_capacity(characters);
        text.push_str(purpose.prefix());
        BASE64URL.encode_string(bytes.as_slice(), &mut text);
        Ok(text)
    }

    /// What was sealed, or `None` for a wrong prefix, purpose, tenant or epoch, for any changed, missing or
    /// added character, and for text longer than its purpose allows.
    pub fn open(&self, purpose: Purpose, tenant: &TenantId, text: &str) -> Option<Zeroizing<Vec<u8>>> {
        if text.len() > purpose.longest() {
            return None;
        }
        let digits = text.strip_prefix(purpose.prefix())?;
        let mut bytes = Zeroizing::new(BASE64URL.decode(digits).ok()?);
        let (head, rest) = bytes.split_first_chunk_mut::<HEAD_BYTES>()?;
        let (body, tag) = rest.split_last_chunk_mut::<TAG_BYTES>()?;
        let [epoch, nonce @ ..] = *head;
        let context = associated_data(purpose, epoch, tenant);
        let cipher = self.keys.of(epoch)?.cipher(purpose);
        cipher.open(nonce, &context, body, *tag).ok()?;
        let end = bytes.len() - TAG_BYTES;
        bytes.truncate(end);
        bytes.drain(..HEAD_BYTES);
        Some(bytes)
    }

    /// What may be stored of a generated client secret: HMAC-SHA256 under a derived key, in base64url. Such
    /// secrets are random and long, so they need a key, not a slow hash.
    pub fn secret_hash(&self, tenant: &TenantId, secret: &[u8]) -> String {
        self.keys.current.secret_hash(tenant, secret)
    }

    /// Whether `hash` was made of this `secret` for this `tenant`, under the current or a previous master
    /// key. Compares in constant time.
    pub fn secret_matches(&self, tenant: &TenantId, secret: &[u8], hash: &str) -> bool {
        // Room for more than a hash: what is longer is none.
        let mut room = [0; 2 * HASH_BYTES];
        let Ok(bytes) = URL_SAFE_NO_PAD.decode_slice(hash, &mut room) else { return false };
        self.keys.all().any(|keys| keys.secret_matches(tenant, secret, &room[..bytes]))
    }
}

impl Keys {
    fn all(&self) -> impl Iterator<Item = &EpochKeys> {
        std::iter::once(&self.current).chain(&self.previous)
    }

    fn of(&self, epoch: u8) -> Option<&EpochKeys> {
        self.all().find(|keys| keys.epoch == epoch)
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let epochs: Vec<u8> = self.keys.all().map(|keys| keys.epoch).collect();
        f.debug_struct("Sealer").field("epochs", &epochs).finish_non_exhaustive()
    }
}

/// How many bytes the compact encoding of `facts` takes.
fn size_of_facts<T: Serialize>(facts: &T) -> Result<usize, SealError> {
    postcard::serialize_with_flavor(facts, Size::default()).map_err(|_| SealError::Facts)
}

/// Room for what is sealed of a body of `size` bytes.
fn room(size: usize) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(vec![0; HEAD_BYTES + size + TAG_BYTES])
}

/// Where the body is in it.
fn body(bytes: &mut [u8]) -> &mut [u8] {
    let end = bytes.len() - TAG_BYTES;
    &mut bytes[HEAD_BYTES..end]
}

/// How long a sealed text is.
fn characters(purpose: Purpose, plain_bytes: usize) -> Result<usize, SealError> {
    let digits =
        base64::encoded_len(HEAD_BYTES + plain_bytes + TAG_BYTES, false).ok_or(SealError::TooLong)?;
    let characters = purpose.prefix().len() + digits;
    if characters > purpose.longest() { Err(SealError::TooLong) } else { Ok(characters) }
}

fn nonce_from(seed: &[u8]) -> Nonce {
    let digest = Sha256::digest(seed);
    let mut nonce = [0; NONCE_BYTES];
    nonce.copy_from_slice(&digest[..NONCE_BYTES]);
    nonce
}

/// Purpose and epoch have a fixed length, so no two contexts share their bytes.
fn associated_data(purpose: Purpose, epoch: u8, tenant: &TenantId) -> Vec<u8> {
    let mut context = Vec::with_capacity(2 + tenant.as_str().len());
    context.push(purpose as u8);
    context.push(epoch);
    context.extend_from_slice(tenant.as_str().as_bytes());
    context
}

#[cfg(test)]
mod tests;
