//! Intervals: a number and its unit, such as `60s` or `1h`.

use std::str::FromStr;
use std::time::Duration;

use serde::Deserialize;

/// Units, and how many milliseconds each has.
const UNITS: [(&str, i64); 5] =
    [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// The longest interval: sums with it must stay within what clocks can say.
const INTERVAL_DAYS_MAX: i64 = 36_500;

/// A length of time, longer than nothing, a century at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Interval {
    ms: i64,
}

impl Interval {
    /// In milliseconds.
    pub(super) const fn ms(self) -> i64 {
        self.ms
    }

    /// As the standard library has it.
    pub(super) const fn duration(self) -> Duration {
        Duration::from_millis(self.ms.unsigned_abs())
    }

    /// So many seconds.
    pub(super) const fn seconds(seconds: i64) -> Self {
        Self { ms: seconds * 1_000 }
    }
}

impl FromStr for Interval {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fault = || format!("`{text}` is no interval: write a number and one of ms, s, m, h, d");
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let (_, each) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(fault)?;
        let number: i64 = number.parse().map_err(|_| fault())?;
        let ms = number.checked_mul(*each).filter(|ms| *ms > 0).ok_or_else(fault)?;
        if ms > INTERVAL_DAYS_MAX * 86_400_000 {
            return Err(format!("`{text}` is longer than {INTERVAL_DAYS_MAX} days"));
        }
        Ok(Self { ms })
    }
}

impl TryFrom<String> for Interval {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_a_number_and_a_unit() {
        for (text, ms) in [("250ms", 250), ("60s", 60_000), ("5m", 300_000), ("1h", 3_600_000)] {
            assert_eq!(text.parse::<Interval>().unwrap().ms(), ms);
        }
        for wrong in ["", "s", "10", "0s", "-1s", "1.5h", "1 h", "9999999999999999999d", "36501d"] {
            assert!(wrong.parse::<Interval>().is_err(), "{wrong}");
        }
    }
}
