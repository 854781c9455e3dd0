//! The proof of what is in some buckets: digests, the log files that they name, and what they do not.

mod beside;
mod missed;
mod others;

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use cairn_event::Timestamp;
use missed::HEADSTART_MS;
pub(super) use missed::key_at;
#[cfg(test)]
pub(super) use others::OTHERS_MAX;
use xxhash_rust::xxh3::xxh3_128_with_seed;

use super::bucket::ReadError;
use super::chain_name::{ChainName, Selection};
use super::events::EventBook;
use super::finding::{Finding, Flaw, Kind, Verdict};
use super::ground::{Part, Surroundings};
use super::heads::Heads;
use super::inventory::{Inventory, Place, Source};
use super::key_ring::KeyRing;
use super::pool::{Done, Job, LogTask, Pool, Task};
use super::summary::Summary;
use super::walk::{Proven, Scene, Walk};

/// What a proof is to be of, and what it starts from.
pub(crate) struct Proof<'a> {
    pub(crate) sources: &'a [Source],
    pub(crate) selection: &'a Selection,
    pub(crate) ring: &'a KeyRing,
    pub(crate) heads: &'a Heads,
    pub(crate) now: Timestamp,
    /// Whether digests are missed that should be there by now, without an end that is asked for.
    pub(crate) is_live: bool,
    /// When the server delivered its newest digests, as it says.
    pub(crate) statuses: &'a [(ChainName, Timestamp)],
    /// Where events are noted, if they are to be held against the event log.
    pub(crate) events: Option<&'a mut EventBook>,
    /// Log files that the server has delivered and no digest names yet, with their hashes, if that
    /// is known.
    pub(crate) delivered: Option<&'a HashMap<(String, String), String>>,
    /// What is known of other trails, and of the event log.
    pub(crate) around: &'a Surroundings<'a>,
    /// Where to put what digests vouch for, in place of checking it.
    pub(crate) vouchers: Option<&'a mut Vouchers>,
}

/// Log files by bucket and key, and what digests say of them that nothing is wrong with.
pub(crate) type Vouchers = HashMap<(String, String), Voucher>;

/// What a digest says of a log file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Voucher {
    /// The hash of its content.
    pub(crate) sha256: String,
    /// Whether the digest's signature is there, and holds. A plain copy does not have it.
    pub(crate) is_anchored: bool,
}

/// Who is told of what is found, as it is found.
pub(crate) trait Watcher {
    fn found(&mut self, finding: &Finding);
    /// So many objects more are to be looked at.
    fn expect(&mut self, objects: u64);
    /// One was, of so many bytes before compression.
    fn done(&mut self, bytes: u64);
}

/// Takes stock of the sources. The keys can be fetched for what is in them.
pub(crate) fn inventory(sources: &[Source], selection: &Selection) -> Result<Inventory, ReadError> {
    Inventory::take(sources, selection)
}

impl Proof<'_> {
    /// Checks everything.
    pub(crate) fn run(
        self,
        inventory: Inventory,
        watcher: &mut dyn Watcher,
    ) -> Result<Summary, ReadError> {
        std::thread::scope(|scope| {
            let cores = std::thread::available_parallelism().map_or(1, usize::from);
            let threads = cores.max(inventory.buckets.reads_at_once());
            let pool = Pool::start(scope, threads)
                .map_err(|error| ReadError::Failed(anyhow::Error::new(error)))?;
            Engine::new(self, inventory, pool, watcher).run()
        })
    }
}

struct Engine<'a, 'w> {
    proof: Proof<'a>,
    inventory: Inventory,
    pool: Pool,
    watcher: &'w mut dyn Watcher,
    walks: Vec<Walk>,
    /// The walk whose digests are read now.
    walking: usize,
    /// Places of remembered digests that are there.
    met: HashSet<(String, String)>,
    /// Digests that must be read before all others.
    urgent: VecDeque<(usize, u64, Place)>,
    logs: VecDeque<Job>,
    findings: Vec<Finding>,
    summary: Summary,
    seed: u64,
    /// Hashes of the places of log files that digests name.
    vouched: HashSet<u128>,
    /// Beginnings of the hashes of their contents.
    contents: HashSet<u128>,
    /// Places of digests that are reported missing.
    missing: BTreeSet<(String, String)>,
    /// Chains of home regions that are not there.
    homeless: BTreeSet<ChainName>,
    /// What of the buckets is looked at.
    part: Part,
    /// Log files that a digest should name, which are only read for their events.
    unvouched: HashSet<u128>,
}

