//! The two ways in which a signed request writes its time.

use cairn_event::Timestamp;
use time::{Date, Month, OffsetDateTime, Time};

const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";

/// Reads `20130524T000000Z`.
pub fn parse_basic(text: &str) -> Option<Timestamp> {
    let bytes = text.as_bytes();
    let shaped = bytes.len() == 16 && bytes.get(8) == Some(&b'T') && bytes.get(15) == Some(&b'Z');
    if !shaped {
        return None;
    }
    let date = (number(text, 0, 4)?, number(text, 4, 6)?, number(text, 6, 8)?);
    assemble(date, (number(text, 9, 11)?, number(text, 11, 13)?, number(text, 13, 15)?))
}

/// Reads the `Date` header: `Fri, 24 May 2013 00:00:00 GMT`, the same with an offset as `date -R` writes
/// it (`+0200`; documented with `+0000`, observed for others), or the basic form.
pub fn parse_date_header(text: &str) -> Option<Timestamp> {
    let Some((_, rest)) = text.split_once(", ") else { return parse_basic(text) };
    let mut words = rest.split(' ');
    let (day, month, year) = (words.next()?, words.next()?, words.next()?);
    let (clock, zone) = (words.next()?, words.next()?);
    if words.next().is_some() || clock.len() != 8 {
        return None;
    }
    let ahead_ms = if matches!(zone, "GMT" | "UTC") { 0 } else { offset_ms(zone)? };
    let month = MONTHS.find(month).filter(|at| month.len() == 3 && at % 3 == 0)? / 3 + 1;
    let date =
        (number(year, 0, year.len())?, u16::try_from(month).ok()?, number(day, 0, day.len())?);
    let local = assemble(date, (number(clock, 0, 2)?, number(clock, 3, 5)?, number(clock, 6, 8)?))?;
    Some(Timestamp::from_ms(local.as_ms().checked_sub(ahead_ms)?))
}

/// How far `+0200` is ahead of UTC.
fn offset_ms(zone: &str) -> Option<i64> {
    let sign = match zone.as_bytes().first() {
        Some(b'+') => 1,
        Some(b'-') => -1,
        _ => return None,
    };
    let (hours, minutes) = (number(zone, 1, 3)?, number(zone, 3, 5)?);
    let is_offset = zone.len() == 5 && hours < 24 && minutes < 60;
    is_offset.then(|| sign * (i64::from(hours) * 60 + i64::from(minutes)) * 60_000)
}

/// Writes `20130524T000000Z`; the first eight characters are the scope's date.
pub fn render_basic(time: Timestamp) -> String {
    let moment = calendar(time);
    let (year, month, day) = (moment.year(), u8::from(moment.month()), moment.day());
    let (hour, minute, second) = moment.to_hms();
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

/// Writes `2013-05-24T00:00:00Z`.
pub fn render_iso(time: Timestamp) -> String {
    let moment = calendar(time);
    let (year, month, day) = (moment.year(), u8::from(moment.month()), moment.day());
    let (hour, minute, second) = moment.to_hms();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

fn calendar(time: Timestamp) -> OffsetDateTime {
    let seconds = time.as_ms().div_euclid(1000);
    OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

fn number(text: &str, from: usize, to: usize) -> Option<u16> {
    let digits = text.get(from..to)?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok()
}

fn assemble(date: (u16, u16, u16), clock: (u16, u16, u16)) -> Option<Timestamp> {
    let small = |value: u16| u8::try_from(value).ok();
    let month = Month::try_from(small(date.1)?).ok()?;
    let day = Date::from_calendar_date(i32::from(date.0), month, small(date.2)?).ok()?;
    let moment = Time::from_hms(small(clock.0)?, small(clock.1)?, small(clock.2)?).ok()?;
    let seconds = OffsetDateTime::new_utc(day, moment).unix_timestamp();
    Some(Timestamp::from_ms(seconds.checked_mul(1000)?))
}
