//! Two things at once: a login that was verified before everything of the person was ended, and is opened after.

use std::sync::Arc;

use jeton::engine::presence::Login;
use jeton::model::session::{Amr, Device};
use jeton::model::user::User;
use jeton::protocol::ids::TenantId;

use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_login_verified_before_a_new_password_does_not_open_after_it() {
    let world = World::start().await;
    let (engine, id) = (world.engine(), TenantId::from("default"));
    let tenant = engine.tenancy().by_id(&id).unwrap();
    let verified = engine.cached().catalog().find::<User>(&id, "auth0|ann").await.unwrap().unwrap();
    let ann = Arc::new(verified.record.clone());
    let login = || {
        let device = Device { user_agent: String::new(), address: String::new(), used_at: world.clock.now() };
        Login { user: Arc::clone(&ann), amr: Amr::PASSWORD, device, asked: None }
    };
    let before = engine.log_in(&tenant, login(), None).await.unwrap();

    world.clock.advance_ms(1);
    let registrar = jeton::engine::registrar::registrar(engine);
    registrar.revoke_user(&verified).await.unwrap();
    assert!(engine.log_in(&tenant, login(), None).await.is_err());
    assert!(engine.log_in(&tenant, login(), Some(before)).await.is_err());
    let live = engine.store().of_user(&id, &ann.user_id, world.clock.now()).await.unwrap();
    assert!(live.is_empty(), "neither was left open: {live:?}");
    world.stop().await;
}
