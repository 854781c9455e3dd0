//! Prints records: a table for people, the records themselves, or a table for spreadsheets.

use std::borrow::Cow;
use std::io::{self, BufWriter, Write};

use bytes::Bytes;
use cairn_event::lookup_resource::{RESOURCES_MAX, lookup_resources};
use cairn_event::{Category, RecordHead};

use crate::print;
use crate::row::{Row, Widths, bare, event_name, user};

/// The heading of the spreadsheet table.
const CSV_HEADING: &str = "EventTime,EventName,EventSource,Username,SourceIPAddress,ErrorCode,\
    AwsRegion,EventId,AccountId,ReadOnly,EventCategory,UserArn,AccessKeyId,UserAgent,RequestId,Resources\n";

/// How records are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// A table for people.
    Table,
    /// The records themselves, one a line.
    Json,
    /// A table for spreadsheets (RFC 4180).
    Csv,
}

/// Prints records as they are found.
pub(super) struct Show<'a> {
    format: Format,
    out: BufWriter<Box<dyn Write + 'a>>,
    /// Set by the first records.
    widths: Option<Widths>,
    is_coloured: bool,
}

impl<'a> Show<'a> {
    pub(super) fn new(format: Format, out: impl Write + 'a) -> Self {
        let is_coloured = print::is_coloured();
        Self { format, out: BufWriter::new(Box::new(out)), widths: None, is_coloured }
    }

    /// Prints records; `false` if nobody reads them any more.
    pub(super) fn records(&mut self, records: &[Bytes]) -> io::Result<bool> {
        let printed = match self.format {
            Format::Json => self.json(records),
            Format::Csv => self.csv(records),
            Format::Table => self.table(records),
        };
        print::is_read(printed.and_then(|()| self.out.flush()))
    }

    /// Ends the output; `false` if nobody reads it any more.
    pub(super) fn end(&mut self) -> io::Result<bool> {
        let printed = match (self.format, self.widths) {
            (Format::Csv, None) => self.heading(CSV_HEADING),
            (Format::Table, None) => self.out.write_all(b"no records\n"),
            _ => Ok(()),
        };
        print::is_read(printed.and_then(|()| self.out.flush()))
    }

    /// A record has no line end outside its texts, as JSON of one line; one of an import may, and
    /// gets none here, so that a line stays a record.
    fn json(&mut self, records: &[Bytes]) -> io::Result<()> {
        for record in records {
            if record.contains(&b'\n') || record.contains(&b'\r') {
                let line: Vec<u8> = record.iter().map(|byte| one_line(*byte)).collect();
                self.out.write_all(&line)?;
            } else {
                self.out.write_all(record)?;
            }
            self.out.write_all(b"\n")?;
        }
        Ok(())
    }

    fn table(&mut self, records: &[Bytes]) -> io::Result<()> {
        let rows: Vec<Row> = records.iter().map(|record| Row::of(record)).collect();
        if rows.is_empty() {
            return Ok(());
        }
        let widths = if let Some(widths) = self.widths {
            widths
        } else {
            let widths = Widths::of(&rows, print::columns());
            writeln!(self.out, "{}", widths.heading())?;
            *self.widths.insert(widths)
        };
        for row in &rows {
            writeln!(self.out, "{}", widths.row(row, self.is_coloured))?;
        }
        Ok(())
    }

    fn csv(&mut self, records: &[Bytes]) -> io::Result<()> {
        if self.widths.is_none() {
            self.heading(CSV_HEADING)?;
        }
        for record in records {
            let cells = csv_cells(record);
            let line: Vec<Cow<'_, str>> = cells.iter().map(|cell| csv_cell(cell)).collect();
            writeln!(self.out, "{}", line.join(","))?;
        }
        Ok(())
    }

    fn heading(&mut self, heading: &str) -> io::Result<()> {
        self.widths = Some(Widths::usual(None));
        self.out.write_all(heading.as_bytes())
    }
}

/// JSON has line ends only between its parts, where a blank does as well.
fn one_line(byte: u8) -> u8 {
    if matches!(byte, b'\n' | b'\r') { b' ' } else { byte }
}

fn csv_cells(record: &[u8]) -> [String; 16] {
    let head = RecordHead::parse(record).unwrap_or_default();
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    [
        text(head.event_time_text.as_deref()),
        text(event_name(&head).as_deref()),
        text(head.event_source.as_deref()),
        text(user(&head).as_deref()),
        text(head.source_ip_address.as_deref()),
        text(head.error_code.as_deref()),
        text(head.aws_region.as_deref()),
        text(head.event_id.as_deref()),
        text(head.account()),
        text(head.read_only.map(|read_only| if read_only { "true" } else { "false" })),
        text(head.category().as_str()),
        text(head.identity.arn.as_deref()),
        text(head.identity.access_key_id.as_deref()),
        text(head.user_agent.as_deref()),
        text(head.request_id.as_deref()),
        resources(&head).join("; "),
    ]
}

