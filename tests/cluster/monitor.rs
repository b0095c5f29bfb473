//! What clients send to the primaries of a cluster, word for word: `MONITOR` tells commands that clients sent from
//! those that a function ran, which `INFO commandstats` throws together.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;

use crate::own_cluster::ask;

/// Commands that are not sent for a request: the tail of the change feed (and its look for gaps), signs of life.
const BACKGROUND: [&str; 3] = ["PING", "XINFO", "XREAD"];

/// Listens to every primary.
pub(crate) struct Monitor {
    prefix: String,
    primaries: Vec<(u16, BufReader<TcpStream>)>,
    /// Connections on which somebody has named a key with the prefix.
    ours: BTreeSet<String>,
}

impl Monitor {
    /// Listens for those who use keys with `prefix`, whatever else they send.
    pub(crate) fn start(nodes: &str, prefix: &str) -> Self {
        let ports = nodes.split(',').map(|node| node.rsplit_once(':').unwrap().1.parse::<u16>().unwrap());
        let primaries =
            ports.filter(|port| ask(*port, &["role"]).starts_with("master")).map(listen).collect();
        Self { prefix: prefix.to_owned(), primaries, ours: BTreeSet::new() }
    }

    /// The names of all commands that were sent for requests since the last look.
    pub(crate) fn heard(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        for (port, stream) in &mut self.primaries {
            ask(*port, &["echo", "the end of this look"]);
            loop {
                let mut line = Vec::new();
                assert_ne!(stream.read_until(b'\n', &mut line).unwrap(), 0, "{port} hung up");
                let line = String::from_utf8_lossy(&line).into_owned();
                if line.contains("the end of this look") {
                    break;
                }
                lines.extend(sent(&line).map(|(from, name)| (format!("{port} {from}"), name, line.clone())));
            }
        }
        let named = lines.iter().filter(|(_, _, line)| line.contains(&self.prefix));
        self.ours.extend(named.map(|(from, ..)| from.clone()));
        let ours = lines
            .into_iter()
            .filter(|(from, name, _)| self.ours.contains(from) && !BACKGROUND.contains(&name.as_str()));
        ours.map(|(_, name, _)| name).collect()
    }
}

fn listen(port: u16) -> (u16, BufReader<TcpStream>) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(std::time::Duration::from_mins(1))).unwrap();
    stream.write_all(b"MONITOR\r\n").unwrap();
    let mut stream = BufReader::new(stream);
    let mut ok = String::new();
    stream.read_line(&mut ok).unwrap();
    assert_eq!(ok.trim(), "+OK");
    (port, stream)
}

/// Who sent a command, and its name: `+1.2 [0 127.0.0.1:4000] "get" "key"`; `None` for what a function ran.
fn sent(line: &str) -> Option<(String, String)> {
    let (from, command) = line.split_once(" [")?.1.split_once("] \"")?;
    let name = command.split('"').next()?.to_uppercase();
    (!from.ends_with(" lua")).then(|| (from.to_owned(), name))
}

#[test]
fn a_line_is_understood() {
    let line = "+1700000000.1 [0 127.0.0.1:4000] \"fcall\" \"rotate\" \"1\"";
    assert_eq!(sent(line), Some(("0 127.0.0.1:4000".to_owned(), "FCALL".to_owned())));
    assert_eq!(sent("+1700000000.1 [0 lua] \"GET\" \"key\""), None);
}
