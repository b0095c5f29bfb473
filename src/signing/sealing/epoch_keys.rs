//! Everything derived from one master key (HKDF-SHA256, RFC 5869).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::Purpose;
use super::cipher::{Cipher, KEY_BYTES};
use crate::protocol::ids::TenantId;
use crate::signing::master_key::MasterKey;

/// One cipher per purpose and the key of client secrets, ready for use.
pub(super) struct EpochKeys {
    /// The name of the master key in the first byte of what it sealed.
    pub(super) epoch: u8,
    /// In the order of [`Purpose::ALL`].
    ciphers: [Cipher; Purpose::ALL.len()],
    client_secret: Hmac<Sha256>,
}

impl EpochKeys {
    pub(super) fn derive(master: &MasterKey, epoch: u8) -> Self {
        let hkdf = Hkdf::<Sha256>::new(Some(b"jeton/1"), master.as_bytes());
        let cipher = |purpose: Purpose| {
            let key: Zeroizing<[u8; KEY_BYTES]> = expand(&hkdf, &[b"seal/", purpose.label()]);
            Cipher::new(&key)
        };
        let secret: Zeroizing<[u8; 64]> = expand(&hkdf, &[b"client-secret"]);
        Self { epoch, ciphers: Purpose::ALL.map(cipher), client_secret: Hmac::new((&*secret).into()) }
    }

    pub(super) fn cipher(&self, purpose: Purpose) -> &Cipher {
        &self.ciphers[purpose as usize]
    }

    pub(super) fn secret_hash(&self, tenant: &TenantId, secret: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode(self.secret_mac(tenant, secret).finalize().into_bytes())
    }

    pub(super) fn secret_matches(&self, tenant: &TenantId, secret: &[u8], expected: &[u8]) -> bool {
        self.secret_mac(tenant, secret).verify_slice(expected).is_ok()
    }

    /// The tenant's length comes first, so that no tenant and secret together look like another pair.
    fn secret_mac(&self, tenant: &TenantId, secret: &[u8]) -> Hmac<Sha256> {
        let tenant = tenant.as_str().as_bytes();
        let mut mac = self.client_secret.clone();
        mac.update(&(tenant.len() as u64).to_be_bytes());
        mac.update(tenant);
        mac.update(secret);
        mac
    }
}

#[expect(
    clippy::expect_used,
    reason = "RFC 5869 §2.3 expands to 8160 bytes; two constants below that are asked for"
)]
fn expand<const N: usize>(hkdf: &Hkdf<Sha256>, info: &[&[u8]]) -> Zeroizing<[u8; N]> {
    let mut key = Zeroizing::new([0_u8; N]);
    hkdf.expand_multi_info(info, &mut *key).expect("N is at most 8160");
    key
}
