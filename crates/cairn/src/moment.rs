//! Times as the command line takes them.

use anyhow::Context as _;
use cairn_event::Timestamp;

/// A day; nobody counts leap seconds here.
const DAY_MS: i64 = 86_400_000;

/// Reads a day, a time, or so long ago.
pub(crate) fn time(text: &str, now: Timestamp) -> anyhow::Result<Timestamp> {
    let instant = Timestamp::parse_iso(text)
        .or_else(|| Timestamp::parse_iso(&format!("{text}T00:00:00Z")))
        .or_else(|| Some(Timestamp::from_ms(now.as_ms().checked_sub(ago_ms(text)?)?)));
    instant.with_context(|| {
        format!("{text:?} is no time: 2026-11-25, 2026-11-25T17:00:00Z, or 30m, 12h, 7d for ago")
    })
}

/// The same for the end of a span: a day alone goes to its end.
pub(crate) fn last_time(text: &str, now: Timestamp) -> anyhow::Result<Timestamp> {
    let begin = time(text, now)?;
    let is_day = Timestamp::parse_iso(&format!("{text}T00:00:00Z")).is_some();
    Ok(if is_day { Timestamp::from_ms(begin.as_ms().saturating_add(DAY_MS - 1)) } else { begin })
}

fn ago_ms(text: &str) -> Option<i64> {
    let unit_ms = match text.chars().last()? {
        's' => 1_000,
        'm' => 60_000,
        'h' => 3_600_000,
        'd' => DAY_MS,
        'w' => 604_800_000,
        _ => return None,
    };
    let digits = text.get(..text.len() - 1)?;
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse::<i64>().ok()?.checked_mul(unit_ms)).flatten()
}
