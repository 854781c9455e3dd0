//! How a fuzzer's bytes become a request: readable, so that a found case can be read and a seed be
//! written by hand.
//!
//! ```text
//! METHOD
//! /path
//! query
//! name: value
//! name: value
//!
//! body
//! ```

use http::{HeaderMap, HeaderName, HeaderValue};

/// A request made of a fuzzer's bytes.
pub struct Request<'a> {
    /// The first line.
    pub method: &'a str,
    /// The second line.
    pub path: &'a str,
    /// The third line.
    pub query: &'a str,
    /// The lines after it that are headers.
    pub headers: HeaderMap,
    /// Everything behind the empty line.
    pub body: &'a [u8],
}

impl<'a> Request<'a> {
    /// Takes the bytes apart; what is no UTF-8 in the first three lines becomes empty, as HTTP
    /// would refuse it.
    pub fn parse(bytes: &'a [u8]) -> Self {
        let (head, body) = match bytes.windows(2).position(|pair| pair == b"\n\n") {
            Some(at) => (&bytes[..at], &bytes[at + 2..]),
            None => (bytes, &[][..]),
        };
        let mut lines = head.split(|byte| *byte == b'\n');
        let mut text =
            || lines.next().and_then(|line| std::str::from_utf8(line).ok()).unwrap_or("");
        let (method, path, query) = (text(), text(), text());
        let mut headers = HeaderMap::new();
        for line in lines.take(64) {
            let Some(at) = line.iter().position(|byte| *byte == b':') else { continue };
            let name = HeaderName::from_bytes(&line[..at]);
            let value = HeaderValue::from_bytes(line[at + 1..].trim_ascii());
            if let (Ok(name), Ok(value)) = (name, value) {
                headers.append(name, value);
            }
        }
        Self { method, path, query, headers, body }
    }

    /// The head as the decoders take it.
    pub fn head(&self) -> cairn_wire::RequestHead<'_> {
        cairn_wire::RequestHead {
            method: self.method,
            path: self.path,
            query: self.query,
            headers: &self.headers,
        }
    }
}
