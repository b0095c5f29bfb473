//! `jeton bench`: load on a token endpoint from one process, closed loop or open loop, far lighter than a browser's.
//!
//! It measures whatever speaks RFC 6749 over plain HTTP/1.1. Latencies go into HDR histograms; in the open loop they
//! count from when a request was due.

use std::io::Write;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use zeroize::Zeroizing;

use crate::cli::arguments::TokenRequest;
use crate::cli::arguments::load::{BenchArguments, Workload};
use crate::cli::token::request::Request;
use crate::cli::{EXIT_UNAVAILABLE, EXIT_USAGE};

mod chain;
mod pace;
mod process;
mod tally;
mod timer;
mod wire;

use chain::Asker;
use pace::{Pace, Turn};
use tally::{Report, Tally};
use wire::Wire;

/// The longest that one answer may take before it counts as lost.
const PATIENCE: Duration = Duration::from_secs(30);

/// Rates of the open loop: from one request in a quarter of an hour to more than any machine sends.
const RATES: RangeInclusive<f64> = 0.001..=1e7;

/// How long a connection waits after a loss, so that a server that is away is not flooded.
const AFTER_A_LOSS: Duration = Duration::from_millis(50);

/// So much of the first refusal's body is told.
const TOLD_MAX: usize = 300;

/// Why there was no run.
#[derive(Debug)]
struct Fault {
    status: u8,
    text: String,
}

/// Runs the load and writes the report to `out`. The exit status: 0, 1 when no answer was good, 64 for a fault in the
/// arguments, 69 when the server never answers or a login fails.
pub fn run(arguments: &BenchArguments, out: &mut impl Write, err: &mut impl Write) -> u8 {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(usize::from(arguments.threads)).enable_all().build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(bench(arguments)),
        Err(error) => Err(unavailable(error.to_string())),
    };
    match outcome {
        Ok(report) => {
            let text = if arguments.json { json(&report) } else { report.to_string() };
            // Whoever closed the pipe does not want the report.
            let _written = out.write_all(text.as_bytes());
            report.status()
        }
        Err(fault) => {
            let _written = writeln!(err, "{}", fault.text);
            fault.status
        }
    }
}

async fn bench(arguments: &BenchArguments) -> Result<Report, Fault> {
    let target = Target::of(&arguments.caller.url)?;
    let request = Request::of(&arguments.caller, &asked(&arguments.workload)).map_err(usage)?;
    let mut askers = Vec::new();
    for token in starts(arguments, &target).await? {
        askers.push(Asker::new(&request, &target.host, &target.path("/oauth/token"), token));
    }
    let (warmup, duration) = (Duration::from_secs(arguments.warmup), Duration::from_secs(arguments.duration));
    let rate = rate(arguments)?;
    let began = Instant::now();
    let pace = Pace::new(began, warmup, duration, rate).map_err(|error| unavailable(error.to_string()))?;
    let pace = Arc::new(pace);
    // One for all: a histogram of each connection's own would push the others out of the cache.
    let tally = Tally::new().ok_or_else(|| unavailable("no room for a histogram".to_owned()))?;
    let tally = Arc::new(Mutex::new(tally));
    let mut connections = Vec::with_capacity(askers.len());
    for asker in askers {
        let (wire, pace, tally) = (Wire::to(&target.address), Arc::clone(&pace), Arc::clone(&tally));
        connections.push(tokio::spawn(connection(asker, wire, pace, tally)));
    }
    tokio::time::sleep_until(began + warmup).await;
    let cpu_before = arguments.pid.map(cpu_time).transpose()?;
    tokio::time::sleep_until(began + warmup + duration).await;
    // A server that is gone by now is in the report already, as answers that were lost.
    let cpu_after = arguments.pid.and_then(|pid| cpu_time(pid).ok());
    for connection in connections {
        connection.await.map_err(|error| unavailable(error.to_string()))?;
    }
    let cpu = cpu_after.zip(cpu_before).map(|(after, before)| after.saturating_sub(before));
    Ok(report(arguments, &locked(&tally), duration, cpu))
}

/// How many requests a second in the open loop.
fn rate(arguments: &BenchArguments) -> Result<Option<f64>, Fault> {
    let rate = arguments.rate.map(|rate| rate.0);
    if rate.is_some_and(|rate| !RATES.contains(&rate)) {
        let (least, most) = (RATES.start(), RATES.end());
        return Err(usage(format!("--rate: expected {least} to {most} requests a second")));
    }
    Ok(rate)
}

