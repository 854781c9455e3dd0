//! The contract of `EventLog`, number by number.

use std::sync::Arc;

use bytes::Bytes;

use super::TRIES_MAX;
use crate::log::{
    BATCH_BYTES_MAX, BATCH_RECORDS_MAX, EventLog, LogError, LogSlice, Offset, RECORD_BYTES_MAX,
    ReadLimit,
};

/// No limit that matters here.
const ALL: ReadLimit = ReadLimit { records_max: usize::MAX, bytes_max: usize::MAX };

/// Checks every number of the contract of [`EventLog`]. `open` opens the log under test, empty at
/// first; every later call opens the same log again, after the one before was dropped.
pub async fn event_log_contract(open: impl FnMut() -> Arc<dyn EventLog>) {
    let mut subject = Subject::new(open);
    begins_empty(&subject).await;
    appended_is_there_after_a_restart(&mut subject).await;
    offsets_rise_without_gaps(&mut subject).await;
    batches_stay_whole_side_by_side(&mut subject).await;
    reads_keep_to_their_limits(&mut subject).await;
    reads_beyond_the_end_are_refused(&subject).await;
    changes_wake_who_waits(&mut subject).await;
    limits_hold(&mut subject).await;
    dropped_appends_do_no_harm(&mut subject).await;
    expiry_keeps_what_it_must(&mut subject).await;
}

/// The log under test, and what must be in it.
struct Subject<F> {
    open: F,
    log: Option<Arc<dyn EventLog>>,
    appended: Vec<Bytes>,
    first: u64,
}

impl<F: FnMut() -> Arc<dyn EventLog>> Subject<F> {
    fn new(mut open: F) -> Self {
        let log = Some(open());
        Self { open, log, appended: Vec::new(), first: 0 }
    }

    fn log(&self) -> &Arc<dyn EventLog> {
        self.log.as_ref().unwrap()
    }

    fn reopen(&mut self) {
        self.log = None;
        self.log = Some((self.open)());
    }

    fn next(&self) -> u64 {
        self.appended.len() as u64
    }

    /// Appends as a careful caller does: until it is certain that the records are there, once.
    async fn append(&mut self, records: Vec<Bytes>) -> Offset {
        let first = Offset::new(self.next());
        for _ in 0..TRIES_MAX {
            match self.log().append(records.clone()).await {
                Ok(offset) => {
                    assert_eq!(offset, first, "4: the next offset");
                    self.appended.extend(records);
                    let next = Offset::new(self.next());
                    assert!(self.log().committed() >= next, "5: Ok is below committed");
                    return first;
                }
                Err(LogError::Full | LogError::Io { .. }) => {
                    assert_eq!(self.log().committed(), first, "3: a refusal appends nothing");
                }
                Err(LogError::Unknown { .. } | LogError::Closed) => {
                    let closed = self.log().append(records.clone()).await;
                    assert!(matches!(closed, Err(LogError::Closed)), "3: Closed after Unknown");
                    self.reopen();
                    let committed = self.log().committed().as_u64();
                    if committed == self.next() + records.len() as u64 {
                        self.appended.extend(records);
                        return first;
                    }
                    assert_eq!(committed, self.next(), "3: all of it or none of it");
                }
                Err(error) => panic!("an append that must work: {error}"),
            }
        }
        panic!("no append in {TRIES_MAX} tries");
    }

    async fn check_all(&self) {
        let from = Offset::new(self.first);
        let slice = read_all(self.log(), from, ALL).await;
        assert_eq!(slice.first, from);
        assert_eq!(slice.next, Offset::new(self.next()));
        assert_eq!(slice.records, &self.appended[self.first as usize..], "6: the same bytes");
        assert_eq!(slice.appended_ms.len(), slice.records.len(), "6: a time for each");
        assert!(slice.appended_ms.is_sorted(), "6: times do not fall");
    }
}

/// Reads up to what is committed, slice by slice.
async fn read_all(log: &Arc<dyn EventLog>, from: Offset, limit: ReadLimit) -> LogSlice {
    let mut all = LogSlice::empty(from);
    while all.next < log.committed() {
        let slice = log.read(all.next, limit).await.unwrap();
        assert_eq!(slice.first, all.next, "6: no gap");
        assert!(!slice.records.is_empty(), "6: at least one record");
        assert_eq!(slice.next, slice.first.plus(slice.records.len() as u64));
        all.next = slice.next;
        all.records.extend(slice.records);
        all.appended_ms.extend(slice.appended_ms);
    }
    all
}

