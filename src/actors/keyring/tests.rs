//! First keys, agreement between nodes, the schedule, revocation, and keys that cannot be loaded.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::*;
use crate::actors::root::tests::tree;
use crate::clock::{Clock, Entropy, UnixMs};
use crate::config::keys::Keys as Settings;
use crate::model::record::Kind;
use crate::signing::keyset::TokenType;
use crate::signing::master_key::MasterKey;
use crate::signing::sealing::Sealer;
use crate::store::Records as _;
use crate::store::catalog::Catalog;
use crate::store::double::Double;

const SETTINGS: Settings =
    Settings { rotation_secs: 1_000, publish_lead_secs: 100, retire_secs: 500, check_secs: 3_600 };

struct World {
    store: Arc<Double>,
    clock: Clock,
    tenant: TenantId,
}

struct Node {
    keyring: Keyring,
    position: Arc<dyn Position>,
}

impl World {
    fn new() -> Self {
        let clock = Clock::fixed(UnixMs::from_secs(1_000_000));
        Self { store: Double::new(), clock, tenant: TenantId::from("acme") }
    }

    async fn node(&self, seed: u64) -> Node {
        let (keyring, position) = Keyring::new(Tools {
            catalog: Catalog::new(self.store.clone()),
            sealer: Sealer::new(&MasterKey::new([7; 32]), 1, &[]),
            clock: self.clock.clone(),
            entropy: Entropy::seeded(seed),
            settings: SETTINGS,
        });
        tree(vec![Arc::clone(&position)]).await;
        Node { keyring, position }
    }

    async fn keys(&self) -> u64 {
        self.store.count(&self.tenant, Kind::SigningKey).await.unwrap()
    }

    /// What a look at the schedule does.
    async fn look(&self, node: &Node) -> Arc<KeySet> {
        node.keyring.inner.locksmith.follow_schedule(&self.tenant).await.unwrap();
        node.keyring.reload(&self.tenant).await.unwrap()
    }
}

fn kid(keys: &KeySet) -> String {
    keys.signer(Algorithm::EdDsa).unwrap().kid().to_string()
}

fn token(keys: &KeySet) -> String {
    keys.signer(Algorithm::EdDsa).unwrap().sign(TokenType::AccessToken, b"{}").unwrap()
}

#[tokio::test]
async fn a_crowd_that_misses_a_key_makes_one() {
    let world = World::new();
    let node = world.node(1).await;
    assert!(node.keyring.keys(&world.tenant).is_none());
    let ask = || node.keyring.ensure(&world.tenant, Algorithm::EdDsa);
    let all = futures_util::future::join_all((0..10).map(|_| ask())).await;
    let first = kid(all[0].as_ref().unwrap());
    assert!(all.iter().all(|keys| kid(keys.as_ref().unwrap()) == first));
    assert_eq!(world.keys().await, 1);
    assert_eq!(kid(&node.keyring.keys(&world.tenant).unwrap()), first);
}

#[tokio::test]
async fn two_nodes_agree_on_the_first_key() {
    let world = World::new();
    world.store.delay_ms.store(2, Ordering::SeqCst);
    let (one, two) = (world.node(1).await, world.node(2).await);
    let (first, second) = tokio::join!(
        one.keyring.ensure(&world.tenant, Algorithm::EdDsa),
        two.keyring.ensure(&world.tenant, Algorithm::EdDsa)
    );
    assert_eq!(kid(&first.unwrap()), kid(&second.unwrap()));
    assert_eq!(world.keys().await, 1);
}

#[tokio::test]
async fn keys_made_by_two_nodes_that_did_not_see_each_other_settle_on_one() {
    let world = World::new();
    let (one, two) = (world.node(1).await, world.node(2).await);
    for node in [&one, &two] {
        let status = crate::model::signing_key::KeyState::Active { since: world.clock.now() };
        node.keyring.inner.locksmith.make(&world.tenant, Algorithm::EdDsa, status).await.unwrap();
    }
    let (first, second) = (world.look(&one).await, world.look(&two).await);
    assert_eq!(kid(&first), kid(&second));
    assert_eq!(first.jwks(), one.keyring.reload(&world.tenant).await.unwrap().jwks());
    assert_eq!(world.keys().await, 3, "one signs, one retires, one is next");
}

