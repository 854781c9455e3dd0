//! The pass over brackets and quotes, which can stop and go on at any byte.

use std::ops::Range;

use memchr::memchr;

use super::value::{INDENT_BYTES_MAX, Value, ends_with_line_start};
use super::{SplitError, SplitLimits};
use crate::json::scan::next_special;

/// Keys whose array holds records: log files, `lookup-events`, `filter-log-events`, and what
/// CloudWatch Logs hands to its subscribers.
const CONTAINER_KEYS: [&[u8]; 4] = [b"Records", b"Events", b"events", b"logEvents"];

/// The first keys of a record and of a log file, as AWS writes them.
const FIRST_KEYS: [&[u8]; 2] = [b"eventVersion", b"Records"];
/// The longest of them, with its bracket and quotes, fits.
const FIRST_KEY_BYTES_MAX: usize = 32;

/// A list of whole files is the deepest that arrays of records are looked for in.
const NESTING_MAX: usize = 3;

/// What a step found.
#[derive(Debug)]
pub(super) enum Step {
    /// More input is needed, or there is none.
    More,
    /// One element, as a range of the buffer; `at` counts from the start of the input.
    Element { range: Range<usize>, at: u64 },
    /// A piece that is no element.
    Failed(SplitError),
}

/// Where the walk is between elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Inside {
    /// In an array of elements.
    Array,
    /// In an object whose array of records has ended: the rest of it is skipped.
    RestOfObject,
}

/// Finds the elements of an input; knows where it is, so that the input may come in pieces.
#[derive(Debug)]
pub(super) struct Walker {
    limits: SplitLimits,
    /// The next byte to look at, in the buffer.
    at: usize,
    /// How many bytes of the input came before the buffer.
    before: u64,
    nesting: Vec<Inside>,
    value: Option<Value>,
    /// A bad line is being skipped.
    skips_line: bool,
    /// A whole record stood on one line, so this is a file of lines.
    has_lines: bool,
    has_failed: bool,
    /// Where the last element began, in the input.
    element_at: u64,
    /// Up to here in the input, lines were looked at as such: each is looked at once.
    lines_seen: u64,
}

impl Walker {
    pub(super) fn new(limits: SplitLimits) -> Self {
        Self {
            limits,
            at: 0,
            before: 0,
            nesting: Vec::new(),
            value: None,
            skips_line: false,
            has_lines: false,
            has_failed: false,
            element_at: 0,
            lines_seen: 0,
        }
    }

    /// The line that begins here, without its end; see [`Splitter::line`](super::Splitter::line).
    pub(super) fn line(&mut self, bytes: &[u8]) -> Option<Range<usize>> {
        let is_between = self.value.is_none() && self.nesting.is_empty();
        if !is_between || self.skips_line || self.has_failed {
            return None;
        }
        let ends = |at: usize| matches!(bytes.get(at), Some(b'\n' | b'\r'));
        let mut start = self.at;
        while ends(start) {
            start += 1;
        }
        if bytes.get(start) != Some(&b'{') || self.position(start) < self.lines_seen {
            return None;
        }
        let rest = bytes.get(start..)?;
        let length = memchr(b'\n', rest);
        self.lines_seen = self.position(start + length.unwrap_or(rest.len()));
        let end = start + length?;
        let end = if bytes.get(end - 1) == Some(&b'\r') { end - 1 } else { end };
        (end - start <= self.limits.record_bytes_max).then_some(start..end)
    }

    pub(super) fn element_at(&self) -> u64 {
        self.element_at
    }

    pub(super) fn open_at(&self) -> Option<u64> {
        self.value.as_ref().map(|value| value.at)
    }

    /// Goes on after the line that was looked at last.
    pub(super) fn skip_line(&mut self) {
        self.has_lines = true;
        self.at = usize::try_from(self.lines_seen.saturating_sub(self.before)).unwrap_or(self.at);
    }

