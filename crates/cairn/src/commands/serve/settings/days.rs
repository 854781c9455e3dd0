//! Spans of retention: a number of days, or no end.

use std::str::FromStr;

use serde::Deserialize;

/// A day.
pub(super) const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// A number of days, or no end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "DaysText")]
pub(crate) enum Days {
    /// So many.
    Some(u32),
    /// Always.
    Unlimited,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum DaysText {
    Number(u32),
    Text(String),
}

impl TryFrom<DaysText> for Days {
    type Error = String;

    fn try_from(text: DaysText) -> Result<Self, String> {
        match text {
            DaysText::Number(days) => Ok(Self::Some(days)),
            DaysText::Text(text) => text.parse(),
        }
    }
}

impl FromStr for Days {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "unlimited" {
            return Ok(Self::Unlimited);
        }
        let days = text
            .parse()
            .map_err(|_| format!("`{text}` is neither a number of days nor `unlimited`"))?;
        Ok(Self::Some(days))
    }
}

impl Days {
    pub(super) fn ms(self) -> Option<i64> {
        match self {
            Self::Some(days) => Some(i64::from(days) * DAY_MS),
            Self::Unlimited => None,
        }
    }
}
