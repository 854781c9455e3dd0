//! Which names say that a value is a secret: `tables/secrets.txt`, read once.

use std::sync::LazyLock;

use crate::recorder::services::lines;

/// How a pattern meets a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fit {
    Whole,
    End,
    Inside,
}

#[derive(Clone, Copy, Debug)]
struct Pattern {
    text: &'static str,
    fit: Fit,
}

impl Pattern {
    fn read(word: &'static str) -> Self {
        let (text, fit) = match word.strip_prefix('*') {
            Some(rest) => match rest.strip_suffix('*') {
                Some(text) => (text, Fit::Inside),
                None => (rest, Fit::End),
            },
            None => (word, Fit::Whole),
        };
        Self { text, fit }
    }

    fn fits(self, name: &str) -> bool {
        if self.fit == Fit::Inside {
            let mut letters: Vec<u8> = letters_from_end(name).collect();
            letters.reverse();
            return letters.windows(self.text.len()).any(|window| window == self.text.as_bytes());
        }
        let mut letters = letters_from_end(name);
        self.text.bytes().rev().all(|byte| letters.next() == Some(byte))
            && (self.fit == Fit::End || letters.next().is_none())
    }
}

/// The letters and digits of a name backwards and in lower case, from its last letter on.
fn letters_from_end(name: &str) -> impl Iterator<Item = u8> {
    let letters = name.bytes().rev().filter(u8::is_ascii_alphanumeric);
    letters.map(|byte| byte.to_ascii_lowercase()).skip_while(u8::is_ascii_digit)
}

#[derive(Debug, Default)]
struct Table {
    secret: Vec<Pattern>,
    key: Vec<Pattern>,
    open: Vec<Pattern>,
    environment: Vec<Pattern>,
    pairs: Vec<(&'static str, &'static str)>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| read(include_str!("../tables/secrets.txt")));

fn read(text: &'static str) -> Table {
    let mut table = Table::default();
    for line in lines(text) {
        let words: Vec<_> = line.split(' ').collect();
        let [kind, word, _] = words[..] else { continue };
        match kind {
            "secret" => table.secret.push(Pattern::read(word)),
            "key" => table.key.push(Pattern::read(word)),
            "open" => table.open.push(Pattern::read(word)),
            "env" => table.environment.push(Pattern::read(word)),
            "pair" => table.pairs.extend(word.split_once('/')),
            _ => {}
        }
    }
    table
}

fn any(patterns: &[Pattern], name: &str) -> bool {
    // Most names end with a letter that no secret ends with.
    let last = letters_from_end(name).next();
    patterns.iter().any(|pattern| {
        (pattern.fit == Fit::Inside || pattern.text.bytes().last() == last) && pattern.fits(name)
    })
}

/// Whether a member of this name is a secret.
pub(in crate::recorder) fn is_secret_member(name: &str) -> bool {
    any(&TABLE.secret, name) && !any(&TABLE.open, name)
}

/// Whether a key of a map, or the name in a pair, says that its value is a secret.
pub(super) fn is_secret_key(name: &str) -> bool {
    (any(&TABLE.secret, name) || any(&TABLE.key, name)) && !any(&TABLE.open, name)
}

/// Whether a list or map of this name is the environment of a process.
pub(super) fn is_environment(name: &str) -> bool {
    any(&TABLE.environment, name)
}

/// The names of the members whose values a member of this name describes.
pub(super) fn values_of(name: &str) -> impl Iterator<Item = &'static str> {
    let pairs = TABLE.pairs.iter();
    pairs.filter(move |(first, _)| first.eq_ignore_ascii_case(name)).map(|(_, second)| *second)
}

/// Whether a text is no secret whatever its name says: nothing, a flag, or the name of a resource.
pub(super) fn is_plain(text: &str) -> bool {
    const COLONS_IN_ARN_MIN: usize = 5;
    matches!(text, "" | "true" | "false")
        || (text.starts_with("arn:")
            && text.bytes().filter(|byte| *byte == b':').count() >= COLONS_IN_ARN_MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_has_a_kind_a_pattern_and_evidence() {
        for line in lines(include_str!("../tables/secrets.txt")) {
            let [kind, word, evidence] = line.split(' ').collect::<Vec<_>>()[..] else {
                panic!("{line}: three words are needed");
            };
            assert!(["secret", "key", "open", "env", "pair"].contains(&kind), "{line}");
            assert!(
                ["observed", "documented", "modelled", "assumed"].contains(&evidence),
                "{line}"
            );
            assert_eq!(kind == "pair", word.contains('/'), "{line}");
            let letters = word.trim_matches('*').replace('/', "");
            assert!(letters.bytes().all(|b| b.is_ascii_lowercase()), "{line}");
            assert!(kind == "key" || !word.ends_with('*'), "{line}");
        }
    }

    #[test]
    fn names_are_compared_by_their_letters() {
        for name in ["Password", "DB_PASSWORD_2", "db-password", "MasterUserPassword", "x.passwd"] {
            assert!(is_secret_member(name), "{name}");
        }
        for name in ["PasswordResetRequired", "nextToken", "ClientRequestToken", "pinned", "", "9"]
        {
            assert!(!is_secret_member(name), "{name}");
        }
        assert!(is_secret_key("AWS_SECRET_KEY_BASE") && !is_secret_member("AWS_SECRET_KEY_BASE"));
        assert!(!is_secret_key("SecretARN") && !is_secret_key("SecretVersionId"));
    }
}
