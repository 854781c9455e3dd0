//! Values in query strings.

use super::path;
use crate::{
    codec::{DecodeError, form, scalar},
    model::{Location, Member, Operation, Shape, TimestampFormat},
    value::Value,
};

/// Query keys of a presigned URL, in lower case: they sign the call and are no parameters of it.
const PRESIGNED: [&str; 9] = [
    "x-amz-algorithm",
    "x-amz-credential",
    "x-amz-date",
    "x-amz-expires",
    "x-amz-security-token",
    "x-amz-signature",
    "x-amz-signedheaders",
    "x-amz-s3session-token",
    "x-id",
];

/// Reads a member that travels in the query string; `None` if it is not there.
pub(super) fn read(
    member: Member<'static>,
    pairs: &[form::Pair<'_>],
) -> Result<Option<Value>, DecodeError> {
    let name = member.wire_name();
    let mut texts = pairs.iter().filter(|(key, _)| key == name).map(|(_, value)| value);
    let Some(first) = texts.next() else {
        return Ok(None);
    };
    let shape = member.shape();
    let Some(element) = shape.list_member() else {
        return scalar::read(shape, first).map(Some);
    };
    let items = std::iter::once(first).chain(texts);
    let items = items.map(|text| scalar::read(element.shape(), text));
    items.collect::<Result<_, _>>().map(|items| Some(Value::List(items)))
}

/// Reads the map of all query parameters that the operation does not name otherwise.
pub(super) fn read_map(
    operation: Operation<'static>,
    input: Shape<'static>,
    member: Member<'static>,
    pairs: &[form::Pair<'_>],
) -> Result<Option<Value>, DecodeError> {
    let Some(wanted) = member.shape().map_value() else {
        return Ok(None);
    };
    let fixed = form::pairs(path::fixed_query(operation.uri()))?;
    let declared = |key: &str| {
        fixed.iter().any(|(name, _)| name == key)
            || PRESIGNED.contains(&key.to_ascii_lowercase().as_str())
            || input.members().any(|other| {
                other.location() == Location::QueryString
                    && other.name() != member.name()
                    && other.wire_name() == key
            })
    };
    let mut entries: Vec<(String, Value)> = Vec::new();
    for (key, text) in pairs.iter().filter(|(key, _)| !declared(key)) {
        let known = entries.iter_mut().find(|(name, _)| name == key);
        match (wanted.shape().list_member(), known) {
            (Some(element), Some((_, Value::List(items)))) => {
                items.push(scalar::read(element.shape(), text)?);
            }
            (Some(element), _) => {
                let item = scalar::read(element.shape(), text)?;
                entries.push((key.to_string(), Value::List(vec![item])));
            }
            (None, Some((_, value))) => *value = scalar::read(wanted.shape(), text)?,
            (None, None) => {
                entries.push((key.to_string(), scalar::read(wanted.shape(), text)?));
            }
        }
    }
    Ok((!entries.is_empty()).then_some(Value::Map(entries)))
}

/// Adds the pairs of a member that travels in the query string.
pub(super) fn write(member: Member<'static>, value: &Value, pairs: &mut Vec<(String, String)>) {
    let shape = member.shape();
    let text = |shape: Shape<'static>, value: &Value| {
        let format = member
            .timestamp_format()
            .or_else(|| shape.timestamp_format())
            .unwrap_or(TimestampFormat::Iso8601);
        scalar::write(value, format, false)
    };
    let mut add = |name: &str, shape: Option<Shape<'static>>, value: &Value| match value {
        Value::List(items) => {
            let element = shape.and_then(Shape::list_member);
            if let Some(element) = element {
                let texts = items.iter().filter_map(|item| text(element.shape(), item));
                pairs.extend(texts.map(|text| (name.to_owned(), text)));
            }
        }
        scalar => {
            let text = shape.and_then(|shape| text(shape, scalar));
            pairs.extend(text.map(|text| (name.to_owned(), text)));
        }
    };
    match value {
        Value::Map(entries) => {
            for (name, entry) in entries {
                add(name, shape.map_value().map(Member::shape), entry);
            }
        }
        other => add(member.wire_name(), Some(shape), other),
    }
}
