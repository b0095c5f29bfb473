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
    // What has begun goes on before more begins: a worker looks for what has come when it has nothing left to do (or after so
    // many tasks), and takes up so many connections then. Left to itself it looks after every 61 tasks and takes up a thousand;
    // all their requests are then half done at once, and each step finds its memory gone from the caches.
    runtime.event_interval(512).max_io_events_per_tick(32);
    runtime.enable_all();
    runtime
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::io::Write as _;
    use std::os::unix::net::UnixStream;
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
    use std::sync::{Arc, mpsc};
    use std::task::Poll;

    use tokio::io::AsyncReadExt as _;
    use tokio::runtime::Runtime;
    use tokio::task::JoinHandle;

    use super::*;

    const OWN: usize = 100;
    const OUTSIDE: usize = 5_000;

    /// Holds the one worker at the end of `held` while `meanwhile` is done, then waits for the tasks of that.
    fn while_held<T>(
        runtime: &Runtime,
        held: impl FnOnce() + Send + 'static,
        meanwhile: impl FnOnce() -> Vec<JoinHandle<T>>,
    ) {
        let ((holding, is_held), (go, gone)) = (mpsc::channel(), mpsc::channel());
        let busy = runtime.spawn(async move {
            held();
            holding.send(()).unwrap();
            gone.recv().unwrap();
        });
        is_held.recv().unwrap();
        let tasks = meanwhile();
        go.send(()).unwrap();
        runtime.block_on(async {
            busy.await.unwrap();
            for task in tasks {
                task.await.unwrap();
            }
        });
    }

    /// How many tasks ran before the last one of a worker's own, while many wait outside.
    fn place_of_the_last(store: StoreKind) -> usize {
        let runtime = builder(store).worker_threads(1).build().unwrap();
        let (ran, last) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (counted, own_last) = (Arc::clone(&ran), Arc::clone(&last));
        let own = move || {
            for _ in 0..OWN {
                let (counted, own_last) = (Arc::clone(&counted), Arc::clone(&own_last));
                tokio::spawn(async move {
                    own_last.fetch_max(counted.fetch_add(1, SeqCst), SeqCst);
                });
            }
        };
        let outside = || {
            let one = |_| {
                let counted = Arc::clone(&ran);
                runtime.spawn(async move { counted.fetch_add(1, SeqCst) })
            };
            (0..OUTSIDE).map(one).collect()
        };
        while_held(&runtime, own, outside);
        last.load(SeqCst)
    }

    #[test]
    fn no_task_waits_for_all_that_were_woken_from_outside() {
        for store in [StoreKind::Embedded, StoreKind::Cluster] {
            let place = place_of_the_last(store);
            assert!(place <= 3 * OWN, "{store:?}: {place} tasks ran before");
        }
    }

    /// How many are half done at once, at most, when many callers ask at the same time for what takes a task four turns.
    fn most_half_done(store: StoreKind) -> usize {
        const CALLERS: usize = 256;
        let runtime = builder(store).worker_threads(1).build().unwrap();
        let (half_done, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let pairs = (0..CALLERS).map(|_| UnixStream::pair().unwrap());
        let (mut callers, served): (Vec<_>, Vec<_>) = pairs.unzip();
        let (all_listen, listening) = mpsc::channel();
        let tasks: Vec<_> = served
            .into_iter()
            .map(|stream| {
                let (half_done, most, all_listen) =
                    (Arc::clone(&half_done), Arc::clone(&most), all_listen.clone());
                stream.set_nonblocking(true).unwrap();
                runtime.spawn(async move {
                    let mut stream = tokio::net::UnixStream::from_std(stream).unwrap();
                    all_listen.send(()).unwrap();
                    stream.read_u8().await.unwrap();
                    most.fetch_max(half_done.fetch_add(1, SeqCst) + 1, SeqCst);
                    for _ in 0..3 {
                        let mut again = true;
                        let next_turn = poll_fn(|cx| {
                            cx.waker().wake_by_ref();
                            if std::mem::take(&mut again) { Poll::Pending } else { Poll::Ready(()) }
                        });
                        next_turn.await;
                    }
                    half_done.fetch_sub(1, SeqCst);
                })
            })
            .collect();
        for _ in 0..CALLERS {
            listening.recv().unwrap();
        }
        let ask = || {
            for caller in &mut callers {
                caller.write_all(b"?").unwrap();
            }
            tasks
        };
        while_held(&runtime, || (), ask);
        most.load(SeqCst)
    }

    #[test]
    fn what_has_begun_goes_on_before_more_begins() {
        for store in [StoreKind::Embedded, StoreKind::Cluster] {
            let most = most_half_done(store);
            assert!(most <= 64, "{store:?}: {most} were half done");
        }
    }
}
