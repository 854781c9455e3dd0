//! The aws-chunked framing of S3 uploads: signed chunks, signed trailers, unsigned trailers.
//!
//! ```text
//! 10000;chunk-signature=<64 hex>\r\n<65536 bytes>\r\n … 0;chunk-signature=<64 hex>\r\n
//! x-amz-checksum-crc32:AAAAAA==\r\nx-amz-trailer-signature:<64 hex>\r\n\r\n
//! ```
//!
//! The decoder takes bytes as they come off the wire, cut anywhere, and hands the object's bytes on
//! without copying them. It holds one line at most.

use std::fmt;

use aws_lc_rs::digest;
use bytes::{Buf, Bytes};

use super::{SignatureError, SigningKey, Verified, body, encode};
use crate::RequestHead;

/// The longest line of the framing: a size, a signature and room to spare.
const CHUNK_LINE_BYTES_MAX: usize = 256;

/// The longest line of a trailer.
const TRAILER_LINE_BYTES_MAX: usize = 1024;

/// The most lines that a trailer may have.
const TRAILER_LINES_MAX: usize = 16;

/// The trailer's own signature.
const TRAILER_SIGNATURE: &str = "x-amz-trailer-signature";

/// What the head of the request says about the chunks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChunkPlan {
    /// How many bytes the object has (`x-amz-decoded-content-length`).
    pub decoded_bytes: u64,
    /// The trailers that will come (`x-amz-trailer`), in lower case.
    pub trailers: Vec<String>,
}

impl ChunkPlan {
    /// Reads the plan from a request's headers.
    pub fn read(head: &RequestHead<'_>) -> Result<Self, SignatureError> {
        let length = head
            .header("x-amz-decoded-content-length")
            .ok_or(SignatureError::DecodedLengthMissing)?;
        if length.is_empty() || !length.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(SignatureError::DecodedLengthMissing);
        }
        let decoded_bytes = length.parse().map_err(|_| SignatureError::DecodedLengthMissing)?;
        let mut trailers = Vec::new();
        for value in head.headers.get_all("x-amz-trailer") {
            let value = value.to_str().map_err(|_| SignatureError::MalformedTrailer)?;
            let names = value.split(',').map(str::trim).filter(|name| !name.is_empty());
            trailers.extend(names.map(str::to_ascii_lowercase));
        }
        if trailers.len() >= TRAILER_LINES_MAX {
            return Err(SignatureError::MalformedTrailer);
        }
        Ok(Self { decoded_bytes, trailers })
    }
}

/// One header that came after the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trailer {
    /// Its name, in lower case.
    pub name: String,
    /// Its value, trimmed.
    pub value: String,
}

/// Undoes the framing and checks every signature in it.
///
/// The bytes of a chunk are handed on before its signature has been seen, so nothing may be
/// committed before [`ChunkedDecoder::finish`] is `Ok`. After an error the decoder stays in error.
pub struct ChunkedDecoder {
    plan: ChunkPlan,
    chain: Option<Chain>,
    has_trailer: bool,
    decoded_bytes: u64,
    line: Vec<u8>,
    state: State,
    trailers: Vec<Trailer>,
}

/// The signatures of a stream: each is made over the one before.
struct Chain {
    key: SigningKey,
    access_key: String,
    /// `time\nscope\n`, the middle of every text that is signed.
    middle: String,
    previous: [u8; 32],
    claimed: [u8; 32],
    context: digest::Context,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Size,
    Data { left: u64 },
    DataEnd,
    Trailer,
    Done,
    Failed,
}

impl ChunkedDecoder {
    /// A decoder for [`super::PayloadClaim::Chunked`] with `signed` and `trailer` as claimed there.
    pub fn new(verified: &Verified, plan: ChunkPlan, signed: bool, trailer: bool) -> Self {
        let chain = signed.then(|| Chain::new(verified));
        Self::start(plan, chain, trailer)
    }

    /// A decoder that takes off the framing and believes every signature: for rigs that accept any
    /// credentials.
    pub fn unchecked(plan: ChunkPlan, trailer: bool) -> Self {
        Self::start(plan, None, trailer)
    }

    fn start(plan: ChunkPlan, chain: Option<Chain>, has_trailer: bool) -> Self {
        Self {
            plan,
            chain,
            has_trailer,
            decoded_bytes: 0,
            line: Vec::new(),
            state: State::Size,
            trailers: Vec::new(),
        }
    }

