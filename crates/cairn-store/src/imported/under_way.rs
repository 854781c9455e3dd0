//! Batches that are appended while others append too.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{ImportedError, note};
use crate::{EventLog, Key, MetaStore, Offset, ReadLimit, Version};

/// Where the note is. There is one: who appends batches takes turns.
const UNDER_WAY: &str = "import/under-way";
/// How much of the log is read at once when batches are looked for.
const READ: ReadLimit = ReadLimit { records_max: 8_192, bytes_max: 8 << 20 };

/// Batches that may be in the log, and are not noted as runs yet.
#[derive(Debug)]
pub struct UnderWay {
    note: Note,
    key: Key,
    version: Version,
}

/// What a batch is recognised by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchMark {
    /// SHA-256 of its first record, which is nowhere else in the log.
    first: [u8; 32],
    records: u64,
}

impl BatchMark {
    /// The mark of a batch; `None` for one without records.
    pub fn of(records: &[Bytes]) -> Option<Self> {
        let first = records.first()?;
        Some(Self { first: sha256(first), records: records.len() as u64 })
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Note {
    from: u64,
    batches: Vec<BatchMark>,
}

impl UnderWay {
    /// Notes that these batches will be appended, at `from` or later. One note at a time: who has not
    /// [ended](Self::end) the last one gets `Conflict`.
    pub async fn begin(
        meta: &dyn MetaStore,
        from: Offset,
        batches: Vec<BatchMark>,
    ) -> Result<Self, ImportedError> {
        let key = Key::parse(UNDER_WAY)?;
        let note = Note { from: from.as_u64(), batches };
        let value = serde_json::to_vec(&note)
            .map_err(|_| ImportedError::Note { key: UNDER_WAY.to_owned() })?;
        let version = meta.swap(&key, None, value.into()).await?;
        Ok(Self { note, key, version })
    }

    /// What was begun and has not ended.
    pub async fn find(meta: &dyn MetaStore) -> Result<Option<Self>, ImportedError> {
        let key = Key::parse(UNDER_WAY)?;
        let Some(found) = meta.get(&key).await? else { return Ok(None) };
        let note = serde_json::from_slice(&found.value)
            .map_err(|_| ImportedError::Note { key: UNDER_WAY.to_owned() })?;
        Ok(Some(Self { note, key, version: found.version }))
    }

    /// No batch is before this.
    pub fn from(&self) -> Offset {
        Offset::new(self.note.from)
    }

    /// Notes the runs that the batches got: the first offset, and the one after the last.
    pub async fn end(
        self,
        meta: &dyn MetaStore,
        runs: &[(Offset, Offset)],
    ) -> Result<(), ImportedError> {
        let mut whole: Option<(Offset, Offset)> = None;
        for &(from, to) in runs {
            whole = match whole {
                Some((begun, end)) if end == from => Some((begun, to)),
                Some((begun, end)) => {
                    note(meta, begun, end).await?;
                    Some((from, to))
                }
                None => Some((from, to)),
            };
        }
        if let Some((from, to)) = whole {
            note(meta, from, to).await?;
        }
        Ok(meta.remove(&self.key, self.version).await?)
    }

    /// Looks for the batches in the log, and notes those that are there.
    pub(super) async fn search(
        self,
        meta: &dyn MetaStore,
        log: &dyn EventLog,
    ) -> Result<(), ImportedError> {
        let (mut next, committed) = (self.from(), log.committed());
        let mut runs = Vec::new();
        while next < committed {
            let slice = log.read(next, READ).await?;
            for (record, at) in slice.records.iter().zip(0..) {
                let hash = sha256(record);
                let found = self.note.batches.iter().find(|batch| batch.first == hash);
                if let Some(batch) = found {
                    let first = slice.first.plus(at);
                    runs.push((first, first.plus(batch.records)));
                }
            }
            next = slice.next;
        }
        self.end(meta, &runs).await
    }
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    let mut hash = [0; 32];
    hash.iter_mut().zip(digest.as_ref()).for_each(|(to, from)| *to = *from);
    hash
}
