//! The pass over brackets and quotes, which can stop and go on at any byte.

use std::ops::Range;

use memchr::memchr;

use super::prefix::Prefix;
use super::torn::begins_as_record;
use super::value::{Begun, FIRST_KEY_BYTES_MAX, INDENT_BYTES_MAX, Value, line_at_end};
use super::{SplitError, SplitLimits};
use crate::json::scan::next_special;

/// Keys whose array holds records: log files, `lookup-events`, `filter-log-events`, and what
/// CloudWatch Logs hands to its subscribers.
const CONTAINER_KEYS: [&[u8]; 4] = [b"Records", b"Events", b"events", b"logEvents"];

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
pub(super) enum Inside {
    /// In an array of elements.
    Array,
    /// In an object whose array of records has ended: the rest of it is skipped.
    RestOfObject,
}

/// The blanks at the start of a line.
#[derive(Clone, Copy, Debug)]
struct Indent {
    bytes: usize,
    /// The walk stands in them still.
    is_open: bool,
}

/// Finds the elements of an input; knows where it is, so that the input may come in pieces.
#[derive(Debug)]
pub(super) struct Walker {
    pub(super) limits: SplitLimits,
    /// The next byte to look at, in the buffer.
    pub(super) at: usize,
    /// How many bytes of the input came before the buffer.
    before: u64,
    pub(super) nesting: Vec<Inside>,
    pub(super) value: Option<Value>,
    /// A bad line is being skipped.
    pub(super) skips_line: bool,
    /// A whole record stood on one line, so this is a file of lines.
    pub(super) has_lines: bool,
    has_failed: bool,
    /// How far the line is indented that the walk is on.
    indent: Indent,
    /// A piece of a torn value may follow, which began on a line that was indented so far, at most.
    pub(super) lost: Option<usize>,
    /// Where the last element began, in the input, and on a line that was indented how far.
    element_at: u64,
    pub(super) element_indent: usize,
    /// The same, if it began as a record does.
    record_indent: Option<usize>,
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
            indent: Indent { bytes: 0, is_open: true },
            lost: None,
            element_at: 0,
            element_indent: 0,
            record_indent: None,
            lines_seen: 0,
        }
    }

    /// The line that begins here, without its end; see [`Splitter::line`](super::Splitter::line).
    pub(super) fn line(&mut self, bytes: &[u8]) -> Option<Range<usize>> {
        let is_between = self.value.is_none() && self.nesting.is_empty();
        if !is_between || self.skips_line || self.has_failed || self.lost.is_some() {
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
        self.indent.is_open = false;
    }

    /// How many bytes at the front of the buffer are not needed any more; they are about to be
    /// dropped.
    pub(super) fn forget(&mut self) -> usize {
        let kept_from = match &mut self.value {
            Some(value) => {
                let is_dropped = value.is_too_large || value.is_rest;
                // A key that goes on beyond the longest one is none of them: nothing is kept for it.
                let may_match = |begun: &Begun| self.at - begun.start() <= FIRST_KEY_BYTES_MAX;
                value.begun = value.begun.filter(may_match);
                // Some bytes more, so that a line that begins here is seen, and how far it is indented.
                let begun = value.begun.map_or(self.at, Begun::start);
                let first = begun.min(value.first_inner().unwrap_or(begun)).min(self.at);
                let looked_at = first.saturating_sub(2 * INDENT_BYTES_MAX + 2).max(value.start);
                let kept_from = if is_dropped { looked_at } else { value.start };
                value.start = 0;
                value.begun = value.begun.and_then(|begun| begun.moved(kept_from));
                value.inner = value.inner.and_then(|at| at.checked_sub(kept_from));
                value.open.iter_mut().for_each(|inner| inner.start -= kept_from);
                value.string_start = value.string_start.saturating_sub(kept_from);
                value.checked_to = value.checked_to.saturating_sub(kept_from);
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
                return self.at_end(bytes, is_whole);
            }
        }
        Step::More
    }

    /// The buffer ends here.
    fn at_end(&mut self, bytes: &[u8], is_whole: bool) -> Step {
        if !is_whole || (self.value.is_none() && self.nesting.is_empty()) {
            return Step::More;
        }
        if let Some(value) = self.value.take_if(|value| value.inner.is_some())
            && let Some(inner) = self.inner_of(&value, self.at)
        {
            return self.go_back(&value, inner, bytes);
        }
        self.has_failed = true;
        Step::Failed(SplitError::Truncated { at: self.position(self.at) })
    }

    pub(super) fn position(&self, at: usize) -> u64 {
        self.before + at as u64
    }

    /// Says how far the line is indented whose first byte that is no blank comes next.
    pub(super) fn set_indent(&mut self, indent: usize) {
        self.indent = Indent { bytes: indent, is_open: false };
    }

    /// Moves over a blank, which may be the end of a line or a part of an indentation.
    fn walk_blank(&mut self, byte: u8) {
        self.at += 1;
        match byte {
            b'\n' => self.indent = Indent { bytes: 0, is_open: true },
            _ if self.indent.is_open && byte != b'\r' => self.indent.bytes += 1,
            _ => {}
        }
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
            (b' ' | b'\n' | b'\r' | b'\t', _) => self.walk_blank(byte),
            (b',', Some(Inside::Array)) => self.at += 1,
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
            // What is left of the arrays and objects around a torn value.
            (b',' | b']' | b'}', None) if self.lost.is_some() => self.at += 1,
            (_, None) => {
                if !self.has_lines && matches!(byte, b',' | b']' | b'}' | b':') {
                    self.lose_step();
                }
                self.skips_line = true;
                return Some(Step::Failed(SplitError::BadLine { at: self.position(self.at) }));
            }
            _ => return Some(self.broken()),
        }
        None
    }

    /// A bracket closes what is not open.
    fn broken(&mut self) -> Step {
        let at = self.position(self.at);
        self.at += 1;
        self.nesting.clear();
        self.lose_step();
        Step::Failed(SplitError::Broken { at })
    }

    /// The value before was torn, and has ended with a bracket of its own pieces.
    fn lose_step(&mut self) {
        self.lost = self.lost.or(self.record_indent).or(Some(usize::MAX));
    }

    fn start_value(&mut self, is_rest: bool) {
        let in_named = self.nesting.contains(&Inside::RestOfObject);
        self.indent.is_open = false;
        self.value = Some(Value {
            start: self.at,
            at: self.position(self.at),
            indent: self.indent.bytes,
            depth: usize::from(is_rest),
            in_string: false,
            is_escaped: false,
            may_contain: !in_named && self.nesting.len() < NESTING_MAX,
            string_start: self.at,
            after_container_key: false,
            is_container_key: false,
            is_too_large: false,
            is_too_deep: false,
            is_rest,
            begun: None,
            open: Vec::new(),
            open_depth: usize::MAX,
            inner: None,
            prefix: if is_rest { Prefix::of_rest() } else { Prefix::of_value() },
            checked_to: self.at,
        });
    }

    /// Moves through a value; gives it back to `self.value` if the buffer ends first.
    fn walk_value(&mut self, mut value: Value, bytes: &[u8]) -> Option<Step> {
        loop {
            let ended = if value.in_string {
                match self.walk_string(&mut value, bytes) {
                    StringStep::More => break,
                    StringStep::Ended => value.depth == 0,
                    StringStep::Torn(at) => return Some(self.go_back(&value, at, bytes)),
                    StringStep::BadLine => return Some(self.bad_line(&value, bytes)),
                }
            } else {
                match self.walk_structure(&mut value, bytes) {
                    StructureStep::More => break,
                    StructureStep::Again => false,
                    StructureStep::Ended => true,
                    StructureStep::Container => {
                        value.check_to(self.at - 1, bytes);
                        if let Some(inner) = self.inner_of(&value, self.at)
                            && value.prefix.may_hold_object() == Some(false)
                        {
                            return Some(self.go_back(&value, inner, bytes));
                        }
                        self.nesting.extend([Inside::RestOfObject, Inside::Array]);
                        return None;
                    }
                    StructureStep::Torn(at) => return Some(self.go_back(&value, at, bytes)),
                    StructureStep::Broken => return Some(self.broken()),
                }
            };
            if ended {
                self.has_lines |= self.is_line(&value, bytes);
                return self.end_value(value, bytes);
            }
        }
        self.leave(value, bytes)
    }

    /// Whether the value that ended is an object on one line.
    fn is_line(&self, value: &Value, bytes: &[u8]) -> bool {
        let length = self.position(self.at).saturating_sub(value.at);
        let is_too_large = length > self.limits.record_bytes_max as u64;
        if !self.nesting.is_empty() || self.has_lines || is_too_large || value.is_rest {
            return false;
        }
        let line = bytes.get(value.start..self.at).unwrap_or_default();
        line.first() == Some(&b'{') && memchr(b'\n', line).is_none()
    }

    fn end_value(&mut self, mut value: Value, bytes: &[u8]) -> Option<Step> {
        let length = self.position(self.at).saturating_sub(value.at);
        let is_too_large = !value.is_rest && length > self.limits.record_bytes_max as u64;
        if let Some(inner) = self.inner_of(&value, self.at)
            && (is_too_large || !self.is_well_formed(&mut value, bytes))
        {
            return Some(self.go_back(&value, inner, bytes));
        }
        if value.is_rest {
            return None;
        }
        let at = value.at;
        Some(if is_too_large {
            Step::Failed(SplitError::TooLarge { at })
        } else if value.is_too_deep {
            Step::Failed(SplitError::TooDeep { at })
        } else {
            (self.element_at, self.element_indent) = (at, value.indent);
            let element = bytes.get(value.start..self.at).unwrap_or_default();
            let is_record =
                self.nesting.contains(&Inside::RestOfObject) || begins_as_record(element);
            self.record_indent = is_record.then_some(value.indent);
            Step::Element { range: value.start..self.at, at }
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
        if let Some(start) = value.quote(self.at, bytes)
            && self.is_torn_at(value, start, bytes)
        {
            return StringStep::Torn(start);
        }
        if let Some(start) = line_at_end(bytes, value.string_start + 1..self.at) {
            value.begun = Some(Begun::Key { start, quote: self.at });
        }
        if value.depth == 1 && value.may_contain {
            let text = bytes.get(value.string_start + 1..self.at).unwrap_or_default();
            value.is_container_key = CONTAINER_KEYS.contains(&text);
        }
        value.in_string = false;
        self.at += 1;
        StringStep::Ended
    }

    /// Moves to the next quote or over the next bracket.
    fn walk_structure(&mut self, value: &mut Value, bytes: &[u8]) -> StructureStep {
        let rest = bytes.get(self.at..).unwrap_or_default();
        for (skipped, &byte) in rest.iter().enumerate() {
            match byte {
                b'"' => {
                    self.at += skipped;
                    if let Some(start) = value.quote(self.at, bytes)
                        && self.is_torn_at(value, start, bytes)
                    {
                        return StructureStep::Torn(start);
                    }
                    value.string_start = self.at;
                    value.in_string = true;
                    self.at += 1;
                    return StructureStep::Again;
                }
                b':' if value.depth == 1 => value.after_container_key = value.is_container_key,
                b',' if value.depth == 1 => value.after_container_key = false,
                b'{' | b'[' => {
                    let at = self.at + skipped;
                    if byte == b'{' && self.meets_object(value, at, bytes) {
                        return StructureStep::Torn(at);
                    }
                    // Cut into pieces, a wrapper that large has lost its keys: whole, it loses them
                    // too.
                    let offset = at.saturating_sub(value.start);
                    let in_reach = value.is_rest || offset < self.limits.record_bytes_max;
                    if byte == b'[' && value.depth == 1 && value.after_container_key && in_reach {
                        self.at += skipped + 1;
                        return StructureStep::Container;
                    }
                    value.depth += 1;
                    if value.depth > self.limits.depth_max {
                        value.is_too_deep = true;
                        if let Some(inner) = self.inner_of(value, at) {
                            return StructureStep::Torn(inner);
                        }
                    }
                }
                b'}' | b']' if value.depth > 0 => {
                    value.depth -= 1;
                    if value.depth == value.open_depth {
                        value.close_inner(self.at + skipped + 1, self.limits.record_bytes_max);
                    }
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
    /// A record begins here, which shows that the value is torn.
    Torn(usize),
    BadLine,
}

enum StructureStep {
    More,
    Again,
    Ended,
    Container,
    /// A record begins here, which shows that the value is torn.
    Torn(usize),
    Broken,
}
