//! A call that somebody else answered: what its bytes say, as the record wants to know it.
//!
//! The call is over when this is asked, so nothing here may stop it: what cannot be read is absent,
//! never an error. Bodies come as the tee held them; one that it did not hold (too large, or the
//! content of an object) is `None`.

use std::borrow::Cow;

use cairn_wire::RequestHead;
use cairn_wire::codec::{decode_error, decode_resolved, decode_response, unpacked};
use cairn_wire::model::{Operation, Protocol, Shape, ShapeKind};
use cairn_wire::resolve::Resolved;
use cairn_wire::value::Value;
use http::HeaderMap;
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};

use super::Outcome;
use super::loose::mended;
use super::parameters::shows_answer;

/// A held body after it was unzipped; a larger one is as if it had not been held.
const UNZIPPED_BYTES_MAX: usize = 1 << 20;

/// How far into an answer its request id is looked for.
const ID_SEARCH_BYTES_MAX: usize = 16 << 10;

/// The longest request id that a record shows (documented: 1 kB).
const ID_BYTES_MAX: usize = 1024;

/// Where answers carry their request id: the header of all services, of S3, and of a few old ones.
const ID_HEADERS: [&str; 3] = ["x-amzn-requestid", "x-amz-request-id", "x-amzn-request-id"];

/// The elements that hold it in the XML of query, EC2 and S3.
const ID_ELEMENTS: [&str; 3] = ["RequestId", "requestId", "RequestID"];

/// What was heard of a call while it passed through.
#[derive(Clone, Debug)]
pub struct Heard {
    /// The decoded parameters; `None` if they could not be decoded or were not held.
    pub input: Option<Value>,
    /// How the upstream answered.
    pub answer: Answer,
    request_id: Option<String>,
    extended_request_id: Option<String>,
}

/// How an upstream answered.
#[derive(Clone, Debug)]
pub enum Answer {
    /// The call went well.
    Success {
        /// The decoded answer; `None` if it could not be decoded, was not held, or if no record
        /// shows it.
        output: Option<Value>,
        /// The HTTP status.
        status: u16,
        /// The headers of the answer that a record may show: those of S3, else none.
        headers: HeaderMap,
    },
    /// It did not.
    Failure {
        /// The code: the modelled name where the model knows the error.
        code: String,
        /// The text for people, if the answer had one.
        message: Option<String>,
        /// The HTTP status.
        status: u16,
    },
}

impl Heard {
    /// The decoded parameters.
    pub const fn input(&self) -> Option<&Value> {
        self.input.as_ref()
    }

    /// How the call ended, for [`super::Call`].
    pub fn outcome(&self) -> Outcome<'_> {
        match &self.answer {
            Answer::Success { output, status, headers } => {
                Outcome::Success { output: output.as_ref(), status: *status, headers }
            }
            Answer::Failure { code, message, status } => {
                Outcome::Failure { code, message: message.as_deref(), status: *status }
            }
        }
    }

    /// The id that the upstream gave the call, from a header or from the body.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// The second id that S3 gives (`x-amz-id-2`).
    pub fn extended_request_id(&self) -> Option<&str> {
        self.extended_request_id.as_deref()
    }
}

/// Reads both sides of a forwarded call.
///
/// `request_body` and `response_body` are the bytes as they travelled, or `None` if they were not
/// held. An answer of status 300 and above is a failure unless the model says otherwise, and so is
/// a 200 of S3 whose body is an error.
pub fn hear(
    resolved: &Resolved,
    head: &RequestHead<'_>,
    request_body: Option<&[u8]>,
    status: u16,
    headers: &HeaderMap,
    response_body: Option<&[u8]>,
) -> Heard {
    let operation = resolved.call();
    let is_s3 = operation.service().id() == "s3";
    let told = if head.method == "HEAD" { Some([].as_slice()) } else { response_body };
    let told = told.or_else(|| is_empty(headers, status).then_some([].as_slice()));
    let plain = told.and_then(|body| unzipped(headers, body));
    let text = plain.as_deref().unwrap_or_default();
    let is_failure = (status >= 300 && operation.response_code() != Some(status))
        || (is_s3 && is_s3_error(text));
    let answer = if is_failure {
        failure(resolved, status, headers, text)
    } else {
        Answer::Success {
            output: output(resolved, status, headers, plain.as_deref()),
            status,
            headers: if is_s3 { shown(headers) } else { HeaderMap::new() },
        }
    };
    let extended = header(headers, "x-amz-id-2").or_else(|| element(text, "HostId"));
    Heard {
        input: input(resolved, head, request_body),
        answer,
        request_id: request_id(headers, text),
        extended_request_id: extended.filter(|_| is_s3).map(str::to_owned),
    }
}

fn input(resolved: &Resolved, head: &RequestHead<'_>, body: Option<&[u8]>) -> Option<Value> {
    let payload = resolved.call().input().and_then(Shape::payload);
    let is_none = !head.headers.contains_key(TRANSFER_ENCODING)
        && head.header("content-length").is_none_or(|length| length.trim() == "0");
    let body = match body {
        // Content is not looked at; what stands beside it is in the head.
        _ if is_content(payload.map(cairn_wire::model::Member::shape)) => Cow::Borrowed(&[][..]),
        Some(body) => unzipped(head.headers, body)?,
        None if is_none => Cow::Borrowed(&[][..]),
        None => return None,
    };
    let read = decode_resolved(resolved, head, &body);
    let is_json = matches!(resolved.protocol, Protocol::Json | Protocol::RestJson);
    if read.is_err() && is_json {
        return decode_resolved(resolved, head, &mended(&body)?).ok();
    }
    read.ok()
}

