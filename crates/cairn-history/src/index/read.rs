//! Reading an index.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use xxhash_rust::xxh3::xxh3_64;

use crate::blocks::{HASH_BYTES, Span};
use crate::key::{Class, KEY_BITS, Scope};
use crate::varint;
use crate::{HistoryError, Position};

use super::head::{Part, TRAILER_BYTES};
use super::write::{entry_key, le_u32};
use super::{ENTRY_BYTES, ENTRY_KEY_BITS, Head, LIST_FLAG, RowList, filter, row_key};

/// How much is read at once when all is checked.
const CHECK_BYTES: u64 = 1 << 20;

/// An open index file.
#[derive(Debug)]
pub(crate) struct IndexFile {
    file: File,
    path: PathBuf,
    bytes: u64,
    head: Head,
    /// The hash of each block of the file, read at first use.
    hashes: OnceLock<Vec<u8>>,
    resident: OnceLock<Arc<Resident>>,
}

/// Where a page of records is in the Parquet file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    /// Where its header begins.
    pub at: u64,
    /// The length of header and data.
    pub bytes: u32,
    pub first_place: u32,
}

impl Page {
    pub(super) const BYTES: usize = 16;
}

/// The sections that are held in memory once the slice is used.
#[derive(Debug)]
pub(crate) struct Resident {
    bytes: Vec<u8>,
    buckets: std::ops::Range<usize>,
    row_blocks: std::ops::Range<usize>,
    pages: std::ops::Range<usize>,
    filter: std::ops::Range<usize>,
    scopes: Vec<Scope>,
}

impl IndexFile {
    /// Opens an index and reads its head.
    pub(crate) fn open(path: &Path) -> Result<Self, HistoryError> {
        let io = |source| HistoryError::io("open an index file", source);
        let file = File::open(path).map_err(io)?;
        let bytes = file.metadata().map_err(io)?.len();
        let corrupt = |why| HistoryError::Corrupt { path: path.to_owned(), why };
        let at =
            bytes.checked_sub(TRAILER_BYTES as u64).ok_or_else(|| corrupt("it is too short"))?;
        let mut trailer = [0; TRAILER_BYTES];
        file.read_exact_at(&mut trailer, at).map_err(io)?;
        let head = Head::decode(&trailer, bytes).map_err(corrupt)?;
        let (hashes, resident) = (OnceLock::new(), OnceLock::new());
        Ok(Self { file, path: path.to_owned(), bytes, head, hashes, resident })
    }

    pub(crate) fn head(&self) -> &Head {
        &self.head
    }

