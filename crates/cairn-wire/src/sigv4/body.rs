//! Checks a body against the hash that its caller signed.

use aws_lc_rs::digest;

use super::SignatureError;

/// SHA-256 of bytes that are all at hand.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    into_array(&digest::digest(&digest::SHA256, bytes))
}

/// Copies a digest into an array; SHA-256 always has 32 bytes.
pub(super) fn into_array(digest: &digest::Digest) -> [u8; 32] {
    let mut bytes = [0_u8; 32];
    for (to, from) in bytes.iter_mut().zip(digest.as_ref()) {
        *to = *from;
    }
    bytes
}

/// The hash of a body that streams by, and what it has to be.
///
/// Everything that was handed on is unproven until [`BodyHash::finish`] is `Ok`.
pub struct BodyHash {
    context: digest::Context,
    expected: Option<[u8; 32]>,
}

impl BodyHash {
    /// Will insist on this hash.
    pub fn expecting(hash: [u8; 32]) -> Self {
        Self { context: digest::Context::new(&digest::SHA256), expected: Some(hash) }
    }

    /// Only computes, for callers whose signature covers a body that they did not state the hash
    /// of.
    pub fn unstated() -> Self {
        Self { context: digest::Context::new(&digest::SHA256), expected: None }
    }

    /// Takes the next bytes of the body.
    pub fn update(&mut self, bytes: &[u8]) {
        self.context.update(bytes);
    }

    /// The hash of the whole body, or [`SignatureError::BodyMismatch`].
    pub fn finish(self) -> Result<[u8; 32], SignatureError> {
        let computed = into_array(&self.context.finish());
        match self.expected {
            Some(claimed) if claimed != computed => {
                Err(SignatureError::BodyMismatch { claimed, computed })
            }
            _ => Ok(computed),
        }
    }
}

impl std::fmt::Debug for BodyHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BodyHash").field("expected", &self.expected).finish_non_exhaustive()
    }
}
