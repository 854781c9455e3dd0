//! The body of a request on its way in: counted, hashed, and checked against what the caller said
//! of it.
//!
//! One place for every call: an object's MD5 becomes its entity tag and its checksum is kept with
//! it, while an XML body is only checked. The codec throws trailers away, so they are caught here,
//! before it.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use cairn_wire::model::{Operation, Shape};
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use md5::{Digest, Md5};

use super::body::{BodyRefusal, BoxError};
use super::checksum::{Algorithm, Running, Sum};
use super::error::S3Fault;
use super::{DOCUMENT_BYTES_MAX, OBJECT_BYTES_MAX};

/// What was found out about a body, once it was read to its end.
#[derive(Clone, Debug)]
pub(crate) struct Digests {
    pub(crate) md5: [u8; 16],
    pub(crate) sum: Sum,
}

/// A view of a body that somebody else reads.
#[derive(Clone, Debug, Default)]
pub(crate) struct Intake(Arc<Seen>);

#[derive(Debug, Default)]
struct Seen {
    /// The checksum that the caller sends along.
    claimed: Option<Algorithm>,
    bytes: AtomicU64,
    /// The pieces of a document that is kept.
    kept: Mutex<Vec<Bytes>>,
    end: Mutex<Option<Result<Digests, S3Fault>>>,
}

impl Intake {
    /// Bytes read so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.0.bytes.load(Ordering::Relaxed)
    }

    /// The checksum that the caller sends along, if it does.
    pub(crate) fn claimed(&self) -> Option<Algorithm> {
        self.0.claimed
    }

    /// The document, for a call of which the codec does not know all.
    pub(crate) fn document(&self) -> Vec<u8> {
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner).concat()
    }

    /// What the body amounts to; an error if it is not what the caller said, or was not read to its
    /// end.
    pub(crate) fn digests(&self) -> Result<Digests, S3Fault> {
        match self.0.end.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
            Some(Ok(digests)) => Ok(digests.clone()),
            _ => Err(S3Fault::IncompleteBody),
        }
    }

    /// Why the body was refused, if it was.
    pub(crate) fn take_fault(&self) -> Option<S3Fault> {
        let mut end = self.0.end.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*end, Some(Err(_))) { end.take().and_then(Result::err) } else { None }
    }

    fn close(&self, result: Result<Digests, S3Fault>) {
        *self.0.end.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
    }
}

/// What a caller says of the body.
#[derive(Debug, Default)]
pub(crate) struct Claims {
    /// The bytes of an object, not a document.
    object: bool,
    /// A document of which the codec does not know all.
    keep: bool,
    md5: Option<[u8; 16]>,
    sum: Option<Sum>,
    trailer: Option<Algorithm>,
    algorithm: Option<Algorithm>,
}

impl Claims {
    /// Reads the headers that speak of the body.
    pub(crate) fn of(operation: Operation<'static>, headers: &HeaderMap) -> Result<Self, S3Fault> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let md5 = match text("content-md5") {
            None => None,
            Some(text) => {
                let bytes = STANDARD.decode(text.trim()).map_err(|_| S3Fault::InvalidDigest)?;
                Some(bytes.try_into().map_err(|_| S3Fault::InvalidDigest)?)
            }
        };
        only_known_sums(headers)?;
        let payload = operation.input().and_then(Shape::payload);
        let object =
            payload.is_some_and(|payload| payload.streaming() || payload.shape().streaming());
        // The checksum headers of CompleteMultipartUpload speak of the object, not of the body
        // (documented).
        if operation.name() == "CompleteMultipartUpload" {
            return Ok(Self { object, md5, ..Self::default() });
        }
        let mut sum = None;
        for algorithm in Algorithm::ALL {
            let Some(value) = text(algorithm.header()) else { continue };
            if sum.is_some() {
                let why = "Expecting a single x-amz-checksum- header. \
                           Multiple checksum Types are not allowed.";
                return Err(S3Fault::InvalidRequest { why });
            }
            if !algorithm.is_value(value) {
                return Err(S3Fault::InvalidChecksum { header: algorithm.header() });
            }
            sum = Some(Sum { algorithm, value: value.to_owned() });
        }
        let trailer = text("x-amz-trailer").and_then(|name| Algorithm::of_header(name.trim()));
        let algorithm = text("x-amz-sdk-checksum-algorithm").and_then(Algorithm::parse);
        let keep = operation.name() == "CreateBucket";
        Ok(Self { object, keep, md5, sum, trailer, algorithm })
    }

    /// The checksum that the caller sends along.
    fn claimed(&self) -> Option<Algorithm> {
        self.sum.as_ref().map(|sum| sum.algorithm).or(self.trailer).or(self.algorithm)
    }

    /// Whether the body is an object, not a document.
    pub(crate) fn of_object(&self) -> bool {
        self.object
    }

    fn check(&self, digests: &Digests, trailers: &HeaderMap) -> Result<(), S3Fault> {
        if self.md5.is_some_and(|md5| md5 != digests.md5) {
            return Err(S3Fault::BadDigest);
        }
        let algorithm = digests.sum.algorithm;
        let trailer = trailers.get(algorithm.header()).and_then(|value| value.to_str().ok());
        if self.trailer == Some(algorithm) && trailer.is_none() {
            return Err(S3Fault::TrailerMissing { header: algorithm.header() });
        }
        let header = self.sum.as_ref().map(|sum| sum.value.as_str());
        if [header, trailer]
            .into_iter()
            .flatten()
            .any(|claimed| claimed.trim() != digests.sum.value)
        {
            return Err(S3Fault::BadChecksum { algorithm });
        }
        Ok(())
    }
}

