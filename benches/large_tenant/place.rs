//! A store with one tenant of a size: filled by an import, measured, asked.

use std::fmt;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jeton::boot::{self, Surroundings, registrar};
use jeton::cli::import::import_lines;
use jeton::clock::Entropy;
use jeton::config::{Config, StoreKind};
use jeton::engine::Engine;
use serde_json::Value;

use crate::questions::Question;
use crate::size::Size;
use crate::source::{self, Source};

/// The place.
pub(crate) struct Place {
    engine: Arc<Engine>,
    size: Size,
    config: Config,
    _folder: tempfile::TempDir,
}

/// What loading it told.
pub(crate) struct Loaded {
    users: u64,
    seconds: f64,
    bytes: u64,
}

impl Place {
    pub(crate) async fn open(store: &str, size: Size) -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let mut config = Config::default();
        config.embedded.path = folder.path().join("store");
        config.master_key = STANDARD.encode([7; 32]).into();
        config.tenants.default_tenant = String::new();
        if store == "cluster" {
            config.store = StoreKind::Cluster;
            let nodes = std::env::var("JETON_TEST_CLUSTER").unwrap();
            config.cluster.nodes = nodes.split(',').map(str::to_owned).collect();
            let dice = u64::from_le_bytes(Entropy::System.bytes().unwrap());
            config.cluster.key_prefix = format!("large-{dice:x}:");
        }
        let engine = boot::engine(&config, Surroundings::system()).await.unwrap();
        Self { engine, size, config, _folder: folder }
    }

    pub(crate) async fn load(&self) -> Loaded {
        self.import(source::frame(self.size)).await;
        let (before, began) = (self.bytes(), Instant::now());
        self.import(source::users(self.size)).await;
        let loaded = Loaded {
            users: self.size.users,
            seconds: began.elapsed().as_secs_f64(),
            bytes: self.bytes().saturating_sub(before),
        };
        self.import(source::members(self.size)).await;
        loaded
    }

    /// Asks `times` times, beginning with the `first` of the different ways to ask it.
    pub(crate) async fn ask(&self, question: Question, first: usize, times: usize, taken: &mut Vec<u64>) {
        let catalog = self.engine.cached().catalog();
        for number in first..first + times {
            let number = (number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 8;
            let began = Instant::now();
            question.ask(catalog, self.size, number).await;
            taken.push(u64::try_from(began.elapsed().as_nanos()).unwrap());
        }
    }

    pub(crate) async fn close(self) {
        self.engine.actors().stop().await;
        self.engine.store().close().await;
    }

    async fn import(&self, lines: impl Iterator<Item = Value>) {
        let registrar = registrar::registrar(&self.engine);
        let mut progress = Ticker::new();
        let mut source = Source::new(lines);
        let report =
            import_lines(&mut source, 0, &registrar, &mut |done| progress.tick(done.records)).await.unwrap();
        assert!(report.refused.is_empty(), "{:?}", &report.refused[..1]);
    }

    /// What the store takes: on disk, or in the memory of the primaries.
    fn bytes(&self) -> u64 {
        match self.config.store {
            StoreKind::Cluster => self.config.cluster.nodes.iter().map(|node| memory(node)).sum(),
            StoreKind::Embedded => on_disk(&self.config.embedded.path),
        }
    }
}

/// A line every so many records, so that a load of an hour is not silent.
struct Ticker {
    began: Instant,
    told: u64,
}

impl Ticker {
    const EVERY: u64 = 50_000;

    fn new() -> Self {
        Self { began: Instant::now(), told: 0 }
    }

    #[expect(clippy::cast_precision_loss, reason = "numbers for people to look at")]
    fn tick(&mut self, records: u64) {
        if records < self.told + Self::EVERY {
            return;
        }
        self.told = records;
        let (pace, resident) = (records as f64 / self.began.elapsed().as_secs_f64(), resident_mib());
        println!("  {records} records, {pace:.0}/s, {resident} MiB resident");
    }
}

/// What this process keeps in memory; 0 where the system does not say.
fn resident_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) / 1_024
}

impl fmt::Display for Loaded {
    #[expect(clippy::cast_precision_loss, reason = "numbers for people to look at")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { users, seconds, bytes } = self;
        let (pace, each) = (*users as f64 / seconds, *bytes as f64 / *users as f64);
        write!(f, "{pace:.0} users/s imported with their hashes in {seconds:.1} s, {each:.0} bytes a user")
    }
}

fn on_disk(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).unwrap().filter_map(Result::ok);
    entries
        .map(|entry| match entry.metadata() {
            Ok(data) if data.is_dir() => on_disk(&entry.path()),
            Ok(data) => data.len(),
            // Removed by a merge of tables in between.
            Err(_) => 0,
        })
        .sum()
}

/// `used_memory` of a primary without its buffers, 0 of a replica.
fn memory(node: &str) -> u64 {
    let mut stream = TcpStream::connect(node).unwrap();
    stream.write_all(b"INFO\r\n").unwrap();
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let length: usize = lines.next().unwrap().trim_start_matches('$').parse().unwrap();
    let (mut read, mut memory, mut buffers, mut primary) = (0, 0, 0, false);
    while read < length {
        let line = lines.next().unwrap();
        read += line.len() + 2;
        let value = |name: &str| line.trim_end().strip_prefix(name)?.strip_prefix(':')?.parse::<u64>().ok();
        memory += value("used_memory").unwrap_or(0);
        buffers += value("mem_not_counted_for_evict").unwrap_or(0) + value("mem_clients_normal").unwrap_or(0);
        primary |= line.trim_end() == "role:master";
    }
    if primary { memory.saturating_sub(buffers) } else { 0 }
}
