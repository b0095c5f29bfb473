//! Kinds of hashes, the gate's bounds, and its death.

use super::*;
use crate::actors::root::tests::tree;
#[cfg(target_os = "linux")]
use crate::niceness::{IDLE, tests::of_threads};

pub(super) const CHEAP: Settings = Settings {
    memory_kib: 64,
    iterations: 2,
    parallelism: 1,
    threads: 2,
    spare_ms: 0,
    niceness: 0,
    queue: 4,
    tenant_queue: 6,
    deadline_ms: 5_000,
    bcrypt_cost_max: 6,
    memory_kib_max: 4_096,
    iterations_max: 4,
    pbkdf2_iterations_max: 100_000,
};

/// About a tenth of a second each.
const DEAR: Settings = Settings { memory_kib: 65_536, iterations: 2, threads: 1, ..CHEAP };

pub(super) struct World {
    pub(super) passwords: Passwords,
    position: Arc<dyn Position>,
}

pub(super) async fn world(settings: &Settings) -> World {
    let (passwords, position) = Passwords::new(settings, Entropy::seeded(1), Metrics::new()).unwrap();
    tree(vec![Arc::clone(&position)]).await;
    World { passwords, position }
}

pub(super) fn text(text: &str) -> Zeroizing<String> {
    Zeroizing::new(text.to_owned())
}

#[tokio::test]
async fn a_hash_matches_its_password_only_and_never_repeats() {
    let passwords = world(&CHEAP).await.passwords;
    let hash = passwords.hash(text("hunter42")).await.unwrap();
    assert!(hash.starts_with("$argon2id$v=19$m=64,t=2,p=1$"));
    assert_ne!(hash, passwords.hash(text("hunter42")).await.unwrap());
    let verdict = passwords.verify(text("hunter42"), hash.clone()).await;
    assert_eq!(verdict, Ok(Verdict::Match { needs_rehash: false }));
    assert_eq!(passwords.verify(text("hunter43"), hash.clone()).await, Ok(Verdict::Mismatch));
    let reference =
        argon2::PasswordVerifier::verify_password(&argon2::Argon2::default(), b"hunter42", &*hash);
    assert_eq!(reference, Ok(()), "another implementation of the string agrees");
}

/// Whether a thread computes that gets a share and steps back by `niceness`.
#[cfg(target_os = "linux")]
fn is_there(niceness: u8) -> bool {
    of_threads().contains(&("hash".to_owned(), niceness))
}

