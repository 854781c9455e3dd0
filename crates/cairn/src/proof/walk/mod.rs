//! One chain of digests, from its newest to its oldest.
//!
//! Digests arrive from many threads in any order and are taken in the order of the chain: a digest
//! tells where the one before it is, what its content was and how it was signed. So a chain is
//! checked link by link, and what is missing in it is missed.

mod judge;

use std::collections::{HashMap, HashSet, VecDeque};

use cairn_event::digest::{Link, LinkFault};
use cairn_event::{AccountId, Region, Timestamp};

use super::chain_name::{ChainName, Selection};
use super::engine::key_at;
use super::finding::{Finding, Flaw, Kind, Verdict};
use super::ground::Ground;
use super::heads::{Heads, RUNS_MAX};
use super::inventory::{Buckets, Place};
use super::key_ring::KeyRing;
use super::pool::ReadDigest;
use super::run::Run;
use super::spans::Spans;

/// The interval of digests at AWS (documented), where nothing tells another one.
const INTERVAL_MS: i64 = 3_600_000;
/// How far the clocks of a trail and of whoever checks may differ.
const CLOCKS_MS_MAX: i64 = 3_600_000;
/// The most digests that are named one by one in a hole.
const MISSING_MAX: i64 = 10_000;

/// What every walk needs of the world.
pub(crate) struct Scene<'a> {
    pub(crate) ring: &'a KeyRing,
    pub(crate) selection: &'a Selection,
    pub(crate) heads: &'a Heads,
    pub(crate) buckets: &'a mut Buckets,
    /// What was found, in the order in which it was found.
    pub(crate) findings: &'a mut Vec<Finding>,
    /// Digests whose files can be checked.
    pub(crate) proven: &'a mut Vec<Proven>,
    /// For people, and no flaw.
    pub(crate) notes: &'a mut Vec<String>,
}

/// A digest that vouches for files.
#[derive(Debug)]
pub(crate) struct Proven {
    pub(crate) read: Box<ReadDigest>,
    /// Whether it is asked for.
    pub(crate) is_counted: bool,
    pub(crate) is_anchored: bool,
    /// The run of the chain whose last digest it is.
    pub(crate) ends: Option<usize>,
}

/// A digest that was taken, until the one before it is.
#[derive(Debug)]
struct Taken {
    place: Place,
    start: Timestamp,
    /// What it says of the one before it: where it is, its hash and its signature.
    digest: cairn_event::digest::Digest,
    verdict: Verdict,
    is_counted: bool,
    /// Whether the one before it was looked for where it should be.
    has_looked: bool,
}

/// What stands after the next digest to be taken.
#[derive(Debug)]
enum Newer {
    /// Nothing: it is the newest.
    Nothing,
    /// A digest that is good in itself.
    Good(Box<Taken>),
    /// A digest that is missing or cannot be believed.
    Bad {
        /// Its end by its name.
        end: Timestamp,
        /// Whether it says, for what that is worth, that it begins a run.
        is_starting: bool,
    },
}

/// The walk along a chain.
#[derive(Debug)]
pub(crate) struct Walk {
    pub(crate) name: ChainName,
    account: AccountId,
    region: Region,
    home_region: Region,
    /// Whether its trail is asked for. If not, it is walked to know what it vouches for.
    pub(crate) is_asked: bool,
    /// Oldest first.
    waiting: Vec<Place>,
    /// Those that are read, newest first.
    issued: VecDeque<(u64, Place)>,
    arrived: HashMap<u64, Result<Box<ReadDigest>, Verdict>>,
    /// Places that were not taken yet.
    known: HashSet<(usize, String)>,
    next_id: u64,
    newer: Newer,
    pub(crate) runs: Vec<Run>,
    /// When it was written.
    pub(crate) spans: Spans,
    /// The newest good digest of each place.
    pub(crate) newest: Vec<Link>,
    /// The last good digests of runs that another one follows, newest first.
    pub(crate) run_ends: Vec<Link>,
    /// The end of the newest digest by name, and when the bucket took it.
    pub(crate) listed: Option<Place>,
    /// The latest end that a digest can have.
    latest: Timestamp,
    pub(crate) first_start: Option<Timestamp>,
    pub(crate) last_end: Option<Timestamp>,
    is_finished: bool,
}

