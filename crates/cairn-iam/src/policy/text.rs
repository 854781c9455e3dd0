//! Texts of a policy with wildcards and variables in them.
//!
//! `${aws:username}` stands for a value of the request, `${aws:username, 'nobody'}` has a default,
//! and `${*}`, `${?}`, `${$}` are the characters themselves. A value that comes in through a
//! variable is never a wildcard: else a user called `*` would reach everybody's folder.

use super::pattern::{Pattern, Reach, Token};
use super::{Context, PolicyFault};

/// The most that the values of a request add to a text: the length of the longest ARN
/// (documented). Else a policy could have a long header in it a thousand times.
const RESOLVED_BYTES_MAX: usize = 2_048;

/// How a text of a policy is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reading {
    /// `${…}` is a variable. Not so in documents of 2008 (documented).
    pub(super) variables: bool,
    /// `*` and `?` are wildcards.
    pub(super) wildcards: bool,
    /// Case does not matter.
    pub(super) ignore_case: bool,
    /// Where `*` ends.
    pub(super) reach: Reach,
}

/// A text, ready to match.
#[derive(Clone, Debug)]
pub(super) struct Text {
    ignore_case: bool,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Fixed(Pattern),
    Template { pieces: Vec<Piece>, reach: Reach },
}

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// What it says.
    Token(Token),
    /// What the request says.
    Variable {
        /// The condition key, in lower case.
        key: String,
        /// What stands for it if the request does not have it.
        default: Option<String>,
    },
}

impl Text {
    pub(super) fn parse(text: &str, reading: Reading) -> Result<Self, PolicyFault> {
        let pieces = pieces(text, reading)?;
        let kind = match fixed(&pieces) {
            Some(tokens) => {
                Kind::Fixed(Pattern::new(&folded(tokens, reading.ignore_case), reading.reach))
            }
            None => Kind::Template { pieces, reach: reading.reach },
        };
        Ok(Self { ignore_case: reading.ignore_case, kind })
    }

    /// Whether it is one text, without wildcards and variables.
    pub(super) fn is_exact(&self) -> bool {
        matches!(self.kind, Kind::Fixed(Pattern::Exact(_)))
    }

    /// Whether the text of a request matches; `None` if a variable has no value.
    pub(super) fn matches(&self, subject: &str, context: &Context) -> Option<bool> {
        let lower;
        let subject = if self.ignore_case {
            lower = subject.chars().flat_map(char::to_lowercase).collect::<String>();
            &lower
        } else {
            subject
        };
        match &self.kind {
            Kind::Fixed(pattern) => Some(pattern.matches(subject)),
            Kind::Template { pieces, reach } => {
                let tokens = folded(resolve(pieces, context)?, self.ignore_case);
                Some(Pattern::new(&tokens, *reach).matches(subject))
            }
        }
    }
}

/// The tokens of pieces without variables.
pub(super) fn fixed(pieces: &[Piece]) -> Option<Vec<Token>> {
    let token = |piece: &Piece| if let Piece::Token(token) = piece { Some(*token) } else { None };
    pieces.iter().map(token).collect()
}

/// The tokens of pieces, variables replaced; `None` if one has no value, or several (documented:
/// such keys are no variables), or if it all grows too long.
pub(super) fn resolve(pieces: &[Piece], context: &Context) -> Option<Vec<Token>> {
    let mut tokens = Vec::with_capacity(pieces.len());
    let mut added = 0;
    for piece in pieces {
        match piece {
            Piece::Token(token) => tokens.push(*token),
            Piece::Variable { key, default } => {
                let value = match (context.get(key), default) {
                    ([value], _) => value,
                    (_, Some(default)) => default,
                    (_, None) => return None,
                };
                added += value.len();
                if added > RESOLVED_BYTES_MAX {
                    return None;
                }
                tokens.extend(value.chars().map(Token::Char));
            }
        }
    }
    Some(tokens)
}

fn folded(mut tokens: Vec<Token>, ignore_case: bool) -> Vec<Token> {
    if ignore_case {
        let fold = |token| match token {
            Token::Char(c) => c.to_lowercase().map(Token::Char).collect(),
            other => vec![other],
        };
        tokens = tokens.into_iter().flat_map(fold).collect();
    }
    tokens
}