/// What the call touched: as `LookupEvents` lists it, and the objects of a data event, which that does
/// not list.
fn resources(head: &RecordHead<'_>) -> Vec<String> {
    let with_kind = |kind: Option<Cow<'_, str>>, name: &str| match kind {
        Some(kind) => format!("{kind} {name}"),
        None => name.to_owned(),
    };
    let listed = lookup_resources(head);
    let mut all: Vec<_> = listed
        .into_iter()
        .map(|listed| with_kind(listed.resource_type, &listed.resource_name))
        .collect();
    if head.category() == Category::Data {
        for own in head.resource_refs().take(RESOURCES_MAX) {
            let Some(arn) = own.arn.or(own.arn_prefix) else { continue };
            let name = with_kind(own.resource_type, &bare(arn));
            if !all.contains(&name) {
                all.push(name);
            }
        }
    }
    all
}

/// A cell, quoted where it must be. A caller chose what is in it: what a spreadsheet would take
/// for a formula is shown as text (OWASP, "CSV injection").
fn csv_cell(cell: &str) -> Cow<'_, str> {
    let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if !is_formula && !cell.contains([',', '"', '\n', '\r']) {
        return Cow::Borrowed(cell);
    }
    let mark = if is_formula { "'" } else { "" };
    Cow::Owned(format!("\"{mark}{}\"", cell.replace('"', "\"\"")))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::{Format, Show};

    fn shown(format: Format, pages: &[&[&'static [u8]]]) -> String {
        let mut out = Vec::new();
        let mut show = Show::new(format, &mut out);
        for page in pages {
            let records: Vec<_> = page.iter().map(|record| Bytes::from_static(record)).collect();
            assert!(show.records(&records).unwrap());
        }
        assert!(show.end().unwrap());
        drop(show);
        String::from_utf8(out).unwrap()
    }

    const ONE: &[u8] = br#"{"eventName":"A","eventSource":"s3.amazonaws.com","userAgent":"a, \"b\"","errorCode":"=1+1"}"#;
    const TWO: &[u8] = b"{\n\"eventName\": \"B\"\n}";

    #[test]
    fn json_is_one_record_a_line() {
        let text = shown(Format::Json, &[&[ONE], &[], &[TWO]]);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines, [std::str::from_utf8(ONE).unwrap(), r#"{ "eventName": "B" }"#]);
        assert_eq!(shown(Format::Json, &[]), "");
    }

    #[test]
    fn csv_has_one_heading_and_quotes_what_must_be() {
        let text = shown(Format::Csv, &[&[ONE], &[TWO]]);
        let lines: Vec<_> = text.lines().collect();
        assert!(lines[0].starts_with("EventTime,EventName,EventSource,Username,"));
        assert!(lines[1].starts_with(",A,s3.amazonaws.com,,,\"'=1+1\","));
        assert!(lines[1].contains(r#""a, ""b""""#));
        let lost = shown(Format::Csv, &[&[br#"{"eventType":"CairnRecordLost"}"#]]);
        assert!(lost.lines().nth(1).unwrap().starts_with(",(record lost),,"), "{lost}");
        assert_eq!((lines.len(), shown(Format::Csv, &[]).lines().count()), (3, 1));
    }

    #[test]
    fn csv_names_the_objects_of_data_events() {
        let data = br#"{"eventName":"GetObject","eventSource":"s3.amazonaws.com","eventCategory":"Data",
            "userIdentity":{"type":"Unknown","principalId":"app-7"},"requestParameters":{"bucketName":"b"},
            "resources":[{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::b/k"},
            {"type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::b"}]}"#;
        let text = shown(Format::Csv, &[&[data]]);
        assert!(text.contains("GetObject,s3.amazonaws.com,app-7,"), "{text}");
        assert!(text.ends_with(",AWS::S3::Bucket b; AWS::S3::Object b/k\n"), "{text}");
    }

    #[test]
    fn a_table_says_when_it_is_empty() {
        assert_eq!(shown(Format::Table, &[&[]]), "no records\n");
        assert_eq!(shown(Format::Table, &[&[], &[ONE], &[TWO]]).lines().count(), 3);
    }
}
