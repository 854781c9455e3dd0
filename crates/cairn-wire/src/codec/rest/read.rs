//! REST calls and answers into the tree.

use http::HeaderMap;

use super::{header, path, query};
use crate::{
    RequestHead,
    codec::{DecodeError, form, json, members::Gathered, scalar, xml},
    model::{Location, Member, Operation, Protocol, Shape, ShapeKind},
    value::Value,
};

/// Reads a call; `bucket` is the bucket that the host names, if one does.
pub(in crate::codec) fn request(
    operation: Operation<'static>,
    protocol: Protocol,
    head: &RequestHead<'_>,
    body: &[u8],
    bucket: Option<&str>,
) -> Result<Value, DecodeError> {
    let Some(shape) = operation.input() else {
        return Ok(Value::empty());
    };
    let labels = path::labels(operation.uri(), head.path, bucket)
        .ok_or(DecodeError::Path(operation.uri()))?;
    let pairs = form::pairs(head.query)?;
    let mut gathered = Gathered::default();
    for (index, member) in shape.members().enumerate() {
        let name = member.wire_name();
        let value = match member.location() {
            Location::Uri => labels
                .iter()
                .find(|(label, _)| *label == name)
                .map(|(_, text)| scalar::read(member.shape(), text))
                .transpose(),
            Location::QueryString if member.shape().kind() == ShapeKind::Map => {
                query::read_map(operation, shape, member, &pairs)
            }
            Location::QueryString => query::read(member, &pairs),
            Location::Header => header::read(member, head.headers).map(without_framing(member)),
            Location::Headers => Ok(header::read_prefixed(member, head.headers)),
            Location::StatusCode | Location::Body => Ok(None),
        };
        if let Some(value) = value.map_err(|error| error.within(name))? {
            gathered.put(index, member, value);
        }
    }
    read_body(shape, protocol, head.headers, body, &mut gathered)?;
    Ok(gathered.finish())
}

/// `aws-chunked` is how a body is framed, not how its content is encoded: it is no parameter.
fn without_framing(member: Member<'static>) -> impl Fn(Option<Value>) -> Option<Value> {
    move |value| match value {
        Some(Value::String(text))
            if member.wire_name().eq_ignore_ascii_case("content-encoding") =>
        {
            let tokens = text.split(',').map(str::trim);
            let kept: Vec<_> = tokens.filter(|token| *token != "aws-chunked").collect();
            (!kept.is_empty()).then(|| Value::String(kept.join(",")))
        }
        value => value,
    }
}

/// Reads an answer.
pub(in crate::codec) fn response(
    operation: Operation<'static>,
    protocol: Protocol,
    status: u16,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Value, DecodeError> {
    let Some(shape) = operation.output() else {
        return Ok(Value::empty());
    };
    let mut gathered = Gathered::default();
    for (index, member) in shape.members().enumerate() {
        let value = match member.location() {
            Location::Header => {
                header::read(member, headers).map_err(|error| error.within(member.wire_name()))?
            }
            Location::Headers => header::read_prefixed(member, headers),
            Location::StatusCode => Some(Value::Integer(status.into())),
            Location::Uri | Location::QueryString | Location::Body => None,
        };
        if let Some(value) = value {
            gathered.put(index, member, value);
        }
    }
    read_body(shape, protocol, headers, body, &mut gathered)?;
    Ok(gathered.finish())
}

/// Reads the body: the payload member, or all members without another place.
fn read_body(
    shape: Shape<'static>,
    protocol: Protocol,
    headers: &HeaderMap,
    body: &[u8],
    gathered: &mut Gathered,
) -> Result<(), DecodeError> {
    if let Some(payload) = shape.payload() {
        let place = shape.members().position(|member| member.name() == payload.name());
        let value = read_payload(payload, protocol, headers, body)
            .map_err(|error| error.within(payload.wire_name()))?;
        gathered.put(place.unwrap_or_default(), payload, value);
        return Ok(());
    }
    let in_body = |member: &Member<'static>| member.location() == Location::Body;
    if body.is_empty() || !shape.members().any(|member| in_body(&member)) {
        return Ok(());
    }
    let read = match protocol {
        Protocol::RestXml => xml::read(shape, body, xml::Root::Itself)?,
        _ => json::structure(shape, body)?,
    };
    if let Value::Structure(members) = read {
        for (name, value) in members {
            let place = shape.members().enumerate().find(|(_, member)| member.name() == name);
            if let Some((index, member)) = place {
                gathered.put(index, member, value);
            }
        }
    }
    Ok(())
}

fn read_payload(
    payload: Member<'static>,
    protocol: Protocol,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Value, DecodeError> {
    let shape = payload.shape();
    if shape.event_stream() || payload.streaming() || shape.streaming() {
        return Ok(if has_body(headers, body) { Value::Stream } else { Value::Null });
    }
    if body.is_empty() {
        return Ok(Value::Null);
    }
    match (shape.kind(), protocol) {
        (ShapeKind::Blob, _) => Ok(Value::Blob(body.to_vec())),
        (ShapeKind::String, _) => Ok(Value::String(String::from_utf8_lossy(body).into_owned())),
        (_, Protocol::RestXml) => xml::read(shape, body, xml::Root::Itself),
        // Clients send an empty object for a payload that is not set.
        _ if !payload.required() && body.trim_ascii() == b"{}" => Ok(Value::Null),
        _ => json::read(shape, body),
    }
}

/// Whether a streamed body follows that was not handed over here.
fn has_body(headers: &HeaderMap, body: &[u8]) -> bool {
    let announced = headers
        .get(http::header::CONTENT_LENGTH)
        .map(|length| length.as_bytes() != b"0")
        .or_else(|| headers.get(http::header::TRANSFER_ENCODING).map(|_| true));
    !body.is_empty() || announced.unwrap_or(false)
}
