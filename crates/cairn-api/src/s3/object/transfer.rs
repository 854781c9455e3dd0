//! Bytes on their way: from a caller into the store, from the store to a caller, and within the
//! store.

use std::io;
use std::ops::Range;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use cairn_store::{
    Attributes, Condition, ObjectError, ObjectHead, ObjectName, ObjectReader, ObjectUpload,
};
use futures_util::stream::{BoxStream, Stream, StreamExt as _, try_unfold};
use md5::{Digest as _, Md5};
use s3s::dto::StreamingBlob;

use crate::Internal;

use super::super::bucket::Bucket;
use super::super::call::Call;
use super::super::checksum::Running;
use super::super::error::S3Fault;
use super::conditions;

/// How much is read from the store at a time.
const READ_BYTES: usize = 512 << 10;

/// Reads the body of a call into an object that was begun. The intake has its MD5 and a checksum;
/// another one can be run beside them.
pub(crate) async fn receive(
    call: &Call,
    body: Option<StreamingBlob>,
    mut upload: Box<dyn ObjectUpload>,
    bytes_max: u64,
    mut also: Option<&mut Running>,
) -> Result<Box<dyn ObjectUpload>, S3Fault> {
    let announced = call.header("content-length").and_then(|text| text.parse::<u64>().ok());
    if announced.is_some_and(|bytes| bytes > bytes_max) {
        return Err(S3Fault::EntityTooLarge);
    }
    if let Some(mut body) = body {
        while let Some(chunk) = body.next().await {
            // Why it broke off, the intake knows.
            let chunk = chunk.map_err(|_| S3Fault::IncompleteBody)?;
            if let Some(running) = &mut also {
                running.update(&chunk);
            }
            upload.write(chunk).await?;
        }
    }
    Ok(upload)
}

/// Gives an object its name in a bucket that is still there.
pub(crate) async fn finish(
    call: &Call,
    bucket: &str,
    upload: Box<dyn ObjectUpload>,
    name: &ObjectName,
    attributes: Attributes,
    condition: Condition,
) -> Result<ObjectHead, S3Fault> {
    let _open = call.gate().read().await;
    if Bucket::find(call.meta(), bucket).await?.is_none() {
        return Err(S3Fault::NoSuchBucket);
    }
    upload.finish(name, attributes, condition).await.map_err(|error| match error {
        ObjectError::Conflict { .. } => conditions::failed_at_last(condition),
        other => other.into(),
    })
}

/// What passes through is hashed on the way.
pub(crate) struct Hashes {
    pub(crate) md5: Option<Md5>,
    pub(crate) running: Option<Running>,
}

impl Hashes {
    fn update(&mut self, bytes: &[u8]) {
        if let Some(md5) = &mut self.md5 {
            md5.update(bytes);
        }
        if let Some(running) = &mut self.running {
            running.update(bytes);
        }
    }
}

/// Copies a range of an object to the end of another.
pub(crate) async fn copy(
    reader: &dyn ObjectReader,
    range: Range<u64>,
    upload: &mut Box<dyn ObjectUpload>,
    hashes: &mut Hashes,
) -> Result<(), S3Fault> {
    let mut at = range.start;
    while at < range.end {
        let chunk = read(reader, at, range.end).await?;
        at += chunk.len() as u64;
        hashes.update(&chunk);
        upload.write(chunk).await?;
    }
    Ok(())
}

async fn read(reader: &dyn ObjectReader, at: u64, end: u64) -> Result<Bytes, S3Fault> {
    let wanted = usize::try_from(end - at).unwrap_or(READ_BYTES).min(READ_BYTES);
    let chunk = reader.read_at(at, wanted).await?;
    if chunk.is_empty() {
        let name = reader.head().name.clone();
        let damaged = cairn_store::ObjectError::Corrupt { name };
        return Err(S3Fault::Internal(Internal::new("read an object to its end", damaged)));
    }
    Ok(chunk)
}

/// A range of an object as a body. What is small is read at once, so that damage is an error rather
/// than a body that breaks off.
pub(crate) async fn send(
    reader: Box<dyn ObjectReader>,
    range: Range<u64>,
) -> Result<StreamingBlob, S3Fault> {
    if range.end.saturating_sub(range.start) <= READ_BYTES as u64 {
        let bytes = if range.is_empty() {
            Bytes::new()
        } else {
            read(&*reader, range.start, range.end).await?
        };
        return Ok(StreamingBlob::from(s3s::Body::from(bytes)));
    }
    let chunks = try_unfold((reader, range), |(reader, range)| async move {
        if range.is_empty() {
            return Ok(None);
        }
        let chunk = read(&*reader, range.start, range.end).await.map_err(io::Error::other)?;
        let rest = range.start + chunk.len() as u64..range.end;
        Ok(Some((chunk, (reader, rest))))
    });
    Ok(StreamingBlob::wrap(Chunks(Mutex::new(chunks.boxed()))))
}

/// A stream that may be shared between threads, as the codec wants it, because it never is: whoever
/// polls has it alone.
struct Chunks(Mutex<BoxStream<'static, io::Result<Bytes>>>);

impl Stream for Chunks {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let stream = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        stream.as_mut().poll_next(cx)
    }
}
