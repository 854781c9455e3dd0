//! Names of trails.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The shortest name, in characters (documented).
const CHARS_MIN: usize = 3;
/// The longest name, in characters (documented).
const CHARS_MAX: usize = 128;

/// The name of a trail.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TrailName(Arc<str>);

/// Why a text is no name of a trail, in AWS's words (observed, spelling included).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameFault {
    /// Fewer than three characters.
    #[error(
        "Trail name too short. Minimum allowed length: {CHARS_MIN} characters. Specified name \
         length: {chars} characters."
    )]
    TooShort {
        /// How many there are.
        chars: usize,
    },
    /// More than 128.
    #[error(
        "Trail name too long. Maximum allowed length: {CHARS_MAX} characters. Specified name \
         length: {chars} characters."
    )]
    TooLong {
        /// How many there are.
        chars: usize,
    },
    /// It starts with a sign.
    #[error("Trail name must starts with a letter or number.")]
    Start,
    /// It ends with a sign.
    #[error("Trail name must ends with a letter or number.")]
    End,
    /// It has a character that no name has.
    #[error(
        "Trail name or ARN can only contain uppercase letters, lowercase letters, numbers, periods \
         (.), hyphens (-), and underscores (_)."
    )]
    Character,
    /// It has two signs side by side (documented; the text is assumed).
    #[error("Trail name cannot have adjacent periods, underscores or hyphens.")]
    Adjacent,
    /// It is an IPv4 address (documented; the text is assumed).
    #[error("Trail name cannot be an IP address.")]
    Address,
}

impl TrailName {
    /// Checks the text.
    pub fn parse(text: &str) -> Result<Self, NameFault> {
        let chars = text.chars().count();
        if chars < CHARS_MIN {
            return Err(NameFault::TooShort { chars });
        }
        if chars > CHARS_MAX {
            return Err(NameFault::TooLong { chars });
        }
        let sign = |byte: u8| matches!(byte, b'.' | b'_' | b'-');
        let bytes = text.as_bytes();
        if !bytes.first().is_some_and(u8::is_ascii_alphanumeric) {
            return Err(NameFault::Start);
        }
        if !bytes.last().is_some_and(u8::is_ascii_alphanumeric) {
            return Err(NameFault::End);
        }
        if !bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || sign(*byte)) {
            return Err(NameFault::Character);
        }
        if bytes.windows(2).any(|pair| pair.iter().all(|byte| sign(*byte))) {
            return Err(NameFault::Adjacent);
        }
        if text.parse::<std::net::Ipv4Addr>().is_ok() {
            return Err(NameFault::Address);
        }
        Ok(Self(text.into()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TrailName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl TryFrom<String> for TrailName {
    type Error = NameFault;

    fn try_from(text: String) -> Result<Self, NameFault> {
        Self::parse(&text)
    }
}

impl From<TrailName> for String {
    fn from(name: TrailName) -> Self {
        name.as_str().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked_as_aws_does() {
        for good in ["abc", "A.b-c_9", "a1b", &"x".repeat(128), "1.2.3.4.5"] {
            assert_eq!(TrailName::parse(good).unwrap().as_str(), good);
        }
        let fault = |text: &str| TrailName::parse(text).unwrap_err();
        assert_eq!(fault("ab"), NameFault::TooShort { chars: 2 });
        assert_eq!(fault(&"x".repeat(129)), NameFault::TooLong { chars: 129 });
        assert_eq!(fault("-abc"), NameFault::Start);
        assert_eq!(fault("abc."), NameFault::End);
        assert_eq!(fault("a bc"), NameFault::Character);
        assert_eq!(fault("a/b"), NameFault::Character);
        assert_eq!(fault("a-_b"), NameFault::Adjacent);
        assert_eq!(fault("10.0.0.1"), NameFault::Address);
        assert_eq!(fault("ü12").to_string(), "Trail name must starts with a letter or number.");
    }
}
