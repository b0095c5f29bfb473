//! Hashes made elsewhere: published vectors, every form, every bad field by name, bounded cost, equal time.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::tests::{CHEAP, text, world};
use super::{Passwords, Verdict};
use crate::config::passwords::Passwords as Settings;
use crate::model::custom_hash::CustomHash;

/// The stored form of a hash that reads.
fn stored(hash: &Value) -> String {
    serde_json::from_value::<CustomHash>(hash.clone()).unwrap().stored()
}

async fn opens(passwords: &Passwords, password: &str, hash: &Value) -> bool {
    let verdict = passwords.verify(text(password), stored(hash)).await;
    match verdict.unwrap_or_else(|error| panic!("{error}: {hash}")) {
        Verdict::Match { needs_rehash } => {
            assert!(needs_rehash, "{hash}");
            true
        }
        Verdict::Mismatch => false,
    }
}

/// RFC 1320, RFC 1321, FIPS 180-4, RFC 4231, RFC 6070, RFC 7914, and sums that Python's hashlib agrees with.
fn vectors() -> Vec<(&'static str, Value)> {
    let plain = |algorithm: &str, value: &str| json!({"algorithm": algorithm, "hash": {"value": value, "encoding": "hex"}});
    vec![
        ("abc", plain("md4", "a448017aaf21d8525fc10ae87aa6729d")),
        ("message digest", plain("md5", "F96B697D7CB7938D525A2F31AAF161D0")),
        ("abc", plain("sha1", "a9993e364706816aba3e25717850c26c9cd0d89d")),
        ("abc", plain("sha256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")),
        (
            "abc",
            plain(
                "sha512",
                "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
            ),
        ),
        (
            "what do ya want for nothing?",
            json!({"algorithm": "hmac", "hash": {"encoding": "hex", "digest": "sha256", "key": {"value": "Jefe"},
                "value": "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"}}),
        ),
        (
            "password",
            json!({"algorithm": "pbkdf2", "hash": {"encoding": "utf8",
                "value": "$pbkdf2-sha1$i=4096,l=20$c2FsdA$SwB5AbdlSJq+rUnZJvch0GWkKcE"}}),
        ),
        (
            "pleaseletmein",
            json!({"algorithm": "scrypt", "salt": {"value": "SodiumChloride"}, "keylen": 64, "cost": 16384,
                "blockSize": 8, "parallelization": 1, "hash": {"encoding": "hex",
                "value": "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887"}}),
        ),
        ("secret", json!({"algorithm": "ldap", "hash": {"value": "{ssha}dj2lH1ocucmj5OQsjP6mQrVx6FhOYUNs"}})),
        (
            "Correct-Horse-1",
            json!({"algorithm": "md5", "hash": {"value": "RNh2v7z79QrZ3KCybD+FhQ==", "encoding": "base64"},
                "salt": {"value": "pepper"}}),
        ),
        (
            "Horse",
            json!({"algorithm": "sha1", "hash": {"value": "r2L8uIz+EfKnV+k6FmoHO5eAaxM=", "encoding": "base64"},
                "salt": {"value": "00ff", "encoding": "hex", "position": "suffix"}}),
        ),
        (
            "péss",
            json!({"algorithm": "md5", "hash": {"value": "c4da934f5e8447e069511e98454c8b3d", "encoding": "hex"},
                "password": {"encoding": "utf16le"}}),
        ),
        (
            "péss",
            json!({"algorithm": "md5", "hash": {"value": "ada6dfc2c4d4cc5cc89b5b07933c5569", "encoding": "hex"},
                "password": {"encoding": "latin1"}}),
        ),
    ]
}

#[tokio::test]
async fn each_form_opens_to_its_password_only() {
    let settings = Settings { memory_kib_max: 32_768, ..CHEAP };
    let passwords = world(&settings).await.passwords;
    for (password, hash) in vectors() {
        assert_eq!(passwords.objection(&stored(&hash)), None, "{hash}");
        assert!(opens(&passwords, password, &hash).await, "{hash}");
        assert!(!opens(&passwords, &format!("{password}."), &hash).await, "{hash}");
        assert!(!opens(&passwords, "", &hash).await, "{hash}");
    }
}

