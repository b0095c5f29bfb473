//! A timer that keeps the instants between two milliseconds, as tokio's own does not, on the thread of whoever waits for it.

#[cfg(not(target_os = "linux"))]
pub(super) use elsewhere::Timer;
#[cfg(target_os = "linux")]
pub(super) use linux::Timer;

#[cfg(target_os = "linux")]
mod linux {
    use std::io;

    use rustix::time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec};
    use tokio::io::AsyncReadExt as _;
    use tokio::net::unix::pipe;
    use tokio::time::Instant;

    /// `timerfd_create(2)`, whose timers have no slack. It is read like a pipe: eight bytes come when it is due.
    pub(in crate::cli::bench) struct Timer(pipe::Receiver);

    impl Timer {
        /// Within a runtime.
        pub(in crate::cli::bench) fn new() -> io::Result<Self> {
            let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
            let timer = rustix::time::timerfd_create(TimerfdClockId::Monotonic, flags)?;
            pipe::Receiver::from_owned_fd_unchecked(timer).map(Self)
        }

        /// Waits until `due`.
        pub(in crate::cli::bench) async fn until(&mut self, due: Instant) -> io::Result<()> {
            let left = due.saturating_duration_since(Instant::now());
            // One that is set to nothing is never due.
            if left.is_zero() {
                return Ok(());
            }
            let it_value = Timespec::try_from(left).map_err(io::Error::other)?;
            let once = Itimerspec { it_interval: Timespec::default(), it_value };
            rustix::time::timerfd_settime(&self.0, TimerfdTimerFlags::empty(), &once)?;
            self.0.read_exact(&mut [0; size_of::<u64>()]).await.map(|_| ())
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod elsewhere {
    use std::io;

    use tokio::time::Instant;

    /// Tokio's own, to the millisecond.
    pub(in crate::cli::bench) struct Timer;

    impl Timer {
        #[expect(clippy::unnecessary_wraps, reason = "as on Linux")]
        pub(in crate::cli::bench) fn new() -> io::Result<Self> {
            Ok(Self)
        }

        /// Waits until `due`.
        pub(in crate::cli::bench) async fn until(&mut self, due: Instant) -> io::Result<()> {
            tokio::time::sleep_until(due).await;
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::*;

    #[tokio::test]
    async fn is_over_when_it_is_due_and_not_before() {
        let mut timer = Timer::new().unwrap();
        for micros in [0, 1, 300, 1_700, 50] {
            let due = Instant::now() + Duration::from_micros(micros);
            timer.until(due).await.unwrap();
            assert!(Instant::now() >= due, "{micros} µs");
        }
    }

    #[tokio::test]
    async fn what_is_over_already_is_not_waited_for() {
        let mut timer = Timer::new().unwrap();
        timer.until(Instant::now() - Duration::from_secs(1)).await.unwrap();
    }
}
