//! PHC strings of argon2: `$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>`.

use argon2::{Algorithm, Params, PasswordHash, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// A hash taken apart.
pub(crate) struct Phc {
    pub(crate) algorithm: Algorithm,
    pub(crate) version: Version,
    pub(crate) params: Params,
    pub(crate) salt: Vec<u8>,
    pub(crate) output: Vec<u8>,
}

impl Phc {
    /// Takes `text` apart; `None` when it is no complete PHC string of argon2.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let hash = PasswordHash::new(text).ok()?;
        // A hash without a version is of the first one (PHC string format).
        let version = hash.version.map_or(Ok(Version::V0x10), Version::try_from).ok()?;
        Some(Self {
            algorithm: Algorithm::try_from(hash.algorithm.as_str()).ok()?,
            version,
            params: Params::try_from(&hash).ok()?,
            salt: hash.salt?.to_vec(),
            output: hash.hash?.as_bytes().to_vec(),
        })
    }

    /// The string for a hash of argon2id in its present version.
    pub(crate) fn write(params: &Params, salt: &[u8], output: &[u8]) -> String {
        let (memory, passes, lanes) = (params.m_cost(), params.t_cost(), params.p_cost());
        let (salt, output) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(output));
        format!("$argon2id$v=19$m={memory},t={passes},p={lanes}${salt}${output}")
    }
}
