//! `jeton keys`: what signs, what will, what did.

use crate::place::{Outcome, Place};

#[test]
fn a_rotation_retires_what_signed() {
    let place = Place::populated();
    let listed = place.run(&["keys", "list", "--tenant", "demo"]);
    assert_eq!((listed.status, listed.out.as_str()), (Some(0), ""), "nothing was signed yet");

    let first = rotated(&place);
    assert_eq!(states(&first), ["active"]);
    let second = rotated(&place);
    let mut both = states(&second);
    both.sort_unstable();
    assert_eq!(both, ["active", "retiring"], "{second:?}");
    let signed = |outcome: &Outcome| kid(outcome, "active").unwrap();
    assert_eq!(kid(&second, "retiring"), Some(signed(&first)));
    let listed = place.run(&["keys", "list", "--tenant", "demo"]);
    assert_eq!(signed(&listed), signed(&second));
    assert!(listed.out.lines().all(|line| line.starts_with("demo  EdDSA  ")), "{listed:?}");
}

#[test]
fn faults_are_64() {
    let place = Place::new();
    for words in [
        &["keys", "list", "--tenant", "nobody"][..],
        &["keys", "rotate", "--tenant", "nobody"],
        &["keys", "rotate", "--algorithm", "none"],
        &["keys"],
    ] {
        let refused = place.run(words);
        assert_eq!(refused.status, Some(64), "{words:?} {refused:?}");
        assert!(!refused.err.is_empty(), "{words:?}");
    }
}

fn rotated(place: &Place) -> Outcome {
    let rotated = place.run(&["keys", "rotate", "--algorithm", "EdDSA", "--tenant", "demo"]);
    assert_eq!(rotated.status, Some(0), "{rotated:?}");
    rotated
}

/// The state of each key but those that will sign later, which the schedule adds when it is due.
fn states(outcome: &Outcome) -> Vec<&str> {
    let words =
        outcome.out.lines().map(|line| line.split("  ").nth(3).unwrap().split([' ', ',']).next().unwrap());
    words.filter(|state| *state != "next").collect()
}

fn kid(outcome: &Outcome, state: &str) -> Option<String> {
    let line = outcome.out.lines().find(|line| line.split("  ").nth(3).unwrap().starts_with(state))?;
    line.split("  ").nth(2).map(str::to_owned)
}
