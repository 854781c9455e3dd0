//! The other direction: the fullest record that we could write of an operation, and which of its
//! keys no published record of that operation has.
//!
//! That alone is no fault: most callers leave most members out. But a member that every call has to
//! have, and that no record shows, is one that AWS names otherwise or leaves out.

use std::collections::{BTreeMap, BTreeSet};

use cairn_wire::model::{Operation, Shape, ShapeKind};
use cairn_wire::value::Value;
use serde_json::Value as Json;

use super::rebuild::says;
use super::report::Report;
use crate::recorder::parameters::shows_answer;
use crate::recorder::services::{self, Family};

/// How deep the fullest call goes; structures of the model can hold themselves.
const DEPTH_MAX: usize = 6;

/// What published records show of each operation.
#[derive(Default)]
pub(super) struct Seen(BTreeMap<String, Shown>);

struct Shown {
    operation: Operation<'static>,
    requests: usize,
    request_keys: BTreeSet<String>,
    answers: usize,
    silent: usize,
}

impl Seen {
    pub(super) fn add(&mut self, operation: Operation<'static>, real: &Json) {
        let name = format!("{}:{}", operation.service().id(), operation.name());
        let shown = self.0.entry(name).or_insert_with(|| Shown {
            operation,
            requests: 0,
            request_keys: BTreeSet::new(),
            answers: 0,
            silent: 0,
        });
        if says(real, "requestParameters") {
            shown.requests += 1;
            keys(&real["requestParameters"], "", &mut shown.request_keys);
        }
        if !says(real, "errorCode") {
            let is_shown = says(real, "responseElements");
            *(if is_shown { &mut shown.answers } else { &mut shown.silent }) += 1;
        }
    }
}

pub(super) fn keys(json: &Json, path: &str, found: &mut BTreeSet<String>) {
    match json {
        Json::Object(object) => {
            for (key, value) in object {
                let path = format!("{path}.{key}");
                keys(value, &path, found);
                found.insert(path);
            }
        }
        Json::Array(items) => items.iter().for_each(|item| keys(item, path, found)),
        _ => {}
    }
}

/// A value with every member that the model has, or with those only that every call must have.
fn full(shape: Shape<'static>, only_required: bool, depth: usize) -> Value {
    match shape.kind() {
        ShapeKind::Structure => {
            let members = shape.members().filter(|m| !only_required || m.required());
            let members = members.filter(|_| depth < DEPTH_MAX);
            Value::Structure(
                members.map(|m| (m.name(), full(m.shape(), only_required, depth + 1))).collect(),
            )
        }
        ShapeKind::List => Value::List(
            shape
                .list_member()
                .filter(|_| depth < DEPTH_MAX)
                .map(|m| full(m.shape(), only_required, depth + 1))
                .into_iter()
                .collect(),
        ),
        ShapeKind::Map => Value::Map(Vec::new()),
        ShapeKind::Boolean => Value::Bool(true),
        ShapeKind::Integer | ShapeKind::Long => Value::Integer(1),
        ShapeKind::Float | ShapeKind::Double => Value::Double(1.5),
        ShapeKind::Timestamp => Value::Timestamp(cairn_event::Timestamp::from_ms(0)),
        ShapeKind::Blob => Value::Blob(Vec::new()),
        _ => Value::String("x".to_owned()),
    }
}

/// The request of a successful call with this input, as we write it.
fn written(operation: Operation<'static>, only_required: bool) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    if let Some(shape) = operation.input() {
        let input = full(shape, only_required, 0);
        keys(&super::rebuild::request(operation, &input), "", &mut found);
    }
    found
}

pub(super) fn report(seen: &Seen, report: &mut Report) {
    for (name, shown) in &seen.0 {
        let operation = shown.operation;
        if services::facts(operation.service().id()).family == Family::S3 {
            continue;
        }
        if shown.requests > 0 {
            let all = written(operation, false);
            let never: BTreeSet<_> = all.difference(&shown.request_keys).collect();
            report.never_seen(operation, all.len(), never.len());
            for key in written(operation, true).difference(&shown.request_keys) {
                // Below a list or structure that no caller sent, nothing can be seen.
                let outer = key.rsplit_once('.').map_or("", |(outer, _)| outer);
                if outer.is_empty() || shown.request_keys.contains(outer) {
                    report.missing(&format!("{name} request {key}"));
                }
            }
        }
        let has_members = operation.output().is_some_and(|shape| shape.members().count() > 0);
        let writes_answer = has_members && shows_answer(operation) && !operation.data_event();
        if shown.answers == 0 && shown.silent > 0 && writes_answer {
            report.missing(&format!("{name} answer"));
        }
    }
}
