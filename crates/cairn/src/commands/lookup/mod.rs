//! `cairn lookup`: records by any number of conditions, newest first, from a running server or
//! from the directory of a stopped one.

mod offline;
pub(crate) mod online;
mod show;

use std::path::PathBuf;
use std::process::ExitCode;

use bytes::Bytes;
use cairn_history::SearchQuery;

use crate::client::ServerChoice;
use crate::conditions::{Conditions, Span, hints};
use crate::directory::{Directory, wall_clock};
use crate::print;

use offline::Offline;
use online::Online;
use show::{Format, Show};

/// Records that are asked for at once; the most that the operation gives.
pub(crate) const PAGE_RECORDS_MAX: u64 = 1_000;

/// What the command line says.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Show so many records at most; 0 for all
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: u64,
    /// The records themselves, byte for byte, one a line (line breaks inside one become spaces)
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// A table for spreadsheets, with a heading
    #[arg(long)]
    csv: bool,
    /// Read this data directory, whose server is stopped, instead of asking a server. `CAIRN_DATA` does not
    /// stand for it, since it is often set where a server runs
    #[arg(long, value_name = "DIR", conflicts_with_all = ServerChoice::FLAGS)]
    data: Option<PathBuf>,
    #[command(flatten)]
    conditions: Conditions,
    #[command(flatten)]
    span: Span,
    #[command(flatten)]
    server: ServerChoice,
}

/// Where records come from, page by page.
trait Source {
    /// The next page, of so many records at most. It may be short, or empty, and not the last.
    fn page(&mut self, records_max: u64) -> anyhow::Result<Found>;
}

/// A page of records.
struct Found {
    records: Vec<Bytes>,
    is_last: bool,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let now = (*wall_clock())();
    let (start, end) = arguments.span.times(now)?;
    let query = SearchQuery { start, end, ..arguments.conditions.query()? };
    let hint = hints::of(&query, now);
    let format = match arguments {
        Arguments { json: true, .. } => Format::Json,
        Arguments { csv: true, .. } => Format::Csv,
        _ => Format::Table,
    };
    let mut show = Show::new(format, std::io::stdout().lock());
    let found = match &arguments.data {
        Some(data) => {
            let mut source = Offline::open(&Directory::existing(data)?, query)?;
            search(&mut source, arguments.limit, &mut show)?
        }
        None => search(&mut Online::new(&arguments.server, &query)?, arguments.limit, &mut show)?,
    };
    if let (0, Some(hint)) = (found, hint) {
        print::complain(&hint);
    }
    Ok(ExitCode::SUCCESS)
}

/// Shows so many records at most; returns how many there were.
fn search(source: &mut dyn Source, limit: u64, show: &mut Show<'_>) -> anyhow::Result<u64> {
    let mut left = if limit == 0 { u64::MAX } else { limit };
    let (mut found_all, mut is_last) = (0, false);
    while left > 0 && !is_last {
        let found = source.page(left.min(PAGE_RECORDS_MAX))?;
        let records = found.records.len() as u64;
        (left, found_all) = (left.saturating_sub(records), found_all + records);
        is_last = found.is_last;
        if !show.records(&found.records)? {
            return Ok(found_all);
        }
    }
    if show.end()? && !is_last {
        print::complain(&format!(
            "stopped after {}; --limit takes another number, 0 for all",
            print::count(limit, "record")
        ));
    }
    Ok(found_all)
}

#[cfg(test)]
mod tests {
    use super::{Bytes, Format, Found, Show, Source, search};

    /// Pages of these lengths.
    struct Pages(Vec<usize>);

    impl Source for Pages {
        fn page(&mut self, records_max: u64) -> anyhow::Result<Found> {
            let records = self.0.remove(0).min(records_max as usize);
            let record = Bytes::from_static(b"{}");
            Ok(Found { records: vec![record; records], is_last: self.0.is_empty() })
        }
    }

    #[test]
    fn a_search_goes_on_until_the_limit_or_the_last_page() {
        for (pages, limit, lines) in
            [(vec![2, 0, 3], 0, 5), (vec![2, 0, 3], 4, 4), (vec![2, 9], 2, 2), (vec![0], 9, 0)]
        {
            let mut out = Vec::new();
            let mut show = Show::new(Format::Json, &mut out);
            let found = search(&mut Pages(pages), limit, &mut show).unwrap();
            drop(show);
            assert_eq!(found, lines);
            assert_eq!(std::str::from_utf8(&out).unwrap().lines().count() as u64, lines);
        }
    }
}
