//! Merges slices, and deletes what is older than the retention.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cairn_event::Timestamp;
use cairn_history::{History, HistoryError, HistoryStatus};

use crate::worker::{Progress, StepError, Worker};

use super::Due;

/// How often it looks at the clock, when nobody calls it.
const WAIT_MS: u64 = 10_000;
/// How long merges rest after one for which there was no room: it takes all the room there is
/// before it finds out, and the log, objects and new slices need that more.
const REST_MS: u64 = 10 * 60 * 1_000;

/// Looks after the slices of history: one merge or one expiry a step.
///
/// Each of them publishes before it changes what queries see, and may be repeated after a crash
/// at any point (see `cairn_history`).
#[derive(Debug)]
pub struct HistoryUpkeep {
    history: Arc<History>,
    due: Arc<Due>,
    /// When there was no room.
    full: Option<Timestamp>,
}

/// How history stands.
pub type UpkeepStatus = HistoryStatus;

impl HistoryUpkeep {
    pub(super) fn new(history: Arc<History>, due: Arc<Due>) -> Self {
        Self { history, due, full: None }
    }
}

#[async_trait]
impl Worker for HistoryUpkeep {
    type Status = UpkeepStatus;

    fn name(&self) -> &'static str {
        "history-upkeep"
    }

    fn status(&self) -> UpkeepStatus {
        self.history.status()
    }

    async fn step(&mut self, now: Timestamp) -> Result<Progress, StepError> {
        // A clock that was set back does not make the rest longer.
        self.full = self.full.filter(|full| now.as_ms().abs_diff(full.as_ms()) < REST_MS);
        let (history, rests) = (Arc::clone(&self.history), self.full.is_some());
        let worked = tokio::task::spawn_blocking(move || work(&history, now, rests));
        let worked = worked.await.map_err(StepError::Lost)?;
        if matches!(worked, Err(HistoryError::Full)) {
            self.full = Some(now);
        }
        Ok(worked?)
    }

    async fn wait(&mut self) {
        tokio::select! {
            () = self.due.merge.notified() => {}
            () = tokio::time::sleep(Duration::from_millis(WAIT_MS)) => {}
        }
    }
}

/// The most urgent of what is due.
fn work(history: &History, now: Timestamp, merges_rest: bool) -> Result<Progress, HistoryError> {
    if history.expire(now)? > 0 {
        return Ok(Progress::More);
    }
    let rests = merges_rest || history.lacks_room() || history.merge_may_wait(now);
    if rests || history.merge_step()?.is_none() {
        return Ok(Progress::Idle);
    }
    Ok(Progress::More)
}
