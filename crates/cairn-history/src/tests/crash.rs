//! Every write that history makes fails, or fails after it persisted; then it is tried again, and
//! then the process dies. No record is lost, and none comes twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cairn_event::Timestamp;
use cairn_store::Offset;

use super::support::{Dice, Model, NOON_MS, all_pages, assert_sound, options};
use crate::{Fault, FaultPlan, History, HistoryOptions, SearchBudget, SearchQuery};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

const FAULTS: [Fault; 4] =
    [Fault::Fails, Fault::FailsButPersists, Fault::Full, Fault::FullButPersists];

fn with_retention() -> HistoryOptions {
    HistoryOptions { retention_ms: Some(90 * DAY_MS), ..options() }
}

/// Makes the write with this number fail, and tells how many there were.
fn failing(number: usize, fault: Fault) -> (FaultPlan, Arc<AtomicUsize>) {
    let writes = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&writes);
    let plan: FaultPlan =
        Arc::new(move |_| (counted.fetch_add(1, Ordering::Relaxed) == number).then_some(fault));
    (plan, writes)
}

/// All that a worker does; whatever fails is left for another time.
fn work(history: &History, model: &mut Model, dice: &mut Dice) {
    for _ in 0..7 {
        model.append(history, dice, 20);
        let _ = history.seal();
    }
    let mut builder = history.builder(history.tail_next());
    for _ in 0..20 {
        let record = super::support::record(dice, model.records.len() as u64);
        builder.push(record.clone(), NOON_MS);
        model.records.push(record);
    }
    let adopted = builder.finish().and_then(|built| history.adopt(built.unwrap()));
    if adopted.is_err() {
        // The records are in the log all the same, so they come the other way.
        refill(history, model);
    }
    let _ = history.merge_step();
    model.append(history, dice, 20);
    let _ = history.seal();
    let _ = history.merge_step();
}

/// What the worker does after a start: reads the log from where history goes on.
pub(super) fn refill(history: &History, model: &Model) {
    let next = history.tail_next();
    let rest = &model.records[next.as_u64() as usize..];
    history.append(next, rest, &vec![NOON_MS; rest.len()]).unwrap();
}

pub(super) fn assert_complete(history: &History, model: &Model, first: usize, when: &str) {
    let budget = SearchBudget::rows(u64::MAX);
    let found =
        all_pages(|after| history.search(&SearchQuery::default(), after, 64, budget).unwrap());
    let mut offsets: Vec<_> = found.iter().map(|hit| hit.offset.as_u64() as usize).collect();
    offsets.sort_unstable();
    assert_eq!(offsets, (first..model.records.len()).collect::<Vec<_>>(), "{when}");
    for hit in found {
        assert_eq!(hit.record, model.records[hit.offset.as_u64() as usize], "{when}");
    }
}

#[test]
fn any_write_may_fail_and_nothing_is_lost_or_doubled() {
    for fault in FAULTS {
        let mut number = 0;
        loop {
            let directory = tempfile::tempdir().unwrap();
            let (plan, writes) = failing(number, fault);
            let mut model = Model::default();
            let opened = History::open_with_faults(directory.path(), options(), plan);
            if let Ok(history) = opened {
                work(&history, &mut model, &mut Dice::new(7));
                assert_complete(&history, &model, 0, "in the process");
            }
            let when = format!("write {number} {fault:?}");
            // The process dies here: nothing in memory is used again.
            let history = History::open(directory.path(), options()).unwrap();
            refill(&history, &model);
            assert_complete(&history, &model, 0, &when);
            history.seal().unwrap();
            while history.merge_step().unwrap().is_some() {}
            assert_complete(&history, &model, 0, &when);
            assert_sound(directory.path());
            if writes.load(Ordering::Relaxed) <= number {
                break;
            }
            number += 1;
        }
        assert!(number > 40, "{number} writes were tried");
    }
}

#[test]
fn expiry_may_fail_at_any_write_and_nothing_comes_back() {
    for fault in FAULTS {
        let mut number = 0;
        loop {
            let directory = tempfile::tempdir().unwrap();
            let mut model = Model::default();
            let history = History::open(directory.path(), with_retention()).unwrap();
            model.append(&history, &mut Dice::new(7), 30);
            history.seal().unwrap();
            let rest: Vec<_> =
                (30..40).map(|at| super::support::record(&mut Dice::new(at), at)).collect();
            history.append(Offset::new(30), &rest, &[NOON_MS + 50 * DAY_MS; 10]).unwrap();
            model.records.extend(rest);
            history.seal().unwrap();
            drop(history);
            let (plan, writes) = failing(number + 1, fault);
            let later = Timestamp::from_ms(NOON_MS + 100 * DAY_MS);
            // The first write is that of the directory, which is there.
            let history =
                History::open_with_faults(directory.path(), with_retention(), plan).unwrap();
            let _ = history.expire(later);
            // For want of room of a marker, it goes without.
            history.expire(later).unwrap();
            assert_complete(&history, &model, 30, "in the process");
            drop(history);
            let history = History::open(directory.path(), with_retention()).unwrap();
            assert_eq!(history.covered(), Offset::new(40));
            history.expire(later).unwrap();
            assert_complete(&history, &model, 30, "after a restart");
            assert_sound(directory.path());
            if writes.load(Ordering::Relaxed) <= number + 1 {
                break;
            }
            number += 1;
        }
        assert!(number >= 4, "{number} writes were tried");
    }
}

#[test]
fn the_same_records_make_the_same_files() {
    let files = || {
        let directory = tempfile::tempdir().unwrap();
        let history = History::open(directory.path(), options()).unwrap();
        let mut model = Model::default();
        let mut dice = Dice::new(9);
        for _ in 0..8 {
            model.append(&history, &mut dice, 300);
            history.seal().unwrap();
        }
        history.merge_step().unwrap().unwrap();
        let mut files: Vec<_> = std::fs::read_dir(directory.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|path| (path.file_name().unwrap().to_owned(), std::fs::read(path).unwrap()))
            .collect();
        files.sort();
        files
    };
    let (first, second) = (files(), files());
    assert_eq!(first.len(), 2);
    assert!(first == second);
}