impl Walk {
    /// A walk along the part of a chain that is asked for, with the digest on either side of it.
    pub(crate) fn new(
        name: ChainName,
        mut places: Vec<Place>,
        selection: &Selection,
        now: Timestamp,
    ) -> Option<Self> {
        let latest = Timestamp::from_ms(now.as_ms().saturating_add(CLOCKS_MS_MAX));
        let listed = places.iter().rfind(|place| place.end <= latest).cloned();
        if let Some(to) = selection.end {
            places.truncate(places.partition_point(|place| place.end <= to) + 1);
        }
        if let Some(from) = selection.start {
            let first = places.partition_point(|place| place.end <= from);
            places.drain(..first.saturating_sub(1));
        }
        let is_asked = selection.takes_chain(&name);
        Some(Self {
            account: AccountId::parse(&name.account).ok()?,
            region: Region::parse(&name.region).ok()?,
            home_region: Region::parse(&name.home_region).ok()?,
            name,
            is_asked,
            known: places.iter().map(|place| (place.bucket, place.key.clone())).collect(),
            waiting: places,
            issued: VecDeque::new(),
            arrived: HashMap::new(),
            next_id: 0,
            newer: Newer::Nothing,
            runs: Vec::new(),
            spans: Spans::default(),
            newest: Vec::new(),
            run_ends: Vec::new(),
            listed,
            latest,
            first_start: None,
            last_end: None,
            is_finished: false,
        })
    }

    /// The next digest to read.
    pub(crate) fn issue(&mut self) -> Option<(u64, Place)> {
        let place = self.waiting.pop()?;
        self.next_id += 1;
        self.issued.push_back((self.next_id, place.clone()));
        Some((self.next_id, place))
    }

    /// Takes a digest that was read, and all that can be taken after it. Returns a digest that must
    /// be read next, if one that was not listed is named.
    pub(crate) fn arrive(
        &mut self,
        id: u64,
        outcome: Result<Box<ReadDigest>, Verdict>,
        scene: &mut Scene<'_>,
    ) -> Option<(u64, Place)> {
        self.arrived.insert(id, outcome);
        self.advance(scene)
    }

    /// Takes what can be taken.
    pub(crate) fn advance(&mut self, scene: &mut Scene<'_>) -> Option<(u64, Place)> {
        loop {
            let front = self.issued.front().map(|(id, place)| (*id, place.clone()));
            match front {
                Some((id, _)) if !self.arrived.contains_key(&id) => return None,
                None if !self.waiting.is_empty() => return None,
                None if self.is_finished => return None,
                _ => {}
            }
            let next = front.as_ref().map(|(_, place)| place);
            if let Some(named) = self.look_for(next, scene) {
                return Some(named);
            }
            let Some((id, place)) = front else {
                self.finish(scene);
                return None;
            };
            self.issued.pop_front();
            self.known.remove(&(place.bucket, place.key.clone()));
            if let Some(outcome) = self.arrived.remove(&id) {
                self.take(place, outcome, scene);
            }
        }
    }

    /// If the newer digest names one that is not listed: where that is. It may be in another bucket,
    /// or gone.
    fn look_for(&mut self, next: Option<&Place>, scene: &mut Scene<'_>) -> Option<(u64, Place)> {
        let kind = self.kind();
        let Newer::Good(taken) = &mut self.newer else { return None };
        let (Some(bucket), Some(key)) =
            (&taken.digest.previous_digest_s3_bucket, &taken.digest.previous_digest_s3_object)
        else {
            return None;
        };
        let is_next = next
            .is_some_and(|place| place.key == *key && scene.buckets.name(place.bucket) == bucket);
        let is_before = scene.selection.start.is_some_and(|from| taken.start <= from);
        if taken.has_looked || is_next || is_before {
            return None;
        }
        taken.has_looked = true;
        let (end, is_counted) = (taken.start, taken.is_counted);
        let Some(number) = scene.buckets.number(bucket, key) else {
            let verdict = Verdict::Unchecked(format!("the bucket {bucket} is not at hand"));
            let finding = Finding { kind, bucket: bucket.clone(), key: key.clone(), verdict };
            if is_counted {
                scene.findings.push(finding);
            }
            self.settle(scene);
            self.newer = Newer::Bad { end, is_starting: false };
            return None;
        };
        if self.known.contains(&(number, key.clone())) {
            return None;
        }
        let place = Place { end, bucket: number, key: key.clone(), modified: None };
        self.next_id += 1;
        self.issued.push_front((self.next_id, place.clone()));
        Some((self.next_id, place))
    }

    fn kind(&self) -> Kind {
        if self.name.backfill { Kind::BackfillDigest } else { Kind::Digest }
    }

