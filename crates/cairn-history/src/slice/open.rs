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
use super::records::Benches;

/// A published slice. Its files stay readable while it is held, even if they are removed.
#[derive(Debug)]
pub(crate) struct Slice {
    pub index: Arc<IndexFile>,
    parquet: Positioned,
    parquet_path: std::path::PathBuf,
    metadata: OnceLock<ArrowReaderMetadata>,
    benches: Arc<Benches>,
}

impl Slice {
    /// Opens both files; reads no more than the index's head.
    pub(crate) fn open(
        directory: &Path,
        name: SliceName,
        benches: &Arc<Benches>,
    ) -> Result<Self, HistoryError> {
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
        let benches = Arc::clone(benches);
        Ok(Self { index, parquet, parquet_path, metadata: OnceLock::new(), benches })
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
        out.resize(bytes, 0);
        let read = self.parquet.file.read_exact_at(out, at);
        read.map_err(|source| HistoryError::io("read a Parquet file", source))
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
