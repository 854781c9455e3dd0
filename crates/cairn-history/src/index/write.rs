//! Writing an index: one pass over keys in rising order.

use std::io::{self, Write};

use xxhash_rust::xxh3::xxh3_64;

use crate::blocks::Hashing;
use crate::key::{KEY_BITS, Scope};
use crate::varint;

use super::head::{Part, SECTIONS, Section};
use super::read::Page;
use super::{BLOCK_BYTES, bucket_bits, filter, list};
use super::{ENTRY_BYTES, ENTRY_KEY_BITS, Head, LIST_FLAG, MAGIC};
use super::{PlacesWriter, RowKeysWriter, SliceFacts};

/// Writes one index file. Memory: eight bytes a key, until [`IndexWriter::finish`].
#[derive(Debug)]
pub(crate) struct IndexWriter<W> {
    out: Hashing<W>,
    at: u64,
    sections: [Section; SECTIONS],
    lists: Section,
    bucket_bits: u32,
    entries: Vec<u8>,
    buckets: Vec<u8>,
    bucket: u64,
    keys: u64,
    scratch: Vec<u8>,
}

/// What is added to the keys at the end.
#[derive(Debug)]
pub(crate) struct IndexRest {
    pub facts: SliceFacts,
    pub row_keys: RowKeysWriter,
    pub cluster_rows: u32,
    pub places: PlacesWriter,
    pub pages: Vec<Page>,
    /// The hash of each block of the Parquet file.
    pub parquet_hashes: Vec<u8>,
    /// In rising order.
    pub scopes: Vec<Scope>,
}

impl<W: Write> IndexWriter<W> {
    /// Begins an index of so many rows.
    pub(crate) fn new(out: W, rows: u64) -> io::Result<Self> {
        let mut out = Hashing::new(out, BLOCK_BYTES);
        out.write_all(&MAGIC)?;
        let at = MAGIC.len() as u64;
        Ok(Self {
            out,
            at,
            sections: [Section::default(); SECTIONS],
            lists: Section { at, bytes: 0 },
            bucket_bits: bucket_bits(rows),
            entries: Vec::new(),
            buckets: 0_u32.to_le_bytes().to_vec(),
            bucket: 0,
            keys: 0,
            scratch: Vec::new(),
        })
    }

    /// Adds a key and its rows, both in rising order; no key comes twice.
    pub(crate) fn list(&mut self, key: u64, rows: &[u32]) -> io::Result<()> {
        let value = match rows {
            [] => return Ok(()),
            [row] => *row,
            rows => {
                let begins = self.lists.bytes;
                if begins >= u64::from(LIST_FLAG) {
                    return Err(io::Error::new(io::ErrorKind::FileTooLarge, "row lists"));
                }
                self.scratch.clear();
                list::encode(rows, &mut self.scratch);
                self.out.write_all(&self.scratch)?;
                self.lists.bytes += self.scratch.len() as u64;
                LIST_FLAG | begins as u32
            }
        };
        self.close_buckets_before(key >> (KEY_BITS - self.bucket_bits));
        let key = key.to_le_bytes();
        self.entries.extend_from_slice(&key[..(ENTRY_KEY_BITS / 8) as usize]);
        self.entries.extend_from_slice(&value.to_le_bytes());
        self.keys += 1;
        Ok(())
    }

    fn close_buckets_before(&mut self, bucket: u64) {
        while self.bucket < bucket {
            self.buckets.extend_from_slice(&(self.keys as u32).to_le_bytes());
            self.bucket += 1;
        }
    }

    /// Writes everything but the lists, and returns what it wrote to.
    pub(crate) fn finish(mut self, rest: &IndexRest) -> io::Result<W> {
        self.close_buckets_before(1 << self.bucket_bits);
        self.at = self.lists.end();
        self.sections[Part::Lists as usize] = self.lists;
        let filter = self.filter();
        let (entries, buckets) =
            (std::mem::take(&mut self.entries), std::mem::take(&mut self.buckets));
        self.section(Part::Entries, &entries)?;
        self.section(Part::RowKeys, &rest.row_keys.keys)?;
        self.section(Part::Places, &rest.places.bytes)?;
        self.section(Part::Buckets, &buckets)?;
        self.section(Part::RowBlocks, &rest.row_keys.directory)?;
        self.section(Part::Pages, &encode_pages(&rest.pages))?;
        self.section(Part::Filter, &filter)?;
        self.section(Part::Scopes, &encode_scopes(&rest.scopes))?;
        self.section(Part::ParquetHashes, &rest.parquet_hashes)?;
        let (mut out, hashes) = self.out.finish();
        self.sections[Part::Hashes as usize] = Section { at: self.at, bytes: hashes.len() as u64 };
        out.write_all(&hashes)?;
        let head = Head {
            facts: rest.facts,
            time_unit_ms: rest.row_keys.unit_ms(),
            bucket_bits: self.bucket_bits,
            keys: self.keys,
            cluster_rows: rest.cluster_rows,
            sections: self.sections,
            hashes_hash: xxh3_64(&hashes),
        };
        out.write_all(&head.encode())?;
        out.flush()?;
        Ok(out)
    }

    fn section(&mut self, part: Part, bytes: &[u8]) -> io::Result<()> {
        self.sections[part as usize] = Section { at: self.at, bytes: bytes.len() as u64 };
        self.out.write_all(bytes)?;
        self.at += bytes.len() as u64;
        Ok(())
    }

    /// The filter over all keys, which the buckets and entries spell out.
    fn filter(&self) -> Vec<u8> {
        let mut bits = filter::sized(self.keys);
        let starts = self.buckets.chunks_exact(4).map(le_u32);
        for (bucket, (start, end)) in starts.clone().zip(starts.skip(1)).enumerate() {
            let top = (bucket as u64) << (KEY_BITS - self.bucket_bits);
            let mask = !0 << ENTRY_KEY_BITS;
            let entries = &self.entries[start as usize * ENTRY_BYTES..end as usize * ENTRY_BYTES];
            for entry in entries.chunks_exact(ENTRY_BYTES) {
                filter::add(&mut bits, top & mask | entry_key(entry));
            }
        }
        bits
    }
}

/// The low bits of an entry's key.
pub(super) fn entry_key(entry: &[u8]) -> u64 {
    entry
        .iter()
        .take((ENTRY_KEY_BITS / 8) as usize)
        .rev()
        .fold(0, |key, byte| key << 8 | u64::from(*byte))
}

pub(super) fn le_u32(bytes: &[u8]) -> u32 {
    bytes.first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

fn encode_pages(pages: &[Page]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(pages.len() * Page::BYTES);
    for page in pages {
        bytes.extend_from_slice(&page.at.to_le_bytes());
        bytes.extend_from_slice(&page.bytes.to_le_bytes());
        bytes.extend_from_slice(&page.first_place.to_le_bytes());
    }
    bytes
}

fn encode_scopes(scopes: &[Scope]) -> Vec<u8> {
    let mut bytes = Vec::new();
    varint::put(&mut bytes, scopes.len() as u64);
    for scope in scopes {
        bytes.push(scope.class.code());
        for text in [&scope.account, &scope.region] {
            varint::put(&mut bytes, text.len() as u64);
            bytes.extend_from_slice(text.as_bytes());
        }
    }
    bytes
}
