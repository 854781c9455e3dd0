//! What may be wrong with a question to which there is no answer.

use std::net::IpAddr;

use cairn_event::Timestamp;
use cairn_history::{Field, Match, SearchQuery};

use crate::commands::serve;

/// A day.
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// The form of a field's values, and how to say it.
struct Form {
    field: Field,
    is_met: fn(&str) -> bool,
    says: &'static str,
}

/// Fields whose values have a form that is easily missed. Records of applications may have others,
/// so these are hints, not rules.
const FORMS: [Form; 10] = [
    Form {
        field: Field::ReadOnly,
        is_met: |value| matches!(value, "true" | "false"),
        says: "true or false",
    },
    Form {
        field: Field::EventSource,
        is_met: |value| value.contains('.'),
        says: "such as s3.amazonaws.com; `--prefix EventSource=s3` takes all that begin so",
    },
    Form {
        field: Field::EventName,
        is_met: |value| value.starts_with(|letter: char| !letter.is_ascii_lowercase()),
        says: "such as CreateBucket, and case counts",
    },
    Form { field: Field::EventId, is_met: is_uuid, says: "UUIDs, in small letters" },
    Form {
        field: Field::Category,
        is_met: |value| {
            ["Management", "Data", "Insight", "NetworkActivity", "Other"].contains(&value)
        },
        says: "Management, Data, Insight, NetworkActivity and Other",
    },
    Form {
        field: Field::Account,
        is_met: |value| value.len() == 12 && value.bytes().all(|byte| byte.is_ascii_digit()),
        says: "twelve digits",
    },
    Form {
        field: Field::Region,
        is_met: |value| value.contains('-') && !value.contains(char::is_uppercase),
        says: "such as us-east-1",
    },
    Form {
        field: Field::SourceIp,
        is_met: is_whole_address,
        says: "whole addresses; `--prefix SourceIPAddress=10.0.` takes all that begin so",
    },
    Form { field: Field::UserArn, is_met: is_arn, says: "ARNs; a name alone is `Username`" },
    Form { field: Field::SessionIssuerArn, is_met: is_arn, says: "ARNs" },
];

/// A line on why nothing may have been found, if there is something to say.
pub(crate) fn of(query: &SearchQuery, now: Timestamp) -> Option<String> {
    form(query).or_else(|| time(query, now))
}

/// The same of its conditions alone, which are known before anything is looked for.
pub(crate) fn form(query: &SearchQuery) -> Option<String> {
    star(query).or_else(|| value(query))
}

/// Other tools take `*` for anything.
fn star(query: &SearchQuery) -> Option<String> {
    query.filters.iter().find_map(|asked| {
        let (Match::Equals(value) | Match::Prefix(value)) = &asked.value else { return None };
        let name = asked.field.name();
        let part = value.trim_matches('*');
        if part == value || part.is_empty() || part.contains('*') {
            return None;
        }
        let flag = if value.starts_with('*') { "--contains" } else { "--prefix" };
        Some(format!("hint: `*` stands for itself; `{flag} {name}={part}` needs none"))
    })
}

fn value(query: &SearchQuery) -> Option<String> {
    query.filters.iter().find_map(|asked| {
        let Match::Equals(value) = &asked.value else { return None };
        let form = FORMS.iter().find(|form| form.field == asked.field && !(form.is_met)(value))?;
        let name = form.field.name();
        Some(format!("hint: values of {name} are {}; {value:?} is none of them", form.says))
    })
}

fn time(query: &SearchQuery, now: Timestamp) -> Option<String> {
    if let Some(start) = query.start.filter(|start| *start > now) {
        return Some(format!("hint: --since {} has yet to come", start.iso_seconds()));
    }
    let days = serve::RETENTION_DAYS;
    let kept_ms = i64::from(days) * DAY_MS;
    let end = query.end.filter(|end| end.as_ms() < now.as_ms().saturating_sub(kept_ms))?;
    Some(format!(
        "hint: --until {} is more than {days} days ago; so long does a server show a record after it \
         was recorded, unless its --history-retention-days says otherwise",
        end.iso_seconds()
    ))
}

fn is_uuid(value: &str) -> bool {
    let lengths = value.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12])
        && value.bytes().all(|byte| matches!(byte, b'-' | b'0'..=b'9' | b'a'..=b'f'))
}

