//! Scalars read backwards.

use cairn_event::Timestamp;
use cairn_wire::model::{Shape, ShapeKind};
use cairn_wire::value::Value;
use serde_json::Value as Json;
use serde_json::value::RawValue;

/// What stands for a text that AWS hid.
const STAND_IN: &str = "stand-in";

/// The texts that AWS puts in place of what it hides.
pub(in crate::recorder::tests::fidelity) fn is_mask(text: &str) -> bool {
    text.starts_with("HIDDEN_")
        || text.starts_with("***")
        || text.starts_with("Value hidden")
        || matches!(text, "<sensitiveDataRemoved>" | "REDACTED" | "[PROTECTED]")
}

/// A value of a kind that is no container, or what was hidden in place of one.
pub(super) fn scalar(json: &Json, shape: Shape<'static>) -> Option<Value> {
    if json.as_str().is_some_and(is_mask) {
        return Some(hidden(shape));
    }
    if shape.document() {
        return RawValue::from_string(json.to_string()).ok().map(Value::Document);
    }
    match shape.kind() {
        ShapeKind::Boolean => match json {
            Json::Bool(flag) => Some(Value::Bool(*flag)),
            Json::String(text) => text.parse().ok().map(Value::Bool),
            _ => None,
        },
        ShapeKind::Integer | ShapeKind::Long | ShapeKind::BigInteger => match json {
            Json::Number(number) => number.as_i64().map(Value::Integer),
            Json::String(text) => text.parse().ok().map(Value::Integer),
            _ => None,
        },
        ShapeKind::Float | ShapeKind::Double | ShapeKind::BigDecimal => match json {
            Json::Number(number) => number.as_f64().map(Value::Double),
            Json::String(text) => text.parse().ok().map(Value::Double),
            _ => None,
        },
        ShapeKind::Timestamp => moment(json).map(Value::Timestamp),
        ShapeKind::Blob => json.as_str().map(|text| Value::Blob(text.as_bytes().to_vec())),
        ShapeKind::String => match json {
            Json::String(text) => Some(Value::String(text.clone())),
            Json::Number(number) => Some(Value::String(number.to_string())),
            Json::Bool(flag) => Some(Value::String(flag.to_string())),
            _ => None,
        },
        ShapeKind::Structure | ShapeKind::List | ShapeKind::Map => None,
    }
}

/// A value that would have been hidden, of the kind that the model has.
fn hidden(shape: Shape<'static>) -> Value {
    let stand_in = || Value::String(STAND_IN.to_owned());
    match shape.kind() {
        ShapeKind::Structure => {
            let text = shape.members().find(|member| member.shape().kind() == ShapeKind::String);
            Value::Structure(text.map(|member| (member.name(), stand_in())).into_iter().collect())
        }
        ShapeKind::List => Value::List(vec![stand_in()]),
        ShapeKind::Map => Value::Map(vec![(STAND_IN.to_owned(), stand_in())]),
        ShapeKind::Integer | ShapeKind::Long => Value::Integer(7),
        ShapeKind::Boolean => Value::Bool(true),
        ShapeKind::Blob => Value::Blob(STAND_IN.as_bytes().to_vec()),
        _ => stand_in(),
    }
}

/// Milliseconds have been above this since 1973, seconds will be from year 5138 on.
const SECONDS_MAX: f64 = 1e11;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A moment in any of the forms that records have had over the years.
pub(in crate::recorder::tests::fidelity) fn moment(json: &Json) -> Option<Timestamp> {
    match json {
        Json::Number(number) => {
            let number = number.as_f64()?;
            let ms = if number.abs() < SECONDS_MAX { number * 1000.0 } else { number };
            Some(Timestamp::from_ms(ms.round() as i64))
        }
        Json::String(text) => Timestamp::parse_iso(text).or_else(|| spoken(text)),
        _ => None,
    }
}

/// `Jul 10, 2023 12:24:29 PM`, as Java wrote dates in the past.
fn spoken(text: &str) -> Option<Timestamp> {
    let text = text.replace(['\u{202f}', ','], " ");
    let [month, day, year, time, half] = text.split_whitespace().collect::<Vec<_>>()[..] else {
        return None;
    };
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    let [hour, minute, second] = time.split(':').collect::<Vec<_>>()[..] else { return None };
    let hour = hour.parse::<u32>().ok()? % 12 + if half == "PM" { 12 } else { 0 };
    let day: u32 = day.parse().ok()?;
    Timestamp::parse_iso(&format!("{year}-{month:02}-{day:02}T{hour:02}:{minute}:{second}Z"))
}