    /// How many bytes at the front of the buffer are not needed any more; they are about to be
    /// dropped.
    pub(super) fn forget(&mut self) -> usize {
        let kept_from = match &mut self.value {
            Some(value) => {
                let is_dropped = value.is_too_large || value.is_rest;
                // A key that goes on beyond the longest one is none of them: nothing is kept for it.
                let may_match = |start: &usize| self.at - start <= FIRST_KEY_BYTES_MAX;
                value.line_start = value.line_start.filter(may_match);
                // Some bytes more, so that a line that begins here is seen.
                let looked_at = self.at.saturating_sub(INDENT_BYTES_MAX + 2).max(value.start);
                let looked_at = value.line_start.map_or(looked_at, |at| at.min(looked_at));
                let kept_from = if is_dropped { looked_at } else { value.start };
                value.start = 0;
                value.line_start = value.line_start.and_then(|at| at.checked_sub(kept_from));
                value.string_start = value.string_start.saturating_sub(kept_from);
                kept_from
            }
            None => self.at,
        };
        self.at -= kept_from;
        self.before += kept_from as u64;
        kept_from
    }

    pub(super) fn step(&mut self, bytes: &[u8], is_whole: bool) -> Step {
        while !self.has_failed {
            let step = match self.value.take() {
                Some(value) => self.walk_value(value, bytes),
                None => self.walk_between(bytes),
            };
            if let Some(step) = step {
                self.has_failed = matches!(step, Step::Failed(error) if error.is_final());
                return step;
            }
            if self.at >= bytes.len() {
                return self.at_end(is_whole);
            }
        }
        Step::More
    }

    fn at_end(&mut self, is_whole: bool) -> Step {
        if !is_whole || (self.value.is_none() && self.nesting.is_empty()) {
            return Step::More;
        }
        self.has_failed = true;
        Step::Failed(SplitError::Truncated { at: self.position(self.at) })
    }

    fn position(&self, at: usize) -> u64 {
        self.before + at as u64
    }

    /// Moves over what stands between values, to the start of the next one.
    fn walk_between(&mut self, bytes: &[u8]) -> Option<Step> {
        if self.skips_line {
            let rest = bytes.get(self.at..).unwrap_or_default();
            self.at += memchr(b'\n', rest).unwrap_or(rest.len());
            self.skips_line = self.at >= bytes.len();
            return None;
        }
        let &byte = bytes.get(self.at)?;
        match (byte, self.nesting.last()) {
            (b' ' | b'\n' | b'\r' | b'\t', _) | (b',', Some(Inside::Array)) => self.at += 1,
            // The byte order mark that some editors write.
            (0xef | 0xbb | 0xbf, None) if self.position(self.at) < 3 => self.at += 1,
            (b']', Some(Inside::Array)) => {
                self.at += 1;
                self.nesting.pop();
                if self.nesting.last() == Some(&Inside::RestOfObject) {
                    self.nesting.pop();
                    self.start_value(true);
                }
            }
            (b'[', None | Some(Inside::Array)) if self.nesting.len() < NESTING_MAX => {
                self.at += 1;
                self.nesting.push(Inside::Array);
            }
            (b'{' | b'"', _) | (_, Some(Inside::Array)) if !matches!(byte, b'}' | b':') => {
                self.start_value(false);
            }
            (_, None) => {
                self.skips_line = true;
                return Some(Step::Failed(SplitError::BadLine { at: self.position(self.at) }));
            }
            _ => return Some(self.broken()),
        }
        None
    }

    fn broken(&self) -> Step {
        Step::Failed(SplitError::Broken { at: self.position(self.at) })
    }

    fn start_value(&mut self, is_rest: bool) {
        let in_named = self.nesting.contains(&Inside::RestOfObject);
        self.value = Some(Value {
            start: self.at,
            at: self.position(self.at),
            depth: usize::from(is_rest),
            in_string: false,
            is_escaped: false,
            may_contain: !is_rest && !in_named && self.nesting.len() < NESTING_MAX,
            string_start: self.at,
            after_container_key: false,
            is_container_key: false,
            is_too_large: false,
            is_too_deep: false,
            is_rest,
            line_start: None,
            objects: u128::from(is_rest),
        });
    }

