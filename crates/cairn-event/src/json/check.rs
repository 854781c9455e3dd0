//! The one place where the text of a record is checked: RFC 8259, every byte, one pass.
//!
//! A general parser spends most of its time handing values over that nobody wants; here the members
//! of the outermost object are shown as slices, and everything below is only checked.

use std::borrow::Cow;

use super::scan::{next_special, skip_blank};

/// The deepest nesting that passes; readers downstream commonly stop at the same depth.
pub(crate) const DEPTH_MAX: u32 = 128;

/// Why a text does not pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It stops being JSON, or one object, at this byte.
    At(usize),
    /// It is nested deeper than [`DEPTH_MAX`].
    TooDeep,
}

/// One member of the outermost object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Member<'k, 'a> {
    /// The key, without the escapes it may be written with.
    pub(crate) key: &'k str,
    /// The text of the value.
    pub(crate) value: &'a str,
    /// The value is a string without escapes.
    pub(crate) is_plain_string: bool,
}

impl<'a> Member<'_, 'a> {
    /// The text, if the value is a string.
    pub(crate) fn text(&self) -> Option<Cow<'a, str>> {
        if self.is_plain_string {
            self.value.get(1..self.value.len() - 1).map(Cow::Borrowed)
        } else {
            super::string(self.value)
        }
    }
}

/// Who is shown the members of the outermost object, and of those below it that it asks for.
pub(crate) trait Visitor<'a> {
    /// An object whose members are shown.
    type Scope: Copy;

    /// Whether to go into the object under `key`; if so its members are shown instead of it.
    fn open(&mut self, scope: Self::Scope, key: &str) -> Option<Self::Scope>;

    /// One member, in order.
    fn show(&mut self, scope: Self::Scope, member: Member<'_, 'a>);
}

/// Checks that `text` is one JSON object and shows its members. Half surrogate pairs pass.
pub(crate) fn check_object<'a, V: Visitor<'a>>(
    text: &'a str,
    scope: V::Scope,
    visitor: &mut V,
) -> Result<(), Fault> {
    let mut checker = Checker { bytes: text.as_bytes(), at: 0, has_escape: false };
    checker.blank();
    checker.members(text, scope, 1, visitor)?;
    checker.blank();
    if checker.at < text.len() { Err(Fault::At(checker.at)) } else { Ok(()) }
}

struct Checker<'a> {
    bytes: &'a [u8],
    at: usize,
    /// The string that was read last held an escape.
    has_escape: bool,
}

