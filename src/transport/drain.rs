//! Stopping gracefully: one signal for every listener.

use std::sync::Arc;

use tokio::sync::watch;

/// The signal to stop. Clones share it.
#[derive(Clone, Debug)]
pub struct Drain(Arc<watch::Sender<bool>>);

/// How a listener ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drained {
    /// Connections still busy when `limits.drain_secs` were over, and cut.
    pub cut: usize,
}

impl Drain {
    /// A signal that nobody has given yet.
    pub fn new() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }

    /// Gives the signal: listeners refuse connections from here on and finish what is in work.
    pub fn start(&self) {
        self.0.send_replace(true);
    }

    /// Whether the signal was given; readiness fails from then on.
    pub fn is_started(&self) -> bool {
        *self.0.borrow()
    }

    /// Resolves when the signal is given, at once if it was.
    pub async fn started(&self) {
        let mut given = self.0.subscribe();
        // We hold a sender, so that the channel cannot be closed.
        drop(given.wait_for(|given| *given).await);
    }
}

impl Default for Drain {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_signal_reaches_clones_before_and_after_it_was_given() {
        let drain = Drain::new();
        let waiting = tokio::spawn({
            let drain = drain.clone();
            async move { drain.started().await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished() && !drain.is_started());
        drain.start();
        waiting.await.unwrap();
        drain.clone().started().await;
        assert!(drain.is_started());
    }
}
