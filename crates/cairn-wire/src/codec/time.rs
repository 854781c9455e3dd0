//! Timestamps in the three formats of AWS, each exact to the millisecond.
//!
//! Reading takes any of the three wherever one is expected, as AWS's services do; writing takes
//! the format that the protocol and the member ask for.

use std::fmt::Write;

use cairn_event::{Timestamp, timestamp::Civil};

use crate::model::TimestampFormat;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MS_PER_DAY: i64 = 86_400_000;
/// Beyond this many seconds either way, an epoch number is no time of a calendar (year 9999).
const EPOCH_SECONDS_MAX: f64 = 253_402_300_800.0;

/// Reads a timestamp in whichever format it is in.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    parse_epoch(text).or_else(|| parse_iso(text)).or_else(|| parse_http(text))
}

/// ISO 8601 with a date and a time, or a date alone.
fn parse_iso(text: &str) -> Option<Timestamp> {
    Timestamp::parse_iso(text).or_else(|| {
        (text.len() == 10).then(|| Timestamp::parse_iso(&format!("{text}T00:00:00Z"))).flatten()
    })
}

/// Epoch seconds as a decimal number, in plain or scientific notation. Plain notation never goes
/// through a floating point number, so that no millisecond is lost.
pub(super) fn parse_epoch(text: &str) -> Option<Timestamp> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !plain(whole) || !plain(fraction) {
        return parse_scientific(text);
    }
    let seconds: i64 = whole.parse().ok()?;
    let mut ms = 0;
    for place in 0..3 {
        let digit = fraction.as_bytes().get(place).map_or(0, |byte| i64::from(byte - b'0'));
        ms = ms * 10 + digit;
    }
    let total = seconds.checked_mul(1_000)?.checked_add(ms)?;
    Some(Timestamp::from_ms(if negative { -total } else { total }))
}

fn parse_scientific(text: &str) -> Option<Timestamp> {
    if !text.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
        return None;
    }
    from_seconds(text.parse().ok()?)
}

/// The instant so many seconds after 1970, rounded to the millisecond.
pub(super) fn from_seconds(seconds: f64) -> Option<Timestamp> {
    (seconds.abs() < EPOCH_SECONDS_MAX)
        .then(|| Timestamp::from_ms((seconds * 1_000.0).round() as i64))
}

/// `Wed, 25 Nov 2026 17:00:00 GMT` and its older spellings (RFC 850, asctime).
fn parse_http(text: &str) -> Option<Timestamp> {
    let mut words = text.split([' ', ',', '-']).filter(|word| !word.is_empty());
    words.next()?;
    let first = words.next()?;
    let (day, month, year, time) = if MONTHS.contains(&first) {
        let (day, time, year) = (words.next()?, words.next()?, words.next()?);
        (day, first, year, time)
    } else {
        let (month, year, time) = (words.next()?, words.next()?, words.next()?);
        (first, month, year, time)
    };
    let month = MONTHS.iter().position(|name| *name == month)?;
    let mut year: i64 = year.parse().ok()?;
    if year < 100 {
        year += if year < 70 { 2_000 } else { 1_900 };
    }
    let mut parts = time.splitn(3, ':');
    let mut part = || parts.next()?.parse::<u32>().ok();
    Timestamp::from_civil(Civil {
        year,
        month: u32::try_from(month).ok()? + 1,
        day: day.parse().ok()?,
        hour: part()?,
        minute: part()?,
        second: part()?,
        millisecond: 0,
    })
}

/// Writes a timestamp in the given format; `ms_always` keeps `.000` in ISO 8601.
pub(super) fn format(at: Timestamp, format: TimestampFormat, ms_always: bool) -> String {
    match format {
        TimestampFormat::Iso8601 => iso(at, ms_always),
        TimestampFormat::Rfc822 => http(at),
        TimestampFormat::UnixTimestamp => epoch(at),
    }
}

/// Epoch seconds with as many of the three decimals as are not zero.
pub(super) fn epoch(at: Timestamp) -> String {
    let ms = at.as_ms();
    let sign = if ms < 0 { "-" } else { "" };
    let (seconds, rest) = (ms.unsigned_abs() / 1_000, ms.unsigned_abs() % 1_000);
    if rest == 0 {
        return format!("{sign}{seconds}");
    }
    format!("{sign}{seconds}.{rest:03}").trim_end_matches('0').to_owned()
}

fn iso(at: Timestamp, ms_always: bool) -> String {
    let mut text = at.iso_seconds();
    let ms = at.civil().millisecond;
    if ms != 0 || ms_always {
        text.truncate(text.len().saturating_sub(1));
        // Writing to a string cannot fail.
        let _ = write!(text, ".{ms:03}Z");
    }
    text
}

fn http(at: Timestamp) -> String {
    let civil = at.civil();
    // 1970-01-01 was a Thursday.
    let day = at.as_ms().div_euclid(MS_PER_DAY).saturating_add(3).rem_euclid(7);
    let name = |names: &[&'static str], index: i64| {
        usize::try_from(index).ok().and_then(|index| names.get(index).copied()).unwrap_or("")
    };
    format!(
        "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
        name(&DAYS, day),
        civil.day,
        name(&MONTHS, i64::from(civil.month) - 1),
        civil.year,
        civil.hour,
        civil.minute,
        civil.second
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_reads_back_what_it_wrote() {
        for ms in [0, 999, 1_795_626_000_000, 1_789_319_538_551, -1, 951_782_400_000] {
            let at = Timestamp::from_ms(ms);
            assert_eq!(parse(&epoch(at)), Some(at), "{}", epoch(at));
            assert_eq!(parse(&iso(at, true)), Some(at), "{}", iso(at, true));
            assert_eq!(parse(&http(at)), Some(Timestamp::from_ms(ms.div_euclid(1_000) * 1_000)));
        }
    }

    #[test]
    fn the_spellings_of_the_wire() {
        let at = Some(Timestamp::from_ms(784_111_777_000));
        assert_eq!(parse("Sun, 06 Nov 1994 08:49:37 GMT"), at);
        assert_eq!(parse("Sunday, 06-Nov-94 08:49:37 GMT"), at);
        assert_eq!(parse("Sun Nov  6 08:49:37 1994"), at);
        assert_eq!(http(Timestamp::from_ms(784_111_777_000)), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(parse("1.789319538551E9"), Some(Timestamp::from_ms(1_789_319_538_551)));
        assert_eq!(parse("1994-11-06"), Some(Timestamp::from_ms(784_080_000_000)));
    }

    #[test]
    fn nonsense_is_no_time() {
        for text in
            ["", "-", ".", "1e400", "NaN", "inf", "yesterday", "99999999999999999999", "1.x"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
