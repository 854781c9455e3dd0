//! A record as a line for people: when, what, who, from where, with which outcome, and to what, where
//! there is room for that.

use std::borrow::Cow;
use std::fmt::Write as _;

use cairn_event::{Category, RecordHead, lookup_resources};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::lost::is_lost;
use crate::print;

/// What stands where a record has nothing to show.
const NOTHING: &str = "-";

/// The columns of a table.
pub(crate) const COLUMNS: [&str; 8] =
    ["TIME", "EVENT", "SOURCE", "USER", "FROM", "REGION", "OUTCOME", "RESOURCES"];
/// The one with names that callers choose.
const USER: usize = 3;
/// What a user is shown with at most: one long name would widen the rows of all.
const USER_COLUMNS_MAX: usize = 32;
/// The last of them, which gets what room is left.
const RESOURCES: usize = COLUMNS.len() - 1;
/// What it is shown with at least, and at most, as one name can be long.
const RESOURCES_COLUMNS: std::ops::RangeInclusive<usize> = 12..=100;
/// Resources that are named in a row; what is left out is marked.
const NAMED_MAX: usize = 4;

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
        let is_lost = is_lost(&head);
        let has_failed = is_lost || head.error_code.is_some() || head.error_message.is_some();
        let outcome = match &head.error_code {
            _ if is_lost => Cow::Borrowed("lost"),
            Some(code) => Cow::Borrowed(&**code),
            None if has_failed => Cow::Borrowed("failed"),
            None => Cow::Borrowed("ok"),
        };
        let mut cells = [
            text(head.event_time_text.clone()),
            text(event_name(&head)),
            text(head.event_source.clone()),
            text(user(&head)),
            text(head.source_ip_address.clone()),
            text(head.aws_region.clone()),
            text(Some(outcome)),
            text(Some(resources(&head)).filter(|names| !names.is_empty())),
        ];
        cells[USER] = cut(&cells[USER], USER_COLUMNS_MAX).into_owned();
        Self { cells, has_failed }
    }
}

/// The name of a record's event; of a record that is lost, that it is.
pub(crate) fn event_name<'a>(head: &RecordHead<'a>) -> Option<Cow<'a, str>> {
    if is_lost(head) { Some(Cow::Borrowed("(record lost)")) } else { head.event_name.clone() }
}

/// Who called: as `LookupEvents` lists them, or else by their id, which is all that events of
/// applications have.
pub(crate) fn user<'h>(head: &'h RecordHead<'_>) -> Option<Cow<'h, str>> {
    let by_id = || head.identity.principal_id.as_deref().filter(|id| !id.is_empty());
    head.username().or_else(|| by_id().map(Cow::Borrowed))
}

/// The names of what the call touched: as `LookupEvents` lists them, an ARN only where there is no
/// name. A record's own resources are shown where that lists nothing, as of calls that were denied,
/// and of data events, which are about an object where the list has only its bucket.
fn resources<'a>(head: &RecordHead<'a>) -> Cow<'a, str> {
    let own = || head.resource_refs().filter_map(|own| own.arn.or(own.arn_prefix)).map(bare);
    let mut names: Vec<_> = match head.category() {
        // The object's begins as its bucket's.
        Category::Data => own().max_by_key(|name| name.len()).into_iter().collect(),
        _ => Vec::new(),
    };
    if names.is_empty() {
        names.extend(lookup_resources(head).into_iter().map(|listed| listed.resource_name));
    }
    if names.is_empty() {
        names.extend(own());
    }
    if names.iter().any(|name| !is_arn(name)) {
        names.retain(|name| !is_arn(name));
    }
    let more = names.len() > NAMED_MAX;
    names.truncate(NAMED_MAX);
    Cow::Owned(names.join(", ") + if more { ", \u{2026}" } else { "" })
}

