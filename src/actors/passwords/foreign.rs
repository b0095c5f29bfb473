//! Hashes made elsewhere (Auth0's `custom_password_hash`): taken apart and judged when they are imported, computed
//! when somebody logs in.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::digests;
use super::ldap;
use crate::config::passwords::Passwords as Settings;
use crate::model::custom_hash::{
    CustomHash, Digest, Encoding, HashAlgorithm, PasswordEncoding, Position, Salt,
};

/// Base64 as hashes have it: with or without padding.
pub(super) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The most bytes of a hash, a salt or a key.
const BYTES_MAX: usize = 1024;

/// What is wrong with a hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objection {
    /// Where in `custom_password_hash`, such as `hash.encoding`; empty for the hash as a whole.
    pub path: &'static str,
    /// What was expected there.
    pub expected: String,
}

/// What computing a hash may cost.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) memory_kib_max: u32,
    pub(super) pbkdf2_iterations_max: u32,
}

/// A hash taken apart, in parameters that are allowed.
pub(super) struct Foreign {
    work: Work,
    password: PasswordEncoding,
    output: Vec<u8>,
}

/// How a password becomes the hash.
enum Work {
    /// One digest over salt and password, or password and salt.
    Digest { digest: Digest, salt: Vec<u8>, position: Position },
    /// A keyed digest over the password.
    Hmac { digest: Digest, key: Vec<u8> },
    /// RFC 8018 §5.2.
    Pbkdf2 { digest: Digest, iterations: u32, salt: Vec<u8> },
    /// RFC 7914.
    Scrypt { params: scrypt::Params, salt: Vec<u8> },
}

impl Bounds {
    pub(super) fn new(settings: &Settings) -> Self {
        let Settings { memory_kib_max, pbkdf2_iterations_max, .. } = *settings;
        Self { memory_kib_max, pbkdf2_iterations_max }
    }
}

impl Foreign {
    /// Takes `hash` apart.
    ///
    /// # Errors
    /// [`Objection`]: something is missing, superfluous, unreadable, too dear or of a kind that nobody computes.
    pub(super) fn read(hash: &CustomHash, bounds: Bounds) -> Result<Self, Objection> {
        if let Some((path, expected)) = hash.misplaced() {
            return Err(object(path, expected));
        }
        let password = hash.password.map(|form| form.encoding).unwrap_or_default();
        let (work, output) = match hash.algorithm {
            // Stored as their own strings; see `CustomHash::stored`.
            HashAlgorithm::Argon2 | HashAlgorithm::Bcrypt => {
                return Err(object("hash.value", "expected the algorithm's own string"));
            }
            HashAlgorithm::Md4 => plain(hash, Digest::Md4)?,
            HashAlgorithm::Md5 => plain(hash, Digest::Md5)?,
            HashAlgorithm::Sha1 => plain(hash, Digest::Sha1)?,
            HashAlgorithm::Sha256 => plain(hash, Digest::Sha256)?,
            HashAlgorithm::Sha512 => plain(hash, Digest::Sha512)?,
            HashAlgorithm::Hmac => hmac(hash)?,
            HashAlgorithm::Ldap => directory(hash)?,
            HashAlgorithm::Pbkdf2 => pbkdf2(hash, bounds)?,
            HashAlgorithm::Scrypt => scrypt(hash, bounds)?,
        };
        Ok(Self { work, password, output })
    }

    /// What `password` comes to.
    pub(super) fn compute(&self, password: &str) -> Option<Vec<u8>> {
        let password = zeroize::Zeroizing::new(encoded(password, self.password));
        match &self.work {
            Work::Digest { digest, salt, position: Position::Prefix } => {
                digests::digest(*digest, &[salt, &password])
            }
            Work::Digest { digest, salt, position: Position::Suffix } => {
                digests::digest(*digest, &[&password, salt])
            }
            Work::Hmac { digest, key } => digests::hmac(*digest, key, &password),
            Work::Pbkdf2 { digest, iterations, salt } => {
                digests::pbkdf2(*digest, (&password, salt), *iterations, self.output.len())
            }
            Work::Scrypt { params, salt } => {
                let mut output = vec![0; self.output.len()];
                scrypt::scrypt(&password, salt, params, &mut output).ok().map(|()| output)
            }
        }
    }

