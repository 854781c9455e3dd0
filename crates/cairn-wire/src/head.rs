//! The head of a request, as every part of this crate reads it.

use http::HeaderMap;

/// The head of a request as it came over the wire, nothing decoded.
#[derive(Clone, Copy, Debug)]
pub struct RequestHead<'a> {
    /// The method, in upper case.
    pub method: &'a str,
    /// The path as sent, percent-encoded.
    pub path: &'a str,
    /// The query string as sent, without the `?`.
    pub query: &'a str,
    /// The headers, all values of each.
    pub headers: &'a HeaderMap,
}

impl<'a> RequestHead<'a> {
    /// The first value of a header, when it is visible ASCII.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The host that the request addresses, with its port.
    pub fn host(&self) -> Option<&'a str> {
        self.header("host")
    }
}
