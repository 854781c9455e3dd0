//! `cairn tail`: the records of a running server as they are committed, all or those that meet
//! conditions.
//!
//! The server gives all of them; what is wanted is chosen here, as a search would choose it. With
//! `--since`, what history has is shown first.

mod replay;

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use cairn_history::{SearchQuery, Sieve};
use serde::Deserialize;
use serde_json::json;

use crate::client::{self, CallError, Client};
use crate::commands::lookup::online::Online;
use crate::conditions::{Conditions, hints, since};
use crate::directory::wall_clock;
use crate::print;
use crate::row::{Row, Widths};

use replay::Replay;

/// A server that went away is asked again after so long, then after twice as long, up to the
/// longest.
const PAUSE_MIN: Duration = Duration::from_millis(200);
const PAUSE_MAX: Duration = Duration::from_secs(10);
/// The longest that a call waits for records, as in the model.
const WAIT_MS: u64 = 20_000;
/// Records of one call at most, as in the model.
const RECORDS_MAX: u64 = 1_000;

/// What the command line says.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Begin with the oldest record that is kept instead of the next one
    #[arg(long, conflicts_with = "since")]
    from_start: bool,
    /// Show what happened from this time on first: 2026-11-25, 2026-11-25T17:00:00Z, or 30m, 12h, 7d ago
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// End after so many records; 0 to go on
    #[arg(long, value_name = "N", default_value_t = 0)]
    limit: u64,
    /// The records themselves, one a line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    conditions: Conditions,
    #[command(flatten)]
    server: client::ServerChoice,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    #[serde(default)]
    records: Vec<Record>,
    cursor: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Record {
    offset: u64,
    cloud_trail_event: String,
}

/// Runs the command, until nobody reads its output or the limit is reached.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let query = arguments.conditions.query()?;
    let start = since(arguments.since.as_deref(), (*wall_clock())())?;
    let wanted = Sieve::new(&query);
    let client = Client::new(&arguments.server)?;
    let mut cursor = if arguments.from_start { "earliest" } else { "latest" }.to_owned();
    // The first call takes its place and does not wait: a wrong endpoint or key is told at once. What
    // comes after it is not missed while history is read.
    let mut answer = ask(&client, &cursor, 0)?;
    // Nothing may come for ever: nobody would know why.
    if let Some(hint) = hints::form(&query) {
        print::complain(&hint);
    }
    let mut show = Show::new(arguments.json, arguments.limit);
    let mut replayed = Replay::default();
    if start.is_some() {
        let query = SearchQuery { start, ..query };
        replayed = Replay::read(&mut Online::new(&arguments.server, &query)?)?;
    }
    if !show.heading()? {
        return Ok(ExitCode::SUCCESS);
    }
    for record in replayed.oldest_first() {
        if !show.record(record)? {
            return Ok(ExitCode::SUCCESS);
        }
    }
    let mut seen = replayed.numbers();
    loop {
        cursor = answer.cursor;
        for Record { offset, cloud_trail_event: record } in &answer.records {
            let is_new = !seen.remove(offset) && wanted.passes(record.as_bytes());
            if is_new && !show.record(record)? {
                return Ok(ExitCode::SUCCESS);
            }
        }
        answer = ask_until_answered(&client, &cursor)?;
    }
}

/// Prints records one by one.
struct Show {
    as_json: bool,
    /// How many more are wanted.
    left: u64,
}

impl Show {
    fn new(as_json: bool, limit: u64) -> Self {
        Self { as_json, left: if limit == 0 { u64::MAX } else { limit } }
    }

    /// `false` if nobody reads.
    fn heading(&self) -> io::Result<bool> {
        if self.as_json {
            return Ok(true);
        }
        print::is_read(say(&Widths::usual(print::columns()).heading()))
    }

    /// `false` if nobody reads, or wants, any more.
    fn record(&mut self, record: &str) -> io::Result<bool> {
        self.left -= 1;
        Ok(print::is_read(say(&line(record, self.as_json)))? && self.left > 0)
    }
}

/// A record's line; one of an import may span lines, and is put on one.
fn line(record: &str, as_json: bool) -> String {
    if as_json {
        record.replace(['\n', '\r'], " ")
    } else {
        Widths::usual(print::columns()).row(&Row::of(record.as_bytes()), print::is_coloured())
    }
}

fn say(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

fn ask(client: &Client, cursor: &str, wait_ms: u64) -> Result<Answer, CallError> {
    let input = json!({"Cursor": cursor, "MaxResults": RECORDS_MAX, "WaitMs": wait_ms});
    client.call("TailRecords", &input)
}

/// Goes on after a restart of the server: the cursor is good as long as the log is.
fn ask_until_answered(client: &Client, cursor: &str) -> Result<Answer, CallError> {
    let mut pause = PAUSE_MIN;
    loop {
        match ask(client, cursor, WAIT_MS) {
            Err(error) if error.is_passing() => {
                if pause == PAUSE_MIN {
                    print::complain(&format!("{error}; trying again"));
                }
                std::thread::sleep(pause);
                pause = (pause * 2).min(PAUSE_MAX);
            }
            outcome => return outcome,
        }
    }
}
