//! What a bucket's lifecycle rules say of its objects.
//!
//! - A number of days counts from when an object was written, and ends at the next midnight UTC
//!   (documented). A date is over when it begins (documented).
//! - Several filters of a rule must all hold; several rules stand for themselves, and the earliest
//!   wins (documented).
//! - In a bucket with versions AWS keeps what expires, as a version that is no longer current, until
//!   another setting of the rule takes it (documented). Objects have one version here, so what
//!   expires is gone: it goes only once both times have passed, and never if the second is not set.

use cairn_event::Timestamp;
use serde::{Deserialize, Serialize};

const DAY_MS: i64 = 86_400_000;

/// The lifecycle configuration of a bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lifecycle {
    /// All rules as they are shown, in the XML of S3.
    pub document: String,
    /// `TransitionDefaultMinimumObjectSize`, as it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transition_minimum: Option<String>,
    /// What of them is applied.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expiries: Vec<Expiry>,
}

/// When objects expire, by one rule.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expiry {
    /// What the keys begin with; all keys if it is empty.
    #[serde(default)]
    pub prefix: String,
    /// Only objects of more bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes_over: Option<u64>,
    /// Only objects of fewer bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes_under: Option<u64>,
    /// So many days after they were written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
    /// From this instant on, whenever they were written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<Timestamp>,
    /// So many days later they go, where the bucket has versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noncurrent_days: Option<u32>,
}

/// What a rule looks at.
#[derive(Clone, Copy, Debug)]
pub struct Aged<'a> {
    /// The object's key, without its bucket.
    pub key: &'a [u8],
    /// Its length.
    pub bytes: u64,
    /// When it was written.
    pub modified: Timestamp,
}

impl Lifecycle {
    /// Whether an object's time is over; `has_versions`: of a bucket in which versioning was set.
    pub fn is_over(&self, object: &Aged<'_>, has_versions: bool, now: Timestamp) -> bool {
        self.expiries.iter().any(|expiry| expiry.is_over(object, has_versions, now))
    }
}

impl Expiry {
    fn is_over(&self, object: &Aged<'_>, has_versions: bool, now: Timestamp) -> bool {
        let is_meant = object.key.starts_with(self.prefix.as_bytes())
            && self.bytes_over.is_none_or(|bytes| object.bytes > bytes)
            && self.bytes_under.is_none_or(|bytes| object.bytes < bytes);
        let ends = self.end(object.modified).and_then(|end| {
            let more = if has_versions { self.noncurrent_days? } else { 0 };
            end.checked_add(i64::from(more).checked_mul(DAY_MS)?)
        });
        is_meant && ends.is_some_and(|end| end <= now.as_ms())
    }

    /// When the time of an object is over that was written then, if ever.
    fn end(&self, modified: Timestamp) -> Option<i64> {
        if let Some(date) = self.date {
            return Some(date.as_ms());
        }
        let days = i64::from(self.days.filter(|days| *days > 0)?);
        let end = modified.as_ms().checked_add(days.checked_mul(DAY_MS)?)?;
        // The next midnight, unless it is one.
        end.checked_add(DAY_MS - 1)?.div_euclid(DAY_MS).checked_mul(DAY_MS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse_iso(text).unwrap()
    }

    fn is_over(expiry: &Expiry, has_versions: bool, now: &str) -> bool {
        let lifecycle = Lifecycle { expiries: vec![expiry.clone()], ..Lifecycle::default() };
        let modified = at("2026-01-10T10:00:00Z");
        let object = Aged { key: b"logs/a", bytes: 100, modified };
        lifecycle.is_over(&object, has_versions, at(now))
    }

    #[test]
    fn days_end_at_the_midnight_after() {
        // documented: written on 10 January at 10:30, with 3 days, it is over on 14 January at 00:00.
        let expiry = Expiry { days: Some(3), ..Expiry::default() };
        for (now, over) in [
            ("2026-01-10T10:00:00Z", false),
            ("2026-01-13T10:00:00Z", false),
            ("2026-01-13T23:59:59Z", false),
            ("2026-01-14T00:00:00Z", true),
            ("2027-01-14T00:00:00Z", true),
        ] {
            assert_eq!(is_over(&expiry, false, now), over, "{now}");
        }
        let date = Expiry { date: Some(at("2026-02-01T00:00:00Z")), ..Expiry::default() };
        assert!(!is_over(&date, false, "2026-01-31T23:59:59Z"));
        assert!(is_over(&date, false, "2026-02-01T00:00:00Z"));
        assert!(!is_over(&Expiry::default(), false, "2099-01-01T00:00:00Z"));
        let none = Expiry { days: Some(0), ..Expiry::default() };
        assert!(!is_over(&none, false, "2099-01-01T00:00:00Z"));
    }

    #[test]
    fn all_filters_of_a_rule_must_hold() {
        let later = "2026-03-01T00:00:00Z";
        let rule = |prefix: &str, over, under| Expiry {
            prefix: prefix.to_owned(),
            bytes_over: over,
            bytes_under: under,
            days: Some(1),
            ..Expiry::default()
        };
        for (expiry, over) in [
            (rule("", None, None), true),
            (rule("logs/", Some(99), Some(101)), true),
            (rule("log/", None, None), false),
            (rule("", Some(100), None), false),
            (rule("", None, Some(100)), false),
        ] {
            assert_eq!(is_over(&expiry, false, later), over, "{expiry:?}");
        }
    }

    #[test]
    fn with_versions_both_times_must_have_passed() {
        let expiry = Expiry { days: Some(3), ..Expiry::default() };
        assert!(!is_over(&expiry, true, "2099-01-01T00:00:00Z"));
        let expiry = Expiry { noncurrent_days: Some(30), ..expiry };
        assert!(!is_over(&expiry, true, "2026-02-12T23:59:59Z"));
        assert!(is_over(&expiry, true, "2026-02-13T00:00:00Z"));
    }
}
