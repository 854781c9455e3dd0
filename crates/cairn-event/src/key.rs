//! Names of delivered objects in a bucket.
//!
//! `[prefix/]AWSLogs/[o-org/]account/CloudTrail/region/2026/11/25/` and a file name that repeats
//! account, folder and Region, then a minute and sixteen characters that keep workers apart
//! (documented). Digest files name their trail and its home Region instead, to the second.

use std::fmt;

use crate::timestamp::Civil;
use crate::{AccountId, Region, Timestamp};

/// The number of characters that keep two log files of one minute apart.
pub const UNIQUE_CHARACTERS: usize = 16;

/// The kind of log file, which is also the name of its folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Folder {
    /// Management and data events.
    CloudTrail,
    /// Insights events.
    Insight,
    /// Network activity events.
    NetworkActivity,
    /// Aggregated events.
    Aggregated,
}

impl Folder {
    /// The name in the key.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CloudTrail => "CloudTrail",
            Self::Insight => "CloudTrail-Insight",
            Self::NetworkActivity => "CloudTrail-NetworkActivity",
            Self::Aggregated => "CloudTrail-Aggregated",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::CloudTrail, Self::Insight, Self::NetworkActivity, Self::Aggregated]
            .into_iter()
            .find(|folder| folder.as_str() == text)
    }
}

/// The key of a log file. Its text is [`fmt::Display`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogKey {
    /// The trail's key prefix, without its last slash.
    pub prefix: Option<String>,
    /// The organization, `o-…`, if an organization trail wrote the file.
    pub organization: Option<String>,
    /// The account whose events the file holds.
    pub account: AccountId,
    /// What kind of events it holds.
    pub folder: Folder,
    /// The Region whose events it holds.
    pub region: Region,
    /// The minute in its name.
    pub time: Timestamp,
    /// Sixteen letters and digits.
    pub unique: String,
}

/// The key of a digest file. Its text is [`fmt::Display`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DigestKey {
    /// The trail's key prefix, without its last slash.
    pub prefix: Option<String>,
    /// The organization, `o-…`, if an organization trail wrote the file.
    pub organization: Option<String>,
    /// The account whose log files the digest covers.
    pub account: AccountId,
    /// The Region whose log files it covers.
    pub region: Region,
    /// The trail.
    pub trail: String,
    /// The trail's home Region.
    pub home_region: Region,
    /// The end of the digest's hour.
    pub end: Timestamp,
    /// Whether it was written later for an hour that had none.
    pub backfill: bool,
}

/// What stands before the date in both kinds of keys.
struct Place<'a> {
    prefix: Option<&'a str>,
    organization: Option<&'a str>,
    account: AccountId,
    folder: &'a str,
    region: Region,
    date: [&'a str; 3],
    file: &'a str,
}

impl LogKey {
    /// Reads a key; `None` if it is not the key of a log file, or contradicts itself.
    pub fn parse(key: &str) -> Option<Self> {
        let place = Place::parse(key)?;
        let folder = Folder::parse(place.folder)?;
        let name = place.file.strip_suffix(".json.gz")?;
        let start = format!("{}_{}_{}_", place.account, place.folder, place.region);
        let (stamp, unique) = name.strip_prefix(&start)?.split_once('_')?;
        let time = parse_stamp(stamp)?;
        let plain =
            unique.len() == UNIQUE_CHARACTERS && unique.bytes().all(|b| b.is_ascii_alphanumeric());
        (plain && stamp.len() == 14 && place.is_of(time)).then(|| Self {
            prefix: place.prefix.map(str::to_owned),
            organization: place.organization.map(str::to_owned),
            account: place.account,
            folder,
            region: place.region,
            time,
            unique: unique.to_owned(),
        })
    }
}

impl DigestKey {
    /// The folder of digest files.
    pub const FOLDER: &'static str = "CloudTrail-Digest";

