//! `jeton serve`: ready soon, alone on its folder, and gone when told to, with everybody served.

use std::time::{Duration, Instant};

use crate::place::Place;

#[tokio::test]
async fn it_is_ready_when_it_says_that_it_serves() {
    let place = Place::new();
    let began = Instant::now();
    let node = place.serve();
    let ready = reqwest::get(format!("{}/health/ready", node.operations)).await.unwrap();
    assert_eq!(ready.status(), 200);
    told("start to ready, empty embedded store, unoptimized build", began.elapsed());
    let metrics = reqwest::get(format!("{}/metrics", node.operations)).await.unwrap().text().await.unwrap();
    assert!(metrics.ends_with("# EOF\n"), "{metrics}");
}

#[test]
fn a_second_process_on_the_same_folder_is_refused() {
    let place = Place::new();
    let mut node = place.serve();
    for words in [&["serve"][..], &["check"], &["keys", "list"]] {
        let refused = place.run(words);
        assert_eq!(refused.status, Some(69), "{words:?} {refused:?}");
        assert!(refused.err.contains("another process"), "{words:?} {refused:?}");
    }
    assert_eq!(node.end("TERM").code(), Some(0));
    let next = place.run(&["check"]);
    assert_eq!(next.status, Some(0), "the folder is free again: {next:?}");
}

#[test]
fn a_taken_address_is_named() {
    let place = Place::new();
    let node = place.serve();
    let taken = node.public.strip_prefix("http://").unwrap();
    let refused = Place::with(&[("PUBLIC__ADDRESS", taken)]).run(&["serve"]);
    assert_eq!(refused.status, Some(69), "{refused:?}");
    assert!(refused.err.contains(taken), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_lets_requests_finish() {
    for signal in ["TERM", "INT"] {
        let place = Place::populated();
        let mut node = place.serve();
        let machine = [
            ("grant_type", "client_credentials"),
            ("client_id", "demo-nightly-report"),
            ("client_secret", "demo_GaR-HnC8yVFa36SA_C-L8zvQBoOXx66lkP8o3EmS9PM"),
            ("audience", "https://orders.demo.example/"),
        ];
        let url = format!("{}/oauth/token", node.public);
        let http = reqwest::Client::new();
        let warm = http.post(&url).form(&machine).send().await.unwrap();
        assert_eq!(warm.status(), 200);
        // Until nobody listens any more, every request that was taken is answered whole.
        let asking = tokio::spawn(async move {
            let mut served = 0;
            while let Ok(answer) = http.post(&url).form(&machine).send().await {
                assert_eq!(answer.status(), 200);
                let body: serde_json::Value = answer.json().await.unwrap();
                assert!(body["access_token"].is_string(), "{body}");
                served += 1;
            }
            served
        });
        tokio::time::sleep(Duration::from_millis(200)).await;
        let asked = Instant::now();
        let status = tokio::task::spawn_blocking(move || node.end(signal)).await.unwrap();
        assert_eq!(status.code(), Some(0), "SIG{signal}");
        told("drained and ended", asked.elapsed());
        assert!(asking.await.unwrap() > 0);
    }
}

/// A number worth keeping, for whoever reads the output of a run with `--nocapture`.
#[expect(clippy::print_stderr, reason = "measurements are for people")]
fn told(what: &str, took: Duration) {
    eprintln!("measured: {what}: {} ms", took.as_millis());
}
