//! A record as a line for people: when, what, who, from where, with which outcome.

use std::borrow::Cow;
use std::fmt::Write as _;

use cairn_event::RecordHead;

use crate::print;

/// What stands where a record has nothing to show.
const NOTHING: &str = "-";

/// The columns of a table.
pub(crate) const COLUMNS: [&str; 7] =
    ["TIME", "EVENT", "SOURCE", "USER", "FROM", "REGION", "OUTCOME"];

/// The columns of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    cells: [String; COLUMNS.len()],
    has_failed: bool,
}

impl Row {
    /// The columns of a record; a record that cannot be read has none of them.
    pub(crate) fn of(record: &[u8]) -> Self {
        let head = RecordHead::parse(record).unwrap_or_default();
        let text = |value: Option<Cow<'_, str>>| {
            value.map_or_else(|| NOTHING.to_owned(), |value| print::plain(&value).into_owned())
        };
        let has_failed = head.error_code.is_some() || head.error_message.is_some();
        let outcome = match &head.error_code {
            Some(code) => Cow::Borrowed(&**code),
            None if has_failed => Cow::Borrowed("failed"),
            None => Cow::Borrowed("ok"),
        };
        let cells = [
            text(head.event_time_text.clone()),
            text(head.event_name.clone()),
            text(head.event_source.clone()),
            text(head.username()),
            text(head.source_ip_address.clone()),
            text(head.aws_region.clone()),
            text(Some(outcome)),
        ];
        Self { cells, has_failed }
    }
}

/// How wide the columns of a table are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Widths([usize; COLUMNS.len()]);

impl Widths {
    /// Widths that most records fit into, for lines that come one by one.
    pub(crate) const USUAL: Self = Self([20, 26, 28, 20, 15, 12, 0]);

    /// The least widths into which the heading and all rows fit.
    pub(crate) fn of(rows: &[Row]) -> Self {
        let mut widths = COLUMNS.map(str::len);
        for row in rows {
            for (width, cell) in widths.iter_mut().zip(&row.cells) {
                *width = (*width).max(cell.chars().count());
            }
        }
        Self(widths)
    }

    /// The heading, without a line end.
    pub(crate) fn heading(&self) -> String {
        self.line(COLUMNS)
    }

    /// One row, without a line end; red if the call failed and the terminal has colours.
    pub(crate) fn row(&self, row: &Row, is_coloured: bool) -> String {
        let line = self.line(row.cells.each_ref().map(String::as_str));
        if row.has_failed && is_coloured { format!("\x1b[31m{line}\x1b[0m") } else { line }
    }

    fn line(&self, cells: [&str; COLUMNS.len()]) -> String {
        let mut line = String::new();
        for (cell, width) in cells.into_iter().zip(self.0) {
            let _ = write!(line, "{cell:width$}  ");
        }
        line.truncate(line.trim_end().len());
        line
    }
}

#[cfg(test)]
mod tests {
    use super::{Row, Widths};

    #[test]
    fn columns_line_up_and_control_characters_stay_out() {
        let good = br#"{"eventTime":"2026-11-25T17:00:00Z","eventName":"CreateBucket","eventSource":"s3.amazonaws.com",
            "awsRegion":"us-east-1","sourceIPAddress":"127.0.0.1","userIdentity":{"type":"Root"}}"#;
        let bad = br#"{"eventTime":"2026-11-25T17:00:01Z","eventName":"A\u001b[2J","errorCode":"AccessDenied"}"#;
        let rows = [Row::of(good), Row::of(bad), Row::of(b"no record")];
        let widths = Widths::of(&rows);
        let lines: Vec<_> = rows.iter().map(|row| widths.row(row, false)).collect();
        assert_eq!(
            widths.heading(),
            "TIME                  EVENT         SOURCE            USER  FROM       REGION     OUTCOME"
        );
        assert_eq!(
            lines[0],
            "2026-11-25T17:00:00Z  CreateBucket  s3.amazonaws.com  root  127.0.0.1  us-east-1  ok"
        );
        assert_eq!(
            lines[1],
            "2026-11-25T17:00:01Z  A?[2J         -                 -     -          -          AccessDenied"
        );
        assert!(lines[2].starts_with("-  "));
        assert!(widths.row(&rows[1], true).starts_with("\x1b[31m2026"));
    }
}
