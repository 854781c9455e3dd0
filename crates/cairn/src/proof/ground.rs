//! Where trails write, and which of them write without digests.

use std::collections::BTreeSet;

use cairn_event::key::DigestKey;

use super::chain_name::Selection;
use super::heads::Heads;
use super::inventory::Inventory;

/// The folder of a bucket in which a trail writes for an account.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ground {
    pub(crate) bucket: String,
    /// What its keys begin with: `PREFIX/AWSLogs/ACCOUNT/`.
    root: String,
}

/// A trail that writes log files and no digests for them.
#[derive(Clone, Debug)]
pub(crate) struct Bystander {
    /// How people know it.
    pub(crate) arn: String,
    pub(crate) name: String,
    pub(crate) home_region: String,
    pub(crate) ground: Ground,
    /// Its only region, if it has but one.
    pub(crate) region: Option<String>,
}

/// Tells whether all records of a file, by their hashes, are in the event log.
pub(crate) type Recorded<'a> = dyn Fn(&[u128]) -> bool + 'a;

/// What is known of a bucket without looking into it.
#[derive(Default)]
pub(crate) struct Surroundings<'a> {
    /// Where the trail that is asked for writes, or has written.
    pub(crate) own: Vec<Ground>,
    pub(crate) bystanders: Vec<Bystander>,
    /// Whether all records of a file are in the event log byte for byte, by their hashes.
    pub(crate) recorded: Option<&'a Recorded<'a>>,
}

/// The part of the buckets that is the trail's that is asked for.
#[derive(Debug, Default)]
pub(crate) struct Part {
    /// All if there is none.
    grounds: BTreeSet<Ground>,
    /// The only region in which it has digests.
    region: Option<String>,
}

impl Ground {
    /// Where a trail of an account writes. The accounts of an organization are not told apart.
    pub(crate) fn of_trail(
        bucket: &str,
        prefix: Option<&str>,
        account: &str,
        is_organization: bool,
    ) -> Self {
        let prefix = prefix.map(|prefix| prefix.trim_matches('/')).filter(|text| !text.is_empty());
        let start = prefix.map(|prefix| format!("{prefix}/")).unwrap_or_default();
        let root = if is_organization {
            format!("{start}AWSLogs/o-")
        } else {
            format!("{start}AWSLogs/{account}/")
        };
        Self { bucket: bucket.to_owned(), root }
    }

    /// Where a digest says that its trail writes.
    pub(crate) fn of_digest(bucket: &str, key: &str) -> Self {
        let folder = format!("{}/", DigestKey::FOLDER);
        let root = key.rsplit_once(&folder).map_or(key, |(root, _)| root);
        Self { bucket: bucket.to_owned(), root: root.to_owned() }
    }

    /// Whether an object is in it.
    pub(crate) fn has(&self, bucket: &str, key: &str) -> bool {
        self.bucket == bucket && key.starts_with(&self.root)
    }
}

impl Part {
    /// The part of the trail that is asked for: where its digests are, or were.
    pub(crate) fn of(
        inventory: &Inventory,
        selection: &Selection,
        heads: &Heads,
        own: &[Ground],
    ) -> Self {
        let Some(trail) = &selection.trail else { return Self::default() };
        let mut grounds: BTreeSet<Ground> = own.iter().cloned().collect();
        let mut regions = BTreeSet::new();
        for (chain, places) in &inventory.chains {
            if selection.takes_chain(chain) {
                regions.insert(chain.region.clone());
                grounds.extend(places.iter().map(|place| {
                    Ground::of_digest(inventory.buckets.name(place.bucket), &place.key)
                }));
            }
        }
        for (chain, link) in heads.all().filter(|(chain, _)| selection.takes_chain(chain)) {
            regions.insert(chain.region.clone());
            grounds.insert(Ground::of_digest(&link.bucket, &link.key));
        }
        let home = trail.region.to_string();
        let region = (regions.len() == 1 && regions.contains(&home)).then_some(home);
        Self { grounds, region }
    }

    /// Whether an object is in it.
    pub(crate) fn has(&self, bucket: &str, key: &str) -> bool {
        let of_region = |region: &String| {
            key.split('/').any(|part| part == region) || !key.contains("/CloudTrail")
        };
        (self.grounds.is_empty() || self.grounds.iter().any(|ground| ground.has(bucket, key)))
            && self.region.as_ref().is_none_or(of_region)
    }
}
