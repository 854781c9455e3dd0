//! A second reader of the format, written from its description alone, to judge the first one.

use std::path::Path;

use aws_lc_rs::digest::{SHA256, digest};

use crate::files::Files;
use crate::files::sim::SimDisk;

/// Everything in a log, read byte by byte.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub first: u64,
    pub records: Vec<Vec<u8>>,
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())
}

/// Reads the whole log of a directory, and panics at whatever is not as described.
pub(super) fn read_log(disk: &SimDisk, directory: &Path) -> Found {
    let mut names = disk.names(directory).unwrap();
    names.sort();
    assert!(names.iter().all(|name| name.len() == 24), "{names:?}");
    let mut found = Found::default();
    let mut next = None;
    let mut chain = None;
    for (index, name) in names.iter().enumerate() {
        let bytes = disk.content(&directory.join(name));
        assert_eq!(&bytes[..8], b"CAIRNLOG");
        assert_eq!((u32_at(&bytes, 8), u32_at(&bytes, 12)), (1, 72));
        assert_eq!(crc32fast::hash(&bytes[..68]), u32_at(&bytes, 68));
        let first = u64_at(&bytes, 16);
        assert_eq!(name, &format!("{first:020}.seg"));
        assert_eq!(*next.get_or_insert(first), first, "no gap between segments");
        assert_eq!(*chain.get_or_insert(bytes[32..64].to_vec()), bytes[32..64], "one chain");
        if index == 0 {
            found.first = first;
        }
        let last = index + 1 == names.len();
        let segment = Segment { bytes, next: first, chain: chain.take().unwrap() };
        let segment = segment.read(&mut found, last);
        (next, chain) = (Some(segment.next), Some(segment.chain));
    }
    found
}

struct Segment {
    bytes: Vec<u8>,
    next: u64,
    chain: Vec<u8>,
}

impl Segment {
    fn read(mut self, found: &mut Found, last: bool) -> Self {
        let mut at = 72;
        loop {
            match self.bytes.get(at..at + 4) {
                Some(b"CRNF") => at = self.frame(at, found),
                Some(b"CRNE") => {
                    assert_eq!(
                        crc32fast::hash(&self.bytes[at..at + 88]),
                        u32_at(&self.bytes, at + 88)
                    );
                    assert_eq!(u64_at(&self.bytes, at + 8), self.next);
                    assert_eq!(u64_at(&self.bytes, at + 48), at as u64);
                    assert_eq!(self.bytes[at + 56..at + 88], self.chain);
                    at += 92;
                    break;
                }
                _ => {
                    assert!(last, "only the last segment has no footer");
                    break;
                }
            }
        }
        assert!(self.bytes[at..].iter().all(|byte| *byte == 0), "nothing behind the end");
        self
    }

    fn frame(&mut self, at: usize, found: &mut Found) -> usize {
        let header = &self.bytes[at..at + 76];
        assert_eq!(crc32fast::hash(&header[..72]), u32_at(header, 72));
        let payload = &self.bytes[at + 76..at + 76 + u32_at(header, 8) as usize];
        assert_eq!(crc32fast::hash(payload), u32_at(header, 20));
        assert_eq!(u64_at(header, 24), self.next);
        let chained = [&self.chain, &header[..40], payload].concat();
        let chain = digest(&SHA256, &chained).as_ref().to_vec();
        assert_eq!(chain, header[40..72]);
        let raw = zstd::decode_all(payload).unwrap();
        assert_eq!(raw.len(), u32_at(header, 12) as usize);
        let count = u32_at(header, 16) as usize;
        let mut start = count * 4;
        for index in 0..count {
            let length = u32_at(&raw, index * 4) as usize;
            found.records.push(raw[start..start + length].to_vec());
            start += length;
        }
        assert_eq!(start, raw.len());
        let end = at + 76 + payload.len();
        self.next += count as u64;
        self.chain = chain;
        end
    }
}
