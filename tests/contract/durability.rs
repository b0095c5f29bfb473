//! What only the embedded store promises: acknowledged is durable, one process at a time, nothing grows for ever.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;

use bytes::Bytes;
use jeton::clock::{Clock, UnixMs};
use jeton::config;
use jeton::model::change::Change;
use jeton::model::family::{NewFamily, Presented, Rotation};
use jeton::model::log_event::{EventType, LogEvent};
use jeton::model::record::Kind;
use jeton::model::session::{End, Ended, Session};
use jeton::protocol::ids::{FamilyKey, SessionId, TenantId};
use jeton::store::change_feed::{Position, Tail};
use jeton::store::embedded::Embedded;
use jeton::store::records::{Expect, RecordKey};
use jeton::store::{AuditLog as _, ChangeFeed as _, Families as _, Health as _, Records as _, Sessions as _};
use jeton::store::{SharedStore, StoreError};

use crate::world::{World, family, now, presented};

/// Names the directory in which a copy of this test process is to write.
const CHILD: &str = "JETON_TEST_STORE_OF_CHILD";

/// Lines that a child prints begin so; the test runner prints others.
const WORD: &str = "child: ";

fn section(path: &Path) -> config::embedded::Embedded {
    config::embedded::Embedded { path: path.to_owned(), ..Default::default() }
}

fn opened(section: &config::embedded::Embedded) -> Arc<Embedded> {
    Embedded::open(section, Clock::System).expect("the store opens")
}

/// This test program again, running only `test`, as a child that writes to `path`; `prelude` is shell.
fn child(prelude: &str, test: &str, path: &Path) -> (Child, BufReader<ChildStdout>) {
    let program = std::env::current_exe().expect("the test program has a path");
    let mut child = Command::new("sh")
        .args(["-c", &format!("{prelude} exec \"$0\" --exact {test} --nocapture")])
        .arg(program)
        .env(CHILD, path)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the child starts");
    let words = BufReader::new(child.stdout.take().expect("its output is piped"));
    (child, words)
}

fn say(word: &str) {
    let mut out = std::io::stdout().lock();
    // In a write of its own line: the test runner prints without ending its lines.
    writeln!(out, "\n{WORD}{word}").and_then(|()| out.flush()).expect("the parent listens");
}

fn heard(words: BufReader<ChildStdout>) -> impl Iterator<Item = String> {
    words.lines().map_while(Result::ok).filter_map(|line| line.strip_prefix(WORD).map(str::to_owned))
}

