//! One line of the oracle: a request as botocore sends it, beside what it was made from.

use base64::{Engine, engine::general_purpose::STANDARD};
use cairn_wire::{RequestHead, model::Protocol};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;

/// A line as it is written by `conformance/oracle/generate.py`.
#[derive(Deserialize)]
pub struct Line {
    pub service: String,
    pub operation: String,
    pub signing_name: String,
    pub protocol: String,
    pub full: bool,
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    body: String,
    pub input: serde_json::Value,
}

/// The request of a line, in the form that the crate reads.
pub struct Request<'l> {
    line: &'l Line,
    headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Line {
    /// Reads a line.
    pub fn parse(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in {text:.200}"))
    }

    /// The request.
    pub fn request(&self) -> Request<'_> {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a header name");
            let value = HeaderValue::from_bytes(value.as_bytes()).expect("a header value");
            headers.append(name, value);
        }
        let body = STANDARD.decode(&self.body).expect("base64");
        Request { line: self, headers, body }
    }

    /// The protocol that the request is in.
    pub fn wire_protocol(&self) -> Protocol {
        match self.protocol.as_str() {
            "query" => Protocol::Query,
            "ec2" => Protocol::Ec2,
            "json" => Protocol::Json,
            "rest-json" => Protocol::RestJson,
            "rest-xml" => Protocol::RestXml,
            "smithy-rpc-v2-cbor" => Protocol::RpcV2Cbor,
            other => panic!("the oracle knows no protocol `{other}`"),
        }
    }
}

impl Request<'_> {
    /// The head.
    pub fn head(&self) -> RequestHead<'_> {
        RequestHead {
            method: &self.line.method,
            path: &self.line.path,
            query: &self.line.query,
            headers: &self.headers,
        }
    }
}
