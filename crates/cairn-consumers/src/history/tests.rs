//! The workers over a real log: whatever fails, every committed record is in history once.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use bytes::Bytes;
use cairn_event::Timestamp;
use cairn_history::{
    Fault, FaultPlan, History, HistoryError, HistoryOptions, Room, SearchBudget, SearchQuery,
};
use cairn_store::{Clock, EventLog, LogOptions, Offset, ReadLimit, SegmentLog};

use super::workers;
use crate::worker::{Progress, Worker};
use crate::{Runner, RunnerOptions};

/// 2026-11-25T17:00:00Z.
const NOW: Timestamp = Timestamp::from_ms(1_795_626_000_000);

fn options() -> HistoryOptions {
    HistoryOptions { slice_records_max: 40, merged_rows_max: 400, ..HistoryOptions::default() }
}

fn clock() -> Clock {
    Arc::new(|| NOW)
}

fn log(directory: &Path) -> Arc<dyn EventLog> {
    Arc::new(SegmentLog::open(&directory.join("log"), &LogOptions::new(clock())).unwrap())
}

fn record(number: u64) -> Bytes {
    let seconds = NOW.as_ms() / 1_000 + number.cast_signed() % 7;
    let time = Timestamp::from_seconds(seconds).iso_seconds();
    format!(r#"{{"eventTime":"{time}","eventID":"{number}","awsRegion":"us-east-1"}}"#).into()
}

/// Appends numbered records to a log.
async fn commit(log: &Arc<dyn EventLog>, count: u64) {
    let first = log.committed().as_u64();
    log.append((first..first + count).map(record).collect()).await.unwrap();
}

/// Steps until no worker has more to do; failed steps are tried again.
async fn work(log: &Arc<dyn EventLog>, history: &Arc<History>, now: Timestamp) {
    let (mut feed, mut seal, mut upkeep) = workers(Arc::clone(log), Arc::clone(history));
    // Merges wait for a moment without new records, and for longer after one found no room.
    let mut quiet = Timestamp::from_ms(now.as_ms() + 5_000);
    loop {
        quiet = Timestamp::from_ms(quiet.as_ms() + 600_000);
        let stepped = [feed.step(now).await, seal.step(now).await, upkeep.step(quiet).await];
        if stepped.iter().all(|step| matches!(step, Ok(Progress::Idle)))
            && history.tail_next() == log.committed()
        {
            return;
        }
    }
}

fn assert_complete(history: &History, committed: Offset, when: &str) {
    let (mut offsets, mut after) = (Vec::new(), None);
    loop {
        let budget = SearchBudget::rows(u64::MAX);
        let page = history.search(&SearchQuery::default(), after, 100, budget).unwrap();
        for hit in &page.hits {
            assert_eq!(hit.record, record(hit.offset.as_u64()), "{when}");
            offsets.push(hit.offset.as_u64());
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    offsets.sort_unstable();
    assert_eq!(offsets, (0..committed.as_u64()).collect::<Vec<_>>(), "{when}");
}

/// Makes one write of history fail, by its number.
fn failing(number: usize, fault: Fault) -> (FaultPlan, Arc<AtomicUsize>) {
    let writes = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&writes);
    let plan: FaultPlan =
        Arc::new(move |_| (counted.fetch_add(1, Ordering::Relaxed) == number).then_some(fault));
    (plan, writes)
}

#[tokio::test]
async fn every_committed_record_is_in_history_once_whatever_write_fails() {
    for fault in [Fault::Fails, Fault::FailsButPersists, Fault::Full, Fault::FullButPersists] {
        for number in 1.. {
            let when = format!("write {number} {fault:?}");
            let directory = tempfile::tempdir().unwrap();
            let place = directory.path().join("history");
            cairn_store::durable::create_directory(&place).unwrap();
            let log = log(directory.path());
            let (plan, writes) = failing(number, fault);
            let history = Arc::new(History::open_with_faults(&place, options(), plan).unwrap());
            for _ in 0..9 {
                commit(&log, 50).await;
                work(&log, &history, NOW).await;
            }
            assert_complete(&history, log.committed(), &when);
            assert!(history.status().slices < 4, "they were merged");
            drop(history);
            // The process is gone; another one goes on.
            let history = Arc::new(History::open(&place, options()).unwrap());
            commit(&log, 30).await;
            work(&log, &history, NOW).await;
            assert_complete(&history, log.committed(), &when);
            assert_eq!(History::verify(&place).unwrap(), [], "{when}");
            if writes.load(Ordering::Relaxed) <= number {
                assert!(number > 20, "{number} writes were tried");
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_tail_that_is_lost_comes_from_the_log_again() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path().join("history");
    let log = log(directory.path());
    for round in 0..5 {
        let history = Arc::new(History::open(&place, options()).unwrap());
        commit(&log, 17).await;
        work(&log, &history, NOW).await;
        assert_complete(&history, log.committed(), &format!("round {round}"));
    }
}

#[tokio::test]
async fn the_feed_has_a_tail_sealed_that_others_filled() {
    let directory = tempfile::tempdir().unwrap();
    let log = log(directory.path());
    let history = Arc::new(History::open(&directory.path().join("history"), options()).unwrap());
    commit(&log, 50).await;
    // As whoever searches does with the newest records.
    let limit = ReadLimit { records_max: 50, bytes_max: 1 << 20 };
    let slice = log.read(Offset::ZERO, limit).await.unwrap();
    history.append(slice.first, &slice.records, &slice.appended_ms).unwrap();
    let (mut feed, mut seal, _) = workers(Arc::clone(&log), history);
    assert!(matches!(feed.step(NOW).await, Ok(Progress::Idle)));
    let is_called = tokio::select! {
        biased;
        () = seal.wait() => true,
        () = std::future::ready(()) => false,
    };
    assert!(is_called);
}

#[tokio::test]
async fn old_records_of_a_quiet_tail_are_sealed() {
    let directory = tempfile::tempdir().unwrap();
    let log = log(directory.path());
    let place = directory.path().join("history");
    let history = Arc::new(History::open(&place, options()).unwrap());
    commit(&log, 3).await;
    work(&log, &history, NOW).await;
    assert_eq!(history.covered(), Offset::ZERO);
    let later = Timestamp::from_ms(NOW.as_ms() + options().slice_age_ms_max);
    work(&log, &history, later).await;
    assert_eq!(history.covered(), Offset::new(3));
}

#[tokio::test]
async fn history_follows_a_log_whose_beginning_has_expired() {
    let directory = tempfile::tempdir().unwrap();
    let mut log_options = LogOptions::new(clock());
    log_options.segment_bytes_max = 1;
    let log: Arc<dyn EventLog> =
        Arc::new(SegmentLog::open(&directory.path().join("log"), &log_options).unwrap());
    for _ in 0..4 {
        commit(&log, 10).await;
    }
    let first = log.expire(Offset::new(25)).await.unwrap();
    assert!(first > Offset::ZERO, "the log cuts a segment for each batch");
    let place = directory.path().join("history");
    let history = Arc::new(History::open(&place, options()).unwrap());
    work(&log, &history, NOW).await;
    assert_eq!(history.tail_next(), Offset::new(40));
    let budget = SearchBudget::rows(u64::MAX);
    let found = history.search(&SearchQuery::default(), None, 100, budget).unwrap().hits;
    assert_eq!(found.len() as u64, 40 - first.as_u64());
}

#[tokio::test]
async fn under_the_runner_a_caller_reads_its_own_writes() {
    let directory = tempfile::tempdir().unwrap();
    let log = log(directory.path());
    let place = directory.path().join("history");
    let history = Arc::new(History::open(&place, options()).unwrap());
    let mut runner = Runner::new(RunnerOptions { clock: clock(), stop_ms_max: 60_000 });
    let (feed, seal, upkeep) = workers(Arc::clone(&log), Arc::clone(&history));
    runner.spawn(feed);
    runner.spawn(seal);
    runner.spawn(upkeep);
    for _ in 0..20 {
        commit(&log, 33).await;
        history.reached(log.committed()).await;
        assert_complete(&history, log.committed(), "under the runner");
    }
    let names: Vec<_> = runner.workers().list().iter().map(|worker| worker.name).collect();
    assert_eq!(names, ["history-feed", "history-seal", "history-upkeep"]);
    assert!(runner.stop().await);
}

#[tokio::test(start_paused = true)]
async fn records_wait_for_company_until_somebody_asks() {
    let directory = tempfile::tempdir().unwrap();
    let log = log(directory.path());
    let history = Arc::new(History::open(&directory.path().join("history"), options()).unwrap());
    let (mut feed, _, _) = workers(Arc::clone(&log), Arc::clone(&history));
    let started = tokio::time::Instant::now();
    commit(&log, 1).await;
    let asked = log.committed();
    let asks = history.reached(asked);
    let feeds = async {
        feed.wait().await;
        feed.step(NOW).await.unwrap();
    };
    tokio::join!(asks, feeds);
    assert_eq!((history.tail_next(), started.elapsed()), (asked, std::time::Duration::ZERO));
    commit(&log, 1).await;
    feed.wait().await;
    assert!(!started.elapsed().is_zero());
}

#[tokio::test(start_paused = true)]
async fn on_a_full_disk_all_waits_and_goes_on_by_itself() {
    let directory = tempfile::tempdir().unwrap();
    let log = log(directory.path());
    let place = directory.path().join("history");
    let room = Room::new(AtomicU64::new(0));
    let opened = History::open_with_room(&place, options(), Arc::clone(&room));
    let history = Arc::new(opened.unwrap());
    let mut runner = Runner::new(RunnerOptions { clock: clock(), stop_ms_max: 60_000 });
    let (feed, seal, upkeep) = workers(Arc::clone(&log), Arc::clone(&history));
    runner.spawn(feed);
    runner.spawn(seal);
    runner.spawn(upkeep);
    commit(&log, 300).await;
    let told = history.reached_unless_full(log.committed()).await;
    assert!(matches!(told, Err(HistoryError::Full)));
    assert!(history.tail_next() < log.committed());
    // The status is published when the step has ended.
    while runner.workers().list()[1].status["lacks_room"] != true {
        tokio::task::yield_now().await;
    }
    room.store(u64::MAX, Ordering::SeqCst);
    history.reached(log.committed()).await;
    assert!(history.goes_on().is_ok());
    assert_complete(&history, log.committed(), "with room again");
    assert!(runner.stop().await);
    assert_eq!(History::verify(&place).unwrap(), []);
}

#[tokio::test]
async fn merges_leave_room_that_is_short_to_others() {
    let directory = tempfile::tempdir().unwrap();
    let log = log(directory.path());
    let place = directory.path().join("history");
    let room = Room::new(AtomicU64::new(u64::MAX));
    let opened = History::open_with_room(&place, options(), Arc::clone(&room));
    let history = Arc::new(opened.unwrap());
    let (mut feed, mut seal, mut upkeep) = workers(Arc::clone(&log), Arc::clone(&history));
    for _ in 0..9 {
        commit(&log, 40).await;
        while feed.step(NOW).await.unwrap() == Progress::More {}
        while seal.step(NOW).await.unwrap() == Progress::More {}
    }
    let after = |ms| Timestamp::from_ms(NOW.as_ms() + ms);
    room.store(0, Ordering::SeqCst);
    assert!(upkeep.step(after(10_000)).await.is_err());
    room.store(u64::MAX, Ordering::SeqCst);
    assert_eq!(upkeep.step(after(20_000)).await.unwrap(), Progress::Idle);
    assert_eq!(history.status().slices, 9);
    assert_eq!(upkeep.step(after(610_000)).await.unwrap(), Progress::More);
    assert_eq!(history.status().slices, 2);
}
