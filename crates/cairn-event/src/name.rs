//! Names that are checked once and then trusted.

use std::fmt;
use std::sync::Arc;

/// Why a text is no account id or Region.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// An account id has exactly twelve digits.
    #[error("{0:?} is no account id: twelve digits are needed")]
    Account(String),
    /// A Region is lower-case letters, digits and hyphens.
    #[error("{0:?} is no Region name such as us-east-1")]
    Region(String),
}

/// The longest Region name that is taken.
const REGION_BYTES_MAX: usize = 64;
/// The number of digits of an account id.
const ACCOUNT_DIGITS: usize = 12;

/// An AWS account: twelve digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(Arc<str>);

impl AccountId {
    /// Takes twelve digits and nothing else.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if text.len() == ACCOUNT_DIGITS && text.bytes().all(|b| b.is_ascii_digit()) {
            Ok(Self(text.into()))
        } else {
            Err(NameError::Account(text.to_owned()))
        }
    }

    /// The twelve digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A Region, such as `us-east-1`. Names that AWS does not have yet are taken too: real records hold
/// Regions of partitions and test rigs that no list knows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region(Arc<str>);

impl Region {
    /// Takes lower-case letters, digits and hyphens, starting with a letter, at most 64.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if text.len() <= REGION_BYTES_MAX
            && text.bytes().next().is_some_and(|b| b.is_ascii_lowercase())
            && text.bytes().all(plain)
        {
            Ok(Self(text.into()))
        } else {
            Err(NameError::Region(text.to_owned()))
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

macro_rules! as_text {
    ($name:ident) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl std::str::FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                Self::parse(text)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                Self::parse(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}

as_text!(AccountId);
as_text!(Region);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_has_twelve_digits() {
        assert_eq!(AccountId::parse("123456789012").unwrap().to_string(), "123456789012");
        for wrong in ["", "12345678901", "1234567890123", "12345678901a", "１23456789012"] {
            assert!(AccountId::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_region_is_a_plain_name() {
        for right in ["us-east-1", "eu-central-2", "us-gov-west-1", "sagov-westsouth-1r"] {
            assert_eq!(Region::parse(right).unwrap().as_str(), right);
        }
        for wrong in ["", "US-EAST-1", "../etc", "us east", "-a", &"a".repeat(65)] {
            assert!(Region::parse(wrong).is_err(), "{wrong}");
        }
    }
}
