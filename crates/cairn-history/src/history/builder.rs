//! Slices that go around the open tail: the fast path of an import.

use std::path::PathBuf;

use bytes::Bytes;
use cairn_event::RecordHead;
use cairn_store::Offset;

use crate::HistoryError;
use crate::disk::Disk;
use crate::fields::Fields;
use crate::rows::Rows;
use crate::slice::{self, Built, UnpublishedSlice};

use super::History;

/// Records to a run.
const RUN_RECORDS_MAX: usize = 8_192;

/// A slice under construction, outside of the tail: for imports, which build many on threads of
/// their own and then adopt them in order.
///
/// It holds its records in memory until [`SliceBuilder::finish`], so finish at some 200,000.
#[derive(Debug)]
pub struct SliceBuilder {
    directory: PathBuf,
    disk: Disk,
    next: u64,
    records: u64,
    record_bytes: u64,
    /// Runs of a limited length: one that grew without end would be moved again and again.
    runs: Vec<Rows>,
}

/// The columns of records that are parsed already, for [`SliceBuilder::push_prepared`]: an import
/// parses each record anyway, to see that it is one.
#[derive(Debug, Default)]
pub struct Prepared(Rows);

impl Prepared {
    /// Adds the columns of the next record. `head` is that of `record`.
    pub fn push(&mut self, head: &RecordHead<'_>, record: &[u8]) {
        self.0.add(&Fields::of(head), record);
    }

    pub(super) fn into_rows(self) -> Rows {
        self.0
    }
}

/// A slice that is built but not part of history yet. Dropped, it leaves nothing.
#[derive(Debug)]
pub struct BuiltSlice {
    pub(super) files: UnpublishedSlice,
}

impl History {
    /// A builder for the slice that begins at a log offset.
    pub fn builder(&self, first: Offset) -> SliceBuilder {
        SliceBuilder {
            directory: self.directory.clone(),
            disk: self.disk.clone(),
            next: first.as_u64(),
            records: 0,
            record_bytes: 0,
            runs: Vec::new(),
        }
    }
}

impl SliceBuilder {
    /// Adds the next record in log order, with the time at which it was appended to the log.
    pub fn push(&mut self, record: Bytes, appended_ms: i64) {
        if self.runs.last().is_none_or(|run| run.len() >= RUN_RECORDS_MAX) {
            self.runs.push(Rows::default());
        }
        self.records += 1;
        self.record_bytes += record.len() as u64;
        if let Some(run) = self.runs.last_mut() {
            run.push(self.next, record, appended_ms);
        }
        self.next += 1;
    }

    /// Adds records whose columns are prepared, with the time at which they were appended.
    ///
    /// `records` are those that were prepared, in the same order.
    pub fn push_prepared(&mut self, prepared: Prepared, records: Vec<Bytes>, appended_ms: i64) {
        debug_assert_eq!(prepared.0.len(), records.len(), "each record is prepared once");
        let mut rows = prepared.0;
        self.records += records.len() as u64;
        self.record_bytes += rows.record_bytes();
        let first = self.next;
        self.next += records.len() as u64;
        rows.fix_all(first, records, appended_ms);
        self.runs.push(rows);
    }

    /// How many records it holds.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// How many record bytes it holds.
    pub fn bytes(&self) -> u64 {
        self.record_bytes
    }

    /// Writes the files, under names that are not part of history until the slice is adopted.
    /// `None` if it holds no record.
    pub fn finish(self) -> Result<Option<BuiltSlice>, HistoryError> {
        let runs: Vec<_> = self.runs.iter().collect();
        let Some((mut content, facts)) = Built::new(&runs) else { return Ok(None) };
        let files = slice::write(&self.disk, &self.directory, &facts, &mut content)?;
        Ok(Some(BuiltSlice { files }))
    }
}

impl BuiltSlice {
    /// The first log offset in it.
    pub fn from(&self) -> Offset {
        Offset::new(self.files.name.from)
    }

    /// The log offset after the last in it.
    pub fn to(&self) -> Offset {
        Offset::new(self.files.name.to)
    }
}
