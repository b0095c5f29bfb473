//! A password hash that was made elsewhere, in the form of Auth0's `custom_password_hash`.

use serde::{Deserialize, Deserializer, Serialize};

/// Auth0's `custom_password_hash`; what does not belong to the algorithm is refused when it is checked.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomHash {
    /// What made the hash.
    pub algorithm: HashAlgorithm,
    /// What it made.
    pub hash: HashValue,
    /// What was hashed along with the password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub salt: Option<Salt>,
    /// How the password became bytes; UTF-8 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<PasswordForm>,
    /// Bytes of a scrypt hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keylen: Option<u32>,
    /// `N` of scrypt, a power of two; 16384 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<u32>,
    /// `r` of scrypt; 8 when absent.
    #[serde(default, rename = "blockSize", skip_serializing_if = "Option::is_none")]
    pub block_size: Option<u32>,
    /// `p` of scrypt; 1 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parallelization: Option<u32>,
}

/// The hash itself.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HashValue {
    /// The hash as text; a PHC string for argon2 and pbkdf2, `$2b$…` for bcrypt, `{SCHEME}…` for ldap.
    #[serde(deserialize_with = "text")]
    pub value: String,
    /// How bytes became that text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<Encoding>,
    /// The digest under an HMAC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// The key of an HMAC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<HashKey>,
}

/// The key of an HMAC.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HashKey {
    /// The key as text.
    #[serde(deserialize_with = "text")]
    pub value: String,
    /// How bytes became that text; UTF-8 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<Encoding>,
}

/// What was hashed along with a password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Salt {
    /// The salt as text.
    #[serde(deserialize_with = "text")]
    pub value: String,
    /// How bytes became that text; UTF-8 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<Encoding>,
    /// Where it stood; before the password when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
}

/// How a password became bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordForm {
    /// The encoding.
    pub encoding: PasswordEncoding,
}

/// Auth0's algorithms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are Auth0's")]
pub enum HashAlgorithm {
    Argon2,
    Bcrypt,
    Hmac,
    Ldap,
    Md4,
    Md5,
    Pbkdf2,
    Scrypt,
    Sha1,
    Sha256,
    Sha512,
}

/// Auth0's digests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are Auth0's")]
pub enum Digest {
    Md4,
    Md5,
    Ripemd160,
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
    Whirlpool,
}

/// How bytes became text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are Auth0's")]
pub enum Encoding {
    Base64,
    Hex,
    Utf8,
}

/// How a password became bytes; the names are those of Node's `Buffer`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PasswordEncoding {
    /// The low byte of each UTF-16 code unit.
    Ascii,
    /// As `Ascii`.
    Binary,
    /// As `Ascii`.
    Latin1,
    /// As `Utf16le`.
    Ucs2,
    /// UTF-16, little-endian.
    Utf16le,
    /// UTF-8.
    #[default]
    Utf8,
}

/// Where a salt stood.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are Auth0's")]
pub enum Position {
    #[default]
    Prefix,
    Suffix,
}

impl CustomHash {
    /// The text that is stored as a user's hash: the usual string of the algorithm if it has one, otherwise this as
    /// JSON.
    pub fn stored(&self) -> String {
        if matches!(self.algorithm, HashAlgorithm::Argon2 | HashAlgorithm::Bcrypt) {
            return self.hash.value.clone();
        }
        // Texts, numbers and names have no way to fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The first member that says nothing about this algorithm, or contradicts it, and what was expected there:
    /// whoever wrote it meant something else.
    pub fn misplaced(&self) -> Option<(&'static str, &'static str)> {
        use HashAlgorithm::{Argon2, Bcrypt, Hmac, Ldap, Pbkdf2, Scrypt};
        const NOTHING: &str = "expected nothing here for this algorithm";
        let (algorithm, value) = (self.algorithm, self.hash.value.as_str());
        let (keyed, costed) = (algorithm == Hmac, algorithm == Scrypt);
        let own = matches!(algorithm, Argon2 | Bcrypt);
        let unsalted = own || keyed || matches!(algorithm, Ldap | Pbkdf2);
        let mixed = [(Argon2, "$argon2"), (Bcrypt, "$2"), (Pbkdf2, "$pbkdf2-")]
            .into_iter()
            .any(|(named, prefix)| algorithm == named && !value.starts_with(prefix));
        let encoded = self.hash.encoding.is_some_and(|encoding| encoding != Encoding::Utf8);
        let placed = self.salt.as_ref().is_some_and(|salt| salt.position.is_some());
        let flaws = [
            (mixed, "hash.value", "expected the string of the algorithm that is named"),
            (own && encoded, "hash.encoding", "expected utf8 for this algorithm"),
            (own && self.password.is_some(), "password", NOTHING),
            (self.hash.digest.is_some() && !keyed, "hash.digest", NOTHING),
            (self.hash.key.is_some() && !keyed, "hash.key", NOTHING),
            (self.salt.is_some() && unsalted, "salt", NOTHING),
            (placed && costed, "salt.position", NOTHING),
            (self.keylen.is_some() && !costed, "keylen", NOTHING),
            (self.cost.is_some() && !costed, "cost", NOTHING),
            (self.block_size.is_some() && !costed, "blockSize", NOTHING),
            (self.parallelization.is_some() && !costed, "parallelization", NOTHING),
        ];
        flaws.into_iter().find(|(wrong, ..)| *wrong).map(|(_, path, expected)| (path, expected))
    }

    /// What [`CustomHash::stored`] wrote as JSON; `None` for any other string.
    pub fn from_stored(text: &str) -> Option<Self> {
        if text.starts_with('{') { serde_json::from_str(text).ok() } else { None }
    }
}

impl std::fmt::Debug for CustomHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CustomHash({:?})", self.algorithm)
    }
}

/// The reader's own message would quote what it found.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    String::deserialize(deserializer).map_err(|_| serde::de::Error::custom("expected a text"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_stored_is_read_again_and_nothing_is_quoted() {
        let md5 = json!({"algorithm": "md5", "hash": {"value": "AA==", "encoding": "base64"},
            "salt": {"value": "pepper", "position": "suffix"}});
        let custom: CustomHash = serde_json::from_value(md5.clone()).unwrap();
        assert_eq!(CustomHash::from_stored(&custom.stored()), Some(custom.clone()));
        assert_eq!(serde_json::from_str::<serde_json::Value>(&custom.stored()).unwrap(), md5);
        assert_eq!(format!("{custom:?}"), "CustomHash(Md5)");
        let bcrypt = json!({"algorithm": "bcrypt", "hash": {"value": "$2b$10$x", "encoding": "utf8"}});
        assert_eq!(serde_json::from_value::<CustomHash>(bcrypt).unwrap().stored(), "$2b$10$x");
        assert_eq!(CustomHash::from_stored("$2b$10$x"), None);
        let error =
            serde_json::from_value::<CustomHash>(json!({"algorithm": "md5", "hash": {"value": 4711}}));
        assert!(!error.unwrap_err().to_string().contains("4711"));
    }
}
