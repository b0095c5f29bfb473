//! A Redis Cluster of a case's own, to be tormented.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// Three primaries and their replicas, stopped when dropped.
pub(crate) struct OwnCluster {
    directory: PathBuf,
    /// The ports of all nodes; any may be a primary.
    pub(crate) ports: Vec<u16>,
}

impl OwnCluster {
    /// A fresh cluster, with further arguments for its servers.
    pub(crate) fn start(arguments: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        // Ports from which the bus, 10 000 above, is still a port; another process begins elsewhere.
        for _attempt in 0..20 {
            let place = std::process::id() % 900 + 900 * NEXT.fetch_add(1, Ordering::Relaxed);
            let base = u16::try_from(20_000 + place * 6 % 12_000).expect("a port");
            let directory =
                std::env::temp_dir().join(format!("jeton-own-cluster-{base}-{}", std::process::id()));
            let started = script()
                .arg("start")
                .arg(&directory)
                .arg(base.to_string())
                .env("JETON_REDIS_ARGS", arguments)
                .output();
            let started = started.expect("tests/redis-cluster runs");
            if started.status.success() {
                return Self { directory, ports: (base..base + 6).collect() };
            }
            let why = String::from_utf8_lossy(&started.stderr).into_owned();
            assert!(why.contains("in use"), "no cluster: {why}");
        }
        panic!("no six ports in a row are free");
    }

    /// All nodes, as configurations name them.
    pub(crate) fn nodes(&self) -> Vec<String> {
        self.ports.iter().map(|port| format!("127.0.0.1:{port}")).collect()
    }

    /// The nodes that are primaries now.
    pub(crate) fn primaries(&self) -> Vec<u16> {
        self.ports.iter().copied().filter(|port| ask(*port, &["role"]).starts_with("master")).collect()
    }

    /// Sends a signal, such as `STOP`, to a node.
    pub(crate) fn signal(&self, port: u16, signal: &str) {
        let file = self.directory.join(port.to_string()).join("redis.pid");
        let pid = std::fs::read_to_string(file).expect("a pid file");
        let sent = Command::new("kill").args(["-s", signal, pid.trim()]).status().expect("kill runs");
        assert!(sent.success());
    }
}

impl Drop for OwnCluster {
    fn drop(&mut self) {
        let _stopped = script().arg("stop").arg(&self.directory).output();
    }
}

/// What a node answers.
pub(crate) fn ask(port: u16, command: &[&str]) -> String {
    let output = Command::new("redis-cli")
        .args(["-h", "127.0.0.1", "-p", &port.to_string()])
        .args(command)
        .stderr(Stdio::null())
        .output()
        .expect("redis-cli runs");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn script() -> Command {
    Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/redis-cluster"))
}
