//! What is done about damage: what is well-formed is read as it is; behind what is proven torn, the
//! next record is looked for.
//!
//! A value is torn if it stops being JSON, or does not end before the input does, or its length or its
//! depth reach their limits. Then the walk goes back to the first object inside it that begins a line
//! as a record does, and is at its end. What the walk goes back for is a part of the torn value, so
//! their depth limits how often a byte is walked.
//!
//! Where a record was printed on many lines, nobody knows how much of it is left behind the tear, and
//! its own objects are not to be taken for records: from there on a record must have what every
//! record has, and stand no further in than the torn one did.

use memchr::memchr;

use super::SplitError;
use super::value::{Begun, FIRST_KEY_BYTES_MAX, INDENT_BYTES_MAX, Inner, Value, indent_before};
use super::walker::{Inside, Step, Walker};
use crate::{RecordError, RecordHead};

/// How deep in a value the begin of a record is kept in mind, in case that the value is torn.
const INNER_DEPTH_MAX: usize = 32;
/// So many bytes beyond the limit a value is kept, so that a key that begins within it is seen whole.
const SLACK_BYTES: usize = FIRST_KEY_BYTES_MAX + 2 * INDENT_BYTES_MAX;
/// How a record begins whose depth is known.
const RECORD_KEY: &[u8] = b"\"eventVersion\"";

impl Walker {
    /// An object begins inside a value: whether that is on a line of its own, which shows that the
    /// value is torn. In a file of lines any object may be a record, else one with a record's first key.
    pub(super) fn meets_object(&mut self, value: &mut Value, at: usize, bytes: &[u8]) -> bool {
        if !value.has_line_at(at, bytes) {
            return false;
        }
        let is_line = self.has_lines && self.nesting.is_empty() && !value.is_rest;
        if is_line && value.has_column_at(at, bytes) {
            return self.is_torn_at(value, at, bytes);
        }
        value.begun = Some(Begun::Object(at));
        false
    }

    /// What looks like a record begins a line inside a value: whether it proves that the value is torn.
    pub(super) fn is_torn_at(&self, value: &mut Value, start: usize, bytes: &[u8]) -> bool {
        value.check_to(start, bytes);
        let offset = self.position(start).saturating_sub(value.at);
        let in_reach = value.is_rest || offset <= self.limits.record_bytes_max as u64;
        match value.prefix.may_hold_object() {
            None => false,
            Some(false) => true,
            Some(true) => {
                let depth = value.prefix.depth();
                if in_reach && !value.is_too_deep && depth <= INNER_DEPTH_MAX {
                    value.open_inner(Inner { start, depth });
                }
                false
            }
        }
    }

    /// The first line that begins as a record does inside a value that is torn here, if it is in reach.
    pub(super) fn inner_of(&self, value: &Value, torn_at: usize) -> Option<usize> {
        let bytes_max = self.limits.record_bytes_max;
        value.inner.filter(|inner| !value.is_rest || torn_at.saturating_sub(*inner) <= bytes_max)
    }

    /// Goes back to the first record inside a torn value, or to the one that has shown that it is torn.
    pub(super) fn go_back(&mut self, value: &Value, shown_by: usize, bytes: &[u8]) -> Step {
        let start = self.inner_of(value, shown_by).unwrap_or(shown_by);
        self.lose(value, start, bytes);
        self.nesting.clear();
        self.at = start;
        self.set_indent(indent_before(bytes, 0..start).unwrap_or_default());
        Step::Failed(SplitError::BadLine { at: value.at })
    }

    /// Whether a value that ends here, with what looks like a record inside it, is JSON all the way.
    pub(super) fn is_well_formed(&self, value: &mut Value, bytes: &[u8]) -> bool {
        value.check_to(self.at, bytes);
        let text = bytes.get(value.start..self.at).unwrap_or_default();
        let is_object = !value.is_rest && text.starts_with(b"{");
        let is_json = || {
            let parsed = RecordHead::parse(text);
            !matches!(parsed, Err(RecordError::NotAnObject { .. } | RecordError::NotUtf8))
        };
        !value.prefix.is_wrong() && (!is_object || is_json())
    }

    /// The buffer ends inside a value.
    pub(super) fn leave(&mut self, mut value: Value, bytes: &[u8]) -> Option<Step> {
        if self.at.saturating_sub(value.start) > self.limits.record_bytes_max + SLACK_BYTES {
            if let Some(inner) = value.inner.filter(|_| !value.is_rest) {
                return Some(self.go_back(&value, inner, bytes));
            }
            // Its bytes are dropped from here on, and with them the keys that could be compared.
            value.is_too_large = true;
            value.may_contain &= value.is_rest;
            value.is_container_key &= value.is_rest;
            value.after_container_key &= value.is_rest;
        }
        if value.is_too_large || value.is_rest {
            let begun = value.begun.map_or(self.at, Begun::start);
            value.check_to(begun, bytes);
            value.keep_inner_from(begun.saturating_sub(self.limits.record_bytes_max + 1));
        }
        self.value = Some(value);
        None
    }

    /// A string of a value outside all arrays holds a line end, which no string of JSON does: reading
    /// goes on there, or with a record that came before.
    pub(super) fn bad_line(&mut self, value: &Value, bytes: &[u8]) -> Step {
        if let Some(inner) = self.inner_of(value, self.at) {
            return self.go_back(value, inner, bytes);
        }
        self.lose(value, self.at, bytes);
        self.skips_line = true;
        Step::Failed(SplitError::BadLine { at: self.position(self.at) })
    }

    /// A value is torn, and reading goes on at `to`: whether more of it may be left there.
    pub(super) fn lose(&mut self, value: &Value, to: usize, bytes: &[u8]) {
        let offset = self.position(to).saturating_sub(value.at);
        let indent = if value.is_rest || offset > self.limits.record_bytes_max as u64 {
            usize::MAX
        } else {
            let text = bytes.get(value.start..to).unwrap_or_default().trim_ascii_end();
            if memchr(b'\n', text).is_none() {
                return;
            }
            // What is torn may also have been wrapped around records, which stand further in.
            let is_record = self.nesting.contains(&Inside::RestOfObject) || begins_as_record(text);
            if is_record { value.indent } else { usize::MAX }
        };
        self.lost = Some(self.lost.map_or(indent, |lost| lost.min(indent)));
    }

    /// Whether an element is no record, because it may be a piece of one that is torn.
    pub(super) fn is_fragment(&mut self, element: &[u8], record: &[u8]) -> bool {
        let Some(indent) = self.lost else { return false };
        if self.element_indent > indent || !is_whole(record) {
            return true;
        }
        // This is a file of lines, and each of them has nothing to do with the one before.
        if self.element_indent == 0 && memchr(b'\n', element).is_none() {
            self.lost = None;
        }
        false
    }
}

/// Whether an object begins as AWS writes records.
pub(super) fn begins_as_record(object: &[u8]) -> bool {
    let key = object.strip_prefix(b"{").map(<[u8]>::trim_ascii_start);
    key.is_some_and(|key| key.starts_with(RECORD_KEY))
}

/// Whether a record has what every record has that AWS writes of a call (documented).
fn is_whole(record: &[u8]) -> bool {
    RecordHead::parse(record).is_ok_and(|head| {
        head.event_version.is_some()
            && head.event_time_text.is_some()
            && head.event_source.is_some()
            && head.event_name.is_some()
    })
}
