//! The tree into REST calls and answers.

use std::borrow::Cow;

use super::{header, path, query};
use crate::{
    codec::{Header, fault::Fault, form, json, scalar, xml},
    model::{Location, Member, Operation, Protocol, Shape, ShapeKind, TimestampFormat},
    value::Value,
};

/// The parts of a REST message besides its method.
pub(in crate::codec) struct Parts {
    pub(in crate::codec) path_and_query: String,
    pub(in crate::codec) headers: Vec<Header>,
    pub(in crate::codec) status: Option<u16>,
    pub(in crate::codec) body: Vec<u8>,
}

/// Writes a call; `None` if a label of its path has no value.
pub(in crate::codec) fn request(
    operation: Operation<'static>,
    protocol: Protocol,
    input: &Value,
) -> Option<Parts> {
    let shape = operation.input();
    let label = |name: &str| {
        let member = shape?
            .members()
            .find(|member| member.location() == Location::Uri && member.wire_name() == name)?;
        let value = input.get(member.name())?;
        let format = member
            .timestamp_format()
            .or_else(|| member.shape().timestamp_format())
            .unwrap_or(TimestampFormat::Iso8601);
        scalar::write(value, format, false).map(Cow::Owned)
    };
    let mut path_and_query = path::fill(operation.uri(), label)?;
    let mut parts = located(shape, input);
    let fixed = path::fixed_query(operation.uri());
    let rest = form::write(&parts.pairs);
    for (start, piece) in [fixed, &rest].into_iter().filter(|piece| !piece.is_empty()).enumerate() {
        path_and_query.push(if start == 0 { '?' } else { '&' });
        path_and_query.push_str(piece);
    }
    let mut root = operation.input_root();
    if root.is_none() && protocol == Protocol::RestXml {
        root = Some((operation.name(), operation.service().xml_namespace()));
    }
    let body = body(shape, protocol, input, root, &mut parts.headers);
    Some(Parts { path_and_query, headers: parts.headers, status: None, body })
}

/// Writes an answer.
pub(in crate::codec) fn response(
    operation: Operation<'static>,
    protocol: Protocol,
    output: &Value,
) -> Parts {
    let shape = operation.output();
    let mut parts = located(shape, output);
    let root = format!("{}Response", operation.name());
    let root = Some((root.as_str(), operation.service().xml_namespace()));
    let body = body(shape, protocol, output, root, &mut parts.headers);
    Parts { path_and_query: String::new(), headers: parts.headers, status: parts.status, body }
}

/// The members of an error that travel in headers.
pub(in crate::codec) fn error_headers(fault: &Fault<'_>) -> Vec<Header> {
    let text = |(member, value): (Member<'static>, &Value)| {
        header::write(member, value).map(|text| (Cow::Borrowed(member.wire_name()), text))
    };
    // The protocol's own header names the error; a member of the same name gives way.
    let own = |(name, _): &Header| name.eq_ignore_ascii_case("x-amzn-errortype");
    fault.headers().filter_map(text).filter(|header| !own(header)).collect()
}

#[derive(Default)]
struct Located {
    headers: Vec<Header>,
    pairs: Vec<(String, String)>,
    status: Option<u16>,
}

/// Everything outside path and body.
fn located(shape: Option<Shape<'static>>, value: &Value) -> Located {
    let mut located = Located::default();
    let (Some(shape), Some(members)) = (shape, value.as_structure()) else {
        return located;
    };
    for (name, value) in members {
        let Some(member) = shape.member(name) else {
            continue;
        };
        match (member.location(), value) {
            (Location::QueryString, value) => query::write(member, value, &mut located.pairs),
            (Location::Header, value) => {
                if let Some(text) = header::write(member, value) {
                    located.headers.push((Cow::Borrowed(member.wire_name()), text));
                }
            }
            (Location::Headers, Value::Map(entries)) => {
                for (key, entry) in entries {
                    let name = Cow::Owned(format!("{}{key}", member.wire_name()));
                    let text = entry.as_str().unwrap_or_default().to_owned();
                    located.headers.push((name, text));
                }
            }
            (Location::StatusCode, Value::Integer(status)) => {
                located.status = u16::try_from(*status).ok();
            }
            _ => {}
        }
    }
    located
}

fn body(
    shape: Option<Shape<'static>>,
    protocol: Protocol,
    value: &Value,
    root: Option<(&str, Option<&str>)>,
    headers: &mut Vec<Header>,
) -> Vec<u8> {
    let Some(shape) = shape else {
        return Vec::new();
    };
    let mut body = Vec::new();
    let mut media_type = None;
    if let Some(payload) = shape.payload() {
        if let Some(value) = value.get(payload.name()) {
            (body, media_type) = written_payload(payload, protocol, value);
        }
    } else if shape.members().any(|member| member.location() == Location::Body) {
        let (name, namespace) = root.unwrap_or(("Request", None));
        media_type = Some(structured(protocol));
        body = match protocol {
            Protocol::RestXml => {
                let mut document = xml::Document::bare(true);
                document.payload(name, namespace, shape, value);
                document.finish()
            }
            _ => json::encode(Some(shape), value),
        };
    }
    // Where the media type is a parameter, it is the caller's to set.
    let is_parameter = shape.members().any(|member| {
        member.location() == Location::Header
            && member.wire_name().eq_ignore_ascii_case("content-type")
    });
    if let Some(media_type) = media_type
        && !is_parameter
    {
        headers.push((Cow::Borrowed("content-type"), media_type.to_owned()));
    }
    body
}

const fn structured(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::RestXml => "application/xml",
        _ => "application/json",
    }
}

fn written_payload(
    payload: Member<'static>,
    protocol: Protocol,
    value: &Value,
) -> (Vec<u8>, Option<&'static str>) {
    let shape = payload.shape();
    match (value, shape.kind(), protocol) {
        (Value::Stream | Value::Null, ..) => (Vec::new(), None),
        (Value::Blob(bytes), ..) => (bytes.clone(), Some("application/octet-stream")),
        (Value::String(text), ShapeKind::String, _) => {
            (text.clone().into_bytes(), Some("text/plain"))
        }
        (value, _, Protocol::RestXml) => {
            let mut document = xml::Document::bare(true);
            document.payload(payload.wire_name(), None, shape, value);
            (document.finish(), Some(structured(protocol)))
        }
        (value, ..) => (json::value_text(Some(shape), value), Some(structured(protocol))),
    }
}
