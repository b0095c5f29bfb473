//! The runtime that requests are answered on.

use std::num::NonZeroUsize;

use tokio::runtime::Builder;

use crate::config::StoreKind;

/// A runtime with one worker per core, that takes up tasks as the store wants it.
pub(super) fn builder(store: StoreKind) -> Builder {
    let mut runtime = for_cores(std::thread::available_parallelism().map_or(1, NonZeroUsize::get));
    tune(&mut runtime, store);
    runtime
}

/// One core has nobody to share tasks with: the runtime that does without is quicker by what sharing costs, and keeps its
/// queue in order. The other's queue holds 256 tasks; with more connections ready than that, half of it goes another way
/// each time (loadtests/README.md).
fn for_cores(cores: usize) -> Builder {
    if cores == 1 { Builder::new_current_thread() } else { Builder::new_multi_thread() }
}

fn tune(runtime: &mut Builder, store: StoreKind) {
    if store == StoreKind::Embedded {
        // Its thread wakes tasks from outside. Left to tune itself, tokio takes those up so rarely while thousands of
        // connections are ready that requests admitted long ago wait for new ones to be refused (loadtests/README.md).
        // One of two, never each: a worker that always looks outside first comes to the tasks in its own queue only once
        // there are none outside, and at full load half of that queue, 128 connections, waits for seconds.
        runtime.global_queue_interval(2);
    }
    runtime.enable_all();
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
    use std::sync::{Arc, mpsc};
    use std::thread;

    use super::*;

    const OWN: usize = 100;
    const OUTSIDE: usize = 5_000;

    /// How many tasks ran before the last one of a worker's own, while many wait outside.
    fn place_of_the_last(cores: usize, store: StoreKind) -> usize {
        let mut runtime = for_cores(cores);
        tune(&mut runtime, store);
        let runtime = Arc::new(runtime.worker_threads(1).build().unwrap());
        let (over, wait_until_over) = tokio::sync::oneshot::channel::<()>();
        let driver = thread::spawn({
            let runtime = Arc::clone(&runtime);
            // One that has no thread of its own runs tasks while somebody waits on it.
            move || runtime.block_on(wait_until_over)
        });
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
        let (done, all) = mpsc::channel();
        runtime.spawn(async move {
            busy.await.unwrap();
            for task in outside {
                task.await.unwrap();
            }
            done.send(()).unwrap();
        });
        all.recv().unwrap();
        drop(over);
        assert!(driver.join().unwrap().is_err(), "nothing was sent");
        last.load(SeqCst)
    }

    #[test]
    fn no_task_waits_for_all_that_were_woken_from_outside() {
        for cores in [1, 2] {
            for store in [StoreKind::Embedded, StoreKind::Cluster] {
                let place = place_of_the_last(cores, store);
                assert!(place <= 3 * OWN, "{cores} cores, {store:?}: {place} tasks ran before");
            }
        }
    }
}
