//! Work that many ask for at once and that is done once for all of them.

use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until, timeout};

/// Rounds of one kind of work.
#[derive(Debug, Default)]
pub(super) struct Rounds {
    /// When the last round that went well began.
    begun: Mutex<Option<Instant>>,
}

impl Rounds {
    /// Does `work`, `pause` after the round before began at the earliest; or nothing, if a round that began since this was
    /// asked for went well. `None` when it was not its turn within `patience`.
    pub(super) async fn join<E>(
        &self,
        pause: Duration,
        patience: Duration,
        work: impl Future<Output = Result<(), E>>,
    ) -> Option<Result<(), E>> {
        let asked = Instant::now();
        let mut begun = timeout(patience, self.begun.lock()).await.ok()?;
        if let Some(before) = *begun {
            if before >= asked {
                return Some(Ok(()));
            }
            sleep_until(before + pause).await;
        }
        let now = Instant::now();
        let done = work.await;
        if done.is_ok() {
            *begun = Some(now);
        }
        Some(done)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::future::join_all;

    use super::*;

    const LONG: Duration = Duration::from_millis(400);
    const SHORT: Duration = Duration::from_millis(20);

    #[tokio::test]
    async fn all_who_ask_meanwhile_share_the_next_round() {
        let (rounds, done) = (Rounds::default(), AtomicUsize::new(0));
        let work = async || {
            tokio::time::sleep(SHORT).await;
            done.fetch_add(1, Ordering::Relaxed);
            Ok::<_, Infallible>(())
        };
        let since = Instant::now();
        let (first, others) = tokio::join!(rounds.join(LONG, LONG, work()), async {
            tokio::time::sleep(SHORT / 2).await;
            join_all((0..9).map(|_| rounds.join(LONG, LONG * 9, work()))).await
        });
        assert!(others.into_iter().chain([first]).all(|joined| joined == Some(Ok(()))));
        assert_eq!(done.into_inner(), 2);
        assert!(since.elapsed() >= LONG, "the second waited for its time");
    }

    #[tokio::test]
    async fn a_round_that_failed_is_nobody_elses_and_one_that_never_ends_keeps_nobody() {
        let rounds = Rounds::default();
        assert_eq!(rounds.join(LONG, LONG, async { Err("no") }).await, Some(Err("no")));
        let endless = rounds.join(LONG, LONG, std::future::pending::<Result<(), &str>>());
        let (endless, other) =
            tokio::join!(timeout(LONG, endless), rounds.join(LONG, SHORT, async { Err("not reached") }));
        assert!(endless.is_err());
        assert_eq!(other, None);
    }
}
