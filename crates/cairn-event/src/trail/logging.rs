//! When a trail logs, in offsets of the log.

use serde::{Deserialize, Serialize};

use super::Trail;
use crate::Timestamp;

/// How many ended spans are kept of a trail. Workers have long finished older ones.
const SPANS_ENDED_MAX: usize = 32;

/// A run of the log that a trail takes its records from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoggingSpan {
    /// The first offset.
    pub from: u64,
    /// When logging started.
    pub started: Timestamp,
    /// Where it ended; none while it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<SpanEnd>,
}

/// Where a trail stopped logging.
///
/// The record of the call that stops a trail belongs to it (documented), but has no offset yet when
/// the call is handled. So a span ends before `offset`, and of what follows it has the one record
/// with `request_id`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpanEnd {
    /// The end of the log when the call was handled.
    pub offset: u64,
    /// When that was.
    pub at: Timestamp,
    /// The request that stopped it.
    pub request_id: String,
}

/// A chain of digests from its first to its final one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DigestEpoch {
    /// Counts the chains of a trail.
    pub number: u64,
    /// When it began: digests end at this second of each interval.
    pub since: Timestamp,
}

impl Trail {
    /// Logs from an offset on. Nothing changes if it does so already. Whether it did change.
    pub fn start_logging(&mut self, from: u64, now: Timestamp) -> bool {
        if self.is_logging() {
            return false;
        }
        self.spans.push(LoggingSpan { from, started: now, end: None });
        let ended = self.spans.len().saturating_sub(1);
        self.spans.drain(..ended.saturating_sub(SPANS_ENDED_MAX));
        self.renew_digests(now);
        true
    }

    /// Ends logging. Nothing changes if it does not log. Whether it did change.
    pub fn stop_logging(&mut self, end: SpanEnd) -> bool {
        if !self.is_logging() {
            return false;
        }
        if let Some(span) = self.spans.last_mut() {
            span.end = Some(end);
        }
        self.digests = None;
        true
    }

    /// Has its log files covered by digests from now on, or no longer.
    pub fn validate_log_files(&mut self, validates: bool, now: Timestamp) {
        self.validates_log_files = validates;
        if !validates {
            self.digests = None;
        } else if self.digests.is_none() {
            self.renew_digests(now);
        }
    }

    /// Begins a chain of digests, if there is to be one.
    fn renew_digests(&mut self, now: Timestamp) {
        if self.is_logging() && self.validates_log_files {
            self.digest_epochs += 1;
            self.digests = Some(DigestEpoch { number: self.digest_epochs, since: now });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::selector::Selectors;
    use crate::trail::TrailName;
    use crate::{AccountId, Region};

    fn trail() -> Trail {
        Trail {
            id: "0123456789abcdef".to_owned(),
            name: TrailName::parse("audit").unwrap(),
            account: AccountId::parse("111122223333").unwrap(),
            home_region: Region::parse("us-east-1").unwrap(),
            created: Timestamp::from_ms(0),
            bucket: "logs".to_owned(),
            prefix: None,
            sns_topic: None,
            includes_global_service_events: true,
            is_multi_region: false,
            validates_log_files: true,
            is_organization: false,
            recursive_logging: true,
            kms_key_arn: None,
            log_group_arn: None,
            log_role_arn: None,
            selectors: Selectors::default(),
            has_custom_selectors: false,
            aggregation_templates: Vec::new(),
            tags: Vec::new(),
            spans: Vec::new(),
            digests: None,
            digest_epochs: 0,
            changed: 0,
            selected_since: 0,
            deleted: None,
        }
    }

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(ms)
    }

    fn end(offset: u64, ms: i64) -> SpanEnd {
        SpanEnd { offset, at: at(ms), request_id: format!("r-{offset}") }
    }

    #[test]
    fn spans_follow_each_other() {
        let mut trail = trail();
        assert!(!trail.is_logging() && !trail.stop_logging(end(1, 1)));
        assert!(trail.start_logging(5, at(10)) && trail.is_logging());
        assert!(!trail.start_logging(6, at(11)));
        assert_eq!(trail.spans, [LoggingSpan { from: 5, started: at(10), end: None }]);
        assert!(trail.stop_logging(end(7, 12)) && !trail.is_logging());
        assert!(!trail.stop_logging(end(8, 13)));
        assert_eq!(trail.spans[0].end, Some(end(7, 12)));
        for round in 0..50 {
            trail.start_logging(100 + round, at(100));
            trail.stop_logging(end(100 + round, 100));
        }
        trail.start_logging(999, at(999));
        assert_eq!(trail.spans.len(), SPANS_ENDED_MAX + 1);
        assert_eq!(trail.spans.last().unwrap().from, 999);
        assert_eq!(trail.spans[0].from, 118);
    }

    #[test]
    fn each_chain_of_digests_has_its_number() {
        let mut trail = trail();
        trail.validate_log_files(true, at(1));
        assert_eq!(trail.digests, None);
        trail.start_logging(0, at(2));
        assert_eq!(trail.digests, Some(DigestEpoch { number: 1, since: at(2) }));
        trail.validate_log_files(true, at(3));
        assert_eq!(trail.digests, Some(DigestEpoch { number: 1, since: at(2) }));
        trail.validate_log_files(false, at(4));
        assert_eq!(trail.digests, None);
        trail.validate_log_files(true, at(4));
        assert_eq!(trail.digests, Some(DigestEpoch { number: 2, since: at(4) }));
        trail.stop_logging(end(9, 5));
        assert_eq!(trail.digests, None);
        trail.validate_log_files(false, at(6));
        trail.start_logging(9, at(6));
        assert_eq!(trail.digests, None);
        trail.validate_log_files(true, at(7));
        assert_eq!(trail.digests, Some(DigestEpoch { number: 3, since: at(7) }));
    }
}
