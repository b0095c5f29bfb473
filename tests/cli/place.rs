//! A folder for one test, with commands that know no other place.

use std::path::PathBuf;
use std::process::Output;

use serde_json::Value;

use crate::node::{Node, Surroundings};

/// The demo's machine, as the command line takes a client from its surroundings.
pub(crate) const JOB: [(&str, &str); 2] = [
    ("JETON_CLIENT_ID", "demo-nightly-report"),
    ("JETON_CLIENT_SECRET", "demo_GaR-HnC8yVFa36SA_C-L8zvQBoOXx66lkP8o3EmS9PM"),
];

/// The demo's application with a server.
pub(crate) const WEB: [(&str, &str); 2] = [
    ("JETON_CLIENT_ID", "demo-web"),
    ("JETON_CLIENT_SECRET", "demo_hGhGGsusVeIiLSk5ghQS5R0l3ZkElRmf6aZ6juJrrWs"),
];

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

    /// The demo tenant, and a server for it.
    pub(crate) fn running() -> (Self, Node) {
        let place = Self::populated();
        let node = place.serve();
        (place, node)
    }

    /// A server here.
    pub(crate) fn serve(&self) -> Node {
        Node::start(&self.surroundings)
    }
}

impl Outcome {
    /// The JSON that was printed.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|_| panic!("{self:?}"))
    }

    /// The same, of a command that succeeded.
    pub(crate) fn good(&self) -> Value {
        assert_eq!(self.status, Some(0), "{self:?}");
        self.json()
    }
}
