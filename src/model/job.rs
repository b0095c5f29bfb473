//! A background job: what was ordered, how far it is, and until when somebody is known to work on it.

use serde::{Deserialize, Serialize};

use crate::clock::UnixMs;
use crate::protocol::ids::{ConnectionId, TenantId};

/// An import of users.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Job {
    /// The tenant it belongs to.
    pub tenant: TenantId,
    /// `job_…`.
    pub id: String,
    /// Where the users go.
    pub connection: ConnectionId,
    /// `con_…`, as it was ordered.
    pub connection_id: String,
    /// Whether users that exist are changed rather than refused.
    pub upsert: bool,
    /// A name of the caller's own.
    pub external_id: Option<String>,
    /// As it was ordered.
    pub send_completion_email: bool,
    /// How far it is.
    pub progress: Progress,
    /// Records in the file.
    pub total: u64,
    /// Records done.
    pub summary: Summary,
    /// When it was ordered.
    pub created_at: UnixMs,
    /// When its first record was begun.
    pub begun_at: Option<UnixMs>,
    /// Until when the node that works on it need not say so again. Behind it, that node is taken for dead.
    pub alive_until: UnixMs,
}

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    /// Every record is done; some may have been refused.
    Completed,
    /// Nobody works on it any more.
    Failed,
    /// It waits for its turn.
    Pending,
    /// It is under way.
    Processing,
}

/// What became of the records that are done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    /// Refused.
    pub failed: u64,
    /// There before.
    pub updated: u64,
    /// New.
    pub inserted: u64,
}

impl Job {
    /// How far it is at `now`: a job whose node is silent has failed, and is not begun again.
    pub fn progress_at(&self, now: UnixMs) -> Progress {
        match self.progress {
            Progress::Pending | Progress::Processing if now >= self.alive_until => Progress::Failed,
            Progress::Completed | Progress::Failed | Progress::Pending | Progress::Processing => {
                self.progress
            }
        }
    }

    /// Records done in a hundred; an empty file is done.
    pub fn percentage_done(&self) -> u64 {
        (self.summary.done() * 100).checked_div(self.total).unwrap_or(100)
    }

    /// How long it should still take, at the pace so far, in whole seconds; 0 when nobody can tell.
    pub fn time_left_seconds(&self, now: UnixMs) -> u64 {
        let Some(begun_at) = self.begun_at else { return 0 };
        let (taken_ms, left) =
            (now.0.saturating_sub(begun_at.0), self.total.saturating_sub(self.summary.done()));
        taken_ms.saturating_mul(left).checked_div(self.summary.done()).unwrap_or(0).div_ceil(1000)
    }
}

impl Summary {
    /// Records done.
    pub fn done(&self) -> u64 {
        self.failed + self.updated + self.inserted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job() -> Job {
        Job {
            tenant: TenantId::from("acme"),
            id: "job_1".to_owned(),
            connection: ConnectionId::from("c"),
            connection_id: "con_1".to_owned(),
            upsert: false,
            external_id: None,
            send_completion_email: true,
            progress: Progress::Processing,
            total: 8,
            summary: Summary { failed: 1, updated: 0, inserted: 1 },
            created_at: UnixMs(0),
            begun_at: Some(UnixMs(1_000)),
            alive_until: UnixMs(30_000),
        }
    }

    #[test]
    fn the_share_and_the_time_left_follow_the_pace() {
        let job = job();
        assert_eq!((job.percentage_done(), job.time_left_seconds(UnixMs(4_000))), (25, 9));
        let fresh = Job { begun_at: None, summary: Summary::default(), ..job.clone() };
        assert_eq!((fresh.percentage_done(), fresh.time_left_seconds(UnixMs(4_000))), (0, 0));
        let empty = Job { total: 0, summary: Summary::default(), ..job };
        assert_eq!((empty.percentage_done(), empty.time_left_seconds(UnixMs(4_000))), (100, 0));
    }

    #[test]
    fn a_job_whose_node_is_silent_has_failed_unless_it_was_done() {
        let job = job();
        assert_eq!(job.progress_at(UnixMs(29_999)), Progress::Processing);
        assert_eq!(job.progress_at(UnixMs(30_000)), Progress::Failed);
        let done = Job { progress: Progress::Completed, ..job };
        assert_eq!(done.progress_at(UnixMs(30_000)), Progress::Completed);
    }
}