/// Eight families rotate without end; every answer is printed, then the process is killed.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_killed_process_keeps_what_it_acknowledged() {
    if let Some(path) = std::env::var_os(CHILD) {
        rotate_for_ever(Path::new(&path)).await;
    }
    let directory = tempfile::tempdir().unwrap();
    let (mut child, words) =
        child("", "durability::a_killed_process_keeps_what_it_acknowledged", directory.path());
    let mut acknowledged = [0_u64; 8];
    for (said, word) in heard(words).enumerate() {
        let (family, generation) = word.split_once(' ').unwrap();
        acknowledged[family.parse::<usize>().unwrap()] = generation.parse().unwrap();
        if said == 2_000 {
            // SIGKILL; what it still says while dying was acknowledged too.
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    assert!(acknowledged.iter().all(|generation| *generation > 1), "{acknowledged:?}");
    let store = opened(&section(directory.path()));
    for (family, generation) in (0_u8..).zip(acknowledged) {
        let stands = store.current(SessionId([family; 12]), FamilyKey([family; 10]), now()).await.unwrap();
        let stands = stands.expect("the family was acknowledged").generation;
        // One more may have been durable without its answer having been printed.
        assert!(stands == generation || stands == generation + 1, "{stands} after {generation}");
    }
}

async fn rotate_for_ever(path: &Path) {
    let store = opened(&section(path));
    let world = World::new(store.clone(), ());
    let mut tasks = Vec::new();
    for number in 0..8_u8 {
        let session = Session { id: SessionId([number; 12]), ..world.session() };
        let new = NewFamily { key: FamilyKey([number; 10]), ..family() };
        store.open(&session, Some(new)).await.unwrap();
        let store = store.clone();
        tasks.push(tokio::spawn(async move {
            for generation in 1.. {
                let asked = presented(session.id, new.key, generation);
                let Rotation::Rotated { generation } = store.rotate(asked).await.unwrap() else { break };
                say(&format!("{number} {generation}"));
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
}

/// The operating system refuses to let the journal grow, as a full disk would.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_full_disk_acknowledges_nothing_that_is_lost() {
    if let Some(path) = std::env::var_os(CHILD) {
        return write_until_refused(Path::new(&path)).await;
    }
    let directory = tempfile::tempdir().unwrap();
    // The journal is laid out at 64 MiB; the limit lets it grow by one more (in blocks of 512 bytes).
    let prelude = "ulimit -f 133120 || exit 3; trap '' XFSZ;";
    let test = "durability::a_full_disk_acknowledges_nothing_that_is_lost";
    let (mut child, words) = child(prelude, test, directory.path());
    let said: Vec<_> = heard(words).collect();
    assert!(child.wait().unwrap().success(), "the child's own assertions hold; it said {:?}", said.last());
    let acknowledged: usize = said.last().expect("it said something").parse().unwrap();
    assert!(acknowledged > 8, "{acknowledged} documents were written before the disk was full");
    let store = opened(&section(directory.path()));
    for number in 0..acknowledged {
        assert!(store.read(&document(number)).await.unwrap().is_some(), "document {number} was acknowledged");
    }
    assert!(store.ping().await.is_ok(), "with room again it works again");
}

fn document(number: usize) -> RecordKey {
    RecordKey { tenant: TenantId::from("t"), kind: Kind::User, id: format!("{number:05}") }
}

async fn write_until_refused(path: &Path) {
    let store = opened(&config::embedded::Embedded { memtable_bytes: 1 << 30, ..section(path) });
    let megabyte = Bytes::from(vec![b'x'; 1 << 20]);
    let mut acknowledged = 0;
    let refusal = loop {
        match store.write(&document(acknowledged), megabyte.clone(), Expect::Absent).await {
            Ok(_) => acknowledged += 1,
            Err(refusal) => break refusal,
        }
        assert!(acknowledged < 1_000, "the disk was never full");
    };
    assert!(matches!(refusal, StoreError::Unknown(_)), "{refusal}");
    let second = store.remove(&document(0)).await;
    assert!(matches!(second, Err(StoreError::Unavailable(_))), "{second:?}");
    assert!(store.ping().await.is_err(), "readiness must fail");
    assert!(store.read(&document(0)).await.unwrap().is_some(), "what was acknowledged can still be read");
    say(&acknowledged.to_string());
}

#[tokio::test]
async fn a_directory_is_open_once() {
    let directory = tempfile::tempdir().unwrap();
    let first = opened(&section(directory.path()));
    let second = Embedded::open(&section(directory.path()), Clock::System);
    let Err(StoreError::Unavailable(reason)) = second else { panic!("a second process may not write") };
    assert!(reason.contains("another process"), "{reason}");
    drop(first);
    assert!(Embedded::open(&section(directory.path()), Clock::System).is_ok());
}

#[tokio::test]
async fn a_closed_store_kept_everything_and_answers_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let store = opened(&config::embedded::Embedded { fsync: false, ..section(directory.path()) });
    let world = World::new(store.clone(), ());
    let (session, key) = world.logged_in().await;
    store.close().await;
    store.close().await;
    assert!(matches!(store.ping().await, Err(StoreError::Unavailable(_))));
    assert!(matches!(store.find(session.id, now()).await, Err(StoreError::Unavailable(_))));
    let late = store.rotate(presented(session.id, key, 1)).await;
    assert!(matches!(late, Err(StoreError::Unavailable(_))), "{late:?}");
    // The first handle still stands, but the directory is free.
    let again = opened(&section(directory.path()));
    assert_eq!(again.find(session.id, now()).await.unwrap(), Some(session));
}

#[tokio::test]
async fn a_full_queue_refuses_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let narrow =
        config::embedded::Embedded { queue_writes: 2, commit_writes: 1, ..section(directory.path()) };
    let store: SharedStore = opened(&narrow);
    let tasks: Vec<_> = (0..200)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { store.ping().await.map_err(|refusal| refusal.to_string()) })
        })
        .collect();
    let (mut answered, mut refused) = (0, 0);
    for task in tasks {
        match task.await.unwrap() {
            Ok(()) => answered += 1,
            Err(refusal) => {
                assert!(refusal.contains("too many"), "{refusal}");
                refused += 1;
            }
        }
    }
    assert!(answered > 0 && refused > 0, "{answered} answered, {refused} refused");
}

/// Tables take keys of so many bytes; a longer name from a stranger must not stop the writer.
#[tokio::test]
async fn a_name_too_long_is_refused_and_nothing_else_is() {
    let directory = tempfile::tempdir().unwrap();
    let store = opened(&section(directory.path()));
    let long = RecordKey { id: "x".repeat(100_000), ..document(0) };
    assert_eq!(store.read(&long).await.unwrap(), None);
    let refused = store.write(&long, Bytes::from_static(b"{}"), Expect::Anything).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    assert!(!store.remove(&long).await.unwrap());
    assert_eq!(store.count(&long.tenant, long.kind).await.unwrap(), 0, "a refused write leaves no count");
    let page = store.page(&long.tenant, long.kind, Some(&long.id), 9).await.unwrap();
    assert!(page.items.is_empty());
    store.ping().await.unwrap();
}

