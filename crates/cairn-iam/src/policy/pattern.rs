//! Wildcards: `*` for any run of characters, `?` for any one.
//!
//! A pattern is an automaton whose states are the bits of a few words, so that a match costs the
//! length of the text times the length of the pattern in words, whatever the pattern is. There is
//! no backtracking that a hostile policy could blow up.

/// One token of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// This character.
    Char(char),
    /// Any one character.
    One,
    /// Any run of characters.
    Any,
}

/// Where `*` ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// Nowhere.
    Text,
    /// In the fields of an ARN: a `*` inside one of the first five stays in it, unless it is the
    /// last character of its field (documented).
    Arn,
}

/// A pattern, ready to match.
#[derive(Clone, Debug)]
pub(super) enum Pattern {
    /// Exactly this text.
    Exact(String),
    /// Any text.
    Everything,
    /// Wildcards among text.
    Glob(Glob),
}

/// The automaton. Bit `i` is the state in which the first `i` tokens (without `*`) are matched.
#[derive(Clone, Debug)]
pub(super) struct Glob {
    /// The states that a character leads to, beside those of any: the character, the word, its
    /// bits; sorted.
    by_char: Vec<(char, usize, u64)>,
    /// The states that any character leads to.
    by_any: Box<[u64]>,
    /// The states that any character leaves as they are.
    stay: Box<[u64]>,
    /// The same, for a colon.
    stay_at_colon: Box<[u64]>,
    /// How many tokens there are: the accepting state.
    len: usize,
}

impl Pattern {
    /// Compiles tokens.
    pub(super) fn new(tokens: &[Token], reach: Reach) -> Self {
        let exact: Option<String> = tokens
            .iter()
            .map(|token| if let Token::Char(c) = token { Some(*c) } else { None })
            .collect();
        match exact {
            Some(text) => Self::Exact(text),
            None if tokens.iter().all(|token| *token == Token::Any) => Self::Everything,
            None => Self::Glob(Glob::new(tokens, reach)),
        }
    }

    /// Whether the whole text matches.
    pub(super) fn matches(&self, text: &str) -> bool {
        match self {
            Self::Exact(exact) => exact == text,
            Self::Everything => true,
            Self::Glob(glob) => glob.matches(text),
        }
    }
}

/// How many fields of an ARN come before the resource.
const FIELDS_BEFORE_RESOURCE: usize = 5;

impl Glob {
    fn new(tokens: &[Token], reach: Reach) -> Self {
        let len = tokens.iter().filter(|token| **token != Token::Any).count();
        let words = len / 64 + 1;
        let empty = || vec![0_u64; words].into_boxed_slice();
        let mut glob = Self {
            by_char: Vec::new(),
            by_any: empty(),
            stay: empty(),
            stay_at_colon: empty(),
            len,
        };
        let mut state = 0;
        let mut colons = 0;
        let mut rest = tokens.iter();
        while let Some(token) = rest.next() {
            match token {
                Token::Any => {
                    set(&mut glob.stay, state);
                    let ends_field =
                        matches!(rest.as_slice().first(), None | Some(Token::Char(':')));
                    if reach == Reach::Text || colons >= FIELDS_BEFORE_RESOURCE || ends_field {
                        set(&mut glob.stay_at_colon, state);
                    }
                }
                Token::One => {
                    state += 1;
                    set(&mut glob.by_any, state);
                }
                Token::Char(c) => {
                    state += 1;
                    colons += usize::from(*c == ':');
                    glob.by_char.push((*c, state / 64, 1 << (state % 64)));
                }
            }
        }
        glob.by_char.sort_unstable();
        glob.by_char.dedup_by(|next, kept| {
            let same = (next.0, next.1) == (kept.0, kept.1);
            if same {
                kept.2 |= next.2;
            }
            same
        });
        glob
    }

    fn matches(&self, text: &str) -> bool {
        match (&*self.by_any, &*self.stay, &*self.stay_at_colon) {
            ([by_any], [stay], [stay_at_colon]) => {
                self.matches_in_a_word(text, *by_any, *stay, *stay_at_colon)
            }
            _ => self.matches_in_words(text),
        }
    }

    /// What most patterns need.
    fn matches_in_a_word(&self, text: &str, by_any: u64, stay: u64, stay_at_colon: u64) -> bool {
        let mut states = 1_u64;
        for c in text.chars() {
            let leads = match self.by_char.binary_search_by_key(&c, |(known, ..)| *known) {
                Ok(at) => by_any | self.by_char.get(at).map_or(0, |(.., bits)| *bits),
                Err(_) => by_any,
            };
            let stay = if c == ':' { stay_at_colon } else { stay };
            states = (states << 1 & leads) | (states & stay);
            if states == 0 {
                return false;
            }
        }
        states >> self.len & 1 == 1
    }

