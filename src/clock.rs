//! Time and dice are arguments: the only file that asks the operating system for either.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnixMs(pub u64);

impl UnixMs {
    /// An instant given in whole seconds, as JWT `NumericDate` values are (RFC 7519 §2).
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1000))
    }

    /// Whole seconds since the Unix epoch, rounded down.
    pub const fn secs(self) -> u64 {
        self.0 / 1000
    }

    /// This instant moved forward by `secs` seconds, saturating.
    #[must_use]
    pub const fn plus_secs(self, secs: u64) -> Self {
        Self(self.0.saturating_add(secs.saturating_mul(1000)))
    }

    /// Milliseconds from `earlier` to this instant; zero when `earlier` lies in the future.
    pub const fn ms_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// Where the time comes from: the system in production, a fixed and movable instant in tests.
#[derive(Clone, Debug)]
pub enum Clock {
    /// An instant that only moves when a test moves it.
    Fixed(Arc<AtomicU64>),
    /// The operating system's wall clock.
    System,
}

impl Clock {
    /// A clock that stands at `at` until [`Clock::advance_ms`] moves it.
    pub fn fixed(at: UnixMs) -> Self {
        Self::Fixed(Arc::new(AtomicU64::new(at.0)))
    }

    /// The present instant.
    pub fn now(&self) -> UnixMs {
        match self {
            Self::Fixed(at) => UnixMs(at.load(Ordering::SeqCst)),
            Self::System => UnixMs(system_ms()),
        }
    }

    /// Moves a fixed clock forward by `ms` milliseconds; a system clock is left alone.
    pub fn advance_ms(&self, ms: u64) {
        if let Self::Fixed(at) = self {
            at.fetch_add(ms, Ordering::SeqCst);
        }
    }
}

/// An instant of a clock that costs next to nothing to read and moves in steps of some milliseconds; always the system's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tick(Duration);

impl Tick {
    /// The present instant, at most a few milliseconds ago.
    pub fn now() -> Self {
        Self(coarse_time())
    }

    /// This instant moved forward by `by`, saturating.
    #[must_use]
    pub const fn plus(self, by: Duration) -> Self {
        Self(self.0.saturating_add(by))
    }
}

/// Where randomness comes from: the operating system in production, a seeded sequence in tests.
#[derive(Clone, Debug)]
pub enum Entropy {
    /// A reproducible sequence (SplitMix64); never used outside tests.
    Seeded(Arc<AtomicU64>),
    /// The operating system's generator.
    System,
}

impl Entropy {
    /// A reproducible sequence that starts at `seed`.
    pub fn seeded(seed: u64) -> Self {
        Self::Seeded(Arc::new(AtomicU64::new(seed)))
    }

    /// `N` random bytes.
    ///
    /// # Errors
    /// The operating system's generator failed; nothing secret may be made then.
    pub fn bytes<const N: usize>(&self) -> Result<[u8; N], EntropyError> {
        let mut bytes = [0_u8; N];
        match self {
            Self::Seeded(state) => {
                for chunk in bytes.chunks_mut(8) {
                    let word = splitmix64(state).to_le_bytes();
                    chunk.copy_from_slice(&word[..chunk.len()]);
                }
            }
            Self::System => system_fill(&mut bytes)?,
        }
        Ok(bytes)
    }
}

/// The operating system gave no randomness.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the operating system gave no randomness: {0}")]
pub struct EntropyError(String);

#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
fn system_ms() -> u64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |elapsed| u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX))
}

/// Since some instant of the past.
#[cfg(target_os = "linux")]
fn coarse_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::MonotonicCoarse);
    // Neither is negative: the clock starts with the machine.
    Duration::from_secs(time.tv_sec.unsigned_abs()) + Duration::from_nanos(time.tv_nsec.unsigned_abs())
}

/// Since some instant of the past.
#[cfg(not(target_os = "linux"))]
fn coarse_time() -> Duration {
    static START: std::sync::LazyLock<std::time::Instant> = std::sync::LazyLock::new(std::time::Instant::now);
    START.elapsed()
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that throws dice")]
fn system_fill(bytes: &mut [u8]) -> Result<(), EntropyError> {
    getrandom::fill(bytes).map_err(|cause| EntropyError(cause.to_string()))
}

fn splitmix64(state: &AtomicU64) -> u64 {
    let mut word = state.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::SeqCst);
    word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    word ^ (word >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixed_clock_moves_only_when_moved() {
        let clock = Clock::fixed(UnixMs(5));
        assert_eq!(clock.now(), UnixMs(5));
        clock.advance_ms(7);
        assert_eq!(clock.now(), UnixMs(12));
    }

    #[test]
    fn a_tick_follows_the_system_and_is_never_ahead_of_it() {
        let before = Tick::now();
        std::thread::sleep(Duration::from_millis(40));
        let after = Tick::now();
        assert!(before.plus(Duration::from_millis(20)) < after, "{before:?} {after:?}");
        assert!(after < before.plus(Duration::from_secs(30)), "{before:?} {after:?}");
    }

    #[test]
    fn seeded_entropy_repeats_and_system_entropy_does_not() {
        let draw = |seed| Entropy::seeded(seed).bytes::<20>().ok();
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
        assert_ne!(Entropy::System.bytes::<16>().ok(), Entropy::System.bytes::<16>().ok());
    }
}
