//! What is recorded long ago goes, and does not come back.

use cairn_event::Timestamp;
use cairn_store::Offset;

use super::support::{Dice, NOON_MS, all_pages, options, record};
use crate::{History, HistoryOptions, SearchBudget, SearchQuery};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

fn with_retention() -> HistoryOptions {
    HistoryOptions { retention_ms: Some(90 * DAY_MS), ..options() }
}

/// Appends records that were recorded on a day.
fn on_day(history: &History, day: i64, count: u64) {
    let first = history.tail_next();
    let mut dice = Dice::new(first.as_u64() + 1);
    let records: Vec<_> =
        (0..count).map(|number| record(&mut dice, first.as_u64() + number)).collect();
    let times = vec![NOON_MS + day * DAY_MS; records.len()];
    history.append(first, &records, &times).unwrap();
    history.seal().unwrap();
}

fn count(history: &History) -> usize {
    let budget = SearchBudget::rows(u64::MAX);
    all_pages(|after| history.search(&SearchQuery::default(), after, 500, budget).unwrap()).len()
}

#[test]
fn slices_expire_by_when_they_were_recorded() {
    let directory = tempfile::tempdir().unwrap();
    let history = History::open(directory.path(), with_retention()).unwrap();
    for day in 0..3 {
        on_day(&history, day, 100);
    }
    let day = |day: i64| Timestamp::from_ms(NOON_MS + day * DAY_MS);
    assert_eq!(history.expire(day(90)).unwrap(), 0);
    assert_eq!(history.expire(day(92)).unwrap(), 2);
    assert_eq!(count(&history), 100);
    assert_eq!(history.covered(), Offset::new(300));
}

#[test]
fn when_all_is_expired_a_restart_does_not_begin_again() {
    let directory = tempfile::tempdir().unwrap();
    let history = History::open(directory.path(), with_retention()).unwrap();
    on_day(&history, 0, 100);
    assert_eq!(history.expire(Timestamp::from_ms(NOON_MS + 100 * DAY_MS)).unwrap(), 1);
    drop(history);
    let history = History::open(directory.path(), with_retention()).unwrap();
    assert_eq!(history.covered(), Offset::new(100));
    assert_eq!(count(&history), 0);
    on_day(&history, 100, 10);
    assert_eq!(count(&history), 10);
}

#[test]
fn days_are_merged_each_for_itself() {
    let directory = tempfile::tempdir().unwrap();
    let history = History::open(directory.path(), with_retention()).unwrap();
    for day in [0, 0, 1, 1, 1, 2] {
        on_day(&history, day, 50);
    }
    while history.merge_step().unwrap().is_some() {}
    let rows: Vec<_> = history.slices().iter().map(|slice| slice.to.since(slice.from)).collect();
    assert_eq!(rows, [100, 150, 50]);
}

#[test]
fn a_log_that_lost_its_beginning_is_followed_from_where_it_begins() {
    let directory = tempfile::tempdir().unwrap();
    let history = History::open(directory.path(), with_retention()).unwrap();
    on_day(&history, 0, 10);
    history.skip_to(Offset::new(500)).unwrap();
    history.skip_to(Offset::new(20)).unwrap();
    assert_eq!(history.tail_next(), Offset::new(500));
    on_day(&history, 0, 10);
    assert_eq!(count(&history), 20);
    let problems = History::verify(directory.path()).unwrap();
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].what.contains("from 10 on are missing"), "{problems:?}");
}

#[test]
fn a_slice_that_cannot_be_opened_goes_with_those_after_it() {
    let directory = tempfile::tempdir().unwrap();
    let history = History::open(directory.path(), with_retention()).unwrap();
    for day in 0..4 {
        on_day(&history, day, 100);
    }
    drop(history);
    let index = directory.path().join("00000000000000000100-00000000000000000200.index");
    std::fs::write(&index, b"no index").unwrap();
    let history = History::open(directory.path(), with_retention()).unwrap();
    let day = |day: i64| Timestamp::from_ms(NOON_MS + day * DAY_MS);
    assert_eq!(history.expire(day(91)).unwrap(), 1);
    assert!(history.damage().is_some(), "it may hold records that are not expired");
    assert_eq!(history.expire(day(93)).unwrap(), 1);
    assert!(history.damage().is_none() && !index.exists());
    assert_eq!(count(&history), 100);
    assert_eq!(History::verify(directory.path()).unwrap(), []);
}
