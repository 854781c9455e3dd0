//! Secrets that the model does not mark: hidden by what their names say.
//!
//! The model marks most secrets, and `tables/members.txt` has what single services do. What is left
//! are members without the mark, keys of free maps, and lists of names and values. A record cannot
//! be taken back, so a name that looks like a secret hides its value unless a table says otherwise.

mod document;
mod names;

use std::borrow::Cow;

use cairn_wire::value::Value;
use serde_json::value::RawValue;

use super::rules::{Action, Rules};
pub(super) use document::without_secrets as text_without_secrets;
#[cfg(test)]
pub(super) use names::is_secret_member as member_is_hidden;
use names::{is_environment, is_plain, is_secret_key, is_secret_member, values_of};

type Members = [(&'static str, Value)];

/// The members of one side of a call with their secrets hidden.
pub(super) fn without_secrets<'v>(
    members: &'v Members,
    rules: &Rules,
    mask: &str,
) -> Cow<'v, Members> {
    if rules.at(&[]) == Some(Action::Keep) {
        return Cow::Borrowed(members);
    }
    let mut pass = Pass { rules, mask, path: Vec::new() };
    pass.structure(members).map_or(Cow::Borrowed(members), Cow::Owned)
}

/// A walk that gives what it changes, and `None` for what stays.
struct Pass<'p> {
    rules: &'p Rules,
    mask: &'p str,
    path: Vec<&'static str>,
}

impl Pass<'_> {
    fn structure(&mut self, members: &Members) -> Option<Vec<(&'static str, Value)>> {
        let said: Vec<_> = members
            .iter()
            .filter(|(_, value)| value.as_str().is_some_and(is_secret_key))
            .flat_map(|(name, _)| values_of(name))
            .collect();
        let mut changed = None;
        for (index, (name, value)) in members.iter().enumerate() {
            self.path.push(name);
            let is_said = said.iter().any(|said| said.eq_ignore_ascii_case(name));
            if let Some(new) = self.member(name, value, is_said) {
                changed.get_or_insert_with(|| members.to_vec())[index].1 = new;
            }
            self.path.pop();
        }
        changed
    }

    fn member(&mut self, name: &str, value: &Value, is_said: bool) -> Option<Value> {
        match (self.rules.at(&self.path), value) {
            (Some(Action::Rename(_)) | None, _) => {}
            (Some(_), _) => return None,
        }
        let is_filled = match value {
            Value::List(items) => !items.is_empty(),
            Value::Map(entries) => !entries.is_empty(),
            _ => false,
        };
        if is_filled && is_environment(name) {
            return Some(Value::String(self.mask.to_owned()));
        }
        if is_said {
            return self.hidden(value, true);
        }
        if is_secret_member(name) { self.hidden(value, false) } else { self.inner(value) }
    }

    /// What is below a value that is no secret itself.
    fn inner(&mut self, value: &Value) -> Option<Value> {
        match value {
            Value::Structure(members) => self.structure(members).map(Value::Structure),
            Value::List(items) => list(items, |item| self.inner(item)),
            Value::Map(entries) => map(entries, |key, item| {
                if is_secret_key(key) { self.hidden(item, true) } else { self.inner(item) }
            }),
            Value::Document(raw) => {
                let text = text_without_secrets(raw.get(), self.mask)?;
                RawValue::from_string(text).ok().map(Value::Document)
            }
            _ => None,
        }
    }

    /// A secret: its texts and numbers hidden, also in lists and maps. Structures below a member that only
    /// sounds secret decide by their own members; `is_deep` hides those too.
    fn hidden(&mut self, value: &Value, is_deep: bool) -> Option<Value> {
        match value {
            Value::String(text) if is_plain(text) => None,
            Value::String(_)
            | Value::Document(_)
            | Value::Integer(_)
            | Value::Double(_)
            | Value::Decimal(_) => Some(Value::String(self.mask.to_owned())),
            Value::List(items) => list(items, |item| self.hidden(item, is_deep)),
            Value::Map(entries) => map(entries, |_, item| self.hidden(item, is_deep)),
            Value::Structure(members) if is_deep => {
                let mut changed = None;
                for (index, (_, value)) in members.iter().enumerate() {
                    if let Some(new) = self.hidden(value, true) {
                        changed.get_or_insert_with(|| members.clone())[index].1 = new;
                    }
                }
                changed.map(Value::Structure)
            }
            Value::Structure(_) => self.inner(value),
            _ => None,
        }
    }
}

fn list(items: &[Value], mut change: impl FnMut(&Value) -> Option<Value>) -> Option<Value> {
    let mut changed = None;
    for (index, item) in items.iter().enumerate() {
        if let Some(new) = change(item) {
            changed.get_or_insert_with(|| items.to_vec())[index] = new;
        }
    }
    changed.map(Value::List)
}

fn map(
    entries: &[(String, Value)],
    mut change: impl FnMut(&str, &Value) -> Option<Value>,
) -> Option<Value> {
    let mut changed = None;
    for (index, (key, item)) in entries.iter().enumerate() {
        if let Some(new) = change(key, item) {
            changed.get_or_insert_with(|| entries.to_vec())[index].1 = new;
        }
    }
    changed.map(Value::Map)
}
