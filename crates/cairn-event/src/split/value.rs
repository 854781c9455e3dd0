//! The walk through one value: what is open, and where a line begins that cannot be a part of it.

/// So much of blanks and line ends before an object is looked at.
pub(super) const INDENT_BYTES_MAX: usize = 64;

/// The walk through one value.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools)] // each says one thing that holds beside the others
pub(super) struct Value {
    /// Where it starts in the buffer; clamped to the kept part once it is too large.
    pub(super) start: usize,
    /// Where it starts in the input.
    pub(super) at: u64,
    pub(super) depth: usize,
    pub(super) in_string: bool,
    /// The byte at which the input went out follows a backslash.
    pub(super) is_escaped: bool,
    /// Whether an array under a container key turns this object into a container.
    pub(super) may_contain: bool,
    /// The start of the string that was opened last at depth 1.
    pub(super) string_start: usize,
    /// The key whose value comes next is a container key.
    pub(super) after_container_key: bool,
    /// The string that just ended at depth 1 is a container key, if a colon follows.
    pub(super) is_container_key: bool,
    pub(super) is_too_large: bool,
    pub(super) is_too_deep: bool,
    /// The value is the skipped rest of an object, and is no element.
    pub(super) is_rest: bool,
    /// Where an object with a key may begin a line inside it, in the buffer.
    pub(super) line_start: Option<usize>,
    /// What is open inside it, innermost in the lowest bit: 1 is an object, 0 an array, or deeper than
    /// can be told.
    pub(super) objects: u128,
}

impl Value {
    /// Whether a line begins here, inside it.
    pub(super) fn has_line_start_at(&self, at: usize, bytes: &[u8]) -> bool {
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        self.depth > 0 && at > self.start && before == Some(&b'\n')
    }

    /// Whether an object that begins here, after blanks on its line, cannot be a part of the value: JSON
    /// has none after what stands before it. Where it has, as in a record that is printed with
    /// indentation, the object is the value's.
    pub(super) fn cannot_hold_line_at(&self, at: usize, bytes: &[u8]) -> bool {
        let from = at.saturating_sub(INDENT_BYTES_MAX).max(self.start);
        let before = bytes.get(from..at).unwrap_or_default();
        let Some(last) = before.iter().rposition(|byte| !b" \t\r\n".contains(byte)) else {
            return false;
        };
        let is_allowed = match before.get(last) {
            Some(b':' | b'[') => true,
            Some(b',') => self.objects & 1 == 0,
            _ => false,
        };
        let is_own_line = before.get(last..).is_some_and(|gap| gap.contains(&b'\n'));
        self.depth > 0 && is_own_line && !is_allowed
    }

    pub(super) fn open(&mut self, bracket: u8) {
        self.depth += 1;
        self.objects = self.objects << 1 | u128::from(bracket == b'{');
    }

    pub(super) fn close(&mut self) {
        self.depth -= 1;
        self.objects >>= 1;
    }
}

/// Whether a string that was opened before ends with the begin of an object on a line of its own: what
/// holds a raw line end is no string, so it was torn.
pub(super) fn ends_with_line_start(text: &[u8]) -> bool {
    let Some(before) = text.strip_suffix(b"{") else { return false };
    let blanks = before.iter().rev().take_while(|byte| b" \t".contains(byte)).count();
    let line_end = before.len().checked_sub(blanks + 1);
    blanks < INDENT_BYTES_MAX && line_end.and_then(|at| before.get(at)) == Some(&b'\n')
}
