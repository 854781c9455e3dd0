//! Seals the open tail, merges slices, deletes what is older than the retention.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cairn_event::Timestamp;
use cairn_history::{History, HistoryError, HistoryStatus};

use crate::worker::{Progress, StepError, Worker};

use super::Due;

/// How often it looks at the clock, when nobody calls it.
const WAIT_MS: u64 = 10_000;

/// Looks after the files of history: one seal, one merge or one expiry a step.
///
/// Each of them publishes before it changes what queries see, and may be repeated after a crash
/// at any point (see `cairn_history`).
#[derive(Debug)]
pub struct HistoryUpkeep {
    history: Arc<History>,
    due: Arc<Due>,
}

/// How history stands.
pub type UpkeepStatus = HistoryStatus;

impl HistoryUpkeep {
    pub(super) fn new(history: Arc<History>, due: Arc<Due>) -> Self {
        Self { history, due }
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
        let history = Arc::clone(&self.history);
        let worked = tokio::task::spawn_blocking(move || work(&history, now));
        let progress = worked.await.map_err(StepError::Lost)??;
        // A permit is kept if nobody waits, so a feed that is about to wait is not missed.
        self.due.room.notify_one();
        Ok(progress)
    }

    async fn wait(&mut self) {
        tokio::select! {
            () = self.due.seal.notified() => {}
            () = tokio::time::sleep(Duration::from_millis(WAIT_MS)) => {}
        }
    }
}

/// The most urgent of what is due.
fn work(history: &History, now: Timestamp) -> Result<Progress, HistoryError> {
    if history.seal_due(now) {
        history.seal()?;
        return Ok(Progress::More);
    }
    if history.expire(now)? > 0 || history.merge_step()?.is_some() {
        return Ok(Progress::More);
    }
    Ok(Progress::Idle)
}
