//! A folder for one test, with commands that know no other place.

use std::path::PathBuf;
use std::process::Output;

use crate::node::{Node, Surroundings};

/// The place; its embedded store is in the folder.
pub(crate) struct Place {
    pub(crate) surroundings: Surroundings,
    folder: tempfile::TempDir,
}

/// What a command came to.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) status: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self::with(&[])
    }

    /// A place where these settings hold, too.
    pub(crate) fn with(settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data");
        let ours = [("EMBEDDED__PATH", path.to_str().unwrap())];
        Self { surroundings: Surroundings::new(&[&ours[..], settings].concat()), folder }
    }

    /// A place with the demo tenant.
    pub(crate) fn populated() -> Self {
        let place = Self::new();
        let demo = concat!(env!("CARGO_MANIFEST_DIR"), "/config/demo/demo.json");
        let imported = place.run(&["import", demo]);
        assert_eq!(imported.status, Some(0), "{imported:?}");
        assert!(imported.out.contains("refused 0"), "{imported:?}");
        place
    }

    /// Writes a file.
    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, words: &[&str]) -> Outcome {
        self.run_with(words, &[])
    }

    /// Runs the program to its end, with further variables.
    pub(crate) fn run_with(&self, words: &[&str], variables: &[(&str, &str)]) -> Outcome {
        let mut command = self.surroundings.command(words);
        let Output { status, stdout, stderr } = command.envs(variables.iter().copied()).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Outcome { status: status.code(), out: text(stdout), err: text(stderr) }
    }

    /// A server here.
    pub(crate) fn serve(&self) -> Node {
        Node::start(&self.surroundings)
    }
}