/// On a clock that the test moves: families renew, things expire, and the index follows.
#[tokio::test]
async fn the_sweep_removes_what_expired_and_keeps_what_was_renewed() {
    let directory = tempfile::tempdir().unwrap();
    let brisk =
        config::embedded::Embedded { sweep_interval_ms: 5, sweep_entries: 3, ..section(directory.path()) };
    let clock = Clock::fixed(UnixMs(1_000_000));
    let store = Embedded::open(&brisk, clock.clone()).unwrap();
    let world = World::new(store.clone(), ());
    let at = |ms| Some(UnixMs(1_000_000 + ms));
    let renewed = Session { expires_at: at(100_000), ..world.session() };
    let kept = NewFamily {
        idle_expires_at: at(1_000),
        expires_at: at(100_000),
        session_until: at(100_000),
        ..family()
    };
    store.open(&renewed, Some(kept)).await.unwrap();
    for _ in 0..20 {
        let brief = Session { expires_at: at(1_000), ..world.session() };
        let inside = NewFamily {
            idle_expires_at: at(1_000),
            expires_at: at(1_000),
            session_until: at(1_000),
            ..family()
        };
        store.open(&brief, Some(inside)).await.unwrap();
    }
    assert_eq!(store.entries().unwrap().live, 21 * 2 /* records */ + 21 /* users */ + 21 /* filed */);
    let asked = |generation, now: u64| Presented {
        now: UnixMs(1_000_000 + now),
        expires_at: at(now + 1_000),
        ..presented(renewed.id, kept.key, generation)
    };
    clock.advance_ms(900);
    assert_eq!(store.rotate(asked(1, 900)).await.unwrap(), Rotation::Rotated { generation: 2 });
    clock.advance_ms(200);
    swept_to(&store, 4).await;
    clock.advance_ms(700);
    assert_eq!(store.rotate(asked(2, 1_800)).await.unwrap(), Rotation::Rotated { generation: 3 });
    assert!(matches!(
        store.end(renewed.id, End::Everything).await.unwrap(),
        Ended::Ended { families: 1, .. }
    ));
    clock.advance_ms(200_000);
    swept_to(&store, 0).await;
}

async fn swept_to(store: &Embedded, entries: usize) {
    for _ in 0..500 {
        if store.entries().unwrap().live == entries {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("{} entries remain, not {entries}", store.entries().unwrap().live);
}

#[tokio::test]
async fn old_and_surplus_log_events_are_forgotten() {
    let directory = tempfile::tempdir().unwrap();
    let little = config::embedded::Embedded {
        sweep_interval_ms: 5,
        log_days: 1,
        log_events: 10,
        ..section(directory.path())
    };
    let clock = Clock::fixed(UnixMs(1_000_000_000));
    let store = Embedded::open(&little, clock.clone()).unwrap();
    let tenant = TenantId::from("t");
    let event = |number: u64| LogEvent {
        tenant: tenant.clone(),
        event: EventType::S,
        at: UnixMs(number),
        client: None,
        user: None,
        organization: None,
        session: None,
        address: None,
        description: String::new(),
    };
    let events: Vec<_> = (0..25).map(event).collect();
    store.append(&events).await.unwrap();
    let remaining = |count: usize| {
        let (store, tenant) = (store.clone(), tenant.clone());
        async move {
            for _ in 0..500 {
                let logged = store.recent(&tenant, None, 100).await.unwrap();
                if logged.len() == count {
                    return logged;
                }
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
            panic!("there are never {count} events")
        }
    };
    let newest = remaining(10).await;
    assert_eq!((newest[0].event.at, newest[9].event.at), (UnixMs(24), UnixMs(15)));
    clock.advance_ms(25 * 60 * 60 * 1_000);
    remaining(0).await;
    assert_eq!(store.entries().unwrap().log, 2, "nothing but how many there are, and what the day came to");
}

#[tokio::test]
async fn a_follower_that_fell_behind_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let short = config::embedded::Embedded { feed_entries: 4, ..section(directory.path()) };
    let store = opened(&short);
    let head = store.head().await.unwrap();
    for number in 0..5 {
        store.publish(&Change::Role { tenant: TenantId::from(format!("{number}")) }).await.unwrap();
    }
    let newest = store.head().await.unwrap();
    assert_eq!(store.follow(head, 0, 10).await.unwrap(), Tail::Gap(newest));
    assert_eq!(store.follow(newest, 0, 10).await.unwrap(), Tail::Entries(Vec::new()));
    let ahead = Position { minor: newest.minor + 1, ..newest };
    assert_eq!(store.follow(ahead, 0, 10).await.unwrap(), Tail::Gap(newest), "a place of another life");
}