    /// What the right password comes to.
    pub(super) fn output(&self) -> &[u8] {
        &self.output
    }

    /// Whether computing it takes no time worth speaking of.
    pub(super) const fn is_quick(&self) -> bool {
        matches!(self.work, Work::Digest { .. } | Work::Hmac { .. })
    }
}

fn plain(hash: &CustomHash, digest: Digest) -> Result<(Work, Vec<u8>), Objection> {
    let salt = hash.salt.as_ref().map(salt).transpose()?.unwrap_or_default();
    let position = hash.salt.as_ref().and_then(|salt| salt.position).unwrap_or_default();
    Ok((Work::Digest { digest, salt, position }, output(hash, digest)?))
}

fn hmac(hash: &CustomHash) -> Result<(Work, Vec<u8>), Objection> {
    let digest = hash.hash.digest.ok_or_else(|| object("hash.digest", "expected the digest of the HMAC"))?;
    let key = hash.hash.key.as_ref().ok_or_else(|| object("hash.key", "expected the key of the HMAC"))?;
    let key = decoded(&key.value, key.encoding.unwrap_or(Encoding::Utf8), "hash.key.value")?;
    let output = output(hash, known(digest, "hash.digest")?)?;
    Ok((Work::Hmac { digest, key }, output))
}

fn directory(hash: &CustomHash) -> Result<(Work, Vec<u8>), Objection> {
    as_text(hash)?;
    let expected =
        "expected {MD5}, {SMD5}, {SHA}, {SSHA}, {SHA256}, {SSHA256}, {SHA512} or {SSHA512} and base64";
    let read = ldap::read(&hash.hash.value).ok_or_else(|| object("hash.value", expected))?;
    Ok((Work::Digest { digest: read.digest, salt: read.salt, position: Position::Suffix }, read.output))
}

/// `$pbkdf2-<digest>$i=<iterations>,l=<bytes>$<salt>$<hash>`.
fn pbkdf2(hash: &CustomHash, bounds: Bounds) -> Result<(Work, Vec<u8>), Objection> {
    as_text(hash)?;
    let expected = "expected $pbkdf2-<digest>$i=<iterations>,l=<bytes>$<salt>$<hash>, the last two in base64";
    let misread = || object("hash.value", expected);
    let rest = hash.hash.value.strip_prefix("$pbkdf2-").ok_or_else(misread)?;
    let parts: Vec<&str> = rest.split('$').collect();
    let [name, parameters, salt, output] = parts[..] else { return Err(misread()) };
    let digest = serde_json::from_value(serde_json::Value::from(name)).map_err(|_| misread())?;
    let digest = known(digest, "hash.value")?;
    let parameter = |wanted: &str| {
        let found = parameters.split(',').find_map(|pair| pair.strip_prefix(wanted)?.strip_prefix('='));
        found.map(|number| number.parse::<u32>().map_err(|_| misread())).transpose()
    };
    let iterations = parameter("i")?.filter(|rounds| *rounds > 0).ok_or_else(misread)?;
    let (salt, output) =
        (decoded(salt, Encoding::Base64, "hash.value")?, decoded(output, Encoding::Base64, "hash.value")?);
    let length = parameter("l")?.map_or(output.len(), |length| usize::try_from(length).unwrap_or(usize::MAX));
    if output.len() < 16 || length != output.len() {
        return Err(misread());
    }
    let blocks = output.len().div_ceil(digests::size(digest)) as u64;
    if u64::from(iterations) * blocks > u64::from(bounds.pbkdf2_iterations_max) {
        let most = bounds.pbkdf2_iterations_max;
        return Err(object("hash.value", format!("expected at most {most} iterations over all blocks")));
    }
    Ok((Work::Pbkdf2 { digest, iterations, salt }, output))
}

