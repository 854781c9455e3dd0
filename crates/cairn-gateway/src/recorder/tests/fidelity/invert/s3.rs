//! A call to S3, read backwards: the request line, headers and body that its record shows.

use std::fmt::Write as _;

use cairn_wire::model::{Location, Operation};
use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value as Json;

/// The parts of an HTTP request.
#[derive(Debug, Default)]
pub(in crate::recorder::tests::fidelity) struct Sent {
    pub query: String,
    pub headers: HeaderMap,
    pub body: Option<Vec<u8>>,
    pub bucket: Option<String>,
    pub key: Option<String>,
}

pub(in crate::recorder::tests::fidelity) fn sent(
    operation: Operation<'static>,
    json: &Json,
) -> Sent {
    let mut sent = Sent::default();
    let mut pairs = Vec::new();
    for (key, value) in json.as_object().into_iter().flatten() {
        match (key.as_str(), value) {
            ("bucketName", Json::String(text)) => sent.bucket = Some(text.clone()),
            ("key", Json::String(text)) => sent.key = Some(text.clone()),
            ("Host", Json::String(text)) => put(&mut sent.headers, "host", text),
            ("bucketPolicy", policy) => sent.body = Some(policy.to_string().into_bytes()),
            (_, Json::String(text)) if is_header(operation, key) => {
                put(&mut sent.headers, key, text);
            }
            (_, Json::String(text)) if is_query(operation, key) => {
                pairs.push(format!("{}={}", encoded(key), encoded(text)));
            }
            (_, Json::Object(_)) => {
                let mut body = String::new();
                push_xml(&mut body, key, value);
                sent.body = Some(body.into_bytes());
            }
            _ => {}
        }
    }
    sent.query = pairs.join("&");
    sent
}

fn put(headers: &mut HeaderMap, name: &str, value: &str) {
    let name = HeaderName::from_bytes(name.as_bytes());
    if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) {
        headers.insert(name, value);
    }
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// Whether the operation has a header of this name.
fn is_header(operation: Operation<'static>, key: &str) -> bool {
    let members = operation.input().into_iter().flat_map(cairn_wire::model::Shape::members);
    members.into_iter().any(|member| {
        member.location() == Location::Header && member.wire_name().eq_ignore_ascii_case(key)
    })
}

/// Whether a query string of the operation can have it: by its path, its members or a signature.
fn is_query(operation: Operation<'static>, key: &str) -> bool {
    let fixed = operation.uri().split_once('?').map_or("", |(_, query)| query);
    let mut members = operation.input().into_iter().flat_map(cairn_wire::model::Shape::members);
    let signature =
        ["X-Amz-Algorithm", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders", "Expires"];
    fixed.split('&').any(|pair| pair.split('=').next() == Some(key))
        || members.any(|m| m.location() == Location::QueryString && m.wire_name() == key)
        || signature.contains(&key)
}

fn push_xml(out: &mut String, name: &str, json: &Json) {
    match json {
        Json::Array(items) => items.iter().for_each(|item| push_xml(out, name, item)),
        Json::Object(object) => {
            write!(out, "<{name}").unwrap();
            let is_attribute = |key: &str| key.starts_with("xmlns") || key.contains(':');
            for (key, value) in object.iter().filter(|(key, _)| is_attribute(key)) {
                write!(out, " {key}=\"{}\"", escaped(&text(value))).unwrap();
            }
            out.push('>');
            for (key, value) in object.iter().filter(|(key, _)| !is_attribute(key)) {
                if key == "content" {
                    out.push_str(&escaped(&text(value)));
                } else {
                    push_xml(out, key, value);
                }
            }
            write!(out, "</{name}>").unwrap();
        }
        other => write!(out, "<{name}>{}</{name}>", escaped(&text(other))).unwrap(),
    }
}

fn text(json: &Json) -> String {
    json.as_str().map_or_else(|| json.to_string(), str::to_owned)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}
