//! Which slices to merge: pure, so that tests need no files.

use std::ops::Range;

use crate::index::SliceFacts;
use crate::slice::MERGE_SLICES_MAX;

/// So many slices of like size are merged at once while their day is not over, if no more of them
/// fit. Where more fit, it is worth to wait for them: each row is rewritten less often.
const MERGE_SLICES_MIN: usize = 3;
/// When a day is over, a slice is merged again only with others that add a share of this.
const CLOSED_DAY_SHARE: u64 = 8;
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// The next group to merge, oldest first: neighbours that were recorded on one day.
///
/// Days stay apart so that retention can delete by whole slices. While a day goes on, a merge at
/// least doubles its largest part, so a row is rewritten a few times at most; when the day is
/// over, what is left of it is merged once more.
pub(super) fn next_merge(slices: &[SliceFacts], rows_max: u64) -> Option<Range<usize>> {
    let last_day = slices.iter().map(day).max()?;
    let mut start = 0;
    while start < slices.len() {
        let run = run_from(slices, start, rows_max);
        let slices_min = if run.is_full { MERGE_SLICES_MIN } else { MERGE_SLICES_MAX };
        let day_is_over = day(&slices[start]) < last_day;
        if is_worth_it(&slices[run.slices.clone()], slices_min, day_is_over) {
            return Some(run.slices);
        }
        start += 1;
    }
    None
}

/// A slice whose records came in less time than this came in a rush.
const RUSH_MS: i64 = 5_000;
/// As many slices of a rush wait for its end.
const RUSH_SLICES_MAX: usize = 32;

/// Whether to wait with merging: the newest slice has just been sealed in a rush, and there are not
/// many yet that came so. A clock that was set back says nothing of a rush: it would be one until
/// the clock is where it was.
pub(super) fn may_wait(slices: &[SliceFacts], now_ms: i64) -> bool {
    let rushed = |slice: &&SliceFacts| slice.recorded_ms_max - slice.recorded_ms_min < RUSH_MS;
    let Some(last) = slices.last() else { return false };
    let rush = slices.iter().rev().take_while(rushed).count();
    let is_now = now_ms.abs_diff(last.recorded_ms_max) < RUSH_MS.unsigned_abs();
    is_now && (1..=RUSH_SLICES_MAX).contains(&rush)
}

fn day(slice: &SliceFacts) -> i64 {
    slice.recorded_ms_max.div_euclid(DAY_MS)
}

/// Neighbours of one day.
struct Run {
    slices: Range<usize>,
    /// The next one would make it too long.
    is_full: bool,
}

/// The longest run within the limits that begins here.
fn run_from(slices: &[SliceFacts], start: usize, rows_max: u64) -> Run {
    let first = &slices[start];
    let mut rows = first.rows();
    let mut end = start + 1;
    let mut is_full = false;
    while let Some(next) = slices.get(end) {
        let follows = next.from == slices[end - 1].to && day(next) == day(first);
        rows += next.rows();
        is_full = rows > rows_max;
        if !follows || is_full || end - start >= MERGE_SLICES_MAX {
            break;
        }
        end += 1;
    }
    Run { slices: start..end, is_full }
}

fn is_worth_it(run: &[SliceFacts], slices_min: usize, day_is_over: bool) -> bool {
    let largest = run.iter().map(SliceFacts::rows).max().unwrap_or_default();
    let others = run.iter().map(SliceFacts::rows).sum::<u64>() - largest;
    if day_is_over {
        return run.len() > 1 && others * CLOSED_DAY_SHARE >= largest;
    }
    run.len() >= slices_min && others >= largest
}

#[cfg(test)]
mod tests {
    use super::{DAY_MS, RUSH_MS, RUSH_SLICES_MAX, may_wait, next_merge};
    use crate::index::SliceFacts;

    fn slices(parts: &[(u64, i64)]) -> Vec<SliceFacts> {
        let mut from = 0;
        let each = parts.iter().map(|&(rows, day)| {
            let facts = SliceFacts {
                from,
                to: from + rows,
                event_time_ms_min: 0,
                event_time_ms_max: 0,
                recorded_ms_min: day * DAY_MS,
                recorded_ms_max: day * DAY_MS,
                parquet_bytes: 0,
            };
            from += rows;
            facts
        });
        each.collect()
    }

    #[test]
    fn few_slices_of_today_wait() {
        assert_eq!(next_merge(&[], 1_000), None);
        assert_eq!(next_merge(&slices(&[(10, 1); 7]), 1_000), None);
        assert_eq!(next_merge(&slices(&[(10, 1); 8]), 1_000), Some(0..8));
    }

    #[test]
    fn large_ones_wait_for_no_more_than_fit() {
        assert_eq!(next_merge(&slices(&[(300, 1); 4]), 1_300), None);
        assert_eq!(next_merge(&slices(&[(300, 1); 5]), 1_300), Some(0..4));
        assert_eq!(next_merge(&slices(&[(600, 1); 5]), 1_300), None);
    }

    #[test]
    fn merges_wait_for_the_end_of_a_rush_but_not_for_ever() {
        let mut rush = slices(&[(10, 1); 9]);
        assert!(may_wait(&rush, DAY_MS + RUSH_MS - 1));
        assert!(!may_wait(&rush, DAY_MS + RUSH_MS), "it is over");
        assert!(may_wait(&rush, DAY_MS - RUSH_MS + 1), "a step looks at the clock before it works");
        assert!(!may_wait(&rush, DAY_MS - RUSH_MS), "the clock was set back");
        assert!(!may_wait(&[], DAY_MS));
        let many = slices(&[(10, 1); RUSH_SLICES_MAX + 1]);
        assert!(!may_wait(&many, DAY_MS));
        rush[8].recorded_ms_min -= RUSH_MS;
        assert!(!may_wait(&rush, DAY_MS), "the last one took its time");
    }

    #[test]
    fn a_large_slice_is_not_rewritten_for_small_ones() {
        let parts = |small| [vec![(900, 1)], vec![(10, 1); small]].concat();
        assert_eq!(next_merge(&slices(&parts(7)), 2_000), None);
        assert_eq!(next_merge(&slices(&parts(8)), 2_000), Some(1..9));
    }

    #[test]
    fn a_day_that_is_over_is_merged_whole_and_days_stay_apart() {
        let days = slices(&[(10, 1), (2, 1), (10, 2), (10, 3)]);
        assert_eq!(next_merge(&days, 1_000), Some(0..2));
        assert_eq!(next_merge(&slices(&[(900, 1), (2, 1), (10, 2)]), 1_000), None);
    }

    #[test]
    fn a_merge_is_limited_in_rows_and_slices() {
        assert_eq!(next_merge(&slices(&[(300, 1); 6]), 1_300), Some(0..4));
        assert_eq!(next_merge(&slices(&[(1, 1); 40]), 1_300), Some(0..8));
    }

    #[test]
    fn merging_ends() {
        let mut rows = vec![(200_u64, 1_i64); 50];
        rows.push((1, 2));
        let mut merges = 0;
        while let Some(run) = next_merge(&slices(&rows), 1_500) {
            let sum = rows[run.clone()].iter().map(|part| part.0).sum();
            rows.splice(run, [(sum, 1)]);
            merges += 1;
        }
        assert!(merges <= 9, "{merges}");
        assert!(rows.len() <= 9, "{rows:?}");
    }
}