    /// The length of the file.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn corrupt(&self, why: &'static str) -> HistoryError {
        HistoryError::Corrupt { path: self.path.clone(), why }
    }

    /// Reads bytes at a place, and checks them.
    pub(super) fn read(&self, at: u64, bytes: usize) -> Result<Vec<u8>, HistoryError> {
        let blocks = self.head.blocks();
        let beyond = || self.corrupt("it points beyond its end");
        let span = blocks.span(at, bytes).ok_or_else(beyond)?;
        let mut read = self.read_unchecked(span.at, span.bytes)?;
        let hashes = self.hashes()?;
        let first = span.first as usize * HASH_BYTES;
        let hashes = hashes.get(first..first + span.count as usize * HASH_BYTES);
        if !blocks.match_hashes(&read, hashes.unwrap_or_default()) {
            return Err(self.corrupt("the hash of a block does not match"));
        }
        read.drain(..span.lead);
        read.truncate(bytes);
        Ok(read)
    }

    fn read_unchecked(&self, at: u64, bytes: usize) -> Result<Vec<u8>, HistoryError> {
        let mut read = vec![0; bytes];
        let io = |source| HistoryError::io("read an index file", source);
        self.file.read_exact_at(&mut read, at).map_err(io)?;
        Ok(read)
    }

    /// The hashes of this file's blocks.
    fn hashes(&self) -> Result<&[u8], HistoryError> {
        if let Some(hashes) = self.hashes.get() {
            return Ok(hashes);
        }
        let section = self.head.section(Part::Hashes);
        let read = self.read_unchecked(section.at, section.bytes as usize)?;
        if xxh3_64(&read) != self.head.hashes_hash {
            return Err(self.corrupt("the hash of its hashes does not match"));
        }
        Ok(self.hashes.get_or_init(|| read))
    }

    /// The hashes of blocks of the Parquet file.
    pub(crate) fn parquet_hashes(&self, span: Span) -> Result<Vec<u8>, HistoryError> {
        let section = self.head.section(Part::ParquetHashes);
        let at = span.first * HASH_BYTES as u64;
        let bytes = span.count * HASH_BYTES as u64;
        if at + bytes > section.bytes {
            return Err(self.corrupt("it has too few hashes of the Parquet file"));
        }
        self.read(section.at + at, bytes as usize)
    }

    /// Checks every byte: the head and its ends were checked when it was opened.
    pub(crate) fn check_all(&self) -> Result<(), HistoryError> {
        let bytes = self.head.blocks().bytes;
        let mut at = 0;
        while at < bytes {
            let step = CHECK_BYTES.min(bytes - at);
            let read = self.read(at, step as usize)?;
            if at == 0 && !read.starts_with(self.head.magic()) {
                return Err(self.corrupt("it does not begin with the index magic"));
            }
            at += step;
        }
        self.resident().map(drop)
    }

    /// The sections in memory, read at first use.
    pub(crate) fn resident(&self) -> Result<&Arc<Resident>, HistoryError> {
        if let Some(resident) = self.resident.get() {
            return Ok(resident);
        }
        let read = Arc::new(self.read_resident()?);
        // Two may have read it at once; either will do.
        Ok(self.resident.get_or_init(|| read))
    }

    fn read_resident(&self) -> Result<Resident, HistoryError> {
        let from = self.head.section(Part::Buckets).at;
        let to = self.head.section(Part::Scopes).end();
        let bytes = self.read(from, (to - from) as usize)?;
        let range = |part: Part| {
            let section = self.head.section(part);
            (section.at - from) as usize..(section.end() - from) as usize
        };
        let buckets = range(Part::Buckets);
        let row_blocks = range(Part::RowBlocks);
        let pages = range(Part::Pages);
        let filter = range(Part::Filter);
        let scopes = decode_scopes(&bytes[range(Part::Scopes)])
            .ok_or_else(|| self.corrupt("its scopes do not parse"))?;
        let blocks = self.head.facts.rows().div_ceil(u64::from(row_key::BLOCK_ROWS));
        if row_blocks.len() as u64 != blocks * row_key::BLOCK_ENTRY_BYTES as u64 {
            return Err(self.corrupt("it has the wrong number of row blocks"));
        }
        Ok(Resident { bytes, buckets, row_blocks, pages, filter, scopes })
    }

    /// The rows under a key, if there are any.
    pub(crate) fn rows_of(self: &Arc<Self>, key: u64) -> Result<Option<RowList>, HistoryError> {
        let resident = self.resident()?;
        if !filter::may_hold(resident.slice(&resident.filter), key) {
            return Ok(None);
        }
        let Some((start, end)) = resident.bucket(key >> (KEY_BITS - self.head.bucket_bits)) else {
            return Err(self.corrupt("it has too few buckets"));
        };
        if start > end || u64::from(end) > self.head.keys {
            return Err(self.corrupt("its buckets are out of order"));
        }
        let at = self.head.section(Part::Entries).at + u64::from(start) * ENTRY_BYTES as u64;
        let entries = self.read(at, (end - start) as usize * ENTRY_BYTES)?;
        let wanted = key & !(!0 << ENTRY_KEY_BITS);
        let found = entries.chunks_exact(ENTRY_BYTES).find(|entry| entry_key(entry) == wanted);
        found.map(|entry| self.list_at(le_u32(&entry[ENTRY_BYTES - 4..]))).transpose()
    }

    pub(super) fn list_at(self: &Arc<Self>, value: u32) -> Result<RowList, HistoryError> {
        if value & LIST_FLAG == 0 {
            if u64::from(value) >= self.head.facts.rows() {
                return Err(self.corrupt("it points beyond the rows of the slice"));
            }
            return Ok(RowList::one(Arc::clone(self), value));
        }
        let lists = self.head.section(Part::Lists);
        let at = lists.at + u64::from(value & !LIST_FLAG);
        RowList::open(Arc::clone(self), at, lists.end())
    }

    /// How many blocks of row keys there are.
    pub(crate) fn row_blocks(&self) -> u32 {
        self.head.facts.rows().div_ceil(u64::from(row_key::BLOCK_ROWS)) as u32
    }

    /// Keys of the first rows of one block, which has [`row_key::BLOCK_ROWS`], and fewer only if it is
    /// the last.
    pub(crate) fn row_keys(&self, block: u32, rows: u32) -> Result<Vec<Position>, HistoryError> {
        let resident = self.resident()?;
        let section = self.head.section(Part::RowKeys);
        let directory = resident.slice(&resident.row_blocks);
        let broken = || self.corrupt("its row keys do not parse");
        let (first, at) = row_key::block_entry(directory, block as usize).ok_or_else(broken)?;
        let next = row_key::block_entry(directory, block as usize + 1);
        let end = next.map_or(section.bytes, |(_, at)| u64::from(at));
        if u64::from(at) > end || end > section.bytes {
            return Err(broken());
        }
        let keys = self.read(section.at + u64::from(at), (end - u64::from(at)) as usize)?;
        let row = u64::from(block) * u64::from(row_key::BLOCK_ROWS);
        let all = (self.head.facts.rows() - row).min(u64::from(row_key::BLOCK_ROWS)) as u32;
        let rows = all.min(rows);
        row_key::decode_block(first, &keys, rows, self.head.time_unit_ms).ok_or_else(broken)
    }

    /// How many rows come before a position, which is a row number if the position is a row's.
    pub(crate) fn rows_before(&self, position: Position) -> Result<u32, HistoryError> {
        if position.event_time_ms > self.head.facts.event_time_ms_max {
            // Most questions have no end, and no keys are read for that.
            return Ok(self.head.facts.rows() as u32);
        }
        let resident = self.resident()?;
        let directory = resident.slice(&resident.row_blocks);
        let blocks = directory.len() / row_key::BLOCK_ENTRY_BYTES;
        let (mut low, mut high) = (0, blocks);
        while low < high {
            let middle = low + (high - low) / 2;
            let first = row_key::block_entry(directory, middle);
            if first.is_some_and(|(first, _)| first < position) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let Some(block) = low.checked_sub(1) else { return Ok(0) };
        let rows = self.row_keys(block as u32, row_key::BLOCK_ROWS)?;
        let within = rows.partition_point(|row| *row < position);
        Ok(block as u32 * row_key::BLOCK_ROWS + within as u32)
    }
}

