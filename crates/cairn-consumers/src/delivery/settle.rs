//! What a round leaves in the state of a trail.

use cairn_event::Timestamp;
use cairn_event::trail::Outcome;
use cairn_store::Offset;

use super::adopt::last_end;
use super::record::{Lag, Round, TrailState};
use super::select::{Batch, STOP_RECORD_MS_MAX};
use super::write::Written;

/// How long a trail waits after its first failed attempt.
const RETRY_MS_MIN: i64 = 1_000;
/// How long it waits at most.
const RETRY_MS_MAX: i64 = 300_000;
/// How long records are tried (documented).
const GIVE_UP_MS: i64 = 30 * 24 * 3_600_000;

/// How long to wait after so many failed attempts.
pub(super) fn retry_ms(attempts: u32) -> i64 {
    RETRY_MS_MIN.saturating_mul(1 << attempts.saturating_sub(1).min(20)).min(RETRY_MS_MAX)
}

impl Lag {
    /// Whether it is time for an attempt. Nobody waits longer than the longest pause: a time that is
    /// further ahead is of a clock that was set back since.
    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        let left_ms = self.retry_at.as_ms().saturating_sub(now.as_ms());
        left_ms <= 0 || left_ms > RETRY_MS_MAX
    }
}

impl TrailState {
    /// Shows what became of the files of an attempt.
    pub(super) fn show(&mut self, written: &Written) {
        for (region, (at, error)) in &written.regions {
            let shown = self.delivery.regions.entry(region.clone()).or_default();
            let logs: &mut Outcome = &mut shown.logs;
            logs.note(*at, error.clone());
        }
    }

    /// Everything up to `to` has been delivered, or is none of the trail's. Says whether that is
    /// news beyond the offset.
    pub(super) fn pass(&mut self, member: u32, batch: &Batch, to: Offset) -> bool {
        self.through = self.through.max(to);
        if self.drained {
            return false;
        }
        let Some(end) = last_end(&self.adopted.spans) else { return false };
        let own = batch.stops.iter().find(|(of, stop, _)| *of == member && stop == end);
        if let Some((_, _, offset)) = own {
            self.stop_taken = Some(*offset);
            self.drained = true;
            return true;
        }
        let newest_ms = batch.appended_ms.map(|(_, last)| last);
        newest_ms.is_some_and(|ms| self.drain_by(to, ms))
    }

    /// The record of the last stop no longer comes if the trail has had everything that was
    /// appended until long after. Says whether the trail is drained by that.
    pub(super) fn drain_by(&mut self, to: Offset, appended_ms: i64) -> bool {
        let Some(end) = last_end(&self.adopted.spans).filter(|_| !self.drained) else {
            return false;
        };
        let is_over = appended_ms > end.at.as_ms().saturating_add(STOP_RECORD_MS_MAX);
        self.drained = is_over && to.as_u64() >= end.offset;
        self.drained
    }

    /// Files of a round are missing: the trail tries again on its own.
    pub(super) fn fall_behind(&mut self, round: &Round, done: Vec<u32>, now: Timestamp) {
        let before = self.lag.take();
        let attempts = before.as_ref().map_or(0, |lag| lag.attempts).saturating_add(1);
        self.lag = Some(Lag {
            next: round.from,
            round: Some(round.clone()),
            done,
            attempts,
            retry_at: Timestamp::from_ms(now.as_ms().saturating_add(retry_ms(attempts))),
            since: before.and_then(|lag| lag.since).or(Some(now)),
        });
    }

    /// Whether records that were appended until an instant have been tried long enough.
    pub(super) fn gives_up(&self, appended_ms: i64, now: Timestamp) -> bool {
        let horizon = now.as_ms().saturating_sub(GIVE_UP_MS);
        let since = self.lag.as_ref().and_then(|lag| lag.since);
        appended_ms < horizon && since.is_some_and(|since| since.as_ms() < horizon)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_five_minutes() {
        assert_eq!([1, 2, 3, 4].map(retry_ms), [1_000, 2_000, 4_000, 8_000]);
        assert_eq!([9, 10, 40, u32::MAX].map(retry_ms), [256_000, 300_000, 300_000, 300_000]);
    }
}
