//! Published EC2 records: is every key of their requests one that its style would write?

use cairn_event::RecordHead;
use cairn_wire::model::{self, Member, Operation, Shape, ShapeKind};
use serde_json::Value as Json;

use super::naming::records;
use crate::recorder::parameters::ec2::new::query_name;
use crate::recorder::parameters::ec2::sets::{Form, form};
use crate::recorder::text::lower_first;

/// The share of requests of the older style that must be explained: the rest are defaults that the
/// service adds, and members that left the API.
const OLDER_PERCENT_MIN: usize = 95;

/// What the service adds to a request of the older style (observed).
const ADDED: [&str; 3] = ["filterSet", "force", "disableApiStop"];

/// The keys that the older style can give a member.
fn older_keys(operation: &str, outer: Option<&str>, member: &Member<'static>) -> Vec<String> {
    let name = member.name();
    let by_path = outer.and_then(|outer| form(operation, &format!("{outer}.{name}")));
    if let Some(Form::Set { name, .. } | Form::Array(name) | Form::Name(name)) =
        by_path.or_else(|| form(operation, name))
    {
        return vec![name.to_owned()];
    }
    let singular = lower_first(name.strip_suffix('s').unwrap_or(name));
    vec![lower_first(name), format!("{singular}Set")]
}

fn older(json: &Json, shape: Shape<'static>, operation: &str, outer: Option<&str>) -> Vec<String> {
    let Some(object) = json.as_object() else { return Vec::new() };
    let mut found = Vec::new();
    for (key, value) in object {
        let members = || shape.members();
        if key == "instancesSet"
            && members().any(|m| form(operation, m.name()) == Some(Form::Inside))
        {
            let items = value["items"].as_array().into_iter().flatten();
            found.extend(items.flat_map(|item| older(item, shape, operation, outer)));
            continue;
        }
        let hoisted = members()
            .filter(|m| form(operation, m.name()) == Some(Form::Hoisted))
            .any(|m| m.shape().members().any(|inner| lower_first(inner.name()) == *key));
        if hoisted {
            continue;
        }
        let member = members().find(|m| older_keys(operation, outer, m).contains(key));
        let Some(member) = member else {
            found.extend((!ADDED.contains(&key.as_str())).then(|| key.clone()));
            continue;
        };
        let inner = member.shape();
        if inner.kind() == ShapeKind::List {
            let element = inner.list_member().unwrap().shape();
            let items = value.get("items").or_else(|| value.get("item")).unwrap_or(value);
            if element.kind() == ShapeKind::Structure {
                for item in items.as_array().into_iter().flatten() {
                    found.extend(older(item, element, operation, Some(member.name())));
                }
            }
        } else {
            found.extend(older(value, inner, operation, Some(member.name())));
        }
    }
    found
}

fn newer(json: &Json, shape: Shape<'static>) -> Vec<String> {
    let Some(object) = json.as_object() else { return Vec::new() };
    let mut found = Vec::new();
    for (key, value) in object.iter().filter(|(key, _)| *key != "tag" && *key != "content") {
        let Some(member) = shape.members().find(|m| query_name(m) == *key) else {
            found.push(key.clone());
            continue;
        };
        let inner =
            member.shape().list_member().map_or(member.shape(), cairn_wire::model::Member::shape);
        let several = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        found.extend(several.iter().flat_map(|value| newer(value, inner)));
    }
    found
}

#[test]
fn the_keys_of_published_requests_are_the_ones_we_would_write() {
    let ec2 = model::service("ec2").unwrap();
    let (mut explained, mut all) = ([0, 0], [0, 0]);
    for line in records() {
        let head = RecordHead::parse(line.as_bytes()).unwrap();
        if head.event_source.as_deref() != Some("ec2.amazonaws.com") {
            continue;
        }
        let operation: Option<Operation<'static>> =
            head.event_name.as_deref().and_then(|name| ec2.find_operation(name));
        let json = head.request_parameters.and_then(|t| serde_json::from_str::<Json>(t).ok());
        let (Some(operation), Some(json)) = (operation, json) else { continue };
        let shape = operation.input().unwrap();
        let misses = if operation.ec2_legacy() {
            older(&json, shape, operation.name(), None)
        } else {
            let outer = json.as_object().unwrap();
            outer.values().flat_map(|value| newer(value, shape)).collect()
        };
        let style = usize::from(operation.ec2_legacy());
        all[style] += 1;
        explained[style] += usize::from(misses.is_empty());
        if !misses.is_empty() {
            println!("{} {misses:?}", operation.name());
        }
    }
    println!("newer {} of {}, older {} of {}", explained[0], all[0], explained[1], all[1]);
    assert!(all[0] > 10 && all[1] > 50);
    assert_eq!(explained[0], all[0]);
    assert!(explained[1] * 100 >= OLDER_PERCENT_MIN * all[1]);
}
