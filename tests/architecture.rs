//! The house rules that a compiler does not know: who imports whom, where a vendor lives, how long a file is.
//!
//! The table is in `architecture/table.rs`; `architecture/bad_snippets.rs` shows that each rule can fail.

use std::fs;
use std::path::Path;

use crate::rules::{File, faults};

#[path = "architecture/bad_snippets.rs"]
mod bad_snippets;
#[path = "architecture/rules.rs"]
mod rules;
#[path = "architecture/table.rs"]
mod table;
#[path = "architecture/tokens.rs"]
mod tokens;

/// Where our Rust is.
const TREES: &[&str] = &["src", "tests", "benches", "loadtests"];

#[test]
fn every_file_keeps_the_house_rules() {
    let files = all_files();
    let found: Vec<String> = files.iter().flat_map(faults).collect();
    assert!(found.is_empty(), "{} faults:\n{}", found.len(), found.join("\n"));
}

#[test]
fn the_walk_sees_the_tree() {
    let files = all_files();
    for known in
        ["src/lib.rs", "src/main.rs", "src/clock.rs", "src/store/families.rs", "tests/architecture.rs"]
    {
        assert!(files.iter().any(|file| file.path == known), "{known} was not seen");
    }
}

#[test]
fn no_folder_of_configuration_or_scripts_has_an_empty_name() {
    for tree in ["config", "tests", "loadtests"] {
        for path in walk(tree) {
            let empty = path.split(['/', '.']).find(|part| table::EMPTY_NAMES.contains(part));
            assert_eq!(empty, None, "{path} says nothing of what is inside");
        }
    }
}

fn all_files() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let paths = TREES
        .iter()
        .flat_map(|tree| walk(tree))
        .filter(|path| Path::new(path).extension().is_some_and(|extension| extension == "rs"));
    paths
        .filter_map(|path| fs::read_to_string(root.join(&path)).ok().map(|text| File { path, text }))
        .collect()
}

/// Every file below `tree`, as paths from the root; other people's packages and hidden folders are left out.
fn walk(tree: &str) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut waiting = vec![tree.to_owned()];
    while let Some(folder) = waiting.pop() {
        let Ok(entries) = fs::read_dir(root.join(&folder)) else { continue };
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = format!("{folder}/{name}");
            if entry.path().is_dir() {
                if name != "node_modules" && !name.starts_with('.') {
                    waiting.push(path);
                }
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}
