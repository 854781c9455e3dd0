//! The log's end of life: a segment goes when it is old enough and history has all of it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cairn_consumers::{Progress, StepError, Worker};
use cairn_event::Timestamp;
use cairn_history::History;
use cairn_store::{EventLog as _, SegmentLog};
use serde::Serialize;

/// How often old segments are looked for.
const LOOK: Duration = Duration::from_mins(1);

/// Expires whole segments.
pub(super) struct LogExpiry {
    pub(super) log: Arc<SegmentLog>,
    pub(super) history: Arc<History>,
    pub(super) retention_ms: i64,
}

/// How the log stands.
#[derive(Debug, Serialize)]
pub(super) struct LogStatus {
    first: u64,
    committed: u64,
}

#[async_trait]
impl Worker for LogExpiry {
    type Status = LogStatus;

    fn name(&self) -> &'static str {
        "log-expiry"
    }

    fn status(&self) -> LogStatus {
        LogStatus { first: self.log.first().as_u64(), committed: self.log.committed().as_u64() }
    }

    async fn step(&mut self, now: Timestamp) -> Result<Progress, StepError> {
        let log = Arc::clone(&self.log);
        let moment = now.as_ms().saturating_sub(self.retention_ms);
        let old = tokio::task::spawn_blocking(move || log.expirable_before(moment));
        let old = old.await.map_err(StepError::Lost)??;
        // History is the only consumer; nothing that it has not closed into a slice may go.
        let before = old.min(self.history.covered());
        let first = self.log.first();
        let now_first = if before > first { self.log.expire(before).await? } else { first };
        Ok(if now_first > first { Progress::More } else { Progress::Idle })
    }

    async fn wait(&mut self) {
        tokio::time::sleep(LOOK).await;
    }
}
