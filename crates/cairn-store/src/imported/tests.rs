use std::sync::Arc;

use bytes::Bytes;
use cairn_event::Timestamp;

use super::{BatchMark, Imported, OpenRange, RANGES, UnderWay, settle};
use crate::{
    EventLog, KeyPrefix, LogOptions, MetaStore, Offset, ReadLimit, SegmentLog, SqliteMeta,
};

fn at(offset: u64) -> Offset {
    Offset::new(offset)
}

async fn runs(meta: &dyn MetaStore) -> Vec<(u64, u64)> {
    let listed = meta.list(&KeyPrefix::new(RANGES), None, 10).await.unwrap();
    let number = |text: &str| text.parse().unwrap();
    let run = |(key, found): &(crate::Key, crate::Versioned)| {
        let value = std::str::from_utf8(&found.value).unwrap();
        (number(key.as_str().trim_start_matches(RANGES)), number(value))
    };
    listed.iter().map(run).collect()
}

fn log(directory: &std::path::Path) -> SegmentLog {
    let options = LogOptions::new(Arc::new(|| Timestamp::from_ms(1_795_626_000_000)));
    SegmentLog::open(&directory.join("log"), &options).unwrap()
}

fn batch(name: &str, count: usize) -> Vec<Bytes> {
    (0..count).map(|number| Bytes::from(format!("{name}-{number}"))).collect()
}

#[tokio::test]
async fn runs_have_an_end_also_after_a_crash() {
    let directory = tempfile::tempdir().unwrap();
    let meta = SqliteMeta::open(&directory.path().join("meta.sqlite")).unwrap();
    let log = log(directory.path());
    let run = OpenRange::begin(&meta, at(5)).await.unwrap();
    run.end(&meta, at(9)).await.unwrap();
    OpenRange::begin(&meta, at(9)).await.unwrap().end(&meta, at(9)).await.unwrap();
    OpenRange::begin(&meta, at(20)).await.unwrap();
    assert_eq!(runs(&meta).await[1].1, u64::MAX);
    log.append(batch("r", 23)).await.unwrap();
    settle(&meta, &log).await.unwrap();
    assert_eq!(runs(&meta).await, [(5, 9), (20, 23)]);
    // One that was killed before it appended anything.
    OpenRange::begin(&meta, at(23)).await.unwrap();
    settle(&meta, &log).await.unwrap();
    assert_eq!(runs(&meta).await, [(5, 9), (20, 23)]);
}

#[tokio::test]
async fn batches_among_records_of_others_are_found_after_a_crash() {
    let directory = tempfile::tempdir().unwrap();
    let meta = SqliteMeta::open(&directory.path().join("meta.sqlite")).unwrap();
    let log = log(directory.path());
    log.append(batch("before", 4)).await.unwrap();
    let batches = [batch("a", 3), batch("never", 2), batch("b", 5)];
    let marks = batches.iter().filter_map(|batch| BatchMark::of(batch)).collect();
    UnderWay::begin(&meta, log.committed(), marks).await.unwrap();
    let known = Imported::read(&meta).await.unwrap();
    assert_eq!(known.until(at(9)), at(4), "nothing is known of what comes after");
    assert_eq!(known.until(at(2)), at(2));
    log.append(batch("other", 1)).await.unwrap();
    log.append(batches[0].clone()).await.unwrap();
    log.append(batch("another", 2)).await.unwrap();
    log.append(batches[2].clone()).await.unwrap();
    let twice = UnderWay::begin(&meta, log.committed(), Vec::new()).await;
    assert!(twice.is_err(), "who appends batches takes turns");
    settle(&meta, &log).await.unwrap();
    assert_eq!(runs(&meta).await, [(5, 8), (10, 15)]);
    assert!(UnderWay::find(&meta).await.unwrap().is_none());
    let known = Imported::read(&meta).await.unwrap();
    assert_eq!(known.until(at(15)), at(15));
    let limit = ReadLimit { records_max: 9, bytes_max: 1 << 20 };
    assert_eq!(log.read(at(5), limit).await.unwrap().records[..3], batches[0][..]);
}

#[tokio::test]
async fn runs_that_touch_are_one() {
    let directory = tempfile::tempdir().unwrap();
    let meta = SqliteMeta::open(&directory.path().join("meta.sqlite")).unwrap();
    let under_way = UnderWay::begin(&meta, at(0), Vec::new()).await.unwrap();
    let got = [(at(0), at(5)), (at(5), at(9)), (at(10), at(12))];
    under_way.end(&meta, &got).await.unwrap();
    assert_eq!(runs(&meta).await, [(0, 9), (10, 12)]);
}

#[test]
fn imported_runs_are_passed_over() {
    let run = |from, to| (at(from), at(to));
    let imported = Imported::new(vec![run(20, 20), run(5, 10), run(10, 12), run(30, 40)], None);
    let skip = |from| imported.skip(at(from)).as_u64();
    assert_eq!([0, 4, 5, 9, 11, 12, 20, 39].map(skip), [0, 4, 12, 12, 12, 12, 20, 40]);
    let stop = |from| imported.stop(at(from), at(35)).as_u64();
    assert_eq!([0, 4, 12, 25, 40].map(stop), [5, 5, 30, 30, 35]);
}
