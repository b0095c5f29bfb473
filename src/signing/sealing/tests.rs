//! A sealed text opens where it was sealed, and nowhere else.

use proptest::prelude::*;

use super::*;

const SECRET: &[u8] = b"the quick brown fox";

fn master(byte: u8) -> MasterKey {
    MasterKey::new([byte; 32])
}

fn sealer() -> Sealer {
    Sealer::new(&master(1), 7, &[])
}

fn tenant(name: &str) -> TenantId {
    TenantId::from(name)
}

fn sealed(purpose: Purpose) -> String {
    sealer().seal(purpose, &tenant("acme"), b"seed", SECRET).unwrap()
}

fn opens(sealer: &Sealer, purpose: Purpose, name: &str, text: &str) -> bool {
    sealer.open(purpose, &tenant(name), text).is_some_and(|plain| plain.as_slice() == SECRET)
}

#[test]
fn it_opens_for_its_own_purpose_and_tenant_only() {
    for purpose in Purpose::ALL {
        let text = sealed(purpose);
        assert!(text.starts_with(purpose.prefix()));
        assert!(opens(&sealer(), purpose, "acme", &text));
        for name in ["acm", "acme ", "other", ""] {
            assert!(sealer().open(purpose, &tenant(name), &text).is_none());
        }
        for other in Purpose::ALL.into_iter().filter(|other| *other != purpose) {
            let digits = text.strip_prefix(purpose.prefix()).unwrap();
            let disguised = format!("{}{digits}", other.prefix());
            assert!(sealer().open(other, &tenant("acme"), &disguised).is_none(), "{purpose:?} as {other:?}");
        }
    }
}

#[test]
fn the_format_is_what_it_was() {
    // What is sealed today must open after an upgrade: this text may only change with the epoch's meaning.
    insta::assert_snapshot!(sealed(Purpose::RefreshToken), @"rt_BxmyWFbhwVDKg0z_yDa82y4lXIW6RvSys0wnsA48W220vCIDWA8OIRE-FLkxrrLr");
}

#[test]
fn a_previous_master_key_still_opens_until_it_is_dropped() {
    let text = sealed(Purpose::RefreshToken);
    let rotated = Sealer::new(&master(2), 8, &[(7, master(1))]);
    assert!(opens(&rotated, Purpose::RefreshToken, "acme", &text));
    let now = rotated.seal(Purpose::RefreshToken, &tenant("acme"), b"seed", SECRET).unwrap();
    assert!(opens(&rotated, Purpose::RefreshToken, "acme", &now));
    assert!(!opens(&sealer(), Purpose::RefreshToken, "acme", &now), "the old node has no such epoch");
    for without in [Sealer::new(&master(2), 8, &[]), Sealer::new(&master(2), 7, &[])] {
        assert!(!opens(&without, Purpose::RefreshToken, "acme", &text));
    }
}

#[test]
fn an_epoch_is_bound_to_the_text_even_under_the_same_key() {
    let two_names = Sealer::new(&master(1), 8, &[(7, master(1))]);
    let text = sealed(Purpose::Cookie);
    let mut bytes = URL_SAFE_NO_PAD.decode(&text).unwrap();
    bytes[0] = 8;
    assert!(opens(&two_names, Purpose::Cookie, "acme", &text));
    assert!(!opens(&two_names, Purpose::Cookie, "acme", &URL_SAFE_NO_PAD.encode(bytes)));
}

