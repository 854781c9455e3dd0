//! Bodies: read whole under a limit, or checked while they stream by.

use std::collections::VecDeque;
use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use cairn_api::s3::{BodyRefusal, BoxError};
use cairn_wire::sigv4::{BodyHash, ChunkedDecoder, Family, SignatureError, Trailer};
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body::{Body, Frame, SizeHint};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};

use tokio::time::{Instant, Sleep};

use crate::limits::{BODY_BYTES_MAX, BODY_IDLE_MAX, BODY_READ_MAX};

/// The body of an answer.
pub(crate) type AnswerBody = UnsyncBoxBody<Bytes, BoxError>;

/// A body at hand.
pub(crate) fn full(bytes: impl Into<Bytes>) -> AnswerBody {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed_unsync()
}

/// Why a body could not be read whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReadError {
    /// Over [`BODY_BYTES_MAX`].
    TooLarge,
    /// It took longer than [`BODY_READ_MAX`].
    TooSlow,
    /// The connection broke, or the framing did.
    Broken,
}

/// Reads a body whole.
pub(crate) async fn read<B>(body: B) -> Result<Bytes, ReadError>
where
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    if body.size_hint().lower() > BODY_BYTES_MAX as u64 {
        return Err(ReadError::TooLarge);
    }
    let limited = Limited::new(body, BODY_BYTES_MAX);
    match tokio::time::timeout(BODY_READ_MAX, limited.collect()).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(ReadError::TooLarge),
        Ok(Err(_)) => Err(ReadError::Broken),
        Err(_) => Err(ReadError::TooSlow),
    }
}

/// What is checked of a body while it streams by.
pub(crate) enum Check {
    /// Nothing: it is not signed, or nobody asks.
    None,
    /// Its hash; compared when it ends.
    Hash(BodyHash),
    /// The chunks that it is framed in.
    Chunks(Box<ChunkedDecoder>),
    /// It ended, or broke.
    Over,
}

/// A body that is checked while it streams by, and unwrapped from `aws-chunked`.
///
/// Bytes are handed on before the last check is made: who stores them must not let them be seen
/// before the end.
pub(crate) struct CheckedBody<B> {
    inner: B,
    check: Check,
    pieces: VecDeque<Bytes>,
    decoded_bytes: Option<u64>,
    /// Runs out when the sender pauses for too long.
    idle: Pin<Box<Sleep>>,
}

impl<B> CheckedBody<B> {
    /// `decoded_bytes` is the length after unwrapping, where it is announced.
    pub(crate) fn new(inner: B, check: Check, decoded_bytes: Option<u64>) -> Self {
        let idle = Box::pin(tokio::time::sleep(BODY_IDLE_MAX));
        Self { inner, check, pieces: VecDeque::new(), decoded_bytes, idle }
    }

    fn take(&mut self, bytes: Bytes) -> Result<(), SignatureError> {
        match &mut self.check {
            Check::None | Check::Over => self.pieces.push_back(bytes),
            Check::Hash(hash) => {
                hash.update(&bytes);
                self.pieces.push_back(bytes);
            }
            Check::Chunks(decoder) => {
                let mut out = Vec::new();
                decoder.push(bytes, &mut out)?;
                self.pieces.extend(out.into_iter().filter(|piece| !piece.is_empty()));
            }
        }
        Ok(())
    }

    fn end(&mut self) -> Result<Vec<Trailer>, SignatureError> {
        match std::mem::replace(&mut self.check, Check::Over) {
            Check::None | Check::Over => Ok(Vec::new()),
            Check::Hash(hash) => hash.finish().map(|_| Vec::new()),
            Check::Chunks(decoder) => decoder.finish(),
        }
    }
}

fn refusal(error: &SignatureError) -> BoxError {
    let answer = error.answer(Family::S3);
    Box::new(BodyRefusal { code: answer.code, message: answer.message, status: answer.status })
}

/// Documented: `RequestTimeout`, HTTP 400.
fn stalled() -> BoxError {
    let message = "Your socket connection to the server was not read from or written to within the \
                   timeout period. Idle connections will be closed.";
    Box::new(BodyRefusal { code: "RequestTimeout", message: message.to_owned(), status: 400 })
}

