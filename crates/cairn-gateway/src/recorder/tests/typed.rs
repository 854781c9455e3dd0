//! JSON of a case into the typed tree, by the model.

use cairn_event::Timestamp;
use cairn_wire::model::{Shape, ShapeKind};
use cairn_wire::value::Value;
use serde_json::Value as Json;

/// Panics on anything that the model does not have: a case that names it is wrong.
pub(super) fn typed(json: &Json, shape: Shape<'static>) -> Value {
    match (json, shape.kind()) {
        (Json::Null, _) => Value::Null,
        (Json::Object(object), ShapeKind::Structure) => {
            for key in object.keys() {
                assert!(shape.member(key).is_some(), "the model has no member {key}");
            }
            let members = shape.members().filter_map(|member| {
                let value = object.get(member.name())?;
                Some((member.name(), typed(value, member.shape())))
            });
            Value::Structure(members.collect())
        }
        (Json::Object(object), ShapeKind::Map) => {
            let inner = shape.map_value().expect("a map has values").shape();
            Value::Map(object.iter().map(|(k, v)| (k.clone(), typed(v, inner))).collect())
        }
        (Json::Array(items), ShapeKind::List) => {
            let inner = shape.list_member().expect("a list has elements").shape();
            Value::List(items.iter().map(|item| typed(item, inner)).collect())
        }
        (Json::String(text), ShapeKind::Timestamp) => {
            Value::Timestamp(Timestamp::parse_iso(text).expect("an ISO date"))
        }
        (Json::String(text), ShapeKind::Blob) => Value::Blob(text.clone().into_bytes()),
        (Json::String(text), _) => Value::String(text.clone()),
        (Json::Bool(flag), _) => Value::Bool(*flag),
        (Json::Number(number), _) => match number.as_i64() {
            Some(integer) => Value::Integer(integer),
            None => Value::Double(number.as_f64().expect("a number")),
        },
        (other, kind) => panic!("{other} is no {kind:?}"),
    }
}
