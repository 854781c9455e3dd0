//! `cairn inspect`: what a data directory holds, from headers and footers alone.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::Context as _;
use cairn_event::Timestamp;
use cairn_history::History;
use serde::Serialize;

use crate::directory::{Command, Directory, Stopped};
use crate::print;

/// What the command line says.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    stopped: Stopped,
    /// Print everything as one line of JSON
    #[arg(long)]
    json: bool,
}

/// What there is.
#[derive(Debug, Serialize)]
struct View {
    segments: Vec<Segment>,
    slices: Vec<cairn_history::SliceSummary>,
}

/// A segment of the log.
#[derive(Debug, Serialize)]
struct Segment {
    name: String,
    first: u64,
    next: u64,
    frames: u64,
    raw_bytes: u64,
    stored_bytes: u64,
    appended_ms: Option<(i64, i64)>,
    /// The hash over everything up to its end, in hex.
    chain: String,
    is_finished: bool,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let directory = arguments.stopped.directory()?;
    let _lock = directory.lock_to_read(Command::Inspect)?;
    let view = View::of(&directory)?;
    let text =
        if arguments.json { format!("{}\n", serde_json::to_string(&view)?) } else { view.text() };
    print::is_read(io::stdout().lock().write_all(text.as_bytes()))?;
    Ok(ExitCode::SUCCESS)
}

impl View {
    fn of(directory: &Directory) -> anyhow::Result<Self> {
        let segments = cairn_store::inspect(&directory.log()).context("cannot read the log")?;
        let segments = segments.into_iter().map(|segment| Segment {
            name: segment.name,
            first: segment.first.as_u64(),
            next: segment.next.as_u64(),
            frames: segment.frames,
            raw_bytes: segment.raw_bytes,
            stored_bytes: segment.stored_bytes,
            appended_ms: segment.appended_ms,
            chain: print::hex(&segment.chain),
            is_finished: segment.finished,
        });
        let segments = segments.collect();
        let slices = if directory.history().is_dir() {
            History::survey(&directory.history()).context("cannot read history")?
        } else {
            Vec::new()
        };
        Ok(Self { segments, slices })
    }

    fn text(&self) -> String {
        let mut text = String::new();
        let records: u64 = self.segments.iter().map(|s| s.next - s.first).sum();
        let raw: u64 = self.segments.iter().map(|s| s.raw_bytes).sum();
        let stored: u64 = self.segments.iter().map(|s| s.stored_bytes).sum();
        let _ = writeln!(
            text,
            "log: {records} records, {} raw, {} on disk",
            print::bytes(raw),
            print::bytes(stored)
        );
        for segment in &self.segments {
            let (first, next) = (segment.first, segment.next);
            let state = if segment.is_finished { "finished" } else { "open" };
            let _ = writeln!(
                text,
                "  {}  records {first}..{next}  {} raw, {} on disk  {}  {state}  chain {:.16}…",
                segment.name,
                print::bytes(segment.raw_bytes),
                print::bytes(segment.stored_bytes),
                span(segment.appended_ms),
                segment.chain,
            );
        }
        let rows: u64 = self.slices.iter().map(|s| s.to.since(s.from)).sum();
        let bytes: u64 = self.slices.iter().map(|s| s.parquet_bytes + s.index_bytes).sum();
        let _ =
            writeln!(text, "history: {rows} records in slices, {} on disk", print::bytes(bytes));
        for slice in &self.slices {
            let times = (slice.event_time_ms_min, slice.event_time_ms_max);
            let _ = writeln!(
                text,
                "  records {}..{}  {} Parquet, {} index  {}",
                slice.from,
                slice.to,
                print::bytes(slice.parquet_bytes),
                print::bytes(slice.index_bytes),
                span(Some(times)),
            );
        }
        text
    }
}

fn span(times_ms: Option<(i64, i64)>) -> String {
    times_ms.map_or_else(
        || "empty".to_owned(),
        |(first, last)| {
            let iso = |ms| Timestamp::from_ms(ms).iso_seconds();
            format!("{} to {}", iso(first), iso(last))
        },
    )
}
