//! Small secrets at rest: closed under the one key of the data directory.
//!
//! ```text
//! sealed = 01 · nonce (12 bytes) · AES-256-GCM(key, nonce, plain, "cairn/seal/1" · 00 · context)
//! ```
//!
//! The nonce is random, the tag of 16 bytes is at the end. The *context* says what the secret is
//! for (the key of the value in small state, by custom). It is not stored: who opens must know it,
//! so a sealed value that was moved to another place does not open there.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};

use crate::secret::Secret;

/// The length of a master key.
pub const MASTER_KEY_BYTES: usize = 32;

/// The version of the format, its first byte.
const VERSION: u8 = 1;
const PURPOSE: &[u8] = b"cairn/seal/1\0";
const TAG_BYTES: usize = 16;

/// The key of a data directory. Clones share it; it is overwritten when the last one is dropped.
#[derive(Clone)]
pub struct MasterKey(Arc<Secret>);

/// Why a secret was not sealed or not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The bytes are not of a version of the format that this program reads.
    #[error("the sealed value is not of a version that this program reads")]
    VersionUnknown,
    /// The bytes are damaged, or were sealed under another key, or for another context.
    #[error("the sealed value does not open: it is damaged, or another master key sealed it")]
    Closed,
    /// The cryptographic library refused.
    #[error("the cryptographic library refused")]
    Refused,
}

impl MasterKey {
    /// Takes the bytes, which must be random.
    pub fn new(bytes: [u8; MASTER_KEY_BYTES]) -> Self {
        Self(Arc::new(Secret::new(bytes)))
    }

    /// Seals a secret for a context. Sealing again gives other bytes.
    pub fn seal(&self, context: &[u8], plain: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut closed = plain.to_vec();
        let nonce = self
            .key()?
            .seal_in_place_append_tag(Aad::from(aad(context)), &mut closed)
            .map_err(|_| SealError::Refused)?;
        let mut sealed = Vec::with_capacity(1 + NONCE_LEN + closed.len());
        sealed.push(VERSION);
        sealed.extend_from_slice(nonce.as_ref());
        sealed.extend_from_slice(&closed);
        Ok(sealed)
    }

    /// Opens what was sealed for the same context.
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let Some((&VERSION, rest)) = sealed.split_first() else {
            return Err(SealError::VersionUnknown);
        };
        let (nonce, closed) = rest.split_first_chunk::<NONCE_LEN>().ok_or(SealError::Closed)?;
        let mut plain = closed.to_vec();
        let opened = self
            .key()?
            .open_in_place(Nonce::from(nonce), Aad::from(aad(context)), &mut plain)
            .map_err(|_| SealError::Closed)?
            .len();
        debug_assert_eq!(opened + TAG_BYTES, plain.len());
        plain.truncate(opened);
        Ok(plain)
    }

    fn key(&self) -> Result<RandomizedNonceKey, SealError> {
        RandomizedNonceKey::new(&AES_256_GCM, self.0.as_bytes()).map_err(|_| SealError::Refused)
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(..)")
    }
}

fn aad(context: &[u8]) -> Vec<u8> {
    [PURPOSE, context].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What version 1 wrote under the bytes 0, 1, … 31 for `kms/key/a`: never changed.
    const GOLDEN: &str =
        "016465666768696a6b6c6d6e6f293bad0b18853abe4d073c9abf11d270d72191de758ebb818a3b7ec43e19";

    fn master() -> MasterKey {
        MasterKey::new(std::array::from_fn(|at| at as u8))
    }

    #[test]
    fn what_version_1_wrote_is_read() {
        let sealed: Vec<u8> = (0..GOLDEN.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&GOLDEN[at..at + 2], 16).unwrap())
            .collect();
        assert_eq!(master().open(b"kms/key/a", &sealed).unwrap(), b"a small secret");
    }

    #[test]
    fn only_the_same_key_and_context_open() {
        let sealed = master().seal(b"context", b"secret").unwrap();
        assert_ne!(sealed, master().seal(b"context", b"secret").unwrap());
        assert_eq!(master().open(b"context", &sealed).unwrap(), b"secret");
        assert_eq!(master().open(b"contexT", &sealed), Err(SealError::Closed));
        assert_eq!(MasterKey::new([7; 32]).open(b"context", &sealed), Err(SealError::Closed));
        for at in 1..sealed.len() {
            let mut broken = sealed.clone();
            broken[at] ^= 1;
            assert_eq!(master().open(b"context", &broken), Err(SealError::Closed), "{at}");
            assert_eq!(master().open(b"context", &sealed[..at]), Err(SealError::Closed), "{at}");
        }
        assert_eq!(master().open(b"context", b""), Err(SealError::VersionUnknown));
        assert_eq!(master().open(b"context", b"\x02rest"), Err(SealError::VersionUnknown));
        let empty = master().seal(b"", b"").unwrap();
        assert_eq!((empty.len(), master().open(b"", &empty).unwrap()), (29, Vec::new()));
        assert_eq!(format!("{:?}", master()), "MasterKey(..)");
    }
}
