//! EC2's two styles, read backwards.

use std::slice;

use cairn_wire::model::{Member, Operation, Shape, ShapeKind};
use cairn_wire::value::Value;
use serde_json::{Map, Value as Json};

use super::scalar::scalar;
use crate::recorder::parameters::ec2::new::query_name;
use crate::recorder::parameters::ec2::old::{answer_form, default_item, form_at, key};
use crate::recorder::parameters::ec2::sets::Form;

type Object = Map<String, Json>;
type Members = Vec<(&'static str, Value)>;

pub(super) fn older_input(
    operation: Operation<'static>,
    shape: Shape<'static>,
    object: &Object,
) -> Value {
    let name = operation.name();
    let mut found = older(name, shape, object, &mut Vec::new());
    let first = object.get("instancesSet").and_then(|set| set.get("items")?.get(0)?.as_object());
    if let Some(first) = first {
        for member in shape.members() {
            let path = [member.name()];
            if form_at(name, &path) == Some(Form::Inside)
                && let Some(json) = first.get(&crate::recorder::text::lower_first(member.name()))
                && let Some(value) = older_value(name, &member, json, &mut path.to_vec())
            {
                found.push((member.name(), value));
            }
        }
    }
    Value::Structure(found)
}

fn older(
    operation: &str,
    shape: Shape<'static>,
    object: &Object,
    path: &mut Vec<&'static str>,
) -> Members {
    let mut found = Vec::new();
    for member in shape.members() {
        path.push(member.name());
        let form = form_at(operation, path);
        if form == Some(Form::Hoisted) {
            let inner = older(operation, member.shape(), object, path);
            if !inner.is_empty() {
                found.push((member.name(), Value::Structure(inner)));
            }
        } else if !(form == Some(Form::Inside) && path.len() == 1) {
            let key = key(form, member.name(), elements(member.shape()));
            let value =
                object.get(&key).and_then(|json| older_value(operation, &member, json, path));
            found.extend(value.map(|value| (member.name(), value)));
        }
        path.pop();
    }
    found
}

/// Of a list: whether it is one of structures.
fn elements(shape: Shape<'static>) -> Option<bool> {
    shape.list_member().map(|element| element.shape().kind() == ShapeKind::Structure)
}

fn older_value(
    operation: &str,
    member: &Member<'static>,
    json: &Json,
    path: &mut Vec<&'static str>,
) -> Option<Value> {
    let shape = member.shape();
    if form_at(operation, path) == Some(Form::Empty) {
        return Some(Value::String(String::new()));
    }
    match (shape.kind(), json) {
        (ShapeKind::Structure, Json::Object(object)) => {
            Some(Value::Structure(older(operation, shape, object, path)))
        }
        (ShapeKind::List, _) => {
            let form = form_at(operation, path);
            let element = shape.list_member()?.shape();
            let items = match form {
                Some(Form::Array(_)) => json.as_array(),
                _ => json.get("items").or_else(|| json.get("item")).and_then(Json::as_array),
            };
            let item_key = match form {
                Some(Form::Set { item, .. }) => item.map(str::to_owned),
                _ => Some(default_item(member.name())),
            };
            // An empty set may be there for a list that the caller did not send.
            let items = items?.iter().filter_map(|item| match element.kind() {
                ShapeKind::Structure => {
                    Some(Value::Structure(older(operation, element, item.as_object()?, path)))
                }
                _ => scalar(item_key.as_ref().map_or(Some(item), |key| item.get(key))?, element),
            });
            // Two members can share a set, with other keys for their items.
            Some(items.collect::<Vec<_>>()).filter(|items| !items.is_empty()).map(Value::List)
        }
        _ => scalar(json, shape),
    }
}

pub(super) fn older_output(operation: &str, shape: Shape<'static>, object: &Object) -> Value {
    let mut found = Vec::new();
    for member in shape.members() {
        let key = match (answer_form(operation, member.name()), member.wire_name()) {
            (Some(Form::Name(key)), _) => key,
            (_, "return") => "_return",
            (_, wire_name) => wire_name,
        };
        let value = object.get(key).and_then(|json| older_answer(operation, member.shape(), json));
        found.extend(value.map(|value| (member.name(), value)));
    }
    Value::Structure(found)
}

fn older_answer(operation: &str, shape: Shape<'static>, json: &Json) -> Option<Value> {
    match (shape.kind(), json) {
        (ShapeKind::Structure, Json::Object(object)) => {
            Some(older_output(operation, shape, object))
        }
        (ShapeKind::List, Json::Object(set)) => {
            let element = shape.list_member()?.shape();
            let items = set.get("items").or_else(|| set.get("item")).and_then(Json::as_array);
            let items = items.into_iter().flatten();
            let items = items.filter_map(|item| older_answer(operation, element, item));
            Some(Value::List(items.collect()))
        }
        _ => scalar(json, shape),
    }
}

pub(super) fn newer_input(shape: Shape<'static>, object: &Object) -> Value {
    let inner = object.values().next().and_then(Json::as_object);
    Value::Structure(inner.map(|inner| newer(shape, inner, &query_name)).unwrap_or_default())
}

pub(super) fn newer_output(shape: Shape<'static>, object: &Object) -> Value {
    let inner = object.values().next().and_then(Json::as_object);
    let name = |member: &Member<'static>| member.wire_name().to_owned();
    Value::Structure(inner.map(|inner| newer(shape, inner, &name)).unwrap_or_default())
}

fn newer(
    shape: Shape<'static>,
    object: &Object,
    name: &dyn Fn(&Member<'static>) -> String,
) -> Members {
    let mut found = Vec::new();
    for member in shape.members() {
        let json = object.get(&name(&member));
        let value = json.and_then(|json| newer_value(member.shape(), json, name));
        found.extend(value.map(|value| (member.name(), value)));
    }
    found
}

fn newer_value(
    shape: Shape<'static>,
    json: &Json,
    name: &dyn Fn(&Member<'static>) -> String,
) -> Option<Value> {
    match (shape.kind(), json) {
        (ShapeKind::Structure, Json::Object(object)) => {
            Some(Value::Structure(newer(shape, object, name)))
        }
        (ShapeKind::Structure, Json::String(text)) if text.is_empty() => Some(Value::empty()),
        (ShapeKind::List, Json::String(text)) if text.is_empty() => Some(Value::List(Vec::new())),
        (ShapeKind::List, _) => {
            let element = shape.list_member()?.shape();
            let json = json.get("item").unwrap_or(json);
            let items = json.as_array().map_or(slice::from_ref(json), Vec::as_slice);
            let content = |item| newer_value(element, content_of(item), name);
            Some(Value::List(items.iter().filter_map(content).collect()))
        }
        _ => scalar(json, shape),
    }
}

fn content_of(item: &Json) -> &Json {
    item.get("content").unwrap_or(item)
}
