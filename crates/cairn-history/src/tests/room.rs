//! A disk that is nearly full: history goes on in pieces as long as there is any room, says so when
//! there is none, and goes on by itself when there is room again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

use cairn_event::Timestamp;
use cairn_store::Offset;
use tokio::sync::Notify;

use super::crash::{assert_complete, refill};
use super::support::{Dice, Model, NOON_MS, assert_sound, options, record};
use crate::{Fault, FaultPlan, History, HistoryError, HistoryOptions, Room};

/// Records to a full tail.
const FULL: u64 = 2_000;

fn narrow() -> HistoryOptions {
    HistoryOptions { slice_records_max: FULL / 2, ..options() }
}

/// Fills a tail with chunks, and leaves no room for them.
fn in_chunks(history: &History, model: &mut Model, chunks: u64, records: u64, room: &Room) {
    room.store(0, Ordering::SeqCst);
    let mut dice = Dice::new(5);
    for _ in 0..chunks {
        model.append(history, &mut dice, records);
        history.close_chunk();
    }
}

#[test]
fn a_tail_for_which_there_is_no_room_is_sealed_in_pieces() {
    let directory = tempfile::tempdir().unwrap();
    let room = Room::default();
    let history = History::open_with_room(directory.path(), options(), room.clone()).unwrap();
    let mut model = Model::default();
    in_chunks(&history, &mut model, 9, 200, &room);
    assert!(matches!(history.seal(), Err(HistoryError::Full)));
    assert!(history.lacks_room() && history.goes_on().is_ok(), "the tail takes more");
    assert_complete(&history, &model, 0, "without room");
    // For some chunks, not for all.
    room.store(40_000, Ordering::SeqCst);
    let mut pieces = Vec::new();
    while let Some(slice) = history.seal().unwrap() {
        pieces.push(slice.to.since(slice.from));
        assert!(!history.lacks_room());
        assert_complete(&history, &model, 0, "in pieces");
    }
    assert_eq!(history.covered().as_u64(), 1_800);
    assert!(pieces.len() > 2 && pieces.iter().any(|piece| *piece > 200), "{pieces:?}");
    room.store(u64::MAX, Ordering::SeqCst);
    in_chunks(&history, &mut model, 9, 200, &room);
    room.store(u64::MAX, Ordering::SeqCst);
    let mut slices = 0;
    while history.seal().unwrap().is_some() {
        slices += 1;
    }
    assert!(slices < 3, "{slices}: with room, all of it again");
    drop(history);
    let history = History::open(directory.path(), options()).unwrap();
    assert_complete(&history, &model, 0, "after a restart");
    assert_sound(directory.path());
}

