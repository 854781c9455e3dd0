//! `cairn fsck`: reads every byte of a data directory and names what does not hold. Changes
//! nothing.

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use cairn_history::History;
use cairn_store::{FsckReport, Offset, SqliteMeta};
use indicatif::ProgressBar;
use serde::Serialize;

use crate::directory::Directory;
use crate::print;

/// How often the sign of life moves.
const TICK: Duration = Duration::from_millis(250);

/// What the command line says.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The data directory. Its server must be stopped
    #[arg(value_name = "DIR")]
    data: PathBuf,
    /// Print the result as one line of JSON
    #[arg(long)]
    json: bool,
}

/// What was checked, and what does not hold.
#[derive(Debug, Serialize)]
struct Report {
    /// Nothing that was acknowledged is lost or changed.
    is_sound: bool,
    segments: u64,
    records: u64,
    record_bytes: u64,
    stored_bytes: u64,
    slices: u64,
    /// Each is damage.
    problems: Vec<String>,
    /// What a crash leaves and the next start mends.
    notes: Vec<String>,
}

/// Runs the command; fails if something is damaged.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let directory = Directory::existing(&arguments.data)?;
    let _lock = directory.lock()?;
    let report = check(&directory)?;
    let text = if arguments.json {
        format!("{}\n", serde_json::to_string(&report)?)
    } else {
        report.text()
    };
    print::is_read(io::stdout().lock().write_all(text.as_bytes()))?;
    Ok(if report.is_sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn check(directory: &Directory) -> anyhow::Result<Report> {
    let bar = sign_of_life();
    bar.set_message("checking the log");
    let log = cairn_store::fsck(&directory.log()).context("cannot read the log")?;
    let (mut problems, mut notes) = of_log(&log);

    bar.set_message("checking history");
    let mut slices = 0;
    if directory.history().is_dir() {
        let found = History::verify(&directory.history()).context("cannot read history")?;
        problems
            .extend(found.iter().map(|found| format!("history/{}: {}", found.slice, found.what)));
        let survey = History::survey(&directory.history()).context("cannot read history")?;
        slices = survey.len() as u64;
        let end = log.segments.last().map_or(Offset::ZERO, |segment| segment.next);
        if let Some(last) = survey.last().filter(|last| last.to > end) {
            problems.push(format!("history: it goes up to {}, but the log ends at {end}", last.to));
        }
    } else {
        notes.push("history: there is none; the next start makes it from the log".to_owned());
    }

    bar.set_message("checking small state");
    if directory.meta().is_file() {
        let found = SqliteMeta::verify(&directory.meta()).context("cannot read meta.sqlite")?;
        problems.extend(found.into_iter().map(|what| format!("meta.sqlite: {what}")));
    }
    bar.finish_and_clear();
    Ok(Report {
        is_sound: problems.is_empty(),
        segments: log.segments.len() as u64,
        records: log.records,
        record_bytes: log.record_bytes,
        stored_bytes: log.stored_bytes,
        slices,
        problems,
        notes,
    })
}

/// Problems and notes.
fn of_log(log: &FsckReport) -> (Vec<String>, Vec<String>) {
    let (mut problems, mut notes) = (Vec::new(), Vec::new());
    for finding in &log.findings {
        let text = format!("log/{} at byte {}: {}", finding.segment, finding.at_byte, finding.why);
        if finding.why.is_harmless() { notes.push(text) } else { problems.push(text) }
    }
    let more = log.findings_count - log.findings.len() as u64;
    if more > 0 {
        problems.push(format!("log: and {more} more"));
    }
    (problems, notes)
}

/// Shows that work goes on, on a terminal.
fn sign_of_life() -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner();
    bar.enable_steady_tick(TICK);
    bar
}

impl Report {
    fn text(&self) -> String {
        let mut text = String::new();
        for (kind, lines) in [("damaged", &self.problems), ("note", &self.notes)] {
            for line in lines {
                let _ = writeln!(text, "{kind}: {line}");
            }
        }
        let _ = writeln!(
            text,
            "{} records ({}) in {} segments ({} on disk) and {} slices of history: {}",
            self.records,
            print::bytes(self.record_bytes),
            self.segments,
            print::bytes(self.stored_bytes),
            self.slices,
            if self.is_sound { "sound" } else { "DAMAGED" },
        );
        text
    }
}