    /// Takes the next digest of the chain.
    fn take(
        &mut self,
        place: Place,
        outcome: Result<Box<ReadDigest>, Verdict>,
        scene: &mut Scene<'_>,
    ) {
        let is_named = self.names(&place, scene);
        let says_starting =
            outcome.as_ref().is_ok_and(|read| read.digest.previous_digest_s3_object.is_none());
        let judged = outcome.and_then(|read| {
            let verdict = self.judge(&place, &read, scene)?;
            // In the middle of a run, each digest has one after it that names it.
            if is_named == Some(false) {
                Err(Verdict::Invalid(Flaw::Skipped))
            } else {
                Ok((read, verdict))
            }
        });
        match judged {
            Ok((read, verdict)) => self.take_good(place, read, verdict, scene),
            Err(verdict) => {
                let is_in_time = self.is_in_time(place.end, scene);
                self.report(&place, verdict, is_in_time, scene);
                // What was planted says nothing about the chain.
                if is_named == Some(false) || place.end > self.latest {
                    return;
                }
                self.fill(&place, None, scene);
                let start = Timestamp::from_ms(place.end.as_ms() - self.interval(None));
                self.spans.cover(start, place.end, self.is_linked());
                self.settle(scene);
                self.newer = Newer::Bad { end: place.end, is_starting: says_starting };
            }
        }
    }

    /// Whether the newer digest names this one; `None` if nothing says so or otherwise.
    fn names(&self, place: &Place, scene: &Scene<'_>) -> Option<bool> {
        let Newer::Good(taken) = &self.newer else { return None };
        let key = taken.digest.previous_digest_s3_object.as_ref()?;
        let bucket = taken.digest.previous_digest_s3_bucket.as_deref();
        Some(*key == place.key && bucket == Some(scene.buckets.name(place.bucket)))
    }

    /// Whether the newer digest is of the same run as the one before it.
    fn is_linked(&self) -> bool {
        match &self.newer {
            Newer::Good(taken) => !taken.digest.is_starting(),
            Newer::Bad { is_starting, .. } => !is_starting,
            Newer::Nothing => false,
        }
    }

    fn take_good(
        &mut self,
        place: Place,
        read: Box<ReadDigest>,
        verdict: Verdict,
        scene: &mut Scene<'_>,
    ) {
        let digest = &read.digest;
        let start = Timestamp::parse_iso(&digest.digest_start_time).unwrap_or(place.end);
        let end = place.end;
        let is_counted = self.is_asked && scene.selection.takes_window(start, end);
        let link = Link {
            bucket: scene.buckets.name(place.bucket).to_owned(),
            key: place.key.clone(),
            sha256: read.sha256.clone(),
            signature: self.signature(&place, &read.metadata, scene).unwrap_or_default(),
            end,
        };
        self.hold_together(&link, scene);
        self.fill(&place, Some(start), scene);
        // Nothing is delivered in the window of a starting digest.
        let covers = if digest.is_starting() { end } else { start };
        self.spans.cover(covers, end, self.is_linked());
        if !digest.is_starting() {
            self.spans.note(start, end, digest);
        }
        let ends = self.place_in_run(&place, start);
        self.settle(scene);
        if is_counted {
            self.first_start = Some(self.first_start.map_or(start, |known| known.min(start)));
            self.last_end = Some(self.last_end.map_or(end, |known| known.max(end)));
        }
        let is_anchored = verdict == Verdict::Valid;
        let is_over = |run: usize| self.runs.get(run).is_some_and(|run| run.next_start.is_some());
        if is_anchored && ends.is_some_and(is_over) && self.run_ends.len() < RUNS_MAX {
            self.run_ends.push(link.clone());
        }
        let ground = |link: &Link| Ground::of_digest(&link.bucket, &link.key);
        if is_anchored && !self.newest.iter().any(|newest| ground(newest) == ground(&link)) {
            self.newest.push(link);
        }
        let mut taken = read.digest.clone();
        taken.log_files = Vec::new();
        scene.proven.push(Proven { read, is_counted, is_anchored, ends });
        self.newer = Newer::Good(Box::new(Taken {
            place,
            start,
            digest: taken,
            verdict,
            is_counted,
            has_looked: false,
        }));
    }

    /// Holds the newer digest against the one before it.
    fn hold_together(&mut self, link: &Link, scene: &mut Scene<'_>) {
        let windows = !self.name.backfill;
        match &mut self.newer {
            Newer::Good(taken) if taken.digest.is_starting() => {
                let (from, to) = (link.end, taken.start);
                // The window of a starting digest may begin before the final digest before it ends.
                if windows && self.is_asked && to > from {
                    scene.notes.push(format!(
                        "No log files were delivered by CloudTrail between {from} and {to} ({})",
                        self.name
                    ));
                }
            }
            Newer::Good(taken) => {
                let mut faults = taken.digest.breaks(link, windows);
                // A signature that is nowhere cannot be another one.
                faults.retain(|fault| !link.signature.is_empty() || *fault != LinkFault::Signature);
                if let Some(fault) = faults.into_iter().next() {
                    taken.verdict = Verdict::Invalid(Flaw::Link(fault));
                }
            }
            Newer::Nothing | Newer::Bad { .. } => {}
        }
    }