    fn matches_in_words(&self, text: &str) -> bool {
        let mut states = vec![0_u64; self.by_any.len()];
        set(&mut states, 0);
        for c in text.chars() {
            let first = self.by_char.partition_point(|(known, ..)| *known < c);
            let mut by_char = self.by_char.iter().skip(first).take_while(|(known, ..)| *known == c);
            let mut next_by_char = by_char.next();
            let stay = if c == ':' { &self.stay_at_colon } else { &self.stay };
            let mut carry = 0;
            let mut alive = 0;
            for (at, ((word, any), stay)) in
                states.iter_mut().zip(&self.by_any).zip(stay).enumerate()
            {
                let mut leads = *any;
                if let Some((_, _, bits)) = next_by_char.filter(|(_, word, _)| *word == at) {
                    leads |= bits;
                    next_by_char = by_char.next();
                }
                let next = ((*word << 1 | carry) & leads) | (*word & stay);
                carry = *word >> 63;
                alive |= next;
                *word = next;
            }
            if alive == 0 {
                return false;
            }
        }
        states.get(self.len / 64).is_some_and(|word| word >> (self.len % 64) & 1 == 1)
    }
}

fn set(words: &mut [u64], bit: usize) {
    if let Some(word) = words.get_mut(bit / 64) {
        *word |= 1 << (bit % 64);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tokens(pattern: &str) -> Vec<Token> {
        let token = |c| match c {
            '*' => Token::Any,
            '?' => Token::One,
            c => Token::Char(c),
        };
        pattern.chars().map(token).collect()
    }

    fn glob(pattern: &str, text: &str) -> bool {
        Pattern::new(&tokens(pattern), Reach::Text).matches(text)
    }

    fn arn(pattern: &str, text: &str) -> bool {
        Pattern::new(&tokens(pattern), Reach::Arn).matches(text)
    }

    /// The definition, without care for time.
    fn naive(pattern: &[Token], text: &[char]) -> bool {
        match (pattern, text) {
            ([], text) => text.is_empty(),
            ([Token::Any, pattern @ ..], text) => {
                (0..=text.len()).any(|skipped| naive(pattern, &text[skipped..]))
            }
            ([Token::One, pattern @ ..], [_, text @ ..]) => naive(pattern, text),
            ([Token::Char(wanted), pattern @ ..], [found, text @ ..]) => {
                wanted == found && naive(pattern, text)
            }
            (_, []) => false,
        }
    }

    #[test]
    fn wildcards() {
        assert!(glob("*", "") && glob("**", "x") && glob("?*", "x") && glob("a*c", "abbc"));
        assert!(!glob("?", "") && !glob("?*", "") && !glob("a*c", "ab") && !glob("", "x"));
        assert!(glob("?", "é") && !glob("?", "ab") && glob("é*", "éa"));
    }

    #[test]
    fn a_star_inside_a_field_of_an_arn_stays_there() {
        assert!(arn("arn:aws:s3:::b/a*z", "arn:aws:s3:::b/a:b:z"));
        assert!(arn("arn:aws:sqs:*:1:q", "arn:aws:sqs:eu-west-1:1:q"));
        assert!(arn("arn:aws:sqs:*", "arn:aws:sqs:eu-west-1:1:q"));
        assert!(arn("arn:aws:sqs:eu-*:1:q", "arn:aws:sqs:eu-west-1:1:q"));
        assert!(!arn("arn:aws:sqs:e*1:1:q", "arn:aws:sqs:eu:1:1:q"));
        assert!(arn("arn:aws:sqs:e*1:1:q", "arn:aws:sqs:eu-west-1:1:q"));
    }

    #[test]
    fn patterns_of_several_words() {
        let long = "ab?d".repeat(100);
        let text = "abcd".repeat(100);
        assert!(glob(&long, &text));
        assert!(glob(&format!("*{long}*"), &format!("x{text}y")));
        assert!(!glob(&format!("*{long}e"), &text));
        for len in [62, 63, 64, 65, 127, 128, 129] {
            let pattern = format!("?{}*", "a".repeat(len - 1));
            assert!(glob(&pattern, &"a".repeat(len)), "{len}");
            assert!(!glob(&pattern, &"a".repeat(len - 1)), "{len}");
        }
    }

    #[test]
    fn hostile_patterns_take_no_time() {
        let pattern = "*a?".repeat(8_000);
        let text = "a".repeat(8_000);
        assert!(!glob(&format!("{pattern}b"), &text));
    }

    proptest! {
        #[test]
        fn as_defined(pattern in "[ab:*?é]{0,9}", text in "[ab:é]{0,12}") {
            let characters: Vec<char> = text.chars().collect();
            prop_assert_eq!(glob(&pattern, &text), naive(&tokens(&pattern), &characters));
        }

        #[test]
        fn as_defined_beyond_a_word(
            start in "[ab?]{55,70}", end in "[ab*?]{0,6}", text in "[ab]{0,8}",
        ) {
            let pattern = format!("{start}{end}");
            let text = format!("{}{text}", start.replace('?', "a"));
            let characters: Vec<char> = text.chars().collect();
            prop_assert_eq!(glob(&pattern, &text), naive(&tokens(&pattern), &characters));
        }
    }
}
