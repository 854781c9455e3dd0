//! The canonical request: the one text that both sides can make from a request.

use std::cmp::Ordering;
use std::ops::Range;

use http::HeaderMap;

use super::{ALGORITHM, SignatureError, body, encode, is_s3, presigned};
use crate::RequestHead;

/// Room that nearly every canonical request fits in.
const USUAL_BYTES: usize = 1024;

/// Writes the canonical request. `payload` is its last line.
///
/// A header that is listed as signed but did not come makes it fail: such a signature covers
/// something we cannot see.
pub fn request(
    head: &RequestHead<'_>,
    service: &str,
    signed_headers: &str,
    payload: &str,
) -> Result<Vec<u8>, SignatureError> {
    let mut out = Vec::with_capacity(USUAL_BYTES);
    out.extend_from_slice(head.method.as_bytes());
    out.push(b'\n');
    if is_s3(service) {
        push_path_once(&mut out, head.path);
    } else {
        push_path_twice(&mut out, head.path);
    }
    out.push(b'\n');
    push_query(&mut out, head.query);
    out.push(b'\n');
    for name in signed_headers.split(';') {
        if !push_header(&mut out, head.headers, name) {
            return Err(SignatureError::SignedHeaderMissing { name: name.to_owned() });
        }
    }
    out.push(b'\n');
    out.extend_from_slice(signed_headers.as_bytes());
    out.push(b'\n');
    out.extend_from_slice(payload.as_bytes());
    Ok(out)
}

/// The text that is signed: algorithm, time, scope and the hash of the canonical request.
pub fn string_to_sign(time: &str, scope_line: &str, canonical: &[u8]) -> String {
    let hash = encode::hex_string(&body::sha256(canonical));
    format!("{ALGORITHM}\n{time}\n{scope_line}\n{hash}")
}

/// S3: every byte encoded once, nothing normalised; an encoded slash stays apart from a plain one,
/// as in routing.
fn push_path_once(out: &mut Vec<u8>, path: &str) {
    if path.is_empty() {
        out.push(b'/');
    }
    let mut rest = path.as_bytes();
    while let [first, tail @ ..] = rest {
        if let Some(byte) = encode::escaped_byte(rest) {
            encode::push_encoded(out, byte);
            rest = tail.get(2..).unwrap_or_default();
        } else {
            if *first == b'/' {
                out.push(b'/');
            } else {
                encode::push_encoded(out, *first);
            }
            rest = tail;
        }
    }
}

/// All other services: repeated slashes count once, and the path as sent is encoded again.
///
/// AWS resolves dot segments too (documented). We do not: routing sees the path as sent, and a
/// signature over `/a/c` must not hold for `/a/b/../c`. No client sends such a path; HTTP libraries
/// resolve it before.
fn push_path_twice(out: &mut Vec<u8>, path: &str) {
    let start = out.len();
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        out.push(b'/');
        for byte in segment.bytes() {
            encode::push_encoded(out, byte);
        }
    }
    if out.len() == start || path.ends_with('/') {
        out.push(b'/');
    }
}

/// The query string without its own signature: decoded, encoded, sorted by name, then by value.
fn push_query(out: &mut Vec<u8>, query: &str) {
    if query.is_empty() {
        return;
    }
    let mut text: Vec<u8> = Vec::with_capacity(query.len() + query.len() / 4);
    let mut pairs: Vec<(Range<usize>, Range<usize>)> = Vec::new();
    for (name, value) in encode::query_pairs(query) {
        let name = push_component(&mut text, name);
        if text.get(name.clone()) == Some(presigned::SIGNATURE.as_bytes()) {
            continue;
        }
        let value = push_component(&mut text, value);
        pairs.push((name, value));
    }
    let part = |range: &Range<usize>| text.get(range.clone()).unwrap_or_default();
    pairs.sort_unstable_by(|left, right| match part(&left.0).cmp(part(&right.0)) {
        Ordering::Equal => part(&left.1).cmp(part(&right.1)),
        order => order,
    });
    for (index, (name, value)) in pairs.iter().enumerate() {
        if index > 0 {
            out.push(b'&');
        }
        out.extend_from_slice(part(name));
        out.push(b'=');
        out.extend_from_slice(part(value));
    }
}

fn push_component(text: &mut Vec<u8>, raw: &str) -> Range<usize> {
    let start = text.len();
    encode::for_each_decoded(raw, |byte| encode::push_encoded(text, byte));
    start..text.len()
}

/// `name:value,value\n`, with white space trimmed and folded. False when there is no such header.
fn push_header(out: &mut Vec<u8>, headers: &HeaderMap, name: &str) -> bool {
    let mut values = headers.get_all(name).iter().peekable();
    if values.peek().is_none() {
        return false;
    }
    out.extend_from_slice(name.as_bytes());
    for (index, value) in values.enumerate() {
        out.push(if index == 0 { b':' } else { b',' });
        push_folded(out, value.as_bytes());
    }
    out.push(b'\n');
    true
}

fn push_folded(out: &mut Vec<u8>, value: &[u8]) {
    let words = value.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    for (index, word) in words.enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(word);
    }
}
