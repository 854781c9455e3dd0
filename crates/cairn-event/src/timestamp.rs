//! Instants as CloudTrail counts them.
//!
//! Records carry whole seconds in UTC, several interfaces carry milliseconds; one signed count of
//! milliseconds since 1970 covers both and sorts as the time does. The calendar arithmetic is
//! written out because every record passes through it.

use std::fmt;

use serde::{Deserialize, Serialize};

const MS_PER_SECOND: i64 = 1_000;
const SECONDS_PER_DAY: i64 = 86_400;

/// An instant: milliseconds since 1970-01-01T00:00:00Z, before or after.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(i64);

/// A calendar date and time of day in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Civil {
    /// The year, also before 0 and after 9999.
    pub year: i64,
    /// 1 to 12.
    pub month: u32,
    /// 1 to 31.
    pub day: u32,
    /// 0 to 23.
    pub hour: u32,
    /// 0 to 59.
    pub minute: u32,
    /// 0 to 59.
    pub second: u32,
    /// 0 to 999.
    pub millisecond: u32,
}

impl Timestamp {
    /// The instant so many milliseconds after 1970.
    pub const fn from_ms(ms: i64) -> Self {
        Self(ms)
    }

    /// The instant so many seconds after 1970; the far ends of time stop at the largest count.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(MS_PER_SECOND))
    }

    /// Milliseconds since 1970.
    pub const fn as_ms(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970, rounded towards the past.
    pub const fn as_seconds(self) -> i64 {
        self.0.div_euclid(MS_PER_SECOND)
    }

    /// `2026-11-25T17:00:00Z`: the form of `eventTime`, whole seconds.
    pub fn iso_seconds(self) -> String {
        let c = self.civil();
        format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
            c.year, c.month, c.day, c.hour, c.minute, c.second
        )
    }

    /// The calendar parts in UTC.
    pub const fn civil(self) -> Civil {
        let seconds = self.as_seconds();
        let second_of_day = seconds.rem_euclid(SECONDS_PER_DAY);
        let (year, month, day) = date_of_day(seconds.div_euclid(SECONDS_PER_DAY));
        Civil {
            year,
            month,
            day,
            hour: (second_of_day / 3_600).unsigned_abs() as u32,
            minute: (second_of_day / 60 % 60).unsigned_abs() as u32,
            second: (second_of_day % 60).unsigned_abs() as u32,
            millisecond: self.0.rem_euclid(MS_PER_SECOND).unsigned_abs() as u32,
        }
    }

    /// The instant of calendar parts in UTC; `None` if a part is out of range (a leap second is).
    pub const fn from_civil(c: Civil) -> Option<Self> {
        if c.month < 1
            || c.month > 12
            || c.day < 1
            || c.day > days_in_month(c.year, c.month)
            || c.hour > 23
            || c.minute > 59
            || c.second > 59
            || c.millisecond > 999
            || c.year < -999_999
            || c.year > 999_999
        {
            return None;
        }
        let seconds = day_of_date(c.year, c.month, c.day) * SECONDS_PER_DAY
            + (c.hour * 3_600 + c.minute * 60 + c.second) as i64;
        Some(Self(seconds * MS_PER_SECOND + c.millisecond as i64))
    }

    /// Reads ISO 8601 as it occurs in records: `T` or a blank between date and time, seconds with
    /// or without a fraction (kept to the millisecond), then `Z`, an offset or nothing (UTC).
    ///
    /// ```
    /// use cairn_event::Timestamp;
    /// let t = Timestamp::parse_iso("2023-07-19T21:33:41Z").unwrap();
    /// assert_eq!(t.iso_seconds(), "2023-07-19T21:33:41Z");
    /// ```
    pub fn parse_iso(text: &str) -> Option<Self> {
        let (date, rest) = text.as_bytes().split_at_checked(10)?;
        let (time, mut rest) = match rest.split_first()? {
            (b'T' | b't' | b' ', rest) => rest.split_at_checked(8)?,
            _ => return None,
        };
        let (&[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2], &[h1, h2, b':', n1, n2, b':', s1, s2]) =
            (date, time)
        else {
            return None;
        };
        let mut millisecond = 0;
        if let Some((b'.' | b',', fraction)) = rest.split_first() {
            (millisecond, rest) = parse_fraction(fraction)?;
        }
        let offset_minutes = parse_offset(rest)?;
        let at = Self::from_civil(Civil {
            year: i64::from(two(y1, y2)? * 100 + two(y3, y4)?),
            month: two(m1, m2)?,
            day: two(d1, d2)?,
            hour: two(h1, h2)?,
            minute: two(n1, n2)?,
            second: two(s1, s2)?,
            millisecond,
        })?;
        Some(Self(at.0 - offset_minutes * 60 * MS_PER_SECOND))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.iso_seconds())
    }
}

