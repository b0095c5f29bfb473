//! `jeton token …` against a running server.

use serde_json::Value;

use crate::node::Node;
use crate::place::{JOB, Outcome, Place, WEB};

#[test]
fn a_machine_gets_a_token() {
    let (place, node) = Place::running();
    let words =
        ["client-credentials", "--audience", "https://orders.demo.example/", "--organization", "acme"];
    let answer = ask(&place, &node, &JOB, &words).good();
    assert_eq!(answer["token_type"], "Bearer");
    let about = ask(&place, &node, &WEB, &["introspect", text(&answer, "access_token")]).good();
    assert_eq!(
        (&about["active"], &about["org_id"]),
        (&Value::Bool(true), &"org_demo_acme".into()),
        "{about}"
    );
}

#[test]
fn a_login_is_refreshed_inspected_and_revoked() {
    let (place, node) = Place::running();
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
    let login = ask(&login).good();
    let next = ask(&["refresh", text(&login, "refresh_token"), "--organization", "globex"]).good();
    let refresh = text(&next, "refresh_token");
    assert_ne!(refresh, text(&login, "refresh_token"));
    assert_eq!(ask(&["introspect", refresh]).good()["active"], true);
    assert_eq!(ask(&["revoke", refresh]).good()["status"], 200);
    assert_eq!(ask(&["introspect", refresh]).good()["active"], false);
    let refused = ask(&["refresh", refresh]);
    assert_eq!(refused.status, Some(1), "{refused:?}");
    assert_eq!(refused.json()["error"], "invalid_grant");
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

fn ask(place: &Place, node: &Node, client: &[(&str, &str)], words: &[&str]) -> Outcome {
    place.run_with(&[&["token", "--url", &node.public], words].concat(), client)
}

fn text<'a>(answer: &'a Value, name: &str) -> &'a str {
    answer[name].as_str().unwrap_or_else(|| panic!("no {name}: {answer}"))
}