/// Asks turn by turn until the run is over, or the chain is.
async fn connection(mut asker: Asker, mut wire: Wire, pace: Arc<Pace>, tally: Arc<Mutex<Tally>>) {
    while let Some(Turn { since, late }) = pace.turn().await {
        let sent = Instant::now();
        let answer = tokio::time::timeout(PATIENCE, wire.ask(asker.next())).await;
        let now = Instant::now();
        let counted = pace.counts(now).then_some(&tally);
        let outlasted = pace.is_outlasted_by(sent, now).then_some(&tally);
        if let Some(tally) = outlasted {
            locked(tally).outlasted(now - sent);
        }
        match answer {
            Ok(Ok(answer)) if answer.status == 200 => {
                asker.learn(answer.body);
                if let Some(tally) = counted {
                    locked(tally).good(now - since, now - sent, late);
                }
            }
            Ok(Ok(answer)) => {
                // Overload can be tried again with the same token; a refusal cannot.
                let ends = asker.is_chain() && !matches!(answer.status, 429 | 500..);
                if let Some(tally) = counted {
                    let mut tally = locked(tally);
                    tally.refused(answer.status, now - sent);
                    tally.explain(|| String::from_utf8_lossy(answer.body).chars().take(TOLD_MAX).collect());
                }
                if ends {
                    locked(&tally).ended();
                    break;
                }
            }
            lost => {
                if let Some(tally) = counted {
                    locked(tally).lost();
                }
                if let Some(tally) = counted.or(outlasted) {
                    locked(tally).explain(|| match lost {
                        Ok(Err(fault)) => fault.to_string(),
                        _ => format!("no answer within {} s", PATIENCE.as_secs()),
                    });
                }
                tokio::time::sleep(AFTER_A_LOSS).await;
            }
        }
    }
}

/// What was counted; a connection that panicked in between left it whole.
fn locked(tally: &Mutex<Tally>) -> MutexGuard<'_, Tally> {
    tally.lock().unwrap_or_else(PoisonError::into_inner)
}