fn two(tens: u8, ones: u8) -> Option<u32> {
    (tens.is_ascii_digit() && ones.is_ascii_digit())
        .then(|| u32::from(tens - b'0') * 10 + u32::from(ones - b'0'))
}

/// The milliseconds of a run of fraction digits, and what follows it.
fn parse_fraction(text: &[u8]) -> Option<(u32, &[u8])> {
    let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
    let (fraction, rest) = text.split_at_checked(digits)?;
    if fraction.is_empty() {
        return None;
    }
    let padded = fraction.iter().copied().chain(std::iter::repeat(b'0')).take(3);
    Some((padded.fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0')), rest))
}

/// Minutes east of UTC.
fn parse_offset(text: &[u8]) -> Option<i64> {
    let (sign, h1, h2, m1, m2) = match *text {
        [] | [b'Z' | b'z'] => return Some(0),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] | [sign @ (b'+' | b'-'), h1, h2, m1, m2] => {
            (sign, h1, h2, m1, m2)
        }
        [sign @ (b'+' | b'-'), h1, h2] => (sign, h1, h2, b'0', b'0'),
        _ => return None,
    };
    let (hours, minutes) = (two(h1, h2)?, two(m1, m2)?);
    if hours > 23 || minutes > 59 {
        return None;
    }
    let east = i64::from(hours * 60 + minutes);
    Some(if sign == b'-' { -east } else { east })
}

const fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

const fn days_in_month(year: i64, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap(year) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a date. Years are counted from March, so that the leap day is the last
/// of its year, and in 400-year eras, which all have the same number of days.
const fn day_of_date(year: i64, month: u32, day: u32) -> i64 {
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let year_of_era = shifted.rem_euclid(400);
    let month_from_march = (month as i64 + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day as i64 - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The inverse of [`day_of_date`].
const fn date_of_day(day: i64) -> (i64, u32, u32) {
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month.unsigned_abs() as u32, day_of_month.unsigned_abs() as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use time::OffsetDateTime;
    use time::format_description::well_known::Rfc3339;

    #[test]
    fn reads_the_forms_that_occur() {
        let at = |text| Timestamp::parse_iso(text).map(Timestamp::as_ms);
        let second = 1_689_802_421_000;
        assert_eq!(at("2023-07-19T21:33:41Z"), Some(second));
        assert_eq!(at("2023-07-19 21:33:41.000000000"), Some(second));
        assert_eq!(at("2023-07-19T21:33:41.5Z"), Some(second + 500));
        assert_eq!(at("2023-07-19T21:33:41.123456+00:00"), Some(second + 123));
        assert_eq!(at("2023-07-19T23:33:41+02:00"), Some(second));
        assert_eq!(at("2023-07-19T16:33:41-0500"), Some(second));
        assert_eq!(at("1969-12-31T23:59:59Z"), Some(-1000));
        for wrong in [
            "",
            "2023",
            "2023-07-19",
            "2023-02-30T00:00:00Z",
            "2023-07-19T24:00:00Z",
            "2023-07-19TT21:33:41Z",
            "2023-07-19T21:33:41.Z",
            "2023-07-19T21:33:41ZZ",
            "2023-07-19T21:33:41+25:00",
            "Jul 19, 2023 9:25:09 PM",
            "２023-07-19T21:33:41Z",
        ] {
            assert_eq!(at(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_calendar_of_the_time_crate(seconds in -62_167_219_200_i64..253_402_300_799) {
            let expected = OffsetDateTime::from_unix_timestamp(seconds).unwrap();
            let text = Timestamp::from_seconds(seconds).iso_seconds();
            prop_assert_eq!(&text, &expected.format(&Rfc3339).unwrap());
            prop_assert_eq!(Timestamp::parse_iso(&text), Some(Timestamp::from_seconds(seconds)));
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,40}") {
            let _ = Timestamp::parse_iso(&text);
        }

        #[test]
        fn every_count_has_a_date(ms in any::<i64>()) {
            let _ = Timestamp::from_ms(ms).iso_seconds();
        }
    }
}
