//! A form as nested keys: `Filter.1.Value.2=x` is a path, without building a tree of it.
//!
//! The pairs are sorted once; everything below a key is then one run of them, found by binary
//! search. A hostile form costs its sorting and no more.

use std::borrow::Cow;

use crate::codec::{DecodeError, form};

/// The pairs of one request, sorted by key; of a key sent twice, the last one counts.
pub(super) struct Form<'a> {
    pairs: Vec<form::Pair<'a>>,
}

/// One key, or the start of many.
#[derive(Clone, Copy)]
pub(super) struct Node<'f> {
    value: Option<&'f str>,
    /// The pairs whose keys go on after this one and a dot.
    below: &'f [form::Pair<'f>],
    /// How many bytes of those keys lead here, dot included.
    at: usize,
}

impl<'a> Form<'a> {
    /// Merges the query string and the body; the body wins.
    pub(super) fn parse(query: &'a str, body: &'a [u8]) -> Result<Self, DecodeError> {
        let mut pairs = form::pairs(query)?;
        let body = match String::from_utf8_lossy(body) {
            Cow::Borrowed(text) => form::pairs(text.trim_ascii())?,
            Cow::Owned(text) => form::pairs(text.trim_ascii())?
                .into_iter()
                .map(|(key, value)| (Cow::from(key.into_owned()), Cow::from(value.into_owned())))
                .collect(),
        };
        pairs.extend(body);
        pairs.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(Self { pairs })
    }

    /// The root, above all keys.
    pub(super) fn root(&self) -> Node<'_> {
        Node { value: None, below: &self.pairs, at: 0 }
    }
}

impl<'f> Node<'f> {
    /// The value of the key itself.
    pub(super) const fn value(self) -> Option<&'f str> {
        self.value
    }

    /// What stands under a name, if anything does.
    pub(super) fn child(self, name: &str) -> Option<Self> {
        let at = self.at;
        // Sorted: everything that starts with the name is one run, and in it the name itself
        // comes first, and what goes on with a dot is another run.
        let run =
            span(self.below, |pair| rest(pair, at) < name, |pair| rest(pair, at).starts_with(name));
        let own = span(run, |_| false, |pair| rest(pair, at) == name);
        let below = span(
            run,
            |pair| tail(pair, at, name) < Some(b'.'),
            |pair| tail(pair, at, name) == Some(b'.'),
        );
        if own.is_empty() && below.is_empty() {
            return None;
        }
        let value = own.last().map(|(_, value)| value.as_ref());
        Some(Self { value, below, at: at + name.len() + 1 })
    }

    /// What stands under whole numbers, in the order of the numbers, gaps closed.
    pub(super) fn numbered(self) -> Vec<Self> {
        let mut numbers: Vec<(u32, &str)> = Vec::new();
        for pair in self.below {
            let segment = rest(pair, self.at).split('.').next().unwrap_or_default();
            if numbers.last().is_some_and(|(_, last)| *last == segment) {
                continue;
            }
            if segment.bytes().all(|byte| byte.is_ascii_digit())
                && let Ok(number) = segment.parse()
            {
                numbers.push((number, segment));
            }
        }
        numbers.sort_unstable();
        numbers.dedup();
        numbers.into_iter().filter_map(|(_, segment)| self.child(segment)).collect()
    }
}

/// The run of sorted pairs after those that come `before` and as long as they are `inside`.
fn span<'s, 'f>(
    pairs: &'s [form::Pair<'f>],
    before: impl Fn(&form::Pair<'f>) -> bool,
    inside: impl Fn(&form::Pair<'f>) -> bool,
) -> &'s [form::Pair<'f>] {
    let pairs = pairs.get(pairs.partition_point(before)..).unwrap_or_default();
    pairs.get(..pairs.partition_point(inside)).unwrap_or_default()
}

/// The key from a place on.
fn rest<'p>((key, _): &'p form::Pair<'_>, at: usize) -> &'p str {
    key.get(at..).unwrap_or_default()
}

/// The byte after a name.
fn tail(pair: &form::Pair<'_>, at: usize, name: &str) -> Option<u8> {
    rest(pair, at).as_bytes().get(name.len()).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_share_a_start_stay_apart() {
        let text = "A=1&A-b=2&A.b=3&A.c.1=x&AB=4&A.c.10=z&A.c.2=y&A/=5";
        let form = Form::parse(text, b"").unwrap();
        let root = form.root();
        let a = root.child("A").unwrap();
        assert_eq!(a.value(), Some("1"));
        assert_eq!(a.child("b").unwrap().value(), Some("3"));
        let list: Vec<_> =
            a.child("c").unwrap().numbered().into_iter().filter_map(Node::value).collect();
        assert_eq!(list, ["x", "y", "z"]);
        assert_eq!(root.child("AB").unwrap().value(), Some("4"));
        assert!(root.child("B").is_none());
        assert!(root.child("").is_none());
    }

    #[test]
    fn the_body_wins_over_the_query_string() {
        let form = Form::parse("A=1&B=2", b"A=3\n").unwrap();
        assert_eq!(form.root().child("A").unwrap().value(), Some("3"));
        assert_eq!(form.root().child("B").unwrap().value(), Some("2"));
    }
}
