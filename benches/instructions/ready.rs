//! What the counted functions are given; none of it is counted.

use std::sync::Arc;

use jeton::clock::{Entropy, UnixMs};
use jeton::model::family::{Family, Presented};
use jeton::model::signing_key::{Algorithm, KeyState};
use jeton::protocol::ids::{FamilyKey, SessionId, TenantId};
use jeton::routes::Public;
use jeton::signing::keyset::{KeySet, TokenType};
use jeton::signing::material;
use jeton::signing::sealing::{MasterKey, Purpose, Sealer};
use jeton::transport::Arrival;
use jeton::transport::exchange::Exchange;
use tokio::runtime::Builder;

use crate::world::World;

/// What Jeton signs with by default.
pub(crate) const ALGORITHM: Algorithm = Algorithm::EdDsa;

/// Requests of a kind before the one that is counted: caches, buffers and tables get their size.
const WARMING: usize = 16;

/// A request of a client whose secret was proved before.
pub(crate) struct Known {
    pub(crate) world: World,
    pub(crate) exchange: Exchange,
}

/// As much as a refresh token carries, and the token.
pub(crate) struct Sealing {
    pub(crate) sealer: Sealer,
    pub(crate) tenant: TenantId,
    pub(crate) seed: [u8; 24],
    pub(crate) plain: [u8; 250],
    pub(crate) token: String,
}

/// A warm server, and a request that has arrived or was answered.
pub(crate) struct Asked {
    pub(crate) world: World,
    pub(crate) public: Public,
    pub(crate) arrival: Option<Arrival>,
}

pub(crate) fn refresh_form() -> String {
    World::refresh(&format!("rt_{}", "A".repeat(400)), Some("acme"))
}

pub(crate) fn known() -> Known {
    let Asked { world, arrival, .. } = client_credentials();
    let exchange = Exchange::admit(arrival.unwrap(), world.engine.tenancy()).unwrap();
    Known { world, exchange }
}

pub(crate) fn sealing() -> Sealing {
    let (sealer, tenant) = (sealer(), TenantId::from("acme"));
    let (seed, plain) = ([3; 24], [0x5A; 250]);
    let token = sealer.seal(Purpose::RefreshToken, &tenant, &seed, &plain).unwrap();
    Sealing { sealer, tenant, seed, plain, token }
}

/// A key set with one key, and 500 bytes of claims.
pub(crate) fn keys() -> (KeySet, String) {
    let (sealer, tenant, status) = (sealer(), TenantId::from("acme"), KeyState::Active { since: UnixMs(0) });
    let key = material::generate(&tenant, ALGORITHM, &Entropy::seeded(7), &sealer, status).unwrap();
    let keys = KeySet::new(&[key], &sealer).unwrap();
    // What a library does at its first use is not what the next token costs.
    keys.signer(ALGORITHM).unwrap().sign(TokenType::AccessToken, b"{}").unwrap();
    (keys, format!(r#"{{"sub":"{}"}}"#, "x".repeat(490)))
}

pub(crate) fn family() -> (Family, Presented) {
    let asked = Presented {
        session: SessionId([1; 12]),
        family: FamilyKey([1; 10]),
        generation: 5,
        now: UnixMs(2_000),
        leeway_ms: 30_000,
        expires_at: None,
        rotating: true,
    };
    (Family { generation: 5, rotated_at: UnixMs(1_000) }, asked)
}

pub(crate) fn client_credentials() -> Asked {
    let world = world();
    let form = World::client_credentials();
    for _ in 0..WARMING {
        world.runtime.block_on(world.ask(&form));
    }
    asked(world, &form)
}

/// Each presents what the answer before it gave.
pub(crate) fn refresh(organization: Option<&str>) -> Asked {
    let world = world();
    let mut body = world.runtime.block_on(world.ask(&World::login()));
    for _ in 0..WARMING {
        let form = World::refresh(&World::refresh_token(&body), organization);
        body = world.runtime.block_on(world.ask(&form));
    }
    let form = World::refresh(&World::refresh_token(&body), organization);
    asked(world, &form)
}

fn asked(world: World, form: &str) -> Asked {
    let public = Public::new(Arc::clone(&world.engine));
    let arrival = Some(world.arrival(form));
    Asked { world, public, arrival }
}

fn world() -> World {
    // One thread, the one that is counted; the store's writer is another, and is not.
    World::start(Builder::new_current_thread().enable_all().build().unwrap())
}

fn sealer() -> Sealer {
    Sealer::new(&MasterKey::new([7; 32]), 0, &[])
}
