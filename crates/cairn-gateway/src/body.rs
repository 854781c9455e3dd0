//! Bodies: read whole under a limit, or checked while they stream by.

use std::collections::VecDeque;
use std::future::Future as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use cairn_api::s3::{BodyRefusal, BoxError};
use cairn_wire::sigv4::{BodyHash, ChunkedDecoder, Family, SignatureError, Trailer};
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body::{Body, Frame, SizeHint};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full};

use tokio::time::{Instant, Sleep};

use crate::budget::Share;
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
    /// Other requests hold all the memory that there is for them.
    NoRoom,
    /// It takes long to read what came, and others took all the time that there was for it.
    Crowded,
}

/// Reads a body whole, into memory that `share` accounts for.
pub(crate) async fn read<B>(body: B, share: &Share) -> Result<Bytes, ReadError>
where
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    if body.size_hint().lower() > BODY_BYTES_MAX as u64 {
        return Err(ReadError::TooLarge);
    }
    let gathered = tokio::time::timeout(BODY_READ_MAX, gather(body, share)).await;
    gathered.unwrap_or(Err(ReadError::TooSlow))
}

/// Into one piece: a list of frames would hold the buffers that they were read into, however small
/// they are.
async fn gather<B>(body: B, share: &Share) -> Result<Bytes, ReadError>
where
    B: Body<Data = Bytes>,
{
    let mut body = std::pin::pin!(body);
    let announced = body.size_hint().exact().and_then(|bytes| usize::try_from(bytes).ok());
    let largest = announced.unwrap_or(BODY_BYTES_MAX).min(BODY_BYTES_MAX);
    let mut gathered = Vec::new();
    while let Some(frame) = body.as_mut().frame().await {
        let Ok(data) = frame.map_err(|_| ReadError::Broken)?.into_data() else { continue };
        let len = gathered.len() + data.len();
        if len > BODY_BYTES_MAX {
            return Err(ReadError::TooLarge);
        }
        let capacity = gathered.capacity();
        if len > capacity {
            let wanted = (capacity * 2).min(largest).max(len);
            if !share.take(wanted - capacity) {
                return Err(ReadError::NoRoom);
            }
            gathered.reserve_exact(wanted - gathered.len());
        }
        gathered.extend_from_slice(&data);
    }
    Ok(Bytes::from(gathered))
}

/// A body that somebody else gathers, whose frames `share` accounts for as they come.
pub(crate) struct CountedBody<B> {
    inner: B,
    share: Arc<Share>,
}

/// What a list of frames holds for each, beside its bytes.
pub(crate) const FRAME_BYTES: usize = 128;

impl<B> CountedBody<B> {
    pub(crate) fn new(inner: B, share: Arc<Share>) -> Self {
        Self { inner, share }
    }
}

impl<B> Body for CountedBody<B>
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
        let Some(frame) = ready!(Pin::new(&mut self.inner).poll_frame(cx)) else {
            return Poll::Ready(None);
        };
        let frame = frame.map_err(Into::into)?;
        let bytes = frame.data_ref().map_or(0, Bytes::len);
        if self.share.take(bytes + FRAME_BYTES) {
            Poll::Ready(Some(Ok(frame)))
        } else {
            Poll::Ready(Some(Err(no_room())))
        }
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// Documented: `SlowDown`, HTTP 503.
fn no_room() -> BoxError {
    let message = "Please reduce your request rate.".to_owned();
    Box::new(BodyRefusal { code: "SlowDown", message, status: 503 })
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
            // The last piece of a body with a hash waits for the check: who counts bytes would take
            // the body for complete with it.
            let waits = matches!(self.check, Check::Hash(_)) && self.pieces.len() == 1;
            if !waits && let Some(piece) = self.pieces.pop_front() {
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
                    Ok(trailers) if trailers.is_empty() => {}
                    Ok(trailers) => {
                        return Poll::Ready(Some(Ok(Frame::trailers(header_map(&trailers)))));
                    }
                    Err(error) => {
                        self.pieces.clear();
                        return Poll::Ready(Some(Err(refusal(&error))));
                    }
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
    use crate::budget::Budget;
    use crate::limits::STRANGERS_BYTES_MAX;

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
        let mut other = CheckedBody::new(pieces(b"forged", false), check(sha256(b"signed")), None);
        let first = other.frame().await.unwrap().unwrap();
        assert_eq!(first.into_data().unwrap(), "for");
        let error = other.frame().await.unwrap().unwrap_err();
        assert!(other.frame().await.is_none(), "the last piece is handed on all the same");
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
        let share = Arc::new(Budget::default()).share(true);
        let small = read(Full::new(Bytes::from_static(b"{}")), &share).await;
        assert_eq!(small.unwrap(), "{}");
        let large = read(Full::new(Bytes::from(vec![0; BODY_BYTES_MAX + 1])), &share).await;
        assert_eq!(large.unwrap_err(), ReadError::TooLarge);
    }

    #[tokio::test]
    async fn documents_together_have_a_limit() {
        let budget = Arc::new(Budget::default());
        let document = || Full::new(Bytes::from(vec![0; BODY_BYTES_MAX]));
        let mut held = Vec::new();
        loop {
            let share = budget.share(true);
            match read(document(), &share).await {
                Ok(bytes) => held.push((share, bytes)),
                Err(error) => {
                    assert_eq!(error, ReadError::NoRoom);
                    break;
                }
            }
        }
        assert_eq!(held.len(), STRANGERS_BYTES_MAX / BODY_BYTES_MAX);
        assert!(read(document(), &budget.share(false)).await.is_ok());
        held.pop();
        assert!(read(document(), &budget.share(true)).await.is_ok());
    }

    #[tokio::test]
    async fn a_document_of_many_pieces_is_counted_as_what_it_holds() {
        let budget = Arc::new(Budget::default());
        let frames = (0..5000).map(|_| Ok::<_, BoxError>(Frame::data(Bytes::from_static(b"x"))));
        let share = budget.share(true);
        let read = read(StreamBody::new(futures_util::stream::iter(frames)), &share).await;
        assert_eq!(read.unwrap().len(), 5000);
        assert!(budget.share(true).take(STRANGERS_BYTES_MAX - 2 * 5000));
    }

    #[tokio::test]
    async fn a_body_that_is_gathered_elsewhere_is_counted() {
        let share = Arc::new(Arc::new(Budget::default()).share(true));
        let body = CountedBody::new(pieces(b"counted", false), Arc::clone(&share));
        assert_eq!(body.collect().await.unwrap().to_bytes(), "counted");
        assert!(share.take(STRANGERS_BYTES_MAX - 7 - 2 * FRAME_BYTES));
        let body = CountedBody::new(pieces(b"refused", false), share);
        let error = body.collect().await.unwrap_err();
        assert_eq!((refused(&error).code, refused(&error).status), ("SlowDown", 503));
    }
}