    /// Reads a key; `None` if it is not the key of a digest file, or contradicts itself.
    pub fn parse(key: &str) -> Option<Self> {
        let place = Place::parse(key)?;
        if place.folder != Self::FOLDER {
            return None;
        }
        let name = place.file.strip_suffix(".json.gz")?;
        let (name, backfill) = match name.strip_suffix("_backfill") {
            Some(name) => (name, true),
            None => (name, false),
        };
        let start = format!("{}_{}_{}_", place.account, Self::FOLDER, place.region);
        // From the end: a trail name may hold underscores, a Region may not.
        let (rest, stamp) = name.strip_prefix(&start)?.rsplit_once('_')?;
        let (trail, home_region) = rest.rsplit_once('_')?;
        let end = parse_stamp(stamp)?;
        let home_region = Region::parse(home_region).ok()?;
        (!trail.is_empty() && stamp.len() == 16 && place.is_of(end)).then(|| Self {
            prefix: place.prefix.map(str::to_owned),
            organization: place.organization.map(str::to_owned),
            account: place.account,
            region: place.region,
            trail: trail.to_owned(),
            home_region,
            end,
            backfill,
        })
    }
}

impl<'a> Place<'a> {
    /// A prefix may have a part that is called as the folder is: it is the last one that fits.
    fn parse(key: &'a str) -> Option<Self> {
        let inner = key.rmatch_indices("/AWSLogs/").filter_map(|(at, text)| {
            Self::parse_below(Some(key.get(..at)?), key.get(at + text.len()..)?)
        });
        let first = key.strip_prefix("AWSLogs/").and_then(|rest| Self::parse_below(None, rest));
        inner.chain(first).next()
    }

    fn parse_below(prefix: Option<&'a str>, rest: &'a str) -> Option<Self> {
        let mut parts = rest.split('/');
        let mut account = parts.next()?;
        let mut organization = None;
        if account.starts_with("o-") {
            organization = Some(account);
            account = parts.next()?;
        }
        let place = Self {
            prefix,
            organization,
            account: AccountId::parse(account).ok()?,
            folder: parts.next()?,
            region: Region::parse(parts.next()?).ok()?,
            date: [parts.next()?, parts.next()?, parts.next()?],
            file: parts.next()?,
        };
        parts.next().is_none().then_some(place)
    }

    fn is_of(&self, time: Timestamp) -> bool {
        let Civil { year, month, day, .. } = time.civil();
        self.date == [&*format!("{year:04}"), &*format!("{month:02}"), &*format!("{day:02}")]
    }
}

/// `20261125T1700Z` or `20261125T170000Z`.
fn parse_stamp(text: &str) -> Option<Timestamp> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    if date.len() != 8 || !matches!(time.len(), 4 | 6) {
        return None;
    }
    let number = |text: Option<&str>| -> Option<u32> {
        text.filter(|t| t.bytes().all(|b| b.is_ascii_digit()))?.parse().ok()
    };
    Timestamp::from_civil(Civil {
        year: number(date.get(..4))?.into(),
        month: number(date.get(4..6))?,
        day: number(date.get(6..))?,
        hour: number(time.get(..2))?,
        minute: number(time.get(2..4))?,
        second: time.get(4..).filter(|s| !s.is_empty()).map_or(Some(0), |s| number(Some(s)))?,
        millisecond: 0,
    })
}

/// Writes everything up to the time of the file name.
fn write_start(
    f: &mut fmt::Formatter<'_>,
    (prefix, organization): (Option<&str>, Option<&str>),
    (account, folder, region): (&AccountId, &str, &Region),
    time: Timestamp,
) -> fmt::Result {
    if let Some(prefix) = prefix {
        write!(f, "{prefix}/")?;
    }
    f.write_str("AWSLogs/")?;
    if let Some(organization) = organization {
        write!(f, "{organization}/")?;
    }
    let Civil { year, month, day, .. } = time.civil();
    write!(f, "{account}/{folder}/{region}/{year:04}/{month:02}/{day:02}/")?;
    write!(f, "{account}_{folder}_{region}_")
}

