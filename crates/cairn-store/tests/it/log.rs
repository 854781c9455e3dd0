//! The log with many callers at once, and its read path.

use std::sync::Arc;

use bytes::Bytes;
use cairn_store::log::LogHealth;
use cairn_store::testkit::{Fault, FaultyLog, event_log_contract, ticking_clock};
use cairn_store::{
    EventLog, LogError, LogOptions, Offset, ReadLimit, SegmentLog, fsck, fsck_showing,
};

const ALL: ReadLimit = ReadLimit { records_max: usize::MAX, bytes_max: usize::MAX };

fn options() -> LogOptions {
    LogOptions { segment_bytes_max: 100_000, ..LogOptions::new(ticking_clock(1)) }
}

fn batch(writer: usize, number: usize) -> Vec<Bytes> {
    (0..4).map(|part| Bytes::from(format!("{writer}/{number}/{part}").repeat(30))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_follow_writers_without_a_gap() {
    let directory = tempfile::tempdir().unwrap();
    let options = LogOptions { segment_bytes_max: 10_000, ..options() };
    let log = Arc::new(SegmentLog::open(directory.path(), &options).unwrap());
    let mut tasks = Vec::new();
    for writer in 0..16 {
        let log = Arc::clone(&log);
        tasks.push(tokio::spawn(async move {
            for number in 0..50 {
                log.append(batch(writer, number)).await.unwrap();
            }
        }));
    }
    let blocking = Arc::clone(&log);
    tasks.push(tokio::task::spawn_blocking(move || {
        for number in 0..50 {
            blocking.append_blocking(&batch(16, number)).unwrap();
        }
    }));
    let total = Offset::new(17 * 50 * 4);
    let (mut seen, mut next) = (Vec::new(), Offset::ZERO);
    while next < total {
        log.changed(next).await;
        let limit = ReadLimit { records_max: 7, bytes_max: 3_000 };
        let slice = log.read(next, limit).await.unwrap();
        assert_eq!(slice.first, next);
        assert!(slice.next <= log.committed());
        seen.extend(slice.records);
        next = slice.next;
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(seen, log.read(Offset::ZERO, ALL).await.unwrap().records);
    for four in seen.chunks(4) {
        assert!(four.is_sorted(), "a batch is in one piece");
    }
    let from_memory = seen;
    drop(log);
    let log = SegmentLog::open(directory.path(), &options).unwrap();
    assert!(log.recovery().closed_in_order && log.recovery().segments > 1);
    assert_eq!(log.read_blocking(Offset::ZERO, ALL).unwrap().records, from_memory);
    let mut shown = Vec::new();
    let report = fsck_showing(directory.path(), &mut |record| shown.push(record.to_vec())).unwrap();
    assert!(report.findings.is_empty());
    assert_eq!(shown, from_memory);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_makes_writers_wait_and_loses_nobody() {
    let directory = tempfile::tempdir().unwrap();
    // The smallest queue: one batch of the largest kind fits.
    let options = LogOptions { queue_bytes_max: 1, ..options() };
    let log = Arc::new(SegmentLog::open(directory.path(), &options).unwrap());
    let large = vec![Bytes::from(vec![b'x'; 1 << 20]); 12];
    let mut writers = Vec::new();
    for _ in 0..6 {
        let (log, large) = (Arc::clone(&log), large.clone());
        writers.push(tokio::spawn(async move { log.append(large).await.unwrap() }));
    }
    let mut offsets = Vec::new();
    for writer in writers {
        offsets.push(writer.await.unwrap().as_u64());
    }
    offsets.sort_unstable();
    assert_eq!(offsets, [0, 12, 24, 36, 48, 60]);
}

#[tokio::test]
async fn a_closed_log_refuses_and_still_reads() {
    let directory = tempfile::tempdir().unwrap();
    let log = SegmentLog::open(directory.path(), &options()).unwrap();
    let ticket = log.submit_blocking(&batch(0, 0)).unwrap();
    log.close();
    assert_eq!(ticket.wait().unwrap(), Offset::ZERO);
    assert_eq!(log.health(), LogHealth::Closed);
    assert!(matches!(log.append(batch(0, 1)).await, Err(LogError::Closed)));
    assert!(matches!(log.append_blocking(&batch(0, 1)), Err(LogError::Closed)));
    assert!(matches!(log.expire(Offset::ZERO).await, Err(LogError::Closed)));
    assert_eq!(log.read(Offset::ZERO, ALL).await.unwrap().records, batch(0, 0));
    log.close();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_contract_holds_around_a_log_that_fails() {
    let directory = tempfile::tempdir().unwrap();
    event_log_contract(|| {
        let log = FaultyLog::new(Arc::new(SegmentLog::open(directory.path(), &options()).unwrap()));
        let faults = [Fault::Fails, Fault::FailsUnknown, Fault::Full, Fault::PersistsUnknown];
        for fault in faults.into_iter().cycle().take(200) {
            log.plan(Some(fault));
            log.plan(None);
            log.plan(None);
        }
        Arc::new(log)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn space_returns_as_segments_expire_under_readers() {
    let directory = tempfile::tempdir().unwrap();
    let log = Arc::new(SegmentLog::open(directory.path(), &options()).unwrap());
    // Records that do not compress, so that there are many segments.
    let mut state = 1_u64;
    let mut noise = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) as u8
    };
    for _ in 0..60 {
        let record: Vec<u8> = (0..20_000).map(|_| noise()).collect();
        log.append(vec![Bytes::from(record)]).await.unwrap();
    }
    let before = cairn_store::inspect(directory.path()).unwrap().len();
    assert!(before >= 10, "{before} segments");
    let reader = Arc::clone(&log);
    let reading = tokio::spawn(async move {
        let mut next = Offset::ZERO;
        while next < reader.committed() {
            let one = ReadLimit { records_max: 1, bytes_max: 1 };
            let slice = reader.read(next, one).await.unwrap();
            assert!(slice.first >= next, "it goes on at what is kept");
            next = slice.next;
        }
    });
    let first = log.expire(Offset::new(40)).await.unwrap();
    reading.await.unwrap();
    assert!(first > Offset::new(30) && first <= Offset::new(40), "{first}");
    assert_eq!(log.read(Offset::ZERO, ALL).await.unwrap().first, first);
    let left = cairn_store::inspect(directory.path()).unwrap();
    assert!(left.len() < before && left[0].first == first);
    assert!(fsck(directory.path()).unwrap().findings.is_empty());
}