/// Refuses checksums of a kind that is not computed here, of which newer clients have some: a body
/// that was sent to be checked is not stored unchecked.
///
/// evidence: observed (the text for a trailer, as public issues quote it), assumed (the others).
fn only_known_sums(headers: &HeaderMap) -> Result<(), S3Fault> {
    const START: &str = "x-amz-checksum-";
    let is_other = |name: &str| {
        let kind = name.strip_prefix(START);
        kind.is_some_and(|kind| !matches!(kind, "mode" | "type" | "algorithm"))
            && Algorithm::of_header(name).is_none()
    };
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let trailer = text("x-amz-trailer").map(|name| name.trim().to_ascii_lowercase());
    let named = text("x-amz-sdk-checksum-algorithm");
    if headers.keys().map(http::HeaderName::as_str).chain(trailer.as_deref()).any(is_other)
        || named.is_some_and(|name| Algorithm::parse(name).is_none())
    {
        return Err(S3Fault::NotImplemented);
    }
    if trailer.is_some_and(|name| !name.starts_with(START)) {
        let why = "The value specified in the x-amz-trailer header is not supported";
        return Err(S3Fault::InvalidRequest { why });
    }
    Ok(())
}

/// A request body under watch.
pub(crate) struct IntakeBody<B> {
    inner: B,
    view: Intake,
    claims: Claims,
    trailers: HeaderMap,
    /// Gone once the end was reached.
    hashes: Option<(Md5, Running)>,
}

impl<B> IntakeBody<B> {
    /// Watches a body of which the caller claims this; the view tells what came of it.
    pub(crate) fn new(inner: B, claims: Claims) -> (Self, Intake) {
        let claimed = claims.claimed();
        let view = Intake(Arc::new(Seen { claimed, ..Seen::default() }));
        // Without a claim it is the one that S3 uses by itself (documented).
        let running = Running::new(claimed.unwrap_or(Algorithm::Crc64Nvme));
        let hashes = Some((Md5::new(), running));
        (Self { inner, view: view.clone(), claims, trailers: HeaderMap::new(), hashes }, view)
    }

    /// Takes a piece in; `false` if the body is larger than it may be.
    fn take(&mut self, bytes: &Bytes) -> bool {
        let before = self.view.0.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        let limit = if self.claims.object { OBJECT_BYTES_MAX } else { DOCUMENT_BYTES_MAX as u64 };
        if before + bytes.len() as u64 > limit {
            let object = self.claims.object;
            self.hashes = None;
            self.view.close(Err(if object {
                S3Fault::EntityTooLarge
            } else {
                S3Fault::DocumentTooLarge
            }));
            return false;
        }
        if self.claims.keep {
            let mut kept = self.view.0.kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.push(bytes.clone());
        }
        if let Some((md5, running)) = &mut self.hashes {
            md5.update(bytes);
            running.update(bytes);
        }
        true
    }

    /// The end: `false` if the body is not what the caller said.
    fn end(&mut self) -> bool {
        let Some((md5, running)) = self.hashes.take() else { return true };
        let digests = Digests { md5: md5.finalize().into(), sum: running.finish() };
        let result = self.claims.check(&digests, &self.trailers).map(|()| digests);
        let right = result.is_ok();
        self.view.close(result);
        right
    }
}

/// The body is not what the caller said of it; the view has the reason.
#[derive(Debug, thiserror::Error)]
#[error("the body is not what its sender said of it")]
struct Refused;

impl<B> Body for IntakeBody<B>
where
    B: Body<Data = Bytes> + Send + Unpin,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(cx) else {
            return Poll::Pending;
        };
        Poll::Ready(match frame {
            Some(Ok(frame)) => {
                let taken = if let Some(bytes) = frame.data_ref().cloned() {
                    self.take(&bytes)
                } else {
                    self.trailers.extend(frame.trailers_ref().cloned().unwrap_or_default());
                    true
                };
                Some(if taken { Ok(frame) } else { Err(Refused.into()) })
            }
            Some(Err(error)) => {
                let error = error.into();
                let refusal = error.downcast_ref::<BodyRefusal>().cloned();
                self.hashes = None;
                self.view.close(Err(refusal.map_or(S3Fault::IncompleteBody, S3Fault::BodyRefused)));
                Some(Err(error))
            }
            None if self.end() => None,
            None => Some(Err(Refused.into())),
        })
    }

    /// Never before the end was seen here: a reader that stops early would skip the check.
    fn is_end_stream(&self) -> bool {
        self.hashes.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
