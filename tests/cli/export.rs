//! `jeton export` and `jeton import`: out of one store and into another, byte for byte.

use std::os::unix::fs::PermissionsExt as _;

use crate::place::Place;

#[test]
fn what_was_exported_is_imported_and_exported_again_byte_for_byte() {
    let (one, other) = (Place::populated(), Place::new());
    let first = one.file("first.jsonl", "");
    std::fs::remove_file(&first).unwrap();
    let path = first.to_str().unwrap();
    let exported = one.run(&["export", "--tenant", "demo", "--out", path, "--with-secrets"]);
    assert_eq!((exported.status, exported.out.as_str()), (Some(0), ""), "{exported:?}");
    assert!(exported.err.starts_with("exported "), "{exported:?}");
    assert_eq!(std::fs::metadata(&first).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!first.with_extension("jsonl.part").exists());
    let first = std::fs::read_to_string(&first).unwrap();
    assert!(first.contains("\"password_hash\":\"$argon2id$"), "{first}");

    let imported = other.run(&["import", path]);
    assert_eq!(imported.status, Some(0), "{imported:?}");
    assert_eq!(imported.err, "", "no progress where nobody looks");
    let again = other.run(&["export", "--tenant", "demo", "--with-secrets"]);
    assert_eq!((again.status, again.out.as_str()), (Some(0), first.as_str()), "{}", again.err);
    let without = other.run(&["export", "--tenant", "demo"]);
    assert!(without.err.contains("without client secrets and passwords"), "{without:?}");
    assert!(!without.out.contains("hash"), "{without:?}");
}

#[test]
fn what_cannot_be_exported_says_why() {
    let place = Place::populated();
    let unknown = place.run(&["export", "--tenant", "nobody"]);
    assert_eq!((unknown.status, unknown.err.as_str()), (Some(64), "there is no tenant nobody\n"));
    let nowhere = place.run(&["export", "--out", "/nowhere/at/all"]);
    assert_eq!(nowhere.status, Some(1), "{nowhere:?}");
    let server = place.serve();
    let taken = place.run(&["export"]);
    assert_eq!(taken.status, Some(69), "{taken:?}");
    assert!(taken.err.contains("another process has the store in"), "{taken:?}");
    drop(server);
}
