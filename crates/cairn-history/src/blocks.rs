//! Hashes over the blocks of a file, so that no altered byte is taken for what was written.
//!
//! A hash over the whole file would have to read all of it, and one per object of a format says
//! nothing of the bytes between objects. Blocks of one length cover every byte, are hashed while
//! the file is written, and a read checks just those that it touches.

use std::io::{self, Write};

use xxhash_rust::xxh3::{Xxh3, xxh3_64};

/// The length of a hash.
pub(crate) const HASH_BYTES: usize = 8;

/// Blocks of one length over the first bytes of a file; the last one may be shorter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Blocks {
    /// The length of a block.
    pub block_bytes: u64,
    /// How many bytes they cover.
    pub bytes: u64,
}

/// The blocks that a read touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    /// The first block.
    pub first: u64,
    /// How many there are.
    pub count: u64,
    /// Where the first one begins.
    pub at: u64,
    /// The length of all of them.
    pub bytes: usize,
    /// How much of them comes before what is wanted.
    pub lead: usize,
}

impl Blocks {
    /// The length of all their hashes.
    pub(crate) fn hashes_bytes(self) -> u64 {
        self.bytes.div_ceil(self.block_bytes) * HASH_BYTES as u64
    }

    /// The blocks that hold these bytes; `None` if some are not covered.
    pub(crate) fn span(self, at: u64, bytes: usize) -> Option<Span> {
        let end = at.checked_add(bytes as u64).filter(|end| *end <= self.bytes)?;
        let first = at / self.block_bytes;
        let count = end.div_ceil(self.block_bytes).saturating_sub(first);
        let begin = first * self.block_bytes;
        let until = ((first + count) * self.block_bytes).min(self.bytes).max(begin);
        Some(Span {
            first,
            count,
            at: begin,
            bytes: (until - begin) as usize,
            lead: (at - begin) as usize,
        })
    }

    /// Whether whole blocks are what their hashes say.
    pub(crate) fn match_hashes(self, read: &[u8], hashes: &[u8]) -> bool {
        let blocks = read.chunks(self.block_bytes as usize);
        let hashes = hashes.chunks(HASH_BYTES);
        blocks.len() == hashes.len()
            && blocks.zip(hashes).all(|(block, hash)| xxh3_64(block).to_le_bytes() == hash)
    }
}

/// Hands bytes on, and hashes them block by block.
pub(crate) struct Hashing<W> {
    out: W,
    block_bytes: usize,
    hash: Box<Xxh3>,
    /// How much of a block is in `hash`.
    filled: usize,
    hashes: Vec<u8>,
}

impl<W: Write> Hashing<W> {
    pub(crate) fn new(out: W, block_bytes: u64) -> Self {
        let hash = Box::new(Xxh3::new());
        Self { out, block_bytes: block_bytes as usize, hash, filled: 0, hashes: Vec::new() }
    }

    /// What it wrote to, and the hash of each block.
    pub(crate) fn finish(mut self) -> (W, Vec<u8>) {
        self.close_block();
        (self.out, self.hashes)
    }

    fn close_block(&mut self) {
        if self.filled > 0 {
            self.hashes.extend_from_slice(&self.hash.digest().to_le_bytes());
            self.hash.reset();
            self.filled = 0;
        }
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        let mut rest = bytes.get(..written).unwrap_or(bytes);
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(self.block_bytes - self.filled));
            self.hash.update(now);
            self.filled += now.len();
            if self.filled == self.block_bytes {
                self.close_block();
            }
            rest = later;
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl<W> std::fmt::Debug for Hashing<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hashing")
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::{Blocks, Hashing, Span};

    #[test]
    fn every_byte_of_a_file_is_covered_however_it_was_written() {
        let bytes: Vec<u8> = (0..100_u8).collect();
        let blocks = Blocks { block_bytes: 16, bytes: 100 };
        for step in [1, 7, 16, 33, 100] {
            let mut writer = Hashing::new(Vec::new(), 16);
            bytes.chunks(step).for_each(|part| writer.write_all(part).unwrap());
            let (out, hashes) = writer.finish();
            assert_eq!(out, bytes);
            assert_eq!(hashes.len() as u64, blocks.hashes_bytes());
            assert!(blocks.match_hashes(&bytes, &hashes));
            for at in 0..bytes.len() {
                let mut damaged = bytes.clone();
                damaged[at] ^= 1;
                assert!(!blocks.match_hashes(&damaged, &hashes), "byte {at}");
            }
            assert!(!blocks.match_hashes(&bytes[..96], &hashes));
        }
    }

    #[test]
    fn a_read_touches_whole_blocks_and_no_more() {
        let blocks = Blocks { block_bytes: 16, bytes: 100 };
        let span = |at, bytes| blocks.span(at, bytes);
        let expected = Span { first: 1, count: 2, at: 16, bytes: 32, lead: 4 };
        assert_eq!(span(20, 13), Some(expected));
        let last = Span { first: 6, count: 1, at: 96, bytes: 4, lead: 1 };
        assert_eq!(span(97, 3), Some(last));
        assert_eq!(span(97, 4), None);
        assert_eq!(span(u64::MAX, 1), None);
        assert_eq!(span(100, 0).map(|span| span.lead), Some(4));
    }
}
