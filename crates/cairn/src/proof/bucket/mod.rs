//! Where delivered files are: a copy in a directory, the data directory of a stopped server, or S3.

mod directory;
mod embedded;
#[cfg(test)]
pub(crate) mod memory;
mod remote;

use std::io::{Cursor, Read};
use std::ops::ControlFlow;
use std::sync::Arc;

use cairn_event::Timestamp;

pub(crate) use directory::DirectoryBucket;
pub(crate) use embedded::EmbeddedBucket;
pub(crate) use remote::S3Bucket;

/// The longest object that is read, compressed. A log file has at most 50 MB before compression
/// (documented), and gzip adds next to nothing to what it cannot compress.
pub(crate) const OBJECT_BYTES_MAX: usize = 64 << 20;

/// A bucket, to be read. Many threads read at once.
pub(crate) trait Bucket: Send + Sync + std::fmt::Debug {
    /// Its name; none of a copy, which only the digests in it can name.
    fn name(&self) -> Option<&str>;

    /// Whether an object of this key can be in it: a copy may be of one folder only.
    fn has_room_for(&self, _key: &str) -> bool {
        true
    }

    /// Whether objects still have the metadata that they were written with.
    fn keeps_metadata(&self) -> bool;

    /// Whether a listing says when the bucket took an object.
    fn tells_time(&self) -> bool;

    /// How many reads it takes at once to be quick.
    fn reads_at_once(&self) -> usize;

    /// Shows the objects whose keys begin so, in any order, until told to stop.
    fn list(&self, prefix: &str, show: &mut Show<'_>) -> Result<(), ReadError>;

    /// Reads an object. How many bytes it has is told before any of them is held; at the latest then
    /// the reader waits until it may hold them. After an attempt that failed it is told again.
    fn read_after(&self, key: &str, admit: &mut Admit<'_>) -> Result<Object, ReadError>;

    /// Reads an object, for a reader who reads one at a time.
    fn read(&self, key: &str) -> Result<Object, ReadError> {
        self.read_after(key, &mut |_| ())
    }

    /// Reads an object of any length, piece by piece.
    fn stream(&self, key: &str) -> Result<Box<dyn Read + Send>, ReadError> {
        Ok(Box::new(Cursor::new(self.read(key)?.content)))
    }

    /// Another bucket in the same place.
    fn sibling(&self, name: &str) -> Option<Arc<dyn Bucket>>;
}

/// What is told how many bytes are about to be held.
pub(crate) type Admit<'a> = dyn FnMut(u64) + 'a;

/// What a listing is shown to.
pub(crate) type Show<'a> = dyn FnMut(Listed) -> ControlFlow<()> + 'a;

/// An object in a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) key: String,
    pub(crate) bytes: u64,
    /// When the bucket took it, if that is known.
    pub(crate) modified: Option<Timestamp>,
}

/// An object that was read.
#[derive(Debug, Default)]
pub(crate) struct Object {
    pub(crate) content: Vec<u8>,
    pub(crate) metadata: Metadata,
}

/// What the metadata of a digest says; nothing of any other object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Metadata {
    pub(crate) signature: Option<String>,
    pub(crate) algorithm: Option<String>,
    /// When a backfill digest was made.
    pub(crate) backfill: Option<String>,
}

impl Metadata {
    /// Takes what matters; names are in lower case.
    pub(crate) fn of<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        use cairn_event::digest::{ALGORITHM_METADATA, BACKFILL_METADATA, SIGNATURE_METADATA};
        let mut metadata = Self::default();
        for (name, value) in pairs {
            match name {
                SIGNATURE_METADATA => metadata.signature = Some(value.to_owned()),
                ALGORITHM_METADATA => metadata.algorithm = Some(value.to_owned()),
                BACKFILL_METADATA => metadata.backfill = Some(value.to_owned()),
                _ => {}
            }
        }
        metadata
    }
}

/// Why nothing was read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    /// There is no such object.
    #[error("not found")]
    Missing,
    /// It is longer than any object of a trail.
    #[error("it is longer than {OBJECT_BYTES_MAX} bytes")]
    TooLarge,
    /// Nobody could be asked.
    #[error(
        "needs a server, by --endpoint-url or AWS_ENDPOINT_URL, or credentials for AWS, by --profile, \
         AWS_SHARED_CREDENTIALS_FILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: none are named, and \
         this machine has no role"
    )]
    Unnamed,
    /// What is there cannot be read, now or at all. It says nothing about the object.
    #[error("cannot be read: {0:#}")]
    Failed(anyhow::Error),
}