impl Resident {
    fn slice(&self, range: &std::ops::Range<usize>) -> &[u8] {
        self.bytes.get(range.clone()).unwrap_or_default()
    }

    /// The entries of a bucket: the first, and the one after the last.
    pub(super) fn bucket(&self, bucket: u64) -> Option<(u32, u32)> {
        let starts = self.slice(&self.buckets);
        let at = bucket as usize * 4;
        Some((le_u32(starts.get(at..at + 4)?), le_u32(starts.get(at + 4..at + 8)?)))
    }

    /// Every scope that occurs in the slice.
    pub(crate) fn scopes(&self) -> &[Scope] {
        &self.scopes
    }

    /// How many record pages there are.
    pub(crate) fn page_count(&self) -> usize {
        self.pages.len() / Page::BYTES
    }

    /// A record page.
    pub(crate) fn page(&self, number: usize) -> Option<Page> {
        let entry =
            self.slice(&self.pages).get(number * Page::BYTES..(number + 1) * Page::BYTES)?;
        let (at, rest) = entry.split_first_chunk()?;
        Some(Page {
            at: u64::from_le_bytes(*at),
            bytes: le_u32(rest),
            first_place: le_u32(rest.get(4..)?),
        })
    }

    /// The number of the page that holds a place.
    pub(crate) fn page_of(&self, place: u32) -> Option<usize> {
        let (mut low, mut high) = (0, self.page_count());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.page(middle)?.first_place <= place {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low.checked_sub(1)
    }
}

fn decode_scopes(mut bytes: &[u8]) -> Option<Vec<Scope>> {
    let count = varint::take(&mut bytes)?;
    let mut scopes = Vec::new();
    for _ in 0..count {
        let (&class, rest) = bytes.split_first()?;
        bytes = rest;
        let class = Class::from_code(class)?;
        let account = take_text(&mut bytes)?;
        let region = take_text(&mut bytes)?;
        scopes.push(Scope { class, account, region });
    }
    bytes.is_empty().then_some(scopes)
}

fn take_text(bytes: &mut &[u8]) -> Option<String> {
    let length = usize::try_from(varint::take(bytes)?).ok()?;
    let (text, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    String::from_utf8(text.to_vec()).ok()
}
