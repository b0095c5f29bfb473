//! The herald: a task that tells those of one commit what became of it.
//!
//! A thread that woke each of them itself would be interrupted by each: on a busy machine whoever is woken runs first, so that
//! ten answers cost twenty changes of thread. The herald is woken once, and wakes the others where they run.

use tokio::runtime::Handle;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::writer::Job;
use crate::store::StoreError;

/// The way to the herald. Whatever waits there is the answer of somebody who asked: no more than there are requests in work.
#[derive(Clone)]
pub(super) struct Herald {
    /// Absent outside of a runtime.
    news: Option<UnboundedSender<News>>,
}

/// Those of one commit, and what became of it.
struct News {
    jobs: Vec<Box<dyn Job>>,
    committed: Result<(), StoreError>,
}

impl Herald {
    /// Starts the task on the runtime of the caller, if there is one.
    pub(super) fn spawn() -> Self {
        let news = Handle::try_current().ok().map(|runtime| {
            let (news, heard) = unbounded_channel();
            runtime.spawn(tell_all(heard));
            news
        });
        Self { news }
    }

    /// Tells `jobs` what became of their commit; from this thread when there is but one, or nobody else to do it.
    pub(super) fn tell(&self, jobs: Vec<Box<dyn Job>>, committed: Result<(), StoreError>) {
        let news = News { jobs, committed };
        match &self.news {
            Some(herald) if news.jobs.len() > 1 => {
                // A runtime that was shut down has none any more.
                if let Err(unsent) = herald.send(news) {
                    unsent.0.tell();
                }
            }
            _ => news.tell(),
        }
    }
}

impl News {
    fn tell(self) {
        for job in self.jobs {
            job.answer(&self.committed);
        }
    }
}

async fn tell_all(mut heard: UnboundedReceiver<News>) {
    while let Some(news) = heard.recv().await {
        news.tell();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};
    use std::thread::{self, ThreadId};

    use super::*;
    use crate::store::embedded::batch::Batch;

    /// Tells which thread answered it.
    struct Whose(Sender<(ThreadId, bool)>);

    impl Job for Whose {
        fn is_careful(&self) -> bool {
            false
        }

        fn run(&mut self, _batch: &mut Batch<'_>) {}

        fn answer(self: Box<Self>, committed: &Result<(), StoreError>) {
            self.0.send((thread::current().id(), committed.is_ok())).unwrap();
        }
    }

    /// Who answered each of `count` jobs of one commit, if another thread hands them over.
    fn told(herald: &Herald, count: usize) -> Vec<(ThreadId, bool)> {
        let (sender, answers) = channel();
        let jobs = (0..count).map(|_| Box::new(Whose(sender.clone())) as Box<dyn Job>).collect();
        drop(sender);
        herald.tell(jobs, Ok(()));
        answers.iter().collect()
    }

    #[test]
    fn a_company_is_told_on_the_runtime_and_whoever_comes_alone_at_once() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        let herald = runtime.block_on(async { Herald::spawn() });
        let here = (thread::current().id(), true);
        assert_eq!(told(&herald, 1), [here]);
        let company = told(&herald, 3);
        assert_eq!(company.len(), 3);
        assert!(company.iter().all(|by| by.1 && *by != here), "{company:?}");
    }

    #[test]
    fn everybody_is_told_without_a_runtime_and_after_its_end() {
        let here = (thread::current().id(), true);
        assert_eq!(told(&Herald::spawn(), 3), [here; 3]);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let herald = runtime.block_on(async { Herald::spawn() });
        drop(runtime);
        assert_eq!(told(&herald, 3), [here; 3]);
    }
}
