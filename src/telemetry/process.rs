//! What the process itself is and uses, read from `/proc/self` at each scrape; absent where there is no `/proc`.

use std::fs;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

/// The collector; it holds nothing.
#[derive(Debug)]
pub(super) struct Process;

impl Collector for Process {
    fn encode(&self, mut out: DescriptorEncoder) -> std::fmt::Result {
        build_info(&mut out)?;
        if let Some(seconds) = cpu_seconds() {
            let help = "Seconds of processor time used, in user and in system mode";
            let value = ConstCounter::new(seconds);
            let encoder = out.encode_descriptor("process_cpu_seconds", help, None, MetricType::Counter)?;
            value.encode(encoder)?;
        }
        gauge(&mut out, "process_open_fds", "Open file descriptors", open_files())?;
        gauge(&mut out, "process_resident_memory_bytes", "Resident memory in bytes", resident_bytes())?;
        gauge(&mut out, "process_start_time_seconds", "Start of the process, seconds since 1970", started())?;
        gauge(&mut out, "process_threads", "Threads of the process", threads())
    }
}

fn build_info(out: &mut DescriptorEncoder) -> std::fmt::Result {
    let help = "The version running; the value is always 1";
    let mut encoder = out.encode_descriptor("jeton_build_info", help, None, MetricType::Gauge)?;
    let labels = [("version", env!("CARGO_PKG_VERSION"))];
    encoder.encode_family::<[_; 1]>(&labels)?.encode_gauge(&1_i64)
}

fn gauge(out: &mut DescriptorEncoder, name: &str, help: &str, value: Option<f64>) -> std::fmt::Result {
    let Some(value) = value else { return Ok(()) };
    let encoder = out.encode_descriptor(name, help, None, MetricType::Gauge)?;
    ConstGauge::new(value).encode(encoder)
}

fn cpu_seconds() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    Some((field(&stat, UTIME)? + field(&stat, STIME)?) / TICKS_PER_SECOND)
}

fn started() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    let system = fs::read_to_string("/proc/stat").ok()?;
    let boot: f64 = system.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()?;
    Some(boot + field(&stat, START)? / TICKS_PER_SECOND)
}

fn threads() -> Option<f64> {
    field(&fs::read_to_string("/proc/self/stat").ok()?, THREADS)
}

fn resident_bytes() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024.0)
}

fn open_files() -> Option<f64> {
    let count = fs::read_dir("/proc/self/fd").ok()?.count();
    u32::try_from(count).ok().map(f64::from)
}

/// A field of `/proc/self/stat` by its position after the command name, which may itself hold blanks.
fn field(stat: &str, position: usize) -> Option<f64> {
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_ascii_whitespace().nth(position)?.parse().ok()
}

/// `USER_HZ`, which Linux shows to user space as 100 on every architecture we build for.
const TICKS_PER_SECOND: f64 = 100.0;
const UTIME: usize = 11;
const STIME: usize = 12;
const THREADS: usize = 17;
const START: usize = 19;

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_running_process_uses_memory_files_and_threads() {
        assert!(resident_bytes().unwrap() > 1024.0 * 1024.0);
        assert!(open_files().unwrap() >= 3.0);
        assert!(threads().unwrap() >= 1.0);
        assert!(cpu_seconds().unwrap() >= 0.0);
    }

    #[test]
    fn the_process_started_after_2020_and_before_now() {
        let now = crate::clock::Clock::System.now().secs();
        let started = started().unwrap();
        assert!(started > 1_577_836_800.0);
        assert!(started <= f64::from(u32::try_from(now).unwrap()) + 2.0);
    }

    #[test]
    fn a_command_name_with_blanks_and_brackets_is_stepped_over() {
        assert_eq!(field("7 (a ) b) S 1 2", 1), Some(1.0));
    }

    #[test]
    fn the_exposition_names_the_version() {
        let text = crate::telemetry::Metrics::new().render();
        let expected = format!("jeton_build_info{{version=\"{}\"}} 1", env!("CARGO_PKG_VERSION"));
        assert!(text.contains(&expected), "{text}");
        assert!(text.contains("\nprocess_resident_memory_bytes "), "{text}");
        assert!(text.contains("\nprocess_cpu_seconds_total "), "{text}");
    }
}
