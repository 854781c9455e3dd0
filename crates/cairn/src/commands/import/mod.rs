//! `cairn import`: CloudTrail files of others into a data directory whose server is stopped.
//!
//! ```text
//!   files ─read─► pieces ─sort out─► new records ─append─► log ─publish─► durable, then searchable
//!                                                    └────► builders: history slices ──┘
//! ```
//!
//! Each arrow is a bounded channel between two threads, so memory does not grow with the input.
//! Records keep their bytes. What the directory holds already is dropped by content, so an import
//! may be repeated, or go on after it was killed, and nothing is there twice.

mod accounts;
mod append;
mod catch_up;
mod finished;
mod flaws;
mod known;
mod left_out;
mod pipeline;
mod progress;
mod publish;
mod read;
mod report;
mod slices;
mod sort_out;
mod sources;
mod vouch;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use cairn_store::imported::OpenRange;
use cairn_store::{EventLog as _, Offset};

use crate::anchor::{Extent, Mooring};
use crate::client::ServerChoice;
use crate::commands::serve;
use crate::directory::{Command, Directory, NewDirectory, OpenOptions, Opened, wall_clock};
use crate::print;

use finished::FinishedFiles;
use known::KnownRecords;
use progress::Progress;
use report::{Form, Report};
use sources::Sources;
use vouch::Trusted;

/// Nobody follows the log during an import, and its batches are large.
const LOG_MEMORY_BYTES_MAX: usize = 8 << 20;

/// What the command line says.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Files, or directories and `s3://BUCKET/PREFIX` that are searched for .json, .jsonl, .ndjson, .log
    /// and .gz files.
    ///
    /// Log files of a trail ({"Records": […]}), one record a line, arrays, single records, and the
    /// answers of lookup-events and filter-log-events, each also compressed with gzip. Digests beside
    /// log files are checked, and tell which records they vouch for.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// The data directory, which is made if it is missing. Its server must be stopped.
    #[arg(long, value_name = "DIR", env = "CAIRN_DATA")]
    data: PathBuf,
    /// Print the summary as one line of JSON.
    #[arg(long)]
    json: bool,
    /// Name what is left out and why, the first 20 files of each kind and the first 20 lines or records
    /// of each. JSON has it as `left_out`, and with both flags standard error has it, too.
    #[arg(long)]
    verbose: bool,
    /// The keys of digests: the answer of `aws cloudtrail list-public-keys`, in place of asking.
    #[arg(long, value_name = "FILE")]
    public_keys: Vec<PathBuf>,
    /// The newest digests as `cairn validate --remember` wrote them: they must be there, and their
    /// signatures are taken where a copy has none.
    #[arg(long, value_name = "FILE")]
    head: Vec<PathBuf>,
    #[command(flatten)]
    server: ServerChoice,
}

impl Arguments {
    fn form(&self) -> Form {
        Form { is_json: self.json, is_verbose: self.verbose }
    }
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let begun = Instant::now();
    arguments.server.check()?;
    let mut trusted = Trusted::read(arguments)?;
    let sources = Sources::find(&arguments.paths, &arguments.server)?;
    let directory = Directory::new(&arguments.data);
    let held = directory.lock_if_used(Command::Import)?;
    for place in &sources.empty {
        let kinds = left_out::endings();
        print::complain(&format!("{place}: nothing to import: no {kinds} file is in it"));
    }
    let found_none = sources.files.is_empty();
    // Digests alone may still say what is missing.
    if found_none && !sources.has_digests {
        Report::new(sources.left_out, None).print(arguments.form(), None)?;
        return Ok(ExitCode::FAILURE);
    }
    let made = NewDirectory::of(directory.root());
    let lock = held.map_or_else(|| directory.lock(Command::Import), Ok)?;
    let taken = take(arguments, &directory, sources, &mut trusted);
    let outcome = taken.and_then(|(mut report, account)| {
        report.seconds = begun.elapsed().as_secs_f64();
        report.print(arguments.form(), account.as_deref())?;
        Ok(found_none || report.is_broken())
    });
    if !matches!(outcome, Ok(false)) && !directory.holds_records() {
        made.remove();
    }
    drop(lock);
    Ok(if outcome? { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Takes in what is there; the report, and the account of the directory.
fn take(
    arguments: &Arguments,
    directory: &Directory,
    mut sources: Sources,
    trusted: &mut Trusted,
) -> anyhow::Result<(Report, Option<String>)> {
    let clock = wall_clock();
    let options = OpenOptions {
        segment_bytes_max: None,
        log_memory_bytes_max: Some(LOG_MEMORY_BYTES_MAX),
        retention_ms: None,
        accepts_missing_state: false,
    };
    let opened = directory.open(&options, &clock)?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let mut mooring = runtime.block_on(Mooring::find(&*opened.meta))?;
    let problems = mooring.problems(Extent::of(&opened.log))?;
    anyhow::ensure!(problems.is_empty(), "{}: `cairn fsck` says more", problems.join("; "));
    let finished = FinishedFiles::load(&opened.meta)?;
    let proof = vouch::prepare(&mut sources, trusted, &arguments.server)?;
    sources.forget(&finished);
    let mut report = Report::new(std::mem::take(&mut sources.left_out), proof);
    let account = runtime.block_on(serve::account_of(&*opened.meta))?;
    let account = account.as_ref().map(|account| account.as_str().to_owned());
    if sources.files.is_empty() {
        catch_up::history(&opened, |_| ())?;
    } else {
        let range = runtime.block_on(OpenRange::begin(&*opened.meta, opened.log.committed()))?;
        let imported = import(&sources, &opened, finished, &clock);
        // What has come in is durable, whatever became of the rest.
        opened.log.close();
        runtime.block_on(range.end(&*opened.meta, opened.log.committed()))?;
        report.add(imported?, account.as_deref());
    }
    opened.log.close();
    runtime.block_on(mooring.set(&*opened.meta, Extent::of(&opened.log), Offset::ZERO))?;
    Ok((report, account))
}

fn import(
    sources: &Sources,
    opened: &Opened,
    finished: FinishedFiles,
    clock: &cairn_store::Clock,
) -> anyhow::Result<pipeline::Outcome> {
    let known = KnownRecords::load(opened)?;
    let progress = Progress::new(sources.bytes());
    let outcome = pipeline::run(sources, opened, known, finished, &progress, clock);
    progress.clear();
    outcome
}