/// Takes a text apart.
pub(super) fn pieces(text: &str, reading: Reading) -> Result<Vec<Piece>, PolicyFault> {
    let mut pieces = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some(inside) = rest.strip_prefix("${").filter(|_| reading.variables) {
            let invalid = || PolicyFault::InvalidVariable { text: super::excerpt(text) };
            let (piece, behind) = variable(inside).ok_or_else(invalid)?;
            pieces.push(piece);
            rest = behind;
            continue;
        }
        let token = match c {
            '*' if reading.wildcards => Token::Any,
            '?' if reading.wildcards => Token::One,
            c => Token::Char(c),
        };
        // `**` is `*`.
        let again = token == Token::Any && pieces.last() == Some(&Piece::Token(Token::Any));
        if !again {
            pieces.push(Piece::Token(token));
        }
        rest = rest.get(c.len_utf8()..).unwrap_or_default();
    }
    Ok(pieces)
}

/// Reads a variable behind its `${`, to behind its `}`.
fn variable(inside: &str) -> Option<(Piece, &str)> {
    for (name, character) in [("*}", '*'), ("?}", '?'), ("$}", '$')] {
        if let Some(behind) = inside.strip_prefix(name) {
            return Some((Piece::Token(Token::Char(character)), behind));
        }
    }
    let end = inside.find([',', '}'])?;
    let (key, behind) = inside.split_at_checked(end)?;
    let key = key.trim_matches(' ');
    if !super::is_condition_key(key) || key.contains(['$', '{', '\'']) {
        return None;
    }
    let (default, behind) = match behind.strip_prefix(',') {
        None => (None, behind.strip_prefix('}')?),
        Some(behind) => {
            let quoted = behind.trim_start_matches(' ').strip_prefix('\'')?;
            let (default, behind) = quoted.split_once('\'')?;
            (Some(default.to_owned()), behind.trim_start_matches(' ').strip_prefix('}')?)
        }
    };
    Some((Piece::Variable { key: key.to_ascii_lowercase(), default }, behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    const READING: Reading =
        Reading { variables: true, wildcards: true, ignore_case: false, reach: Reach::Text };

    fn matches(text: &str, subject: &str) -> Option<bool> {
        let context = Context::new()
            .with("aws:username", "a*")
            .with("aws:TagKeys", "x")
            .with("aws:TagKeys", "y");
        Text::parse(text, READING).unwrap().matches(subject, &context)
    }

    #[test]
    fn variables_are_replaced() {
        assert_eq!(matches("home/${aws:UserName}/*", "home/a*/x"), Some(true));
        assert_eq!(matches("home/${aws:UserName}/*", "home/ab/x"), Some(false));
        assert_eq!(matches("${aws:userid, 'no one}'}!", "no one}!"), Some(true));
        assert_eq!(matches("${ aws:userid , '' }", ""), Some(true));
        assert_eq!(matches("${aws:userid}", "x"), None);
        assert_eq!(matches("${aws:TagKeys}", "x"), None);
        assert_eq!(matches("${*}${?}${$}{", "*?${"), Some(true));
        assert_eq!(matches("${*}", "x"), Some(false));
        assert_eq!(matches("$x $", "$x $"), Some(true));
    }

    #[test]
    fn what_is_no_variable() {
        for text in
            ["${", "${aws:username", "${}", "${username}", "${a:b,c}", "${a:b,'c}", "${a:${b:c}}"]
        {
            assert!(
                matches!(Text::parse(text, READING), Err(PolicyFault::InvalidVariable { .. })),
                "{text}"
            );
            let literal = Text::parse(text, Reading { variables: false, ..READING }).unwrap();
            assert_eq!(literal.matches(text, &Context::new()), Some(true), "{text}");
        }
    }

    #[test]
    fn what_grows_too_long_has_no_value() {
        let long = "x".repeat(RESOLVED_BYTES_MAX / 2);
        let context = Context::new().with("a:b", long.clone());
        let matches = |text: &str| Text::parse(text, READING).unwrap().matches(&long, &context);
        assert_eq!(matches("${a:b}"), Some(true));
        assert_eq!(matches("${a:b}${a:b}"), Some(false));
        assert_eq!(matches("${a:b}${a:b}${a:b}"), None);
    }

    #[test]
    fn case_is_ignored() {
        let reading = Reading { wildcards: false, ignore_case: true, ..READING };
        let text = Text::parse("ÄB*${aws:username}", reading).unwrap();
        let context = Context::new().with("AWS:USERNAME", "Zoë");
        assert_eq!(text.matches("äb*ZOË", &context), Some(true));
        assert_eq!(text.matches("äbxZOË", &context), Some(false));
    }
}
