//! The tree into forms.

use super::names;
use crate::{
    codec::{form, scalar},
    model::{Member, Operation, Protocol, Shape, TimestampFormat},
    value::Value,
};

/// Writes `Action`, `Version` and the parameters of a call as a form.
pub(in crate::codec) fn request(
    operation: Operation<'static>,
    protocol: Protocol,
    input: &Value,
) -> String {
    let mut writer = Writer { protocol, pairs: Vec::new() };
    writer.pair("Action", operation.name().to_owned());
    writer.pair("Version", operation.service().api_version().to_owned());
    if let (Some(shape), Value::Structure(members)) = (operation.input(), input) {
        writer.structure("", shape, members);
    }
    form::write(&writer.pairs)
}

struct Writer {
    protocol: Protocol,
    pairs: Vec<(String, String)>,
}

fn join(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") }
}

impl Writer {
    fn pair(&mut self, key: &str, value: String) {
        self.pairs.push((key.to_owned(), value));
    }

    fn structure(
        &mut self,
        prefix: &str,
        shape: Shape<'static>,
        members: &[(&'static str, Value)],
    ) {
        for (name, value) in members {
            if let Some(member) = shape.member(name) {
                let key = join(prefix, &names::written(member, self.protocol));
                self.value(&key, member, value);
            }
        }
    }

    fn value(&mut self, key: &str, member: Member<'static>, value: &Value) {
        let shape = member.shape();
        match value {
            Value::Structure(members) => self.structure(key, shape, members),
            Value::List(items) if items.is_empty() => self.pair(key, String::new()),
            Value::List(items) => {
                let Some(element) = shape.list_member() else {
                    return;
                };
                let bare = self.protocol == Protocol::Ec2 || names::is_flattened(member);
                let key = if bare { key.to_owned() } else { join(key, element.wire_name()) };
                for (index, item) in items.iter().enumerate() {
                    self.value(&format!("{key}.{}", index + 1), element, item);
                }
            }
            Value::Map(entries) => {
                let Some(wanted) = shape.map_value() else {
                    return;
                };
                let (key_name, value_name) = names::entry_names(shape);
                let key =
                    if names::is_flattened(member) { key.to_owned() } else { join(key, "entry") };
                for (index, (name, entry)) in entries.iter().enumerate() {
                    let number = index + 1;
                    self.pair(&format!("{key}.{number}.{key_name}"), name.clone());
                    self.value(&format!("{key}.{number}.{value_name}"), wanted, entry);
                }
            }
            scalar => {
                let format = member
                    .timestamp_format()
                    .or_else(|| shape.timestamp_format())
                    .unwrap_or(TimestampFormat::Iso8601);
                if let Some(text) = scalar::write(scalar, format, false) {
                    self.pair(key, text);
                }
            }
        }
    }
}
