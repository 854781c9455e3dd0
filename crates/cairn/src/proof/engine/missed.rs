//! What should be there and is not: digests after the end of a run, and those that somebody has seen.

use cairn_event::Timestamp;
use cairn_event::key::DigestKey;

use super::super::bucket::ReadError;
use super::super::chain_name::ChainName;
use super::super::finding::{Finding, Flaw, Kind, Verdict};
use super::super::walk::Walk;
use super::Engine;

/// The least and the most time by which the digests of one region may come before those of others.
pub(super) const HEADSTART_MS: (i64, i64) = (10_000, 300_000);

impl Engine<'_, '_> {
    /// Misses what should follow the ends of runs.
    pub(super) fn missed(&mut self) {
        let until = match (self.proof.selection.end, self.proof.is_live) {
            (Some(end), _) => Some(end),
            (None, true) => Some(self.proof.now),
            (None, false) => None,
        };
        let endings = self.endings();
        for number in 0..self.walks.len() {
            let now = self.proof.now;
            let elsewhere_to = self.walks.get(number).and_then(|walk| self.newest_elsewhere(walk));
            self.step(number, |walk, scene| {
                if walk.name.backfill {
                    return None;
                }
                for run in &walk.runs {
                    let elsewhere = |ending: &(ChainName, Timestamp)| {
                        is_same_trail(&ending.0, &walk.name) && ending.1 == run.last.end
                    };
                    if run.is_closed() || endings.iter().any(elsewhere) {
                        continue;
                    }
                    match (run.next_start, until) {
                        (Some(_), _) if run.bad_end.is_none() => {
                            walk.unclosed(run, scene);
                        }
                        (Some(_), _) => {}
                        (None, until) => {
                            let missed = run.missed(now, until, elsewhere_to);
                            missed.for_each(|end| walk.expected(&run.last, end, scene));
                        }
                    }
                }
                None
            });
        }
    }

    /// The end of the newest digest of the same trail and account in other regions: all of them are
    /// written at the same times (observed). One that may be ahead of the others does not count.
    fn newest_elsewhere(&self, walk: &Walk) -> Option<Timestamp> {
        let others = self.walks.iter().filter(|other| {
            is_same_trail(&other.name, &walk.name)
                && other.name.region != walk.name.region
                && other.name.backfill == walk.name.backfill
        });
        let settled = others.filter_map(|other| {
            let newest = other.listed.as_ref()?;
            let (since, patience) = match newest.modified {
                Some(modified) if self.tells_time(newest.bucket) => {
                    let interval = other.runs.first().map_or(HEADSTART_MS.1, |run| run.interval);
                    (modified, (interval / 12).clamp(HEADSTART_MS.0, HEADSTART_MS.1))
                }
                _ => (newest.end, 12 * HEADSTART_MS.1),
            };
            (since.as_ms() + patience < self.proof.now.as_ms()).then_some(newest.end)
        });
        let end = settled.max()?;
        Some(self.proof.selection.end.map_or(end, |to| to.min(end)))
    }

    fn tells_time(&self, bucket: usize) -> bool {
        self.inventory.buckets.bucket(bucket).is_some_and(|bucket| bucket.tells_time())
    }

    /// Runs that end in the home region of their trail with the call that ends them: those of other
    /// regions end at the same time.
    fn endings(&self) -> Vec<(ChainName, Timestamp)> {
        let homes = self.walks.iter().filter(|walk| walk.name.region == walk.name.home_region);
        homes
            .flat_map(|walk| {
                let ended = walk.runs.iter().filter(|run| run.has_ending);
                ended.map(|run| (walk.name.clone(), run.last.end))
            })
            .collect()
    }

    /// Misses what was there once.
    pub(super) fn remembered(&mut self) {
        for (chain, link) in self.proof.heads.all() {
            let place = (link.bucket.clone(), link.key.clone());
            let is_before = self.proof.selection.start.is_some_and(|from| link.end <= from);
            if !self.proof.selection.takes_chain(chain)
                || is_before
                || self.missing.contains(&place)
                || self.met.contains(&place)
            {
                continue;
            }
            let number = self.inventory.buckets.number(&link.bucket, &link.key);
            let bucket = number.and_then(|number| self.inventory.buckets.bucket(number));
            let Some(bucket) = bucket else {
                let kind = if chain.backfill { Kind::BackfillDigest } else { Kind::Digest };
                let why = "it was remembered, and its bucket is not at hand".to_owned();
                let (bucket, key) = place;
                self.findings.push(Finding { kind, bucket, key, verdict: Verdict::Unchecked(why) });
                continue;
            };
            let verdict = match bucket.read(&link.key) {
                Ok(_) | Err(ReadError::TooLarge) => continue,
                Err(ReadError::Missing) => Verdict::Invalid(Flaw::Remembered(link.end)),
                Err(error) => Verdict::Unchecked(error.to_string()),
            };
            if self.missing.insert(place.clone()) {
                let kind = if chain.backfill { Kind::BackfillDigest } else { Kind::Digest };
                self.findings.push(Finding { kind, bucket: place.0, key: place.1, verdict });
            }
        }
        let lost = self
            .proof
            .heads
            .all()
            .map(|(_, link)| link)
            .filter(|link| self.missing.contains(&(link.bucket.clone(), link.key.clone())));
        self.summary.lost = lost.cloned().collect();
    }

