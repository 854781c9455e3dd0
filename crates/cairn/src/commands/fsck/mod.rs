//! `cairn fsck`: reads every byte of a data directory and names what does not hold. Changes
//! nothing.

mod parts;

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use indicatif::ProgressBar;
use serde::Serialize;

use crate::directory::{Command, Directory, Stopped};
use crate::lost;
use crate::print;

/// How often the sign of life moves.
const TICK: Duration = Duration::from_millis(250);

/// What the command line says.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    stopped: Stopped,
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
    /// Marks among them: each stands for a record that was lost, which an operator has accepted.
    lost_records: u64,
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
    let directory = arguments.stopped.directory()?;
    let _lock = directory.lock_to_read(Command::Fsck)?;
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
    let mut lost_records = 0;
    let mut count = |record: &[u8]| lost_records += u64::from(record == lost::MARK);
    let log = cairn_store::fsck_showing(&directory.log(), &mut count);
    let log = log.context("cannot read the log")?;
    let mut found = parts::log(&log);
    bar.set_message("checking history");
    let slices = parts::history(directory, &log, &mut found)?;
    bar.set_message("checking small state");
    parts::state(directory, &log, &mut found)?;
    bar.set_message("checking objects");
    parts::objects(directory, &mut found)?;
    bar.finish_and_clear();
    Ok(Report {
        is_sound: found.problems.is_empty(),
        segments: log.segments.len() as u64,
        records: log.records,
        lost_records,
        record_bytes: log.record_bytes,
        stored_bytes: log.stored_bytes,
        slices,
        problems: found.problems,
        notes: found.notes,
    })
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
        if self.lost_records > 0 {
            let _ = writeln!(
                text,
                "note: the log: {} of its records stand for lost ones (--accept-missing-records)",
                self.lost_records
            );
        }
        let _ = writeln!(
            text,
            "{} ({}) in {} ({} on disk) and {} of history: {}",
            print::count(self.records, "record"),
            print::bytes(self.record_bytes),
            print::count(self.segments, "segment"),
            print::bytes(self.stored_bytes),
            print::count(self.slices, "slice"),
            if self.is_sound { "sound" } else { "DAMAGED" },
        );
        text
    }
}
