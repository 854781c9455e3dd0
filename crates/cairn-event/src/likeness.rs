//! Which records have much in common: those of one caller, and of one call.
//!
//! Neighbours in time have little in common, and neighbours in a file are compressed together. A
//! file that may hold its records in any order is a third smaller when those of a session stand
//! side by side (measured on generated records, in files of 7 MB: gzip -1 23.4 % and 14.2 %).

use xxhash_rust::xxh3::xxh3_64;

use crate::RecordHead;

/// Stands for who called what: records with the same number are alike, and the more of its upper
/// bits two numbers share, the more the records have in common. From the top: 40 bits of account
/// and session issuer, 40 of the session, 24 of the service, 24 of the event's name. Records that
/// are not alike may share bits by chance; then they only stand side by side.
///
/// The number of a record never changes: files that must come out the same depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Likeness(u128);

/// The members of a record that make its likeness.
#[derive(Clone, Copy, Debug, Default)]
pub struct Traits<'t> {
    /// The account that the record belongs to.
    pub account: Option<&'t str>,
    /// `userIdentity.sessionContext.sessionIssuer.arn`.
    pub session_issuer_arn: Option<&'t str>,
    /// `userIdentity.accessKeyId`.
    pub access_key_id: Option<&'t str>,
    /// `userIdentity.arn`.
    pub user_arn: Option<&'t str>,
    /// `eventSource`.
    pub event_source: Option<&'t str>,
    /// `eventName`.
    pub event_name: Option<&'t str>,
}

impl Likeness {
    /// That of a record with these members.
    pub fn new(traits: &Traits<'_>) -> Self {
        let hash = |text: Option<&str>| xxh3_64(text.unwrap_or_default().as_bytes());
        let both = |one, other| hash(one).rotate_left(1) ^ hash(other);
        let parts = [
            (40, both(traits.account, traits.session_issuer_arn)),
            (40, both(traits.access_key_id, traits.user_arn)),
            (24, hash(traits.event_source)),
            (24, hash(traits.event_name)),
        ];
        Self(
            parts.iter().fold(0, |bits, (width, part)| {
                bits << width | u128::from(part >> (u64::BITS - width))
            }),
        )
    }

    /// That of a parsed record.
    pub fn of(head: &RecordHead<'_>) -> Self {
        let identity = &head.identity;
        Self::new(&Traits {
            account: head.account(),
            session_issuer_arn: identity.session_issuer_arn.as_deref(),
            access_key_id: identity.access_key_id.as_deref(),
            user_arn: identity.arn.as_deref(),
            event_source: head.event_source.as_deref(),
            event_name: head.event_name.as_deref(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Likeness, Traits};
    use crate::RecordHead;

    fn call<'t>(account: &'t str, key: Option<&'t str>, name: &'t str) -> Traits<'t> {
        Traits {
            account: Some(account),
            access_key_id: key,
            event_name: Some(name),
            ..Traits::default()
        }
    }

    #[test]
    fn a_session_stands_together_whatever_it_calls() {
        let keys = ["B", "A", "C", "A", "B", "C", "B"];
        let names = ["Put", "Get", "List"];
        let mut calls: Vec<_> = keys
            .iter()
            .zip(names.iter().cycle())
            .map(|(key, name)| (Likeness::new(&call("1", Some(key), name)), *key))
            .collect();
        calls.sort_unstable();
        assert_eq!(calls.chunk_by(|a, b| a.1 == b.1).count(), 3, "{calls:?}");
    }

    #[test]
    fn each_member_counts_and_none_is_like_an_empty_one() {
        let like = |account, key, name| Likeness::new(&call(account, key, name));
        let one = like("1", Some("A"), "Put");
        assert_eq!(one, like("1", Some("A"), "Put"));
        assert_ne!(one, like("2", Some("A"), "Put"));
        assert_ne!(one, like("1", Some("B"), "Put"));
        assert_ne!(one, like("1", Some("A"), "Get"));
        assert_eq!(like("1", None, "Put"), like("1", Some(""), "Put"));
    }

    #[test]
    fn the_number_of_a_record_stays() {
        let record = br#"{"userIdentity":{"type":"AssumedRole","arn":"arn:aws:sts::1:assumed-role/r/s",
            "accessKeyId":"ASIAEXAMPLE","sessionContext":{"sessionIssuer":{"arn":"arn:aws:iam::1:role/r"}}},
            "eventSource":"s3.amazonaws.com","eventName":"PutObject","recipientAccountId":"1"}"#;
        let like = Likeness::of(&RecordHead::parse(record).unwrap());
        assert_eq!(format!("{:032x}", like.0), "dfc73481427d10a8d291d8b6f50a2a94");
    }
}