    /// Moves through a value; gives it back to `self.value` if the buffer ends first.
    fn walk_value(&mut self, mut value: Value, bytes: &[u8]) -> Option<Step> {
        loop {
            let ended = if value.in_string {
                match self.walk_string(&mut value, bytes) {
                    StringStep::More => break,
                    StringStep::Ended => value.depth == 0,
                    StringStep::TornLine => return Some(self.torn(&value)),
                    StringStep::BadLine => {
                        self.skips_line = true;
                        return Some(Step::Failed(SplitError::BadLine {
                            at: self.position(self.at),
                        }));
                    }
                }
            } else {
                match self.walk_structure(&mut value, bytes) {
                    StructureStep::More => break,
                    StructureStep::Again => false,
                    StructureStep::Ended => true,
                    StructureStep::Container => {
                        self.nesting.extend([Inside::RestOfObject, Inside::Array]);
                        return None;
                    }
                    StructureStep::TornLine => return Some(self.torn(&value)),
                    StructureStep::Broken => return Some(self.broken()),
                }
            };
            if ended {
                self.has_lines |= self.is_line(&value, bytes);
                return self.end_value(&value);
            }
        }
        if self.at.saturating_sub(value.start) > self.limits.record_bytes_max {
            // Its bytes are dropped from here on, and with them the keys that could be compared.
            value.is_too_large = true;
            value.may_contain = false;
            value.is_container_key = false;
            value.after_container_key = false;
        }
        self.value = Some(value);
        None
    }

    /// A value never ends: the next record begins where the walk is, and with it a line.
    fn torn(&mut self, value: &Value) -> Step {
        self.nesting.clear();
        Step::Failed(SplitError::BadLine { at: value.at })
    }

    /// Whether what began a line inside a value is a record or a log file, now that its first key ends
    /// here: no record has such an object at the begin of a line, so the value was torn before it.
    /// The walk goes back to it.
    fn goes_back(&mut self, value: &mut Value, key_end: usize, bytes: &[u8]) -> bool {
        let Some(start) = value.line_start.take() else { return false };
        let key = bytes.get(start + 2..key_end).unwrap_or_default();
        let is_first = FIRST_KEYS.contains(&key);
        if is_first {
            self.at = start;
        }
        is_first
    }

    /// Whether the value that ended is an object on one line.
    fn is_line(&self, value: &Value, bytes: &[u8]) -> bool {
        if !self.nesting.is_empty() || self.has_lines || value.is_too_large || value.is_rest {
            return false;
        }
        let line = bytes.get(value.start..self.at).unwrap_or_default();
        line.first() == Some(&b'{') && memchr(b'\n', line).is_none()
    }

    fn end_value(&mut self, value: &Value) -> Option<Step> {
        if value.is_rest {
            return None;
        }
        let at = value.at;
        let range = value.start..self.at;
        Some(if value.is_too_large || range.len() > self.limits.record_bytes_max {
            Step::Failed(SplitError::TooLarge { at })
        } else if value.is_too_deep {
            Step::Failed(SplitError::TooDeep { at })
        } else {
            self.element_at = at;
            Step::Element { range, at }
        })
    }

