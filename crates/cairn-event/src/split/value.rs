//! The walk through one value: what is open, and where in it a line begins as a record does.

use std::ops::Range;

use super::prefix::Prefix;

/// So much of blanks and line ends before an object, and after its bracket, is looked at.
pub(super) const INDENT_BYTES_MAX: usize = 64;

/// The first keys of a record and of a log file, as AWS writes them.
const FIRST_KEYS: [&[u8]; 2] = [b"eventVersion", b"Records"];
/// An object up to the end of its first key, if that is one of them, fits.
pub(super) const FIRST_KEY_BYTES_MAX: usize = INDENT_BYTES_MAX + 32;

/// The walk through one value.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools)] // each says one thing that holds beside the others
pub(super) struct Value {
    /// Where it starts in the buffer; clamped to the kept part once it is too large.
    pub(super) start: usize,
    /// Where it starts in the input.
    pub(super) at: u64,
    /// How far the line is indented on which it starts.
    pub(super) indent: usize,
    pub(super) depth: usize,
    pub(super) in_string: bool,
    /// The byte at which the input went out follows a backslash.
    pub(super) is_escaped: bool,
    /// Whether an array under a container key turns this object into a container.
    pub(super) may_contain: bool,
    /// The start of the string that was opened last.
    pub(super) string_start: usize,
    /// The key whose value comes next is a container key.
    pub(super) after_container_key: bool,
    /// The string that just ended at depth 1 is a container key, if a colon follows.
    pub(super) is_container_key: bool,
    pub(super) is_too_large: bool,
    pub(super) is_too_deep: bool,
    /// The value is the skipped rest of an object, and is no element.
    pub(super) is_rest: bool,
    /// What may be a record that begins a line inside it.
    pub(super) begun: Option<Begun>,
    /// What looks like a record, begins a line inside it, can be a part of it and is still open.
    pub(super) open: Vec<Inner>,
    /// The depth at which the last of them ends, or none.
    pub(super) open_depth: usize,
    /// The first such place, in the buffer, whose object is at its end. If the value turns out to be
    /// torn, a record it is. What is open when a value is torn is torn with it.
    pub(super) inner: Option<usize>,
    /// Whether it is JSON, up to `checked_to` in the buffer.
    pub(super) prefix: Prefix,
    pub(super) checked_to: usize,
}

/// An object that begins a line, and whose first key is not at its end.
#[derive(Clone, Copy, Debug)]
pub(super) enum Begun {
    /// Its bracket is here, in the buffer.
    Object(usize),
    /// And the quote of its first key.
    Key { start: usize, quote: usize },
}

/// What looks like a record inside a value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Inner {
    /// Where it begins, in the buffer.
    pub(super) start: usize,
    /// The depth around it.
    pub(super) depth: usize,
}

impl Begun {
    pub(super) const fn start(self) -> usize {
        match self {
            Self::Object(start) | Self::Key { start, .. } => start,
        }
    }

    /// The same after the front of the buffer was dropped; `None` if it was dropped with it.
    pub(super) fn moved(self, dropped: usize) -> Option<Self> {
        let start = self.start().checked_sub(dropped)?;
        Some(match self {
            Self::Object(_) => Self::Object(start),
            Self::Key { quote, .. } => Self::Key { start, quote: quote - dropped },
        })
    }
}

impl Value {
    /// Whether an object that begins here begins a line of the value.
    pub(super) fn has_line_at(&self, at: usize, bytes: &[u8]) -> bool {
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        // Most objects follow a colon or a bracket.
        before.is_some_and(|byte| is_blank(*byte))
            && self.depth > 0
            && indent_before(bytes, self.start..at).is_some()
    }

    /// Whether the object begins in the first column of its line.
    pub(super) fn has_column_at(&self, at: usize, bytes: &[u8]) -> bool {
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        self.depth > 0 && at > self.start && before == Some(&b'\n')
    }

    /// Takes note of a quote. If it ends the first key of an object that begins a line, and the key
    /// is a record's, the object's place.
    pub(super) fn quote(&mut self, at: usize, bytes: &[u8]) -> Option<usize> {
        match self.begun.take()? {
            Begun::Object(start) => {
                let gap = bytes.get(start + 1..at)?;
                if gap.len() <= INDENT_BYTES_MAX && gap.iter().copied().all(is_blank) {
                    self.begun = Some(Begun::Key { start, quote: at });
                }
                None
            }
            Begun::Key { start, quote } => {
                FIRST_KEYS.contains(&bytes.get(quote + 1..at)?).then_some(start)
            }
        }
    }

    /// Takes note of what looks like a record.
    pub(super) fn open_inner(&mut self, inner: Inner) {
        self.open_depth = inner.depth;
        self.open.push(inner);
    }

    /// The innermost of what looks like a record ends before this place; one that is longer than a
    /// record may be is none.
    pub(super) fn close_inner(&mut self, end: usize, bytes_max: usize) {
        let Some(Inner { start, .. }) = self.open.pop() else { return };
        if end - start <= bytes_max {
            self.inner = Some(self.inner.map_or(start, |inner| inner.min(start)));
        }
        self.set_open_depth();
    }

    /// Forgets what began before this place.
    pub(super) fn keep_inner_from(&mut self, from: usize) {
        self.inner = self.inner.filter(|inner| *inner >= from);
        self.open.retain(|inner| inner.start >= from);
        self.set_open_depth();
    }

    fn set_open_depth(&mut self) {
        self.open_depth = self.open.last().map_or(usize::MAX, |inner| inner.depth);
    }

    /// The first byte that may still be gone back to, in the buffer.
    pub(super) fn first_inner(&self) -> Option<usize> {
        self.open.first().map(|inner| inner.start).into_iter().chain(self.inner).min()
    }

    /// Checks that it is JSON up to here.
    pub(super) fn check_to(&mut self, at: usize, bytes: &[u8]) {
        if let Some(unchecked) = bytes.get(self.checked_to..at) {
            self.prefix.advance(unchecked);
            self.checked_to = at;
        }
    }
}

#[inline]
pub(super) const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// How far a line is indented that begins in the range, and ends with the range; `None` if it has
/// more than blanks, or does not begin there.
pub(super) fn indent_before(bytes: &[u8], range: Range<usize>) -> Option<usize> {
    let from = range.end.saturating_sub(INDENT_BYTES_MAX).max(range.start);
    let before = bytes.get(from..range.end)?;
    let indent = before.iter().rev().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let line_end = before.len().checked_sub(indent + 1);
    (line_end.and_then(|at| before.get(at)) == Some(&b'\n')).then_some(indent)
}

/// Where an object begins a line with which a string ends: what holds a raw line end is no string, so
/// it was torn, and its last quote is that of the first key of the next record.
pub(super) fn line_at_end(bytes: &[u8], string: Range<usize>) -> Option<usize> {
    let &last = bytes.get(string.end.checked_sub(1)?)?;
    if last != b'{' && !is_blank(last) {
        return None;
    }
    let from = string.end.saturating_sub(INDENT_BYTES_MAX + 1).max(string.start);
    let text = bytes.get(from..string.end)?;
    let start = from + text.iter().rposition(|byte| !is_blank(*byte))?;
    let opens = bytes.get(start) == Some(&b'{');
    (opens && indent_before(bytes, string.start..start).is_some()).then_some(start)
}
