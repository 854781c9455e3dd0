//! Secrets in JSON texts: documents of the model, and bodies of calls that it does not have.

use std::borrow::Cow;

use cairn_event::json::{elements, members, push_string, string};

use super::names::{is_environment, is_plain, is_secret_key, values_of};
use crate::recorder::text::{Array, Object, into_text, push_compact};

/// How deep a text is looked through; what lies deeper is hidden.
const DEPTH_MAX: usize = 64;

/// The text with its secrets hidden; `None` if it has none.
pub(in crate::recorder) fn without_secrets(text: &str, mask: &str) -> Option<String> {
    let mut pass = Pass { mask, is_changed: false };
    let mut out = Vec::new();
    pass.push(&mut out, text.trim(), 0);
    pass.is_changed.then(|| into_text(out))
}

struct Pass<'m> {
    mask: &'m str,
    is_changed: bool,
}

impl Pass<'_> {
    fn push(&mut self, out: &mut Vec<u8>, text: &str, depth: usize) {
        match text.as_bytes().first() {
            Some(b'{' | b'[') if depth == DEPTH_MAX => self.push_mask(out),
            Some(b'{') => self.push_object(out, text, depth),
            Some(b'[') => {
                let mut array = Array::begin(out);
                for element in elements(text) {
                    self.push(array.element(), element.trim(), depth + 1);
                }
                array.end();
            }
            _ => {
                if !push_compact(out, text) {
                    out.extend_from_slice(b"null");
                }
            }
        }
    }

    fn push_object(&mut self, out: &mut Vec<u8>, text: &str, depth: usize) {
        let said: Vec<_> = members(text)
            .filter(|(_, value)| string(value).is_some_and(|name| is_secret_key(&name)))
            .flat_map(|(key, _)| values_of(&decoded(key)).collect::<Vec<_>>())
            .collect();
        let mut object = Object::begin(out);
        for (key, value) in members(text) {
            let name = decoded(key);
            let value = value.trim();
            let is_secret = is_secret_key(&name)
                || said.iter().any(|said| said.eq_ignore_ascii_case(&name))
                || (is_environment(&name) && is_list_or_map(value));
            let out = object.key(&name);
            if is_secret && !is_shown(value) {
                self.push_mask(out);
            } else {
                self.push(out, value, depth + 1);
            }
        }
        object.end();
    }

    fn push_mask(&mut self, out: &mut Vec<u8>) {
        self.is_changed = true;
        push_string(out, self.mask);
    }
}

/// A key without its escapes: a secret is one however its name is spelled.
fn decoded(key: &str) -> Cow<'_, str> {
    if !key.contains('\\') {
        return Cow::Borrowed(key);
    }
    let name = string(&format!("\"{key}\"")).map(Cow::into_owned);
    name.map_or(Cow::Borrowed(key), Cow::Owned)
}

/// A list, or what a map of texts looks like: other objects are structures.
fn is_list_or_map(value: &str) -> bool {
    value.starts_with('[')
        || (value.starts_with('{')
            && members(value).all(|(_, inner)| inner.trim().starts_with('"')))
}

/// Flags, nothing, and texts that are no secrets.
fn is_shown(value: &str) -> bool {
    matches!(value, "null" | "true" | "false" | "{}" | "[]")
        || string(value).is_some_and(|text| is_plain(&text))
}

#[cfg(test)]
mod tests {
    use super::without_secrets;

    fn hidden(text: &str) -> String {
        without_secrets(text, "***").unwrap_or_else(|| "unchanged".to_owned())
    }

    #[test]
    fn secrets_of_any_depth_are_hidden_and_the_rest_stays() {
        assert_eq!(
            hidden(r#" {"a":[ {"DB_PASSWORD" : "x", "n":1.50} ], "nextToken":"t"}"#),
            r#"{"a":[{"DB_PASSWORD":"***","n":1.50}],"nextToken":"t"}"#
        );
        assert_eq!(hidden(r#"{"secret":{"a":1},"pin":12}"#), r#"{"secret":"***","pin":"***"}"#);
        assert_eq!(
            hidden(r#"[{"name":"API_TOKEN","value":"x"}]"#),
            r#"[{"name":"API_TOKEN","value":"***"}]"#
        );
        assert_eq!(hidden(r#"{"a\"b":1,"pass\u0077ord":"x"}"#), r#"{"a\"b":1,"password":"***"}"#);
        assert_eq!(hidden(r#"{"environment":{"A":"x"}}"#), r#"{"environment":"***"}"#);
    }

    #[test]
    fn what_holds_no_secret_is_unchanged() {
        for text in [
            r#"{"max_tokens":5,"secretId":"s","password":true,"environment":"prod"}"#,
            r#"{"credentials":"arn:aws:iam::111122223333:role/r"}"#,
            r#"{"name":"color","value":"x"}"#,
            "3",
            "",
        ] {
            assert_eq!(hidden(text), "unchanged", "{text}");
        }
    }

    #[test]
    fn what_is_too_deep_to_look_at_is_hidden() {
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        let hidden = hidden(&deep);
        assert_eq!(hidden, "[".repeat(64) + "\"***\"" + &"]".repeat(64));
    }
}
