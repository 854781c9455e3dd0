//! How far a value is JSON: the grammar, byte by byte, so that it can stop and go on anywhere.
//!
//! The walk looks at brackets and quotes only. Where something begins a line that looks like a
//! record, this tells whether it can be a part of the value around it.

use crate::json::scan::next_special;

/// What is open is kept in the bits of one number.
const DEPTH_MAX: usize = u128::BITS as usize;

/// What may come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// A value.
    Value,
    /// A value, or the end of the array that has just begun.
    ValueOrEnd,
    /// A key, or the end of the object that has just begun.
    KeyOrEnd,
    /// A key.
    Key,
    /// The colon after a key.
    Colon,
    /// The rest of a number or word. Which it is, and whether it is one, is not looked at.
    Scalar,
    /// What follows a value.
    AfterValue,
    /// The rest of a string, or of a key.
    Text { is_key: bool },
    /// What follows a backslash.
    Escape { is_key: bool },
    /// Nothing: this is no JSON.
    Wrong,
    /// Anything: it is nested deeper than can be told.
    Unknown,
}

/// The begin of a value.
#[derive(Debug)]
pub(super) struct Prefix {
    state: State,
    /// What is open, innermost in the lowest bit: 1 is an object, 0 an array.
    objects: u128,
    depth: usize,
}

impl Prefix {
    /// Before the first byte of a value.
    pub(super) const fn of_value() -> Self {
        Self { state: State::Value, objects: 0, depth: 0 }
    }

    /// After a member of an object.
    pub(super) const fn of_rest() -> Self {
        Self { state: State::AfterValue, objects: 1, depth: 1 }
    }

    /// Whether an object may come next; `None` if that cannot be told.
    pub(super) fn may_hold_object(&self) -> Option<bool> {
        match self.state {
            State::Unknown => None,
            state => Some(matches!(state, State::Value | State::ValueOrEnd)),
        }
    }

    /// Whether this is no JSON, whatever follows.
    pub(super) fn is_wrong(&self) -> bool {
        self.state == State::Wrong
    }

    /// How many objects and arrays are open.
    pub(super) const fn depth(&self) -> usize {
        self.depth
    }

    /// Goes on over the bytes that follow.
    pub(super) fn advance(&mut self, bytes: &[u8]) {
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            self.state = match (self.state, byte) {
                (State::Wrong | State::Unknown, _) => return,
                (State::Text { is_key }, _) => {
                    at = next_special(bytes, at);
                    match bytes.get(at) {
                        None => return,
                        Some(b'"') if is_key => State::Colon,
                        Some(b'"') => State::AfterValue,
                        Some(b'\\') => State::Escape { is_key },
                        Some(_) => State::Wrong,
                    }
                }
                (State::Escape { is_key }, 0x20..) => State::Text { is_key },
                (State::Scalar, b'0'..=b'9' | b'a'..=b'z' | b'E' | b'+' | b'-' | b'.') => {
                    State::Scalar
                }
                (State::Escape { .. }, _) => State::Wrong,
                (State::Scalar, b' ' | b'\t' | b'\r' | b'\n') => State::AfterValue,
                (state, b' ' | b'\t' | b'\r' | b'\n') => state,
                (State::Key | State::KeyOrEnd, b'"') => State::Text { is_key: true },
                (State::Colon, b':') => State::Value,
                (State::Value | State::ValueOrEnd, _) => self.begin(byte),
                (_, b',' | b'}' | b']') => self.go_on(byte),
                _ => State::Wrong,
            };
            at += 1;
        }
    }

    /// The first byte where a value may come.
    fn begin(&mut self, byte: u8) -> State {
        match byte {
            b'{' => self.open(State::KeyOrEnd),
            b'[' => self.open(State::ValueOrEnd),
            b'"' => State::Text { is_key: false },
            b'0'..=b'9' | b'-' | b'a'..=b'z' => State::Scalar,
            b']' if self.state == State::ValueOrEnd => self.close(),
            _ => State::Wrong,
        }
    }

    /// A comma or a closing bracket where no value may come.
    fn go_on(&mut self, byte: u8) -> State {
        let in_object = self.objects & 1 == 1;
        match (self.state, byte) {
            _ if self.depth == 0 => State::Wrong,
            (State::AfterValue | State::Scalar, b',') if in_object => State::Key,
            (State::AfterValue | State::Scalar, b',') => State::Value,
            (State::AfterValue | State::Scalar | State::KeyOrEnd, b'}') if in_object => {
                self.close()
            }
            (State::AfterValue | State::Scalar, b']') if !in_object => self.close(),
            _ => State::Wrong,
        }
    }

    fn open(&mut self, next: State) -> State {
        if self.depth == DEPTH_MAX {
            return State::Unknown;
        }
        self.depth += 1;
        self.objects = self.objects << 1 | u128::from(next == State::KeyOrEnd);
        next
    }

    fn close(&mut self) -> State {
        self.depth -= 1;
        self.objects >>= 1;
        State::AfterValue
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde::de::IgnoredAny;

    fn of(text: &str) -> Prefix {
        let mut prefix = Prefix::of_value();
        prefix.advance(text.as_bytes());
        prefix
    }

    #[test]
    fn where_an_object_may_stand() {
        for text in ["", "[", "[1,", "{\"a\" : ", "{\"a\":[{\"b\":tr},\n", "{\"a\":[{},[ "] {
            assert_eq!(of(text).may_hold_object(), Some(true), "{text}");
        }
        for text in
            ["{", "[1", "[1 ", "{\"a\"", "{\"a\":1,", "{\"a", "{\"a\\\":", "[{}\n", "{}", "]"]
        {
            assert_eq!(of(text).may_hold_object(), Some(false), "{text}");
        }
        for text in ["[}", "{\"a\":\"b\n", "{]", "[,", "{\"a\",", "{}{", "{\"a\":1,}", "\"\\\n"] {
            assert!(of(text).is_wrong(), "{text}");
        }
        assert_eq!(of(&"[".repeat(DEPTH_MAX)).may_hold_object(), Some(true));
        assert_eq!(of(&"[".repeat(DEPTH_MAX + 1)).may_hold_object(), None);
        let mut rest = Prefix::of_rest();
        rest.advance(b" , \"a\" : [");
        assert_eq!((rest.may_hold_object(), rest.depth()), (Some(true), 2));
    }

    proptest! {
        #[test]
        fn what_a_general_parser_takes_is_no_mistake(
            text in "[\\[\\]{}\",:\\\\ 1tn\n]{0,16}", cut in 0_usize..16,
        ) {
            // What another reader takes is right at any place, and what ends well is a value.
            if serde_json::from_str::<IgnoredAny>(&text).is_ok() {
                let cut = cut.min(text.len());
                prop_assert!(!of(&text[..cut]).is_wrong(), "{}", text);
                prop_assert_eq!(of(&text).depth(), 0);
            }
        }

        #[test]
        fn where_it_is_cut_does_not_matter(text in "[\\[\\]{}\",:\\\\ 1\n]{0,30}", cut in 0_usize..30) {
            let (begin, end) = text.split_at(cut.min(text.len()));
            let mut parts = of(begin);
            parts.advance(end.as_bytes());
            let whole = of(&text);
            prop_assert_eq!((parts.state, parts.depth), (whole.state, whole.depth));
        }
    }
}
