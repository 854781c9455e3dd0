//! Exactly one gzip member, expanded under a limit.
//!
//! Most readers of gzip are lenient: they ignore what follows the first member, or do not miss the
//! checksum at its end. A proof is about every byte of an object, so nothing is lenient here.

use flate2::{Decompress, FlushDecompress, Status};
use libdeflater::{DecompressionError, Decompressor, crc32};

/// The most that a file may expand to and still be held in memory; log files have at most 50 MB
/// (documented).
pub(crate) const WHOLE_BYTES_MAX: usize = 64 << 20;
/// The largest buffer that is kept for the next file.
const KEPT_BYTES_MAX: usize = 8 << 20;
/// What is handed on at once of a file that is not held in memory.
const PIECE_BYTES: usize = 256 << 10;
/// The checksum and the length at the end of a member (RFC 1952).
const TRAILER_BYTES: usize = 8;
/// The fixed part of a member's beginning.
const HEADER_BYTES: usize = 10;

/// Why an object is not one gzip member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InflateError {
    /// It does not begin as gzip does, its blocks do not decode, or its checksum is of other bytes.
    #[error("invalid format")]
    Broken,
    /// It ends inside its content.
    #[error("it is cut short")]
    Cut,
    /// Its content is whole, but not the checksum and the length after it.
    #[error("its gzip trailer is cut short")]
    TrailerCut,
    /// Something follows the member.
    #[error("unexpected data after end of compressed stream")]
    Trailing,
    /// It expands to more than is allowed.
    #[error("it expands to more than {bytes_max} bytes")]
    TooLarge {
        /// The limit.
        bytes_max: u64,
    },
}

/// Expands files one after the other, into the same memory.
pub(crate) struct Inflater {
    decompressor: Decompressor,
    buffer: Vec<u8>,
}

impl Inflater {
    /// An inflater without a buffer yet.
    pub(crate) fn new() -> Self {
        Self { decompressor: Decompressor::new(), buffer: Vec::new() }
    }

    /// Expands a file whole, up to [`WHOLE_BYTES_MAX`].
    ///
    /// The quick decoder does not say how much of its input it has read, so something after the
    /// member would pass. It is given the member with one bit of its checksum turned: if it is
    /// content with that, it has found the end of a member earlier than at the end of the file. The
    /// checksum is compared here. Whatever does not go as planned is looked at again, byte by byte.
    pub(crate) fn whole(&mut self, mut file: Vec<u8>) -> Result<&[u8], InflateError> {
        if self.buffer.len() > KEPT_BYTES_MAX {
            self.buffer = Vec::new();
        }
        let Some((checksum, length)) = trailer(&file) else { return self.careful(&file) };
        let length = length as usize;
        if length > WHOLE_BYTES_MAX {
            return self.careful(&file);
        }
        if self.buffer.len() < length {
            self.buffer.resize(length, 0);
        }
        let at = file.len() - TRAILER_BYTES;
        file[at] ^= 1;
        let outcome = self.decompressor.gzip_decompress(&file, &mut self.buffer[..length]);
        file[at] ^= 1;
        if matches!(outcome, Err(DecompressionError::BadData))
            && crc32(&self.buffer[..length]) == checksum
        {
            return Ok(&self.buffer[..length]);
        }
        self.careful(&file)
    }

    /// Gives back the memory of a long file.
    pub(crate) fn forget_long(&mut self) {
        if self.buffer.capacity() > KEPT_BYTES_MAX {
            self.buffer = Vec::new();
        }
    }

    fn careful(&mut self, file: &[u8]) -> Result<&[u8], InflateError> {
        self.buffer.clear();
        let buffer = &mut self.buffer;
        pieces(file, WHOLE_BYTES_MAX as u64, &mut |piece| buffer.extend_from_slice(piece))?;
        Ok(&self.buffer)
    }
}

/// The checksum and the length that the last bytes say.
fn trailer(file: &[u8]) -> Option<(u32, u32)> {
    let (rest, length) = file.split_last_chunk::<4>()?;
    let (rest, checksum) = rest.split_last_chunk::<4>()?;
    let is_plausible = rest.len() > HEADER_BYTES && rest.starts_with(&[0x1f, 0x8b]);
    is_plausible.then(|| (u32::from_le_bytes(*checksum), u32::from_le_bytes(*length)))
}

/// Expands a file piece by piece, up to a limit.
pub(crate) fn pieces(
    file: &[u8],
    bytes_max: u64,
    take: &mut dyn FnMut(&[u8]),
) -> Result<(), InflateError> {
    let mut rest = file.get(header_end(file)?..).unwrap_or_default();
    let mut decoder = Decompress::new(false);
    let mut checksum = libdeflater::Crc::new();
    let mut piece = vec![0; PIECE_BYTES];
    let mut length = 0;
    loop {
        let (read, made) = (decoder.total_in(), decoder.total_out());
        let status = decoder.decompress(rest, &mut piece, FlushDecompress::None);
        let status = status.map_err(|_| InflateError::Broken)?;
        rest = rest.get((decoder.total_in() - read) as usize..).unwrap_or_default();
        let bytes = piece.get(..(decoder.total_out() - made) as usize).unwrap_or_default();
        length += bytes.len() as u64;
        if length > bytes_max {
            return Err(InflateError::TooLarge { bytes_max });
        }
        checksum.update(bytes);
        take(bytes);
        match status {
            Status::StreamEnd => return end(rest, checksum.sum(), length),
            _ if rest.is_empty() && bytes.is_empty() => return Err(InflateError::Cut),
            _ => {}
        }
    }
}

