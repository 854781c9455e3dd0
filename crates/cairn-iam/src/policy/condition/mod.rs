//! Conditions: what else must be so for a statement to apply.

mod operator;
mod value;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use cairn_event::Timestamp;
use ipnet::IpNet;

use self::operator::{Comparison, Operator, Order, Quantifier};
use self::value::{Decimal, parse_address, parse_date, parse_range};
use super::pattern::{Pattern, Reach, Token};
use super::text::{Piece, Reading, Text, fixed, pieces, resolve};
use super::{Context, Effect, PolicyFault};

/// One condition: an operator, a key, and the values it is compared with.
#[derive(Clone, Debug)]
pub(super) struct Condition {
    operator: Operator,
    /// In lower case.
    key: String,
    wanted: Vec<Wanted>,
}

const SOURCE_ADDRESS: &str = "aws:sourceip";
/// Keys that say who asks, or from where (documented: S3, "The meaning of public").
const NARROWING: [&str; 11] = [
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceowner",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:userid",
    "s3:dataaccesspointaccount",
    "s3:dataaccesspointarn",
    "s3:x-amz-server-side-encryption-aws-kms-key-id",
];

/// Whether a range of addresses is no wider than S3 has it (documented).
fn is_narrow(range: &IpNet) -> bool {
    match range {
        IpNet::V4(range) => range.prefix_len() >= 8,
        IpNet::V6(range) => range.prefix_len() >= 32,
    }
}

/// A value of a policy.
#[derive(Clone, Debug)]
enum Wanted {
    Text(Text),
    Arn(ArnText),
    Number(Order, Decimal),
    Date(Order, Timestamp),
    Binary(Vec<u8>),
    Range(IpNet),
    Null(bool),
}

/// An ARN with wildcards; none of them crosses a colon before the resource (documented).
#[derive(Clone, Debug)]
enum ArnText {
    Fixed(Vec<Pattern>),
    Template(Vec<Piece>),
}

/// How a comparison ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Yes,
    No,
    /// A variable has no value, or the request's value is not of the operator's type.
    Unknown,
}

impl Condition {
    /// Reads a condition. The key is one.
    pub(super) fn parse(
        name: &str,
        key: &str,
        values: &[&str],
        variables: bool,
    ) -> Result<Self, PolicyFault> {
        let operator = Operator::parse(name)
            .ok_or_else(|| PolicyFault::InvalidOperator { operator: super::excerpt(name) })?;
        let wanted = |value: &&str| {
            let invalid = || PolicyFault::InvalidConditionValue {
                operator: super::excerpt(name),
                value: super::excerpt(value),
            };
            Wanted::parse(operator.comparison, value, variables)?.ok_or_else(invalid)
        };
        let wanted = values.iter().map(wanted).collect::<Result<_, _>>()?;
        Ok(Self { operator, key: key.to_ascii_lowercase(), wanted })
    }

    /// Whether the condition holds for a request. What cannot be told does not hold; of a negated
    /// operator, that would be in favour of the request, so it holds only for a denial.
    pub(super) fn holds(&self, context: &Context, effect: Effect) -> bool {
        let values = context.get(&self.key);
        let Operator { comparison, negated, quantifier, if_exists } = self.operator;
        if comparison == Comparison::Null {
            // documented: a key without a value is not there.
            let is_absent = values.iter().all(String::is_empty);
            return self
                .wanted
                .iter()
                .any(|value| matches!(value, Wanted::Null(null) if *null == is_absent));
        }
        if values.is_empty() && if_exists {
            return true;
        }
        let one = |value: &String| match self.compare(value, context) {
            Answer::Yes => !negated,
            Answer::No => negated,
            Answer::Unknown => negated && effect == Effect::Deny,
        };
        // documented: to a set, a key without a value is a key that is not there.
        let is_nothing = values.iter().all(String::is_empty);
        match quantifier {
            Quantifier::All => is_nothing || values.iter().all(one),
            Quantifier::Any => !is_nothing && values.iter().any(one),
            // assumed: several values where one is expected are compared as a whole, so that a
            // negated operator stays the opposite of the other.
            Quantifier::One if negated => values.iter().all(one),
            Quantifier::One => values.iter().any(one),
        }
    }

    /// Whether the condition holds requests to fixed values that say who asks or from where, so
    /// that to S3 they are not everybody's.
    pub(super) fn narrows(&self) -> bool {
        let Operator { negated, quantifier, if_exists, .. } = self.operator;
        let is_named = NARROWING.contains(&self.key.as_str());
        let is_fixed = |wanted: &Wanted| match wanted {
            Wanted::Text(text) => is_named && text.is_exact(),
            Wanted::Arn(arn) => is_named && arn.is_exact(),
            Wanted::Range(range) => self.key == SOURCE_ADDRESS && is_narrow(range),
            _ => false,
        };
        !negated
            && !if_exists
            && quantifier != Quantifier::All
            && !self.wanted.is_empty()
            && self.wanted.iter().all(is_fixed)
    }