/// Whether such a thread is seen within ten seconds.
#[cfg(target_os = "linux")]
async fn is_seen(niceness: u8) -> bool {
    let limit = Instant::now() + Duration::from_secs(10);
    while Instant::now() < limit {
        if is_there(niceness) {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    false
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn hashing_steps_back_and_requests_do_not() {
    let passwords = world(&Settings { niceness: 17, ..DEAR }).await.passwords;
    let (hash, seen) = futures_util::future::join(passwords.hash(text("hunter42")), is_seen(17)).await;
    assert!(seen && hash.is_ok(), "{hash:?}");
    assert!(of_threads().iter().any(|(_, niceness)| *niceness == 0));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_hash_takes_spare_time_and_one_that_finds_none_gets_a_share() {
    let patient = world(&Settings { niceness: 16, spare_ms: 60_000, ..DEAR }).await.passwords;
    let hash = tokio::spawn(async move { patient.hash(text("hunter42")).await });
    while !hash.is_finished() {
        assert!(!is_there(16), "spare time is enough");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert!(hash.await.unwrap().is_ok());
    assert!(of_threads().contains(&("spare-hash".to_owned(), IDLE)));

    let passwords = world(&Settings { niceness: 15, spare_ms: 1, ..DEAR }).await.passwords;
    let (hash, seen) = futures_util::future::join(passwords.hash(text("hunter42")), is_seen(15)).await;
    assert!(seen, "another thread began it");
    let verdict = passwords.verify(text("hunter42"), hash.unwrap()).await;
    assert_eq!(verdict, Ok(Verdict::Match { needs_rehash: false }));
}

#[tokio::test]
async fn weaker_and_foreign_hashes_match_and_ask_to_be_replaced() {
    let passwords = world(&CHEAP).await.passwords;
    // argon2's own test vectors, and Auth0's export format.
    let foreign = [
        ("$argon2id$v=19$m=32,t=2,p=1$c29tZXNhbHQ$", "weaker"),
        ("$argon2i$v=19$m=64,t=2,p=1$c29tZXNhbHQ$", "another kind"),
    ];
    for (prefix, why) in foreign {
        let params = argon2::Params::new(if why == "weaker" { 32 } else { 64 }, 2, 1, Some(32)).unwrap();
        let kind = if why == "weaker" { argon2::Algorithm::Argon2id } else { argon2::Algorithm::Argon2i };
        let hasher = argon2::Argon2::new(kind, argon2::Version::V0x13, params);
        let hash = argon2::PasswordHasher::hash_password_with_salt(&hasher, b"pw", b"somesalt").unwrap();
        let hash = hash.to_string();
        assert!(hash.starts_with(prefix), "{hash}");
        assert_eq!(
            passwords.verify(text("pw"), hash.clone()).await,
            Ok(Verdict::Match { needs_rehash: true })
        );
        assert_eq!(passwords.verify(text("wp"), hash).await, Ok(Verdict::Mismatch));
    }
    let hash = bcrypt::hash("pw", 4).unwrap();
    for version in ["$2a$", "$2b$", "$2y$"] {
        let hash = hash.replacen("$2b$", version, 1);
        assert_eq!(
            passwords.verify(text("pw"), hash.clone()).await,
            Ok(Verdict::Match { needs_rehash: true })
        );
        assert_eq!(passwords.verify(text("wp"), hash).await, Ok(Verdict::Mismatch));
    }
}

#[tokio::test]
async fn a_password_that_bcrypt_saw_in_part_does_not_become_the_hash() {
    let passwords = world(&CHEAP).await.passwords;
    let long = "x".repeat(72);
    let hash = bcrypt::hash(&long, 4).unwrap();
    let verdict = passwords.verify(text(&format!("{long}typo")), hash.clone()).await;
    assert_eq!(verdict, Ok(Verdict::Match { needs_rehash: false }));
    assert_eq!(passwords.verify(text(&long), hash).await, Ok(Verdict::Match { needs_rehash: true }));
}

#[tokio::test]
async fn hashes_that_are_none_or_cost_too_much_are_refused() {
    let passwords = world(&CHEAP).await.passwords;
    let dear = bcrypt::hash("pw", 4).unwrap().replacen("$04$", "$07$", 1);
    let vast =
        "$argon2id$v=19$m=8192,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let long = vast.replacen("m=8192,t=2", "m=64,t=5", 1);
    for hash in [dear.as_str(), vast, &long, "", "plain", "$2b$04$short", "$argon2id$v=19$m=64,t=2,p=1$c29t"]
    {
        assert!(passwords.objection(hash).is_some(), "{hash}");
        assert_eq!(passwords.verify(text("pw"), hash.to_owned()).await, Err(HashError::Malformed), "{hash}");
    }
    assert_eq!(passwords.objection(&vast.replacen("m=8192", "m=64", 1)), None);
    for (hash, expected) in [(dear.as_str(), "cost"), (vast, "m=4096"), ("plain", "PHC")] {
        assert!(passwords.objection(hash).unwrap().expected.contains(expected), "{hash}");
    }
}

#[tokio::test]
async fn nothing_is_verified_at_the_full_cost() {
    let passwords = world(&DEAR).await.passwords;
    let hash = passwords.hash(text("pw")).await.unwrap();
    let (mut real, mut none) = (Duration::MAX, Duration::MAX);
    for _ in 0..3 {
        let start = Instant::now();
        passwords.verify(text("guess"), hash.clone()).await.unwrap();
        real = real.min(start.elapsed());
        let start = Instant::now();
        passwords.verify_nothing(text("guess")).await.unwrap();
        none = none.min(start.elapsed());
    }
    assert!(none * 2 > real && real * 2 > none, "{real:?} against {none:?}");
}

#[tokio::test]
async fn whoever_does_not_fit_is_told_when_to_come_back_and_whoever_waits_too_long_that_it_is_late() {
    let settings = Settings { queue: 3, deadline_ms: 40, ..DEAR };
    let passwords = world(&settings).await.passwords;
    let ask = || passwords.hash(text("pw"));
    let answers = futures_util::future::join_all((0..6).map(|_| ask())).await;
    let busy = answers.iter().filter(|told| matches!(told, Err(HashError::Busy { retry_after_secs: 1.. })));
    let late = answers.iter().filter(|told| matches!(told, Err(HashError::Late)));
    assert_eq!((busy.count(), late.count()), (2, 3), "{answers:?}");
    assert!(answers[0].is_ok(), "what has begun is finished, though it takes longer than the deadline");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_gate_is_replaced_and_still_counts_the_busy_threads() {
    let world = world(&DEAR).await;
    let first = tokio::spawn({
        let passwords = world.passwords.clone();
        async move { passwords.hash(text("pw")).await }
    });
    tokio::time::sleep(Duration::from_millis(10)).await;
    let waiting = tokio::spawn({
        let passwords = world.passwords.clone();
        async move { passwords.hash(text("pw")).await }
    });
    tokio::time::sleep(Duration::from_millis(5)).await;
    assert!(world.position.kill());
    assert!(first.await.unwrap().is_ok(), "what has begun survives");
    assert_eq!(waiting.await.unwrap(), Err(HashError::Lost), "what waited does not");
    assert!(world.passwords.hash(text("pw")).await.is_ok());
}

#[tokio::test]
async fn a_flood_of_one_tenant_is_not_another_ones_wait() {
    let settings = Settings { queue: 8, tenant_queue: 6, ..DEAR };
    let passwords = world(&settings).await.passwords;
    let (flood, calm) = (passwords.of(&TenantId::from("flood")), passwords.of(&TenantId::from("calm")));
    let done = std::sync::Mutex::new(Vec::new());
    let ask = async |who: &Passwords, name: &'static str| {
        let told = who.hash(text("pw")).await;
        done.lock().unwrap().push(name);
        told
    };
    let floods = futures_util::future::join_all((0..9).map(|_| ask(&flood, "flood")));
    let (floods, calm) = futures_util::future::join(floods, ask(&calm, "calm")).await;
    let busy = floods.iter().filter(|told| matches!(told, Err(HashError::Busy { .. })));
    assert_eq!(busy.count(), 3, "the flood has its share of the room");
    assert!(calm.is_ok(), "and there is room for others: {calm:?}");
    let order: Vec<_> = done.lock().unwrap()[3..].to_vec();
    assert!(order[..3].contains(&"calm"), "it had its turn after what was under way: {order:?}");
}

#[tokio::test]
async fn a_score_is_computed_behind_the_gate() {
    let passwords = world(&CHEAP).await.passwords;
    assert!(passwords.score(text("password"), Vec::new()).await.unwrap() <= 1);
    let facts = vec!["annabella@example.test".to_owned()];
    assert!(passwords.score(text("violet-anvil-sparrow-77"), facts).await.unwrap() >= 3);
}
