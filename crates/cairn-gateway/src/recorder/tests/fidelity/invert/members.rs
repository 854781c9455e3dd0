//! The families that follow the model, read backwards.

use cairn_wire::model::{Location, Member, Shape, ShapeKind};
use cairn_wire::value::Value;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value as Json};

use super::scalar::scalar;
use crate::recorder::rules::{Action, Rules};
use crate::recorder::services::{Family, ServiceFacts};
use crate::recorder::text::lower_first;

type Object = Map<String, Json>;

/// The key that the family gives a member.
fn key_of(
    member: &Member<'static>,
    path: &[&'static str],
    rules: &Rules,
    facts: &ServiceFacts,
) -> String {
    match rules.at(path) {
        Some(Action::Rename(name)) => name.to_owned(),
        _ if facts.family == Family::AsIs => member.wire_name().to_owned(),
        _ => lower_first(member.name()),
    }
}

pub(super) fn structure(
    object: &Object,
    shape: Shape<'static>,
    path: &mut Vec<&'static str>,
    rules: &Rules,
    facts: &ServiceFacts,
) -> Value {
    let mut found = Vec::new();
    for member in shape.members() {
        path.push(member.name());
        let is_body = shape.payload().is_some_and(|payload| payload.name() == member.name());
        if facts.is_inline && path.len() == 1 && is_body {
            found.push((member.name(), structure(object, member.shape(), path, rules, facts)));
            path.pop();
            continue;
        }
        let json = object.get(&key_of(&member, path, rules, facts));
        let label = json.filter(|_| facts.encodes_labels && member.location() == Location::Uri);
        let label = label
            .and_then(Json::as_str)
            .map(|text| Json::from(percent_decode_str(text).decode_utf8_lossy().into_owned()));
        if let Some(value) =
            label.as_ref().or(json).and_then(|j| value(j, member.shape(), path, rules, facts))
        {
            found.push((member.name(), value));
        }
        path.pop();
    }
    Value::Structure(found)
}

fn value(
    json: &Json,
    shape: Shape<'static>,
    path: &mut Vec<&'static str>,
    rules: &Rules,
    facts: &ServiceFacts,
) -> Option<Value> {
    match (json, shape.kind()) {
        (Json::Object(object), ShapeKind::Structure) if !shape.document() => {
            Some(structure(object, shape, path, rules, facts))
        }
        (Json::Object(object), ShapeKind::Map) => {
            let inner = shape.map_value()?.shape();
            let entries = object.iter().filter_map(|(key, json)| {
                Some((key.clone(), value(json, inner, path, rules, facts)?))
            });
            Some(Value::Map(entries.collect()))
        }
        (Json::Array(items), ShapeKind::List) => {
            let inner = shape.list_member()?.shape();
            let items = items.iter().filter_map(|json| value(json, inner, path, rules, facts));
            Some(Value::List(items.collect()))
        }
        _ => scalar(json, shape),
    }
}

/// A data event of `DynamoDB`: the key has plain values, the item only names.
pub(super) fn item_input(object: &Object, shape: Shape<'static>) -> Value {
    let attribute = |json: &Json| match json {
        Json::Bool(flag) => Value::Structure(vec![("BOOL", Value::Bool(*flag))]),
        other => {
            let text = other.as_str().map_or_else(|| other.to_string(), str::to_owned);
            Value::Structure(vec![("S", Value::String(text))])
        }
    };
    let mut found = Vec::new();
    for member in shape.members() {
        let key = match member.name() {
            "Item" => "items".to_owned(),
            "ReturnValues" => "returnValue".to_owned(),
            name => lower_first(name),
        };
        let value = match (member.name(), object.get(&key)) {
            ("Item", Some(Json::Array(names))) => {
                let names = names.iter().filter_map(Json::as_str);
                Some(Value::Map(
                    names.map(|name| (name.to_owned(), attribute(&Json::Bool(true)))).collect(),
                ))
            }
            ("Key" | "ExclusiveStartKey", Some(Json::Object(key))) => Some(Value::Map(
                key.iter().map(|(name, json)| (name.clone(), attribute(json))).collect(),
            )),
            (_, Some(json)) => scalar(json, member.shape()),
            (_, None) => None,
        };
        found.extend(value.map(|value| (member.name(), value)));
    }
    Value::Structure(found)
}
