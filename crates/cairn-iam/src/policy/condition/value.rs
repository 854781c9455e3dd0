//! The values that conditions compare, other than texts.

use std::cmp::Ordering;
use std::net::IpAddr;

use cairn_event::Timestamp;
use ipnet::IpNet;

/// A decimal number, exact whatever its length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Decimal {
    negative: bool,
    /// Without zeros in front.
    whole: String,
    /// Without zeros behind.
    fraction: String,
}

impl Decimal {
    /// Reads an integer or a decimal fraction.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (negative, digits) = match text.as_bytes().first()? {
            b'-' => (true, text.get(1..)?),
            b'+' => (false, text.get(1..)?),
            _ => (false, text),
        };
        let (whole, fraction) = match digits.split_once('.') {
            Some((_, "")) => return None,
            Some(parts) => parts,
            None => (digits, ""),
        };
        let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) {
            return None;
        }
        let whole = whole.trim_start_matches('0').to_owned();
        let fraction = fraction.trim_end_matches('0').to_owned();
        let is_zero = whole.is_empty() && fraction.is_empty();
        Some(Self { negative: negative && !is_zero, whole, fraction })
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let size = |a: &Self, b: &Self| {
            let whole = a.whole.len().cmp(&b.whole.len()).then_with(|| a.whole.cmp(&b.whole));
            whole.then_with(|| a.fraction.cmp(&b.fraction))
        };
        match (self.negative, other.negative) {
            (false, false) => size(self, other),
            (true, true) => size(other, self),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Reads a date: one of the forms of the W3C's note on ISO 8601, or seconds since 1970
/// (documented). Four digits are a year.
pub(super) fn parse_date(text: &str) -> Option<Timestamp> {
    let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let whole = match text.len() {
        4 if is_digits => format!("{text}-01-01T00:00:00Z"),
        _ if is_digits => return text.parse().ok().map(Timestamp::from_seconds),
        7 => format!("{text}-01T00:00:00Z"),
        10 => format!("{text}T00:00:00Z"),
        _ => {
            let (date, time) = text.split_once('T')?;
            let (time, zone) = time.split_at_checked(time.find(['Z', '+', '-'])?)?;
            let zone_is_whole = zone == "Z" || zone.len() == "+00:00".len();
            match time.len() {
                5 if zone_is_whole => format!("{date}T{time}:00{zone}"),
                8.. if zone_is_whole => text.to_owned(),
                _ => return None,
            }
        }
    };
    Timestamp::parse_iso(&whole)
}

/// Reads an address or a range of addresses. Bits behind the prefix do not matter.
pub(super) fn parse_range(text: &str) -> Option<IpNet> {
    match text.parse::<IpNet>() {
        Ok(range) => Some(range),
        // documented: without a prefix, it is this one address.
        Err(_) => text.parse::<IpAddr>().ok().map(IpNet::from),
    }
}

/// Reads the address of a request. An IPv4 address in IPv6's clothes is the IPv4 address: else it
/// would escape every range that is written for it.
pub(super) fn parse_address(text: &str) -> Option<IpAddr> {
    text.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_in_order() {
        let numbers =
            ["-10", "-9.5", "-0.01", "-0.001", "0", "0.05", "0.5", "1", "1.5", "9", "10", "10.01"];
        let numbers: Vec<Decimal> = numbers.iter().map(|n| Decimal::parse(n).unwrap()).collect();
        assert!(numbers.is_sorted_by(|a, b| a < b));
        for (a, b) in [
            ("1", "1.0"),
            ("+1", "01"),
            ("-0", "0.00"),
            ("18446744073709551617", "18446744073709551617.0"),
        ] {
            assert_eq!(Decimal::parse(a), Decimal::parse(b));
        }
        for text in ["", "-", "1.", ".5", "1e3", "0x1", "1 ", "NaN", "1.2.3", "--1", "١"] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }

    #[test]
    fn dates_have_many_forms() {
        let iso = |text| parse_date(text).map(Timestamp::iso_seconds);
        let day = Some("2020-04-01T00:00:00Z".to_owned());
        assert_eq!(iso("2020-04-01"), day);
        assert_eq!(iso("2020-04"), day);
        assert_eq!(iso("2020-04-01T00:00Z"), day);
        assert_eq!(iso("2020-04-01T00:00:00Z"), day);
        assert_eq!(iso("2020-04-01T00:00:00.25Z"), day);
        assert_eq!(iso("2020-04-01T02:00+02:00"), day);
        assert_eq!(iso("2020-04-01T02:00:00+02:00"), day);
        assert_eq!(iso("1585699200"), day);
        assert_eq!(iso("2020"), Some("2020-01-01T00:00:00Z".to_owned()));
        for text in [
            "",
            "2020-13",
            "2020-04-01T",
            "2020-04-01T00:00",
            "20-04-01",
            "*",
            "-5",
            "2020-04-01T00:00:00",
            "99999999999999999999",
            "é020-04",
            "2020-04-01T00Z",
        ] {
            assert_eq!(iso(text), None, "{text}");
        }
    }

    #[test]
    fn addresses_and_ranges() {
        let inside =
            |range, address| parse_range(range).unwrap().contains(&parse_address(address).unwrap());
        assert!(
            inside("203.0.113.7/24", "203.0.113.255") && !inside("203.0.113.0/24", "203.0.114.0")
        );
        assert!(inside("203.0.113.7", "203.0.113.7") && !inside("203.0.113.7", "203.0.113.8"));
        assert!(inside("203.0.113.0/24", "::ffff:203.0.113.9"));
        assert!(inside("2001:DB8:1234:5678::/64", "2001:db8:1234:5678::1"));
        assert!(
            inside("::/0", "::1") && !inside("::/0", "10.0.0.1") && inside("0.0.0.0/0", "10.0.0.1")
        );
        for text in ["10.207.*.*", "10.0.0.0/33", "10.0.0", "", "host", "10.0.0.0/8/8", "::1%lo"] {
            assert_eq!(parse_range(text), None, "{text}");
        }
    }
}