impl fmt::Display for LogKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let above = (self.prefix.as_deref(), self.organization.as_deref());
        let named = (&self.account, self.folder.as_str(), &self.region);
        write_start(f, above, named, self.time)?;
        let Civil { year, month, day, hour, minute, .. } = self.time.civil();
        write!(f, "{year:04}{month:02}{day:02}T{hour:02}{minute:02}Z_{}.json.gz", self.unique)
    }
}

impl fmt::Display for DigestKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let above = (self.prefix.as_deref(), self.organization.as_deref());
        let named = (&self.account, Self::FOLDER, &self.region);
        write_start(f, above, named, self.end)?;
        let Civil { year, month, day, hour, minute, second, .. } = self.end.civil();
        write!(f, "{}_{}_", self.trail, self.home_region)?;
        write!(f, "{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")?;
        f.write_str(if self.backfill { "_backfill.json.gz" } else { ".json.gz" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LOG: &str = "AWSLogs/111122223333/CloudTrail/us-east-2/2026/11/25/\
                       111122223333_CloudTrail_us-east-2_20261125T1705Z_mFUkoDp0wKa7f6sQ.json.gz";
    const DIGEST: &str = "logs/a/AWSLogs/o-abc1234567/111122223333/CloudTrail-Digest/eu-west-1/\
                          2026/11/25/111122223333_CloudTrail-Digest_eu-west-1_my_trail_us-east-1_\
                          20261125T170002Z.json.gz";

    #[test]
    fn a_log_key_reads_and_writes() {
        let key = LogKey::parse(LOG).unwrap();
        assert_eq!(key.to_string(), LOG);
        assert_eq!(key.time.iso_seconds(), "2026-11-25T17:05:00Z");
        assert_eq!((key.prefix, key.folder), (None, Folder::CloudTrail));
        let insight = LOG.replace("CloudTrail", "CloudTrail-Insight");
        assert_eq!(LogKey::parse(&insight).unwrap().to_string(), insight);
        assert!(DigestKey::parse(LOG).is_none());
    }

    #[test]
    fn a_digest_key_reads_and_writes() {
        let key = DigestKey::parse(DIGEST).unwrap();
        assert_eq!(key.to_string(), DIGEST);
        assert_eq!((&*key.trail, key.home_region.as_str()), ("my_trail", "us-east-1"));
        assert_eq!(key.prefix.as_deref(), Some("logs/a"));
        assert_eq!(key.organization.as_deref(), Some("o-abc1234567"));
        let late = DIGEST.replace("Z.json", "Z_backfill.json");
        assert_eq!(DigestKey::parse(&late).unwrap().to_string(), late);
        assert!(LogKey::parse(DIGEST).is_none());
    }

    #[test]
    fn a_prefix_may_be_called_as_the_folder_is() {
        for prefix in ["AWSLogs", "AWSLogs/x", "a/AWSLogs", "AWSLogs/AWSLogs"] {
            let log = LogKey::parse(&format!("{prefix}/{LOG}")).unwrap();
            assert_eq!(
                (log.prefix.as_deref(), log.to_string()),
                (Some(prefix), format!("{prefix}/{LOG}"))
            );
            let text = format!("{prefix}/{DIGEST}");
            let digest = DigestKey::parse(&text).unwrap();
            assert_eq!(digest.prefix, Some(format!("{prefix}/logs/a")));
            assert_eq!(digest.to_string(), text);
        }
    }

    #[test]
    fn a_key_that_contradicts_itself_is_none() {
        for wrong in [
            LOG.replace("/25/", "/24/"),
            LOG.replace("111122223333_", "111122223334_"),
            LOG.replace("_us-east-2", "_us-east-1"),
            LOG.replace(".json.gz", ".json"),
            LOG.replace("mFUkoDp0wKa7f6sQ", "short"),
            LOG.replace("T1705Z", "T170500Z"),
            LOG.replace("/CloudTrail/", "/Other/"),
            format!("{LOG}/more"),
            String::new(),
        ] {
            assert!(LogKey::parse(&wrong).is_none(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,80}") {
            let _ = (LogKey::parse(&text), DigestKey::parse(&text));
            let _ = LogKey::parse(&format!("AWSLogs/111122223333/CloudTrail/{text}"));
        }
    }
}
