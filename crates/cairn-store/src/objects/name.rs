//! Names of objects.

use std::fmt;

use bytes::Bytes;

use super::ObjectError;

/// The longest name: an S3 key of 1,024 bytes and a bucket before it.
pub const NAME_BYTES_MAX: usize = 1_024 + 64;

/// The name of an object: any bytes, compared as bytes. By custom `bucket/key`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectName(Bytes);

impl ObjectName {
    /// Checks the length: 1 to [`NAME_BYTES_MAX`] bytes.
    pub fn new(bytes: impl Into<Bytes>) -> Result<Self, ObjectError> {
        let bytes = bytes.into();
        if bytes.is_empty() || bytes.len() > NAME_BYTES_MAX {
            return Err(ObjectError::NameInvalid);
        }
        Ok(Self(bytes))
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.escape_ascii())
    }
}

impl fmt::Debug for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}