fn output(
    resolved: &Resolved,
    status: u16,
    headers: &HeaderMap,
    body: Option<&[u8]>,
) -> Option<Value> {
    let operation = resolved.call();
    if !is_answer_shown(operation) {
        return None;
    }
    let payload = operation.output().and_then(Shape::payload);
    let body = match body {
        _ if is_content(payload.map(cairn_wire::model::Member::shape)) => &[],
        Some(body) => body,
        None => return None,
    };
    decode_response(operation, resolved.protocol, status, headers, body).ok()
}

/// Whether any part of the record can come from the answer: S3 shows headers only, reading calls
/// nothing, but for those of KMS, whose answers name the key that served, and of SES, which names the
/// message that it sent.
fn is_answer_shown(operation: Operation<'static>) -> bool {
    match operation.service().id() {
        "s3" | "s3control" => false,
        "kms" | "ses" | "sesv2" => true,
        _ => shows_answer(operation),
    }
}

/// Whether a payload is bytes of the caller's own, which have no place in a record.
fn is_content(payload: Option<Shape<'static>>) -> bool {
    payload.is_some_and(|shape| {
        shape.streaming() || shape.event_stream() || shape.kind() == ShapeKind::Blob
    })
}

fn failure(resolved: &Resolved, status: u16, headers: &HeaderMap, body: &[u8]) -> Answer {
    let operation = resolved.call();
    // A page for people is no message.
    let body = if is_page(body) { &[] } else { body };
    let first = first_byte(body);
    // Proxies and emulators answer in another protocol than they were asked in.
    let protocol = match (first, resolved.protocol) {
        (Some(b'{'), Protocol::Query | Protocol::Ec2 | Protocol::RestXml | Protocol::RpcV2Cbor) => {
            Protocol::RestJson
        }
        (Some(b'<'), Protocol::Json | Protocol::RestJson | Protocol::RpcV2Cbor) => {
            Protocol::RestXml
        }
        (_, spoken) => spoken,
    };
    let service = Some(operation.service());
    let error = decode_error(service, Some(operation), protocol, status, headers, body);
    // Without a message of its own, an error of any protocol is told with its whole body.
    let is_body = match first {
        Some(b'{' | b'<') => first_byte(error.message.as_bytes()) == first,
        _ => std::str::from_utf8(body).is_err() && error.message.contains('\u{fffd}'),
    };
    let message = Some(error.message).filter(|text| !text.is_empty() && !is_body);
    Answer::Failure { code: error.code, message, status }
}

fn first_byte(body: &[u8]) -> Option<u8> {
    body.iter().copied().find(|byte| !byte.is_ascii_whitespace())
}

/// Whether a body is HTML, as proxies and emulators send where they have no answer.
fn is_page(body: &[u8]) -> bool {
    let body = body.trim_ascii_start();
    ["<!doctype html", "<html"].iter().any(|start| {
        body.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start.as_bytes()))
    })
}

/// S3 starts some answers before it knows how they end, and then tells an error under a 200
/// (documented for `CopyObject` and `CompleteMultipartUpload`).
fn is_s3_error(body: &[u8]) -> bool {
    const OPENING_BYTES_MAX: usize = 256;
    let opening = body.get(..OPENING_BYTES_MAX.min(body.len())).unwrap_or_default();
    let mut opening = opening.trim_ascii_start();
    if opening.starts_with(b"<?xml") {
        let end = opening.windows(2).position(|pair| pair == b"?>").map(|at| at + 2);
        opening = end.and_then(|end| opening.get(end..)).unwrap_or_default().trim_ascii_start();
    }
    opening.starts_with(b"<Error>") || opening.starts_with(b"<Error ")
}

/// Whether the head of an answer says that nothing follows.
fn is_empty(headers: &HeaderMap, status: u16) -> bool {
    status == 204 || status == 304 || header(headers, CONTENT_LENGTH.as_str()) == Some("0")
}

/// A body as it was before it was zipped; `None` if it is broken or too large.
fn unzipped<'b>(headers: &HeaderMap, body: &'b [u8]) -> Option<Cow<'b, [u8]>> {
    // So few are read at once that their memory needs no count.
    unpacked(headers, body, UNZIPPED_BYTES_MAX, |_| true).ok()
}

fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The headers of S3 that say how an object is kept.
fn shown(headers: &HeaderMap) -> HeaderMap {
    let is_shown = |name: &str| name.starts_with("x-amz-") && !name.starts_with("x-amz-meta-");
    let kept = headers.iter().filter(|(name, _)| is_shown(name.as_str()));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn request_id(headers: &HeaderMap, body: &[u8]) -> Option<String> {
    let known = ID_HEADERS.iter().find_map(|name| header(headers, name));
    let found = known.or_else(|| ID_ELEMENTS.iter().find_map(|name| element(body, name)))?;
    let is_id =
        (1..=ID_BYTES_MAX).contains(&found.len()) && found.bytes().all(|b| b.is_ascii_graphic());
    is_id.then(|| found.to_owned())
}

/// The text of the first element of this name near either end of an XML body.
fn element<'b>(body: &'b [u8], name: &str) -> Option<&'b str> {
    if first_byte(body) != Some(b'<') {
        return None;
    }
    let open = format!("<{name}>");
    let front = body.get(..ID_SEARCH_BYTES_MAX.min(body.len()))?;
    let back = body.get(body.len().saturating_sub(ID_SEARCH_BYTES_MAX)..)?;
    [front, back].into_iter().find_map(|part| {
        let at = part.windows(open.len()).position(|window| window == open.as_bytes())?;
        let rest = part.get(at + open.len()..)?;
        let end = rest.iter().position(|byte| *byte == b'<')?;
        std::str::from_utf8(rest.get(..end)?).ok().map(str::trim)
    })
}
