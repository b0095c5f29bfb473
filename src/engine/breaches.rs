//! Leaked passwords: looked up in a sorted file, or by the first five characters of a digest (k-anonymity). Neither
//! a password nor its whole digest leaves the process. A list that does not answer keeps nobody out.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Error as IoError, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sha1::{Digest as _, Sha1};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use crate::config::breaches::Breaches as Settings;

/// As much of a digest as the list is told.
const PREFIX: usize = 5;

/// The characters of a whole digest.
const DIGEST: usize = 40;

/// The most bytes of an answer: a range has about 1000 lines of 40.
const ANSWER_MAX: u64 = 1024 * 1024;

/// The list, if there is one.
#[derive(Clone)]
pub struct Breaches {
    list: Option<List>,
    timeout: Duration,
    room: Arc<Semaphore>,
}

#[derive(Clone)]
enum List {
    File(PathBuf),
    Range(String),
}

impl Breaches {
    /// The list that is configured.
    pub fn new(settings: &Settings) -> Self {
        let list = if !settings.file.as_os_str().is_empty() {
            Some(List::File(settings.file.clone()))
        } else if settings.range_url.is_empty() {
            None
        } else {
            Some(List::Range(settings.range_url.clone()))
        };
        let timeout = Duration::from_millis(settings.timeout_ms);
        Self { list, timeout, room: Arc::new(Semaphore::new(settings.concurrency)) }
    }

    /// Whether `password` is on the list. What cannot be looked up counts as not on it, and the log says so.
    pub async fn has(&self, password: Zeroizing<String>) -> bool {
        let Some(list) = self.list.clone() else { return false };
        let Ok(permit) = Arc::clone(&self.room).try_acquire_owned() else {
            tracing::warn!("too many leaked passwords are being looked up; one was not");
            return false;
        };
        let timeout = self.timeout;
        let looked = tokio::task::spawn_blocking(move || {
            let found = list.holds(&digest(&password), timeout);
            drop(permit);
            found
        });
        match tokio::time::timeout(timeout, looked).await {
            Ok(Ok(Ok(found))) => found,
            Ok(Ok(Err(cause))) => not_looked_up(&cause),
            Ok(Err(cause)) => not_looked_up(&cause),
            Err(cause) => not_looked_up(&cause),
        }
    }
}

fn not_looked_up(cause: &dyn std::fmt::Display) -> bool {
    tracing::warn!(%cause, "the list of leaked passwords does not answer");
    false
}

impl List {
    fn holds(&self, digest: &str, timeout: Duration) -> Result<bool, String> {
        match self {
            Self::File(path) => in_file(path, digest).map_err(|error| error.to_string()),
            Self::Range(url) => in_range(url, digest, timeout),
        }
    }
}

fn digest(password: &str) -> String {
    use std::fmt::Write as _;
    Sha1::digest(password).iter().fold(String::with_capacity(DIGEST), |mut text, byte| {
        // Writing to a String has no way to fail.
        let _written = write!(text, "{byte:02X}");
        text
    })
}

/// Asks for all digests that begin like this one.
fn in_range(url: &str, digest: &str, timeout: Duration) -> Result<bool, String> {
    let (prefix, rest) = digest.split_at(PREFIX);
    let agent: ureq::Agent = ureq::Agent::config_builder().timeout_global(Some(timeout)).build().into();
    // With padding, the length of the answer tells nobody which prefix was asked for.
    let answer = agent.get(format!("{url}{prefix}")).header("Add-Padding", "true").call();
    let mut answer = answer.map_err(|error| error.to_string())?;
    let reader = answer.body_mut().with_config().limit(ANSWER_MAX).reader();
    for line in BufReader::new(reader).lines() {
        let line = line.map_err(|error| error.to_string())?;
        let (own, count) = line.split_once(':').unwrap_or((&line, "1"));
        if own.trim().eq_ignore_ascii_case(rest) {
            // Padding has a count of zero.
            return Ok(count.trim() != "0");
        }
    }
    Ok(false)
}

