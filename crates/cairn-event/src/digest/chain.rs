//! Where a chain of digests stands.

use serde::{Deserialize, Serialize};

use super::Link;
use crate::Timestamp;
use crate::trail::{DigestEpoch, Outcome};

/// What the digest worker keeps of one trail, account and region, under
/// [`crate::trail::place::chain`]. JSON in small state.
///
/// `GetTrailStatus` shows its [`Chain::outcome`]; [`Chain::last`] is the head that a bucket's newest
/// digest can be held against.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chain {
    /// The chain that is being written; none before the first digest and after the final one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<DigestEpoch>,
    /// When it was noticed that the epoch is over: what is left is the final digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
    /// Where the next window begins.
    #[serde(default)]
    pub window_start: Timestamp,
    /// The newest digest that was written, of whatever epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Link>,
    /// Whether the next digest follows [`Chain::last`], rather than beginning anew.
    #[serde(default)]
    pub linked: bool,
    /// The newest end that a standard digest was given: no later one gets it again.
    #[serde(default)]
    pub stamp: Timestamp,
    /// The newest backfill digest that was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backfill: Option<Link>,
    /// The newest end that a backfill digest was given.
    #[serde(default)]
    pub backfill_stamp: Timestamp,
    /// The digest that is being written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Plan>,
    /// The newest entries that digests cover.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub covered: Vec<Covered>,
    /// What came of the last attempts.
    #[serde(default)]
    pub outcome: Outcome,
    /// Since when the plan fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing_since: Option<Timestamp>,
}

/// What kind of digest a plan is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PlanKind {
    /// The first of a chain: no files, nothing before it.
    Starting,
    /// One of every interval.
    Regular,
    /// The last of a chain.
    Final,
    /// For files that came after the last.
    Backfill,
}

/// A digest that has been decided on: made again from this, it has the same bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// What it is.
    pub kind: PlanKind,
    /// Where its window begins.
    pub start: Timestamp,
    /// Where it ends.
    pub end: Timestamp,
    /// The bucket.
    pub bucket: String,
    /// The key.
    pub key: String,
    /// The key pair that signed it.
    pub fingerprint: String,
    /// The entries of delivered files that it covers: the last part of their keys.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entries: Vec<String>,
    /// The SHA-256 of its bytes before compression, in lower-case hex.
    pub sha256: String,
    /// Its signature, in lower-case hex.
    pub signature: String,
    /// When it was made.
    pub made: Timestamp,
}

/// Files that digests cover, should delivery enter them again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Covered {
    /// The last part of the key of their entry.
    pub entry: String,
    /// Stands for each of the files.
    pub marks: Vec<String>,
}
