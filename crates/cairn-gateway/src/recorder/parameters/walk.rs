//! What a walk through parameters carries with it.

use cairn_event::Timestamp;
use cairn_event::json::push_string;
use cairn_wire::model::{Member, Operation, Shape, TimestampFormat};
use cairn_wire::value::Value;

use crate::recorder::rules::{Action, Rules};
use crate::recorder::services::{Family, ServiceFacts};
use crate::recorder::text::{Array, push_compact};

/// How dates are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::recorder) enum Dates {
    /// `2026-11-25T17:00:00Z` (observed since 2026).
    Iso,
    /// As the model says that they go over the wire, in JSON: seconds since 1970 unless it says
    /// otherwise.
    Wire,
    /// Milliseconds since 1970.
    Milliseconds,
    /// `2026-11-25T17:00:00.000Z`, as in XML.
    IsoMilliseconds,
}

/// The rules and the style of one side of one call.
#[derive(Debug)]
pub(in crate::recorder) struct Walk {
    pub(super) rules: Rules,
    pub(super) facts: &'static ServiceFacts,
    pub(super) dates: Dates,
    /// Names of the wire, and not of the model.
    pub(super) is_as_is: bool,
    /// Whether the service adds what the caller has not said.
    pub(super) adds: bool,
    keeps_all: bool,
}

/// What a member turns into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Itself.
    Shown,
    /// Itself under another key.
    Renamed(&'static str),
    /// Nothing.
    Omitted,
    /// A text in its place.
    Text(&'static str),
    /// As many texts as it has elements.
    Texts(&'static str),
    /// `{}`.
    Empty,
}

impl Walk {
    pub(super) fn new(
        rules: Rules,
        facts: &'static ServiceFacts,
        operation: Operation<'static>,
    ) -> Self {
        let keeps_all = rules.at(&[]) == Some(Action::Keep);
        let family = facts.family_of(operation.name());
        let dates = match family {
            Family::AsIs => Dates::Wire,
            Family::Ec2 if operation.ec2_legacy() => Dates::Milliseconds,
            Family::Ec2 => Dates::IsoMilliseconds,
            _ => Dates::Iso,
        };
        let (adds, is_as_is) = (rules.adds(), family == Family::AsIs);
        Self { rules, facts, dates, is_as_is, adds, keeps_all }
    }

    /// What happens to a member with this value at this path.
    pub(super) fn fate(&self, path: &[&str], member: Option<Member<'_>>, value: &Value) -> Fate {
        let action = self.rules.at(path);
        // Observed: a list without elements is not hidden.
        let has_nothing = matches!(value, Value::List(items) if items.is_empty());
        match action {
            Some(Action::Omit | Action::Token | Action::Null) => return Fate::Omitted,
            Some(Action::Hide) if !has_nothing => return Fate::Text(self.facts.mask),
            Some(Action::HideItems) => return Fate::Texts(self.facts.mask),
            Some(Action::Text(text)) => return Fate::Text(text),
            Some(Action::Empty) => return Fate::Empty,
            Some(
                Action::Keep
                | Action::Rename(_)
                | Action::Hide
                | Action::Add(_)
                | Action::Copy(..)
                | Action::Show,
            )
            | None => {}
        }
        // Content has no place in a record.
        if matches!(value, Value::Blob(_) | Value::Stream) {
            return Fate::Omitted;
        }
        let is_secret = member.is_some_and(|m| m.sensitive() || is_sensitive(m.shape()));
        if is_secret && !has_nothing && !self.keeps_all && action != Some(Action::Keep) {
            return Fate::Text(self.facts.mask);
        }
        match action {
            Some(Action::Rename(name)) => Fate::Renamed(name),
            _ => Fate::Shown,
        }
    }

    pub(super) fn is_secret(&self, shape: Option<Shape<'_>>) -> bool {
        !self.keeps_all && shape.is_some_and(is_sensitive)
    }

    /// How the date of a member is written.
    pub(super) fn date_of(&self, member: Option<Member<'_>>) -> Dates {
        let format = member.and_then(|m| m.timestamp_format().or(m.shape().timestamp_format()));
        match (self.dates, format) {
            (Dates::Wire, Some(TimestampFormat::Iso8601)) => Dates::IsoMilliseconds,
            (dates, _) => dates,
        }
    }
}

/// Writes a date in one of the forms that services choose.
pub(super) fn push_date(out: &mut Vec<u8>, at: Timestamp, dates: Dates) {
    match dates {
        Dates::Iso => push_string(out, &at.iso_seconds()),
        Dates::Milliseconds => out.extend_from_slice(at.as_ms().to_string().as_bytes()),
        Dates::IsoMilliseconds => {
            let seconds = at.iso_seconds();
            let start = seconds.strip_suffix('Z').unwrap_or(&seconds);
            push_string(out, &format!("{start}.{:03}Z", at.as_ms().rem_euclid(1000)));
        }
        Dates::Wire => {
            let ms = at.as_ms();
            let whole = at.as_seconds().to_string();
            out.extend_from_slice(whole.as_bytes());
            if ms.rem_euclid(1000) != 0 && ms >= 0 {
                let fraction = format!(".{:03}", ms.rem_euclid(1000));
                out.extend_from_slice(fraction.trim_end_matches('0').as_bytes());
            }
        }
    }
}

/// Writes a value that is no container of the model; false if it is one.
pub(super) fn push_scalar(out: &mut Vec<u8>, value: &Value, walk: &Walk) -> bool {
    match value {
        Value::Null | Value::Blob(_) | Value::Stream => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Integer(number) => out.extend_from_slice(number.to_string().as_bytes()),
        Value::Double(number) => push_double(out, *number),
        Value::Decimal(text) => push_decimal(out, text),
        Value::String(text) => push_string(out, text),
        Value::Timestamp(at) => push_date(out, *at, walk.dates),
        Value::Document(raw) => {
            if !push_compact(out, raw.get()) {
                out.extend_from_slice(b"null");
            }
        }
        Value::List(_) | Value::Map(_) | Value::Structure(_) => return false,
    }
    true
}

fn push_double(out: &mut Vec<u8>, number: f64) {
    match serde_json::to_string(&number) {
        Ok(text) if number.is_finite() => out.extend_from_slice(text.as_bytes()),
        // JSON has no word for these; AWS's own JSON protocols write them as text.
        _ if number.is_nan() => push_string(out, "NaN"),
        _ if number > 0.0 => push_string(out, "Infinity"),
        _ => push_string(out, "-Infinity"),
    }
}

fn push_decimal(out: &mut Vec<u8>, text: &str) {
    if serde_json::from_str::<serde_json::Number>(text).is_ok() {
        out.extend_from_slice(text.trim().as_bytes());
    } else {
        push_string(out, text);
    }
}

/// A list of the same text, once for every element of `value`.
pub(super) fn push_repeated(out: &mut Vec<u8>, value: &Value, text: &str) {
    let mut array = Array::begin(out);
    for _ in value.as_list().unwrap_or_default() {
        push_string(array.element(), text);
    }
    array.end();
}

/// Whether the model marks a shape, or the keys of a map, which would be shown with what it holds.
fn is_sensitive(shape: Shape<'_>) -> bool {
    shape.sensitive() || shape.map_key().is_some_and(|key| key.shape().sensitive())
}
