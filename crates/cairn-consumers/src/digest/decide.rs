//! What a chain's next digest is, and when: a pure function of where the chain stands.

use cairn_event::Timestamp;
use cairn_event::digest::{Chain, PlanKind};
use cairn_event::trail::DigestEpoch;

/// How often it is looked whether all files of an ended chain are delivered.
pub(super) const SETTLE_MS: i64 = 5_000;

/// What is known of a chain's surroundings.
#[derive(Clone, Debug)]
pub(super) struct View {
    /// The chain that the trail wants in this region now.
    pub wanted: Option<DigestEpoch>,
    /// Whether it begins without a file.
    pub is_home: bool,
    /// Whether everything is delivered that was logged before the trail's last change.
    pub settled: bool,
    /// When another chain began that takes this one's place, under the same names.
    pub replaced: Option<Timestamp>,
    /// The newest second that other trails' chains of the same names have used.
    pub stamp_min: Timestamp,
    /// When the oldest uncovered file was delivered, and the newest of those that fit.
    pub pending: Option<(Timestamp, Timestamp)>,
}

/// What to do with a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Write a digest of a window.
    Write(PlanKind, Timestamp, Timestamp),
    /// Look again then.
    Wait(Timestamp),
    /// Nothing, until something happens.
    Rest,
}

/// Where the window ends that a chain which goes on is in: what is delivered later is not for it.
pub(super) fn window_end(
    chain: &Chain,
    wanted: Option<&DigestEpoch>,
    interval: i64,
) -> Option<Timestamp> {
    let epoch = chain.epoch.as_ref().filter(|_| chain.linked)?;
    let goes_on = wanted.is_some_and(|wanted| wanted.number == epoch.number);
    goes_on.then(|| grid_after(epoch, chain.window_start, interval))
}

/// Decides. May begin or end the chain's epoch in `chain`, without saying so: `Write` keeps it.
pub(super) fn next(chain: &mut Chain, view: &View, now: Timestamp, interval: i64) -> Next {
    let Some(epoch) = chain.epoch.clone() else { return begin(chain, view, now, interval) };
    if !chain.linked {
        let start = plus(chain.window_start, -interval);
        return Next::Write(PlanKind::Starting, start, chain.window_start);
    }
    let grid_end = grid_after(&epoch, chain.window_start, interval);
    if view.wanted.as_ref().is_some_and(|wanted| wanted.number == epoch.number) {
        chain.ended = None;
        return regular(chain, grid_end, now);
    }
    let ended = *chain.ended.get_or_insert(now);
    finish(chain, view, (grid_end, ended), now, interval)
}

/// The next window of a chain that goes on.
fn regular(chain: &Chain, grid_end: Timestamp, now: Timestamp) -> Next {
    if grid_end <= now {
        Next::Write(PlanKind::Regular, chain.window_start, grid_end)
    } else {
        Next::Wait(grid_end)
    }
}

/// What is left of a chain that has ended.
fn finish(
    chain: &Chain,
    view: &View,
    (grid_end, ended): (Timestamp, Timestamp),
    now: Timestamp,
    interval: i64,
) -> Next {
    let start = chain.window_start;
    // Where another chain has taken over, this one stops a second before it began.
    let limit = view.replaced.map(|since| plus(floor(since), -1));
    if grid_end <= limit.unwrap_or(ended).min(ended) {
        return Next::Write(PlanKind::Regular, start, grid_end);
    }
    if let Some(limit) = limit {
        return Next::Write(PlanKind::Final, start, limit.min(floor(ended)).max(plus(start, 1)));
    }
    let patience = plus(ended, interval);
    if !view.settled && now < patience {
        return match regular(chain, grid_end, now) {
            Next::Wait(_) => Next::Wait(grid_end.min(patience).min(ms_later(now, SETTLE_MS))),
            due => due,
        };
    }
    // Files were delivered before the window ends, but not in the future.
    let newest = view.pending.map_or(start, |(_, newest)| plus(floor(newest.min(now)), 1));
    let end = newest.max(floor(ended)).max(plus(start, 1));
    if end > grid_end {
        return Next::Write(PlanKind::Regular, start, grid_end);
    }
    Next::Write(PlanKind::Final, start, end)
}

/// What to do where there is no chain.
fn begin(chain: &mut Chain, view: &View, now: Timestamp, interval: i64) -> Next {
    chain.ended = None;
    if let Some(wanted) = &view.wanted {
        let first = match view.pending {
            Some((oldest, _)) if !view.is_home => oldest,
            None if !view.is_home => return Next::Rest,
            // One that was begun before goes on from now.
            _ if chain.stamp >= floor(wanted.since) => now,
            _ => wanted.since,
        };
        return start(chain, view, wanted.clone(), first, interval);
    }
    let Some((oldest, _)) = view.pending else { return Next::Rest };
    if chain.last.is_none() && view.replaced.is_none() {
        // The first files of a region came after the end: a chain of its own covers them.
        chain.ended = Some(now);
        let epoch = DigestEpoch { number: 0, since: floor(oldest) };
        return start(chain, view, epoch, oldest, interval);
    }
    if !view.settled && now < plus(oldest, interval) {
        return Next::Wait(plus(oldest, interval).min(ms_later(now, SETTLE_MS)));
    }
    let end = floor(now).max(plus(chain.backfill_stamp, 1));
    Next::Write(PlanKind::Backfill, floor(oldest).min(plus(end, -1)), end)
}

fn start(
    chain: &mut Chain,
    view: &View,
    epoch: DigestEpoch,
    first: Timestamp,
    interval: i64,
) -> Next {
    let end = grid_until(&epoch, first, interval);
    let end = end.max(plus(chain.stamp, 1)).max(plus(view.stamp_min, 2));
    chain.epoch = Some(epoch);
    chain.linked = false;
    chain.window_start = end;
    Next::Write(PlanKind::Starting, plus(end, -interval), end)
}

/// The last second of an epoch's grid that is not after an instant; its first, if all are.
fn grid_until(epoch: &DigestEpoch, at: Timestamp, interval: i64) -> Timestamp {
    let since = floor(epoch.since);
    let passed = (at.as_seconds() - since.as_seconds()).max(0);
    plus(since, passed / interval * interval)
}

/// The first second of an epoch's grid after an instant.
fn grid_after(epoch: &DigestEpoch, at: Timestamp, interval: i64) -> Timestamp {
    let since = floor(epoch.since);
    if at < since { since } else { plus(grid_until(epoch, at, interval), interval) }
}

/// The second that an instant is in.
pub(super) fn floor(at: Timestamp) -> Timestamp {
    Timestamp::from_seconds(at.as_seconds())
}

/// So many seconds later.
pub(super) fn plus(at: Timestamp, seconds: i64) -> Timestamp {
    ms_later(at, seconds.saturating_mul(1_000))
}

pub(super) fn ms_later(at: Timestamp, ms: i64) -> Timestamp {
    Timestamp::from_ms(at.as_ms().saturating_add(ms))
}
