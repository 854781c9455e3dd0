//! The head at the end of an index file: what a slice is, and where the sections are.

use xxhash_rust::xxh3::xxh3_64;

use crate::blocks::Blocks;
use crate::slice::cluster;

use super::{BLOCK_BYTES, BUCKET_BITS_MAX, BUCKET_BITS_MIN, MAGIC, MAGIC_BEFORE_CLUSTERS};
use super::{PARQUET_BLOCK_BYTES, PLACE_BYTES, ROWS_MAX};

/// How many sections there are.
pub(super) const SECTIONS: usize = 11;
const NUMBERS: usize = 12;
const HEAD_BYTES: usize = 8 * (NUMBERS + 2 * SECTIONS);
/// Rows that are read at once of a slice without clusters: half a gigabyte if all are the longest.
const ROWS_READ: u32 = 512;
/// By how much the head is shorter without places: a section, and the rows of a cluster.
const PLACES_BYTES: usize = 16 + 8;
/// The length of head, its hash and the closing magic.
pub(super) const TRAILER_BYTES: usize = HEAD_BYTES + 8 + MAGIC.len();

/// What is known of a slice without looking at its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SliceFacts {
    /// The first log offset.
    pub from: u64,
    /// The log offset after the last; the slice has `to - from` rows.
    pub to: u64,
    pub event_time_ms_min: i64,
    pub event_time_ms_max: i64,
    pub recorded_ms_min: i64,
    pub recorded_ms_max: i64,
    pub parquet_bytes: u64,
}

impl SliceFacts {
    pub(crate) fn rows(&self) -> u64 {
        self.to - self.from
    }
}

/// The sections in file order.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    Lists = 0,
    Entries = 1,
    RowKeys = 2,
    Places = 3,
    Buckets = 4,
    RowBlocks = 5,
    Pages = 6,
    Filter = 7,
    Scopes = 8,
    ParquetHashes = 9,
    Hashes = 10,
}

/// Where a section is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Section {
    pub at: u64,
    pub bytes: u64,
}

impl Section {
    pub(super) fn end(self) -> u64 {
        self.at + self.bytes
    }
}

/// The head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub facts: SliceFacts,
    /// What all event times are multiples of: 1 or 1,000 ms.
    pub(super) time_unit_ms: u64,
    pub(super) bucket_bits: u32,
    /// How many keys there are.
    pub(super) keys: u64,
    /// How many rows each cluster has but the last.
    pub(super) cluster_rows: u32,
    pub(super) sections: [Section; SECTIONS],
    /// The hash of the section of hashes, which is the only one that they do not cover.
    pub(super) hashes_hash: u64,
}

impl Head {
    /// Whether all event times are whole seconds.
    pub(crate) fn whole_seconds(&self) -> bool {
        self.time_unit_ms == 1_000
    }

