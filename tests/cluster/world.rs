//! Two processes, one cluster, one master key, the demo tenant.

use std::path::Path;
use std::process::Output;

use crate::browser::Browser;
use crate::caller::Caller;
use crate::node::{Node, Surroundings};

/// 32 bytes in base64, for every process of every test.
const MASTER_KEY: &str = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=";

/// Patient: a machine that builds and tests at once is slow, and slowness is not what is tested here.
pub(crate) const PATIENT: [(&str, &str); 2] =
    [("CLUSTER__COMMAND_TIMEOUT_MS", "5000"), ("CLUSTER__WAIT_TIMEOUT_MS", "2000")];

/// The world; its keys begin with a prefix that no other world has.
pub(crate) struct World {
    pub(crate) prefix: String,
    surroundings: Surroundings,
    folder: tempfile::TempDir,
    a: Node,
    b: Node,
}

impl World {
    /// On the cluster of `JETON_TEST_CLUSTER`.
    pub(crate) async fn start() -> Self {
        Self::with(&PATIENT).await
    }

    /// On the cluster of `JETON_TEST_CLUSTER`, with more settings.
    pub(crate) async fn with(settings: &[(&str, &str)]) -> Self {
        Self::on(&nodes(), settings).await
    }

    /// On the cluster that has these nodes.
    pub(crate) async fn on(nodes: &str, settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::Builder::new().prefix("jeton-").rand_bytes(12).tempdir().unwrap();
        let prefix = folder.path().file_name().unwrap().to_str().unwrap().to_owned();
        let ours = [
            ("CLUSTER__KEY_PREFIX", &*prefix),
            ("CLUSTER__NODES", nodes),
            ("MASTER_KEY", MASTER_KEY),
            ("STORE", "cluster"),
        ];
        let surroundings = Surroundings::new(&[&ours[..], settings].concat());
        let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/demo/demo.json");
        imported(&surroundings, &demo);
        // At once, so that they also race for the first signing keys.
        let other = surroundings.clone();
        let b = tokio::task::spawn_blocking(move || Node::start(&other));
        let one = surroundings.clone();
        let a = tokio::task::spawn_blocking(move || Node::start(&one)).await.unwrap();
        Self { a, b: b.await.unwrap(), prefix, surroundings, folder }
    }

    /// Somebody at the first process.
    pub(crate) fn a(&self) -> Caller {
        Caller::new(&self.a.public)
    }

    /// Somebody at the second process.
    pub(crate) fn b(&self) -> Caller {
        Caller::new(&self.b.public)
    }

    /// A browser for each process.
    pub(crate) fn browsers(&self) -> (Browser, Browser) {
        let at = |node: &Node| {
            Browser::new("localhost", node.public.trim_start_matches("http://").parse().unwrap())
        };
        (at(&self.a), at(&self.b))
    }

    /// Imports a document through a third process.
    pub(crate) fn import(&self, document: &serde_json::Value) {
        let file = self.folder.path().join("import.json");
        std::fs::write(&file, document.to_string()).unwrap();
        imported(&self.surroundings, &file);
    }

    /// Kills the first process without a warning.
    pub(crate) fn kill_a(&mut self) {
        assert_eq!(self.a.end("KILL").code(), None);
    }

    /// Starts the first process again.
    pub(crate) fn start_a(&mut self) {
        self.a = Node::start(&self.surroundings);
    }

    /// Stops both as an operator would.
    pub(crate) fn stop(mut self) {
        assert_eq!(self.a.end("TERM").code(), Some(0));
        assert_eq!(self.b.end("TERM").code(), Some(0));
    }

    /// The status of `/health/ready` at both.
    pub(crate) async fn ready(&self) -> [u16; 2] {
        let ask = async |node: &Node| {
            let answer = reqwest::get(format!("{}/health/ready", node.operations)).await;
            answer.unwrap().status().as_u16()
        };
        [ask(&self.a).await, ask(&self.b).await]
    }
}

/// The nodes of the cluster under test.
pub(crate) fn nodes() -> String {
    let nodes = std::env::var("JETON_TEST_CLUSTER").unwrap_or_default();
    assert!(
        !nodes.is_empty(),
        "JETON_TEST_CLUSTER names no node: run tests/run, which starts a cluster (or tests/redis-cluster start)"
    );
    nodes
}

/// A number worth keeping, for whoever reads the output of a run with `--nocapture`.
#[expect(clippy::print_stderr, reason = "measurements are for people")]
pub(crate) fn measured(what: &str, took: std::time::Duration) {
    eprintln!("measured: {what}: {} ms", took.as_millis());
}

fn imported(surroundings: &Surroundings, file: &Path) {
    let Output { status, stdout, stderr } =
        surroundings.command(&["import", file.to_str().unwrap()]).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(status.success(), "{status}: {out}{err}");
}
