//! The runtime that requests are answered on.

use tokio::runtime::Builder;

use crate::config::StoreKind;

/// A runtime with one worker per core, that takes up tasks as the store wants it.
pub(super) fn builder(store: StoreKind) -> Builder {
    let mut runtime = Builder::new_multi_thread();
    if store == StoreKind::Embedded {
        // Its thread wakes tasks from outside. Left to tune itself, tokio takes those up so rarely while thousands of
        // connections are ready that requests admitted long ago wait for new ones to be refused (loadtests/README.md).
        // One of two, never each: a worker that always looks outside first comes to the tasks in its own queue only once
        // there are none outside, and at full load half of that queue, 128 connections, waits for seconds.
        runtime.global_queue_interval(2);
    }
    runtime.enable_all();
    runtime
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
    use std::sync::{Arc, mpsc};

    use super::*;

    const OWN: usize = 100;
    const OUTSIDE: usize = 5_000;

    /// How many tasks ran before the last one of a worker's own, while many wait outside.
    fn place_of_the_last(store: StoreKind) -> usize {
        let runtime = builder(store).worker_threads(1).build().unwrap();
        let (ran, last) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let ((spawned, wait), (go, gone)) = (mpsc::channel(), mpsc::channel());
        let (counted, own_last) = (Arc::clone(&ran), Arc::clone(&last));
        let busy = runtime.spawn(async move {
            for _ in 0..OWN {
                let (counted, own_last) = (Arc::clone(&counted), Arc::clone(&own_last));
                tokio::spawn(async move {
                    own_last.fetch_max(counted.fetch_add(1, SeqCst), SeqCst);
                });
            }
            spawned.send(()).unwrap();
            gone.recv().unwrap();
        });
        wait.recv().unwrap();
        let outside: Vec<_> = (0..OUTSIDE)
            .map(|_| {
                let counted = Arc::clone(&ran);
                runtime.spawn(async move { counted.fetch_add(1, SeqCst) })
            })
            .collect();
        go.send(()).unwrap();
        runtime.block_on(async {
            busy.await.unwrap();
            for task in outside {
                task.await.unwrap();
            }
        });
        last.load(SeqCst)
    }

    #[test]
    fn no_task_waits_for_all_that_were_woken_from_outside() {
        for store in [StoreKind::Embedded, StoreKind::Cluster] {
            let place = place_of_the_last(store);
            assert!(place <= 3 * OWN, "{store:?}: {place} tasks ran before");
        }
    }
}
