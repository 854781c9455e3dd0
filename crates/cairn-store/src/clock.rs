//! Time and randomness come in as arguments, so that tests own them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cairn_event::Timestamp;

/// Answers what time it is. The program passes the wall clock, a test passes its own.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// How long it is since some moment, by a clock that nobody sets.
pub type Elapsed = Arc<dyn Fn() -> Duration + Send + Sync>;

/// Fills a buffer with random bytes that nobody can guess.
pub type Entropy = Arc<dyn Fn(&mut [u8]) + Send + Sync>;

/// How far a wall clock may run ahead of the time that has passed before it is not believed: clocks
/// are set right by seconds, and by a few minutes when nobody did so for long.
const AHEAD_MS_MAX: i64 = 10 * 60 * 1_000;

/// A clock for what destroys by age and cannot be undone: the wall clock, but never further ahead of
/// its first reading (now) than the time since plus ten minutes.
///
/// A wall clock that jumps years ahead (a virtual machine that goes on with another's time) then
/// makes nothing old. One that was set right by more than that is not believed either, until the next
/// start; the log says so once. What a machine sleeps away may count as a jump, too.
pub fn held_clock(wall: Clock, elapsed: Elapsed) -> Clock {
    let (start, begun) = (wall(), elapsed());
    let is_told = AtomicBool::new(false);
    Arc::new(move || {
        let passed = i64::try_from(elapsed().saturating_sub(begun).as_millis());
        let latest = start.as_ms().saturating_add(passed.unwrap_or(i64::MAX));
        let latest = Timestamp::from_ms(latest.saturating_add(AHEAD_MS_MAX));
        let now = wall();
        if now <= latest {
            return now;
        }
        if !is_told.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                clock = %now,
                held = %latest,
                "the clock has jumped ahead: until a restart nothing is deleted for an age that it \
                 has by this jump"
            );
        }
        latest
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
    use std::time::Duration;

    use cairn_event::Timestamp;

    use super::{AHEAD_MS_MAX, held_clock};

    const START_MS: i64 = 1_795_626_000_000;
    const YEARS_MS: i64 = 10 * 365 * 86_400_000;

    #[test]
    fn a_held_clock_follows_no_jump_ahead() {
        let (wall, passed) = (Arc::new(AtomicI64::new(START_MS)), Arc::new(AtomicU64::new(77)));
        let (of_wall, of_passed) = (Arc::clone(&wall), Arc::clone(&passed));
        let held = held_clock(
            Arc::new(move || Timestamp::from_ms(of_wall.load(Ordering::SeqCst))),
            Arc::new(move || Duration::from_millis(of_passed.load(Ordering::SeqCst))),
        );
        let read = |pass_ms: u64, jump_ms: i64| {
            passed.fetch_add(pass_ms, Ordering::SeqCst);
            wall.fetch_add(pass_ms.cast_signed() + jump_ms, Ordering::SeqCst);
            held().as_ms() - START_MS
        };
        assert_eq!(read(0, 0), 0);
        assert_eq!(read(5_000, 0), 5_000);
        // Set right by a minute, ahead and back.
        assert_eq!(read(5_000, 60_000), 70_000);
        assert_eq!(read(0, -60_000), 10_000);
        // Ten years ahead: days go on, and the year is the same.
        assert_eq!(read(0, YEARS_MS), 10_000 + AHEAD_MS_MAX);
        assert_eq!(read(86_400_000, 0), 86_410_000 + AHEAD_MS_MAX);
        // Set right again, and before the start.
        assert_eq!(read(0, -YEARS_MS), 86_410_000);
        assert_eq!(read(0, -YEARS_MS), 86_410_000 - YEARS_MS);
    }
}
