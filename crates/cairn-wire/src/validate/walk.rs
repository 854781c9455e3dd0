//! Walking a value beside its shape.

use super::{Constraint, VIOLATIONS_MAX, Violation, pattern, shown};
use crate::{
    codec,
    model::{Member, Shape, ShapeKind},
    value::Value,
};

/// All violations of a structure, [`VIOLATIONS_MAX`] at most.
pub(super) fn check(shape: Shape<'static>, value: &Value) -> Vec<Violation> {
    let mut walk = Walk { found: Vec::new() };
    walk.structure("", shape, value);
    walk.found
}

/// The value that a message repeats, unless it is sensitive.
type Shown<'v> = Option<(Shape<'static>, &'v Value)>;

struct Walk {
    found: Vec<Violation>,
}

/// `MaxResults` in `a.b` is `a.b.maxResults`.
fn join(path: &str, name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(|letter| letter.to_ascii_lowercase());
    let dot = if path.is_empty() { "" } else { "." };
    format!("{path}{dot}{}{}", first.map(String::from).unwrap_or_default(), letters.as_str())
}

impl Walk {
    fn put(&mut self, path: &str, constraint: Constraint, shown: Shown<'_>) {
        if self.found.len() < VIOLATIONS_MAX {
            let value = shown.map(|(shape, value)| shown::text(shape, value));
            self.found.push(Violation { path: path.to_owned(), constraint, value });
        }
    }

    fn structure(&mut self, path: &str, shape: Shape<'static>, value: &Value) {
        let Value::Structure(members) = value else {
            return;
        };
        if shape.union() && members.len() != 1 {
            self.put(path, Constraint::OneMember, None);
        }
        for member in shape.members() {
            let given = members.iter().find(|(name, _)| *name == member.name());
            match given {
                Some((_, value)) if !matches!(value, Value::Null) => {
                    let sensitive = member.sensitive() || member.shape().sensitive();
                    self.value(&join(path, member.name()), member.shape(), value, sensitive);
                }
                _ if member.required() => {
                    self.put(&join(path, member.name()), Constraint::Required, None);
                }
                _ => {}
            }
        }
    }

    fn value(&mut self, path: &str, shape: Shape<'static>, value: &Value, sensitive: bool) {
        if self.found.len() >= VIOLATIONS_MAX {
            return;
        }
        for constraint in broken(shape, value) {
            self.put(path, constraint, (!sensitive).then_some((shape, value)));
        }
        match value {
            Value::Structure(_) => self.structure(path, shape, value),
            Value::List(items) => self.list(path, shape, items, value, sensitive),
            Value::Map(entries) => self.map(path, shape, entries, value, sensitive),
            _ => {}
        }
    }

    /// Scalars in a list are told as the list's fault, structures as their own.
    fn list(
        &mut self,
        path: &str,
        shape: Shape<'static>,
        items: &[Value],
        whole: &Value,
        sensitive: bool,
    ) {
        let Some(element) = shape.list_member().map(Member::shape) else {
            return;
        };
        let sensitive = sensitive || element.sensitive();
        for (index, item) in items.iter().enumerate() {
            let path = || format!("{path}.{}.member", index + 1);
            if matches!(item, Value::Null) && !shape.sparse() {
                // evidence: assumed, after the text for members.
                self.put(&path(), Constraint::Required, None);
            } else if is_container(element) {
                self.value(&path(), element, item, sensitive);
            }
        }
        if is_container(element) {
            return;
        }
        if items.iter().any(|item| !broken(element, item).is_empty()) {
            let rules = rules(element);
            self.put(path, Constraint::Elements(rules), (!sensitive).then_some((shape, whole)));
        }
    }

    fn map(
        &mut self,
        path: &str,
        shape: Shape<'static>,
        entries: &[(String, Value)],
        whole: &Value,
        sensitive: bool,
    ) {
        let (Some(key), Some(wanted)) = (shape.map_key(), shape.map_value()) else {
            return;
        };
        let (key, wanted) = (key.shape(), wanted.shape());
        let sensitive = sensitive || key.sensitive() || wanted.sensitive();
        let shown = (!sensitive).then_some((shape, whole));
        let mut wrong_key = false;
        let mut wrong_value = false;
        for (name, value) in entries {
            wrong_key = wrong_key || !broken_text(key, name).is_empty();
            if is_container(wanted) {
                self.value(&format!("{path}.{name}.member"), wanted, value, sensitive);
            } else {
                wrong_value = wrong_value || !broken(wanted, value).is_empty();
            }
        }
        if wrong_key {
            self.put(path, Constraint::Keys(rules(key)), shown);
        }
        if wrong_value {
            self.put(path, Constraint::Values(rules(wanted)), shown);
        }
    }
}

fn is_container(shape: Shape<'static>) -> bool {
    matches!(shape.kind(), ShapeKind::Structure | ShapeKind::List | ShapeKind::Map)
}

/// All rules of a scalar shape, in the order in which AWS lists them.
fn rules(shape: Shape<'static>) -> Vec<Constraint> {
    let mut rules = Vec::new();
    let number = codec::is_number(shape.kind());
    if let Some(most) = shape.max() {
        rules.push(most_rule(number, most));
    }
    if let Some(least) = shape.min() {
        rules.push(least_rule(number, least));
    }
    rules.extend(shape.pattern().map(Constraint::Pattern));
    let names: Vec<_> = shape.enums().collect();
    if !names.is_empty() {
        rules.push(Constraint::Enum(names));
    }
    rules
}

fn least_rule(number: bool, least: f64) -> Constraint {
    if number { Constraint::ValueMin(least) } else { Constraint::LengthMin(least as i64) }
}

fn most_rule(number: bool, most: f64) -> Constraint {
    if number { Constraint::ValueMax(most) } else { Constraint::LengthMax(most as i64) }
}

/// The rules of the shape that the value itself breaks (not what is inside it).
fn broken(shape: Shape<'static>, value: &Value) -> Vec<Constraint> {
    match value {
        Value::String(text) => broken_text(shape, text),
        Value::Integer(number) => sized(shape, *number as f64, true),
        Value::Double(number) => sized(shape, *number, true),
        Value::Decimal(text) => {
            text.parse().map(|number| sized(shape, number, true)).unwrap_or_default()
        }
        Value::Blob(bytes) => sized(shape, bytes.len() as f64, false),
        Value::List(items) => sized(shape, items.len() as f64, false),
        Value::Map(entries) => sized(shape, entries.len() as f64, false),
        Value::Null
        | Value::Bool(_)
        | Value::Timestamp(_)
        | Value::Structure(_)
        | Value::Document(_)
        | Value::Stream => Vec::new(),
    }
}

fn broken_text(shape: Shape<'static>, text: &str) -> Vec<Constraint> {
    // Java counts UTF-16 units.
    let mut broken = sized(shape, text.encode_utf16().count() as f64, false);
    if let Some(pattern) = shape.pattern()
        && !pattern::matches(pattern, text)
    {
        broken.push(Constraint::Pattern(pattern));
    }
    let mut names = shape.enums().peekable();
    if names.peek().is_some() {
        let names: Vec<_> = names.collect();
        if !names.contains(&text) {
            broken.push(Constraint::Enum(names));
        }
    }
    broken
}

fn sized(shape: Shape<'static>, size: f64, number: bool) -> Vec<Constraint> {
    let mut broken = Vec::new();
    if let Some(least) = shape.min()
        && size < least
    {
        broken.push(least_rule(number, least));
    }
    if let Some(most) = shape.max()
        && size > most
    {
        broken.push(most_rule(number, most));
    }
    broken
}
