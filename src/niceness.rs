//! Threads that yield to those that carry requests (`nice`, on Linux).

use std::{io, panic, thread};

/// One more than `nice` knows: only while nobody else wants the core (`SCHED_IDLE`, sched(7)).
pub(crate) const IDLE: u8 = 20;

/// Lets this thread yield, for good: who is nice once may not take it back (`setpriority(2)`).
pub(crate) fn lower(niceness: u8) {
    // On Linux this is of the calling thread; elsewhere it would be the whole process.
    #[cfg(target_os = "linux")]
    if let Err(error) = linux::lower(niceness) {
        tracing::debug!(%error, "a thread stays at the usual priority");
    }
    #[cfg(not(target_os = "linux"))]
    let _ = niceness;
}

#[cfg(target_os = "linux")]
mod linux {
    use std::io;

    use thread_priority::ThreadPriority;
    use thread_priority::unix::{
        NormalThreadSchedulePolicy, ThreadSchedulePolicy, set_thread_priority_and_policy, thread_native_id,
    };

    pub(super) fn lower(niceness: u8) -> io::Result<()> {
        if niceness < super::IDLE {
            return Ok(rustix::process::setpriority_process(None, i32::from(niceness))?);
        }
        let idle = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
        set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, idle)
            .map_err(|error| io::Error::other(error.to_string()))
    }
}

/// What `work` returns, done by a thread of its own, whose niceness all threads inherit that `work` starts.
///
/// # Errors
/// The system has no thread.
pub(crate) fn inherited<T: Send>(niceness: u8, work: impl FnOnce() -> T + Send) -> io::Result<T> {
    thread::scope(|scope| {
        let parent = thread::Builder::new().spawn_scoped(scope, || {
            lower(niceness);
            work()
        })?;
        Ok(parent.join().unwrap_or_else(|cause| panic::resume_unwind(cause)))
    })
}

#[cfg(all(test, target_os = "linux"))]
pub(crate) mod tests {
    use std::fs;
    use std::path::Path;

    /// The fields of a thread's `stat` behind its name, from the third on (proc(5)).
    fn fields(thread: &Path) -> Option<Vec<String>> {
        let stat = fs::read_to_string(thread.join("stat")).ok()?;
        Some(stat.rsplit_once(") ")?.1.split(' ').map(str::to_owned).collect())
    }

    /// `nice` of every thread of this process, or [`super::IDLE`]: fields 19 and 41.
    pub(crate) fn of_threads() -> Vec<(String, u8)> {
        let threads = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
        let told = threads.filter_map(|thread| {
            let name = fs::read_to_string(thread.path().join("comm")).ok()?.trim().to_owned();
            let fields = fields(&thread.path())?;
            let niceness = fields.get(16)?.parse().ok()?;
            Some((name, if fields.get(38)? == "5" { super::IDLE } else { niceness }))
        });
        told.collect()
    }

    #[test]
    fn who_is_nicer_than_nice_gets_what_is_left() {
        let policy = || fields(Path::new("/proc/thread-self")).unwrap()[38].clone();
        let of_a_thread = |niceness| super::inherited(niceness, policy).unwrap();
        assert_eq!((of_a_thread(19), of_a_thread(super::IDLE)), ("0".to_owned(), "5".to_owned()));
    }

    #[test]
    fn threads_inherit_it_and_this_one_does_not() {
        let own = || rustix::process::getpriority_process(None).unwrap();
        let before = own();
        let grandchild = super::inherited(7, || std::thread::spawn(own).join().unwrap()).unwrap();
        assert_eq!((grandchild, own()), (7, before));
    }
}
