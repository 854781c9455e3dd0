//! What digests beside log files say of them, before the files are read.
//!
//! Digests are small and few: their signatures and links are checked first. What a log file must
//! hash to is known then, and its content is hashed on the way into the log.

use std::collections::HashMap;
use std::path::Path;

use anyhow::Context as _;

use crate::client::{Client, ServerChoice};
use crate::directory::wall_clock;
use crate::proof;
use crate::proof::{
    DirectoryBucket, Finding, Heads, Inventory, KeyRing, Proof, Selection, Surroundings, Verdict,
    Voucher, Vouchers, Watcher, fetch_keys, from_hex, inventory,
};
use crate::usage::OrUsage as _;

use super::Arguments;
use super::report::Proven;
use super::sources::{Place, Said, Sources};

/// What is wrong with digests is named so often.
const BROKEN_MAX: usize = 1_000;

/// What the command line gives to check digests with.
pub(super) struct Trusted {
    ring: KeyRing,
    has_keys: bool,
    heads: Heads,
}

impl Trusted {
    /// Reads the files, before anything else is done.
    pub(super) fn read(arguments: &Arguments) -> anyhow::Result<Self> {
        let mut ring = KeyRing::new(&[])?;
        for file in &arguments.public_keys {
            ring.add_file(file).of_flag("--public-keys")?;
        }
        let heads = Heads::all_of(&arguments.head).of_flag("--head")?;
        Ok(Self { ring, has_keys: !arguments.public_keys.is_empty(), heads })
    }

    /// Asks a server for keys if none were given.
    fn complete(&mut self, server: &ServerChoice, found: &Inventory) -> anyhow::Result<()> {
        if self.has_keys {
            return Ok(());
        }
        let client = Client::cloudtrail(server).context("give them with --public-keys")?;
        fetch_keys(&client, found, &mut self.ring)
    }
}

/// Checks the digests beside the sources, and notes what they say of each file; `None` if there are
/// no digests.
pub(super) fn prepare(
    sources: &mut Sources,
    trusted: &mut Trusted,
    server: &ServerChoice,
) -> anyhow::Result<Option<Proven>> {
    let mut copies = Vec::new();
    for directory in &sources.directories {
        copies.extend(DirectoryBucket::find(directory, None)?.into_iter().map(std::sync::Arc::new));
    }
    let mut all = sources.buckets.clone();
    let of = |copy: &std::sync::Arc<DirectoryBucket>| proof::Source {
        bucket: copy.clone(),
        prefix: String::new(),
    };
    all.extend(copies.iter().map(of));
    let selection = Selection::default();
    let found = inventory(&all, &selection)?;
    if found.chains.is_empty() {
        return Ok(None);
    }
    if let Err(error) = trusted.complete(server, &found) {
        let why = format!("there are digests, but no public keys to check them: {error:#}");
        return Ok(Some(Proven { unproven: Some(why), ..Proven::default() }));
    }
    let names: Vec<String> =
        (0..all.len()).map(|number| found.buckets.name(number).to_owned()).collect();
    let mut vouchers = Vouchers::default();
    let mut watch = Watch::default();
    let proof = Proof {
        sources: &all,
        selection: &selection,
        ring: &trusted.ring,
        heads: &trusted.heads,
        now: (*wall_clock())(),
        is_live: false,
        statuses: &[],
        events: None,
        delivered: None,
        around: &Surroundings::default(),
        vouchers: Some(&mut vouchers),
    };
    let summary = proof.run(found, &mut watch)?;
    let mut vouched = Proven {
        digests_valid: summary.digests.valid + summary.backfill_digests.valid,
        digests_invalid: summary.digests.invalid + summary.backfill_digests.invalid,
        digests_unchecked: summary.digests.total() + summary.backfill_digests.total(),
        digests_broken: watch.broken,
        ..Proven::default()
    };
    vouched.digests_unchecked -= vouched.digests_valid + vouched.digests_invalid;
    let places = Places { names, buckets: sources.buckets.len(), copies: &copies };
    vouched.missing = places.tell(sources, vouchers);
    Ok(Some(vouched))
}

/// Where files are in their buckets.
struct Places<'a> {
    /// The names of all buckets: those of S3 first, then those of copies.
    names: Vec<String>,
    buckets: usize,
    copies: &'a [std::sync::Arc<DirectoryBucket>],
}

impl Places<'_> {
    /// Tells each file what its digest says. Returns what is named and not among the files.
    fn tell(&self, sources: &mut Sources, vouchers: Vouchers) -> Vec<String> {
        let said_of = |voucher: Voucher| Said {
            sha256: from_hex(&voucher.sha256).and_then(|hash| hash.try_into().ok()),
            is_anchored: voucher.is_anchored,
        };
        let mut said: HashMap<(String, String), Said> =
            vouchers.into_iter().map(|(place, voucher)| (place, said_of(voucher))).collect();
        for file in &mut sources.files {
            if let Some(place) = self.of(&file.place)
                && let Some(said) = said.remove(&place)
            {
                file.said = Some(said);
            }
        }
        let mut missing: Vec<String> = said
            .into_iter()
            .filter(|(_, said)| said.is_anchored)
            .filter(|((bucket, key), _)| self.is_looked_at(sources, bucket, key))
            .map(|((bucket, key), _)| format!("s3://{bucket}/{key}"))
            .collect();
        missing.sort_unstable();
        missing
    }

    fn of(&self, place: &Place) -> Option<(String, String)> {
        match place {
            Place::Object(number, key) => Some((self.names.get(*number)?.clone(), key.clone())),
            Place::File(path) => {
                let path = std::path::absolute(path).ok()?;
                self.copies.iter().enumerate().find_map(|(number, copy)| {
                    let root = std::path::absolute(copy.root()).ok()?;
                    let key = copy.key_of(path.strip_prefix(root).ok()?)?;
                    Some((self.names.get(self.buckets + number)?.clone(), key))
                })
            }
        }
    }

    /// Whether a file that is not there would have been read if it were.
    fn is_looked_at(&self, sources: &Sources, bucket: &str, key: &str) -> bool {
        let objects = self.names.iter().zip(&sources.buckets);
        let in_bucket = objects
            .into_iter()
            .any(|(name, source)| name == bucket && key.starts_with(&source.prefix));
        let copies = self.names.get(self.buckets..).unwrap_or_default().iter().zip(self.copies);
        in_bucket
            || copies.into_iter().any(|(name, copy)| {
                let Some(path) = copy.path_of(key).filter(|_| name == bucket) else { return false };
                sources.directories.iter().any(|directory| is_below(&path, directory))
            })
    }
}

fn is_below(path: &Path, directory: &Path) -> bool {
    let absolute = |path: &Path| std::path::absolute(path).ok();
    absolute(path).zip(absolute(directory)).is_some_and(|(path, root)| path.starts_with(root))
}

/// Keeps what is wrong.
#[derive(Default)]
struct Watch {
    broken: Vec<String>,
}

impl Watcher for Watch {
    fn found(&mut self, finding: &Finding) {
        let is_broken = matches!(finding.verdict, Verdict::Invalid(_) | Verdict::Unchecked(_));
        if is_broken && self.broken.len() < BROKEN_MAX {
            self.broken.push(finding.line().replace('\t', " "));
        }
    }

    fn expect(&mut self, _: u64) {}

    fn done(&mut self, _: u64) {}
}
