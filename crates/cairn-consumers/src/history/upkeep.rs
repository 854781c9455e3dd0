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

/// Looks after the slices of history: one merge or one expiry a step.
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
        Ok(worked.await.map_err(StepError::Lost)??)
    }

    async fn wait(&mut self) {
        tokio::select! {
            () = self.due.merge.notified() => {}
            () = tokio::time::sleep(Duration::from_millis(WAIT_MS)) => {}
        }
    }
}

/// The most urgent of what is due.
fn work(history: &History, now: Timestamp) -> Result<Progress, HistoryError> {
    if history.expire(now)? > 0 {
        return Ok(Progress::More);
    }
    if history.merge_may_wait(now) || history.merge_step()?.is_none() {
        return Ok(Progress::Idle);
    }
    Ok(Progress::More)
}
