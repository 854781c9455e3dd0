//! Uploads that are under way: what is written down before a stream goes to an upstream.
//!
//! A crash while an object is on its way to an upstream, or before its record is durable, would leave
//! an object behind that no record tells of. So its record is written first, in a small log beside
//! the large one, as that of a call of which nobody knows how it ended. When the call is over, its
//! true record goes to the log under the same event id, and the intent is marked as done. What a
//! start finds without a mark and without a record goes to the log as it is.
//!
//! Entries are of two kinds: records, and marks `{"done":"<event id>"}`. A mark is not waited for:
//! one that a crash loses costs the next start one search.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use cairn_event::RecordHead;
use cairn_history::{Field, Filter, History, HistoryError, SearchBudget, SearchQuery};
use cairn_store::Offset;
use cairn_store::log::{EventLog, LogError, ReadLimit};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Entries that are read at once, at the start.
const READ: ReadLimit = ReadLimit { records_max: 4096, bytes_max: 8 << 20 };

/// What a recovery could not do.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// One of the two logs failed.
    #[error("uploads that were under way could not be recorded")]
    Log(#[from] LogError),
    /// History could not be searched for their records.
    #[error("uploads that were under way could not be looked for")]
    History(#[from] HistoryError),
}

#[derive(Serialize, Deserialize)]
struct Mark {
    done: String,
}

/// The small log of uploads under way.
#[derive(Debug)]
pub struct Intents {
    log: Arc<dyn EventLog>,
    /// Where those lie that are not done.
    open: Mutex<BTreeSet<Offset>>,
    /// What an earlier run left has been dealt with; until then nothing is removed.
    is_recovered: AtomicBool,
}

/// An upload that was written down.
#[derive(Debug)]
pub(crate) struct Intent {
    intents: Arc<Intents>,
    at: Offset,
    /// The id that its record will have.
    pub(crate) event_id: Uuid,
}

impl Intents {
    /// Keeps them in a log of their own.
    pub fn new(log: Arc<dyn EventLog>) -> Arc<Self> {
        Arc::new(Self { log, open: Mutex::default(), is_recovered: AtomicBool::new(false) })
    }

    /// Writes an upload down; durable when it returns.
    pub(crate) async fn declare(
        self: &Arc<Self>,
        event_id: Uuid,
        record: Vec<u8>,
    ) -> Result<Intent, LogError> {
        let at = self.log.append(vec![Bytes::from(record)]).await?;
        self.with_open(|open| open.insert(at));
        Ok(Intent { intents: Arc::clone(self), at, event_id })
    }

    /// Puts uploads into `log` that a crash cut off, once `history` shows all that `log` has. Those
    /// that begin meanwhile are left alone.
    pub async fn recover(
        &self,
        log: &dyn EventLog,
        history: &History,
    ) -> Result<usize, RecoverError> {
        let left = self.left(self.log.committed()).await?;
        if left.is_empty() {
            self.is_recovered.store(true, Ordering::Release);
            return Ok(0);
        }
        history.reached(log.committed()).await;
        let mut recovered = 0;
        for (event_id, record) in left {
            if !is_recorded(history, &event_id)? {
                log.append(vec![record]).await?;
                recovered += 1;
            }
            self.log.append(vec![mark(event_id)]).await?;
        }
        self.is_recovered.store(true, Ordering::Release);
        Ok(recovered)
    }

    /// Records below `end` without a mark, by event id.
    async fn left(&self, end: Offset) -> Result<BTreeMap<String, Bytes>, LogError> {
        let mut left = BTreeMap::new();
        let mut from = self.log.first();
        while from < end {
            let slice = self.log.read(from, READ).await?;
            for (at, entry) in (slice.first.as_u64()..).zip(slice.records) {
                if let Ok(mark) = serde_json::from_slice::<Mark>(&entry) {
                    left.remove(&mark.done);
                    continue;
                }
                let event_id = RecordHead::parse(&entry)
                    .ok()
                    .and_then(|head| head.event_id.map(std::borrow::Cow::into_owned));
                if let Some(event_id) = event_id.filter(|_| Offset::new(at) < end) {
                    left.insert(event_id, entry);
                }
            }
            from = slice.next;
        }
        Ok(left)
    }

    fn with_open<T>(&self, change: impl FnOnce(&mut BTreeSet<Offset>) -> T) -> T {
        change(&mut self.open.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Intent {
    /// The record of the upload is durable. Space returns when all that is older is done.
    pub(crate) fn done(&self) {
        let Self { intents, at, event_id } = self;
        let (intents, at, event_id) = (Arc::clone(intents), *at, *event_id);
        tokio::spawn(async move {
            if let Err(error) =
                intents.log.append(vec![mark(event_id.hyphenated().to_string())]).await
            {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "an upload could not be marked as done");
                return;
            }
            let oldest = intents.with_open(|open| {
                open.remove(&at);
                open.first().copied()
            });
            if !intents.is_recovered.load(Ordering::Acquire) {
                return;
            }
            let before = oldest.unwrap_or_else(|| intents.log.committed());
            if let Err(error) = intents.log.expire(before).await {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "uploads that are done could not be removed");
            }
        });
    }
}

fn mark(event_id: String) -> Bytes {
    // One text in one field cannot fail to be written.
    Bytes::from(serde_json::to_vec(&Mark { done: event_id }).unwrap_or_default())
}

fn is_recorded(history: &History, event_id: &str) -> Result<bool, HistoryError> {
    let filters = vec![Filter::equals(Field::EventId, event_id)];
    let query = SearchQuery { filters, ..SearchQuery::default() };
    let page = history.search(&query, None, 1, SearchBudget::rows(u64::MAX))?;
    Ok(!page.hits.is_empty())
}

#[cfg(test)]
mod tests {
    use cairn_history::HistoryOptions;
    use cairn_store::{LogOptions, SegmentLog};

    use super::*;

    fn record(id: Uuid) -> Vec<u8> {
        format!(r#"{{"eventVersion":"1.11","eventTime":"2026-11-25T00:00:00Z","eventName":"PutObject","eventID":"{id}"}}"#).into_bytes()
    }

    fn log(folder: &std::path::Path) -> Arc<SegmentLog> {
        let options = LogOptions::new(Arc::new(|| cairn_event::Timestamp::from_ms(0)));
        Arc::new(SegmentLog::open(folder, &options).unwrap())
    }

    async fn records(log: &dyn EventLog) -> Vec<String> {
        let slice = log.read(log.first(), READ).await.unwrap();
        slice.records.iter().map(|record| String::from_utf8(record.to_vec()).unwrap()).collect()
    }

    #[tokio::test]
    async fn an_upload_that_was_cut_off_is_recorded_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let history = History::open(&path("history"), HistoryOptions::default()).unwrap();
        let (small, large) = (log(&path("small")), log(&path("large")));
        let intents = Intents::new(small.clone());
        let [done, recorded, cut] = [1, 2, 3].map(Uuid::from_u128);
        for id in [done, recorded, cut] {
            let intent = intents.declare(id, record(id)).await.unwrap();
            if id == done {
                small.append(vec![mark(id.to_string())]).await.unwrap();
            }
            drop(intent);
        }
        history.append(Offset::new(0), &[Bytes::from(record(recorded))], &[0]).unwrap();
        // As a start after a crash finds it.
        let intents = Intents::new(small);
        assert_eq!(intents.recover(&*large, &history).await.unwrap(), 1);
        let written = records(&*large).await;
        assert_eq!(written.len(), 1);
        assert!(written[0].contains(&cut.to_string()));
        assert_eq!(intents.recover(&*large, &history).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn what_is_done_leaves_a_mark() {
        let folder = tempfile::tempdir().unwrap();
        let small = log(folder.path());
        let intents = Intents::new(small.clone());
        let id = Uuid::from_u128(7);
        let intent = intents.declare(id, record(id)).await.unwrap();
        let seen = small.committed();
        intent.done();
        small.changed(seen).await;
        assert!(intents.left(small.committed()).await.unwrap().is_empty());
    }
}
