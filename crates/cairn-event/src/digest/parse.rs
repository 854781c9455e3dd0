//! Reading digest documents that anybody may have written.

use super::Digest;

/// The longest digest that is read, before compression. A log file takes some 400 bytes of it, or
/// twice that with the longest of prefixes: there is room for [`FILES_MAX`].
pub const CONTENT_BYTES_MAX: usize = 8 << 20;
/// The most log files that a digest of ours names. A window with more of them is cut short.
pub const FILES_MAX: usize = 10_000;

/// Why bytes are no digest.
#[derive(Debug, thiserror::Error)]
pub enum DigestError {
    /// They are too many.
    #[error("a digest of {bytes} bytes is longer than {CONTENT_BYTES_MAX}")]
    TooLong {
        /// How many there are.
        bytes: usize,
    },
    /// They are not UTF-8.
    #[error("the digest is not UTF-8")]
    Utf8,
    /// They are not the JSON of a digest: a field is missing, twice there or of another type.
    #[error("the digest is not the JSON that a digest is")]
    Json(#[from] serde_json::Error),
}

impl Digest {
    /// Reads the bytes of a digest file after decompression.
    ///
    /// All fifteen fields must be there, each once. Fields that AWS may add are passed over.
    pub fn parse(content: &[u8]) -> Result<Self, DigestError> {
        if content.len() > CONTENT_BYTES_MAX {
            return Err(DigestError::TooLong { bytes: content.len() });
        }
        let text = simdutf8::basic::from_utf8(content).map_err(|_| DigestError::Utf8)?;
        Ok(serde_json::from_str(text)?)
    }
}
