//! The conditions that records must meet, as the command line says them: of a search, and of what is
//! followed.

pub(crate) mod hints;

use anyhow::Context as _;
use cairn_event::Timestamp;
use cairn_history::{Field, Filter, SearchQuery};
use clap::builder::NonEmptyStringValueParser;

use crate::moment::{last_time, time};
use crate::usage::OrUsage as _;

/// What makes a field and a value a condition.
type MakeFilter = fn(Field, String) -> Filter;

/// All of these must hold.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Conditions, all of which must hold")]
pub(crate) struct Conditions {
    /// A field has this value, such as EventName=CreateBucket; may be repeated
    #[arg(long, value_name = "FIELD=VALUE")]
    attribute: Vec<String>,
    /// A field's value begins so, such as EventSource=s3; may be repeated
    #[arg(long, value_name = "FIELD=VALUE")]
    prefix: Vec<String>,
    /// A field's value holds this text, such as UserAgent=Boto3; case counts; may be repeated
    #[arg(long, value_name = "FIELD=VALUE")]
    contains: Vec<String>,
    /// The call failed with this code, such as `AccessDenied`, as the record has it: EC2's begin with
    /// `Client.` or `Server.`
    #[arg(long, value_name = "CODE", value_parser = NonEmptyStringValueParser::new())]
    error_code: Option<String>,
    /// The call came from this address
    #[arg(long, value_name = "ADDRESS", value_parser = NonEmptyStringValueParser::new())]
    ip: Option<String>,
    /// The record holds this text somewhere; case counts; may be repeated
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    text: Vec<String>,
}

/// And so must these.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Conditions, all of which must hold")]
pub(crate) struct Span {
    /// Not before this time: 2026-11-25, 2026-11-25T17:00:00Z, or 30m, 12h, 7d ago
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Not after this time; a day alone goes to its end, in UTC
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
}

impl Conditions {
    /// The search that they mean, of all times.
    pub(crate) fn query(&self) -> anyhow::Result<SearchQuery> {
        let mut filters = Vec::new();
        let kinds: [(&str, &[String], MakeFilter); 3] = [
            ("--attribute", &self.attribute, Filter::equals),
            ("--prefix", &self.prefix, Filter::prefix),
            ("--contains", &self.contains, Filter::contains),
        ];
        for (flag, asked, make) in kinds {
            for asked in asked {
                let (field, value) = field_and_value(asked).of_flag(flag)?;
                filters.push(make(field, value.to_owned()));
            }
        }
        let error_code = self.error_code.iter().map(|code| Filter::equals(Field::ErrorCode, code));
        let ip = self.ip.iter().map(|address| Filter::equals(Field::SourceIp, address));
        filters.extend(error_code.chain(ip));
        Ok(SearchQuery { filters, texts: self.text.clone(), ..SearchQuery::default() })
    }
}

impl Span {
    /// The first and the last moment.
    pub(crate) fn times(
        &self,
        now: Timestamp,
    ) -> anyhow::Result<(Option<Timestamp>, Option<Timestamp>)> {
        let start = since(self.since.as_deref(), now)?;
        let end = self.until.as_deref().map(|text| last_time(text, now).of_flag("--until"));
        let end = end.transpose()?;
        in_order(start, end).or_usage()?;
        Ok((start, end))
    }
}

/// The moment of `--since`.
pub(crate) fn since(text: Option<&str>, now: Timestamp) -> anyhow::Result<Option<Timestamp>> {
    text.map(|text| time(text, now).of_flag("--since")).transpose()
}

fn in_order(start: Option<Timestamp>, end: Option<Timestamp>) -> anyhow::Result<()> {
    let (Some(start), Some(end)) = (start, end) else { return Ok(()) };
    let (since, until) = (start.iso_seconds(), end.iso_seconds());
    anyhow::ensure!(start <= end, "--since {since} is after --until {until}");
    Ok(())
}

fn field_and_value(asked: &str) -> anyhow::Result<(Field, &str)> {
    let (name, value) = asked
        .split_once('=')
        .filter(|(_, value)| !value.is_empty())
        .with_context(|| format!("{asked:?} is not FIELD=VALUE, as in EventName=CreateBucket"))?;
    let field = Field::parse(name).with_context(|| {
        let known: Vec<_> = Field::NAMED.iter().map(|(name, _)| *name).collect();
        format!("there is no field {name:?}; fields are {}", known.join(", "))
    })?;
    Ok((field, value))
}

#[cfg(test)]
mod tests {
    use cairn_event::Timestamp;
    use cairn_history::{Field, Filter};

    use super::{Conditions, Span};

    const NOW: Timestamp = Timestamp::from_seconds(1_795_626_000);

    #[test]
    fn every_condition_becomes_part_of_the_query() {
        let conditions = Conditions {
            attribute: vec!["eventname=A=B".into()],
            prefix: vec!["UserArn=arn:".into()],
            contains: vec!["UserAgent=boto".into()],
            error_code: Some("AccessDenied".into()),
            ip: Some("192.0.2.1".into()),
            text: vec!["x".into()],
        };
        let query = conditions.query().unwrap();
        let filters = [
            Filter::equals(Field::EventName, "A=B"),
            Filter::prefix(Field::UserArn, "arn:"),
            Filter::contains(Field::UserAgent, "boto"),
            Filter::equals(Field::ErrorCode, "AccessDenied"),
            Filter::equals(Field::SourceIp, "192.0.2.1"),
        ];
        assert_eq!(query.filters, filters);
        assert_eq!(query.texts, ["x"]);
    }

    #[test]
    fn a_span_is_in_order() {
        let span = |until: &str| Span { since: Some("2h".into()), until: Some(until.into()) };
        let until_before = span("2026-11-24").times(NOW).unwrap_err().to_string();
        assert!(until_before.contains("is after --until 2026-11-24T23:59:59Z"), "{until_before}");
        let (start, end) = Span { until: None, ..span("") }.times(NOW).unwrap();
        assert_eq!(start.map(Timestamp::as_seconds), Some(NOW.as_seconds() - 7_200));
        assert_eq!(end, None);
    }

    #[test]
    fn a_day_goes_from_its_begin_to_its_end() {
        let day = Some("2026-11-25".to_owned());
        let (start, end) = Span { since: day.clone(), until: day }.times(NOW).unwrap();
        let [start, end] = [start, end].map(Option::unwrap);
        assert_eq!(start.iso_seconds(), "2026-11-25T00:00:00Z");
        assert_eq!(end.as_ms() - start.as_ms(), 86_400_000 - 1);
        for (until, wanted) in [
            ("2026-11-25T10:00:00Z", "2026-11-25T10:00:00Z"),
            ("10m", "2026-11-25T16:50:00Z"),
            ("90s", "2026-11-25T16:58:30Z"),
        ] {
            let (_, end) = Span { since: None, until: Some(until.into()) }.times(NOW).unwrap();
            assert_eq!(end.unwrap().iso_seconds(), wanted);
        }
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let says = |attribute: &str| {
            let conditions =
                Conditions { attribute: vec![attribute.into()], ..Conditions::default() };
            conditions.query().unwrap_err().to_string()
        };
        assert!(says("Colour=x").contains("SourceIPAddress"));
        for attribute in ["EventName", "EventName="] {
            assert!(says(attribute).contains("FIELD=VALUE"));
        }
        for since in ["", "d", "yesterday", "-1d", "+1d", "99999999999999999d", "2026-13-01", "1é"]
        {
            let told = Span { since: Some(since.into()), until: None }.times(NOW).unwrap_err();
            assert!(told.to_string().contains("is no time"), "{since}");
        }
    }
}
