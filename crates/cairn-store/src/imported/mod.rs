//! Which runs of the log came in from elsewhere (by `import`, by `PutRecords`): they were somebody
//! else's, so no trail delivers them.
//!
//! Two ways to note them, after who else appends meanwhile:
//!
//! - *Nobody* ([`OpenRange`]): a run is noted before its first record is appended, without an end,
//!   and gets its end when the import is done. Whoever opens the directory after an import was
//!   killed closes what is open at the end of the log, before anything else is appended.
//! - *Others* ([`UnderWay`]): where a batch will be is not known before it is there. So it is noted
//!   first from where on batches may come and how to recognise them, and then the runs that they
//!   got. In between, who delivers stays before that place ([`Imported::until`]); after a crash the
//!   batches are looked for and noted ([`settle`]).

mod under_way;

pub use under_way::{BatchMark, UnderWay};

use crate::{EventLog, Key, KeyPrefix, LogError, MetaError, MetaStore, Offset, Version};

/// Where the runs are: the key ends with the first offset, the value is the offset after the last.
const RANGES: &str = "import/range/";
/// Stands for an end that is not known yet.
const OPEN: Offset = Offset::new(u64::MAX);
/// Entries that are read at once.
const PAGE_ENTRIES: usize = 500;

/// Why runs could not be noted or read.
#[derive(Debug, thiserror::Error)]
pub enum ImportedError {
    /// Small state.
    #[error(transparent)]
    Meta(#[from] MetaError),
    /// The log, where batches are looked for.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A note is not as it was written.
    #[error("the note {key} about imported records cannot be read")]
    Note {
        /// Its key.
        key: String,
    },
}

/// A run that is being imported while nobody else appends.
#[derive(Debug)]
pub struct OpenRange {
    key: Key,
    version: Version,
}

impl OpenRange {
    /// Notes that what is appended from here on is imported.
    pub async fn begin(meta: &dyn MetaStore, from: Offset) -> Result<Self, MetaError> {
        let key = key_of(from)?;
        let expected = meta.get(&key).await?.map(|found| found.version);
        let version = meta.swap(&key, expected, value(OPEN)).await?;
        Ok(Self { key, version })
    }

    /// Notes where the run ends.
    pub async fn end(self, meta: &dyn MetaStore, end: Offset) -> Result<(), MetaError> {
        close(meta, &self.key, self.version, end).await
    }
}

/// The runs that are known, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    runs: Vec<(Offset, Offset)>,
    under_way: Option<Offset>,
}

impl Imported {
    /// Reads all notes. What was committed before is told for good: a batch that is noted later
    /// lies beyond it.
    pub async fn read(meta: &dyn MetaStore) -> Result<Self, ImportedError> {
        // In this order: what is under way at first may be a run by the time that runs are read,
        // but not the other way round.
        let under_way = UnderWay::find(meta).await?.map(|under_way| under_way.from());
        let mut runs = Vec::new();
        for (key, from, found) in ranges(meta).await? {
            match read_value(&found.value) {
                Some(to) => runs.push((from, to)),
                None => unreadable(&key),
            }
        }
        Ok(Self::new(runs, under_way))
    }

    /// These runs (from, and the offset after the last), and where batches may be that are not among
    /// them.
    pub fn new(mut runs: Vec<(Offset, Offset)>, under_way: Option<Offset>) -> Self {
        runs.sort_unstable();
        Self { runs, under_way }
    }

    /// How far it is known which records were imported, of those before `committed`.
    pub fn until(&self, committed: Offset) -> Offset {
        self.under_way.map_or(committed, |from| from.min(committed))
    }

    /// Where the first record is, from an offset on, that was not imported.
    pub fn skip(&self, from: Offset) -> Offset {
        let covers = |at: Offset, (start, end): &(Offset, Offset)| *start <= at && at < *end;
        self.runs.iter().fold(from, |at, run| if covers(at, run) { run.1 } else { at })
    }

    /// The end of the run of records from `from` on, at most to `to`, that were not imported.
    pub fn stop(&self, from: Offset, to: Offset) -> Offset {
        let starts = self.runs.iter().filter(|(start, end)| *start > from && end > start);
        starts.map(|(start, _)| *start).fold(to, Offset::min)
    }
}

/// Notes what was left open by a process that died, and forgets runs that have expired. To be
/// called before anything is appended.
pub async fn settle(meta: &dyn MetaStore, log: &dyn EventLog) -> Result<(), ImportedError> {
    for (key, from, found) in ranges(meta).await? {
        if found.value == value(OPEN) {
            close(meta, &key, found.version, log.committed()).await?;
        } else if from < log.first() && read_value(&found.value).is_some_and(|to| to <= log.first())
        {
            meta.remove(&key, found.version).await?;
        }
    }
    match UnderWay::find(meta).await? {
        Some(under_way) => under_way.search(meta, log).await,
        None => Ok(()),
    }
}

async fn ranges(
    meta: &dyn MetaStore,
) -> Result<Vec<(Key, Offset, crate::Versioned)>, ImportedError> {
    let (prefix, mut after) = (KeyPrefix::new(RANGES), None);
    let mut found = Vec::new();
    loop {
        let page = meta.list(&prefix, after.as_ref(), PAGE_ENTRIES).await?;
        let Some((last, _)) = page.last() else { return Ok(found) };
        after = Some(last.clone());
        for (key, value) in page {
            match key.as_str().strip_prefix(RANGES).and_then(|text| text.parse().ok()) {
                Some(from) => found.push((key, Offset::new(from), value)),
                None => unreadable(&key),
            }
        }
    }
}

/// One bad note is no reason to stop delivering everything else.
fn unreadable(key: &Key) {
    tracing::error!(key = key.as_str(), "the range of an import cannot be read");
}

/// Notes a run that is there already.
async fn note(meta: &dyn MetaStore, from: Offset, to: Offset) -> Result<(), MetaError> {
    let key = key_of(from)?;
    let expected = meta.get(&key).await?.map(|found| found.version);
    meta.swap(&key, expected, value(to)).await.map(|_| ())
}

/// A run that turns out to be empty is no run.
async fn close(
    meta: &dyn MetaStore,
    key: &Key,
    version: Version,
    end: Offset,
) -> Result<(), MetaError> {
    let from = key.as_str().trim_start_matches(RANGES).parse::<u64>().unwrap_or_default();
    if end.as_u64() <= from {
        meta.remove(key, version).await
    } else {
        meta.swap(key, Some(version), value(end)).await.map(|_| ())
    }
}

fn key_of(from: Offset) -> Result<Key, MetaError> {
    Key::parse(&format!("{RANGES}{:020}", from.as_u64()))
}

fn value(offset: Offset) -> bytes::Bytes {
    offset.as_u64().to_string().into()
}

fn read_value(value: &[u8]) -> Option<Offset> {
    std::str::from_utf8(value).ok()?.trim().parse().ok().map(Offset::new)
}

#[cfg(test)]
mod tests;
