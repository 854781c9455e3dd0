//! The bytes of a body, expanded, within bounds.

use std::io::{self, Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::{Buf as _, Bytes};
use flate2::read::MultiGzDecoder;
use tokio::sync::mpsc;

use super::Piece;

/// A body may expand to so many times its length. Records expand some 10 to 40 times.
pub const EXPANSION_MAX: u64 = 200;
/// So much a body may expand to, however short it is.
const EXPANDED_BYTES_FREE: u64 = 16 << 20;
/// The largest window of a zstd frame, as a power of two: 8 MiB, as all levels have it that are not
/// called for with `--ultra` or `--long`.
const ZSTD_WINDOW_LOG_MAX: u32 = 23;

/// How a body is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentEncoding {
    /// Not at all.
    Plain,
    /// gzip, any number of members.
    Gzip,
    /// zstd, any number of frames.
    Zstd,
}

impl ContentEncoding {
    /// Reads a `Content-Encoding`. `aws-chunked` is how a body is signed, not how it is compressed.
    /// `None` if it is another one, or more than one.
    pub fn parse(header: &str) -> Option<Self> {
        let mut found = Self::Plain;
        let tokens = header.split(',').map(str::trim).filter(|token| !token.is_empty());
        for token in tokens.filter(|token| !token.eq_ignore_ascii_case("aws-chunked")) {
            let next = match token.to_ascii_lowercase().as_str() {
                "identity" => continue,
                "gzip" | "x-gzip" => Self::Gzip,
                "zstd" => Self::Zstd,
                _ => return None,
            };
            if found != Self::Plain {
                return None;
            }
            found = next;
        }
        Some(found)
    }
}

/// The pieces of a body as one stream.
pub(super) struct Pieces {
    waiting: mpsc::Receiver<Piece>,
    current: Bytes,
    has_ended: bool,
    /// How much was read.
    count: Arc<AtomicU64>,
}

impl Pieces {
    /// A body whose pieces come over a channel.
    pub(super) fn new(waiting: mpsc::Receiver<Piece>) -> Self {
        Self { waiting, current: Bytes::new(), has_ended: false, count: Arc::default() }
    }
}

/// Blocks until there are bytes.
impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() && !self.has_ended {
            match self.waiting.blocking_recv() {
                Some(Piece::Bytes(bytes)) => self.current = bytes,
                Some(Piece::End) => self.has_ended = true,
                None => return Err(broken("the body broke off")),
            }
        }
        let count = self.current.len().min(buffer.len());
        if let Some(room) = buffer.get_mut(..count) {
            self.current.copy_to_slice(room);
        }
        self.count.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// A body as it was before compression.
pub(super) struct Expanded {
    reader: Box<dyn Read>,
    encoding: ContentEncoding,
    read: Arc<AtomicU64>,
    given: u64,
}

impl Expanded {
    pub(super) fn new(mut pieces: Pieces, encoding: ContentEncoding) -> io::Result<Self> {
        let read = Arc::clone(&pieces.count);
        let reader: Box<dyn Read> = match encoding {
            ContentEncoding::Plain => Box::new(Read::chain(plain(&mut pieces)?, pieces)),
            ContentEncoding::Gzip => Box::new(MultiGzDecoder::new(pieces)),
            ContentEncoding::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::new(pieces)?;
                decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
                Box::new(decoder)
            }
        };
        Ok(Self { reader, encoding, read, given: 0 })
    }
}

impl Read for Expanded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.given += count as u64;
        let most = self.read.load(Ordering::Relaxed).saturating_mul(EXPANSION_MAX);
        let is_bomb = self.given > most.max(EXPANDED_BYTES_FREE);
        if is_bomb && self.encoding != ContentEncoding::Plain {
            return Err(broken("the body expands to more than 200 times its length"));
        }
        Ok(count)
    }
}

/// How compressed bodies begin (RFC 1952, RFC 8878), and what they have to be called.
const COMPRESSED: [(&[u8], &str); 2] = [
    (
        &[0x1f, 0x8b],
        "it begins as a body that is compressed with gzip, and Content-Encoding does not say so",
    ),
    (
        &[0x28, 0xb5, 0x2f, 0xfd],
        "it begins as a body that is compressed with zstd, and Content-Encoding does not say so",
    ),
];
/// The longest of these beginnings.
const BEGINNING_BYTES: u64 = 4;

/// The beginning of a body that is said to be plain. It is refused if it is not: each of its lines
/// would be.
fn plain(pieces: &mut Pieces) -> io::Result<Cursor<Vec<u8>>> {
    let mut beginning = Vec::new();
    pieces.by_ref().take(BEGINNING_BYTES).read_to_end(&mut beginning)?;
    let found = COMPRESSED.iter().find(|(magic, _)| beginning.starts_with(magic));
    found.map_or(Ok(Cursor::new(beginning)), |(_, why)| Err(broken(why)))
}

fn broken(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests {
    use super::ContentEncoding;

    #[test]
    fn one_compression_is_read() {
        for (header, wanted) in [
            ("", Some(ContentEncoding::Plain)),
            ("identity", Some(ContentEncoding::Plain)),
            ("GZIP", Some(ContentEncoding::Gzip)),
            ("aws-chunked, zstd", Some(ContentEncoding::Zstd)),
            ("zstd,aws-chunked", Some(ContentEncoding::Zstd)),
            ("gzip, zstd", None),
            ("br", None),
        ] {
            assert_eq!(ContentEncoding::parse(header), wanted, "{header}");
        }
    }
}
