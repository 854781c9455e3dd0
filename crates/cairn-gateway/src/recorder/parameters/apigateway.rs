//! API Gateway's first version: what stood in the path and the query beside an object with the
//! body, named after the operation, and a constant (observed).

use cairn_wire::model::{Location, Operation};
use cairn_wire::value::Value;

use super::members::add_members;
use super::walk::Walk;
use crate::recorder::text::{Object, lower_first};

pub(super) fn request(
    out: &mut Vec<u8>,
    input: &[(&'static str, Value)],
    operation: Operation<'static>,
    walk: &Walk,
) {
    let shape = operation.input();
    let is_body = |name: &str| {
        shape.and_then(|s| s.member(name)).is_some_and(|m| m.location() == Location::Body)
    };
    let mut object = Object::begin(out);
    let outside = input.iter().filter(|(name, _)| !is_body(name));
    add_members(&mut object, outside, shape, &mut Vec::new(), walk);
    let mut body = input.iter().filter(|(name, _)| is_body(name)).peekable();
    if body.peek().is_some() {
        let name = format!("{}Input", lower_first(operation.name()));
        let mut inner = Object::begin(object.key(&name));
        add_members(&mut inner, body, shape, &mut Vec::new(), walk);
        inner.end();
    }
    object.boolean("template", false);
    object.end();
}
