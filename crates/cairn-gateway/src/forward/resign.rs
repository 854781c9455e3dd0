//! Signs towards an upstream that does not know our callers' keys.
//!
//! The caller was verified here. What it signed with comes off (header or query), the upstream's own
//! host goes in, and the request is signed with the configured credential. A body in `aws-chunked`
//! framing is unwrapped as it is checked and framed anew, since the signatures in it are the
//! caller's.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use cairn_api::s3::BoxError;
use cairn_event::Timestamp;
use cairn_iam::SecretKey;
use cairn_wire::sigv4::{PayloadClaim, Signer, SigningCredential, ToSign, Trailer};
use http::header::{AUTHORIZATION, CONTENT_LENGTH, DATE, EXPECT, HOST};
use http::uri::Authority;
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body::{Body, Frame, SizeHint};

/// What is framed at once of a body that is signed in chunks.
const CHUNK_BYTES: usize = 64 << 10;

/// What a chunk has beside its bytes: `;chunk-signature=`, 64 digits, and two line ends.
const CHUNK_SIGNATURE_BYTES: u64 = 17 + 64 + 2;

/// The line that signs the trailers, and the line end after it.
const TRAILER_SIGNATURE_BYTES: u64 = 24 + 64 + 4;

/// Checksums that can follow a body, and how long their text is.
const CHECKSUMS: [(&str, u64); 5] = [
    ("x-amz-checksum-crc32", 8),
    ("x-amz-checksum-crc32c", 8),
    ("x-amz-checksum-crc64nvme", 12),
    ("x-amz-checksum-sha1", 28),
    ("x-amz-checksum-sha256", 44),
];

/// A key of the upstream's.
#[derive(Clone)]
pub struct ResignCredential {
    /// The access key.
    pub access_key: String,
    /// Its secret.
    pub secret: SecretKey,
    /// The token of a temporary key.
    pub session_token: Option<String>,
    /// The region to sign for; `None` keeps the caller's.
    pub region: Option<String>,
}

impl fmt::Debug for ResignCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResignCredential")
            .field("access_key", &self.access_key)
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

/// What a request is signed for.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) region: String,
    /// The signing name.
    pub(crate) service: String,
    pub(crate) now: Timestamp,
}

/// A request to sign: method, path and query as they will be sent, and what its body is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unsigned<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    pub(crate) payload: PayloadClaim,
    /// The body, where it is at hand.
    pub(crate) body: &'a [u8],
    /// The length of a body in chunks, once it is unwrapped.
    pub(crate) decoded_bytes: Option<u64>,
}

impl ResignCredential {
    fn signer(&self, target: &Target) -> Signer<'_> {
        let credential = SigningCredential {
            access_key: &self.access_key,
            secret: self.secret.expose(),
            session_token: self.session_token.as_deref(),
        };
        let region = self.region.as_deref().unwrap_or(&target.region);
        Signer::new(credential, region, &target.service, target.now)
    }

    /// Puts the signature into `headers`, in the place of the caller's. Returns the signature, to
    /// which chunks chain.
    pub(crate) fn sign(
        &self,
        target: &Target,
        authority: &Authority,
        headers: &mut HeaderMap,
        request: &Unsigned<'_>,
    ) -> [u8; 32] {
        for name in [AUTHORIZATION, DATE, EXPECT] {
            headers.remove(name);
        }
        for name in ["x-amz-date", "x-amz-security-token", "x-amz-content-sha256"] {
            headers.remove(name);
        }
        if let Ok(host) = HeaderValue::from_str(authority.as_str()) {
            headers.insert(HOST, host);
        }
        if let (PayloadClaim::Chunked { trailer, .. }, Some(decoded)) =
            (request.payload, request.decoded_bytes)
        {
            headers.remove(CONTENT_LENGTH);
            if let Some(framed) = framed_bytes(decoded, trailer.then_some(&*headers)) {
                headers.insert(CONTENT_LENGTH, HeaderValue::from(framed));
            }
        }
        let to_sign = ToSign {
            method: request.method,
            path: request.path,
            query: request.query,
            headers,
            payload: request.payload,
            body: request.body,
        };
        let (added, signature) = self.signer(target).headers(&to_sign);
        for (name, value) in added {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        signature
    }
}

/// How long a body is once it is framed; `None` where a trailer has a length that nobody knows
/// before, and beyond any length. `trailers` are the headers that announce trailers.
fn framed_bytes(decoded_bytes: u64, trailers: Option<&HeaderMap>) -> Option<u64> {
    let chunk = |bytes: u64| hex_digits(bytes) + CHUNK_SIGNATURE_BYTES + bytes;
    let size = CHUNK_BYTES as u64;
    let (full, rest) = (decoded_bytes / size, decoded_bytes % size);
    // A caller may announce any length.
    let data = full.checked_mul(chunk(size) + 2)?;
    let last = if rest > 0 { chunk(rest) + 2 } else { 0 };
    let tail = match trailers {
        None => 2,
        Some(headers) => {
            let announced = headers.get_all("x-amz-trailer").iter();
            let lines = announced
                .filter_map(|value| value.to_str().ok())
                .flat_map(|value| value.split(','))
                .map(|name| {
                    let name = name.trim().to_ascii_lowercase();
                    let known = CHECKSUMS.iter().find(|(checksum, _)| *checksum == name);
                    known.map(|(_, bytes)| name.len() as u64 + 1 + bytes + 2)
                });
            lines.sum::<Option<u64>>()? + TRAILER_SIGNATURE_BYTES
        }
    };
    data.checked_add(last + chunk(0) + tail)
}

fn hex_digits(number: u64) -> u64 {
    u64::from((64 - number.leading_zeros()).div_ceil(4).max(1))
}

