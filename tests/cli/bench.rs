//! `jeton bench …` against a running server.

use serde_json::Value;

use crate::node::Node;
use crate::place::{JOB, Outcome, Place, WEB};

const AUDIENCE: &str = "https://orders.demo.example/";
const PERSON: [&str; 6] =
    ["--username", "ada@demo.example", "--password", "ada-demo-password", "--audience", AUDIENCE];

#[test]
fn a_closed_loop_asks_as_soon_as_it_is_answered() {
    let (place, node) = Place::running();
    // This process stands in for a server's: what counts is that its time is read.
    let pid = std::process::id().to_string();
    let words = ["--connections", "3", "--pid", &pid, "client-credentials", "--audience", AUDIENCE];
    let report = bench(&place, &node, &JOB, &words).good();
    assert!(count(&report, "good") > 3, "{report}");
    assert_eq!((count(&report, "lost"), count(&report, "chains_ended")), (0, 0), "{report}");
    assert_eq!(report["refused"], serde_json::json!({}), "{report}");
    assert_eq!(
        (&report["asked_per_second"], &report["unanswered"]),
        (&Value::Null, &Value::Null),
        "{report}"
    );
    assert_eq!(report["workload"], "client_credentials");
    assert!(report["server_cpu_us_per_request"].is_number(), "{report}");
    let latency = |name: &str| report["latency_ms"][name].as_f64().unwrap();
    assert!(0.0 < latency("p50") && latency("p50") <= latency("p99"), "{report}");
    assert!(latency("p99") <= latency("max"), "{report}");
}

#[test]
fn an_open_loop_accounts_for_every_request_that_was_due() {
    let (place, node) = Place::running();
    let words = ["--connections", "4", "--rate", "40/s", "refresh", "--organization", "acme"];
    let report = bench(&place, &node, &WEB, &[&words[..], &PERSON[..]].concat()).good();
    let unanswered = report["unanswered"].as_f64().unwrap();
    #[expect(clippy::cast_precision_loss, reason = "forty")]
    let answered = count(&report, "good") as f64;
    // Whatever is due at the very ends of the measured second counts where its answer falls.
    assert!(answered > 0.0 && (answered + unanswered - 40.0).abs() <= 4.0, "{report}");
    assert_eq!((count(&report, "lost"), count(&report, "chains_ended")), (0, 0), "{report}");
    assert_eq!(report["refused"], serde_json::json!({}), "every chain is kept: {report}");
    assert_eq!(report["workload"], "refresh with organization");
    assert!(report["generator_late_ms"]["p99"].is_number(), "{report}");
}

#[test]
fn a_chain_ends_with_its_token() {
    let (place, node) = Place::running();
    let dead = place.file("dead", "v1.dead-one\n\nv1.dead-two\n");
    let words = ["--connections", "2", "--warmup", "0", "refresh", "--tokens", dead.to_str().unwrap()];
    let ended = bench(&place, &node, &WEB, &words);
    assert_eq!(ended.status, Some(1), "{ended:?}");
    let report = ended.json();
    assert_eq!((count(&report, "good"), count(&report, "chains_ended")), (0, 2), "{report}");
    assert_eq!(report["refused"], serde_json::json!({ "400": 2 }), "{report}");
    assert!(report["first_fault"].as_str().unwrap().contains("invalid_grant"), "{report}");
}

#[test]
fn a_client_that_is_refused_is_told_why() {
    let (place, node) = Place::running();
    let wrong = [JOB[0], ("JETON_CLIENT_SECRET", "wrong")];
    let words = ["--url", &node.public, "--connections", "1", "--duration", "1", "--warmup", "0"];
    let words = [&["bench"], &words[..], &["--rate", "10/s", "client-credentials"]].concat();
    let refused = place.run_with(&words, &wrong);
    assert_eq!(refused.status, Some(1), "{refused:?}");
    assert!(refused.out.contains("status 401"), "for people: {refused:?}");
    assert!(refused.out.contains("invalid_client"), "{refused:?}");
    assert!(!refused.out.contains("wrong"), "a secret is not told: {refused:?}");
}

#[test]
fn what_cannot_be_measured_is_said_before_anything_is_asked() {
    let place = Place::new();
    let few = place.file("few", "v1.only-one\n");
    let few = few.to_str().unwrap();
    let nowhere = "http://127.0.0.1:1";
    let machine = "client-credentials";
    for (words, told, status) in [
        (&["--url", "https://127.0.0.1:1", machine][..], "--url", 64),
        (&["--url", nowhere, "--rate", "0", machine], "--rate", 64),
        (&["--url", nowhere, "--pid", "4294967295", machine], "--pid", 64),
        (&["--url", nowhere, "--connections", "0", machine], "--connections", 64),
        (&["--url", nowhere, "--connections", "2", "refresh", "--tokens", few], "1 tokens", 64),
        (&["--url", nowhere, "refresh", "--username", "ada"], "--password", 64),
        (&["--url", nowhere, "refresh", "--username", "ada", "--password", "x"], "refused", 69),
        (&["--url", nowhere, machine], "", 69),
    ] {
        let words = [&["bench", "--duration", "1", "--warmup", "0"], words].concat();
        let outcome = place.run_with(&words, &JOB);
        assert_eq!(outcome.status, Some(status), "{words:?}: {outcome:?}");
        assert!(outcome.err.contains(told), "{words:?}: {outcome:?}");
    }
}

/// One measured second, after none, told in JSON.
fn bench(place: &Place, node: &Node, client: &[(&str, &str)], words: &[&str]) -> Outcome {
    let ours = ["bench", "--url", &node.public, "--duration", "1", "--json"];
    place.run_with(&[&ours, words].concat(), client)
}

fn count(report: &Value, name: &str) -> u64 {
    report[name].as_u64().unwrap_or_else(|| panic!("no {name}: {report}"))
}
