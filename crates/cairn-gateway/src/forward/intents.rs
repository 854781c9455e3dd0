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

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
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
    /// The search broke off.
    #[error("the search for uploads that were under way broke off")]
    Search(#[from] tokio::task::JoinError),
}

#[derive(Serialize, Deserialize)]
struct Mark {
    done: String,
}

/// The small log of uploads under way.
#[derive(Debug)]
pub struct Intents {
    log: Arc<dyn EventLog>,
    /// What an earlier run has written ends here.
    begun_at: Offset,
    /// Below which those lie that are not done, and how many at each: where they are, or, while they
    /// are being written, where the log ended before.
    open: Mutex<BTreeMap<Offset, usize>>,
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

/// Keeps what is being written from removal.
struct Floor<'a> {
    intents: &'a Intents,
    at: Offset,
}

impl Drop for Floor<'_> {
    fn drop(&mut self) {
        self.intents.with_open(|open| close(open, self.at));
    }
}

impl Intents {
    /// Keeps them in a log of their own. What is in it by now is of an earlier run.
    pub fn new(log: Arc<dyn EventLog>) -> Arc<Self> {
        let begun_at = log.committed();
        let is_recovered = AtomicBool::new(false);
        Arc::new(Self { log, begun_at, open: Mutex::default(), is_recovered })
    }

    /// Writes an upload down; durable when it returns.
    pub(crate) async fn declare(
        self: &Arc<Self>,
        event_id: Uuid,
        record: Vec<u8>,
    ) -> Result<Intent, LogError> {
        let floor = self.floor();
        let at = self.log.append(vec![Bytes::from(record)]).await?;
        self.with_open(|open| *open.entry(at).or_default() += 1);
        drop(floor);
        Ok(Intent { intents: Arc::clone(self), at, event_id })
    }

    /// Puts uploads into `log` that a crash cut off, once `history` shows all that `log` has. Those
    /// that begin meanwhile are left alone.
    pub async fn recover(
        &self,
        log: &dyn EventLog,
        history: &Arc<History>,
    ) -> Result<usize, RecoverError> {
        let left = self.left(self.begun_at).await?;
        if left.is_empty() {
            self.is_recovered.store(true, Ordering::Release);
            return Ok(0);
        }
        history.reached(log.committed()).await;
        let mut recovered = 0;
        for (event_id, record) in left {
            let search = {
                let (history, event_id) = (Arc::clone(history), event_id.clone());
                tokio::task::spawn_blocking(move || is_recorded(&history, &event_id))
            };
            let is_recorded = search.await??;
            if !is_recorded {
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

    /// Lets nothing be removed that is written from now on.
    fn floor(&self) -> Floor<'_> {
        let at = self.with_open(|open| {
            let at = self.log.committed();
            *open.entry(at).or_default() += 1;
            at
        });
        Floor { intents: self, at }
    }

    /// One at this place is done; below which nothing is open by then.
    fn done(&self, at: Offset) -> Offset {
        self.with_open(|open| {
            close(open, at);
            open.keys().next().copied().unwrap_or_else(|| self.log.committed())
        })
    }

    fn with_open<T>(&self, change: impl FnOnce(&mut BTreeMap<Offset, usize>) -> T) -> T {
        change(&mut self.open.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// One less at this place.
fn close(open: &mut BTreeMap<Offset, usize>, at: Offset) {
    if let Entry::Occupied(mut count) = open.entry(at) {
        *count.get_mut() -= 1;
        if *count.get() == 0 {
            count.remove();
        }
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
            let before = intents.done(at);
            if !intents.is_recovered.load(Ordering::Acquire) {
                return;
            }
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

    #[tokio::test]
    async fn what_is_being_written_is_not_removed() {
        let folder = tempfile::tempdir().unwrap();
        let intents = Intents::new(log(folder.path()));
        let first = intents.declare(Uuid::from_u128(1), record(Uuid::from_u128(1))).await.unwrap();
        // Another one is on its way to the log, and nobody knows its place yet.
        let (floor, other) = (intents.floor(), intents.floor());
        let before = intents.log.committed();
        intents.log.append(vec![Bytes::from_static(b"{}")]).await.unwrap();
        assert_eq!(intents.done(first.at), before);
        drop(other);
        assert_eq!(intents.with_open(|open| open.len()), 1);
        drop(floor);
        assert_eq!(intents.done(first.at), intents.log.committed());
    }

    #[tokio::test]
    async fn an_upload_of_this_run_was_not_left_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let history = History::open(&path("history"), HistoryOptions::default()).unwrap();
        let large = log(&path("large"));
        let intents = Intents::new(log(&path("small")));
        let id = Uuid::from_u128(4);
        let _intent = intents.declare(id, record(id)).await.unwrap();
        assert_eq!(intents.recover(&*large, &Arc::new(history)).await.unwrap(), 0);
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
        let history = Arc::new(History::open(&path("history"), HistoryOptions::default()).unwrap());
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
        let intents = Intents::new(small.clone());
        assert_eq!(intents.recover(&*large, &history).await.unwrap(), 1);
        let written = records(&*large).await;
        assert_eq!(written.len(), 1);
        assert!(written[0].contains(&cut.to_string()));
        let intents = Intents::new(small);
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