impl<'a, 'w> Engine<'a, 'w> {
    fn new(
        proof: Proof<'a>,
        mut inventory: Inventory,
        pool: Pool,
        watcher: &'w mut dyn Watcher,
    ) -> Self {
        let own = &proof.around.own;
        let part = Part::of(&inventory, proof.selection, proof.heads, own);
        let chains = std::mem::take(&mut inventory.chains);
        let mut summary = Summary::default();
        let mut walks = Vec::new();
        for (name, places) in chains {
            watcher.expect(places.len() as u64);
            walks.extend(Walk::new(name, places, proof.selection, proof.now));
        }
        summary.chains = walks.iter().filter(|walk| walk.is_asked).count() as u64;
        Self {
            proof,
            inventory,
            pool,
            watcher,
            walks,
            walking: 0,
            met: HashSet::new(),
            urgent: VecDeque::new(),
            logs: VecDeque::new(),
            findings: Vec::new(),
            summary,
            seed: getrandom::u64().unwrap_or_default(),
            vouched: HashSet::new(),
            contents: HashSet::new(),
            missing: BTreeSet::new(),
            homeless: BTreeSet::new(),
            part,
            unvouched: HashSet::new(),
        }
    }

    fn run(mut self) -> Result<Summary, ReadError> {
        for (bucket, key) in std::mem::take(&mut self.inventory.planted) {
            if self.part.has(self.inventory.buckets.name(bucket), &key) {
                self.found(Kind::Other, bucket, key, Verdict::Invalid(Flaw::Planted));
            }
        }
        self.work();
        self.missed();
        self.beside();
        self.remembered();
        self.homeless();
        self.delivered();
        if self.proof.vouchers.is_none() {
            self.others()?;
            self.work();
        }
        self.tell();
        for walk in self.walks {
            if let Some(first) = walk.first_start.filter(|_| walk.is_asked) {
                let known = self.summary.found_from.unwrap_or(first);
                self.summary.found_from = Some(known.min(first));
            }
            if let Some(last) = walk.last_end.filter(|_| walk.is_asked) {
                let known = self.summary.found_to.unwrap_or(last);
                self.summary.found_to = Some(known.max(last));
            }
            if !walk.run_ends.is_empty() {
                self.summary.run_ends.insert(walk.name.clone(), walk.run_ends);
            }
            if !walk.newest.is_empty() {
                self.summary.newest.insert(walk.name, walk.newest);
            }
        }
        Ok(self.summary)
    }

    /// Gives out work and takes what comes of it until there is none.
    fn work(&mut self) {
        loop {
            while self.pool.has_room() {
                let Some(job) = self.next_job() else { break };
                self.pool.give(job);
            }
            self.tell();
            let Some(done) = self.pool.wait() else { return };
            self.take(done);
        }
    }

    fn next_job(&mut self) -> Option<Job> {
        let (walk, id, place) = match self.urgent.pop_front() {
            Some(urgent) => urgent,
            None => match self.logs.pop_front() {
                Some(job) => return Some(job),
                None => self.next_digest()?,
            },
        };
        let bucket = Arc::clone(self.inventory.buckets.bucket(place.bucket)?);
        Some(Job { bucket, key: place.key, task: Task::Digest { walk, id } })
    }

    fn next_digest(&mut self) -> Option<(usize, u64, Place)> {
        loop {
            let walk = self.walks.get_mut(self.walking)?;
            match walk.issue() {
                Some((id, place)) => return Some((self.walking, id, place)),
                None => self.walking += 1,
            }
        }
    }

    fn take(&mut self, done: Done) {
        match done {
            Done::Digest { walk, id, outcome } => {
                self.watcher.done(0);
                self.step(walk, |walk, scene| walk.arrive(id, outcome, scene));
            }
            Done::Log { key, task, verdict, checked } => {
                self.watcher.done(checked.bytes);
                self.summary.bytes += checked.bytes;
                if let (Some((_, run)), true) = (&task.ends, checked.ends)
                    && let Some(run) =
                        self.walks.get_mut(task.walk).and_then(|walk| walk.runs.get_mut(*run))
                {
                    run.has_ending = true;
                }
                if let (Some(book), Some(walk)) =
                    (self.proof.events.as_deref_mut(), self.walks.get(task.walk))
                {
                    let bucket = self.inventory.buckets.name(task.bucket);
                    book.deliver(&walk.name, checked.events, bucket, &key);
                }
                self.found(Kind::Log, task.bucket, key, verdict);
            }
            Done::Other { key, bucket, times, outcome } => {
                self.watcher.done(0);
                let verdict = match outcome {
                    Ok(log) => self.take_other(&key, bucket, times, &log),
                    Err(verdict) => verdict,
                };
                self.found(Kind::Other, bucket, key, verdict);
            }
        }
    }

