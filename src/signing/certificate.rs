//! A self-signed certificate around a signing key's public half, for those who want keys in that form (RFC 5280).
//! Nothing here trusts one: tokens are verified with the key set.

use std::fmt::Write as _;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, date_time_ymd};
use zeroize::Zeroize as _;

use crate::clock::UnixMs;
use crate::model::signing_key::{Algorithm, KeyCertificate};
use crate::protocol::ids::TenantId;
use crate::signing::key_error::KeyError;

/// For how many years a certificate is good; longer than any key is published.
const YEARS: i32 = 20;

/// A certificate for the private key in `pkcs8`, in the tenant's name, from the beginning of the year of `at` on.
pub(super) fn certify(
    tenant: &TenantId,
    algorithm: Algorithm,
    pkcs8: &[u8],
    at: UnixMs,
) -> Result<KeyCertificate, KeyError> {
    let refused = |_| KeyError::Generation("certificate for a signing");
    let scheme = match algorithm {
        Algorithm::EdDsa => &rcgen::PKCS_ED25519,
        Algorithm::Es256 => &rcgen::PKCS_ECDSA_P256_SHA256,
        Algorithm::Rs256 => &rcgen::PKCS_RSA_SHA256,
    };
    let mut key = KeyPair::from_pkcs8_der_and_sign_algo(&pkcs8.into(), scheme).map_err(refused)?;
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, tenant.as_str());
    let year = year(at);
    params.not_before = date_time_ymd(year, 1, 1);
    params.not_after = date_time_ymd(year + YEARS, 1, 1);
    let made = params.self_signed(&key).map_err(refused);
    key.zeroize();
    let made = made?;
    Ok(KeyCertificate { pem: made.pem(), thumbprint: thumbprint(made.der()) })
}

/// SHA-1 in capital hexadecimal digits, as `x5t` and Auth0 have it (RFC 7517 §4.8): a name, not a proof.
fn thumbprint(der: &[u8]) -> String {
    digest(&SHA1_FOR_LEGACY_USE_ONLY, der).as_ref().iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _written = write!(text, "{byte:02X}");
        text
    })
}

fn year(at: UnixMs) -> i32 {
    let at = jiff::Timestamp::from_millisecond(i64::try_from(at.0).unwrap_or(0)).unwrap_or_default();
    // A year that the format cannot write is none that a key is made in.
    i32::from(jiff::tz::Offset::UTC.to_datetime(at).year()).clamp(1970, 9_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Entropy;
    use crate::signing::algorithms::NewKey;

    #[test]
    fn every_algorithm_has_its_certificate() {
        let tenant = TenantId::from("acme");
        for algorithm in Algorithm::ALL {
            let key = NewKey::generate(algorithm, &Entropy::seeded(4)).unwrap();
            let made = certify(&tenant, algorithm, &key.pkcs8, UnixMs(1_800_000_000_000)).unwrap();
            assert!(made.pem.starts_with("-----BEGIN CERTIFICATE-----"), "{}", made.pem);
            assert!(!made.pem.contains("PRIVATE"), "{}", made.pem);
            assert_eq!(made.thumbprint.len(), 40);
            assert!(made.thumbprint.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'F')));
        }
        assert_eq!((year(UnixMs(0)), year(UnixMs(1_800_000_000_000))), (1970, 2027));
    }
}