    /// Moves to the end of the string that the walk is in.
    fn walk_string(&mut self, value: &mut Value, bytes: &[u8]) -> StringStep {
        if value.is_escaped && self.at < bytes.len() {
            value.is_escaped = false;
            self.at += usize::from(bytes.get(self.at) != Some(&b'\n'));
        }
        loop {
            self.at = next_special(bytes, self.at);
            match bytes.get(self.at) {
                None => return StringStep::More,
                Some(b'"') => break,
                // No escape holds a raw line end.
                Some(b'\\') if bytes.get(self.at + 1) == Some(&b'\n') => self.at += 1,
                Some(b'\\') if self.at + 1 < bytes.len() => self.at += 2,
                Some(b'\\') => {
                    self.at = bytes.len();
                    value.is_escaped = true;
                    return StringStep::More;
                }
                // No string of JSON holds a raw line end: a torn line of a file of lines.
                Some(b'\n') if self.nesting.is_empty() => return StringStep::BadLine,
                Some(_) => self.at += 1,
            }
        }
        if self.goes_back(value, self.at, bytes) {
            return StringStep::TornLine;
        }
        // In a string that was torn, the quote of the next record's first key is the one that ends it.
        let from = self.at.saturating_sub(INDENT_BYTES_MAX + 2).max(value.string_start + 1);
        if bytes.get(from..self.at).is_some_and(ends_with_line_start) {
            value.line_start = Some(self.at - 1);
        }
        if value.depth == 1 && value.may_contain {
            let text = bytes.get(value.string_start + 1..self.at).unwrap_or_default();
            value.is_container_key = CONTAINER_KEYS.contains(&text);
        }
        value.in_string = false;
        self.at += 1;
        StringStep::Ended
    }

    /// Whether an object begins a line while a value that began before is not at its end: in a file
    /// of lines, that one was torn, and took the end of its line with it.
    fn begins_line(&self, value: &Value, at: usize, bytes: &[u8]) -> bool {
        self.nesting.is_empty() && !value.is_rest && value.has_line_start_at(at, bytes)
    }

    /// Moves to the next quote or over the next bracket.
    fn walk_structure(&mut self, value: &mut Value, bytes: &[u8]) -> StructureStep {
        let rest = bytes.get(self.at..).unwrap_or_default();
        for (skipped, &byte) in rest.iter().enumerate() {
            match byte {
                b'"' => {
                    self.at += skipped;
                    let is_past_key = value.line_start.is_some_and(|start| start + 1 != self.at);
                    if is_past_key && self.goes_back(value, self.at, bytes) {
                        return StructureStep::TornLine;
                    }
                    value.string_start = self.at;
                    value.in_string = true;
                    self.at += 1;
                    return StructureStep::Again;
                }
                b':' if value.depth == 1 => value.after_container_key = value.is_container_key,
                b',' if value.depth == 1 => value.after_container_key = false,
                b'{' if self.has_lines && self.begins_line(value, self.at + skipped, bytes) => {
                    self.at += skipped;
                    return StructureStep::TornLine;
                }
                b'{' | b'[' => {
                    let at = self.at + skipped;
                    if byte == b'{'
                        && (value.has_line_start_at(at, bytes)
                            || value.cannot_hold_line_at(at, bytes))
                    {
                        value.line_start = Some(at);
                    }
                    // Cut into pieces, a wrapper that large has lost its keys: whole, it loses them
                    // too.
                    let offset = (self.at + skipped).saturating_sub(value.start);
                    let in_reach = offset < self.limits.record_bytes_max;
                    if byte == b'[' && value.depth == 1 && value.after_container_key && in_reach {
                        self.at += skipped + 1;
                        return StructureStep::Container;
                    }
                    value.open(byte);
                    value.is_too_deep |= value.depth > self.limits.depth_max;
                }
                b'}' | b']' if value.depth > 0 => {
                    value.close();
                    if value.depth == 0 {
                        self.at += skipped + 1;
                        return StructureStep::Ended;
                    }
                }
                // A number or word ends where the array goes on.
                b',' | b'}' | b']' if value.depth == 0 => {
                    self.at += skipped;
                    let is_empty = self.at == value.start;
                    return if is_empty { StructureStep::Broken } else { StructureStep::Ended };
                }
                _ => {}
            }
        }
        self.at += rest.len();
        StructureStep::More
    }
}

enum StringStep {
    More,
    Ended,
    TornLine,
    BadLine,
}

enum StructureStep {
    More,
    Again,
    Ended,
    Container,
    TornLine,
    Broken,
}
