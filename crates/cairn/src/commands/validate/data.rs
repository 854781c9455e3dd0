//! The data directory of a stopped server: its buckets, and all that it knows of what should be in
//! them.

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use cairn_event::RecordHead;
use cairn_event::digest::{Chain, SigningKey};
use cairn_event::key::DigestKey;
use cairn_event::selector::{SelectorSet, scope};
use cairn_event::trail::{LogFile, Trail, place};
use cairn_store::envelope::PlainObjects;
use cairn_store::seal::MasterKey;
use cairn_store::{
    DirectoryLock, EventLog as _, KeyPrefix, Kms, MetaStore, Objects, Offset, ReadLimit,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::runtime::Runtime;
use xxhash_rust::xxh3::xxh3_128;

use crate::directory::{Command, Directory, OpenOptions, Opened, wall_clock};
use crate::proof::{
    ChainName, EmbeddedBucket, EventBook, Finding, Flaw, Heads, KeyRing, Kind, Selection, Source,
    Summary, Verdict, Watcher, event_hash, from_hex,
};

use super::trails::Described;

/// Entries of small state that are read at once.
const PAGE_ENTRIES: usize = 500;
/// How much of the log is read at once.
const READ: ReadLimit = ReadLimit { records_max: 8_192, bytes_max: 8 << 20 };
/// Where buckets are in small state.
const BUCKETS: &str = "s3/bucket/";
/// Where digest keys are.
const KEYS: &str = "digest/key/";
/// Where deliveries stand.
const DELIVERIES: &str = "delivery/trail/";
/// Records that came in by import, which trails do not deliver.
const IMPORTS: &str = "import/range/";

/// A data directory, opened and locked.
pub(super) struct DataDirectory {
    opened: Opened,
    /// None if the file is not here, as in a backup that is for others' eyes.
    master: Option<MasterKey>,
    runtime: Runtime,
    /// Hashes of all records, once somebody asks for one.
    recorded: OnceCell<HashSet<u128>>,
    _lock: DirectoryLock,
}

/// How delivery stands for a trail, as far as it matters here.
#[derive(Deserialize)]
struct Delivered {
    adopted: Trail,
    /// Every record before it was delivered, or is none of the trail's.
    through: Offset,
    /// Records that were given up.
    #[serde(default)]
    given_up: u64,
}

impl DataDirectory {
    /// Opens the directory of a stopped server.
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        let directory = Directory::existing(path)?;
        let lock = directory.lock(Command::Validate)?;
        let options = OpenOptions {
            segment_bytes_max: None,
            log_memory_bytes_max: Some(0),
            retention_ms: None,
            accepts_missing_state: false,
        };
        let opened = directory.open(&options, &wall_clock())?;
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        let master = std::fs::read_to_string(directory.master_key()).ok();
        let master = master.and_then(|text| from_hex(text.trim())?.try_into().ok());
        Ok(Self {
            opened,
            master: master.map(MasterKey::new),
            runtime,
            recorded: OnceCell::new(),
            _lock: lock,
        })
    }

    /// One bucket, or all.
    pub(super) fn sources(&self, bucket: Option<&str>) -> anyhow::Result<Vec<Source>> {
        let names: Vec<String> = self.entries(BUCKETS)?.into_iter().map(|(name, _)| name).collect();
        let wanted: Vec<_> =
            names.iter().filter(|name| bucket.is_none_or(|wanted| wanted == *name)).collect();
        anyhow::ensure!(
            !names.is_empty(),
            "the data directory has no buckets; what its trails delivered elsewhere is checked by \
             `cairn validate s3://BUCKET`"
        );
        anyhow::ensure!(
            !wanted.is_empty(),
            "the data directory has no such bucket; there are: {}",
            names.join(", ")
        );
        let (objects, is_plain) = self.objects();
        let open = |name: &String| {
            let bucket = EmbeddedBucket::open(name, Arc::clone(&objects), is_plain)?;
            Ok(Source { bucket: Arc::new(bucket), prefix: String::new() })
        };
        wanted.into_iter().map(open).collect()
    }

    /// What the buckets hold, in the plain if the master key is here.
    fn objects(&self) -> (Arc<dyn Objects>, bool) {
        let objects = Arc::clone(&self.opened.objects) as Arc<dyn Objects>;
        let Some(master) = &self.master else { return (objects, false) };
        // Nothing is encrypted here, so nothing random is needed.
        let kms = Kms::new(
            Arc::clone(&self.opened.meta) as Arc<dyn MetaStore>,
            master.clone(),
            wall_clock(),
            Arc::new(|bytes: &mut [u8]| bytes.fill(0)),
        );
        (Arc::new(PlainObjects::new(objects, Arc::new(kms))), true)
    }

    /// Adds the public keys that the server has made.
    pub(super) fn keys(&self, ring: &mut KeyRing) -> anyhow::Result<()> {
        for (name, value) in self.entries(KEYS)? {
            let key: SigningKey = parse(KEYS, &name, &value)?;
            let region = name.split('/').next().unwrap_or_default();
            let der = key.public_der().with_context(|| format!("the key {name} is damaged"))?;
            ring.add(&key.fingerprint, &der, Some((key.starts, key.ends)), Some(region));
        }
        Ok(())
    }

    /// The newest digests that the server has written.
    pub(super) fn heads(&self) -> anyhow::Result<Heads> {
        let mut heads = Heads::default();
        for (name, value) in self.entries(place::CHAINS)? {
            let chain: Chain = parse(place::CHAINS, &name, &value)?;
            for link in [chain.last, chain.backfill].into_iter().flatten() {
                if let Some(key) = DigestKey::parse(&link.key) {
                    heads.add(ChainName::of(&key), link);
                }
            }
        }
        Ok(heads)
    }

    /// Files that were delivered and that no digest names yet, with their hashes.
    pub(super) fn delivered(&self) -> anyhow::Result<HashMap<(String, String), String>> {
        let mut delivered = HashMap::new();
        for (name, value) in self.entries(place::FILES)? {
            let files: Vec<LogFile> = parse(place::FILES, &name, &value)?;
            delivered.extend(files.into_iter().map(|file| ((file.bucket, file.key), file.sha256)));
        }
        Ok(delivered)
    }

    /// The trails, and those that are gone and have work left.
    pub(super) fn described(&self) -> anyhow::Result<Vec<Described>> {
        let mut found = Vec::new();
        for prefix in [place::TRAILS, place::GONE] {
            for (name, value) in self.entries(prefix)? {
                found.push(describe(&parse(prefix, &name, &value)?));
            }
        }
        Ok(found)
    }

    /// Whether all records of a file are in the event log byte for byte.
    pub(super) fn has_all(&self, bodies: &[u128]) -> bool {
        let recorded = self.recorded.get_or_init(|| {
            let mut hashes = HashSet::new();
            // What cannot be read is no witness; the comparison that follows says why it cannot.
            let _ = self.records(|_, record, _| {
                hashes.insert(xxh3_128(record));
            });
            hashes
        });
        !bodies.is_empty() && bodies.iter().all(|body| recorded.contains(body))
    }

    /// Holds the delivered events against the event log.
    pub(super) fn compare(
        &self,
        book: &EventBook,
        (selection, is_one_bucket): (&Selection, bool),
        summary: &mut Summary,
        watcher: &mut dyn Watcher,
    ) -> anyhow::Result<()> {
        let mut notes = Vec::new();
        let mut tell = |(bucket, key): (String, String), flaw| {
            let verdict = Verdict::Invalid(flaw);
            let finding = Finding { kind: Kind::Record, bucket, key, verdict };
            summary.count(&finding);
            watcher.found(&finding);
        };
        for again in book.repeated() {
            let first = format!("s3://{}/{}", again.first.0, again.first.1);
            let flaw = Flaw::Repeated { event_id: again.event_id.clone(), first };
            tell(again.file.clone(), flaw);
        }
        let is_whole = selection.start.is_none()
            && selection.end.is_none()
            && selection.region.is_none()
            && selection.account.is_none();
        if !is_whole {
            let note = "the event log was not compared: that needs all times, accounts and regions";
            summary.notes.push(note.to_owned());
            return Ok(());
        }
        let trails = self.trails(book, selection, is_one_bucket)?;
        for trail in trails.iter().filter(|trail| trail.has_earlier()) {
            let Expecting { arn, since, .. } = trail;
            let why = if is_one_bucket {
                "the trail was changed there and may have delivered to another bucket before; \
                 without --bucket they are"
            } else {
                "the trail had other selectors before"
            };
            notes.push(format!("records before offset {since} were not compared ({arn}): {why}"));
        }
        let mut recorded = HashSet::new();
        self.records(|offset, _, head| {
            let Some(event_id) = head.event_id.as_deref() else { return };
            recorded.insert(event_hash(event_id));
            for trail in &trails {
                if trail.takes(offset, head) && !book.has(&trail.name, event_id) {
                    let event = event_id.to_owned();
                    let is_doubted = book.doubts(event_id);
                    let flaw =
                        if is_doubted { Flaw::Unproven(event) } else { Flaw::Undelivered(event) };
                    tell((trail.arn.clone(), String::new()), flaw);
                }
            }
        })?;
        // Of a log whose beginning has expired nobody can say what it had.
        if self.opened.log.first() == Offset::ZERO {
            for (file, count) in book.strangers(&recorded) {
                tell(file.clone(), Flaw::Unrecorded(count));
            }
        }
        summary.notes.extend(notes);
        Ok(())
    }

    fn trails(
        &self,
        book: &EventBook,
        selection: &Selection,
        is_one_bucket: bool,
    ) -> anyhow::Result<Vec<Expecting>> {
        let mut trails = Vec::new();
        for (id, value) in self.entries(DELIVERIES)? {
            let delivered: Delivered = parse(DELIVERIES, &id, &value)?;
            let trail = delivered.adopted;
            let name =
                (trail.account.to_string(), trail.home_region.to_string(), trail.name.to_string());
            let arn = trail.arn();
            let is_asked = selection.trail.as_ref().is_none_or(|asked| *asked == arn);
            if is_asked && trail.validates_log_files && delivered.given_up == 0 && book.knows(&name)
            {
                let set = SelectorSet::compile(&[&trail.selectors]);
                // A trail that moved has left the records of before in the other bucket.
                let since = if is_one_bucket { trail.changed } else { trail.selected_since };
                let (through, arn) = (delivered.through, arn.to_string());
                trails.push(Expecting { name, arn, trail, set, since, through });
            }
        }
        Ok(trails)
    }

    /// Shows every record of the log that did not come in by import.
    fn records(&self, mut show: impl FnMut(u64, &[u8], &RecordHead<'_>)) -> anyhow::Result<()> {
        let mut imported = Vec::new();
        for (from, to) in self.entries(IMPORTS)? {
            let number =
                |text: &str| text.trim_start_matches('0').parse::<u64>().unwrap_or_default();
            imported.push((number(&from), number(std::str::from_utf8(&to)?)));
        }
        let log = &self.opened.log;
        let (mut next, committed) = (log.first(), log.committed());
        while next < committed {
            let slice = log.read_blocking(next, READ).context("cannot read the log")?;
            for (index, record) in slice.records.iter().enumerate() {
                let offset = slice.first.as_u64() + index as u64;
                let is_imported = imported.iter().any(|(from, to)| (*from..*to).contains(&offset));
                if let Ok(head) = RecordHead::parse(record).as_ref()
                    && !is_imported
                {
                    show(offset, record, head);
                }
            }
            next = slice.next;
        }
        Ok(())
    }

    /// All entries of small state under a prefix, without the prefix.
    fn entries(&self, prefix: &str) -> anyhow::Result<Vec<(String, bytes::Bytes)>> {
        let (keys, mut after, mut entries) = (KeyPrefix::new(prefix), None, Vec::new());
        loop {
            let listed = self.opened.meta.list(&keys, after.as_ref(), PAGE_ENTRIES);
            let page = self.runtime.block_on(listed).context("cannot read small state")?;
            let Some((last, _)) = page.last() else { return Ok(entries) };
            after = Some(last.clone());
            entries.extend(page.into_iter().map(|(key, found)| {
                (key.as_str().trim_start_matches(prefix).to_owned(), found.value)
            }));
        }
    }
}

fn describe(trail: &Trail) -> Described {
    Described {
        arn: trail.arn().to_string(),
        bucket: trail.bucket.clone(),
        prefix: trail.prefix.clone(),
        validates: trail.validates_log_files,
        is_multi_region: trail.is_multi_region,
        is_organization: trail.is_organization,
    }
}

fn parse<T: DeserializeOwned>(prefix: &str, name: &str, value: &[u8]) -> anyhow::Result<T> {
    serde_json::from_slice(value)
        .with_context(|| format!("{prefix}{name} in small state is damaged"))
}

/// A trail, and what it should have delivered since it was last changed which records it takes.
struct Expecting {
    name: (String, String, String),
    arn: String,
    trail: Trail,
    set: SelectorSet,
    since: u64,
    through: Offset,
}

impl Expecting {
    /// Whether it logged before what is compared.
    fn has_earlier(&self) -> bool {
        self.trail.spans.first().is_some_and(|span| span.from < self.since)
    }

    fn takes(&self, offset: u64, head: &RecordHead<'_>) -> bool {
        let trail = &self.trail;
        let mut matched = Vec::new();
        let logs = trail.spans.iter().any(|span| {
            offset >= span.from && span.end.as_ref().is_none_or(|end| offset < end.offset)
        });
        logs && offset >= self.since
            && offset < self.through.as_u64()
            && head.account() == Some(trail.account.as_str())
            && head.aws_region.as_deref().is_some_and(|region| {
                cairn_event::Region::parse(region).is_ok_and(|region| trail.covers(&region))
            })
            && (trail.includes_global_service_events || !scope::is_global_service(head))
            && (trail.recursive_logging || !scope::is_trail_delivery(head))
            && {
                self.set.matches(head, &mut matched);
                !matched.is_empty()
            }
    }
}
