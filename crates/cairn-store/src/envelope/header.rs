//! The first bytes of an object at rest.

use crate::ObjectName;
use crate::kms::EncryptionContext;

const MAGIC: &[u8; 8] = b"CairnEnv";
const VERSION: u8 = 1;
/// The longest header: names, encrypted keys and contexts are far shorter.
pub(super) const HEADER_BYTES_MAX: usize = 64 << 10;

/// What a header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) name: Vec<u8>,
    pub(super) blob: Vec<u8>,
    pub(super) context: EncryptionContext,
}

impl Header {
    /// The bytes; `None` if they would be too many.
    pub(super) fn write(
        name: &ObjectName,
        blob: &[u8],
        context: &EncryptionContext,
    ) -> Option<Vec<u8>> {
        let mut bytes = MAGIC.to_vec();
        bytes.push(VERSION);
        bytes.extend_from_slice(&u16::try_from(name.as_bytes().len()).ok()?.to_be_bytes());
        bytes.extend_from_slice(name.as_bytes());
        bytes.extend_from_slice(&u16::try_from(blob.len()).ok()?.to_be_bytes());
        bytes.extend_from_slice(blob);
        let context = serde_json::to_vec(context).ok()?;
        bytes.extend_from_slice(&u32::try_from(context.len()).ok()?.to_be_bytes());
        bytes.extend_from_slice(&context);
        (bytes.len() <= HEADER_BYTES_MAX).then_some(bytes)
    }

    /// Reads a header, and how long it is.
    pub(super) fn read(bytes: &[u8]) -> Option<(Self, usize)> {
        let rest = bytes.strip_prefix(MAGIC)?;
        let (version, rest) = rest.split_first()?;
        let (length, rest) = rest.split_first_chunk::<2>()?;
        let (name, rest) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
        let (length, rest) = rest.split_first_chunk::<2>()?;
        let (blob, rest) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (context, rest) = rest.split_at_checked(length)?;
        let context = serde_json::from_slice(context).ok()?;
        let header = Self { name: name.to_vec(), blob: blob.to_vec(), context };
        (*version == VERSION).then_some((header, bytes.len() - rest.len()))
    }
}