/// Looks for a line of a sorted file by halving; about forty reads in a file of a billion.
fn in_file(path: &Path, digest: &str) -> Result<bool, IoError> {
    let mut file = File::open(path)?;
    let (mut low, mut high) = (0, file.metadata()?.len());
    while low < high {
        let middle = low + (high - low) / 2;
        let (start, line) = line_after(&mut file, middle, low)?;
        match line {
            Some(line) if start < high => match line.get(..DIGEST).unwrap_or(&line).cmp(digest) {
                std::cmp::Ordering::Equal => return Ok(true),
                std::cmp::Ordering::Less => low = start + line.len() as u64 + 1,
                std::cmp::Ordering::Greater => high = middle,
            },
            _ => high = middle,
        }
    }
    Ok(false)
}

/// The first line that begins at or after `at`; `low` is where a line begins.
fn line_after(file: &mut File, at: u64, low: u64) -> Result<(u64, Option<String>), IoError> {
    let mut start = at;
    if at > low {
        // A line begins at `at` only if the byte before it ends one.
        file.seek(SeekFrom::Start(at - 1))?;
        let mut reader = BufReader::with_capacity(256, &mut *file);
        let mut skipped = Vec::new();
        reader.by_ref().take(1024).read_until(b'\n', &mut skipped)?;
        start = at - 1 + skipped.len() as u64;
    }
    file.seek(SeekFrom::Start(start))?;
    let mut line = Vec::new();
    BufReader::with_capacity(256, file).take(1024).read_until(b'\n', &mut line)?;
    if line.is_empty() {
        return Ok((start, None));
    }
    if line.last() == Some(&b'\n') {
        line.pop();
    }
    Ok((start, Some(String::from_utf8_lossy(&line).into_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(words: &[String]) -> tempfile::NamedTempFile {
        let mut lines: Vec<_> =
            words.iter().map(|word| format!("{}:{}\r\n", digest(word), word.len())).collect();
        lines.sort();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), lines.concat()).unwrap();
        file
    }

    #[tokio::test]
    async fn every_line_of_a_sorted_file_is_found_and_nothing_else() {
        for size in [0, 1, 2, 3, 257] {
            let words: Vec<_> = (0..size).map(|nth| format!("leaked-{nth}")).collect();
            let file = list(&words);
            let breaches = Breaches::new(&Settings { file: file.path().to_owned(), ..Settings::default() });
            for word in &words {
                assert!(breaches.has(Zeroizing::new(word.clone())).await, "{word} of {size}");
            }
            for nth in 0..50 {
                assert!(!breaches.has(Zeroizing::new(format!("other-{nth}"))).await, "{nth} of {size}");
            }
        }
    }

    #[tokio::test]
    async fn a_list_that_is_not_there_keeps_nobody_out() {
        let none = Breaches::new(&Settings::default());
        let missing = Breaches::new(&Settings { file: "/nowhere/at/all".into(), ..Settings::default() });
        for breaches in [none, missing] {
            assert!(!breaches.has(Zeroizing::new("password".to_owned())).await);
        }
    }

    #[tokio::test]
    async fn a_range_is_asked_for_five_characters() {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let range_url = format!("http://{}/range/", listener.local_addr().unwrap());
        // SHA-1 of "password": 5BAA6 1E4C9B93F3F0682250B6CF8331B7EE68FD8.
        let served = tokio::spawn(async move {
            let mut asked = Vec::new();
            for body in
                ["1E4C9B93F3F0682250B6CF8331B7EE68FD8:9\r\n", "1E4C9B93F3F0682250B6CF8331B7EE68FD8:0\r\n"]
            {
                let (mut socket, _) = listener.accept().await.unwrap();
                let mut head = vec![0; 2048];
                let read = socket.read(&mut head).await.unwrap();
                asked.push(String::from_utf8_lossy(&head[..read]).lines().next().unwrap().to_owned());
                let answer = format!(
                    "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                    body.len()
                );
                socket.write_all(answer.as_bytes()).await.unwrap();
            }
            asked
        });
        let breaches = Breaches::new(&Settings { range_url, ..Settings::default() });
        assert!(breaches.has(Zeroizing::new("password".to_owned())).await);
        assert!(!breaches.has(Zeroizing::new("password".to_owned())).await, "padding counts for nothing");
        assert_eq!(served.await.unwrap(), ["GET /range/5BAA6 HTTP/1.1", "GET /range/5BAA6 HTTP/1.1"]);
    }
}