impl<B> Body for CheckedBody<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        loop {
            if let Some(piece) = self.pieces.pop_front() {
                return Poll::Ready(Some(Ok(Frame::data(piece))));
            }
            if matches!(self.check, Check::Over) {
                return Poll::Ready(None);
            }
            let polled = Pin::new(&mut self.inner).poll_frame(cx);
            if polled.is_pending() {
                ready!(self.idle.as_mut().poll(cx));
                self.check = Check::Over;
                return Poll::Ready(Some(Err(stalled())));
            }
            match ready!(polled) {
                Some(Ok(frame)) => {
                    self.idle.as_mut().reset(Instant::now() + BODY_IDLE_MAX);
                    let Ok(bytes) = frame.into_data() else { continue };
                    if let Err(error) = self.take(bytes) {
                        self.check = Check::Over;
                        return Poll::Ready(Some(Err(refusal(&error))));
                    }
                }
                Some(Err(error)) => {
                    self.check = Check::Over;
                    return Poll::Ready(Some(Err(error.into())));
                }
                None => match self.end() {
                    Ok(trailers) if trailers.is_empty() => return Poll::Ready(None),
                    Ok(trailers) => {
                        return Poll::Ready(Some(Ok(Frame::trailers(header_map(&trailers)))));
                    }
                    Err(error) => return Poll::Ready(Some(Err(refusal(&error)))),
                },
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self.decoded_bytes {
            Some(bytes) => SizeHint::with_exact(bytes),
            None => self.inner.size_hint(),
        }
    }
}

fn header_map(trailers: &[Trailer]) -> HeaderMap {
    let pairs = trailers.iter().filter_map(|trailer| {
        let name = HeaderName::from_bytes(trailer.name.as_bytes()).ok()?;
        Some((name, HeaderValue::from_str(&trailer.value).ok()?))
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use cairn_wire::sigv4::sha256;
    use http_body_util::StreamBody;

    use super::*;

    /// Bytes in two pieces, and then nothing, for ever, if `stalls`.
    fn pieces(
        bytes: &'static [u8],
        stalls: bool,
    ) -> impl Body<Data = Bytes, Error = BoxError> + Unpin {
        let (first, second) = bytes.split_at(bytes.len() / 2);
        let frames = [first, second].map(|piece| Ok(Frame::data(Bytes::from_static(piece))));
        let mut frames = std::collections::VecDeque::from(frames);
        StreamBody::new(futures_util::stream::poll_fn(move |_| match frames.pop_front() {
            Some(frame) => Poll::Ready(Some(frame)),
            None if stalls => Poll::Pending,
            None => Poll::Ready(None),
        }))
    }

    fn refused(error: &BoxError) -> &BodyRefusal {
        error.downcast_ref().expect("a refusal")
    }

    #[tokio::test]
    async fn a_body_that_is_not_what_was_signed_is_refused_at_its_end() {
        let check = |hash| Check::Hash(BodyHash::expecting(hash));
        let same = CheckedBody::new(pieces(b"signed", false), check(sha256(b"signed")), None);
        assert_eq!(same.collect().await.unwrap().to_bytes(), "signed");
        let other = CheckedBody::new(pieces(b"forged", false), check(sha256(b"signed")), None);
        let error = other.collect().await.unwrap_err();
        assert_eq!(refused(&error).code, "XAmzContentSHA256Mismatch");
    }

    #[tokio::test(start_paused = true)]
    async fn a_sender_that_stops_sending_is_cut_off() {
        let stalled = CheckedBody::new(pieces(b"half", true), Check::None, None);
        let error = stalled.collect().await.unwrap_err();
        assert_eq!((refused(&error).code, refused(&error).status), ("RequestTimeout", 400));
    }

    #[tokio::test]
    async fn a_document_has_a_limit() {
        let small = read(Full::new(Bytes::from_static(b"{}"))).await;
        assert_eq!(small.unwrap(), "{}");
        let large = read(Full::new(Bytes::from(vec![0; BODY_BYTES_MAX + 1]))).await;
        assert_eq!(large.unwrap_err(), ReadError::TooLarge);
    }
}
