//! Fills a shape with values that are hard to carry, beside the JSON that says what they are.

use base64::{Engine, engine::general_purpose::STANDARD};
use cairn_event::Timestamp;
use cairn_wire::{
    model::{Location, Member, Shape, ShapeKind},
    value::Value,
};
use serde_json::{Map, Value as Json, json, value::RawValue};

const TEXT: &str = "a b&c=d+e%2F/f<g>\"h\",i.ü\n\u{1f980}";
const HEADER_TEXT: &str = "a b;c=d";
const BLOB: &[u8] = b"\x00\xff\xfeblob";
const DOCUMENT: &str = r#"{"a":[1,2.5,"x",null,true],"b":{"c":"é"}}"#;
const TIME_MS: i64 = 1_795_626_000_000;
/// More than a double can hold.
const LONG: i64 = 9_007_199_254_740_993;

/// A value and its JSON: timestamps as milliseconds, blobs as base64, streams as null.
pub type Filled = (Value, Json);

/// Fills a structure; a recursive shape is entered once.
pub fn fill(shape: Shape<'static>) -> Filled {
    let mut open = Vec::new();
    structure(shape, &mut open)
}

fn structure(shape: Shape<'static>, open: &mut Vec<Shape<'static>>) -> Filled {
    let mut members = Vec::new();
    let mut json = Map::new();
    let only = if shape.union() { 1 } else { usize::MAX };
    for member in shape.members() {
        if members.len() == only {
            break;
        }
        let entered = |known: &Shape<'static>| known.id() == member.shape().id();
        if open.iter().any(entered) {
            continue;
        }
        open.push(member.shape());
        let (value, expected) = filled(member, open);
        open.pop();
        members.push((member.name(), value));
        json.insert(member.name().to_owned(), expected);
    }
    (Value::Structure(members), Json::Object(json))
}

fn filled(member: Member<'static>, open: &mut Vec<Shape<'static>>) -> Filled {
    let shape = member.shape();
    let header = matches!(member.location(), Location::Header | Location::Headers);
    if member.streaming() || shape.streaming() || shape.event_stream() {
        return (Value::Stream, Json::Null);
    }
    if shape.document() || (member.jsonvalue() && header) {
        let raw = RawValue::from_string(DOCUMENT.to_owned()).expect("JSON");
        let json = serde_json::from_str(DOCUMENT).expect("JSON");
        return (Value::Document(raw), json);
    }
    match shape.kind() {
        ShapeKind::Structure => structure(shape, open),
        ShapeKind::List => {
            let element = shape.list_member().expect("an element");
            let (value, json) = within(element, open, header);
            match value {
                Some(value) => (Value::List(vec![value.clone(), value]), json!([json, json])),
                None => (Value::List(Vec::new()), json!([])),
            }
        }
        ShapeKind::Map => {
            let key = shape.map_key().expect("a key").shape().enums().next();
            let key = if header { "one" } else { key.unwrap_or("k-1.x") };
            let (value, json) = within(shape.map_value().expect("a value"), open, header);
            match value {
                Some(value) => (Value::Map(vec![(key.to_owned(), value)]), json!({ key: json })),
                None => (Value::Map(Vec::new()), json!({})),
            }
        }
        ShapeKind::Timestamp => (Value::Timestamp(Timestamp::from_ms(TIME_MS)), json!(TIME_MS)),
        _ if member.location() == Location::StatusCode => (Value::Integer(200), json!(200)),
        _ => scalar(shape, header),
    }
}

/// A value inside a list or a map; nothing where that would never end.
fn within(
    member: Member<'static>,
    open: &mut Vec<Shape<'static>>,
    header: bool,
) -> (Option<Value>, Json) {
    if open.iter().any(|known| known.id() == member.shape().id()) {
        return (None, Json::Null);
    }
    open.push(member.shape());
    let (value, json) = match (header, member.shape().kind()) {
        (true, ShapeKind::String) => scalar(member.shape(), true),
        _ => filled(member, open),
    };
    open.pop();
    (Some(value), json)
}

fn scalar(shape: Shape<'static>, header: bool) -> Filled {
    match shape.kind() {
        ShapeKind::Blob => (Value::Blob(BLOB.to_vec()), json!(STANDARD.encode(BLOB))),
        ShapeKind::Boolean => (Value::Bool(true), json!(true)),
        ShapeKind::Integer => (Value::Integer(-7), json!(-7)),
        ShapeKind::Long | ShapeKind::BigInteger => (Value::Integer(LONG), json!(LONG)),
        ShapeKind::Float | ShapeKind::Double | ShapeKind::BigDecimal => {
            (Value::Double(0.25), json!(0.25))
        }
        _ => {
            let usual = if header { HEADER_TEXT } else { TEXT };
            let text = shape.enums().next().unwrap_or(usual);
            (Value::String(text.to_owned()), json!(text))
        }
    }
}
