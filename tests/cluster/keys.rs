//! Processes that need a first key at the same time agree on it.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn what_either_signs_is_in_what_both_published_first() {
    let world = World::start().await;
    let (a, b) = (world.a(), world.b());
    let (at_a, at_b) = tokio::join!(a.keys(), b.keys());
    let published = kids(&at_a);
    assert_eq!(published, kids(&at_b));
    assert_eq!(published.len(), 3, "one of each algorithm: {at_a}");
    for api in ["orders", "billing"] {
        for caller in [&a, &b] {
            let token = caller.machine(api, &[]).await.text("access_token");
            let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
            let header: Value = serde_json::from_slice(&header).unwrap();
            assert!(published.contains(header["kid"].as_str().unwrap()), "{header} is not in {at_a}");
        }
    }
    world.stop();
}

fn kids(keys: &Value) -> BTreeSet<String> {
    keys["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}