    /// Misses a chain of which nothing is there.
    fn vanished(&mut self, chain: &ChainName, delivered: Timestamp) {
        if delivered > self.proof.now || self.homeless.contains(chain) {
            return;
        }
        let has_others = self.walks.iter().any(|walk| is_same_trail(&walk.name, chain));
        let flaw = Flaw::Delivered(delivered);
        let bucket = format!("{} ({chain})", self.inventory.buckets.name(0));
        // A trail that has just moved to another bucket has no digest there yet.
        let verdict =
            if has_others { Verdict::Invalid(flaw) } else { Verdict::Unchecked(flaw.to_string()) };
        self.findings.push(Finding { kind: Kind::Digest, bucket, key: String::new(), verdict });
    }

    /// Misses the chains of home regions: a trail has one there before it has any elsewhere. Whoever
    /// makes a copy may have copied one region.
    pub(super) fn homeless(&mut self) {
        if !self.proof.is_live || self.proof.selection.region.is_some() {
            return;
        }
        let mut missed = Vec::new();
        for walk in self.walks.iter().filter(|walk| walk.is_asked && !walk.name.backfill) {
            let home = ChainName { region: walk.name.home_region.clone(), ..walk.name.clone() };
            let is_there = self.walks.iter().any(|other| other.name == home);
            let (false, Some(listed)) = (is_there, &walk.listed) else { continue };
            let region = cairn_event::Region::parse(&home.region).ok();
            let key = DigestKey::parse(&listed.key).zip(region);
            let Some(key) = key.map(|(key, region)| DigestKey { region, ..key }.to_string()) else {
                continue;
            };
            let sources = self.proof.sources;
            let is_listed =
                sources.get(listed.bucket).is_some_and(|source| key.starts_with(&source.prefix));
            if is_listed && self.homeless.insert(home) {
                missed.push((listed.bucket, key));
            }
        }
        for (bucket, key) in missed {
            self.found(Kind::Digest, bucket, key, Verdict::Invalid(Flaw::Homeless));
        }
    }

    /// Misses digests that the server says it has delivered.
    pub(super) fn delivered(&mut self) {
        for (chain, delivered) in self.proof.statuses {
            let Some(walk) = self.walks.iter().find(|walk| walk.name == *chain) else {
                self.vanished(chain, *delivered);
                continue;
            };
            let Some(listed) = &walk.listed else { continue };
            let Some(modified) = listed.modified else { continue };
            let interval = walk.runs.first().map_or(HEADSTART_MS.1, |run| run.interval);
            let slack = (interval / 2).min(HEADSTART_MS.1);
            // Whoever puts an old digest there again makes it look new. Then its name tells: a digest
            // is delivered after its end, and the next one an interval later. One that was delivered
            // late, after a time without a server, was put there when the server says.
            let is_put_again = modified.as_ms() > delivered.as_ms() + slack;
            let is_newer = delivered.as_ms() > modified.as_ms() + slack
                || is_put_again && delivered.as_ms() > listed.end.as_ms() + interval + slack;
            // What came while the bucket was listed may not be in the list.
            if is_newer
                && *delivered <= self.proof.now
                && self.proof.selection.end.is_none_or(|to| listed.end < to)
            {
                let end = Timestamp::from_ms(listed.end.as_ms() + interval);
                let key = key_at(&listed.key, end).unwrap_or_default();
                let place = (self.inventory.buckets.name(listed.bucket).to_owned(), key.clone());
                let is_named = self.proof.heads.all().any(|(known, link)| {
                    known == chain && link.end > listed.end && self.summary.lost.contains(link)
                });
                if !is_named && self.missing.insert(place) {
                    let bucket = listed.bucket;
                    let flaw = Flaw::Delivered(*delivered);
                    self.found(Kind::Digest, bucket, key, Verdict::Invalid(flaw));
                }
            }
        }
    }
}

pub(super) fn is_same_trail(a: &ChainName, b: &ChainName) -> bool {
    (&a.trail, &a.home_region, &a.account, &a.organization)
        == (&b.trail, &b.home_region, &b.account, &b.organization)
}

/// The key that a digest of the same chain has with another end.
pub(crate) fn key_at(near: &str, end: Timestamp) -> Option<String> {
    Some(DigestKey { end, ..DigestKey::parse(near)? }.to_string())
}
