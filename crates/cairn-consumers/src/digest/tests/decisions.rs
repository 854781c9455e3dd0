//! What is next, for chains and surroundings of every kind.

use cairn_event::Timestamp;
use cairn_event::digest::{Chain, Link, PlanKind};
use cairn_event::trail::DigestEpoch;

use super::super::decide::{Next, View, next, window_end};

const INTERVAL: i64 = 100;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds)
}

fn epoch(number: u64, since: i64) -> DigestEpoch {
    DigestEpoch { number, since: at(since) }
}

fn view(wanted: Option<DigestEpoch>) -> View {
    View {
        wanted,
        is_home: true,
        settled: false,
        replaced: None,
        stamp_min: Timestamp::default(),
        pending: None,
    }
}

/// A chain of epoch 1, since 1,000, whose next window begins at `start`.
fn linked(start: i64) -> Chain {
    Chain {
        epoch: Some(epoch(1, 1_000)),
        window_start: at(start),
        linked: true,
        stamp: at(start),
        last: Some(Link {
            bucket: String::new(),
            key: String::new(),
            sha256: String::new(),
            signature: String::new(),
            end: at(start),
        }),
        ..Chain::default()
    }
}

fn decide(chain: &mut Chain, view: &View, now: i64) -> Next {
    next(chain, view, at(now), INTERVAL)
}

#[test]
fn a_chain_that_goes_on_keeps_to_its_grid() {
    let view = view(Some(epoch(1, 1_000)));
    assert_eq!(decide(&mut linked(1_100), &view, 1_199), Next::Wait(at(1_200)));
    let due = Next::Write(PlanKind::Regular, at(1_100), at(1_200));
    assert_eq!(decide(&mut linked(1_100), &view, 1_200), due);
    assert_eq!(decide(&mut linked(1_100), &view, 9_999), due);
    // A window that was cut short ends with the grid, and so does one of another interval.
    let rest = Next::Write(PlanKind::Regular, at(1_137), at(1_200));
    assert_eq!(decide(&mut linked(1_137), &view, 1_200), rest);
    assert_eq!(window_end(&linked(1_137), view.wanted.as_ref(), INTERVAL), Some(at(1_200)));
    assert_eq!(window_end(&linked(1_137), None, INTERVAL), None);
}

#[test]
fn a_chain_begins_with_the_epoch_or_with_a_file() {
    let mut home = view(Some(epoch(3, 1_000)));
    let mut chain = Chain::default();
    let starting = |end| Next::Write(PlanKind::Starting, at(end - INTERVAL), at(end));
    assert_eq!(decide(&mut chain, &home, 1_250), starting(1_000));
    assert_eq!((chain.epoch.clone(), chain.window_start), (Some(epoch(3, 1_000)), at(1_000)));
    // It is planned again after a restart.
    assert_eq!(decide(&mut chain, &home, 5_000), starting(1_000));
    // The seconds of others are kept clear of.
    home.stamp_min = at(1_000);
    assert_eq!(decide(&mut Chain::default(), &home, 1_250), starting(1_002));
    let used = || Chain { stamp: at(1_040), ..Chain::default() };
    assert_eq!(decide(&mut used(), &home, 1_250), starting(1_200));
    let away = View { is_home: false, ..view(Some(epoch(3, 1_000))) };
    assert_eq!(decide(&mut Chain::default(), &away, 1_250), Next::Rest);
    let away = View { pending: Some((at(1_230), at(1_240))), ..away };
    assert_eq!(decide(&mut Chain::default(), &away, 1_250), starting(1_200));
}

#[test]
fn a_chain_that_ended_waits_for_what_is_left() {
    let mut chain = linked(1_100);
    let over = view(None);
    assert_eq!(decide(&mut chain, &over, 1_150), Next::Wait(at(1_155)));
    assert_eq!(chain.ended, Some(at(1_150)));
    // A window that ends meanwhile is written as usual.
    let due = Next::Write(PlanKind::Regular, at(1_100), at(1_200));
    assert_eq!(decide(&mut chain.clone(), &over, 1_200), due);
    let settled = View { settled: true, ..view(None) };
    let last = |start, end| Next::Write(PlanKind::Final, at(start), at(end));
    assert_eq!(decide(&mut chain.clone(), &settled, 1_180), last(1_100, 1_150));
    let with = View { pending: Some((at(1_120), at(1_170))), ..settled.clone() };
    assert_eq!(decide(&mut chain.clone(), &with, 1_180), last(1_100, 1_171));
    let later = View { pending: Some((at(1_120), at(1_230))), ..settled.clone() };
    assert_eq!(decide(&mut chain.clone(), &later, 1_240), due);
    // After an interval it does not wait any longer.
    let mut late = Chain { window_start: at(1_200), ..chain.clone() };
    assert_eq!(decide(&mut late, &over, 1_250), last(1_200, 1_201));
    // Windows from before the end come first.
    let mut behind = Chain { ended: Some(at(1_350)), ..chain.clone() };
    assert_eq!(decide(&mut behind, &settled, 2_000), due);
    // It goes on if the end is taken back.
    let again = view(Some(epoch(1, 1_000)));
    assert_eq!(decide(&mut chain, &again, 1_160), Next::Wait(at(1_200)));
    assert_eq!(chain.ended, None);
}

#[test]
fn a_chain_makes_way_for_the_next() {
    let replaced = View { wanted: Some(epoch(2, 1_180)), replaced: Some(at(1_180)), ..view(None) };
    let last = |start, end| Next::Write(PlanKind::Final, at(start), at(end));
    assert_eq!(decide(&mut linked(1_100), &replaced, 1_181), last(1_100, 1_179));
    assert_eq!(decide(&mut linked(1_180), &replaced, 1_181), last(1_180, 1_181));
    let due = Next::Write(PlanKind::Regular, at(1_000), at(1_100));
    assert_eq!(decide(&mut linked(1_000), &replaced, 1_181), due);
}

#[test]
fn late_files_are_covered_by_backfill_digests() {
    let ended = || Chain { epoch: None, linked: false, ..linked(1_200) };
    assert_eq!(decide(&mut ended(), &view(None), 1_300), Next::Rest);
    let late = View { pending: Some((at(1_290), at(1_295))), ..view(None) };
    assert_eq!(decide(&mut ended(), &late, 1_300), Next::Wait(at(1_305)));
    let backfill = |start, end| Next::Write(PlanKind::Backfill, at(start), at(end));
    assert_eq!(decide(&mut ended(), &late, 1_390), backfill(1_290, 1_390));
    let settled = View { settled: true, ..late.clone() };
    assert_eq!(decide(&mut ended(), &settled, 1_300), backfill(1_290, 1_300));
    let mut used = Chain { backfill_stamp: at(1_300), ..ended() };
    assert_eq!(decide(&mut used, &settled, 1_300), backfill(1_290, 1_301));
    // The first files of a region that came too late have a chain of their own.
    let mut none = Chain::default();
    let starting = Next::Write(PlanKind::Starting, at(1_190), at(1_290));
    assert_eq!(decide(&mut none, &late, 1_300), starting);
    assert_eq!(none.ended, Some(at(1_300)));
}
