//! What the log needs beside its writer: its anchor follows it, and a segment goes when it is old
//! enough, history has all of it, and no trail needs it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cairn_consumers::delivery::Needed;
use cairn_consumers::{Progress, StepError, Worker};
use cairn_event::Timestamp;
use cairn_history::History;
use cairn_store::{EventLog as _, Offset, SegmentLog, SqliteMeta};
use serde::Serialize;

use crate::anchor::{Extent, Mooring};

/// How often the anchor is moved: what vanishes within so long of its commit may go unmissed.
const LOOK: Duration = Duration::from_secs(5);

/// Moves the anchor, and expires whole segments.
pub(super) struct LogUpkeep {
    pub(super) log: Arc<SegmentLog>,
    pub(super) history: Arc<History>,
    /// What delivery has not delivered.
    pub(super) delivery: Needed,
    pub(super) meta: Arc<SqliteMeta>,
    pub(super) mooring: Arc<tokio::sync::Mutex<Mooring>>,
    /// `None` keeps the log for ever.
    pub(super) retention_ms: Option<i64>,
}

/// How the log stands.
#[derive(Debug, Serialize)]
pub(super) struct LogStatus {
    first: u64,
    committed: u64,
}

impl LogUpkeep {
    /// Below which offset records may go.
    async fn expirable(&self, now: Timestamp) -> Result<Offset, StepError> {
        let Some(retention_ms) = self.retention_ms else { return Ok(Offset::ZERO) };
        let log = Arc::clone(&self.log);
        let moment = now.as_ms().saturating_sub(retention_ms);
        let old = tokio::task::spawn_blocking(move || log.expirable_before(moment));
        let old = old.await.map_err(StepError::Lost)??;
        // Nothing may go that history has not closed into a slice, or that a trail still needs.
        Ok(old.min(self.history.covered()).min(self.delivery.offset()))
    }
}

#[async_trait]
impl Worker for LogUpkeep {
    type Status = LogStatus;

    fn name(&self) -> &'static str {
        "log-upkeep"
    }

    fn status(&self) -> LogStatus {
        LogStatus { first: self.log.first().as_u64(), committed: self.log.committed().as_u64() }
    }

    async fn step(&mut self, now: Timestamp) -> Result<Progress, StepError> {
        let before = self.expirable(now).await?;
        let mut mooring = self.mooring.lock().await;
        let moved = mooring.set(&*self.meta, Extent::of(&self.log), before).await;
        moved.map_err(|error| StepError::Other {
            doing: "move the log's anchor",
            error: error.into(),
        })?;
        let first = self.log.first();
        let now_first = if before > first { self.log.expire(before).await? } else { first };
        Ok(if now_first > first { Progress::More } else { Progress::Idle })
    }

    async fn wait(&mut self) {
        tokio::time::sleep(LOOK).await;
    }
}
