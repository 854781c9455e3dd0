//! A log must not grow as fast as failures come.

use tokio::time::Instant;

use crate::limits::REPORT_PAUSE;

/// Failures since the last line in the log, and when that was.
#[derive(Debug, Default)]
pub(crate) struct Flood {
    reported: Option<Instant>,
    failures: u64,
}

impl Flood {
    /// Counts one; how many to report, if it is time to.
    pub(crate) fn count(&mut self, now: Instant) -> Option<u64> {
        self.failures += 1;
        if self.reported.is_some_and(|last| now < last + REPORT_PAUSE) {
            return None;
        }
        self.reported = Some(now);
        Some(std::mem::take(&mut self.failures))
    }

    /// How many are left that were not reported, if there are any; nothing will be counted any more.
    pub(crate) fn rest(&mut self) -> Option<u64> {
        Some(std::mem::take(&mut self.failures)).filter(|failures| *failures > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_failures_is_one_line() {
        let mut failures = Flood::default();
        let start = Instant::now();
        assert_eq!(failures.count(start), Some(1));
        for _ in 0..1000 {
            assert_eq!(failures.count(start), None);
        }
        assert_eq!(failures.count(start + REPORT_PAUSE), Some(1001));
        assert_eq!(failures.rest(), None);
        assert_eq!(failures.count(start + REPORT_PAUSE), None);
        assert_eq!([failures.rest(), failures.rest()], [Some(1), None]);
    }
}
