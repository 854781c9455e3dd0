//! The tree into CBOR bodies.

use super::{Dialect, item::Writer};
use crate::{
    codec::fault::Fault,
    model::{Location, Member, Shape},
    value::Value,
};

/// Encodes a structure of the shape.
pub(in crate::codec) fn encode(
    shape: Option<Shape<'static>>,
    value: &Value,
    dialect: Dialect,
) -> Vec<u8> {
    let mut writer = Writer::default();
    match (shape, value) {
        (Some(shape), Value::Structure(_)) => write(&mut writer, Some(shape), value, dialect),
        _ => writer.map(0),
    }
    writer.bytes
}

fn write(writer: &mut Writer, shape: Option<Shape<'static>>, value: &Value, dialect: Dialect) {
    match value {
        Value::Null | Value::Stream => writer.null(),
        Value::Bool(flag) => writer.bool(*flag),
        Value::Integer(number) => writer.integer(*number),
        Value::Double(number) => writer.double(*number),
        // Text keeps the digits; readers of numbers that large accept it.
        Value::Decimal(text) => writer.text(text),
        Value::String(text) => writer.text(text),
        Value::Blob(bytes) => writer.blob(bytes),
        Value::Timestamp(at) => {
            writer.tag(1);
            match dialect {
                Dialect::Legacy => writer.integer(at.as_ms()),
                Dialect::RpcV2 if at.as_ms() % 1_000 == 0 => writer.integer(at.as_seconds()),
                Dialect::RpcV2 => writer.double(at.as_ms() as f64 / 1_000.0),
            }
        }
        Value::List(items) => {
            let element = shape.and_then(Shape::list_member).map(Member::shape);
            writer.array(items.len());
            for item in items {
                write(writer, element, item, dialect);
            }
        }
        Value::Map(entries) => {
            let wanted = shape.and_then(Shape::map_value).map(Member::shape);
            writer.map(entries.len());
            for (key, entry) in entries {
                writer.text(key);
                write(writer, wanted, entry, dialect);
            }
        }
        Value::Structure(members) => write_members(writer, shape, members, dialect),
        Value::Document(raw) => writer.text(raw.get()),
    }
}

fn write_members(
    writer: &mut Writer,
    shape: Option<Shape<'static>>,
    members: &[(&'static str, Value)],
    dialect: Dialect,
) {
    let body: Vec<_> = members
        .iter()
        .filter(|(_, value)| !matches!(value, Value::Null | Value::Stream))
        .map(|(name, value)| (*name, shape.and_then(|shape| shape.member(name)), value))
        .filter(|(_, member, _)| member.is_none_or(|member| member.location() == Location::Body))
        .collect();
    writer.map(body.len());
    for (name, member, value) in body {
        writer.text(member.map_or(name, |member| member.wire_name()));
        write(writer, member.map(Member::shape), value, dialect);
    }
}

/// Encodes an error body.
pub(in crate::codec) fn error(fault: &Fault<'_>, dialect: Dialect) -> Vec<u8> {
    let mut writer = Writer::default();
    let fields: Vec<_> = fault.fields().collect();
    writer.map(2 + fields.len());
    writer.text("__type");
    writer.text(&fault.name);
    writer.text(fault.message_name);
    writer.text(&fault.error.message);
    for (name, member, value) in fields {
        writer.text(name);
        write(&mut writer, member.map(Member::shape), value, dialect);
    }
    writer.bytes
}
