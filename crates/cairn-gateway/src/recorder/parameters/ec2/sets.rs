//! `tables/ec2_sets.txt`, read once.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::recorder::services::lines;

/// How a member of an older operation is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::recorder) enum Form {
    /// A list under a set's name; scalars get a key of their own.
    Set { name: &'static str, item: Option<&'static str> },
    /// A list that stays an array.
    Array(&'static str),
    /// Another key.
    Name(&'static str),
    /// A number as text.
    Text,
    /// In the first item of `instancesSet`.
    Inside,
    /// Its members stand beside it.
    Hoisted,
    /// As usual, but no empty set if it is missing.
    Absent,
    /// The operation writes `item` for `items`.
    Item,
    /// Another key, and a value in capitals.
    Capitals(&'static str),
    /// `{}`, whatever the value.
    Empty,
    /// The answer says `_return`, too.
    Returns,
}

type Key = (&'static str, &'static str);

static FORMS: LazyLock<HashMap<Key, Form>> = LazyLock::new(|| {
    lines(include_str!("../../tables/ec2_sets.txt")).filter_map(read_line).collect()
});

static DEFAULTS: LazyLock<HashMap<&'static str, Vec<(&'static str, &'static str)>>> =
    LazyLock::new(|| {
        let mut table: HashMap<_, Vec<_>> = HashMap::new();
        let all = lines(include_str!("../../tables/ec2_sets.txt")).filter_map(read_default);
        for (operation, default) in all {
            table.entry(operation).or_default().push(default);
        }
        table
    });

/// The form of a member, by `Outer.Inner` or its own name; `.` is the operation itself.
pub(in crate::recorder) fn form(operation: &str, member: &str) -> Option<Form> {
    FORMS.get(&(operation, member)).or_else(|| FORMS.get(&("*", member))).copied()
}

/// What an operation shows where the caller has not said it: keys and JSON.
pub(in crate::recorder) fn defaults(
    operation: &str,
) -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    DEFAULTS.get(operation).into_iter().flatten()
}

fn read_default(line: &'static str) -> Option<(&'static str, (&'static str, &'static str))> {
    match line.split_whitespace().collect::<Vec<_>>()[..] {
        [operation, key, "default", json] => Some((operation, (key, json))),
        _ => None,
    }
}

fn read_line(line: &'static str) -> Option<(Key, Form)> {
    let words: Vec<_> = line.split_whitespace().collect();
    let (operation, member, form) = match words[..] {
        [operation, member, "set", name, item] => {
            (operation, member, Form::Set { name, item: (item != "-").then_some(item) })
        }
        [operation, member, "array", name] => (operation, member, Form::Array(name)),
        [operation, member, "name", name] => (operation, member, Form::Name(name)),
        [operation, member, "text"] => (operation, member, Form::Text),
        [operation, member, "inside"] => (operation, member, Form::Inside),
        [operation, member, "hoisted"] => (operation, member, Form::Hoisted),
        [operation, member, "absent"] => (operation, member, Form::Absent),
        [operation, member, "item"] => (operation, member, Form::Item),
        [operation, member, "capitals", name] => (operation, member, Form::Capitals(name)),
        [operation, member, "empty"] => (operation, member, Form::Empty),
        [operation, member, "returns"] => (operation, member, Form::Returns),
        _ => return None,
    };
    Some(((operation, member), form))
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_wire::model;

    #[test]
    fn every_line_is_understood_and_names_what_exists() {
        let ec2 = model::service("ec2").unwrap();
        for line in lines(include_str!("../../tables/ec2_sets.txt")) {
            let default = read_default(line).map(|(operation, _)| operation);
            let form = || read_line(line).map(|((operation, _), _)| operation);
            let operation = default.or_else(form).unwrap_or_else(|| panic!("{line}"));
            assert!(operation == "*" || ec2.find_operation(operation).is_some(), "{line}");
        }
    }
}
