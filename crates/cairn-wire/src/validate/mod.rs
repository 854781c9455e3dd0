//! The model's constraints, checked with AWS's wording.
//!
//! What is found comes with its path and the rule that it breaks, so that an operation may answer
//! a modelled error for it (`InvalidMaxResultsException`) instead of a validation error.

mod pattern;
mod shown;
mod walk;

#[cfg(test)]
mod tests;

use std::fmt;

use crate::{model::Operation, value::Value};

/// Violations listed at most, since a caller could send thousands.
pub const VIOLATIONS_MAX: usize = 100;

/// Characters of a wrong value that a message repeats.
pub const SHOWN_CHARS_MAX: usize = 1_000;

/// A rule of the model that a value breaks. Its text is AWS's.
///
/// evidence: documented (texts as public SDK issues and forums quote them); the wording for map
/// keys and values, and the order of several violations, are assumed.
#[derive(Clone, Debug, PartialEq)]
pub enum Constraint {
    /// A required member is absent.
    Required,
    /// Text, list, map or blob shorter than this.
    LengthMin(i64),
    /// Text, list, map or blob longer than this.
    LengthMax(i64),
    /// A number below this.
    ValueMin(f64),
    /// A number above this.
    ValueMax(f64),
    /// Text that does not match this regular expression as a whole.
    Pattern(&'static str),
    /// Text that is none of these.
    Enum(Vec<&'static str>),
    /// Elements of a list that break these rules.
    Elements(Vec<Constraint>),
    /// Keys of a map that break these rules.
    Keys(Vec<Constraint>),
    /// Values of a map that break these rules.
    Values(Vec<Constraint>),
    /// A union with no member, or with several.
    OneMember,
}

impl fmt::Display for Constraint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all =
            |rules: &[Self]| rules.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        match self {
            Self::Required => out.write_str("Member must not be null"),
            Self::LengthMin(least) => {
                write!(out, "Member must have length greater than or equal to {least}")
            }
            Self::LengthMax(most) => {
                write!(out, "Member must have length less than or equal to {most}")
            }
            Self::ValueMin(least) => {
                write!(out, "Member must have value greater than or equal to {least}")
            }
            Self::ValueMax(most) => {
                write!(out, "Member must have value less than or equal to {most}")
            }
            Self::Pattern(pattern) => {
                write!(out, "Member must satisfy regular expression pattern: {pattern}")
            }
            Self::Enum(names) => {
                write!(out, "Member must satisfy enum value set: [{}]", names.join(", "))
            }
            Self::Elements(rules) => {
                write!(out, "Member must satisfy constraint: [{}]", all(rules))
            }
            Self::Keys(rules) => {
                write!(out, "Map keys must satisfy constraint: [{}]", all(rules))
            }
            Self::Values(rules) => {
                write!(out, "Map value must satisfy constraint: [{}]", all(rules))
            }
            Self::OneMember => out.write_str("Member must have exactly one member set"),
        }
    }
}

/// One value that breaks one rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Violation {
    /// Where, as AWS writes it: `lookupAttributes.1.member.attributeKey`.
    pub path: String,
    /// The rule.
    pub constraint: Constraint,
    /// The value as text; `None` if it is sensitive and must not be repeated.
    pub value: Option<String>,
}

impl fmt::Display for Violation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.constraint, &self.value) {
            (Constraint::Required, _) => write!(out, "Value null")?,
            (_, Some(value)) => write!(out, "Value '{value}'")?,
            (_, None) => write!(out, "Value")?,
        }
        write!(out, " at '{}' failed to satisfy constraint: {}", self.path, self.constraint)
    }
}

/// Checks the input of a call against the model: required members, lengths, ranges, patterns
/// (where they are regular expressions that have a linear-time form) and enums.
pub fn check(operation: Operation<'static>, input: &Value) -> Result<(), Vec<Violation>> {
    let Some(shape) = operation.input() else {
        return Ok(());
    };
    let found = walk::check(shape, input);
    if found.is_empty() { Ok(()) } else { Err(found) }
}

/// The message of a `ValidationException`: `1 validation error detected: Value '51' at …`.
pub fn message(violations: &[Violation]) -> String {
    let count = violations.len();
    let noun = if count == 1 { "error" } else { "errors" };
    let all: Vec<_> = violations.iter().map(ToString::to_string).collect();
    format!("{count} validation {noun} detected: {}", all.join("; "))
}