    /// What the file begins and ends with.
    pub(super) fn magic(&self) -> &'static [u8] {
        if self.has_places() { &MAGIC } else { &MAGIC_BEFORE_CLUSTERS }
    }

    /// Whether it says where each row lies; without, rows lie in their order.
    pub(super) fn has_places(&self) -> bool {
        self.section(Part::Places).bytes == self.facts.rows() * PLACE_BYTES
    }

    pub(super) fn section(&self, part: Part) -> Section {
        self.sections[part as usize]
    }

    /// The blocks of this file: all before their hashes.
    pub(super) fn blocks(&self) -> Blocks {
        Blocks { block_bytes: BLOCK_BYTES, bytes: self.section(Part::Hashes).at }
    }

    /// The blocks of the Parquet file: all of it.
    pub(crate) fn parquet_blocks(&self) -> Blocks {
        Blocks { block_bytes: PARQUET_BLOCK_BYTES, bytes: self.facts.parquet_bytes }
    }

    /// The trailer of the file.
    pub(super) fn encode(&self) -> Vec<u8> {
        let facts = &self.facts;
        let mut bytes = Vec::with_capacity(TRAILER_BYTES);
        let numbers: [u64; NUMBERS] = [
            facts.from,
            facts.to,
            facts.event_time_ms_min.cast_unsigned(),
            facts.event_time_ms_max.cast_unsigned(),
            facts.recorded_ms_min.cast_unsigned(),
            facts.recorded_ms_max.cast_unsigned(),
            facts.parquet_bytes,
            self.time_unit_ms,
            u64::from(self.bucket_bits),
            self.keys,
            self.hashes_hash,
            u64::from(self.cluster_rows),
        ];
        for number in numbers {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        for section in &self.sections {
            for number in [section.at, section.bytes] {
                bytes.extend_from_slice(&number.to_le_bytes());
            }
        }
        let hash = xxh3_64(&bytes);
        bytes.extend_from_slice(&hash.to_le_bytes());
        bytes.extend_from_slice(&MAGIC);
        bytes
    }

    /// Reads the trailer of a file of this length, out of its last [`TRAILER_BYTES`]; the error says
    /// what does not hold.
    pub(super) fn decode(last: &[u8], file_bytes: u64) -> Result<Self, &'static str> {
        let magic = last.len().checked_sub(MAGIC.len()).and_then(|at| last.get(at..));
        let has_places = match magic {
            Some(magic) if magic == MAGIC => true,
            Some(magic) if magic == MAGIC_BEFORE_CLUSTERS => false,
            _ => return Err("it does not end with the index magic"),
        };
        let trailer = last.get(if has_places { 0 } else { PLACES_BYTES }..).unwrap_or_default();
        let hash_at = trailer.len().checked_sub(8 + MAGIC.len()).ok_or("it is too short")?;
        let (head, rest) = trailer.split_at(hash_at);
        let hash = rest.get(..8).unwrap_or_default();
        if hash != xxh3_64(head).to_le_bytes() {
            return Err("the hash of its head does not match");
        }
        let mut numbers =
            head.chunks_exact(8).map(|chunk| chunk.try_into().map_or(0, u64::from_le_bytes));
        let mut next = || numbers.next().unwrap_or_default();
        let facts = SliceFacts {
            from: next(),
            to: next(),
            event_time_ms_min: next().cast_signed(),
            event_time_ms_max: next().cast_signed(),
            recorded_ms_min: next().cast_signed(),
            recorded_ms_max: next().cast_signed(),
            parquet_bytes: next(),
        };
        let (time_unit_ms, bucket_bits, keys, hashes_hash) = (next(), next(), next(), next());
        let cluster_rows = if has_places { next() } else { u64::from(ROWS_READ) };
        if !cluster::is_size(cluster_rows) {
            return Err("its clusters have an impossible number of rows");
        }
        let mut sections = [Section::default(); SECTIONS];
        for part in 0..SECTIONS {
            sections[part] = if part == Part::Places as usize && !has_places {
                Section { at: sections[part - 1].end(), bytes: 0 }
            } else {
                Section { at: next(), bytes: next() }
            };
        }
        let bucket_bits = u32::try_from(bucket_bits).unwrap_or(u32::MAX);
        let cluster_rows = cluster_rows as u32;
        let head =
            Self { facts, time_unit_ms, bucket_bits, keys, cluster_rows, sections, hashes_hash };
        head.check(file_bytes, trailer.len() as u64)?;
        if head.has_places() != has_places {
            return Err("it has the wrong number of places");
        }
        Ok(head)
    }

    fn check(&self, file_bytes: u64, trailer_bytes: u64) -> Result<(), &'static str> {
        let rows = self.facts.to.checked_sub(self.facts.from);
        if rows.is_none_or(|rows| rows == 0 || rows > ROWS_MAX) {
            return Err("its range of offsets is impossible");
        }
        if !(BUCKET_BITS_MIN..=BUCKET_BITS_MAX).contains(&self.bucket_bits) {
            return Err("its number of buckets is impossible");
        }
        if !matches!(self.time_unit_ms, 1 | 1_000) {
            return Err("its unit of time is impossible");
        }
        let mut at = MAGIC.len() as u64;
        for section in &self.sections {
            if section.at != at {
                return Err("its sections do not follow one another");
            }
            at = at.checked_add(section.bytes).ok_or("a section is impossibly long")?;
        }
        if at.checked_add(trailer_bytes) != Some(file_bytes) {
            return Err("its sections do not fill it");
        }
        if self.section(Part::Hashes).bytes != self.blocks().hashes_bytes()
            || self.section(Part::ParquetHashes).bytes != self.parquet_blocks().hashes_bytes()
        {
            return Err("it has the wrong number of hashes");
        }
        Ok(())
    }
}
