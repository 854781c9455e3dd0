//! Reading an object that was encrypted.

use std::fmt;

use async_trait::async_trait;
use aws_lc_rs::aead::Aad;
use bytes::Bytes;

use super::header::{HEADER_BYTES_MAX, Header};
use super::plain::{marked_bytes, plain_head};
use super::{CHUNK_BYTES, ChunkKey, SEALED_CHUNK_BYTES, TAG_BYTES};
use crate::kms::{EncryptionContext, Kms, KmsError, KmsKey};
use crate::objects::READ_BYTES_MAX;
use crate::{ObjectError, ObjectHead, ObjectReader};

/// Opens what [`super::seal_upload`] wrote; another object comes back as it is. The key must serve,
/// and whoever is asked about it must not refuse it.
pub async fn open_reader(
    kms: &Kms,
    judge: &(dyn Fn(&KmsKey, &EncryptionContext) -> Result<(), KmsError> + Send + Sync),
    inner: Box<dyn ObjectReader>,
) -> Result<Box<dyn ObjectReader>, ObjectError> {
    let Some(marked) = marked_bytes(&inner.head().attributes) else { return Ok(inner) };
    let name = inner.head().name.clone();
    let corrupt = || ObjectError::Corrupt { name: name.clone() };
    let front = inner.read_at(0, HEADER_BYTES_MAX).await?;
    let (header, header_bytes) = Header::read(&front).ok_or_else(corrupt)?;
    if header.name != name.as_bytes() {
        return Err(corrupt());
    }
    let locked =
        |source: KmsError| ObjectError::Locked { name: name.clone(), source: Box::new(source) };
    let key = kms.key_of(&header.blob).await.map_err(locked)?;
    judge(&key, &header.context).map_err(locked)?;
    let data_key = kms.decrypt(&key, &header.blob, &header.context).map_err(locked)?.plain;
    let key = ChunkKey::new(&data_key, front.get(..header_bytes).unwrap_or_default())?;
    let payload = inner.head().bytes.saturating_sub(header_bytes as u64);
    let (chunks, bytes) =
        lengths(payload).filter(|(_, bytes)| *bytes == marked).ok_or_else(corrupt)?;
    let head = plain_head(inner.head().clone());
    let start = header_bytes as u64;
    let reader = SealedReader { inner, head, key, start, payload, last: chunks - 1 };
    // What was cut off shows here: the chunk at the end is not sealed as the last one.
    reader.chunks(reader.last, reader.last, 0, bytes).await?;
    Ok(Box::new(reader))
}

/// How many chunks there are in so many encrypted bytes, and how many plain bytes in those.
fn lengths(payload: u64) -> Option<(u64, u64)> {
    let chunks = payload.div_ceil(SEALED_CHUNK_BYTES as u64);
    let before = chunks.checked_sub(1)?.checked_mul(SEALED_CHUNK_BYTES as u64)?;
    let last = payload.checked_sub(before)?.checked_sub(TAG_BYTES as u64)?;
    if last == 0 && chunks > 1 {
        return None;
    }
    Some((chunks, (chunks - 1) * CHUNK_BYTES as u64 + last))
}

struct SealedReader {
    inner: Box<dyn ObjectReader>,
    head: ObjectHead,
    key: ChunkKey,
    /// Where the first chunk begins.
    start: u64,
    /// Bytes of all chunks.
    payload: u64,
    /// The number of the last chunk.
    last: u64,
}

impl fmt::Debug for SealedReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedReader").field("head", &self.head).finish_non_exhaustive()
    }
}

impl SealedReader {
    fn corrupt(&self) -> ObjectError {
        ObjectError::Corrupt { name: self.head.name.clone() }
    }

    /// The plain bytes `from..to` out of the chunks that they lie in.
    async fn chunks(
        &self,
        first: u64,
        last: u64,
        from: u64,
        to: u64,
    ) -> Result<Bytes, ObjectError> {
        let sealed_chunk = SEALED_CHUNK_BYTES as u64;
        let mut sealed = self.read(first * sealed_chunk, (last + 1) * sealed_chunk).await?;
        let wanted = usize::try_from(to.saturating_sub(from)).unwrap_or_default();
        let mut plain = Vec::with_capacity(wanted.min(sealed.len()));
        for (number, chunk) in (first..).zip(sealed.chunks_mut(SEALED_CHUNK_BYTES)) {
            let nonce = ChunkKey::nonce(number, number == self.last);
            let opened = self.key.key.open_in_place(nonce, Aad::from(self.key.bound), chunk);
            let opened = opened.map_err(|_| self.corrupt())?;
            let start = number * CHUNK_BYTES as u64;
            let within = |at: u64| {
                usize::try_from(at.saturating_sub(start)).unwrap_or(usize::MAX).min(opened.len())
            };
            plain.extend_from_slice(opened.get(within(from)..within(to)).unwrap_or_default());
        }
        Ok(Bytes::from(plain))
    }

    /// Encrypted bytes, as far as they go.
    async fn read(&self, from: u64, to: u64) -> Result<Vec<u8>, ObjectError> {
        let to = to.min(self.payload);
        let length = usize::try_from(to.saturating_sub(from)).unwrap_or_default();
        let mut bytes = Vec::with_capacity(length);
        while bytes.len() < length {
            let at = self.start + from + bytes.len() as u64;
            let more = self.inner.read_at(at, length - bytes.len()).await?;
            if more.is_empty() {
                return Err(self.corrupt());
            }
            bytes.extend_from_slice(&more);
        }
        Ok(bytes)
    }
}

#[async_trait]
impl ObjectReader for SealedReader {
    fn head(&self) -> &ObjectHead {
        &self.head
    }

    async fn read_at(&self, at: u64, bytes_max: usize) -> Result<Bytes, ObjectError> {
        let left = self.head.bytes.saturating_sub(at);
        let wanted = left.min(bytes_max.min(READ_BYTES_MAX) as u64);
        if wanted == 0 {
            return Ok(Bytes::new());
        }
        let (first, last) = (at / CHUNK_BYTES as u64, (at + wanted - 1) / CHUNK_BYTES as u64);
        let plain = self.chunks(first, last, at, at + wanted).await?;
        if plain.len() as u64 != wanted {
            return Err(self.corrupt());
        }
        Ok(plain)
    }
}