fn record(text: &str, bytes: usize) -> Bytes {
    let mut record = format!("{{\"eventID\":\"{text}\"").into_bytes();
    record.resize(bytes.max(record.len()), b' ');
    Bytes::from(record)
}

async fn begins_empty<F: FnMut() -> Arc<dyn EventLog>>(subject: &Subject<F>) {
    assert_eq!(subject.log().committed(), Offset::ZERO);
    assert_eq!(subject.log().first(), Offset::ZERO);
    assert_eq!(subject.log().read(Offset::ZERO, ALL).await.unwrap(), LogSlice::empty(Offset::ZERO));
}

async fn appended_is_there_after_a_restart<F: FnMut() -> Arc<dyn EventLog>>(
    subject: &mut Subject<F>,
) {
    subject.append(vec![record("1", 0)]).await;
    subject.append(vec![Bytes::new(), record("not \0 text \u{fffd}", 40), Bytes::new()]).await;
    subject.check_all().await;
    subject.reopen();
    subject.check_all().await;
}

async fn offsets_rise_without_gaps<F: FnMut() -> Arc<dyn EventLog>>(subject: &mut Subject<F>) {
    for number in 0..40_usize {
        let records = (0..=number % 7).map(|part| record(&format!("4/{number}/{part}"), 300));
        subject.append(records.collect()).await;
    }
    subject.reopen();
    subject.check_all().await;
}

/// 2 and 4: many writers at once; afterwards each acknowledged batch is where it was said to be.
async fn batches_stay_whole_side_by_side<F: FnMut() -> Arc<dyn EventLog>>(
    subject: &mut Subject<F>,
) {
    let mut writers = Vec::new();
    for writer in 0..8 {
        let log = Arc::clone(subject.log());
        writers.push(tokio::spawn(async move {
            let mut acknowledged = Vec::new();
            for number in 0..10 {
                let batch: Vec<Bytes> =
                    (0..3).map(|part| record(&format!("2/{writer}/{number}/{part}"), 0)).collect();
                if let Ok(offset) = log.append(batch.clone()).await {
                    acknowledged.push((offset, batch));
                }
            }
            acknowledged
        }));
    }
    let mut acknowledged = Vec::new();
    for writer in writers {
        let of_one = writer.await.unwrap();
        assert!(of_one.is_sorted_by_key(|(offset, _)| *offset), "4: rising offsets");
        acknowledged.extend(of_one);
    }
    subject.reopen();
    let slice = read_all(subject.log(), Offset::ZERO, ALL).await;
    for (offset, batch) in acknowledged {
        let at = offset.as_u64() as usize;
        assert_eq!(slice.records[at..at + batch.len()], batch, "1, 2: whole, where it was said");
    }
    let new = &slice.records[subject.appended.len()..];
    assert_eq!(new.len() % 3, 0, "2: no part of a batch");
    for batch in new.chunks(3) {
        assert!(batch.is_sorted(), "2: a batch is in one piece");
    }
    subject.appended = slice.records;
}

async fn reads_keep_to_their_limits<F: FnMut() -> Arc<dyn EventLog>>(subject: &mut Subject<F>) {
    subject.append((0..20).map(|part| record(&format!("6/{part}"), 1_000)).collect()).await;
    for (records_max, bytes_max) in [(1, 1), (0, 0), (3, usize::MAX), (usize::MAX, 2_500)] {
        let limit = ReadLimit { records_max, bytes_max };
        for from in [0, subject.next() / 2, subject.next() - 5] {
            let slice = subject.log().read(Offset::new(from), limit).await.unwrap();
            let bytes: usize = slice.records.iter().map(Bytes::len).sum();
            let within = slice.records.len() <= records_max && bytes <= bytes_max;
            assert!(within || slice.records.len() == 1, "6: within the limit, or one");
        }
        let all = read_all(subject.log(), Offset::ZERO, limit).await;
        assert_eq!(all.records, subject.appended, "6: slices join");
    }
}

async fn reads_beyond_the_end_are_refused<F: FnMut() -> Arc<dyn EventLog>>(subject: &Subject<F>) {
    let end = subject.log().committed();
    assert_eq!(subject.log().read(end, ALL).await.unwrap(), LogSlice::empty(end));
    let beyond = subject.log().read(end.plus(1), ALL).await;
    assert!(matches!(beyond, Err(LogError::Ahead { committed }) if committed == end), "6");
}

