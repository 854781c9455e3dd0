//! From the log into the open tail of history: a moment after records are committed, or as soon as
//! somebody asks.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cairn_event::Timestamp;
use cairn_history::{History, HistoryError};
use cairn_store::{EventLog, LogSlice, Offset, ReadLimit};
use serde::Serialize;

use crate::worker::{Progress, StepError, Worker};

use super::Due;

/// How much one step takes over: some milliseconds of work.
const STEP_READ: ReadLimit = ReadLimit { records_max: 2_048, bytes_max: 8 << 20 };

/// How long records may wait for company while nobody asks for them. Under load there are thousands
/// of commits a second, and a step for each would take the processor from those who make them.
const GATHER_MAX: Duration = Duration::from_millis(10);

/// Appends committed records to the open tail of history.
///
/// Its cursor is `History::tail_next`: after a crash that is where closed slices end, so records
/// of the lost tail are read from the log again, and each is in history exactly once.
#[derive(Debug)]
pub struct HistoryFeed {
    log: Arc<dyn EventLog>,
    history: Arc<History>,
    due: Arc<Due>,
    /// The tail took no more; wait until it is sealed.
    waits_for_room: bool,
    missed: u64,
}

/// How far the feed has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct FeedStatus {
    /// The next log offset that queries do not see.
    pub next: Offset,
    /// How many committed records lie beyond it.
    pub behind: u64,
    /// Whether it waits for the tail to be sealed.
    pub waits_for_room: bool,
    /// How many records the log had lost before they could be taken over.
    pub missed: u64,
}

impl HistoryFeed {
    pub(super) fn new(log: Arc<dyn EventLog>, history: Arc<History>, due: Arc<Due>) -> Self {
        Self { log, history, due, waits_for_room: false, missed: 0 }
    }

    /// The log may begin later than history goes on: its old records have expired. History then
    /// goes on where the log begins; what is gone is counted and said loudly.
    async fn skip_missed(&mut self) -> Result<(), StepError> {
        let (first, next) = (self.log.first(), self.history.tail_next());
        if first <= next {
            return Ok(());
        }
        let history = Arc::clone(&self.history);
        let skipped = tokio::task::spawn_blocking(move || history.skip_to(first));
        skipped.await.map_err(StepError::Lost)??;
        if next > Offset::ZERO {
            self.missed += first.since(next);
            tracing::error!(
                from = next.as_u64(),
                to = first.as_u64(),
                "records expired from the log before history had them"
            );
        }
        Ok(())
    }

    /// Others take records over, too (whoever searches, if there are few), and leave this to the feed.
    fn seal_if_due(&self, now: Timestamp) {
        if self.history.seal_due(now) {
            self.due.seal.notify_one();
        }
    }

    fn take(&self, slice: &LogSlice) -> Result<(), HistoryError> {
        self.history.append(slice.first, &slice.records, &slice.appended_ms)
    }
}

#[async_trait]
impl Worker for HistoryFeed {
    type Status = FeedStatus;

    fn name(&self) -> &'static str {
        "history-feed"
    }

    fn status(&self) -> FeedStatus {
        let next = self.history.tail_next();
        FeedStatus {
            next,
            behind: self.log.committed().since(next),
            waits_for_room: self.waits_for_room,
            missed: self.missed,
        }
    }

    async fn step(&mut self, now: Timestamp) -> Result<Progress, StepError> {
        self.skip_missed().await?;
        let next = self.history.tail_next();
        if self.log.committed() <= next {
            self.waits_for_room = false;
            self.seal_if_due(now);
            return Ok(Progress::Idle);
        }
        let slice = self.log.read(next, STEP_READ).await?;
        let taken = self.take(&slice);
        self.seal_if_due(now);
        match taken {
            Ok(()) => {
                self.waits_for_room = false;
                Ok(Progress::More)
            }
            Err(HistoryError::TailFull { .. }) => {
                self.waits_for_room = true;
                Ok(Progress::Idle)
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn wait(&mut self) {
        if self.waits_for_room {
            self.due.room.notified().await;
        } else {
            self.log.changed(self.history.tail_next()).await;
            tokio::select! {
                () = self.history.wanted() => {}
                () = tokio::time::sleep(GATHER_MAX) => {}
            }
        }
    }
}
