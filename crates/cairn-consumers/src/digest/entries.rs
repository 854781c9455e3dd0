//! Entries of delivered files that no digest covers yet.

use std::cmp::Ordering;
use std::collections::HashSet;

use aws_lc_rs::digest::{SHA256, digest};
use cairn_event::Timestamp;
use cairn_event::digest::{Chain, Covered, FILES_MAX};
use cairn_event::trail::LogFile;
use cairn_store::{Key, KeyPrefix, MetaStore, Version};

use super::signer::hex;
use crate::state;
use crate::worker::StepError;

/// How many entries are asked for at once; one may be as long as a value of small state.
const LIST_ENTRIES: usize = 50;
/// The part of an entry's name that is the first offset of its round.
const OFFSET_DIGITS: usize = 20;
/// The bytes of a mark.
const MARK_BYTES: usize = 12;

/// An entry: files that were delivered together.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub key: Key,
    pub version: Version,
    /// The last part of its key; it sorts as rounds do.
    pub name: String,
    pub files: Vec<LogFile>,
}

/// What was read of a chain's entries.
#[derive(Debug, Default)]
pub(super) struct Entries {
    /// The oldest ones, as many as a digest takes.
    pub open: Vec<Entry>,
    /// Those that a digest covers already.
    pub stale: Vec<(Key, Version)>,
    /// Whether there are more than a digest takes.
    pub has_more: bool,
}

impl Entry {
    /// When its last file was delivered.
    pub fn delivered(&self) -> Timestamp {
        self.files.iter().map(|file| file.delivered).max().unwrap_or_default()
    }

    /// Takes out the files that a digest covers already. Delivery enters a file again when it repeats
    /// a round; later rounds begin at later offsets.
    fn take_out_covered(&mut self, chain: &Chain) {
        let Some(last) = chain.covered.last() else { return };
        match offset(&self.name).cmp(offset(&last.entry)) {
            Ordering::Less => self.files.clear(),
            Ordering::Greater => {}
            Ordering::Equal => {
                let same = chain.covered.iter().filter(|covered| covered.entry == self.name);
                let marks: HashSet<&String> = same.flat_map(|covered| &covered.marks).collect();
                self.files.retain(|file| !marks.contains(&mark(file)));
            }
        }
    }
}

/// Stands for a file: the same for a repeat, unless that goes elsewhere.
fn mark(file: &LogFile) -> String {
    let text = format!("{}\n{}\n{}", file.bucket, file.key, file.sha256);
    hex(digest(&SHA256, text.as_bytes()).as_ref().get(..MARK_BYTES).unwrap_or_default())
}

impl Entries {
    /// Reads the oldest entries under a prefix, up to the first that was delivered at or after
    /// `until`.
    pub async fn read(
        meta: &dyn MetaStore,
        prefix: &str,
        chain: &Chain,
        until: Option<Timestamp>,
    ) -> Result<Self, StepError> {
        let mut found = Self::default();
        let mut files = 0;
        let mut after: Option<Key> = None;
        loop {
            let page = meta.list(&KeyPrefix::new(prefix), after.as_ref(), LIST_ENTRIES).await?;
            let is_last = page.len() < LIST_ENTRIES;
            for (key, versioned) in page {
                let name = key.as_str().get(prefix.len()..).unwrap_or_default().to_owned();
                let mut entry = Entry {
                    files: state::parse(key.as_str(), &versioned.value)?,
                    version: versioned.version,
                    name,
                    key,
                };
                after = Some(entry.key.clone());
                entry.take_out_covered(chain);
                if entry.files.is_empty() {
                    found.stale.push((entry.key, entry.version));
                    continue;
                }
                if until.is_some_and(|until| entry.delivered() >= until) {
                    return Ok(found);
                }
                files += entry.files.len();
                if files > FILES_MAX && !found.open.is_empty() {
                    found.has_more = true;
                    return Ok(found);
                }
                found.open.push(entry);
            }
            if is_last {
                return Ok(found);
            }
        }
    }

    /// The entries of a plan; none if they are not as they were.
    pub async fn of_plan(
        meta: &dyn MetaStore,
        prefix: &str,
        chain: &Chain,
        names: &[String],
    ) -> Result<Option<Self>, StepError> {
        let wanted: HashSet<&str> = names.iter().map(String::as_str).collect();
        if wanted.is_empty() {
            return Ok(Some(Self::default()));
        }
        let mut all = Self::read(meta, prefix, chain, None).await?;
        all.open.retain(|entry| wanted.contains(&*entry.name));
        Ok((all.open.len() == wanted.len()).then_some(all))
    }

    /// When the oldest uncovered file was delivered, and the newest.
    pub fn span(&self) -> Option<(Timestamp, Timestamp)> {
        let delivered = || self.open.iter().map(Entry::delivered);
        delivered().min().zip(delivered().max())
    }

    /// Keeps those that were delivered before a window ends: the first ones.
    pub fn cut(&mut self, end: Timestamp) {
        let fits = self.open.iter().take_while(|entry| entry.delivered() < end).count();
        if fits < self.open.len() {
            self.open.truncate(fits);
            self.has_more = false;
        }
    }

    /// What a chain has to remember of them: those of the newest round, should they come again.
    pub fn remembered(&self) -> Option<Vec<Covered>> {
        let newest = offset(&self.open.last()?.name);
        let same = self.open.iter().filter(|entry| offset(&entry.name) == newest);
        let covered = |entry: &Entry| Covered {
            entry: entry.name.clone(),
            marks: entry.files.iter().map(mark).collect(),
        };
        Some(same.map(covered).collect())
    }
}

/// The part of an entry's name that all of one round have in common.
pub(super) fn offset(name: &str) -> &str {
    name.get(..OFFSET_DIGITS).unwrap_or(name)
}