#[test]
fn text_that_is_too_long_is_neither_made_nor_opened() {
    let longest = (SEALED_MAX - 3) / 4 * 3 - HEAD_BYTES - TAG_BYTES;
    let (sealer, acme) = (sealer(), tenant("acme"));
    let text = sealer.seal(Purpose::RefreshToken, &acme, b"", &vec![5; longest]).unwrap();
    assert!(text.len() <= SEALED_MAX && sealer.open(Purpose::RefreshToken, &acme, &text).is_some());
    let more = sealer.seal(Purpose::RefreshToken, &acme, b"", &vec![5; longest + 3]);
    assert_eq!(more, Err(SealError::TooLong));
    // A text of that length has it written before it, in two bytes.
    let facts = |length: usize| "5".repeat(length - 2);
    assert!(Sealer::has_room(Purpose::RefreshToken, &facts(longest)));
    assert!(sealer.seal_facts(Purpose::RefreshToken, &acme, b"", &facts(longest)).is_ok());
    assert!(!Sealer::has_room(Purpose::RefreshToken, &facts(longest + 3)));
    let more = sealer.seal_facts(Purpose::RefreshToken, &acme, b"", &facts(longest + 3));
    assert_eq!(more, Err(SealError::TooLong));
    let cookie = |length| sealed_without_limit(&sealer, &acme, vec![5; length]);
    assert!(sealer.open(Purpose::Cookie, &acme, &cookie(100)).is_some());
    assert!(sealer.open(Purpose::Cookie, &acme, &cookie(SEALED_MAX)).is_none());
}

#[test]
fn what_a_link_says_may_be_longer_and_has_its_end_too() {
    let longest = (SEALED_MAIL_MAX - 3) / 4 * 3 - HEAD_BYTES - TAG_BYTES;
    let (sealer, acme) = (sealer(), tenant("acme"));
    let text = sealer.seal(Purpose::Mail, &acme, b"", &vec![5; longest]).unwrap();
    assert!(text.len() > SEALED_MAX && sealer.open(Purpose::Mail, &acme, &text).is_some());
    assert_eq!(sealer.seal(Purpose::Mail, &acme, b"", &vec![5; longest + 3]), Err(SealError::TooLong));
    assert!(sealer.open(Purpose::Mail, &acme, &format!("{text}AAAA")).is_none());
}

fn sealed_without_limit(sealer: &Sealer, tenant: &TenantId, mut body: Vec<u8>) -> String {
    let (keys, nonce) = (&sealer.keys.current, nonce_from(b""));
    let context = associated_data(Purpose::Cookie, keys.epoch, tenant);
    let cipher = keys.cipher(Purpose::Cookie);
    let tag = cipher.seal(nonce, &context, &mut body).unwrap();
    URL_SAFE_NO_PAD.encode([&[keys.epoch][..], &nonce, &body, &tag].concat())
}

#[test]
fn trailing_bits_and_padding_are_refused() {
    for length in 0..3 {
        let plain = vec![9; length];
        let text = sealer().seal(Purpose::Cookie, &tenant("acme"), b"", &plain).unwrap();
        assert!(sealer().open(Purpose::Cookie, &tenant("acme"), &format!("{text}=")).is_none());
        let (rest, last) = text.split_at(text.len() - 1);
        for other in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".chars() {
            let opened = sealer().open(Purpose::Cookie, &tenant("acme"), &format!("{rest}{other}"));
            assert_eq!(opened.is_some(), last == other.to_string(), "{rest}{other}");
        }
    }
}

#[test]
fn nothing_secret_prints() {
    assert_eq!(format!("{:?}", sealer()), "Sealer { epochs: [7], .. }");
}

#[test]
fn a_secret_hash_fits_one_secret_of_one_tenant() {
    let hash = sealer().secret_hash(&tenant("acme"), b"s3cret");
    assert_eq!(hash.len(), 43);
    assert!(sealer().secret_matches(&tenant("acme"), b"s3cret", &hash));
    assert!(!sealer().secret_matches(&tenant("acme"), b"s3cres", &hash));
    assert!(!sealer().secret_matches(&tenant("acm"), b"es3cret", &hash), "no shifting between the two");
    assert!(!sealer().secret_matches(&tenant("acme"), b"s3cret", &hash[..42]));
    assert!(!sealer().secret_matches(&tenant("acme"), b"s3cret", ""));
    let rotated = Sealer::new(&master(2), 8, &[(7, master(1))]);
    assert!(rotated.secret_matches(&tenant("acme"), b"s3cret", &hash));
    assert_ne!(rotated.secret_hash(&tenant("acme"), b"s3cret"), hash);
    assert!(!Sealer::new(&master(2), 8, &[]).secret_matches(&tenant("acme"), b"s3cret", &hash));
}