#[test]
fn a_longer_piece_that_was_given_up_is_gone_before_a_shorter_one_is_there() {
    for fault in [Fault::Full, Fault::FullButPersists] {
        let mut number = 0;
        loop {
            let directory = tempfile::tempdir().unwrap();
            let (mode, writes) = (Arc::new(AtomicU8::new(0)), Arc::new(AtomicUsize::new(0)));
            let (planned, counted) = (Arc::clone(&mode), Arc::clone(&writes));
            let plan: FaultPlan = Arc::new(move |_| match planned.load(Ordering::SeqCst) {
                0 => None,
                // From a write on, three in a row: so two names are given up before one holds.
                _ => (number..number + 3)
                    .contains(&counted.fetch_add(1, Ordering::SeqCst))
                    .then_some(fault),
            });
            let history = History::open_with_faults(directory.path(), options(), plan).unwrap();
            let mut model = Model::default();
            in_chunks(&history, &mut model, 8, 20, &Room::default());
            mode.store(1, Ordering::SeqCst);
            let when = format!("writes from {number} on {fault:?}");
            let _ = history.seal();
            // The process may die here.
            let crashed = tempfile::tempdir().unwrap();
            copy(directory.path(), crashed.path());
            for _ in 0..20 {
                let _ = history.seal();
            }
            assert_eq!(history.covered().as_u64(), 160, "{when}");
            assert_complete(&history, &model, 0, &when);
            drop(history);
            for directory in [directory.path(), crashed.path()] {
                let history = History::open(directory, options()).unwrap();
                refill(&history, &model);
                history.seal().unwrap();
                assert_complete(&history, &model, 0, &when);
                assert_sound(directory);
            }
            if writes.load(Ordering::SeqCst) <= number {
                break;
            }
            number += 1;
        }
        assert_eq!(number, 4, "writes of a seal that finds room");
    }
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[tokio::test]
async fn who_waits_is_told_as_soon_as_history_cannot_go_on() {
    let directory = tempfile::tempdir().unwrap();
    let room = Room::default();
    let opened = History::open_with_room(directory.path(), narrow(), room.clone());
    let history = Arc::new(opened.unwrap());
    let mut model = Model::default();
    model.append(&history, &mut Dice::new(5), FULL);
    let next = history.tail_next();
    assert!(history.goes_on().is_ok(), "a full tail will be sealed");
    let begun = Arc::new(Notify::new());
    let waits = |offset: Offset| {
        let (history, begun) = (Arc::clone(&history), Arc::clone(&begun));
        tokio::spawn(async move {
            begun.notify_one();
            history.reached_unless_full(offset).await
        })
    };
    let waiter = waits(next.plus(1));
    begun.notified().await;
    assert!(matches!(history.seal(), Err(HistoryError::Full)));
    assert!(matches!(waiter.await.unwrap(), Err(HistoryError::Full)));
    assert!(matches!(history.goes_on(), Err(HistoryError::Full)));
    let shown = history.reached_unless_full(next).await;
    assert!(shown.is_ok(), "what is there already");
    let more = record(&mut Dice::new(6), FULL);
    let refused = history.append(next, std::slice::from_ref(&more), &[NOON_MS]);
    assert!(matches!(refused, Err(HistoryError::TailFull { .. })));
    let patient = tokio::spawn({
        let history = Arc::clone(&history);
        async move { history.reached(next.plus(1)).await }
    });
    room.store(u64::MAX, Ordering::SeqCst);
    history.seal().unwrap();
    assert!(history.goes_on().is_ok() && !history.lacks_room());
    let waiter = waits(next.plus(1));
    history.append(next, &[more], &[NOON_MS]).unwrap();
    assert!(waiter.await.unwrap().is_ok());
    patient.await.unwrap();
}

#[test]
fn a_skip_seals_all_pieces_first() {
    let directory = tempfile::tempdir().unwrap();
    let room = Room::default();
    let history = History::open_with_room(directory.path(), options(), room.clone()).unwrap();
    let mut model = Model::default();
    in_chunks(&history, &mut model, 9, 200, &room);
    room.store(40_000, Ordering::SeqCst);
    history.skip_to(Offset::new(5_000)).unwrap();
    assert_eq!(history.tail_next().as_u64(), 5_000);
    assert_complete(&history, &model, 0, "before the skip");
}

#[test]
fn expiry_makes_room_where_there_is_none_for_its_marker() {
    let directory = tempfile::tempdir().unwrap();
    let day_ms = 24 * 60 * 60 * 1_000;
    let options = || HistoryOptions { retention_ms: Some(90 * day_ms), ..options() };
    let full = Arc::new(AtomicU8::new(0));
    let is_full = Arc::clone(&full);
    let plan: FaultPlan = Arc::new(move |doing| {
        (is_full.load(Ordering::SeqCst) == 1 && doing == "create a history file")
            .then_some(Fault::Full)
    });
    let history = History::open_with_faults(directory.path(), options(), plan).unwrap();
    let mut dice = Dice::new(8);
    for (first, day) in [(0, 0), (10, 50)] {
        let records: Vec<_> = (first..first + 10).map(|at| record(&mut dice, at)).collect();
        history.append(Offset::new(first), &records, &[NOON_MS + day * day_ms; 10]).unwrap();
        history.seal().unwrap();
    }
    full.store(1, Ordering::SeqCst);
    assert_eq!(history.expire(Timestamp::from_ms(NOON_MS + 100 * day_ms)).unwrap(), 1);
    // Of the last one, only a marker would tell that it was there.
    let all = history.expire(Timestamp::from_ms(NOON_MS + 200 * day_ms));
    assert!(matches!(all, Err(HistoryError::Full)), "{all:?}");
    drop(history);
    let history = History::open(directory.path(), options()).unwrap();
    assert_eq!((history.status().slices, history.covered().as_u64()), (1, 20));
    assert_sound(directory.path());
}

#[test]
fn a_tail_is_old_in_time_though_the_clock_was_set_back() {
    let directory = tempfile::tempdir().unwrap();
    let options = HistoryOptions { slice_age_ms_max: 60_000, ..options() };
    let history = History::open(directory.path(), options).unwrap();
    let mut model = Model::default();
    model.append(&history, &mut Dice::new(3), 5);
    let at = |ms| Timestamp::from_ms(NOON_MS - 1_000_000_000 + ms);
    assert!(!history.seal_due(at(0)), "it counts from here");
    assert!(!history.seal_due(at(59_999)));
    // New records are recorded when the log last was.
    model.append(&history, &mut Dice::new(4), 5);
    assert!(history.seal_due(at(60_000)));
}
