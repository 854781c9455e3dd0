//! Writing an object that is encrypted on its way.

use std::fmt;

use async_trait::async_trait;
use aws_lc_rs::aead::Aad;
use bytes::Bytes;

use super::header::{HEADER_BYTES_MAX, Header};
use super::plain::plain_head;
use super::{
    CHUNK_BYTES, ChunkKey, ENCRYPTION, ENCRYPTION_KEY, ENCRYPTION_KMS, MARK, SEALED_CHUNK_BYTES,
    TAG_BYTES, refused,
};
use crate::kms::DataKey;
use crate::{Attributes, Condition, ObjectError, ObjectHead, ObjectName, ObjectUpload, Objects};

/// Begins an object of at most `bytes_max` plain bytes that will have this name, encrypted under a
/// data key of [`super::DATA_KEY_BYTES`] bytes, which is used up. Its attributes will say that it is
/// encrypted, and by which key.
pub async fn seal_upload(
    objects: &dyn Objects,
    name: &ObjectName,
    bytes_max: u64,
    key: DataKey,
) -> Result<Box<dyn ObjectUpload>, ObjectError> {
    let header = Header::write(name, &key.blob, &key.context);
    let header = header.ok_or_else(|| refused("write a header"))?;
    let chunk_key = ChunkKey::new(&key.plain, &header)?;
    let chunks = bytes_max.div_ceil(CHUNK_BYTES as u64).max(1);
    let overhead = HEADER_BYTES_MAX as u64 + chunks.saturating_mul(TAG_BYTES as u64);
    let mut inner = objects.begin(bytes_max.saturating_add(overhead)).await?;
    inner.write(Bytes::from(header)).await?;
    Ok(Box::new(SealedUpload {
        inner,
        key: chunk_key,
        key_arn: key.key_arn,
        name: name.clone(),
        pending: Vec::with_capacity(SEALED_CHUNK_BYTES),
        next: 0,
        bytes: 0,
        bytes_max,
    }))
}

struct SealedUpload {
    inner: Box<dyn ObjectUpload>,
    key: ChunkKey,
    key_arn: String,
    name: ObjectName,
    /// Plain bytes of a chunk that may be the last.
    pending: Vec<u8>,
    /// The number of that chunk.
    next: u64,
    bytes: u64,
    bytes_max: u64,
}

impl fmt::Debug for SealedUpload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedUpload").field("name", &self.name).finish_non_exhaustive()
    }
}

impl SealedUpload {
    async fn put_chunk(&mut self, is_last: bool) -> Result<(), ObjectError> {
        let empty = if is_last { Vec::new() } else { Vec::with_capacity(SEALED_CHUNK_BYTES) };
        let mut chunk = std::mem::replace(&mut self.pending, empty);
        let nonce = ChunkKey::nonce(self.next, is_last);
        let sealed =
            self.key.key.seal_in_place_append_tag(nonce, Aad::from(self.key.bound), &mut chunk);
        if sealed.is_err() {
            // Plain bytes must not be written in their place.
            self.bytes = u64::MAX;
            return Err(refused("encrypt a chunk"));
        }
        self.next += 1;
        self.inner.write(Bytes::from(chunk)).await
    }
}

#[async_trait]
impl ObjectUpload for SealedUpload {
    async fn write(&mut self, chunk: Bytes) -> Result<(), ObjectError> {
        let bytes = self.bytes.saturating_add(chunk.len() as u64);
        if bytes > self.bytes_max {
            self.bytes = u64::MAX;
            return Err(ObjectError::TooLarge { bytes_max: self.bytes_max });
        }
        self.bytes = bytes;
        let mut rest: &[u8] = &chunk;
        while !rest.is_empty() {
            if self.pending.len() == CHUNK_BYTES {
                self.put_chunk(false).await?;
            }
            let room = CHUNK_BYTES - self.pending.len();
            let (now, later) = rest.split_at(room.min(rest.len()));
            self.pending.extend_from_slice(now);
            rest = later;
        }
        Ok(())
    }

    async fn finish(
        mut self: Box<Self>,
        name: &ObjectName,
        mut attributes: Attributes,
        condition: Condition,
    ) -> Result<ObjectHead, ObjectError> {
        if self.bytes > self.bytes_max {
            return Err(ObjectError::TooLarge { bytes_max: self.bytes_max });
        }
        if *name != self.name {
            return Err(ObjectError::Io {
                doing: "finish an object",
                source: "it was begun under another name, to which its bytes are bound".into(),
            });
        }
        self.put_chunk(true).await?;
        for (known, value) in [
            (ENCRYPTION, ENCRYPTION_KMS.to_owned()),
            (ENCRYPTION_KEY, std::mem::take(&mut self.key_arn)),
            (MARK, self.bytes.to_string()),
        ] {
            attributes.headers.retain(|(name, _)| name != known);
            attributes.headers.push((known.to_owned(), value));
        }
        Ok(plain_head(self.inner.finish(name, attributes, condition).await?))
    }
}
