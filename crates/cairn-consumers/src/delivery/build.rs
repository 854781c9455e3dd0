//! The bytes of a log file.

use std::sync::{Mutex, PoisonError};

use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;
use libdeflater::{CompressionLvl, Compressor};

/// What stands before the first record.
const HEAD: &[u8] = b"{\"Records\":[";
/// What follows the last.
const TAIL: &[u8] = b"]}";

/// A file as it goes to its bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Built {
    /// One gzip member.
    pub body: Bytes,
    /// The SHA-256 of the content before compression, in lower-case hex.
    pub sha256: String,
}

/// Room in which files are made, one after another: it takes longer to get than to fill.
#[derive(Default)]
pub(super) struct Bench {
    content: Vec<u8>,
    /// Longer than what was compressed into it.
    body: Vec<u8>,
    compressor: Option<(u8, Compressor)>,
}

/// Benches that nobody works at: one for each file that was made at the same time as others.
#[derive(Default)]
pub(super) struct Benches(Mutex<Vec<Bench>>);

impl Benches {
    pub(super) fn take(&self) -> Bench {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    pub(super) fn give_back(&self, bench: Bench) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(bench);
    }

    /// Gives up their room: there is nothing to do for a while.
    pub(super) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// Joins records, each with its own bytes, hashes and compresses them. Blocks for as long as that
/// takes. `bytes` is the length of all records together.
pub(super) fn build<'a>(
    bench: &mut Bench,
    records: impl ExactSizeIterator<Item = &'a Bytes>,
    bytes: usize,
    level: u8,
) -> Built {
    let content = &mut bench.content;
    content.clear();
    content.reserve(HEAD.len() + bytes + records.len() + TAIL.len());
    content.extend_from_slice(HEAD);
    for (number, record) in records.enumerate() {
        if number > 0 {
            content.push(b',');
        }
        content.extend_from_slice(record);
    }
    content.extend_from_slice(TAIL);
    let sha256 = hex(digest(&SHA256, content).as_ref());
    Built { sha256, body: bench.gzip(level) }
}

impl Bench {
    /// One member without name and time, so that the same content gives the same bytes.
    fn gzip(&mut self, level: u8) -> Bytes {
        let compressor = match &mut self.compressor {
            Some((of, compressor)) if *of == level => compressor,
            other => {
                let harder = CompressionLvl::new(i32::from(level)).unwrap_or_default();
                &mut other.insert((level, Compressor::new(harder))).1
            }
        };
        let bound = compressor.gzip_compress_bound(self.content.len());
        if self.body.len() < bound {
            // Anew, and not longer: most of it is never touched.
            self.body = vec![0; bound];
        }
        // It fails only if the space is less than the bound.
        let written = compressor.gzip_compress(&self.content, &mut self.body).unwrap_or_default();
        Bytes::copy_from_slice(self.body.get(..written).unwrap_or_default())
    }
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[cfg(test)]
mod tests {
    use libdeflater::Decompressor;

    use super::*;

    fn unzip(body: &[u8], bytes: usize) -> Vec<u8> {
        let mut content = vec![0; bytes];
        let written = Decompressor::new().gzip_decompress(body, &mut content).unwrap();
        content.truncate(written);
        content
    }

    #[test]
    fn records_keep_their_bytes() {
        let records = [r#"{"a" : 1.0}"#, r#"{"b":"\u00fc"}"#, "{}"].map(Bytes::from);
        let bytes = records.iter().map(Bytes::len).sum();
        let mut bench = Bench::default();
        let built = build(&mut bench, records.iter(), bytes, 6);
        let content = unzip(&built.body, 100);
        assert_eq!(content, br#"{"Records":[{"a" : 1.0},{"b":"\u00fc"},{}]}"#);
        // What another file left on the bench is not in this one.
        build(&mut bench, [Bytes::from(vec![b'1'; 5_000])].iter(), 5_000, 1);
        assert_eq!(built, build(&mut bench, records.iter(), bytes, 6));
        let known = hex(digest(&SHA256, b"abc").as_ref());
        assert_eq!(known, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(built.sha256, hex(digest(&SHA256, &content).as_ref()));
    }
}
