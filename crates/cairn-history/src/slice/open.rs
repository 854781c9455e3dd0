//! A published slice, open for reading.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::error::ArrowError;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::PageIndexPolicy;

use crate::HistoryError;
use crate::index::{IndexFile, SliceFacts};

use super::checked::{CheckedFile, Positioned};
use super::name::SliceName;
use super::records::Benches;

/// A published slice. Its files stay readable while it is held, even if they are removed.
#[derive(Debug)]
pub(crate) struct Slice {
    pub index: Arc<IndexFile>,
    parquet: Arc<CheckedFile>,
    benches: Arc<Benches>,
}

impl Slice {
    /// Opens both files; reads no more than the index's head.
    pub(crate) fn open(
        directory: &Path,
        name: SliceName,
        benches: &Arc<Benches>,
    ) -> Result<Self, HistoryError> {
        let index = Arc::new(IndexFile::open(&name.index(directory))?);
        let path = name.parquet(directory);
        let io = |source| HistoryError::io("open a Parquet file", source);
        let file = File::open(&path).map_err(io)?;
        let bytes = file.metadata().map_err(io)?.len();
        let facts = index.head().facts;
        if (SliceName { from: facts.from, to: facts.to }) != name {
            return Err(index.corrupt("it belongs to a slice of another name"));
        }
        let parquet = CheckedFile::new(file, path, Arc::clone(&index));
        if facts.parquet_bytes != bytes {
            return Err(parquet.corrupt("it is not as long as its index says"));
        }
        Ok(Self { index, parquet: Arc::new(parquet), benches: Arc::clone(benches) })
    }

    pub(crate) fn facts(&self) -> &SliceFacts {
        &self.index.head().facts
    }

    pub(crate) fn name(&self) -> SliceName {
        SliceName { from: self.facts().from, to: self.facts().to }
    }

    pub(crate) fn corrupt(&self, why: &'static str) -> HistoryError {
        self.parquet.corrupt(why)
    }

    /// Whether an error tells of this slice that it cannot be read.
    pub(crate) fn is_why(&self, error: &HistoryError) -> bool {
        match error {
            HistoryError::Full => false,
            HistoryError::Corrupt { path, .. } => {
                path == self.parquet.path() || path == self.index.path()
            }
            _ => self.parquet.damage().is_some(),
        }
    }

    /// Where readers of records find room.
    pub(super) fn benches(&self) -> &Benches {
        &self.benches
    }

    /// Reads bytes of the Parquet file into `out`, which takes their length.
    pub(super) fn read(
        &self,
        at: u64,
        bytes: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), HistoryError> {
        self.parquet.read(at, bytes, out)
    }

    /// Checks every byte of the Parquet file.
    pub(crate) fn check_parquet(&self) -> Result<(), HistoryError> {
        let (mut at, mut read) = (0, Vec::new());
        while at < self.parquet.bytes() {
            let step = CHECK_BYTES.min(self.parquet.bytes() - at);
            self.parquet.read(at, step as usize, &mut read)?;
            at += step;
        }
        Ok(())
    }

    /// Parses the Parquet footer: for a few rows, with the places of pages; for all rows, without,
    /// which are more than the rest of it. It is not kept here: of many slices, it would be more
    /// than all that is.
    pub(crate) fn footer(
        &self,
        pages: PageIndexPolicy,
    ) -> Result<ArrowReaderMetadata, HistoryError> {
        let options = ArrowReaderOptions::new().with_page_index_policy(pages);
        let positioned = Positioned(Arc::clone(&self.parquet));
        ArrowReaderMetadata::load(&positioned, options).map_err(|source| self.unread(source))
    }

    /// A reader of columns.
    pub(crate) fn columns(&self, footer: ArrowReaderMetadata) -> ColumnsBuilder {
        ColumnsBuilder::new_with_metadata(Positioned(Arc::clone(&self.parquet)), footer)
    }

    /// Why the Parquet library could not read: most likely what a checked read found.
    pub(crate) fn unread(&self, source: ParquetError) -> HistoryError {
        let damage = self.parquet.damage().cloned();
        damage.unwrap_or_else(|| HistoryError::parquet("read a Parquet file", source))
    }

    /// As [`Slice::unread`].
    pub(crate) fn unread_rows(&self, source: ArrowError) -> HistoryError {
        self.unread(source.into())
    }
}

/// How much is read at once when all is checked.
const CHECK_BYTES: u64 = 1 << 20;

/// Builds a reader of some columns.
pub(crate) type ColumnsBuilder = ParquetRecordBatchReaderBuilder<Positioned>;