    /// Says what is known of the newer digest, now that the one before it was seen.
    fn settle(&mut self, scene: &mut Scene<'_>) {
        if let Newer::Good(taken) = std::mem::replace(&mut self.newer, Newer::Nothing)
            && taken.is_counted
        {
            self.report(&taken.place, taken.verdict, true, scene);
        }
    }

    fn report(&self, place: &Place, verdict: Verdict, is_in_time: bool, scene: &mut Scene<'_>) {
        if self.is_asked && is_in_time {
            let bucket = scene.buckets.name(place.bucket).to_owned();
            let key = place.key.clone();
            scene.findings.push(Finding { kind: self.kind(), bucket, key, verdict });
        }
    }

    /// Names the digests that are missing after this one, if the newer one is bad: a good one names
    /// the one before itself.
    fn fill(&mut self, place: &Place, start: Option<Timestamp>, scene: &mut Scene<'_>) {
        let Newer::Bad { end, is_starting } = self.newer else { return };
        let interval = self.interval(start.map(|start| place.end.as_ms() - start.as_ms()));
        let is_final = start.is_some_and(|start| place.end.as_ms() - start.as_ms() < interval);
        if self.name.backfill || is_starting || is_final {
            return;
        }
        let mut missing = end.as_ms() - interval;
        let mut named = 0;
        while missing > place.end.as_ms() + interval / 2 && named < MISSING_MAX {
            self.expected(place, Timestamp::from_ms(missing), scene);
            missing -= interval;
            named += 1;
        }
    }

    /// Reports a digest that should end then and is not there.
    pub(crate) fn expected(&self, near: &Place, end: Timestamp, scene: &mut Scene<'_>) {
        let Some(key) = key_at(&near.key, end) else { return };
        let place = Place { end, bucket: near.bucket, key, modified: None };
        let is_in_time = self.is_in_time(end, scene);
        self.report(&place, Verdict::Invalid(Flaw::Expected(end)), is_in_time, scene);
    }

    /// Reports that a run ends without a final digest: the key is the last that it can have.
    pub(crate) fn unclosed(&self, run: &Run, scene: &mut Scene<'_>) {
        let end = Timestamp::from_ms(run.last.end.as_ms().saturating_add(run.interval));
        let Some(key) = key_at(&run.last.key, end) else { return };
        let place = Place { end, bucket: run.last.bucket, key, modified: None };
        let is_in_time = self.is_in_time(end, scene);
        self.report(&place, Verdict::Invalid(Flaw::Unclosed(run.last.end)), is_in_time, scene);
    }

    /// Whether a digest whose window can only be guessed is in the time that is asked for.
    fn is_in_time(&self, end: Timestamp, scene: &Scene<'_>) -> bool {
        let start = Timestamp::from_ms(end.as_ms().saturating_sub(self.interval(None)));
        scene.selection.takes_window(start, end)
    }

    fn interval(&self, own: Option<i64>) -> i64 {
        let run = self.runs.last().map(|run| run.interval);
        run.or(own).filter(|ms| *ms > 0).unwrap_or(INTERVAL_MS)
    }

    /// Notes a good digest in its run; tells which run it is the last of.
    fn place_in_run(&mut self, place: &Place, start: Timestamp) -> Option<usize> {
        let next_start = match &self.newer {
            Newer::Good(taken) if taken.digest.is_starting() => Some(Some(taken.start)),
            Newer::Bad { is_starting: true, end } => Some(Some(*end)),
            Newer::Nothing => Some(None),
            Newer::Bad { .. } if self.runs.is_empty() => Some(None),
            _ => None,
        };
        let length = place.end.as_ms() - start.as_ms();
        let mut is_last = None;
        if let Some(next_start) = next_start {
            let bad_end = match self.newer {
                Newer::Bad { end, is_starting: false } => Some(end),
                _ => None,
            };
            self.runs.push(Run::new(place.clone(), length, next_start, bad_end));
            is_last = Some(self.runs.len() - 1);
        }
        if let Some(run) = self.runs.last_mut() {
            run.interval = run.interval.max(length);
        }
        is_last
    }

    fn finish(&mut self, scene: &mut Scene<'_>) {
        self.settle(scene);
        self.is_finished = true;
    }
}
