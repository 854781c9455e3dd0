//! A record read backwards: from what AWS wrote to the call that it wrote of.
//!
//! The way back is strict. A key belongs to a member only if the family's rule gives that member
//! that very key; a key without a member is dropped, and then misses in the record that is built
//! from the call. A text that AWS hid comes back as another text, so that it misses, too, where we
//! do not hide it.

mod ec2;
mod members;
pub(super) mod s3;
mod scalar;

use cairn_wire::model::Operation;
use cairn_wire::value::Value;
use serde_json::Value as Json;

use crate::recorder::rules::{Rules, Side};
use crate::recorder::services::{self, Family, ServiceFacts};
use crate::recorder::text::lower_first;

pub(super) use scalar::{is_mask, moment};

/// The facts of the service, with the family of the operation.
fn facts(operation: Operation<'static>) -> ServiceFacts {
    let facts = services::facts(operation.service().id());
    ServiceFacts { family: facts.family_of(operation.name()), ..facts.clone() }
}

/// The parameters of the call, by what a record shows of them.
pub(super) fn input(operation: Operation<'static>, json: &Json) -> Option<Value> {
    let shape = operation.input()?;
    let object = json.as_object()?;
    let service = operation.service().id();
    let facts = &facts(operation);
    let rules = Rules::of(service, operation.name(), Side::Request);
    Some(match facts.family {
        Family::Ec2 if operation.ec2_legacy() => ec2::older_input(operation, shape, object),
        Family::Ec2 => ec2::newer_input(shape, object),
        Family::ApiGateway => {
            let mut all = object.clone();
            all.remove("template");
            if let Some(Json::Object(body)) =
                all.remove(&format!("{}Input", lower_first(operation.name())))
            {
                all.extend(body);
            }
            members::structure(&all, shape, &mut Vec::new(), &rules, facts)
        }
        _ if service == "dynamodb" && operation.data_event() => members::item_input(object, shape),
        _ => members::structure(object, shape, &mut Vec::new(), &rules, facts),
    })
}

/// The answer to the call, by what a record shows of it.
pub(super) fn output(operation: Operation<'static>, json: &Json) -> Option<Value> {
    let shape = operation.output()?;
    let object = json.as_object()?;
    let service = operation.service().id();
    let facts = &facts(operation);
    let rules = Rules::of(service, operation.name(), Side::Response);
    if facts.family == Family::Ec2 {
        return Some(if operation.ec2_legacy() {
            ec2::older_output(operation.name(), shape, object)
        } else {
            ec2::newer_output(shape, object)
        });
    }
    let outer = shape.members().next().filter(|_| facts.is_lifted && shape.members().count() == 1);
    if let Some(outer) = outer.filter(|outer| !object.contains_key(&lower_first(outer.name()))) {
        let mut path = Vec::new();
        let inner = members::structure(object, outer.shape(), &mut path, &rules, facts);
        return Some(Value::Structure(vec![(outer.name(), inner)]));
    }
    Some(members::structure(object, shape, &mut Vec::new(), &rules, facts))
}
