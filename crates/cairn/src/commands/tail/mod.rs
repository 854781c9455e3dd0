//! `cairn tail`: the records of a running server as they are committed, all or those that meet
//! conditions.
//!
//! The server gives all of them; what is wanted is chosen here, as a search would choose it.

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use cairn_history::Sieve;
use serde::Deserialize;
use serde_json::json;

use crate::client::{self, CallError, Client};
use crate::conditions::{Conditions, hints};
use crate::print;
use crate::row::{Row, Widths};

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
    #[arg(long)]
    from_start: bool,
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
    cloud_trail_event: String,
}

impl Record {
    fn passes(&self, wanted: &Sieve) -> bool {
        wanted.passes(self.cloud_trail_event.as_bytes())
    }
}

/// Runs the command, until nobody reads its output.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let query = arguments.conditions.query()?;
    let wanted = Sieve::new(&query);
    let client = Client::new(&arguments.server)?;
    let mut cursor = if arguments.from_start { "earliest" } else { "latest" }.to_owned();
    // The first call takes its place and does not wait: a wrong endpoint or key is told at once.
    let mut answer = ask(&client, &cursor, 0)?;
    // Nothing may come for ever: nobody would know why.
    if let Some(hint) = hints::form(&query) {
        print::complain(&hint);
    }
    if !arguments.json && !print::is_read(say(&Widths::usual(print::columns()).heading()))? {
        return Ok(ExitCode::SUCCESS);
    }
    loop {
        cursor = answer.cursor;
        for record in answer.records.iter().filter(|record| record.passes(&wanted)) {
            if !print::is_read(say(&line(&record.cloud_trail_event, arguments.json)))? {
                return Ok(ExitCode::SUCCESS);
            }
        }
        answer = ask_until_answered(&client, &cursor)?;
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