/// A body that is framed and signed in chunks as it passes. What comes in is the plain content, its
/// trailers as HTTP trailers.
pub(crate) struct Framed<B> {
    inner: B,
    credential: Arc<ResignCredential>,
    target: Target,
    previous: [u8; 32],
    has_trailer: bool,
    pending: BytesMut,
    trailers: Vec<Trailer>,
    is_over: bool,
}

impl<B> Framed<B> {
    /// `signature` is that of the request's head.
    pub(crate) fn new(
        inner: B,
        credential: Arc<ResignCredential>,
        target: Target,
        signature: [u8; 32],
        has_trailer: bool,
    ) -> Self {
        Self {
            inner,
            credential,
            target,
            previous: signature,
            has_trailer,
            pending: BytesMut::new(),
            trailers: Vec::new(),
            is_over: false,
        }
    }

    fn chunk(&mut self, bytes: &[u8]) -> Vec<u8> {
        let signer = self.credential.signer(&self.target);
        signer.chunk(&mut self.previous, bytes)
    }

    /// The last pieces: what is pending, the empty chunk, the trailers.
    fn last(&mut self) -> Bytes {
        self.is_over = true;
        let pending = self.pending.split();
        let mut out = if pending.is_empty() { Vec::new() } else { self.chunk(&pending) };
        out.extend(self.chunk(&[]));
        if self.has_trailer {
            let signer = self.credential.signer(&self.target);
            out.extend(signer.trailer(&self.previous, &self.trailers));
        } else {
            out.extend_from_slice(b"\r\n");
        }
        Bytes::from(out)
    }
}

impl<B> Body for Framed<B>
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
            if self.is_over {
                return Poll::Ready(None);
            }
            if self.pending.len() >= CHUNK_BYTES {
                let bytes = self.pending.split_to(CHUNK_BYTES);
                return Poll::Ready(Some(Ok(Frame::data(Bytes::from(self.chunk(&bytes))))));
            }
            match ready!(Pin::new(&mut self.inner).poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.pending.extend_from_slice(&data),
                    Err(frame) => {
                        if let Ok(trailers) = frame.into_trailers() {
                            self.trailers = text(&trailers);
                        }
                    }
                },
                Some(Err(error)) => {
                    self.is_over = true;
                    return Poll::Ready(Some(Err(error.into())));
                }
                None => return Poll::Ready(Some(Ok(Frame::data(self.last())))),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.is_over
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

fn text(trailers: &HeaderMap) -> Vec<Trailer> {
    let pairs = trailers.iter().filter_map(|(name, value)| {
        Some(Trailer { name: name.as_str().to_owned(), value: value.to_str().ok()?.to_owned() })
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use http_body_util::{BodyExt as _, Full, StreamBody};

    use super::*;

    fn credential() -> Arc<ResignCredential> {
        Arc::new(ResignCredential {
            access_key: "AKIAIOSFODNN7EXAMPLE".to_owned(),
            secret: SecretKey::parse("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY").unwrap(),
            session_token: None,
            region: None,
        })
    }

    fn target() -> Target {
        Target {
            region: "us-east-1".to_owned(),
            service: "s3".to_owned(),
            now: Timestamp::from_ms(1_369_353_600_000),
        }
    }

    #[tokio::test]
    async fn a_framed_body_is_as_long_as_was_announced() {
        for bytes in [0, 1, 15, 16, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 300_000] {
            let body = Full::new(Bytes::from(vec![b'a'; bytes]));
            let framed = Framed::new(body, credential(), target(), [0; 32], false);
            let framed = framed.collect().await.unwrap().to_bytes();
            assert_eq!(Some(framed.len() as u64), framed_bytes(bytes as u64, None), "{bytes}");
        }
    }

    #[tokio::test]
    async fn trailers_follow_the_last_chunk() {
        let mut announced = HeaderMap::new();
        announced.insert("x-amz-trailer", HeaderValue::from_static("x-amz-checksum-crc32"));
        let mut trailers = HeaderMap::new();
        trailers.insert("x-amz-checksum-crc32", HeaderValue::from_static("sOO8/Q=="));
        let frames = [Frame::data(Bytes::from_static(b"hello")), Frame::trailers(trailers)];
        let body = StreamBody::new(futures_util::stream::iter(frames.map(Ok::<_, BoxError>)));
        let framed = Framed::new(body, credential(), target(), [0; 32], true);
        let framed = framed.collect().await.unwrap().to_bytes();
        assert_eq!(Some(framed.len() as u64), framed_bytes(5, Some(&announced)));
        let text = String::from_utf8(framed.to_vec()).unwrap();
        assert!(text.contains("\r\nx-amz-checksum-crc32:sOO8/Q==\r\nx-amz-trailer-signature:"));
        announced.append("x-amz-trailer", HeaderValue::from_static("x-own"));
        assert_eq!(framed_bytes(5, Some(&announced)), None);
        assert_eq!(framed_bytes(u64::MAX, None), None);
    }

    #[test]
    fn nothing_of_the_callers_signature_is_left() {
        let mut headers = HeaderMap::new();
        for name in ["authorization", "x-amz-date", "x-amz-security-token", "date", "host"] {
            headers.insert(name, HeaderValue::from_static("callers"));
        }
        let request = Unsigned {
            method: "GET",
            path: "/",
            query: "",
            payload: PayloadClaim::Unsigned,
            body: b"",
            decoded_bytes: None,
        };
        let authority = Authority::from_static("store:9000");
        credential().sign(&target(), &authority, &mut headers, &request);
        assert!(headers.values().all(|value| value != "callers"));
        assert_eq!(headers["host"], "store:9000");
        assert!(headers.contains_key("authorization") && !headers.contains_key("date"));
    }
}
