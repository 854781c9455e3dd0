//! The body of an S3 answer.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty, Full};

/// Why a body broke off.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// What a request body gives as its error when whoever unwraps it refuses it: a signed chunk that
/// does not match, say. The caller is then told this, rather than that the body ended early.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct BodyRefusal {
    /// S3's code, such as `XAmzContentSHA256Mismatch`.
    pub code: &'static str,
    /// Its text.
    pub message: String,
    /// The HTTP status.
    pub status: u16,
}

/// The body of an S3 answer: bytes at hand, or an object that is read as it is sent.
pub struct S3Body(UnsyncBoxBody<Bytes, BoxError>);

impl S3Body {
    /// No bytes.
    pub fn empty() -> Self {
        Self(Empty::new().map_err(|never| match never {}).boxed_unsync())
    }

    /// These bytes.
    pub fn full(bytes: impl Into<Bytes>) -> Self {
        Self(Full::new(bytes.into()).map_err(|never| match never {}).boxed_unsync())
    }

    pub(super) fn from_s3s(body: s3s::Body) -> Self {
        Self(body.boxed_unsync())
    }
}

impl Body for S3Body {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        Pin::new(&mut self.0).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}

impl fmt::Debug for S3Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("S3Body").field(&self.size_hint()).finish()
    }
}
