//! The program itself: commands in an environment of their own, and a running `jeton serve`.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// How long a start or an end may take on a machine that is busy with something else.
const PATIENCE: Duration = Duration::from_secs(90);

/// The environment of every command of one test.
#[derive(Clone)]
pub(crate) struct Surroundings {
    variables: Vec<(String, String)>,
}

/// A running `jeton serve`; killed when dropped.
pub(crate) struct Node {
    child: Child,
    /// `http://` and the address for applications.
    pub(crate) public: String,
    /// `http://` and the address for operators.
    pub(crate) operations: String,
}

impl Surroundings {
    /// Free ports, cheap passwords, logs to be read by a test; and `variables`, by the names of
    /// `config/jeton.toml` without `JETON__`.
    pub(crate) fn new(variables: &[(&str, &str)]) -> Self {
        let always = [
            ("LOGGING__FORMAT", "json"),
            ("OPERATIONS__ADDRESS", "127.0.0.1:0"),
            ("PASSWORDS__ITERATIONS", "1"),
            ("PASSWORDS__MEMORY_KIB", "64"),
            ("PUBLIC__ADDRESS", "127.0.0.1:0"),
        ];
        let named = |(name, value): &(&str, &str)| (format!("JETON__{name}"), (*value).to_owned());
        Self { variables: always.iter().chain(variables).map(named).collect() }
    }

    /// The program with these words.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_jeton"));
        command.args(words).stdin(Stdio::null());
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }
}

impl Node {
    /// A process that says it is serving.
    pub(crate) fn start(surroundings: &Surroundings) -> Self {
        let mut command = surroundings.command(&["serve"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        let (tell, told) = mpsc::channel();
        // To the end of the log, so that the process never waits for a reader.
        std::thread::spawn(move || log.lines().map_while(Result::ok).for_each(|line| drop(tell.send(line))));
        let mut node = Self { child, public: String::new(), operations: String::new() };
        let mut said = Vec::new();
        loop {
            let line = told.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("it does not serve: {said:#?}"));
            let event: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
            if event["message"] == "serving" {
                node.public = format!("http://{}", event["public"].as_str().unwrap());
                node.operations = format!("http://{}", event["operations"].as_str().unwrap());
                return node;
            }
            said.push(line);
        }
    }

    /// Sends a signal, such as `TERM`, and waits for the end.
    pub(crate) fn end(&mut self, signal: &str) -> ExitStatus {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", signal, &pid]).status().unwrap().success());
        let asked = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(asked.elapsed() < PATIENCE, "SIG{signal} does not end it");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _killed = self.child.kill();
        let _ended = self.child.wait();
    }
}