    /// Compares a value of the request with those of the policy.
    fn compare(&self, value: &str, context: &Context) -> Answer {
        let mut answer = Answer::No;
        for wanted in &self.wanted {
            match wanted.compare(value, context) {
                Some(true) => return Answer::Yes,
                Some(false) => {}
                None => answer = Answer::Unknown,
            }
        }
        answer
    }
}

impl Wanted {
    /// Reads a value; `None` if it is not of the operator's type.
    fn parse(
        comparison: Comparison,
        value: &str,
        variables: bool,
    ) -> Result<Option<Self>, PolicyFault> {
        let reading = |wildcards, ignore_case| Reading {
            variables,
            wildcards,
            ignore_case,
            reach: Reach::Text,
        };
        Ok(match comparison {
            Comparison::Text { wildcards, ignore_case } => {
                Some(Self::Text(Text::parse(value, reading(wildcards, ignore_case))?))
            }
            Comparison::Arn => ArnText::parse(value, reading(true, false))?.map(Self::Arn),
            Comparison::Number(order) => {
                Decimal::parse(value).map(|number| Self::Number(order, number))
            }
            Comparison::Date(order) => parse_date(value).map(|date| Self::Date(order, date)),
            // documented: of the operators that are not of texts or ARNs, only this one takes
            // variables.
            Comparison::Bool => {
                let is_variable = variables && value.starts_with("${");
                let text = Text::parse(value, reading(false, true))?;
                (is_variable || parse_bool(value).is_some()).then_some(Self::Text(text))
            }
            Comparison::Binary => BASE64_STANDARD.decode(value).ok().map(Self::Binary),
            Comparison::Ip => parse_range(value).map(Self::Range),
            Comparison::Null => parse_bool(value).map(Self::Null),
        })
    }

    /// Whether a value of the request is in the operator's relation to this; `None` if that cannot
    /// be told.
    fn compare(&self, value: &str, context: &Context) -> Option<bool> {
        match self {
            Self::Text(text) => text.matches(value, context),
            Self::Arn(arn) => arn.matches(value, context),
            Self::Number(order, wanted) => {
                Decimal::parse(value).map(|number| order.holds(&number, wanted))
            }
            Self::Date(order, wanted) => parse_date(value).map(|date| order.holds(&date, wanted)),
            Self::Binary(wanted) => {
                BASE64_STANDARD.decode(value).ok().map(|binary| binary == *wanted)
            }
            Self::Range(range) => parse_address(value).map(|address| range.contains(&address)),
            Self::Null(_) => None,
        }
    }
}

fn parse_bool(text: &str) -> Option<bool> {
    [("true", true), ("false", false)]
        .into_iter()
        .find(|(name, _)| text.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

/// How many fields an ARN has; the last may have colons of its own.
const ARN_FIELDS: usize = 6;

impl ArnText {
    /// Reads an ARN, or `*`.
    fn parse(text: &str, reading: Reading) -> Result<Option<Self>, PolicyFault> {
        let pieces = pieces(text, reading)?;
        Ok(match fixed(&pieces) {
            None => Some(Self::Template(pieces)),
            Some(tokens) => fields(&tokens).map(Self::Fixed),
        })
    }

    /// Whether it is one ARN, without wildcards and variables.
    fn is_exact(&self) -> bool {
        let is_exact = |field: &Pattern| matches!(field, Pattern::Exact(_));
        matches!(self, Self::Fixed(fields) if fields.iter().all(is_exact))
    }

    fn matches(&self, subject: &str, context: &Context) -> Option<bool> {
        let resolved;
        let fields = match self {
            Self::Fixed(fields) => fields,
            Self::Template(pieces) => match fields(&resolve(pieces, context)?) {
                None => return Some(false),
                Some(fields) => {
                    resolved = fields;
                    &resolved
                }
            },
        };
        let mut found = subject.splitn(ARN_FIELDS, ':');
        Some(fields.iter().all(|field| found.next().is_some_and(|text| field.matches(text))))
    }
}

/// The fields of an ARN. One that ends early in a `*` goes on in `*` (documented for resources,
/// assumed here); any other must be whole.
fn fields(tokens: &[Token]) -> Option<Vec<Pattern>> {
    let colon = |token: &Token| *token == Token::Char(':');
    let compile = |tokens: &[Token]| Pattern::new(tokens, Reach::Text);
    let mut fields: Vec<Pattern> = tokens.splitn(ARN_FIELDS, colon).map(compile).collect();
    let begins = matches!(fields.first(), Some(first) if first.matches("arn"));
    if !begins || (fields.len() < ARN_FIELDS && tokens.last() != Some(&Token::Any)) {
        return None;
    }
    fields.resize(ARN_FIELDS, Pattern::Everything);
    Some(fields)
}
