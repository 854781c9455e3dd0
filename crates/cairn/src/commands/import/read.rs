//! The first stage: the bytes of files, expanded.

use std::fs::File;
use std::io::{self, BufReader, Chain, Cursor, Read};
use std::path::Path;
use std::sync::mpsc::SyncSender;

use flate2::bufread::MultiGzDecoder;

use super::progress::Progress;
use super::sources::Sources;

/// A piece of a file, expanded: it fits into a cache of a core, and is worth a message.
const PIECE_BYTES: usize = 256 << 10;
/// What is read from a compressed file at once.
const READ_BYTES: usize = 128 << 10;
/// How a gzip file begins.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// What the next stage is told, file by file.
#[derive(Debug)]
pub(super) enum Piece {
    /// The next bytes of a file.
    Bytes(Vec<u8>),
    /// The file ends, or cannot be read further.
    End(io::Result<()>),
}

/// Reads all files, one after the other. Ends early when nobody listens.
pub(super) fn files(sources: &Sources, pieces: &SyncSender<Piece>, progress: &Progress) {
    for source in &sources.files {
        let mut is_wanted = true;
        let outcome = file(&source.path, progress, &mut |bytes| {
            is_wanted = pieces.send(Piece::Bytes(bytes)).is_ok();
            is_wanted
        });
        if !is_wanted || pieces.send(Piece::End(outcome)).is_err() {
            return;
        }
    }
}

fn file(path: &Path, progress: &Progress, take: &mut dyn FnMut(Vec<u8>) -> bool) -> io::Result<()> {
    let mut file = Counted { file: File::open(path)?, progress };
    let mut magic = Vec::new();
    file.by_ref().take(GZIP_MAGIC.len() as u64).read_to_end(&mut magic)?;
    let is_gzip = magic == GZIP_MAGIC;
    let whole: Chain<_, _> = Cursor::new(magic).chain(file);
    if is_gzip {
        let buffered = BufReader::with_capacity(READ_BYTES, whole);
        pieces_of(MultiGzDecoder::new(buffered), take)
    } else {
        pieces_of(whole, take)
    }
}

/// Cuts a stream into pieces. What comes before an error is handed on.
fn pieces_of(mut stream: impl Read, take: &mut dyn FnMut(Vec<u8>) -> bool) -> io::Result<()> {
    loop {
        let mut piece = vec![0; PIECE_BYTES];
        let mut filled = 0;
        let outcome = loop {
            match stream.read(&mut piece[filled..]) {
                Ok(0) => break Ok(filled < PIECE_BYTES),
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Err(error),
            }
        };
        piece.truncate(filled);
        if filled > 0 && !take(piece) {
            return Ok(());
        }
        if outcome? {
            return Ok(());
        }
    }
}

/// A file whose bytes are counted as they are read.
struct Counted<'a> {
    file: File,
    progress: &'a Progress,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.progress.add_bytes(count as u64);
        Ok(count)
    }
}
