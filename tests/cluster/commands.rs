//! What a warm request costs the cluster: one command for a refresh, none for a machine.

use crate::monitor::Monitor;
use crate::world::{PATIENT, World, nodes};

const TIMES: usize = 200;

#[tokio::test(flavor = "multi_thread")]
async fn a_warm_refresh_is_one_command_and_a_machine_token_none() {
    // Nothing else may be due while we count.
    let quiet =
        [("CACHE__ABSENT_TTL_MS", "600000"), ("CACHE__TTL_MS", "600000"), ("KEYS__CHECK_SECS", "3600")];
    let world = World::with(&[&PATIENT[..], &quiet].concat()).await;
    let mut monitor = Monitor::start(&nodes(), &world.prefix);
    let caller = world.b();
    let mut token = caller.login("ada").await;
    let organizations: [&[(&str, &str)]; 3] =
        [&[], &[("organization", "acme")], &[("organization", "org_demo_globex")]];
    for organization in organizations {
        token = caller.try_refresh(&token, organization).await.unwrap().refresh_token();
    }
    let machines: [&[(&str, &str)]; 2] = [&[], &[("organization", "acme")]];
    for organization in machines {
        caller.machine("orders", organization).await.text("access_token");
    }
    // What a login writes in the background comes late.
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    let cold = monitor.heard();
    assert!(cold.len() > organizations.len(), "what we listen to says nothing: {cold:?}");

    for organization in organizations {
        for _ in 0..TIMES {
            token = caller.try_refresh(&token, organization).await.unwrap().refresh_token();
        }
        assert_eq!(monitor.heard(), vec!["FCALL"; TIMES], "with {organization:?}");
    }
    for organization in machines {
        for _ in 0..TIMES {
            caller.machine("orders", organization).await.text("access_token");
        }
        assert_eq!(monitor.heard(), Vec::<String>::new(), "with {organization:?}");
    }
    world.stop();
}
