//! The Parquet file of a slice, of which no byte is handed on unchecked.
//!
//! Parquet may carry a checksum per page, but no page header, no dictionary and no footer has one,
//! and the writer at hand makes none. So all reads, those of the Parquet library too, go through
//! the hashes of blocks that the index holds.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};

use crate::HistoryError;
use crate::index::IndexFile;

/// A Parquet file and the index that vouches for it.
#[derive(Debug)]
pub(super) struct CheckedFile {
    file: File,
    path: PathBuf,
    index: Arc<IndexFile>,
    /// What a read found wrong; the Parquet library passes on no more than a text of it.
    damage: OnceLock<HistoryError>,
}

impl CheckedFile {
    pub(super) fn new(file: File, path: PathBuf, index: Arc<IndexFile>) -> Self {
        Self { file, path, index, damage: OnceLock::new() }
    }

    pub(super) fn corrupt(&self, why: &'static str) -> HistoryError {
        HistoryError::Corrupt { path: self.path.clone(), why }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What a read of this file found wrong, if one did.
    pub(super) fn damage(&self) -> Option<&HistoryError> {
        self.damage.get()
    }

    /// The length of the file.
    pub(super) fn bytes(&self) -> u64 {
        self.index.head().facts.parquet_bytes
    }

    /// Reads bytes into `out`, which takes their length.
    pub(super) fn read(
        &self,
        at: u64,
        bytes: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), HistoryError> {
        let blocks = self.index.head().parquet_blocks();
        let beyond = || self.corrupt("a read goes beyond its end");
        let span = blocks.span(at, bytes).ok_or_else(beyond)?;
        let hashes = self.index.parquet_hashes(span)?;
        out.resize(span.bytes, 0);
        let read = self.file.read_exact_at(out, span.at);
        read.map_err(|source| HistoryError::io("read a Parquet file", source))?;
        if !blocks.match_hashes(out, &hashes) {
            return Err(self.corrupt("the hash of a block does not match"));
        }
        out.drain(..span.lead);
        out.truncate(bytes);
        Ok(())
    }

    fn read_noted(&self, at: u64, bytes: usize, out: &mut Vec<u8>) -> io::Result<()> {
        self.read(at, bytes, out).map_err(|error| {
            let error = self.damage.get_or_init(|| error).clone();
            io::Error::new(io::ErrorKind::InvalidData, error)
        })
    }
}

/// A file that many read at once: each read says where, and none moves another.
#[derive(Clone, Debug)]
pub(crate) struct Positioned(pub(super) Arc<CheckedFile>);

impl Length for Positioned {
    fn len(&self) -> u64 {
        self.0.bytes()
    }
}

impl ChunkReader for Positioned {
    type T = From;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        Ok(From { file: Arc::clone(&self.0), at: start, ready: Vec::new(), taken: 0 })
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        if start.checked_add(length as u64).is_none_or(|end| end > self.0.bytes()) {
            return Err(ParquetError::EOF("a read beyond the end of the file".to_owned()));
        }
        let mut bytes = Vec::new();
        self.0.read_noted(start, length, &mut bytes)?;
        Ok(bytes.into())
    }
}

/// A file from one place on, read a block at a time.
#[derive(Debug)]
pub(crate) struct From {
    file: Arc<CheckedFile>,
    /// Where the bytes after `ready` are.
    at: u64,
    ready: Vec<u8>,
    /// How much of `ready` is handed on.
    taken: usize,
}

impl Read for From {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.taken >= self.ready.len() {
            let block = self.file.index.head().parquet_blocks().block_bytes;
            let end = (self.at / block + 1).saturating_mul(block).min(self.file.bytes());
            let bytes = end.saturating_sub(self.at);
            self.file.read_noted(self.at, bytes as usize, &mut self.ready)?;
            (self.at, self.taken) = (self.at + bytes, 0);
        }
        let rest = self.ready.get(self.taken..).unwrap_or_default();
        let now = rest.len().min(out.len());
        out[..now].copy_from_slice(&rest[..now]);
        self.taken += now;
        Ok(now)
    }
}
