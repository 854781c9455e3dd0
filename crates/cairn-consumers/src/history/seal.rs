//! Seals the open tail.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cairn_event::Timestamp;
use cairn_history::History;
use serde::Serialize;

use crate::worker::{Progress, StepError, Worker};

use super::{Due, metric};

/// How often it looks at the clock, when nobody calls it.
const WAIT_MS: u64 = 10_000;

/// Turns the open tail into a slice when it is long or old enough; if there is no room for all of
/// it, in pieces.
///
/// It publishes before it changes what queries see, and may be repeated after a crash at any point
/// (see `cairn_history`).
#[derive(Debug)]
pub struct HistorySeal {
    history: Arc<History>,
    due: Arc<Due>,
}

/// What keeps it from its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct SealStatus {
    /// Whether there was no room for the last slice.
    pub lacks_room: bool,
}

impl HistorySeal {
    pub(super) fn new(history: Arc<History>, due: Arc<Due>) -> Self {
        Self { history, due }
    }
}

#[async_trait]
impl Worker for HistorySeal {
    type Status = SealStatus;

    fn name(&self) -> &'static str {
        "history-seal"
    }

    fn status(&self) -> SealStatus {
        SealStatus { lacks_room: self.history.lacks_room() }
    }

    async fn step(&mut self, now: Timestamp) -> Result<Progress, StepError> {
        let progress = if self.history.seal_due(now) {
            let history = Arc::clone(&self.history);
            let sealed = tokio::task::spawn_blocking(move || history.seal());
            let sealed = sealed.await.map_err(StepError::Lost)?;
            metric::lacks_room(self.history.lacks_room());
            sealed?;
            self.due.merge.notify_one();
            Progress::More
        } else {
            Progress::Idle
        };
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
