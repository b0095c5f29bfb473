//! New signing keys, sealed before they leave this file.

use crate::clock::Entropy;
use crate::model::signing_key::{Algorithm, KeyState, SigningKeyRecord};
use crate::protocol::ids::TenantId;
use crate::signing::algorithms::NewKey;
use crate::signing::certificate::certify;
use crate::signing::key_error::KeyError;
use crate::signing::sealing::{Purpose, Sealer};

/// Makes a key for `tenant`, called by its RFC 7638 thumbprint, its private half (PKCS #8) sealed.
///
/// RSA takes tens to hundreds of milliseconds: call it on a blocking thread.
///
/// # Errors
/// No randomness, or the library made no key.
pub fn generate(
    tenant: &TenantId,
    algorithm: Algorithm,
    entropy: &Entropy,
    sealer: &Sealer,
    status: KeyState,
) -> Result<SigningKeyRecord, KeyError> {
    let key = NewKey::generate(algorithm, entropy)?;
    let kid = key.public.thumbprint();
    // One private key per kid, so the kid is as good a seed as a random one.
    let seed = kid.as_str().as_bytes();
    let sealed_private_key = sealer.seal(Purpose::SigningKey, tenant, seed, &key.pkcs8)?;
    let public_jwk = key.public.to_value();
    let certificate = Some(certify(tenant, algorithm, &key.pkcs8, status.at())?);
    let tenant = tenant.clone();
    Ok(SigningKeyRecord { tenant, kid, algorithm, status, sealed_private_key, public_jwk, certificate })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::UnixMs;
    use crate::protocol::jwk::PublicJwk;
    use crate::signing::master_key::MasterKey;

    #[test]
    fn a_record_holds_a_thumbprint_a_public_key_and_a_sealed_private_key() {
        let sealer = Sealer::new(&MasterKey::new([1; 32]), 0, &[]);
        let tenant = TenantId::from("acme");
        let status = KeyState::Active { since: UnixMs(1) };
        for algorithm in Algorithm::ALL {
            let record = generate(&tenant, algorithm, &Entropy::System, &sealer, status).unwrap();
            let public = PublicJwk::read(&record.public_jwk).unwrap();
            assert_eq!(record.kid, public.thumbprint());
            assert_eq!((record.algorithm, record.status), (algorithm, status));
            let private = &record.sealed_private_key;
            assert!(sealer.open(Purpose::SigningKey, &tenant, private).is_some());
            assert!(sealer.open(Purpose::SigningKey, &TenantId::from("other"), private).is_none());
        }
    }
}
