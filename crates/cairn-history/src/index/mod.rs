//! The index file that stands beside every Parquet file of history.
//!
//! Constraints:
//!
//!  1. Finding the rows of one attribute value costs one small read per slice that holds it, and
//!     none per slice that does not (but for one in forty): a needle among 50 slices is found
//!     before a disk has turned.
//!  2. Rows come out newest first, and a page of a common value costs a page, not the list.
//!  3. Fetching a record needs one read of its page, and no Parquet footer.
//!  4. Two slices' indexes can be merged without looking at a record.
//!  5. Some 2 % of the records' bytes, and a few bits a row in memory, loaded at first use.
//!  6. Nothing that a disk returns makes a reader panic or loop; what is wrong is `Corrupt`.
//!  7. No altered byte, of this file or of the Parquet file, gives another answer, nor a shorter
//!     one: whatever is read is checked first, and costs a block, not a file.
//!
//! Layout, all numbers little-endian:
//!
//! ```text
//!  magic      8 bytes
//!  lists      one row list for each key of two rows or more
//!  entries    8 bytes a key, in key order: low 32 bits of the key, then 4 bytes: the row, or
//!             (top bit set) where its list begins
//!  row keys   for each row but the first of a block: time and offset, as differences
//!  places     2 bytes a row: where it lies in the Parquet file, counted from its cluster's begin
//!  ── from here to the scopes held in memory, read at once at first use ──
//!  buckets    4 bytes for each value of the key's top bits, and one more: its first entry
//!  row blocks 20 bytes per 256 rows: first time, first offset, where its row keys begin
//!  pages      16 bytes per record page: where it is in the Parquet file, its length, its first place
//!  filter     blocks of 32 bytes: a split-block Bloom filter over the keys
//!  scopes     every (class, account, region) that occurs
//!  ──
//!  parquet    8 bytes per 16 KiB of the Parquet file, from its first byte to its last: xxh3
//!  hashes     8 bytes per 4 KiB of this file up to here: xxh3; held in memory
//!  head       numbers of the slice, xxh3 of the hashes, place and length of each section
//!  xxh3 of the head, magic
//! ```
//!
//! So the hashes form a tree: the head vouches for the hashes, they for every block of this file,
//! and those for every block of the Parquet file. A read takes whole blocks, checks them, and
//! leaves out what it does not want. A page of records is checked with it, and
//! so are other columns, page headers and the footer, for all of these are read as blocks.
//!
//! Rows are numbered by event time, then by log offset. In the Parquet file those of a cluster lie
//! in another order, see `slice::cluster`. (An index that ends in `CRNIDX02` has no places: the
//! rows of its slice lie in their order.) A row list is written from the highest row down: its
//! count, its length in bytes, and then either the rows as differences, or (beyond
//! [`list::BLOCK_ROWS`] rows) a directory of blocks of them, so that a reader begins anywhere. A
//! key is 40 bits of a hash, see `key`.
//!
//! Writing is one pass over keys in rising order, so the same slice always gives the same bytes.

mod filter;
mod head;
mod keys;
mod list;
mod place;
mod read;
mod row_key;
#[cfg(test)]
mod tests;
mod write;

pub(crate) use head::{Head, SliceFacts};
pub(crate) use keys::{Keys, RowKeysReader};
pub(crate) use list::RowList;
pub(crate) use place::PlacesWriter;
pub(crate) use read::{IndexFile, Page};
pub(crate) use row_key::{BLOCK_ROWS as ROW_KEYS_BLOCK, RowKeysWriter};
pub(crate) use write::{IndexRest, IndexWriter};

/// At both ends of the file; the digits are the version of the format.
const MAGIC: [u8; 8] = *b"CRNIDX03";
/// Of the version whose rows lay in the order of time; it has no places. It is read, not written.
const MAGIC_BEFORE_CLUSTERS: [u8; 8] = *b"CRNIDX02";
/// The length of a block of this file: what a small read takes.
const BLOCK_BYTES: u64 = 4 << 10;
/// The length of a block of the Parquet file. A page of records there is some 5 KiB, which is in
/// one block as a rule, and the hashes of 8 MiB are in one block of this file.
pub(crate) const PARQUET_BLOCK_BYTES: u64 = 16 << 10;
/// The length of a place.
const PLACE_BYTES: u64 = 2;
/// The length of an entry.
const ENTRY_BYTES: usize = 8;
/// How many low bits of a key an entry holds; the bucket tells the others.
const ENTRY_KEY_BITS: u32 = 32;
/// Set in an entry's value if it points to a list.
const LIST_FLAG: u32 = 1 << 31;
/// The fewest top bits that choose a bucket: what an entry leaves out.
const BUCKET_BITS_MIN: u32 = crate::key::KEY_BITS - ENTRY_KEY_BITS;
/// The most of them.
const BUCKET_BITS_MAX: u32 = 20;
/// Rows to a bucket, about; there are some 1.3 keys to a row.
const BUCKET_ROWS: u64 = 32;
/// The most rows of a slice.
pub(crate) const ROWS_MAX: u64 = 1 << 24;

/// How many top bits of a key choose its bucket, by the number of rows.
fn bucket_bits(rows: u64) -> u32 {
    let bits = (rows / BUCKET_ROWS).max(1).ilog2();
    bits.clamp(BUCKET_BITS_MIN, BUCKET_BITS_MAX)
}