impl Checker<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn blank(&mut self) {
        self.at = skip_blank(self.bytes, self.at);
    }

    /// The members of an object at `depth`, from its bracket to the byte after its end.
    fn members<'a, V: Visitor<'a>>(
        &mut self,
        text: &'a str,
        scope: V::Scope,
        depth: u32,
        visitor: &mut V,
    ) -> Result<(), Fault> {
        if depth >= DEPTH_MAX {
            return Err(Fault::TooDeep);
        }
        self.take(b'{')?;
        self.blank();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        loop {
            let key_at = self.at;
            let key_end = self.key()?;
            let mut key = text.get(key_at + 1..key_end).unwrap_or_default();
            let unescaped;
            if self.has_escape {
                // Nobody writes keys so but who wants to hide them: other readers find them.
                unescaped = super::string(text.get(key_at..=key_end).unwrap_or_default());
                key = unescaped.as_deref().unwrap_or(key);
            }
            let start = self.at;
            let first = self.peek();
            let inner = if first == Some(b'{') { visitor.open(scope, key) } else { None };
            if let Some(inner) = inner {
                self.members(text, inner, depth + 1, visitor)?;
            } else {
                self.value(depth)?;
                let value = text.get(start..self.at).unwrap_or_default();
                let is_plain_string = first == Some(b'"') && !self.has_escape;
                visitor.show(scope, Member { key, value, is_plain_string });
            }
            self.blank();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => break,
                _ => return Err(Fault::At(self.at)),
            }
            self.blank();
        }
        self.at += 1;
        Ok(())
    }

    fn take(&mut self, byte: u8) -> Result<(), Fault> {
        if self.peek() != Some(byte) {
            return Err(Fault::At(self.at));
        }
        self.at += 1;
        Ok(())
    }

    /// A key with its colon, up to the value; gives where the key's text ends.
    fn key(&mut self) -> Result<usize, Fault> {
        self.string()?;
        let end = self.at - 1;
        self.blank();
        self.take(b':')?;
        self.blank();
        Ok(end)
    }

    /// One value of any kind inside `base` containers. Bit `n` of `objects` says whether the
    /// container at depth `n` is an object.
    fn value(&mut self, base: u32) -> Result<(), Fault> {
        let mut objects = 0_u128;
        let mut depth = base;
        loop {
            let opened = match self.peek() {
                Some(b'"') => {
                    self.string()?;
                    false
                }
                Some(open @ (b'{' | b'[')) => {
                    self.at += 1;
                    depth += 1;
                    if depth >= DEPTH_MAX {
                        return Err(Fault::TooDeep);
                    }
                    let bit = 1_u128 << depth;
                    objects = if open == b'{' { objects | bit } else { objects & !bit };
                    true
                }
                Some(b't') => self.word(b"true")?,
                Some(b'f') => self.word(b"false")?,
                Some(b'n') => self.word(b"null")?,
                _ => self.number()?,
            };
            if !self.reach_next_value(base, &mut depth, objects, opened)? {
                return Ok(());
            }
        }
    }

    /// Moves from the end of a value, or from just inside a container, to the next value; false if
    /// all containers are closed.
    fn reach_next_value(
        &mut self,
        base: u32,
        depth: &mut u32,
        objects: u128,
        opened: bool,
    ) -> Result<bool, Fault> {
        let mut is_first = opened;
        while *depth > base {
            let is_object = objects >> *depth & 1 == 1;
            self.blank();
            match self.peek() {
                Some(b'}') if is_object => *depth -= 1,
                Some(b']') if !is_object => *depth -= 1,
                Some(b',') if !is_first => {
                    self.at += 1;
                    self.blank();
                    if is_object {
                        self.key()?;
                    }
                    return Ok(true);
                }
                Some(_) if is_first => {
                    if is_object {
                        self.key()?;
                    }
                    return Ok(true);
                }
                _ => return Err(Fault::At(self.at)),
            }
            self.at += 1;
            is_first = false;
        }
        Ok(false)
    }

    fn word(&mut self, word: &[u8]) -> Result<bool, Fault> {
        match self.bytes.get(self.at..self.at + word.len()) {
            Some(found) if found == word => {
                self.at += word.len();
                Ok(false)
            }
            _ => Err(Fault::At(self.at)),
        }
    }

    fn digits(&mut self) -> Result<(), Fault> {
        let start = self.at;
        while self.peek().is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == start { Err(Fault::At(start)) } else { Ok(()) }
    }

    fn number(&mut self) -> Result<bool, Fault> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            _ => self.digits()?,
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(false)
    }

    fn string(&mut self) -> Result<(), Fault> {
        self.take(b'"')?;
        self.has_escape = false;
        loop {
            self.at = next_special(self.bytes, self.at);
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => self.escape()?,
                _ => return Err(Fault::At(self.at)),
            }
        }
    }

    fn escape(&mut self) -> Result<(), Fault> {
        self.has_escape = true;
        let fault = Err(Fault::At(self.at));
        match self.bytes.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
            Some(b'u') => {
                let digits = self.bytes.get(self.at + 2..self.at + 6);
                if !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
                    return fault;
                }
                self.at += 6;
            }
            _ => return fault,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde::de::IgnoredAny;

    /// Keeps what it is shown, and goes into objects under `in`.
    #[derive(Default)]
    struct Shown<'a>(Vec<(u8, String, &'a str, bool)>);

    impl<'a> Visitor<'a> for Shown<'a> {
        type Scope = u8;

        fn open(&mut self, scope: u8, key: &str) -> Option<u8> {
            (key == "in").then_some(scope + 1)
        }

        fn show(&mut self, scope: u8, m: Member<'_, 'a>) {
            self.0.push((scope, m.key.to_owned(), m.value, m.is_plain_string));
        }
    }

    fn check(text: &str) -> Result<(), Fault> {
        check_object(text, 0, &mut Shown::default())
    }

    fn passes(text: &str) -> bool {
        check(text).is_ok()
    }

    #[test]
    fn values_are_shown_as_written_and_keys_without_escapes() {
        let mut shown = Shown::default();
        let text = " {\"a\":\"x\" , \"b\\n\":\"\\u0041\",\"i\\u006e\": {\"in\":{},\"c\": [1, {}]},\"in\":2 }\n";
        check_object(text, 0, &mut shown).unwrap();
        let shown: Vec<_> = shown.0.iter().map(|(a, key, b, c)| (*a, &**key, *b, *c)).collect();
        assert_eq!(
            shown,
            [
                (0, "a", "\"x\"", true),
                (0, "b\n", "\"\\u0041\"", false),
                (1, "c", "[1, {}]", false),
                (0, "in", "2", false)
            ]
        );
    }

    #[test]
    fn faults_are_placed() {
        assert_eq!(check("{\"a\":1,}"), Err(Fault::At(7)));
        assert_eq!(check("{} {}"), Err(Fault::At(3)));
        let nested = |n| format!("{{\"a\":{}{}}}", "[".repeat(n), "]".repeat(n));
        assert!(passes(&nested(126)));
        assert_eq!(check(&nested(127)), Err(Fault::TooDeep));
        let opened = |n| format!("{}{}", "{\"in\":".repeat(n), "1") + &"}".repeat(n);
        assert!(passes(&opened(127)));
        assert_eq!(check(&opened(128)), Err(Fault::TooDeep));
    }

    #[test]
    fn numbers_words_and_escapes_follow_the_grammar() {
        for good in ["0", "-0", "10.50E+2", "1e-5", "true", "null", "\"\\/\\u00eF\"", "[]", "{}"] {
            assert!(passes(&format!("{{\"a\":{good}}}")), "{good}");
        }
        for bad in [
            "01",
            "-",
            "1.",
            ".5",
            "1e",
            "+1",
            "tru",
            "nulll",
            "\"\\x\"",
            "\"\\u12g4\"",
            "\"\t\"",
            "[1,]",
            "[,1]",
            "{\"a\"}",
            "{1:2}",
            "[1 2]",
            "[}",
            "{]",
            "'a'",
            "NaN",
            "",
        ] {
            assert!(!passes(&format!("{{\"a\":{bad}}}")), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn agrees_with_a_general_parser(text in "[\\[\\]{}\",:\\\\ eE+.\\-01untrlfas\n]{0,24}") {
            let text = format!("{{\"a\":{text}}}");
            let general = serde_json::from_str::<IgnoredAny>(&text).is_ok();
            prop_assert_eq!(passes(&text), general, "{}", text);
        }

        #[test]
        fn agrees_on_what_is_nearly_right(
            cut in 0_usize..90,
            put in "[\\[\\]{}\",:\\\\ e.\\-0u]{0,2}",
        ) {
            let text = r#"{"a":[{"b":-1.5e3,"c":[true,null]},"\u00e9\"x"],"d":{"e":{},"f":[]},"g":0}"#;
            let cut = cut.min(text.len() - 1);
            let text = format!("{}{put}{}", &text[..cut], &text[cut + 1..]);
            let general = serde_json::from_str::<IgnoredAny>(&text).is_ok();
            prop_assert_eq!(passes(&text), general, "{}", text);
        }
    }
}
