//! What the chains of a trail's other regions know of its home region.
//!
//! A whole run of digests that is gone looks like a time in which nothing was logged. But a trail that
//! logs has a chain in its home region, from the first second to the last, before it has any elsewhere.
//! So events of another region in such a time say that digests of the home region are gone. The other
//! way round nothing follows: a region begins with its first file.

use std::collections::BTreeMap;

use cairn_event::Timestamp;

use super::super::finding::{Finding, Flaw, Kind, Verdict};
use super::super::inventory::Place;
use super::super::spans::{Dated, Gap};
use super::super::walk::Walk;
use super::missed::{is_same_trail, key_at};
use super::{Engine, HEADSTART_MS};

/// The most digests that are missed one by one in all gaps of a chain.
const MISSED_MAX: usize = 10_000;

impl Engine<'_, '_> {
    /// Misses digests of home regions in times of which other regions have events.
    pub(super) fn beside(&mut self) {
        let mut missed = Vec::new();
        for home in self.walks.iter().filter(|walk| is_home(walk) && walk.is_asked) {
            let mut ends = BTreeMap::new();
            for gap in home.spans.gaps() {
                for other in self.walks.iter().filter(|other| {
                    is_same_trail(&other.name, &home.name)
                        && !is_home(other)
                        && !other.name.backfill
                }) {
                    self.belie(gap, other, &mut ends);
                }
            }
            for (end, region) in ends.into_iter().take(MISSED_MAX) {
                let place =
                    near(home, end).and_then(|near| Some((near.bucket, key_at(&near.key, end)?)));
                missed.extend(
                    place.map(|(bucket, key)| (bucket, key, Flaw::Elsewhere { end, region })),
                );
            }
        }
        for (number, key, flaw) in missed {
            let bucket = self.inventory.buckets.name(number).to_owned();
            if self.missing.insert((bucket.clone(), key.clone())) {
                let verdict = Verdict::Invalid(flaw);
                self.findings.push(Finding { kind: Kind::Digest, bucket, key, verdict });
            }
        }
    }

    /// Takes the ends of a chain's digests that are in a gap of the home region, if they show that the
    /// trail logged then.
    fn belie(&self, gap: Gap, other: &Walk, ends: &mut BTreeMap<Timestamp, String>) {
        // A digest of this region may be there a little before that of the home region is.
        let interval = other.runs.first().map_or(HEADSTART_MS.1, |run| run.interval);
        let patience = (interval / 12).clamp(HEADSTART_MS.0, HEADSTART_MS.1);
        let settled = self.proof.now.as_ms().saturating_sub(patience);
        let is_asked = |digest: &Dated| {
            self.proof.selection.takes_window(digest.end, digest.end)
                && digest.end.as_ms() < settled
        };
        let inside =
            || other.spans.digests.iter().filter(|digest| is_asked(digest) && gap.holds(digest));
        if inside().any(|digest| gap.is_belied_by(digest, interval)) {
            for digest in inside() {
                ends.entry(digest.end).or_insert_with(|| other.name.region.clone());
            }
        }
    }
}

fn is_home(walk: &Walk) -> bool {
    walk.name.region == walk.name.home_region && !walk.name.backfill
}

/// The place of the good digest that ends a run next to a time, or of any that is listed.
fn near(home: &Walk, end: Timestamp) -> Option<&Place> {
    let mut runs = home.runs.iter().map(|run| &run.last);
    let before = runs.clone().find(|last| last.end <= end);
    before.or_else(|| runs.next_back()).or(home.listed.as_ref())
}