async fn changes_wake_who_waits<F: FnMut() -> Arc<dyn EventLog>>(subject: &mut Subject<F>) {
    let seen = subject.log().committed();
    subject.log().changed(Offset::ZERO).await;
    let log = Arc::clone(subject.log());
    let mut waiting = Box::pin(async move { log.changed(seen).await });
    assert!(is_pending(&mut waiting).await, "7: nothing has changed yet");
    drop(waiting);
    let log = Arc::clone(subject.log());
    let waiting = tokio::spawn(async move { log.changed(seen).await });
    // Restarts under way would leave the task at a log that never changes.
    let before = Arc::as_ptr(subject.log()).cast::<()>();
    subject.append(vec![record("7", 0)]).await;
    if Arc::as_ptr(subject.log()).cast::<()>() == before {
        waiting.await.unwrap();
    } else {
        waiting.abort();
    }
    subject.log().changed(seen).await;
}

/// Polls once; whether it is still pending.
async fn is_pending<F: Future + Unpin>(future: &mut F) -> bool {
    std::future::poll_fn(|context| {
        std::task::Poll::Ready(std::pin::Pin::new(&mut *future).poll(context).is_pending())
    })
    .await
}

async fn limits_hold<F: FnMut() -> Arc<dyn EventLog>>(subject: &mut Subject<F>) {
    let before = subject.log().committed();
    let long = Bytes::from(vec![b'x'; RECORD_BYTES_MAX + 1]);
    let full = Bytes::from(vec![b'x'; RECORD_BYTES_MAX]);
    let too_large = [
        vec![long],
        vec![full.clone(); BATCH_BYTES_MAX / RECORD_BYTES_MAX + 1],
        vec![Bytes::new(); BATCH_RECORDS_MAX + 1],
    ];
    for records in too_large {
        for _ in 0..TRIES_MAX {
            match subject.log().append(records.clone()).await {
                Err(LogError::TooLarge { .. }) => break,
                Err(LogError::Closed | LogError::Unknown { .. }) => subject.reopen(),
                outcome => assert!(outcome.is_err(), "9: beyond the limits"),
            }
        }
    }
    assert_eq!(subject.log().committed(), before);
    if let Ok(offset) = subject.log().append(Vec::new()).await {
        assert_eq!(offset, before, "9: nothing is appended at the end");
    }
    assert_eq!(subject.log().committed(), before);
    subject.append(vec![full; BATCH_BYTES_MAX / RECORD_BYTES_MAX]).await;
    subject.append(vec![Bytes::from_static(b"{}"); BATCH_RECORDS_MAX]).await;
    subject.reopen();
    subject.check_all().await;
}

/// 10: an append that nobody waits for is there or not, whole, and the next one works.
async fn dropped_appends_do_no_harm<F: FnMut() -> Arc<dyn EventLog>>(subject: &mut Subject<F>) {
    for number in 0..5 {
        let log = Arc::clone(subject.log());
        let batch: Vec<Bytes> =
            (0..3).map(|part| record(&format!("10/{number}/{part}"), 0)).collect();
        let mut append = Box::pin(async move { log.append(batch).await });
        is_pending(&mut append).await;
    }
    subject.reopen();
    let slice = read_all(subject.log(), Offset::new(subject.next()), ALL).await;
    assert_eq!(slice.records.len() % 3, 0, "2: whole or not at all");
    assert!(slice.records.len() <= 15);
    subject.appended.extend(slice.records);
    subject.append(vec![record("10", 0)]).await;
    subject.check_all().await;
}

async fn expiry_keeps_what_it_must<F: FnMut() -> Arc<dyn EventLog>>(subject: &mut Subject<F>) {
    for before in [0, subject.next() / 2, subject.next()] {
        let kept = subject.log().first();
        match subject.log().expire(Offset::new(before)).await {
            Ok(first) => {
                assert_eq!(first, subject.log().first(), "8: the new first offset");
                assert!(first >= kept, "8: it never falls");
            }
            Err(LogError::Io { .. } | LogError::Full | LogError::Closed) => subject.reopen(),
            Err(error) => panic!("an expiry that must work: {error}"),
        }
        subject.first = subject.log().first().as_u64();
        assert!(subject.first <= before.max(kept.as_u64()), "8: nothing at or above it goes");
        let slice = subject.log().read(Offset::ZERO, ALL).await.unwrap();
        assert_eq!(slice.first.as_u64(), subject.first, "6: begins at what is kept");
        subject.check_all().await;
        subject.append(vec![record(&format!("8/{before}"), 0)]).await;
    }
    subject.reopen();
    assert_eq!(subject.log().first().as_u64(), subject.first, "8: expired for ever");
    subject.check_all().await;
}