#[tokio::test]
async fn what_cannot_be_computed_or_says_too_much_is_named() {
    let passwords = world(&CHEAP).await.passwords;
    let md5 = "900150983cd24fb0d6963f7d28e17f72";
    let scrypt = json!({"algorithm": "scrypt", "salt": {"value": "s"}, "keylen": 16, "cost": 1024,
        "hash": {"value": md5, "encoding": "hex"}});
    assert_eq!(passwords.objection(&stored(&scrypt)), None);
    let pbkdf2 = |value: &str| json!({"algorithm": "pbkdf2", "hash": {"value": value}});
    let hex = |more: Value| {
        let mut hash = json!({"algorithm": "md5", "hash": {"value": md5, "encoding": "hex"}});
        json_patch(&mut hash, &more);
        hash
    };
    let dear = |more: Value| {
        let mut hash = scrypt.clone();
        json_patch(&mut hash, &more);
        hash
    };
    for (hash, path) in [
        (hex(json!({"hash": {"encoding": "utf8"}})), "hash.encoding"),
        (hex(json!({"hash": {"encoding": null}})), "hash.encoding"),
        (hex(json!({"hash": {"value": "9001"}})), "hash.value"),
        (hex(json!({"hash": {"value": "xx"}})), "hash.value"),
        (hex(json!({"hash": {"digest": "md5"}})), "hash.digest"),
        (hex(json!({"hash": {"key": {"value": "k"}}})), "hash.key"),
        (hex(json!({"salt": {"value": "!", "encoding": "base64"}})), "salt.value"),
        (hex(json!({"salt": {"value": "x".repeat(1025)}})), "salt.value"),
        (hex(json!({"keylen": 16})), "keylen"),
        (hex(json!({"cost": 16})), "cost"),
        (hex(json!({"blockSize": 16})), "blockSize"),
        (hex(json!({"parallelization": 16})), "parallelization"),
        (hex(json!({"algorithm": "hmac"})), "hash.digest"),
        (hex(json!({"algorithm": "hmac", "hash": {"digest": "md5"}})), "hash.key"),
        (hex(json!({"algorithm": "hmac", "salt": {"value": "x"}})), "salt"),
        (
            hex(json!({"algorithm": "hmac", "hash": {"digest": "whirlpool", "key": {"value": "k"}}})),
            "hash.digest",
        ),
        (hex(json!({"algorithm": "ldap"})), "hash.encoding"),
        (hex(json!({"algorithm": "ldap", "hash": {"encoding": null, "value": "{CRYPT}xx"}})), "hash.value"),
        (hex(json!({"algorithm": "ldap", "hash": {"encoding": null, "value": "{SSHA}AAAA"}})), "hash.value"),
        (pbkdf2("$pbkdf2-ripemd160$i=1,l=16$c2FsdA$kAFQmDzST7DWlj99KOF/cg"), "hash.value"),
        (pbkdf2("$pbkdf2-md5$i=0,l=16$c2FsdA$kAFQmDzST7DWlj99KOF/cg"), "hash.value"),
        (pbkdf2("$pbkdf2-md5$i=1,l=17$c2FsdA$kAFQmDzST7DWlj99KOF/cg"), "hash.value"),
        (pbkdf2("$pbkdf2-md5$i=100001,l=16$c2FsdA$kAFQmDzST7DWlj99KOF/cg"), "hash.value"),
        (dear(json!({"cost": 1000})), "cost"),
        (dear(json!({"cost": 1})), "cost"),
        (dear(json!({"cost": 8192})), "cost"),
        (dear(json!({"cost": 4096, "parallelization": 4_294_967_295_u32})), "cost"),
        (dear(json!({"blockSize": 0})), "blockSize"),
        (dear(json!({"keylen": 15})), "keylen"),
        (dear(json!({"keylen": null})), "keylen"),
        (dear(json!({"salt": null})), "salt"),
        (dear(json!({"salt": {"position": "prefix"}})), "salt.position"),
    ] {
        let objection = passwords.objection(&stored(&hash));
        assert_eq!(objection.map(|objection| objection.path), Some(path), "{hash}");
        assert!(passwords.verify(text("x"), stored(&hash)).await.is_err(), "{hash}");
    }
}

#[tokio::test]
async fn a_wrong_password_takes_its_time_however_quick_the_hash() {
    let settings = Settings { memory_kib: 65_536, threads: 1, ..CHEAP };
    let passwords = world(&settings).await.passwords;
    let quick = stored(&vectors()[0].1);
    let (mut wrong, mut nobody) = (Duration::MAX, Duration::MAX);
    for _ in 0..5 {
        let start = Instant::now();
        passwords.verify(text("guess"), quick.clone()).await.unwrap();
        wrong = wrong.min(start.elapsed());
        let start = Instant::now();
        passwords.verify_nothing(text("guess")).await.unwrap();
        nobody = nobody.min(start.elapsed());
    }
    assert!(wrong * 3 > nobody && nobody * 3 > wrong, "{wrong:?} against {nobody:?}");
}

/// Lays `more` over `value`; `null` takes a member away (RFC 7396).
fn json_patch(value: &mut Value, more: &Value) {
    let Value::Object(members) = more else { return value.clone_from(more) };
    for (name, member) in members {
        if member.is_null() {
            value.as_object_mut().unwrap().remove(name);
        } else {
            if value.get(name).is_none() {
                value[name] = json!({});
            }
            json_patch(&mut value[name], member);
        }
    }
}
