//! JSON text that grows member by member.

use cairn_event::json::push_string;

/// An object in the making. Its text is complete after [`Object::end`].
pub(super) struct Object<'o> {
    out: &'o mut Vec<u8>,
    is_empty: bool,
}

impl<'o> Object<'o> {
    pub(super) fn begin(out: &'o mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out, is_empty: true }
    }

    /// Starts a member; the caller writes exactly one value to what it gets.
    pub(super) fn key(&mut self, key: &str) -> &mut Vec<u8> {
        if !self.is_empty {
            self.out.push(b',');
        }
        self.is_empty = false;
        push_string(self.out, key);
        self.out.push(b':');
        self.out
    }

    pub(super) fn text(&mut self, key: &str, value: &str) {
        push_string(self.key(key), value);
    }

    pub(super) fn raw(&mut self, key: &str, value: &str) {
        self.key(key).extend_from_slice(value.as_bytes());
    }

    /// Members that are JSON text already.
    pub(super) fn members(&mut self, text: &str) {
        if !text.is_empty() {
            if !self.is_empty {
                self.out.push(b',');
            }
            self.is_empty = false;
            self.out.extend_from_slice(text.as_bytes());
        }
    }

    pub(super) fn number(&mut self, key: &str, value: &impl ToString) {
        let value = value.to_string();
        self.raw(key, &value);
    }

    pub(super) fn boolean(&mut self, key: &str, value: bool) {
        self.raw(key, if value { "true" } else { "false" });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.is_empty
    }

    pub(super) fn end(self) {
        self.out.push(b'}');
    }
}

/// An array in the making. Its text is complete after [`Array::end`].
pub(super) struct Array<'o> {
    out: &'o mut Vec<u8>,
    is_empty: bool,
}

impl<'o> Array<'o> {
    pub(super) fn begin(out: &'o mut Vec<u8>) -> Self {
        out.push(b'[');
        Self { out, is_empty: true }
    }

    /// Starts an element; the caller writes exactly one value to what it gets.
    pub(super) fn element(&mut self) -> &mut Vec<u8> {
        if !self.is_empty {
            self.out.push(b',');
        }
        self.is_empty = false;
        self.out
    }

    pub(super) fn end(self) {
        self.out.push(b']');
    }
}

/// The text of a value that a writer produced: always UTF-8, since only text goes in.
pub(super) fn into_text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|_| "null".to_owned())
}

/// `TableName` as records write it: the first letter lower, the rest as it is.
pub(super) fn lower_first(name: &str) -> String {
    let mut characters = name.chars();
    match characters.next() {
        Some(first) => first.to_lowercase().chain(characters).collect(),
        None => String::new(),
    }
}

/// `vpcId` as EC2's newer operations write it: the first letter upper.
pub(super) fn upper_first(name: &str) -> String {
    let mut characters = name.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => String::new(),
    }
}

/// Appends JSON text without the blanks between its tokens; false, and nothing appended, if it is
/// not JSON.
pub(super) fn push_compact(out: &mut Vec<u8>, text: &str) -> bool {
    if serde_json::from_str::<serde::de::IgnoredAny>(text).is_err() {
        return false;
    }
    let mut is_in_string = false;
    let mut is_escaped = false;
    for byte in text.bytes() {
        if is_in_string {
            is_in_string = is_escaped || byte != b'"';
            is_escaped = !is_escaped && byte == b'\\';
        } else {
            is_in_string = byte == b'"';
        }
        if is_in_string || !byte.is_ascii_whitespace() {
            out.push(byte);
        }
    }
    true
}

/// Types a text as org.json does where AWS turns XML into JSON: words and numbers lose their
/// quotes, a number with a leading zero stays text.
pub(super) fn push_org_json(out: &mut Vec<u8>, text: &str) {
    let lower = text.to_ascii_lowercase();
    if matches!(lower.as_str(), "true" | "false" | "null") {
        out.extend_from_slice(lower.as_bytes());
    } else if let Some(number) = org_json_number(text) {
        out.extend_from_slice(number.as_bytes());
    } else {
        push_string(out, text);
    }
}

fn org_json_number(text: &str) -> Option<String> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let first = digits.chars().next()?;
    if !first.is_ascii_digit() || text == "-0" {
        return None;
    }
    if first == '0' && digits.chars().nth(1).is_some_and(|c| c.is_ascii_digit()) {
        return None;
    }
    if digits.bytes().all(|b| b.is_ascii_digit()) {
        return Some(text.to_owned());
    }
    let plain = |b: u8| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-');
    if !digits.bytes().all(plain) {
        return None;
    }
    let number: f64 = text.parse().ok().filter(|n: &f64| n.is_finite())?;
    serde_json::to_string(&number)
        .ok()
        .map(|n| n.strip_suffix(".0").map_or(n.clone(), str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_and_arrays_nest() {
        let mut out = Vec::new();
        let mut object = Object::begin(&mut out);
        object.text("a", "x\"");
        object.number("b", &3);
        let mut array = Array::begin(object.key("c"));
        array.element().extend_from_slice(b"1");
        array.element().extend_from_slice(b"2");
        array.end();
        Object::begin(object.key("d")).end();
        object.boolean("e", true);
        assert!(!object.is_empty());
        object.end();
        assert_eq!(into_text(out), r#"{"a":"x\"","b":3,"c":[1,2],"d":{},"e":true}"#);
    }

    #[test]
    fn blanks_between_tokens_go() {
        let mut out = Vec::new();
        assert!(push_compact(&mut out, " { \"a b\\\" \" : [ 1 ,\n2 ] } "));
        assert_eq!(into_text(out), r#"{"a b\" ":[1,2]}"#);
        assert!(!push_compact(&mut Vec::new(), "{"));
    }

    #[test]
    fn first_letters_change_and_nothing_else() {
        assert_eq!(lower_first("DBInstanceIdentifier"), "dBInstanceIdentifier");
        assert_eq!(lower_first("already"), "already");
        assert_eq!(lower_first(""), "");
        assert_eq!(upper_first("vpcId"), "VpcId");
    }

    #[test]
    fn texts_are_typed_as_org_json_does() {
        let typed = |text: &str| {
            let mut out = Vec::new();
            push_org_json(&mut out, text);
            into_text(out)
        };
        assert_eq!(typed("true"), "true");
        assert_eq!(typed("FALSE"), "false");
        assert_eq!(typed("42"), "42");
        assert_eq!(typed("-42"), "-42");
        assert_eq!(typed("123456789012"), "123456789012");
        assert_eq!(typed("012345678912"), "\"012345678912\"");
        assert_eq!(typed("0"), "0");
        assert_eq!(typed("1.50"), "1.5");
        assert_eq!(typed("1e3"), "1000");
        assert_eq!(typed("1.2.3"), "\"1.2.3\"");
        assert_eq!(typed("2023-01-01T00:00:00Z"), "\"2023-01-01T00:00:00Z\"");
        assert_eq!(typed("-"), "\"-\"");
        assert_eq!(typed(""), "\"\"");
        assert_eq!(typed("vpc-1"), "\"vpc-1\"");
        assert_eq!(typed("10.0.0.0/16"), "\"10.0.0.0/16\"");
    }
}