/// Nothing of an S3 ARN but its partition goes before the name.
pub(crate) fn bare(arn: Cow<'_, str>) -> Cow<'_, str> {
    match arn.split_once(":s3:::") {
        Some((_, name)) if is_arn(&arn) => Cow::Owned(name.to_owned()),
        _ => arn,
    }
}

fn is_arn(name: &str) -> bool {
    name.starts_with("arn:")
}

/// How wide the columns of a table are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Widths([usize; COLUMNS.len()]);

impl Widths {
    /// Widths that most records fit into, for lines that come one by one; the last column as far as
    /// there is room on a terminal of so many columns.
    pub(crate) fn usual(columns: Option<usize>) -> Self {
        Self([20, 26, 28, 20, 15, 12, 12, 0]).with_resources(columns)
    }

    /// The least widths into which the heading and all rows fit; the last column as far as there is
    /// room on a terminal of so many columns.
    pub(crate) fn of(rows: &[Row], columns: Option<usize>) -> Self {
        let mut widths = COLUMNS.map(str::len);
        for row in rows {
            for (width, cell) in widths.iter_mut().zip(&row.cells) {
                *width = (*width).max(cell.width());
            }
        }
        Self(widths).with_resources(columns)
    }

    /// Gives the last column what room is left, or none if that is too little to read.
    fn with_resources(mut self, columns: Option<usize>) -> Self {
        let before: usize = self.0.iter().take(RESOURCES).map(|width| width + 2).sum();
        let room = columns.map_or(*RESOURCES_COLUMNS.end(), |all| all.saturating_sub(before));
        let room = room.min(*RESOURCES_COLUMNS.end());
        self.0[RESOURCES] = if room < *RESOURCES_COLUMNS.start() { 0 } else { room };
        self
    }

    /// The heading, without a line end.
    pub(crate) fn heading(&self) -> String {
        self.line(COLUMNS)
    }

    /// One row, without a line end; red if the call failed, or its record is lost, and the terminal
    /// has colours.
    pub(crate) fn row(&self, row: &Row, is_coloured: bool) -> String {
        let line = self.line(row.cells.each_ref().map(String::as_str));
        if row.has_failed && is_coloured { format!("\x1b[31m{line}\x1b[0m") } else { line }
    }

    fn line(&self, cells: [&str; COLUMNS.len()]) -> String {
        let mut line = String::new();
        for (cell, width) in cells.into_iter().zip(self.0).take(RESOURCES) {
            // As a terminal shows it: a character may take two columns, or none.
            let rest = width.saturating_sub(cell.width()) + 2;
            let _ = write!(line, "{cell}{:rest$}", "");
        }
        line.push_str(&cut(cells[RESOURCES], self.0[RESOURCES]));
        line.truncate(line.trim_end().len());
        line
    }
}

/// As much of a text as fits into so many columns.
fn cut(text: &str, width: usize) -> Cow<'_, str> {
    if text.width() <= width {
        return Cow::Borrowed(text);
    }
    let mut room = width.saturating_sub(1);
    let fits = |one: &char| {
        let left = room.checked_sub(one.width().unwrap_or_default());
        room = left.unwrap_or_default();
        left.is_some()
    };
    let kept: String = text.chars().take_while(fits).collect();
    Cow::Owned(if width == 0 { kept } else { kept + "\u{2026}" })
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr as _;

    use super::{Row, Widths};

    #[test]
    fn columns_line_up_and_control_characters_stay_out() {
        let good = br#"{"eventTime":"2026-11-25T17:00:00Z","eventName":"CreateBucket","eventSource":"s3.amazonaws.com",
            "awsRegion":"us-east-1","sourceIPAddress":"127.0.0.1","userIdentity":{"type":"Root"}}"#;
        let bad = br#"{"eventTime":"2026-11-25T17:00:01Z","eventName":"A\u001b[2J","errorCode":"AccessDenied"}"#;
        let rows = [Row::of(good), Row::of(bad), Row::of(b"no record")];
        let widths = Widths::of(&rows, Some(100));
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

    #[test]
    fn columns_line_up_as_a_terminal_shows_them() {
        let of = |user: &str| {
            Row::of(
                format!(
                    r#"{{"eventName":"A","userIdentity":{{"type":"IAMUser","userName":"{user}"}}}}"#
                )
                .as_bytes(),
            )
        };
        let long = "名".repeat(20);
        let rows = [of("ann"), of("名前"), of("e\u{301}va"), of(&long)];
        let widths = Widths::of(&rows, Some(200));
        let lines: Vec<_> = rows.iter().map(|row| widths.row(row, false)).collect();
        // The column after the user begins at the same place of the screen.
        let at: Vec<_> = lines
            .iter()
            .map(|line| line.split_once("  ok").map(|(before, _)| before.width()))
            .collect();
        assert!(at.iter().all(|one| one.is_some() && *one == at[0]), "{lines:#?}");
        assert!(lines[3].contains(&format!("{}\u{2026}", "名".repeat(15))), "{}", lines[3]);
    }

    #[test]
    fn resources_are_named_as_far_as_there_is_room() {
        let made = br#"{"eventTime":"2026-11-25T17:00:00Z","eventName":"CreateRole","eventSource":"iam.amazonaws.com",
            "requestParameters":{"roleName":"auditor-of-everything"},"responseElements":{"role":{
            "roleName":"auditor-of-everything","arn":"arn:aws:iam::123456789012:role/auditor-of-everything"}}}"#;
        let denied = br#"{"eventTime":"2026-11-25T17:00:00Z","eventName":"GetObject","eventSource":"s3.amazonaws.com",
            "errorCode":"AccessDenied","eventCategory":"Data","requestParameters":{"bucketName":"b"},
            "resources":[{"ARN":"arn:aws:s3:::b"},{"ARN":"arn:aws:s3:::b/key"}]}"#;
        let rows = [Row::of(made), Row::of(denied), Row::of(b"{}")];
        let shown = |columns| {
            let widths = Widths::of(&rows, columns);
            let lines = rows.iter().map(|row| widths.row(row, false));
            let last = |line: String| line.rsplit("  ").next().unwrap_or_default().to_owned();
            (widths.heading().ends_with("  RESOURCES"), lines.map(last).collect::<Vec<_>>())
        };
        for columns in [Some(200), None] {
            let whole = (true, vec!["auditor-of-everything", "b/key", "-"]);
            assert_eq!(
                shown(columns),
                (whole.0, whole.1.iter().map(|cell| (*cell).to_owned()).collect())
            );
        }
        let (is_shown, cells) = shown(Some(102));
        assert!(is_shown);
        assert!(cells[0].starts_with("auditor-") && cells[0].ends_with('\u{2026}'), "{cells:?}");
        assert_eq!(shown(Some(80)), (false, vec!["ok".into(), "AccessDenied".into(), "ok".into()]));
    }
}
