//! The first stage: the bytes of files, expanded.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufReader, Chain, Cursor, Read};
use std::sync::mpsc::SyncSender;
use std::thread::{self, Scope, ScopedJoinHandle};

use aws_lc_rs::digest::{Context, SHA256};
use flate2::bufread::MultiGzDecoder;

use super::progress::Progress;
use super::sources::{Place, Source, Sources};
use crate::proof::ReadError;

/// A piece of a file, expanded: it fits into a cache of a core, and is worth a message.
const PIECE_BYTES: usize = 256 << 10;
/// What is read from a compressed file at once.
const READ_BYTES: usize = 128 << 10;
/// Objects that are fetched ahead: each waits for its answer most of the time.
const AHEAD_MAX: usize = 8;
/// The longest object that is fetched ahead; longer ones are read as they come.
const AHEAD_BYTES_MAX: u64 = 8 << 20;
/// How a gzip file begins.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// What the next stage is told, file by file.
#[derive(Debug)]
pub(super) enum Piece {
    /// The next bytes of a file.
    Bytes(Vec<u8>),
    /// The file ends, or cannot be read further; and what a digest says to it.
    End(io::Result<()>, Vouch),
}

/// What digests say of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Vouch {
    /// A valid digest names it, and it has the content that it says.
    Valid,
    /// A valid digest names it, and it has other content.
    Contradicted,
    /// It has the content that a digest says, but the signature of that digest is not there.
    Unanchored,
    /// No digest names it that could be believed.
    Nobody,
}

/// Reads all files, one after the other. Ends early when nobody listens.
pub(super) fn files(sources: &Sources, pieces: &SyncSender<Piece>, progress: &Progress) {
    thread::scope(|scope| {
        let mut ahead = Ahead { sources, next: 0, under_way: VecDeque::new() };
        for (number, source) in sources.files.iter().enumerate() {
            ahead.fetch(scope, number);
            let mut is_wanted = true;
            let mut hash = source.said.map(|_| Context::new(&SHA256));
            let outcome = ahead.open(number, source).and_then(|file| {
                expand(file, progress, &mut |bytes| {
                    if let Some(hash) = &mut hash {
                        hash.update(&bytes);
                    }
                    is_wanted = pieces.send(Piece::Bytes(bytes)).is_ok();
                    is_wanted
                })
            });
            let hash = hash.map(Context::finish);
            let found = hash.as_ref().map(AsRef::<[u8]>::as_ref);
            let vouch = match &source.said {
                None => Vouch::Nobody,
                Some(said) if said.sha256.as_ref().map(<[u8; 32]>::as_slice) != found => {
                    Vouch::Contradicted
                }
                Some(said) if said.is_anchored => Vouch::Valid,
                Some(_) => Vouch::Unanchored,
            };
            if !is_wanted || pieces.send(Piece::End(outcome, vouch)).is_err() {
                return;
            }
        }
    });
}

/// A thread that fetches the content of an object.
type Fetch<'scope> = ScopedJoinHandle<'scope, Result<Vec<u8>, ReadError>>;

/// Objects that are fetched before their turn.
struct Ahead<'scope, 'env> {
    sources: &'env Sources,
    /// The first file that nothing was done for.
    next: usize,
    under_way: VecDeque<(usize, Fetch<'scope>)>,
}

impl<'scope, 'env: 'scope> Ahead<'scope, 'env> {
    /// Begins to fetch what comes next, beginning with this file.
    fn fetch(&mut self, scope: &'scope Scope<'scope, 'env>, number: usize) {
        self.next = self.next.max(number);
        while let Some(source) = self.sources.files.get(self.next)
            && self.next < number + AHEAD_MAX
        {
            if let Place::Object(bucket, key) = &source.place
                && source.bytes <= AHEAD_BYTES_MAX
                && let Some(bucket) = self.sources.buckets.get(*bucket)
            {
                let fetch = move || bucket.bucket.read(key).map(|object| object.content);
                self.under_way.push_back((self.next, scope.spawn(fetch)));
            }
            self.next += 1;
        }
    }

    /// Opens a file whose turn it is.
    fn open(&mut self, number: usize, source: &Source) -> io::Result<Box<dyn Read + Send>> {
        match &source.place {
            Place::File(path) => Ok(Box::new(File::open(path)?)),
            Place::Object(bucket, key) => {
                let is_here = self.under_way.front().is_some_and(|(at, _)| *at == number);
                if let Some((_, fetched)) = self.under_way.pop_front_if(|_| is_here) {
                    let panicked = |_| io::Error::other("a thread of the import has panicked");
                    let content = fetched.join().map_err(panicked)?;
                    return Ok(Box::new(Cursor::new(content.map_err(io::Error::other)?)));
                }
                let bucket = self.sources.buckets.get(*bucket);
                let bucket = bucket.ok_or_else(|| io::Error::other("there is no bucket"))?;
                bucket.bucket.stream(key).map_err(io::Error::other)
            }
        }
    }
}

fn expand(
    file: Box<dyn Read + Send>,
    progress: &Progress,
    take: &mut dyn FnMut(Vec<u8>) -> bool,
) -> io::Result<()> {
    let mut file = Counted { file, progress };
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
    file: Box<dyn Read + Send>,
    progress: &'a Progress,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.progress.add_bytes(count as u64);
        Ok(count)
    }
}
