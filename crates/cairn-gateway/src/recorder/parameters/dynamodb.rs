//! `DynamoDB`'s data events: keys by their plain values, items by the names of their attributes,
//! and several requests in one call as one list (observed).

use cairn_event::json::push_string;
use cairn_wire::model::Operation;
use cairn_wire::value::Value;

use crate::recorder::text::{Array, Object, lower_first};

/// Members that carry values, and are left out.
const VALUES: [&str; 8] = [
    "ExpressionAttributeValues",
    "Parameters",
    "Expected",
    "AttributeUpdates",
    "KeyConditions",
    "QueryFilter",
    "ScanFilter",
    "Item",
];

pub(super) fn request(
    out: &mut Vec<u8>,
    input: &[(&'static str, Value)],
    operation: Operation<'static>,
) {
    let mut object = Object::begin(out);
    let list = input.iter().find_map(|(name, value)| match *name {
        "RequestItems" | "TransactItems" | "TransactStatements" | "Statements" => Some(value),
        _ => None,
    });
    match (operation.name(), list) {
        ("BatchGetItem", Some(Value::Map(tables))) => push_tables_read(&mut object, tables),
        ("BatchWriteItem", Some(Value::Map(tables))) => push_tables_written(&mut object, tables),
        (_, Some(Value::List(items))) => push_actions(&mut object, items),
        _ => {}
    }
    for (name, value) in input {
        add_member(&mut object, name, value);
    }
    object.end();
}

fn add_member(object: &mut Object<'_>, name: &str, value: &Value) {
    match (name, value) {
        ("Item", Value::Map(item)) => push_names(object, item),
        ("Key" | "ExclusiveStartKey", Value::Map(key)) => {
            push_key(object.key(&lower_first(name)), key);
        }
        ("Statement", Value::String(statement)) => {
            object.text("statement", &without_literals(statement));
        }
        ("ReturnValues", Value::String(text)) => object.text("returnValue", text),
        (name, _) if VALUES.contains(&name) => {}
        (name, Value::String(text)) => object.text(&lower_first(name), text),
        (name, Value::Integer(number)) => object.number(&lower_first(name), number),
        (name, Value::Bool(flag)) => object.boolean(&lower_first(name), *flag),
        (name, Value::List(items)) if items.iter().all(|item| item.as_str().is_some()) => {
            let mut array = Array::begin(object.key(&lower_first(name)));
            for text in items.iter().filter_map(Value::as_str) {
                push_string(array.element(), text);
            }
            array.end();
        }
        ("ExpressionAttributeNames", Value::Map(names)) => {
            let mut inner = Object::begin(object.key("expressionAttributeNames"));
            for (key, value) in names {
                inner.text(key, value.as_str().unwrap_or_default());
            }
            inner.end();
        }
        _ => {}
    }
}

/// `items`: the names of an item's attributes.
fn push_names(object: &mut Object<'_>, item: &[(String, Value)]) {
    let mut names = Array::begin(object.key("items"));
    for (name, _) in item {
        push_string(names.element(), name);
    }
    names.end();
}

/// A key without the tags of its types: `{"pk":"v"}`.
fn push_key(out: &mut Vec<u8>, key: &[(String, Value)]) {
    let mut object = Object::begin(out);
    for (name, value) in key {
        match plain(value) {
            Some(Value::Bool(flag)) => object.boolean(name, *flag),
            Some(Value::String(text)) => object.text(name, text),
            _ => {}
        }
    }
    object.end();
}

/// What stands under an attribute's type: text for strings and numbers; content stays out.
fn plain(attribute: &Value) -> Option<&Value> {
    match attribute.as_structure()? {
        [("S" | "N" | "BOOL", value)] => Some(value),
        _ => None,
    }
}

fn push_tables_read(object: &mut Object<'_>, tables: &[(String, Value)]) {
    let mut requests = Array::begin(object.key("requestItems"));
    for (table, request) in tables {
        let mut entry = Object::begin(requests.element());
        entry.text("tableName", table);
        let mut keys = Array::begin(entry.key("keys"));
        for key in request.get("Keys").and_then(Value::as_list).unwrap_or_default() {
            if let Value::Map(key) = key {
                push_key(keys.element(), key);
            }
        }
        keys.end();
        if let Some(flag) = request.get("ConsistentRead").and_then(Value::as_bool) {
            entry.boolean("consistentRead", flag);
        }
        entry.end();
    }
    requests.end();
}

fn push_tables_written(object: &mut Object<'_>, tables: &[(String, Value)]) {
    let mut requests = Array::begin(object.key("requestItems"));
    for (table, writes) in tables {
        for write in writes.as_list().unwrap_or_default() {
            for (kind, request) in write.as_structure().unwrap_or_default() {
                let mut entry = Object::begin(requests.element());
                entry.text("operation", kind.strip_suffix("Request").unwrap_or(kind));
                entry.text("tableName", table);
                for (name, value) in request.as_structure().unwrap_or_default() {
                    add_member(&mut entry, name, value);
                }
                entry.end();
            }
        }
    }
    requests.end();
}

/// The parts of a transaction, or of a batch of statements.
fn push_actions(object: &mut Object<'_>, items: &[Value]) {
    let mut requests = Array::begin(object.key("requestItems"));
    for item in items {
        let mut entry = Object::begin(requests.element());
        for (name, value) in item.as_structure().unwrap_or_default() {
            if let Value::Structure(members) = value {
                entry.text("operation", name);
                for (name, value) in members {
                    add_member(&mut entry, name, value);
                }
            } else {
                add_member(&mut entry, name, value);
            }
        }
        entry.end();
    }
    requests.end();
}

/// A `PartiQL` statement with its literals replaced (observed); names of attributes and places for
/// parameters stay.
fn without_literals(statement: &str) -> String {
    const REDACTED: &str = "***(Redacted)";
    let mut out = String::with_capacity(statement.len());
    let mut rest = statement;
    let mut is_in_name = false;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\'' => quoted(rest),
            '"' => rest.get(1..).and_then(|r| r.find('"')).map_or(rest.len(), |at| at + 2),
            '0'..='9' if !is_in_name => {
                rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '.').unwrap_or(rest.len())
            }
            _ => first.len_utf8(),
        };
        let (piece, tail) = rest.split_at(length);
        // A quoted text before a colon is a name inside a tuple.
        let is_name = tail.trim_start().starts_with(':');
        let is_literal =
            length > 0 && ((first == '\'' && !is_name) || (first.is_ascii_digit() && !is_in_name));
        out.push_str(if is_literal { REDACTED } else { piece });
        is_in_name = first.is_alphanumeric() || first == '_' || first == '"';
        rest = tail;
    }
    out
}

/// The length of a single-quoted text; a doubled quote is a quote inside.
fn quoted(text: &str) -> usize {
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((at, character)) = characters.next() {
        if character == '\'' && characters.next_if(|(_, next)| *next == '\'').is_none() {
            return at + 1;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::without_literals;

    #[test]
    fn literals_of_statements_are_replaced() {
        for (statement, expected) in [
            ("SELECT * FROM T WHERE a = ?", "SELECT * FROM T WHERE a = ?"),
            ("SELECT * FROM \"T2\" WHERE a1='x''y'", "SELECT * FROM \"T2\" WHERE a1=***(Redacted)"),
            (
                "INSERT INTO T VALUE {'a':'é','b':12.5}",
                "INSERT INTO T VALUE {'a':***(Redacted),'b':***(Redacted)}",
            ),
            ("WHERE a < 10", "WHERE a < ***(Redacted)"),
            ("WHERE a = 'open", "WHERE a = ***(Redacted)"),
        ] {
            assert_eq!(without_literals(statement), expected);
        }
    }
}
