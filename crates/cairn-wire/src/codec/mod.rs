//! The six protocols: bytes in, typed call out, and back.
//!
//! Each protocol is a folder that turns bodies into [`Value`] and back, guided by the model; this
//! module picks the protocol and adds what all calls share (headers, error codes). Bodies come as they
//! were before compression, which is [`unpacked`].
//! Nothing here panics on any bytes, and every cost has a limit in [`limits`].

mod answer;
mod browser_form;
mod call;
mod cbor;
mod error;
mod fault;
pub(crate) mod form;
mod gzip;
mod json;
pub mod limits;
mod members;
mod query;
mod rest;
mod scalar;
mod time;
mod xml;

use std::borrow::Cow;

pub use answer::{
    decode_error, decode_response, encode_error, encode_error_for, encode_response,
    encode_response_for, extended_request_id,
};
pub use browser_form::{BrowserForm, FORM_FIELDS_BYTES_MAX, browser_form};
pub use call::{EncodeError, decode_request, decode_resolved, encode_request};
pub use error::{DecodeError, WireError};
pub use gzip::{is_packed, unpacked};

pub(crate) use scalar::is_number;

use http::HeaderMap;

/// One header of an encoded message. Names are the model's own, except under a prefix
/// (`x-amz-meta-…`), where the caller chose them.
pub type Header = (Cow<'static, str>, String);

/// A call as our own client sends it, before it is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodedRequest {
    /// The HTTP method.
    pub method: &'static str,
    /// What the endpoint trait puts in front of the host (`123456789012.`), if it does.
    pub host_prefix: Option<String>,
    /// The path, percent-encoded, and the query string.
    pub path_and_query: String,
    /// The headers that the protocol and the parameters ask for.
    pub headers: Vec<Header>,
    /// The body.
    pub body: Vec<u8>,
}

/// An answer, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodedResponse {
    /// The HTTP status.
    pub status: u16,
    /// The headers that the protocol and the output ask for, the request id among them.
    pub headers: Vec<Header>,
    /// The body.
    pub body: Vec<u8>,
}

const JSON_1_0: &str = "application/x-amz-json-1.0";
const JSON_1_1: &str = "application/x-amz-json-1.1";
const CBOR: &str = "application/cbor";
const CBOR_1_1: &str = "application/x-amz-cbor-1.1";
const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";
const XML: &str = "application/xml";
const TEXT_XML: &str = "text/xml";
const EC2_XML: &str = "text/xml;charset=UTF-8";

/// Whether a message is in the older CBOR of Kinesis and DynamoDB, which travels as a JSON call.
fn is_legacy_cbor(headers: &HeaderMap) -> bool {
    headers
        .get(http::header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(CBOR_1_1.as_bytes()))
}