    /// Takes the next bytes off the wire and appends the object's bytes among them to `out`.
    pub fn push(&mut self, bytes: Bytes, out: &mut Vec<Bytes>) -> Result<(), SignatureError> {
        let result = self.advance(bytes, out);
        if result.is_err() {
            self.state = State::Failed;
        }
        result
    }

    /// Says that the body has ended. `Ok` means that every byte handed on is what the caller
    /// signed, and complete.
    pub fn finish(self) -> Result<Vec<Trailer>, SignatureError> {
        if self.state == State::Done {
            Ok(self.trailers)
        } else {
            Err(SignatureError::IncompleteBody)
        }
    }

    fn advance(&mut self, mut bytes: Bytes, out: &mut Vec<Bytes>) -> Result<(), SignatureError> {
        while !bytes.is_empty() {
            match self.state {
                State::Data { left } => {
                    let take = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
                    let piece = bytes.split_to(take);
                    if let Some(chain) = &mut self.chain {
                        chain.context.update(&piece);
                    }
                    let left = left.saturating_sub(piece.len() as u64);
                    out.push(piece);
                    self.state = if left == 0 { State::DataEnd } else { State::Data { left } };
                }
                State::Done | State::Failed => {
                    return Err(SignatureError::MalformedChunk { why: "bytes after the end" });
                }
                State::Size | State::DataEnd | State::Trailer => {
                    if let Some(line) = self.take_line(&mut bytes)? {
                        self.on_line(&line)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Moves bytes into the line until its CRLF has come; the line is handed out without it.
    fn take_line(&mut self, bytes: &mut Bytes) -> Result<Option<Vec<u8>>, SignatureError> {
        let line_bytes_max = match self.state {
            State::Trailer => TRAILER_LINE_BYTES_MAX,
            State::DataEnd => 2,
            _ => CHUNK_LINE_BYTES_MAX,
        };
        let end = memchr::memchr(b'\n', bytes);
        let take = end.map_or(bytes.len(), |at| at + 1);
        if self.line.len() + take > line_bytes_max {
            return Err(SignatureError::MalformedChunk { why: "a line is too long" });
        }
        self.line.extend_from_slice(bytes.get(..take).unwrap_or_default());
        bytes.advance(take);
        if end.is_none() {
            return Ok(None);
        }
        let mut line = std::mem::take(&mut self.line);
        line.pop();
        if line.pop() == Some(b'\r') {
            Ok(Some(line))
        } else {
            Err(SignatureError::MalformedChunk { why: "a line does not end with CRLF" })
        }
    }

    fn on_line(&mut self, line: &[u8]) -> Result<(), SignatureError> {
        match self.state {
            State::Size => self.on_size(line),
            State::DataEnd if line.is_empty() => {
                self.check_chunk()?;
                self.state = State::Size;
                Ok(())
            }
            State::Trailer if line.is_empty() => self.on_end(),
            State::Trailer => self.on_trailer(line),
            _ => Err(SignatureError::MalformedChunk { why: "a chunk is longer than its size" }),
        }
    }

    fn on_size(&mut self, line: &[u8]) -> Result<(), SignatureError> {
        let malformed = |why| SignatureError::MalformedChunk { why };
        let text = std::str::from_utf8(line).map_err(|_| malformed("a chunk's head is no text"))?;
        let (size, extension) = text.split_once(';').map_or((text, None), |(a, b)| (a, Some(b)));
        let hex = (1..=16).contains(&size.len()) && size.bytes().all(|b| b.is_ascii_hexdigit());
        let size = u64::from_str_radix(size, 16).ok().filter(|_| hex);
        let size = size.ok_or_else(|| malformed("a chunk's size is no number"))?;
        if let Some(chain) = &mut self.chain {
            let signature = extension.and_then(|text| text.strip_prefix("chunk-signature="));
            chain.claimed = signature
                .and_then(|text| encode::unhex(text.as_bytes()))
                .ok_or_else(|| malformed("a chunk has no signature"))?;
        }
        if size > self.plan.decoded_bytes.saturating_sub(self.decoded_bytes) {
            return Err(SignatureError::IncompleteBody);
        }
        self.decoded_bytes += size;
        if size > 0 {
            self.state = State::Data { left: size };
            return Ok(());
        }
        self.check_chunk()?;
        self.state = State::Trailer;
        if self.decoded_bytes == self.plan.decoded_bytes {
            Ok(())
        } else {
            Err(SignatureError::IncompleteBody)
        }
    }

    fn check_chunk(&mut self) -> Result<(), SignatureError> {
        self.chain.as_mut().map_or(Ok(()), Chain::check_chunk)
    }

    fn on_trailer(&mut self, line: &[u8]) -> Result<(), SignatureError> {
        let text = std::str::from_utf8(line).map_err(|_| SignatureError::MalformedTrailer)?;
        let (name, value) = text.split_once(':').ok_or(SignatureError::MalformedTrailer)?;
        let (name, value) = (name.to_ascii_lowercase(), value.trim().to_owned());
        let known = name == TRAILER_SIGNATURE || self.plan.trailers.contains(&name);
        let again = self.trailers.iter().any(|trailer| trailer.name == name);
        let after_signature = self.trailers.iter().any(|trailer| trailer.name == TRAILER_SIGNATURE);
        if !self.has_trailer || !known || again || after_signature {
            return Err(SignatureError::MalformedTrailer);
        }
        self.trailers.push(Trailer { name, value });
        Ok(())
    }

    fn on_end(&mut self) -> Result<(), SignatureError> {
        let signature = self.trailers.pop_if(|trailer| trailer.name == TRAILER_SIGNATURE);
        if self.trailers.len() != self.plan.trailers.len() {
            return Err(SignatureError::MalformedTrailer);
        }
        if let Some(chain) = self.chain.as_ref().filter(|_| self.has_trailer) {
            let signature = signature.ok_or(SignatureError::MalformedTrailer)?;
            let claimed = encode::unhex(signature.value.as_bytes());
            chain
                .check_trailer(&self.trailers, &claimed.ok_or(SignatureError::MalformedTrailer)?)?;
        }
        self.state = State::Done;
        Ok(())
    }
}

impl Chain {
    fn new(verified: &Verified) -> Self {
        Self {
            key: verified.signing_key.clone(),
            access_key: verified.access_key.clone(),
            middle: format!("{}\n{}\n", verified.time, verified.scope_line),
            previous: verified.signature,
            claimed: [0; 32],
            context: digest::Context::new(&digest::SHA256),
        }
    }

    /// Checks the chunk whose bytes went into the context, and starts the next.
    fn check_chunk(&mut self) -> Result<(), SignatureError> {
        let context = std::mem::replace(&mut self.context, digest::Context::new(&digest::SHA256));
        let hash = body::into_array(&context.finish());
        let text = chunk_text(&self.middle, &self.previous, &hash);
        if !self.key.matches(text.as_bytes(), &self.claimed) {
            return Err(SignatureError::ChunkMismatch { access_key: self.access_key.clone() });
        }
        self.previous = self.claimed;
        Ok(())
    }

    fn check_trailer(
        &self,
        trailers: &[Trailer],
        claimed: &[u8; 32],
    ) -> Result<(), SignatureError> {
        let text = trailer_text(&self.middle, &self.previous, trailers);
        if self.key.matches(text.as_bytes(), claimed) {
            Ok(())
        } else {
            Err(SignatureError::ChunkMismatch { access_key: self.access_key.clone() })
        }
    }
}

/// What the signature of a chunk is made over; `middle` is `time\nscope\n`.
pub(super) fn chunk_text(middle: &str, previous: &[u8; 32], hash: &[u8; 32]) -> String {
    let [previous, empty, hash] = [previous, &super::EMPTY_SHA256, hash].map(encode::hex_string);
    format!("AWS4-HMAC-SHA256-PAYLOAD\n{middle}{previous}\n{empty}\n{hash}")
}

/// What the signature of a trailer is made over.
pub(super) fn trailer_text(middle: &str, previous: &[u8; 32], trailers: &[Trailer]) -> String {
    let hash = encode::hex_string(&body::sha256(trailer_lines(trailers, "\n").as_bytes()));
    format!("AWS4-HMAC-SHA256-TRAILER\n{middle}{}\n{hash}", encode::hex_string(previous))
}

/// `name:value` lines; they end with LF where they are hashed and with CRLF on the wire.
pub(super) fn trailer_lines(trailers: &[Trailer], line_end: &str) -> String {
    let mut lines = String::new();
    for trailer in trailers {
        for part in [trailer.name.as_str(), ":", &trailer.value, line_end] {
            lines.push_str(part);
        }
    }
    lines
}

impl fmt::Debug for ChunkedDecoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChunkedDecoder")
            .field("plan", &self.plan)
            .field("signed", &self.chain.is_some())
            .field("decoded_bytes", &self.decoded_bytes)
            .finish_non_exhaustive()
    }
}
