//! What a proof found, in numbers.

use std::collections::BTreeMap;

use cairn_event::Timestamp;
use serde::Serialize;

use super::finding::{Finding, Flaw, Kind, Verdict};

/// How many of each kind of object had each outcome.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Tally {
    pub(crate) valid: u64,
    pub(crate) invalid: u64,
    pub(crate) unanchored: u64,
    pub(crate) pending: u64,
    pub(crate) unchecked: u64,
    /// Log files that no digest vouches for; they are among the invalid.
    pub(crate) unvouched: u64,
    /// Log files that no digest vouches for because a trail writes none.
    pub(crate) undigested: u64,
}

/// The outcome of a proof.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Summary {
    pub(crate) digests: Tally,
    pub(crate) backfill_digests: Tally,
    pub(crate) logs: Tally,
    pub(crate) others: Tally,
    pub(crate) records: Tally,
    /// The time that valid digests cover.
    #[serde(serialize_with = "iso")]
    pub(crate) found_from: Option<Timestamp>,
    #[serde(serialize_with = "iso")]
    pub(crate) found_to: Option<Timestamp>,
    /// Bytes of log files before compression.
    pub(crate) bytes: u64,
    pub(crate) chains: u64,
    /// For people, and no flaw.
    pub(crate) notes: Vec<String>,
    #[serde(skip)]
    pub(crate) newest: BTreeMap<super::chain_name::ChainName, Vec<cairn_event::digest::Link>>,
    /// The last digests of runs that another one follows.
    #[serde(skip)]
    pub(crate) run_ends: BTreeMap<super::chain_name::ChainName, Vec<cairn_event::digest::Link>>,
    /// Digests that somebody has seen and that are not there.
    #[serde(skip)]
    pub(crate) lost: Vec<cairn_event::digest::Link>,
}

#[expect(clippy::ref_option, reason = "as serde calls it")]
fn iso<S: serde::Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    at.map(Timestamp::iso_seconds).serialize(serializer)
}

impl Tally {
    fn count(&mut self, verdict: &Verdict) {
        let number = match verdict {
            Verdict::Valid => &mut self.valid,
            Verdict::Invalid(_) => &mut self.invalid,
            Verdict::Unanchored => &mut self.unanchored,
            Verdict::Pending => &mut self.pending,
            Verdict::Unchecked(_) => &mut self.unchecked,
            Verdict::Undigested(_) => &mut self.undigested,
        };
        *number += 1;
        let unvouched = matches!(
            verdict,
            Verdict::Invalid(Flaw::Unvouched | Flaw::Copied | Flaw::Implausible(_))
        );
        self.unvouched += u64::from(unvouched);
    }

    /// All that were looked at or missed.
    pub(crate) fn total(&self) -> u64 {
        self.valid + self.invalid + self.unanchored + self.unchecked
    }
}

impl Summary {
    pub(crate) fn count(&mut self, finding: &Finding) {
        let tally = match finding.kind {
            Kind::Digest => &mut self.digests,
            Kind::BackfillDigest => &mut self.backfill_digests,
            Kind::Log => &mut self.logs,
            Kind::Other => &mut self.others,
            Kind::Record => &mut self.records,
        };
        tally.count(&finding.verdict);
    }

    fn tallies(&self) -> [&Tally; 5] {
        [&self.digests, &self.backfill_digests, &self.logs, &self.others, &self.records]
    }

    /// How many things are wrong.
    pub(crate) fn invalid(&self) -> u64 {
        self.tallies().iter().map(|tally| tally.invalid).sum()
    }

    /// Whether something is wrong.
    pub(crate) fn has_invalid(&self) -> bool {
        self.invalid() > 0
    }

    /// Whether something could not be looked at.
    pub(crate) fn has_unchecked(&self) -> bool {
        self.tallies().iter().any(|tally| tally.unchecked > 0)
    }

    /// Whether there is something that nothing proves.
    pub(crate) fn has_unanchored(&self) -> bool {
        self.tallies().iter().any(|tally| tally.unanchored > 0)
    }

    /// Whether there was nothing to prove.
    pub(crate) fn is_empty(&self) -> bool {
        self.tallies().iter().all(|tally| tally.total() + tally.pending == 0)
    }
}