#[test]
fn facts_that_cannot_be_written_are_not_sealed() {
    struct Endless;
    impl Serialize for Endless {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq(std::iter::repeat_n(0_u8, 3).filter(|_| true))
        }
    }
    let sealed = sealer().seal_facts(Purpose::Cookie, &tenant("acme"), b"", &Endless);
    assert_eq!(sealed, Err(SealError::Facts));
    assert!(!Sealer::has_room(Purpose::Cookie, &Endless));
}

proptest! {
    #[test]
    fn facts_are_sealed_as_their_encoding_is(words in prop::collection::vec("[ -~]{0,40}", 0..8), number: u64) {
        let (sealer, acme, facts) = (sealer(), tenant("acme"), (words, number));
        let plain = postcard::to_stdvec(&facts).unwrap();
        let sealed = sealer.seal_facts(Purpose::Code, &acme, b"seed", &facts).unwrap();
        prop_assert_eq!(&sealed, &sealer.seal(Purpose::Code, &acme, b"seed", &plain).unwrap());
        let opened = sealer.open(Purpose::Code, &acme, &sealed).unwrap();
        prop_assert_eq!(postcard::from_bytes::<(Vec<String>, u64)>(&opened).unwrap(), facts);
    }

    #[test]
    fn sealing_is_deterministic_and_reversible(
        plain in prop::collection::vec(any::<u8>(), 0..400),
        seed in prop::collection::vec(any::<u8>(), 0..40),
        name in "[a-z0-9-]{1,20}",
    ) {
        let seal = |seed: &[u8]| sealer().seal(Purpose::RefreshToken, &tenant(&name), seed, &plain).unwrap();
        let text = seal(&seed);
        prop_assert_eq!(&text, &seal(&seed));
        let other_seed = [seed.as_slice(), b"!"].concat();
        prop_assert_ne!(&text, &seal(&other_seed));
        let opened = sealer().open(Purpose::RefreshToken, &tenant(&name), &text).unwrap();
        prop_assert_eq!(opened.as_slice(), plain.as_slice());
    }

    #[test]
    fn no_single_bit_may_be_flipped(plain in prop::collection::vec(any::<u8>(), 0..60)) {
        let (sealer, acme) = (sealer(), tenant("acme"));
        let text = sealer.seal(Purpose::RefreshToken, &acme, b"seed", &plain).unwrap();
        for bit in 0..text.len() * 8 {
            let mut bytes = text.clone().into_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let Ok(flipped) = String::from_utf8(bytes) else { continue };
            prop_assert!(sealer.open(Purpose::RefreshToken, &acme, &flipped).is_none(), "bit {}", bit);
        }
        let bytes = URL_SAFE_NO_PAD.decode(&text[3..]).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let flipped = format!("rt_{}", URL_SAFE_NO_PAD.encode(flipped));
            prop_assert!(sealer.open(Purpose::RefreshToken, &acme, &flipped).is_none(), "decoded bit {}", bit);
        }
    }

    #[test]
    fn nothing_may_be_cut_off_or_added(plain in prop::collection::vec(any::<u8>(), 0..60), more in "[A-Za-z0-9_-]{1,8}") {
        let (sealer, acme) = (sealer(), tenant("acme"));
        let text = sealer.seal(Purpose::LoginState, &acme, b"seed", &plain).unwrap();
        for end in 0..text.len() {
            prop_assert!(sealer.open(Purpose::LoginState, &acme, &text[..end]).is_none());
        }
        let longer = format!("{text}{more}");
        prop_assert!(sealer.open(Purpose::LoginState, &acme, &longer).is_none());
    }
}
