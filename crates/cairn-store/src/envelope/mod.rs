//! Objects at rest under keys of the key service.
//!
//! # Format
//!
//! ```text
//! file   = header · chunk 0 · chunk 1 · …
//! header = "CairnEnv" · 01
//!        · length (2 bytes) · name of the object
//!        · length (2 bytes) · data key, encrypted (a ciphertext of `kms`)
//!        · length (4 bytes) · encryption context, as a JSON object
//! chunk  = AES-256-GCM(data key, nonce, plain, SHA-256(header))
//! nonce  = 00 00 00 · last · number of the chunk (8 bytes)
//! ```
//!
//! A chunk has 64 KiB of plain bytes, the last one as many as are left (an empty object has one
//! empty chunk), and a tag of 16 bytes. Numbers are big-endian; *last* is 1 in the last chunk and 0
//! in the others. Each data key encrypts one object, so no nonce comes twice.
//!
//! # What holds
//!
//!  1. Chunks that were changed, dropped, repeated, put elsewhere or moved between objects do not
//!     open, nor does a header that was changed, nor an object under another name. The last chunk
//!     is opened first, so that one that was cut off shows whichever range is read.
//!  2. Any range is read by opening the chunks that it touches.
//!  3. [`PlainObjects`] shows plain lengths and plain bytes, so that who reads need not know.

mod header;
mod plain;
mod read;
#[cfg(test)]
mod tests;
mod write;

pub use plain::{Judge, PlainObjects, plain_head};
pub use read::open_reader;
pub use write::seal_upload;

use aws_lc_rs::aead::{AES_256_GCM, LessSafeKey, Nonce, UnboundKey};

use crate::ObjectError;
use crate::secret::Secret;

/// The length of a data key.
pub const DATA_KEY_BYTES: usize = 32;
/// The attribute under which S3 shows how an object is encrypted.
pub const ENCRYPTION: &str = "x-amz-server-side-encryption";
/// What it says of objects at rest under keys of the key service.
pub const ENCRYPTION_KMS: &str = "aws:kms";
/// The attribute under which S3 shows the ARN of the key.
pub const ENCRYPTION_KEY: &str = "x-amz-server-side-encryption-aws-kms-key-id";

/// The attribute that marks an object as one of these, and its plain length. Names with this
/// beginning cannot come from a caller.
const MARK: &str = "cairn-envelope";
/// Plain bytes of every chunk but the last.
const CHUNK_BYTES: usize = 64 << 10;
const TAG_BYTES: usize = 16;
const SEALED_CHUNK_BYTES: usize = CHUNK_BYTES + TAG_BYTES;

/// The key of one object.
struct ChunkKey {
    key: LessSafeKey,
    /// The hash of the header.
    bound: [u8; 32],
}

impl ChunkKey {
    fn new(data_key: &Secret, header: &[u8]) -> Result<Self, ObjectError> {
        let key = UnboundKey::new(&AES_256_GCM, data_key.as_bytes());
        let key = key.map_err(|_| refused("use a data key"))?;
        let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, header);
        let bound = hash.as_ref().try_into().map_err(|_| refused("hash a header"))?;
        Ok(Self { key: LessSafeKey::new(key), bound })
    }

    fn nonce(number: u64, is_last: bool) -> Nonce {
        let mut nonce = [0; 12];
        let (front, rest) = nonce.split_at_mut(4);
        if let Some(last) = front.last_mut() {
            *last = u8::from(is_last);
        }
        rest.copy_from_slice(&number.to_be_bytes());
        Nonce::assume_unique_for_key(nonce)
    }
}

/// The cryptographic library refused.
fn refused(doing: &'static str) -> ObjectError {
    ObjectError::Io { doing, source: "the cryptographic library refused".into() }
}