fn scrypt(hash: &CustomHash, bounds: Bounds) -> Result<(Work, Vec<u8>), Objection> {
    let salt = hash.salt.as_ref().ok_or_else(|| object("salt", "expected the salt of the scrypt hash"))?;
    let salt = self::salt(salt)?;
    let output = decoded(&hash.hash.value, encoding(hash)?, "hash.value")?;
    let length = hash.keylen.ok_or_else(|| object("keylen", "expected the bytes of the scrypt hash"))?;
    if output.len() < 16 || u64::from(length) != output.len() as u64 {
        return Err(object("keylen", "expected as many as hash.value has, at least 16"));
    }
    let cost = hash.cost.unwrap_or(16_384);
    if !cost.is_power_of_two() || cost < 2 {
        return Err(object("cost", "expected a power of two greater than one"));
    }
    let (r, p) = (hash.block_size.unwrap_or(8), hash.parallelization.unwrap_or(1));
    // Lanes are computed one after another: they cost time as more memory would.
    let bytes = [u64::from(cost), u64::from(r), u64::from(p)].into_iter().fold(128_u64, u64::saturating_mul);
    if bytes > u64::from(bounds.memory_kib_max) * 1024 {
        let most = bounds.memory_kib_max;
        let expected = format!("expected 128 × cost × blockSize × parallelization of at most {most} KiB");
        return Err(object("cost", expected));
    }
    let log = u8::try_from(cost.trailing_zeros()).unwrap_or(u8::MAX);
    let params = scrypt::Params::new(log, r, p)
        .map_err(|_| object("blockSize", "expected parameters that scrypt allows (RFC 7914 §2)"))?;
    Ok((Work::Scrypt { params, salt }, output))
}

/// The hash of a digest, which must be as long as the digest's are.
fn output(hash: &CustomHash, digest: Digest) -> Result<Vec<u8>, Objection> {
    let output = decoded(&hash.hash.value, encoding(hash)?, "hash.value")?;
    if output.len() != digests::size(digest) {
        let size = digests::size(digest);
        return Err(object("hash.value", format!("expected {size} bytes for this digest")));
    }
    Ok(output)
}

fn encoding(hash: &CustomHash) -> Result<Encoding, Objection> {
    hash.hash
        .encoding
        .filter(|encoding| *encoding != Encoding::Utf8)
        .ok_or_else(|| object("hash.encoding", "expected base64 or hex"))
}

fn as_text(hash: &CustomHash) -> Result<(), Objection> {
    let text = hash.hash.encoding.is_none_or(|encoding| encoding == Encoding::Utf8);
    if text { Ok(()) } else { Err(object("hash.encoding", "expected utf8 for this algorithm")) }
}

fn salt(salt: &Salt) -> Result<Vec<u8>, Objection> {
    decoded(&salt.value, salt.encoding.unwrap_or(Encoding::Utf8), "salt.value")
}

/// Refuses a digest that nothing here computes.
fn known(digest: Digest, path: &'static str) -> Result<Digest, Objection> {
    if digests::size(digest) > 0 {
        return Ok(digest);
    }
    Err(object(
        path,
        "expected md4, md5, sha1, sha224, sha256, sha384 or sha512: no other digest is computed here",
    ))
}

fn decoded(text: &str, encoding: Encoding, path: &'static str) -> Result<Vec<u8>, Objection> {
    let bytes = match encoding {
        Encoding::Base64 => BASE64.decode(text).ok(),
        Encoding::Hex => from_hex(text),
        Encoding::Utf8 => Some(text.as_bytes().to_vec()),
    };
    bytes.filter(|bytes| bytes.len() <= BYTES_MAX).ok_or_else(|| {
        object(path, format!("expected at most {BYTES_MAX} bytes in the encoding that was named"))
    })
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = text.chars().map(|digit| digit.to_digit(16)).collect();
    let digits = digits.filter(|digits| digits.len().is_multiple_of(2))?;
    digits.chunks_exact(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).ok()).collect()
}

fn encoded(password: &str, encoding: PasswordEncoding) -> Vec<u8> {
    match encoding {
        PasswordEncoding::Utf8 => password.as_bytes().to_vec(),
        PasswordEncoding::Ucs2 | PasswordEncoding::Utf16le => {
            password.encode_utf16().flat_map(u16::to_le_bytes).collect()
        }
        PasswordEncoding::Ascii | PasswordEncoding::Binary | PasswordEncoding::Latin1 => {
            password.encode_utf16().map(|unit| unit.to_le_bytes()[0]).collect()
        }
    }
}

fn object(path: &'static str, expected: impl Into<String>) -> Objection {
    Objection { path, expected: expected.into() }
}