fn report(arguments: &BenchArguments, all: &Tally, duration: Duration, cpu: Option<Duration>) -> Report {
    let seconds = duration.as_secs_f64();
    let rate = arguments.rate.map(|rate| rate.0);
    Report {
        workload: match &arguments.workload {
            Workload::ClientCredentials { .. } => "client_credentials",
            Workload::Refresh { organization: None, .. } => "refresh",
            Workload::Refresh { organization: Some(_), .. } => "refresh with organization",
        },
        url: arguments.caller.url.clone(),
        connections: arguments.connections,
        asked_per_second: rate,
        seconds,
        good: all.count(),
        good_per_second: float(all.count()) / seconds,
        refused: all.refusals().clone(),
        lost: all.losses(),
        unanswered: rate.map(|rate| (rate * seconds - float(all.answers() + all.losses())).max(0.0).round()),
        waiting_at_end: all.outlasting().0,
        waiting_longest_ms: all.outlasting().1,
        chains_ended: all.chains_ended(),
        first_fault: all.first_fault().map(str::to_owned),
        latency_ms: all.percentiles(),
        sent_latency_ms: all.sent_percentiles(),
        generator_late_ms: all.lateness(),
        refusal_latency_ms: all.refusal_percentiles(),
        server_cpu_us_per_request: cpu.map(|cpu| cpu.as_secs_f64() * 1e6 / float(all.answers().max(1))),
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of a run")]
fn float(count: u64) -> f64 {
    count as f64
}

fn json(report: &Report) -> String {
    serde_json::to_string_pretty(report).map_or_else(|error| error.to_string(), |text| text + "\n")
}

/// Where the server is.
struct Target {
    /// For the socket.
    address: String,
    /// For the `Host` header.
    host: String,
    /// What stands before each path.
    prefix: String,
}

impl Target {
    fn of(url: &str) -> Result<Self, Fault> {
        let fault = || usage(format!("--url: expected http://host[:port], found {url:?}"));
        let url = url::Url::parse(url).map_err(|_| fault())?;
        let name = url.host_str().filter(|_| url.scheme() == "http").ok_or_else(fault)?;
        let port = url.port_or_known_default().unwrap_or(80);
        let host = url.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"));
        Ok(Self {
            address: format!("{name}:{port}"),
            host,
            prefix: url.path().trim_end_matches('/').to_owned(),
        })
    }

    fn path(&self, path: &str) -> String {
        format!("{}{path}", self.prefix)
    }
}

/// What is asked under load; the token of a refresh is put in later.
fn asked(workload: &Workload) -> TokenRequest {
    match workload.clone() {
        Workload::ClientCredentials { audience, scope } => {
            TokenRequest::ClientCredentials { audience, scope, organization: None }
        }
        Workload::Refresh { organization, .. } => {
            TokenRequest::Refresh { refresh_token: String::new(), scope: None, organization }
        }
    }
}

/// What each connection starts from: nothing, or a refresh token of its own.
async fn starts(
    arguments: &BenchArguments,
    target: &Target,
) -> Result<Vec<Option<Zeroizing<String>>>, Fault> {
    let count = usize::try_from(arguments.connections).unwrap_or(usize::MAX);
    match &arguments.workload {
        Workload::ClientCredentials { .. } => Ok(vec![None; count]),
        Workload::Refresh { tokens: Some(file), .. } => {
            let text = std::fs::read_to_string(file).map(Zeroizing::new);
            let text = text.map_err(|error| usage(format!("{}: {error}", file.display())))?;
            let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
            let tokens: Vec<_> =
                lines.take(count).map(|line| Some(Zeroizing::new(line.to_owned()))).collect();
            if tokens.len() < count {
                let have = tokens.len();
                return Err(usage(format!("{}: {have} tokens for {count} connections", file.display())));
            }
            Ok(tokens)
        }
        Workload::Refresh { username, password, audience, scope, .. } => {
            let (Some(username), Some(password)) = (username.clone(), password.clone()) else {
                return Err(usage("--username and --password, or --tokens, are missing".to_owned()));
            };
            let (audience, scope) = (audience.clone(), Some(scope.clone()));
            let (realm, organization) = (None, None);
            let login = TokenRequest::Password { username, password, realm, audience, scope, organization };
            let request = Request::of(&arguments.caller, &login).map_err(usage)?;
            let mut asker = Asker::new(&request, &target.host, &target.path("/oauth/token"), None);
            let mut wire = Wire::to(&target.address);
            let mut tokens = Vec::with_capacity(count);
            for _ in 0..count {
                tokens.push(Some(login_once(&mut asker, &mut wire).await?));
            }
            Ok(tokens)
        }
    }
}

async fn login_once(asker: &mut Asker, wire: &mut Wire) -> Result<Zeroizing<String>, Fault> {
    let answer = tokio::time::timeout(PATIENCE, wire.ask(asker.next())).await;
    let answer =
        answer.map_err(|_| unavailable(format!("a login had no answer within {} s", PATIENCE.as_secs())))?;
    let answer = answer.map_err(|error| unavailable(error.to_string()))?;
    if answer.status != 200 {
        let said = String::from_utf8_lossy(answer.body);
        return Err(unavailable(format!("a login was answered {}: {said}", answer.status)));
    }
    let token = chain::successor(answer.body);
    token.ok_or_else(|| unavailable("a login gave no refresh token: ask for offline_access".to_owned()))
}

fn cpu_time(pid: u32) -> Result<Duration, Fault> {
    process::cpu_time(pid).ok_or_else(|| usage(format!("--pid: there is no process {pid} here")))
}

fn usage(text: String) -> Fault {
    Fault { status: EXIT_USAGE, text }
}

fn unavailable(text: String) -> Fault {
    Fault { status: EXIT_UNAVAILABLE, text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_http_is_measured() {
        let target =
            Target::of("http://127.0.0.1:8080/tenant/").unwrap_or_else(|fault| panic!("{}", fault.text));
        assert_eq!((target.address.as_str(), target.host.as_str()), ("127.0.0.1:8080", "127.0.0.1:8080"));
        assert_eq!(target.path("/oauth/token"), "/tenant/oauth/token");
        for bad in ["https://a", "a", "file:///x"] {
            assert!(Target::of(bad).is_err_and(|fault| fault.status == EXIT_USAGE), "{bad}");
        }
    }
}