/// Looks at what follows the blocks.
fn end(rest: &[u8], checksum: u32, length: u64) -> Result<(), InflateError> {
    let mut wanted = checksum.to_le_bytes().to_vec();
    wanted.extend_from_slice(&(length as u32).to_le_bytes());
    match rest.split_at_checked(TRAILER_BYTES) {
        None if wanted.starts_with(rest) => Err(InflateError::TrailerCut),
        None => Err(InflateError::Broken),
        Some((trailer, _)) if trailer != wanted => Err(InflateError::Broken),
        Some((_, [])) => Ok(()),
        Some(_) => Err(InflateError::Trailing),
    }
}

/// Where the blocks begin.
fn header_end(file: &[u8]) -> Result<usize, InflateError> {
    const HAS_CHECKSUM: u8 = 2;
    const HAS_EXTRA: u8 = 4;
    const HAS_NAME: u8 = 8;
    const HAS_COMMENT: u8 = 16;
    let magic = [0x1f, 0x8b, 8];
    let shared = file.len().min(magic.len());
    if file.get(..shared) != magic.get(..shared) {
        return Err(InflateError::Broken);
    }
    let flags = *file.get(3).ok_or(InflateError::Cut)?;
    if flags >= 32 {
        return Err(InflateError::Broken);
    }
    let mut at = HEADER_BYTES;
    if flags & HAS_EXTRA != 0 {
        let low = *file.get(at).ok_or(InflateError::Cut)?;
        let high = *file.get(at + 1).ok_or(InflateError::Cut)?;
        at += 2 + usize::from(u16::from_le_bytes([low, high]));
    }
    for _ in 0..(flags & (HAS_NAME | HAS_COMMENT)).count_ones() {
        let text = file.get(at..).ok_or(InflateError::Cut)?;
        at += memchr::memchr(0, text).ok_or(InflateError::Cut)? + 1;
    }
    if flags & HAS_CHECKSUM != 0 {
        at += 2;
    }
    if at > file.len() { Err(InflateError::Cut) } else { Ok(at) }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn gzip(content: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    /// What both ways say, which must be the same.
    fn inflate(file: &[u8]) -> Result<Vec<u8>, InflateError> {
        let mut inflater = Inflater::new();
        let whole = inflater.whole(file.to_vec()).map(<[u8]>::to_vec);
        let mut slow = Vec::new();
        let outcome = pieces(file, WHOLE_BYTES_MAX as u64, &mut |piece| slow.extend(piece));
        assert_eq!(whole, outcome.map(|()| slow));
        whole
    }

    #[test]
    fn one_member_and_nothing_else() {
        let content = b"records ".repeat(10_000);
        let file = gzip(&content);
        assert_eq!(inflate(&file).unwrap(), content);
        assert_eq!(inflate(&gzip(b"")).unwrap(), b"");
        for extra in [&b"x"[..], b"1234567", b"12345678", &file, &file[file.len() - 8..], &[0; 512]]
        {
            let longer = [&file[..], extra].concat();
            assert_eq!(inflate(&longer), Err(InflateError::Trailing), "{} more", extra.len());
        }
        for missing in 1..=TRAILER_BYTES {
            let shorter = &file[..file.len() - missing];
            assert_eq!(inflate(shorter), Err(InflateError::TrailerCut), "{missing} less");
        }
        for kept in [0, 1, 3, 9, 10, 12, file.len() / 2, file.len() - 9] {
            assert_eq!(inflate(&file[..kept]), Err(InflateError::Cut), "{kept} kept");
        }
    }

    #[test]
    fn what_is_changed_is_broken_or_other_content() {
        let content: Vec<u8> = (0..3_000_u32).flat_map(u32::to_le_bytes).collect();
        let file = gzip(&content);
        for at in 0..file.len() {
            let mut changed = file.clone();
            changed[at] ^= 0x10;
            // Of the header, time and system are free.
            let is_free = (4..10).contains(&at);
            let same = inflate(&changed).is_ok_and(|found| found == content);
            assert!(!same || is_free, "byte {at}");
        }
        assert_eq!(inflate(b"{\"Records\":[]}"), Err(InflateError::Broken));
    }

    #[test]
    fn a_bomb_stops_at_the_limit() {
        let bomb = gzip(&vec![0; WHOLE_BYTES_MAX + 1]);
        assert!(matches!(inflate(&bomb), Err(InflateError::TooLarge { .. })));
        let mut liar = bomb.clone();
        let at = liar.len() - 4;
        liar[at..].copy_from_slice(&100_u32.to_le_bytes());
        assert!(matches!(inflate(&liar), Err(InflateError::TooLarge { .. })));
    }

    #[test]
    fn names_and_comments_are_passed_over() {
        let mut encoder = flate2::GzBuilder::new()
            .filename("a")
            .comment("b")
            .extra(vec![1, 2, 3])
            .write(Vec::new(), flate2::Compression::fast());
        encoder.write_all(b"content").unwrap();
        assert_eq!(inflate(&encoder.finish().unwrap()).unwrap(), b"content");
    }
}
