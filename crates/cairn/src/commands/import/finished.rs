//! Files that were read to their end, noted in the directory so that a repeated import skips them.
//!
//! A note says which file, how long and how old; a file that has changed is read again. Notes are
//! made in groups, since each costs a sync; what a crash leaves unnoted is read again, and its
//! records are dropped as known.

use std::collections::HashSet;
use std::fs::Metadata;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, UNIX_EPOCH};

use anyhow::Context as _;
use cairn_store::{Key, KeyPrefix, MetaStore as _, SqliteMeta};
use serde::{Deserialize, Serialize};

use crate::proof::Listed;

/// Where the groups of notes are.
const PREFIX: &str = "import/finished/";
/// The most notes in one group, which must fit into a value.
const GROUP_NOTES_MAX: usize = 200;
/// Notes wait so long for others.
const GROUP_WAIT: Duration = Duration::from_secs(2);
/// Groups that are read at once.
const PAGE_ENTRIES: usize = 100;

/// Names one content of one file or object.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct FileNote {
    path: Box<str>,
    bytes: u64,
    modified_ns: u64,
}

impl FileNote {
    /// `None` for a file that cannot be told from others: its name is no text, it has no time.
    pub(super) fn of(path: &Path, metadata: &Metadata) -> Option<Self> {
        let modified = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        let path = std::path::absolute(path).ok()?;
        // A name that begins so is an object's.
        let path = path.to_str().filter(|path| !path.starts_with("s3://"))?;
        Some(Self {
            path: path.into(),
            bytes: metadata.len(),
            modified_ns: u64::try_from(modified.as_nanos()).ok()?,
        })
    }

    /// Of an object; `None` if the store does not say when it was written.
    pub(super) fn of_object(address: &str, listed: &Listed) -> Option<Self> {
        let modified_ns = u64::try_from(listed.modified?.as_ms()).ok()?.checked_mul(1_000_000)?;
        Some(Self { path: address.into(), bytes: listed.bytes, modified_ns })
    }
}

/// The notes of a data directory.
#[derive(Debug)]
pub(super) struct FinishedFiles {
    meta: Arc<SqliteMeta>,
    runtime: tokio::runtime::Runtime,
    known: HashSet<FileNote>,
    /// The number of the next group.
    next_group: u64,
    waiting: Vec<FileNote>,
    written: Instant,
}

impl FinishedFiles {
    /// Reads the notes of earlier imports.
    pub(super) fn load(meta: &Arc<SqliteMeta>) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        let (mut known, mut next_group) = (HashSet::new(), 0);
        let prefix = KeyPrefix::new(PREFIX);
        let mut after = None;
        loop {
            let listed = meta.list(&prefix, after.as_ref(), PAGE_ENTRIES);
            let page = runtime.block_on(listed).context("cannot list the finished files")?;
            let Some((last, _)) = page.last() else { break };
            let number = last.as_str().trim_start_matches(PREFIX).parse::<u64>();
            next_group = number.map_or(next_group, |number| number.saturating_add(1));
            after = Some(last.clone());
            for (key, group) in page {
                let notes: Vec<FileNote> = serde_json::from_slice(&group.value)
                    .with_context(|| format!("{key} is no list of finished files"))?;
                known.extend(notes);
            }
        }
        let written = Instant::now();
        Ok(Self {
            meta: Arc::clone(meta),
            runtime,
            known,
            next_group,
            waiting: Vec::new(),
            written,
        })
    }

    /// Whether this content of this file was read to its end.
    pub(super) fn has(&self, note: &FileNote) -> bool {
        self.known.contains(note)
    }

    /// Adds files whose records are durable.
    pub(super) fn add(&mut self, notes: Vec<FileNote>) -> anyhow::Result<()> {
        self.waiting.extend(notes);
        let is_due = self.written.elapsed() >= GROUP_WAIT || self.waiting.len() >= GROUP_NOTES_MAX;
        if is_due { self.write() } else { Ok(()) }
    }

    /// Makes all notes durable.
    pub(super) fn write(&mut self) -> anyhow::Result<()> {
        for group in std::mem::take(&mut self.waiting).chunks(GROUP_NOTES_MAX) {
            let key = Key::parse(&format!("{PREFIX}{:020}", self.next_group))?;
            let value = serde_json::to_vec(group)?;
            self.runtime
                .block_on(self.meta.swap(&key, None, value.into()))
                .context("cannot note the finished files")?;
            self.next_group += 1;
        }
        self.written = Instant::now();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use cairn_store::SqliteMeta;

    use super::{FileNote, FinishedFiles};

    #[test]
    fn notes_are_found_again_and_tell_contents_apart() {
        let directory = tempfile::tempdir().unwrap();
        let meta = Arc::new(SqliteMeta::open(&directory.path().join("meta.sqlite")).unwrap());
        let note = |number: u64| FileNote {
            path: format!("/records/{number}.json").into(),
            bytes: number,
            modified_ns: u64::MAX - number,
        };
        for round in 0..3 {
            let mut finished = FinishedFiles::load(&meta).unwrap();
            assert_eq!(finished.has(&note(0)), round > 0);
            finished.add((round * 500..(round + 1) * 500).map(note).collect()).unwrap();
            finished.write().unwrap();
        }
        let finished = FinishedFiles::load(&meta).unwrap();
        assert!((0..1_500).all(|number| finished.has(&note(number))));
        assert!(!finished.has(&FileNote { bytes: 9, ..note(8) }));
    }
}