/// Whether a value is no part of an address, and no range of them. Services have names instead.
fn is_whole_address(value: &str) -> bool {
    let is_numeric = |one: char| one.is_ascii_hexdigit() || matches!(one, '.' | ':' | '/');
    let is_range = value.contains('/');
    let has_digits = value.contains(|one: char| one.is_ascii_digit());
    let is_part = (has_digits || value.contains(':'))
        && value.chars().all(is_numeric)
        && value.parse::<IpAddr>().is_err();
    !is_range && !is_part
}

fn is_arn(value: &str) -> bool {
    value.starts_with("arn:")
}

#[cfg(test)]
mod tests {
    use cairn_event::Timestamp;
    use cairn_history::{Field, Filter, SearchQuery};

    use super::of;

    const NOW: Timestamp = Timestamp::from_seconds(1_795_626_000);

    fn says(field: Field, value: &str) -> Option<String> {
        let filters = vec![Filter::equals(Field::ErrorCode, "x"), Filter::equals(field, value)];
        of(&SearchQuery { filters, ..SearchQuery::default() }, NOW)
    }

    #[test]
    fn values_of_a_wrong_form_are_pointed_out() {
        for (field, wrong, right) in [
            (Field::ReadOnly, "yes", "true"),
            (Field::EventSource, "s3", "s3.amazonaws.com"),
            (Field::EventName, "createBucket", "CreateBucket"),
            (Field::EventId, "42", "0e7a2f83-4a1c-4f0e-8f43-6a6a6a6a6a6a"),
            (
                Field::EventId,
                "0E7A2F83-4a1c-4f0e-8f43-6a6a6a6a6a6a",
                "0e7a2f83-4a1c-4f0e-8f43-6a6a6a6a6a6a",
            ),
            (Field::Category, "management", "Management"),
            (Field::Account, "1234", "123456789012"),
            (Field::Region, "US East", "us-east-1"),
            (Field::SourceIp, "10.0.0.0/8", "10.0.0.1"),
            (Field::SourceIp, "10.0.", "cloudtrail.amazonaws.com"),
            (Field::SourceIp, "192.168.1", "AWS Internal"),
            (Field::SourceIp, "2001:db8:", "2001:db8::1"),
            (Field::UserArn, "alice", "arn:aws:iam::123456789012:user/alice"),
        ] {
            let told = says(field, wrong).unwrap();
            assert!(told.contains(field.name()) && told.contains(wrong), "{told}");
            assert_eq!(says(field, right), None);
        }
        let filters = vec![Filter::prefix(Field::EventSource, "s3")];
        assert_eq!(of(&SearchQuery { filters, ..SearchQuery::default() }, NOW), None);
    }

    #[test]
    fn a_star_that_stands_for_anything_elsewhere_is_pointed_out() {
        let asked =
            |filter| of(&SearchQuery { filters: vec![filter], ..SearchQuery::default() }, NOW);
        for (filter, better) in [
            (Filter::equals(Field::EventName, "Create*"), "`--prefix EventName=Create`"),
            (Filter::prefix(Field::EventName, "Create*"), "`--prefix EventName=Create`"),
            (Filter::equals(Field::EventName, "*Bucket*"), "`--contains EventName=Bucket`"),
            (Filter::equals(Field::SourceIp, "10.*"), "`--prefix SourceIPAddress=10.`"),
        ] {
            let told = asked(filter).unwrap();
            assert!(told.contains(better), "{told}");
        }
        for filter in [
            Filter::equals(Field::EventName, "*"),
            Filter::contains(Field::UserAgent, "md/*"),
            Filter::prefix(Field::EventName, "Create"),
        ] {
            assert_eq!(asked(filter), None);
        }
    }

    #[test]
    fn ranges_without_records_are_pointed_out() {
        let day = |days: i64| Some(Timestamp::from_seconds(NOW.as_seconds() + days * 86_400));
        for (start, end, wanted) in [
            (day(1), None, Some("--since 2026-11-26")),
            (None, day(-91), Some("more than 90 days ago")),
            (None, day(-89), None),
            (day(-100), None, None),
        ] {
            let told = of(&SearchQuery { start, end, ..SearchQuery::default() }, NOW);
            assert_eq!(told.is_some(), wanted.is_some(), "{told:?}");
            assert!(told.unwrap_or_default().contains(wanted.unwrap_or_default()));
        }
    }
}
