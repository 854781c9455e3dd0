//! Records out of lines, in groups.

use std::io::Read;

use bytes::Bytes;
use cairn_event::RecordHead;
use cairn_history::{Prepared, RecordHash, RecordHasher, RecordKey};
use cairn_store::log::RECORD_BYTES_MAX;
use tokio::sync::mpsc;

use super::expand::{Expanded, Pieces};
use super::lines::{Line, Lines};
use super::{ContentEncoding, ERRORS_MAX, LineError};

/// Bytes to a batch: the log lays two of them out in a frame. An allocator keeps pieces of this
/// length at hand; longer ones are cleared by the kernel each time.
const BATCH_BYTES: usize = 232 << 10;
/// Records to a batch at most.
const BATCH_RECORDS_MAX: usize = 2_048;
/// Batches to a group: each group costs four syncs, one after the other.
const GROUP_BATCHES_MAX: usize = 48;
/// A group without many records ends after so many lines, so that the answer tells how far it is.
const GROUP_LINES_MAX: i64 = 100_000;
/// The longest text of what is wrong with a line.
const REASON_BYTES_MAX: usize = 200;

/// A record, and by what it is known.
#[derive(Clone, Debug)]
pub(super) struct Fresh {
    pub(super) record: Bytes,
    pub(super) key: RecordKey,
    pub(super) hash: RecordHash,
}

/// Records that share memory, in the order of their lines.
#[derive(Debug, Default)]
pub(super) struct FreshBatch {
    pub(super) records: Vec<Fresh>,
    /// Their columns.
    pub(super) prepared: Prepared,
}

/// Records that are taken together.
#[derive(Debug, Default)]
pub(super) struct Group {
    /// In the order of their lines.
    pub(super) batches: Vec<FreshBatch>,
    /// Lines among them that are no records.
    pub(super) rejected: i64,
    /// What is wrong with them, of the first of the body.
    pub(super) errors: Vec<LineError>,
    /// The last line of it.
    pub(super) through_line: i64,
}

impl Group {
    /// All records.
    pub(super) fn records(&self) -> impl Iterator<Item = &Fresh> {
        self.batches.iter().flat_map(|batch| &batch.records)
    }
}

/// How the end of a body was reached.
#[derive(Debug)]
pub(super) enum Sorted {
    /// All of it is in groups.
    Whole,
    /// It could not be read further, or nobody wants more.
    Broken(String),
}

/// Sorts out the lines of a body. Blocks.
pub(super) fn lines_of(
    pieces: Pieces,
    encoding: ContentEncoding,
    hasher: RecordHasher,
    groups: &mpsc::Sender<Group>,
) -> Sorted {
    let expanded = Expanded::new(pieces, encoding);
    let sorted = expanded.and_then(|expanded| {
        let mut lines = Lines::new(expanded, RECORD_BYTES_MAX);
        sort(&mut lines, hasher, groups)
    });
    match sorted {
        Ok(()) => Sorted::Whole,
        Err(error) => Sorted::Broken(error.to_string()),
    }
}

fn sort(
    lines: &mut Lines<impl Read>,
    hasher: RecordHasher,
    groups: &mpsc::Sender<Group>,
) -> std::io::Result<()> {
    let mut open = OpenGroup::default();
    let mut errors_left = ERRORS_MAX;
    let mut number = 0;
    let is_gone = || std::io::Error::other("nobody takes the records any more");
    while let Some(line) = lines.next()? {
        number += 1;
        if let Err(reason) = open.line(&line, hasher) {
            open.group.rejected += 1;
            if errors_left > 0 {
                errors_left -= 1;
                open.group.errors.push(LineError { line: number, reason });
            }
        }
        open.group.through_line = number;
        if open.is_full(number) {
            groups.blocking_send(open.take()).map_err(|_| is_gone())?;
            open.first_line = number;
        }
    }
    if number > open.first_line {
        groups.blocking_send(open.take()).map_err(|_| is_gone())?;
    }
    Ok(())
}

/// A group in the making.
#[derive(Default)]
struct OpenGroup {
    group: Group,
    batch: OpenBatch,
    /// The line before its first.
    first_line: i64,
}

impl OpenGroup {
    /// Takes a line, or says what is wrong with it.
    fn line(&mut self, line: &Line<'_>, hasher: RecordHasher) -> Result<(), String> {
        let Line::Text(text) = line else {
            return Err(format!("the line is longer than {RECORD_BYTES_MAX} bytes"));
        };
        let text = text.trim_ascii();
        if text.is_empty() {
            return Ok(());
        }
        let head = RecordHead::parse(text).map_err(|error| shortened(error.to_string()))?;
        if !head.is_record() {
            return Err("the line is no CloudTrail record".to_owned());
        }
        let Some(key) = RecordKey::of(&head) else {
            return Err("the record has no eventID".to_owned());
        };
        self.batch.prepared.push(&head, text);
        self.batch.add(text, key, hasher.of(text));
        if self.batch.is_full() {
            self.group.batches.push(self.batch.take());
        }
        Ok(())
    }

    fn is_full(&self, line: i64) -> bool {
        self.group.batches.len() >= GROUP_BATCHES_MAX || line - self.first_line >= GROUP_LINES_MAX
    }

    fn take(&mut self) -> Group {
        if !self.batch.ends.is_empty() {
            self.group.batches.push(self.batch.take());
        }
        std::mem::take(&mut self.group)
    }
}

/// A batch in the making.
#[derive(Default)]
struct OpenBatch {
    bytes: Vec<u8>,
    ends: Vec<(usize, RecordKey, RecordHash)>,
    prepared: Prepared,
}

impl OpenBatch {
    fn add(&mut self, record: &[u8], key: RecordKey, hash: RecordHash) {
        if self.bytes.capacity() == 0 {
            self.bytes.reserve(BATCH_BYTES + BATCH_BYTES / 8);
        }
        self.bytes.extend_from_slice(record);
        self.ends.push((self.bytes.len(), key, hash));
    }

    fn is_full(&self) -> bool {
        self.bytes.len() >= BATCH_BYTES || self.ends.len() >= BATCH_RECORDS_MAX
    }

    fn take(&mut self) -> FreshBatch {
        let Self { bytes, ends, prepared } = std::mem::take(self);
        let bytes = Bytes::from(bytes);
        let mut start = 0;
        let record = |(end, key, hash)| {
            let record = bytes.slice(std::mem::replace(&mut start, end)..end);
            Fresh { record, key, hash }
        };
        FreshBatch { records: ends.into_iter().map(record).collect(), prepared }
    }
}

fn shortened(mut text: String) -> String {
    if text.len() > REASON_BYTES_MAX {
        let end = (0..=REASON_BYTES_MAX).rev().find(|end| text.is_char_boundary(*end));
        text.truncate(end.unwrap_or_default());
        text.push('…');
    }
    text
}