#[tokio::test]
async fn a_key_is_published_then_signs_then_only_verifies_then_is_gone() {
    let world = World::new();
    let node = world.node(1).await;
    let old = node.keyring.ensure(&world.tenant, Algorithm::EdDsa).await.unwrap();
    let published = world.look(&node).await;
    assert_eq!(kid(&published), kid(&old));
    assert_eq!(world.keys().await, 2);
    world.clock.advance_ms(999_000);
    assert_eq!(kid(&*world.look(&node).await), kid(&old));
    world.clock.advance_ms(1_000);
    let new = world.look(&node).await;
    assert_ne!(kid(&new), kid(&old));
    assert!(published.jwks().windows(43).any(|part| part == kid(&new).as_bytes()), "it was known before");
    assert!(new.verify(&token(&old)).is_ok());
    world.clock.advance_ms(499_000);
    assert!(world.look(&node).await.verify(&token(&old)).is_ok());
    world.clock.advance_ms(1_000);
    assert!(world.look(&node).await.verify(&token(&old)).is_err());
}

#[tokio::test]
async fn nodes_that_look_at_the_same_time_turn_the_keys_once() {
    let world = World::new();
    let (one, two) = (world.node(1).await, world.node(2).await);
    one.keyring.ensure(&world.tenant, Algorithm::EdDsa).await.unwrap();
    world.look(&one).await;
    world.clock.advance_ms(1_000_000);
    world.store.delay_ms.store(1, Ordering::SeqCst);
    let (first, second) = tokio::join!(world.look(&one), world.look(&two));
    let settled = world.look(&two).await;
    assert_eq!(kid(&one.keyring.reload(&world.tenant).await.unwrap()), kid(&settled));
    assert!(kid(&first) == kid(&settled) || kid(&second) == kid(&settled));
    assert_eq!(world.keys().await, 3, "one retires, one signs, one is next");
}

#[tokio::test]
async fn rotating_by_hand_and_revoking() {
    let world = World::new();
    let node = world.node(1).await;
    let old = node.keyring.ensure(&world.tenant, Algorithm::EdDsa).await.unwrap();
    let new = node.keyring.rotate(&world.tenant, None).await.unwrap();
    assert_ne!(kid(&new), kid(&old));
    assert!(new.verify(&token(&old)).is_ok());
    assert!(node.keyring.revoke(&world.tenant, &kid(&new)).await.unwrap());
    let last = node.keyring.keys(&world.tenant).unwrap();
    assert!(last.verify(&token(&new)).is_err(), "what a revoked key signed is worth nothing");
    assert!(last.verify(&token(&last)).is_ok() && last.verify(&token(&old)).is_ok());
    assert!(!node.keyring.revoke(&world.tenant, "nobody's").await.unwrap());
}

#[tokio::test]
async fn a_word_of_the_feed_brings_the_other_nodes_keys() {
    let world = World::new();
    let (one, two) = (world.node(1).await, world.node(2).await);
    one.keyring.ensure(&world.tenant, Algorithm::EdDsa).await.unwrap();
    two.keyring.ensure(&world.tenant, Algorithm::EdDsa).await.unwrap();
    let new = one.keyring.rotate(&world.tenant, None).await.unwrap();
    assert!(two.keyring.keys(&world.tenant).unwrap().verify(&token(&new)).is_err());
    two.keyring.reload_soon(&world.tenant);
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_millis(2)).await;
        if kid(&two.keyring.keys(&world.tenant).unwrap()) == kid(&new) {
            return;
        }
    }
    panic!("the keys never came");
}

#[tokio::test]
async fn a_dead_keeper_and_a_dead_store_leave_the_keys_in_place() {
    let world = World::new();
    let node = world.node(1).await;
    let keys = node.keyring.ensure(&world.tenant, Algorithm::EdDsa).await.unwrap();
    world.store.down.store(true, Ordering::SeqCst);
    assert!(matches!(node.keyring.reload(&world.tenant).await, Err(KeyringError::Store(_))));
    assert!(node.position.kill());
    assert_eq!(kid(&node.keyring.keys(&world.tenant).unwrap()), kid(&keys));
    tokio::time::sleep(Duration::from_millis(20)).await;
    world.store.down.store(false, Ordering::SeqCst);
    assert_eq!(kid(&node.keyring.reload(&world.tenant).await.unwrap()), kid(&keys));
}