    /// Does something with a walk, and takes over what it found.
    fn step(
        &mut self,
        number: usize,
        act: impl FnOnce(&mut Walk, &mut Scene<'_>) -> Option<(u64, Place)>,
    ) {
        let mut proven = Vec::new();
        let Some(walk) = self.walks.get_mut(number) else { return };
        let first = self.findings.len();
        let mut scene = Scene {
            ring: self.proof.ring,
            selection: self.proof.selection,
            heads: self.proof.heads,
            buckets: &mut self.inventory.buckets,
            findings: &mut self.findings,
            proven: &mut proven,
            notes: &mut self.summary.notes,
        };
        let named = act(walk, &mut scene);
        if let Some((id, place)) = named {
            self.watcher.expect(1);
            self.urgent.push_back((number, id, place));
        }
        for finding in self.findings.get(first..).unwrap_or_default() {
            if matches!(finding.verdict, Verdict::Invalid(Flaw::NotFound | Flaw::Expected(_))) {
                self.missing.insert((finding.bucket.clone(), finding.key.clone()));
            }
        }
        for digest in proven {
            self.prove(number, digest);
        }
    }

    /// Takes the files of a digest.
    fn prove(&mut self, walk: usize, proven: Proven) {
        let Proven { read, is_counted, is_anchored, ends } = proven;
        let place = (&read.digest.digest_s3_bucket, &read.digest.digest_s3_object);
        let name = self.walks.get(walk).map(|walk| &walk.name);
        if name.is_some_and(|name| self.proof.heads.at(name, place.0, place.1).is_some()) {
            self.met.insert((place.0.clone(), place.1.clone()));
        }
        if let Some(vouchers) = self.proof.vouchers.as_deref_mut() {
            for file in read.digest.log_files {
                let voucher = Voucher { sha256: file.hash_value, is_anchored };
                let known = vouchers.entry((file.s3_bucket, file.s3_object));
                let known = known.or_insert_with(|| voucher.clone());
                if is_anchored && !known.is_anchored {
                    *known = voucher;
                }
            }
            return;
        }
        let chain = self.walks.get(walk).map(|walk| Arc::new(walk.name.clone()));
        let mut count = 0;
        for file in read.digest.log_files {
            let place = self.place_hash(&file.s3_bucket, &file.s3_object);
            self.contents.extend(hash_start(&file.hash_value));
            let is_new = self.vouched.insert(place);
            if !is_counted {
                continue;
            }
            let number = self.inventory.buckets.number(&file.s3_bucket, &file.s3_object);
            let bucket = number.and_then(|number| self.inventory.buckets.bucket(number));
            let (Some(number), Some(bucket), true) = (number, bucket, is_new) else {
                let verdict = if is_new {
                    Verdict::Unchecked(format!("the bucket {} is not at hand", file.s3_bucket))
                } else {
                    Verdict::Invalid(Flaw::NamedTwice)
                };
                let (bucket, key) = (file.s3_bucket, file.s3_object);
                self.findings.push(Finding { kind: Kind::Log, bucket, key, verdict });
                continue;
            };
            count += 1;
            let task = LogTask {
                bucket: number,
                sha256: file.hash_value,
                ends: chain.clone().zip(ends),
                walk,
                is_anchored,
                wants_events: self.proof.events.is_some(),
            };
            let bucket = Arc::clone(bucket);
            self.logs.push_back(Job { bucket, key: file.s3_object, task: Task::Log(task) });
        }
        self.watcher.expect(count);
    }

    fn place_hash(&self, bucket: &str, key: &str) -> u128 {
        xxh3_128_with_seed(format!("{bucket}/{key}").as_bytes(), self.seed)
    }

    fn found(&mut self, kind: Kind, bucket: usize, key: String, verdict: Verdict) {
        let bucket = self.inventory.buckets.name(bucket).to_owned();
        self.findings.push(Finding { kind, bucket, key, verdict });
    }

    fn tell(&mut self) {
        for finding in self.findings.drain(..) {
            self.summary.count(&finding);
            self.watcher.found(&finding);
        }
    }
}

/// The beginning of a SHA-256 in hex.
fn hash_start(hex: &str) -> Option<u128> {
    u128::from_str_radix(hex.get(..32)?, 16).ok()
}
