//! The tree into JSON bodies.

use crate::{
    codec::{fault::Fault, scalar, time},
    model::{Location, Member, Shape, TimestampFormat},
    value::Value,
};

/// Encodes the body members of a structure, compact, in the model's order.
pub(in crate::codec) fn encode(shape: Option<Shape<'static>>, value: &Value) -> Vec<u8> {
    let mut out = Vec::with_capacity(room(value));
    match value {
        Value::Structure(members) => object(&mut out, shape, members),
        _ => out.extend_from_slice(b"{}"),
    }
    out
}

/// Encodes any value as JSON text (a payload that is a document, a header's JSON value).
pub(in crate::codec) fn value_text(shape: Option<Shape<'static>>, value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out, shape, None, value);
    out
}

/// Encodes an error body: `{"__type":"TrailNotFoundException","Message":"…"}`.
///
/// evidence: observed (key order, compact form, no name space).
pub(in crate::codec) fn error(fault: &Fault<'_>, with_type: bool) -> Vec<u8> {
    let mut out = Vec::new();
    let mut comma = b'{';
    if with_type {
        key(&mut out, &mut comma, "__type");
        string(&mut out, &fault.name);
    }
    key(&mut out, &mut comma, fault.message_name);
    string(&mut out, &fault.error.message);
    for (name, member, value) in fault.fields() {
        key(&mut out, &mut comma, name);
        write(&mut out, member.map(Member::shape), member, value);
    }
    out.push(b'}');
    out
}

/// About how many bytes a value takes: a long answer is not moved again and again while it grows.
fn room(value: &Value) -> usize {
    const NAME_BYTES: usize = 24;
    match value {
        // With a backslash before some characters: text may be JSON itself.
        Value::String(text) => text.len() + text.len() / 8 + 2,
        Value::Blob(bytes) => bytes.len() / 3 * 4 + 6,
        Value::List(items) => items.iter().map(|item| room(item) + 1).sum::<usize>() + 2,
        Value::Map(entries) => {
            entries.iter().map(|(key, value)| key.len() + room(value) + 4).sum::<usize>() + 2
        }
        Value::Structure(members) => {
            members.iter().map(|(_, value)| NAME_BYTES + room(value)).sum::<usize>() + 2
        }
        _ => NAME_BYTES,
    }
}

fn key(out: &mut Vec<u8>, comma: &mut u8, name: &str) {
    out.push(std::mem::replace(comma, b','));
    string(out, name);
    out.push(b':');
}

fn string(out: &mut Vec<u8>, text: &str) {
    // Text and a vector: neither side of this can fail.
    drop(serde_json::to_writer(out, text));
}

fn object(out: &mut Vec<u8>, shape: Option<Shape<'static>>, members: &[(&'static str, Value)]) {
    let mut comma = b'{';
    for (name, value) in members {
        let member = shape.and_then(|shape| shape.member(name));
        let in_body = member.is_none_or(|member| member.location() == Location::Body);
        if !in_body || matches!(value, Value::Null | Value::Stream) {
            continue;
        }
        key(out, &mut comma, member.map_or(name, |member| member.wire_name()));
        write(out, member.map(Member::shape), member, value);
    }
    if comma == b'{' {
        out.push(b'{');
    }
    out.push(b'}');
}

fn write(
    out: &mut Vec<u8>,
    shape: Option<Shape<'static>>,
    member: Option<Member<'static>>,
    value: &Value,
) {
    match value {
        Value::Null | Value::Stream => out.extend_from_slice(b"null"),
        Value::Bool(flag) => out.extend_from_slice(if *flag { b"true" } else { b"false" }),
        Value::Integer(number) => out.extend_from_slice(number.to_string().as_bytes()),
        Value::Double(number) if number.is_finite() => {
            out.extend_from_slice(scalar::write_double(*number).as_bytes());
        }
        Value::Double(number) => string(out, &scalar::write_double(*number)),
        Value::Decimal(text) => out.extend_from_slice(text.as_bytes()),
        Value::String(text) => string(out, text),
        Value::Blob(bytes) => string(out, &scalar::base64(bytes)),
        Value::Timestamp(at) => {
            let format = member
                .and_then(Member::timestamp_format)
                .or_else(|| shape.and_then(Shape::timestamp_format))
                .unwrap_or(TimestampFormat::UnixTimestamp);
            if format == TimestampFormat::UnixTimestamp {
                out.extend_from_slice(time::epoch(*at).as_bytes());
            } else {
                string(out, &time::format(*at, format, true));
            }
        }
        Value::List(items) => {
            let element = shape.and_then(Shape::list_member);
            out.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write(out, element.map(Member::shape), element, item);
            }
            out.push(b']');
        }
        Value::Map(entries) => {
            let wanted = shape.and_then(Shape::map_value);
            let mut comma = b'{';
            for (name, entry) in entries {
                key(out, &mut comma, name);
                write(out, wanted.map(Member::shape), wanted, entry);
            }
            if comma == b'{' {
                out.push(b'{');
            }
            out.push(b'}');
        }
        Value::Structure(members) => object(out, shape, members),
        Value::Document(raw) => out.extend_from_slice(raw.get().as_bytes()),
    }
}
