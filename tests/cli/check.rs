//! `jeton check`: faults are named by their key and end with 64; what does not answer ends with 69.

use crate::place::Place;

#[test]
fn a_right_configuration_is_printed_without_its_secrets() {
    let place = Place::new();
    let secret = "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0IHNlY3I=";
    let checked = place.run_with(&["check"], &[("JETON_MASTER_KEY", secret)]);
    assert_eq!(checked.status, Some(0), "{checked:?}");
    assert!(checked.err.contains("configuration and connections are in order"), "{checked:?}");
    assert!(checked.out.contains("[limits]") && checked.out.contains("memory_kib = 64"), "{checked:?}");
    assert!(!checked.out.contains(secret), "{checked:?}");
}

#[test]
fn a_fault_in_the_file_is_64_and_names_the_key() {
    let place = Place::new();
    for (text, key) in [
        ("[limits]\nbody_bytes = 1\n", "body_bytes"),
        ("[limits]\nbody_bytes_max = 1\n", "limits.body_bytes_max"),
        ("[limits]\nbody_bytes_max = \"many\"\n", "limits.body_bytes_max"),
        ("[nonsense]\n", "nonsense"),
        ("store = \"floppy\"\n", "store"),
        ("[public\n", "line 1"),
    ] {
        let file = place.file("jeton.toml", text);
        for words in [
            &["check", "--config", file.to_str().unwrap()][..],
            &["serve", "--config", file.to_str().unwrap()],
        ] {
            let checked = place.run(words);
            assert_eq!(checked.status, Some(64), "{words:?} {text}: {checked:?}");
            assert!(checked.err.contains(key), "{words:?} {text}: {checked:?}");
        }
    }
}

#[test]
fn a_fault_in_the_environment_is_64_and_names_the_variable() {
    let place = Place::new();
    for (name, value, named) in [
        ("JETON__LIMITS__BODY_BYTES_MAX", "1", "limits.body_bytes_max"),
        ("JETON__LIMITS__NONSENSE", "1", "JETON__LIMITS__NONSENSE"),
        ("JETON__PUBLIC__ADDRESS", "nowhere", "JETON__PUBLIC__ADDRESS"),
        ("JETON_MASTER_KEY", "too short", "master_key"),
        ("JETON_MASTER_KEY_FILE", "/nowhere/at/all", "/nowhere/at/all"),
    ] {
        let checked = place.run_with(&["check"], &[(name, value)]);
        assert_eq!(checked.status, Some(64), "{name}: {checked:?}");
        assert!(checked.err.contains(named), "{name}: {checked:?}");
    }
    let nothing = place.run_with(&["check"], &[("JETON_CONFIG", "/nowhere/at/all")]);
    assert_eq!(nothing.status, Some(64), "{nothing:?}");
    assert!(nothing.err.contains("/nowhere/at/all"), "{nothing:?}");
}

#[test]
fn a_cluster_that_does_not_answer_is_69() {
    let place = Place::with(&[("STORE", "cluster"), ("CLUSTER__NODES", "127.0.0.1:1")]);
    let key = [("JETON_MASTER_KEY", "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0IHNlY3I=")];
    let checked = place.run_with(&["check"], &key);
    assert_eq!(checked.status, Some(69), "{checked:?}");
    assert!(checked.err.contains("store"), "{checked:?}");
}
