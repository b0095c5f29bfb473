//! `jeton token …` against a running server.

use serde_json::Value;

use crate::node::Node;
use crate::place::{Outcome, Place};

const JOB: [(&str, &str); 2] = [
    ("JETON_CLIENT_ID", "demo-nightly-report"),
    ("JETON_CLIENT_SECRET", "demo_GaR-HnC8yVFa36SA_C-L8zvQBoOXx66lkP8o3EmS9PM"),
];
const WEB: [(&str, &str); 2] = [
    ("JETON_CLIENT_ID", "demo-web"),
    ("JETON_CLIENT_SECRET", "demo_hGhGGsusVeIiLSk5ghQS5R0l3ZkElRmf6aZ6juJrrWs"),
];

#[test]
fn a_machine_gets_a_token() {
    let (place, node) = running();
    let words =
        ["client-credentials", "--audience", "https://orders.demo.example/", "--organization", "acme"];
    let answer = good(&ask(&place, &node, &JOB, &words));
    assert_eq!(answer["token_type"], "Bearer");
    let about = good(&ask(&place, &node, &WEB, &["introspect", text(&answer, "access_token")]));
    assert_eq!(
        (&about["active"], &about["org_id"]),
        (&Value::Bool(true), &"org_demo_acme".into()),
        "{about}"
    );
}

#[test]
fn a_login_is_refreshed_inspected_and_revoked() {
    let (place, node) = running();
    let ask = |words: &[&str]| ask(&place, &node, &WEB, words);
    let login = [
        "password",
        "--username",
        "ada@demo.example",
        "--password",
        "ada-demo-password",
        "--audience",
        "https://orders.demo.example/",
        "--scope",
        "openid offline_access read:orders",
    ];
    let login = good(&ask(&login));
    let next = good(&ask(&["refresh", text(&login, "refresh_token"), "--organization", "globex"]));
    let refresh = text(&next, "refresh_token");
    assert_ne!(refresh, text(&login, "refresh_token"));
    assert_eq!(good(&ask(&["introspect", refresh]))["active"], true);
    assert_eq!(good(&ask(&["revoke", refresh]))["status"], 200);
    assert_eq!(good(&ask(&["introspect", refresh]))["active"], false);
    let refused = ask(&["refresh", refresh]);
    assert_eq!(refused.status, Some(1), "{refused:?}");
    assert_eq!(json(&refused)["error"], "invalid_grant");
}

#[test]
fn nobody_there_is_69_and_nobody_named_is_64() {
    let place = Place::new();
    let nobody = place.run_with(&["token", "--url", "http://127.0.0.1:1", "client-credentials"], &JOB);
    assert_eq!(nobody.status, Some(69), "{nobody:?}");
    assert!(nobody.err.contains("127.0.0.1:1"), "{nobody:?}");
    let unnamed = place.run(&["token", "--url", "http://127.0.0.1:1", "client-credentials"]);
    assert_eq!(unnamed.status, Some(64), "{unnamed:?}");
    assert!(unnamed.err.contains("--client-id"), "{unnamed:?}");
}

fn running() -> (Place, Node) {
    let place = Place::populated();
    let node = place.serve();
    (place, node)
}

fn ask(place: &Place, node: &Node, client: &[(&str, &str)], words: &[&str]) -> Outcome {
    place.run_with(&[&["token", "--url", &node.public], words].concat(), client)
}

fn good(outcome: &Outcome) -> Value {
    assert_eq!(outcome.status, Some(0), "{outcome:?}");
    json(outcome)
}

fn json(outcome: &Outcome) -> Value {
    serde_json::from_str(&outcome.out).unwrap_or_else(|_| panic!("{outcome:?}"))
}

fn text<'a>(answer: &'a Value, name: &str) -> &'a str {
    answer[name].as_str().unwrap_or_else(|| panic!("no {name}: {answer}"))
}
