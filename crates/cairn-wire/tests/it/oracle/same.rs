//! Whether a decoded value is what the request was made from.

use base64::{Engine, engine::general_purpose::STANDARD};
use cairn_wire::{
    model::{Member, Shape, ShapeKind},
    value::Value,
};
use serde_json::Value as Json;

/// `Err` is the path of the first difference with both sides.
pub fn same(shape: Shape<'static>, expected: &Json, got: &Value) -> Result<(), String> {
    check(shape, None, expected, got)
}

fn check(
    shape: Shape<'static>,
    member: Option<Member<'static>>,
    expected: &Json,
    got: &Value,
) -> Result<(), String> {
    let equal = match (expected, got) {
        (_, Value::Document(raw)) => {
            serde_json::from_str::<Json>(raw.get()).is_ok_and(|got| got == *expected)
        }
        (Json::Null, Value::Stream) => streaming(shape, member),
        (Json::Object(wanted), Value::Structure(members)) => {
            return structure(shape, wanted, members);
        }
        (Json::Object(wanted), Value::Map(entries)) => {
            return map(shape, wanted, entries);
        }
        (Json::Array(wanted), Value::List(items)) => return list(shape, wanted, items),
        (Json::String(text), Value::String(got)) => text == got,
        (Json::String(text), Value::Blob(got)) => STANDARD.encode(got) == *text,
        (Json::Bool(flag), Value::Bool(got)) => flag == got,
        (Json::Number(number), Value::Timestamp(got)) => number.as_i64() == Some(got.as_ms()),
        (Json::Number(number), Value::Integer(got)) => number.as_i64() == Some(*got),
        (Json::Number(number), Value::Double(got)) => {
            shape.kind() != ShapeKind::Timestamp && number.as_f64() == Some(*got)
        }
        _ => false,
    };
    if equal { Ok(()) } else { Err(format!(": expected {expected}, got {got:?}")) }
}

fn streaming(shape: Shape<'static>, member: Option<Member<'static>>) -> bool {
    shape.streaming() || shape.event_stream() || member.is_some_and(Member::streaming)
}

fn structure(
    shape: Shape<'static>,
    wanted: &serde_json::Map<String, Json>,
    members: &[(&'static str, Value)],
) -> Result<(), String> {
    for (name, got) in members {
        let member = shape.member(name).ok_or_else(|| format!(".{name}: not in the model"))?;
        let Some(expected) = wanted.get(*name) else {
            return Err(format!(".{name}: was not sent, got {got:?}"));
        };
        check(member.shape(), Some(member), expected, got)
            .map_err(|path| format!(".{name}{path}"))?;
    }
    for (name, expected) in wanted {
        if !members.iter().any(|(known, _)| known == name) {
            return Err(format!(".{name}: missing, expected {expected}"));
        }
    }
    Ok(())
}

fn list(shape: Shape<'static>, wanted: &[Json], items: &[Value]) -> Result<(), String> {
    let element = shape.list_member().ok_or(": not a list in the model")?;
    if wanted.len() != items.len() {
        return Err(format!(": {} elements, got {}", wanted.len(), items.len()));
    }
    for (index, (expected, got)) in wanted.iter().zip(items).enumerate() {
        check(element.shape(), Some(element), expected, got)
            .map_err(|path| format!("[{index}]{path}"))?;
    }
    Ok(())
}

fn map(
    shape: Shape<'static>,
    wanted: &serde_json::Map<String, Json>,
    entries: &[(String, Value)],
) -> Result<(), String> {
    let value = shape.map_value().ok_or(": not a map in the model")?;
    if wanted.len() != entries.len() {
        return Err(format!(": {} entries, got {}", wanted.len(), entries.len()));
    }
    for (key, got) in entries {
        let expected = wanted.get(key).ok_or_else(|| format!(".{key}: was not sent"))?;
        check(value.shape(), Some(value), expected, got).map_err(|path| format!(".{key}{path}"))?;
    }
    Ok(())
}
