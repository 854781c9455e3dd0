//! A published slice, open for reading.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::PageIndexPolicy;
use parquet::file::reader::{ChunkReader, Length};

use crate::HistoryError;
use crate::index::{IndexFile, SliceFacts};

use super::name::SliceName;
use super::{page, record_text};

/// A published slice. Its files stay readable while it is held, even if they are removed.
#[derive(Debug)]
pub(crate) struct Slice {
    pub index: Arc<IndexFile>,
    parquet: Positioned,
    parquet_path: std::path::PathBuf,
    metadata: OnceLock<ArrowReaderMetadata>,
}

impl Slice {
    /// Opens both files; reads no more than the index's head.
    pub(crate) fn open(directory: &Path, name: SliceName) -> Result<Self, HistoryError> {
        let index = IndexFile::open(&name.index(directory))?;
        let parquet_path = name.parquet(directory);
        let io = |source| HistoryError::io("open a Parquet file", source);
        let file = File::open(&parquet_path).map_err(io)?;
        let bytes = file.metadata().map_err(io)?.len();
        let parquet = Positioned { file: Arc::new(file), bytes };
        let facts = &index.head().facts;
        if (SliceName { from: facts.from, to: facts.to }) != name {
            return Err(index.corrupt("it belongs to a slice of another name"));
        }
        if facts.parquet_bytes != bytes {
            let why = "it is not as long as its index says";
            return Err(HistoryError::Corrupt { path: parquet_path, why });
        }
        let index = Arc::new(index);
        Ok(Self { index, parquet, parquet_path, metadata: OnceLock::new() })
    }

    pub(crate) fn facts(&self) -> &SliceFacts {
        &self.index.head().facts
    }

    pub(crate) fn name(&self) -> SliceName {
        SliceName { from: self.facts().from, to: self.facts().to }
    }

    pub(crate) fn corrupt(&self, why: &'static str) -> HistoryError {
        HistoryError::Corrupt { path: self.parquet_path.clone(), why }
    }

    /// A reader of columns, with the Parquet footer parsed once.
    pub(crate) fn columns(&self) -> Result<ColumnsBuilder, HistoryError> {
        let failed = |source| HistoryError::parquet("read a Parquet file", source);
        let metadata = if let Some(metadata) = self.metadata.get() {
            metadata.clone()
        } else {
            let options =
                ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Optional);
            let read = ArrowReaderMetadata::load(&self.parquet, options).map_err(failed)?;
            self.metadata.get_or_init(|| read).clone()
        };
        Ok(ColumnsBuilder::new_with_metadata(self.parquet.clone(), metadata))
    }
}

/// Builds a reader of some columns.
pub(crate) type ColumnsBuilder = ParquetRecordBatchReaderBuilder<Positioned>;

/// A file that many read at once: each read says where, and none moves another.
#[derive(Clone, Debug)]
pub(crate) struct Positioned {
    file: Arc<File>,
    bytes: u64,
}

impl Length for Positioned {
    fn len(&self) -> u64 {
        self.bytes
    }
}

impl ChunkReader for Positioned {
    type T = BufReader<From>;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        Ok(BufReader::new(From { file: Arc::clone(&self.file), at: start }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        if start.checked_add(length as u64).is_none_or(|end| end > self.bytes) {
            return Err(ParquetError::EOF("a read beyond the end of the file".to_owned()));
        }
        let mut bytes = vec![0; length];
        self.file.read_exact_at(&mut bytes, start)?;
        Ok(bytes.into())
    }
}

/// A file from one place on.
#[derive(Debug)]
pub(crate) struct From {
    file: Arc<File>,
    at: u64,
}

impl Read for From {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(out, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

/// Fetches records of one slice, and keeps the last page for the next one.
pub(crate) struct RecordReader {
    slice: Arc<Slice>,
    zstd: zstd::bulk::Decompressor<'static>,
    page: Option<OpenPage>,
}

#[derive(Debug)]
struct OpenPage {
    rows: std::ops::Range<u32>,
    raw: Bytes,
}

impl std::fmt::Debug for RecordReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RecordReader").field("page", &self.page).finish_non_exhaustive()
    }
}

impl RecordReader {
    pub(crate) fn new(slice: Arc<Slice>) -> Result<Self, HistoryError> {
        let zstd = zstd::bulk::Decompressor::new()
            .map_err(|source| HistoryError::io("start zstd", source))?;
        Ok(Self { slice, zstd, page: None })
    }

    /// The record of a row.
    pub(crate) fn record(&mut self, row: u32) -> Result<Bytes, HistoryError> {
        let slice = Arc::clone(&self.slice);
        let page = self.page_with(row)?;
        let text = page::value(&page.raw, row - page.rows.start);
        text.map(record_text::decode).ok_or_else(|| slice.corrupt("a page ends in a record"))
    }

    /// Looks at the text of a row's record, without a copy.
    pub(crate) fn look<T>(
        &mut self,
        row: u32,
        look: impl FnOnce(&[u8]) -> T,
    ) -> Result<T, HistoryError> {
        let slice = Arc::clone(&self.slice);
        let page = self.page_with(row)?;
        let text = page::value(&page.raw, row - page.rows.start);
        text.map(look).ok_or_else(|| slice.corrupt("a page ends in a record"))
    }

    fn page_with(&mut self, row: u32) -> Result<&OpenPage, HistoryError> {
        let open = match self.page.take() {
            Some(page) if page.rows.contains(&row) => page,
            _ => self.read_page(row)?,
        };
        Ok(self.page.insert(open))
    }

    fn read_page(&mut self, row: u32) -> Result<OpenPage, HistoryError> {
        let slice = &self.slice;
        let resident = slice.index.resident()?;
        let broken = || slice.index.corrupt("it has no page for a row");
        let number = resident.page_of(row).ok_or_else(broken)?;
        let place = resident.page(number).ok_or_else(broken)?;
        let end =
            resident.page(number + 1).map_or(slice.facts().rows() as u32, |next| next.first_row);
        let reach = place.at.checked_add(u64::from(place.bytes));
        if reach.is_none_or(|reach| reach > slice.facts().parquet_bytes) {
            return Err(slice.index.corrupt("a page lies beyond the Parquet file"));
        }
        let mut page = vec![0; place.bytes as usize];
        let io = |source| HistoryError::io("read a Parquet file", source);
        slice.parquet.file.read_exact_at(&mut page, place.at).map_err(io)?;
        let raw = page::decompress(&page, &mut self.zstd).map_err(|why| slice.corrupt(why))?;
        Ok(OpenPage { rows: place.first_row..end.max(place.first_row), raw })
    }
}
