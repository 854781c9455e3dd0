//! The summary.

use std::fmt::Write as _;
use std::io::Write as _;

use serde::Serialize;

use crate::print;

use super::pipeline::Outcome;

/// What an import did, as `--json` prints it.
#[derive(Debug, Default, Serialize)]
pub(super) struct Report {
    /// Files that were read, broken ones among them.
    pub(super) files_read: u64,
    /// Files that were not read because an earlier import has read them.
    pub(super) files_known: u64,
    /// Files of directories that were left out because of their names.
    pub(super) files_ignored: u64,
    /// Files that could not be read to their end, or hold pieces that are no JSON.
    pub(super) files_broken: u64,
    /// New records.
    pub(super) records_imported: u64,
    /// Records that the directory had.
    pub(super) duplicates: u64,
    /// Pieces of JSON that are no CloudTrail records.
    pub(super) not_records: u64,
    /// Bytes of all records that were read.
    pub(super) bytes: u64,
    /// How long it took.
    pub(super) seconds: f64,
}

impl Report {
    pub(super) fn add(&mut self, outcome: &Outcome) {
        let found = &outcome.findings;
        self.files_read = found.files_read;
        self.files_broken = found.files_broken;
        self.records_imported = outcome.imported;
        self.duplicates = found.duplicates;
        self.not_records = found.not_records;
        self.bytes = found.bytes;
    }

    pub(super) fn print(&self, as_json: bool) -> anyhow::Result<()> {
        let mut out = std::io::stdout().lock();
        if as_json {
            writeln!(out, "{}", serde_json::to_string(self)?)?;
        } else {
            writeln!(out, "{}", self.sentence())?;
        }
        Ok(())
    }

    fn sentence(&self) -> String {
        let rate = self.records_imported as f64 / self.seconds.max(0.001);
        let mut text = format!(
            "imported {} of {} ({}) in {:.1} s, {rate:.0} records/s",
            print::count(self.records_imported, "record"),
            print::count(self.files_read, "file"),
            print::bytes(self.bytes),
            self.seconds,
        );
        for (count, what) in [
            (self.duplicates, "records that were there already"),
            (self.not_records, "pieces of JSON that are no CloudTrail records"),
            (self.files_known, "files that were imported before"),
            (self.files_ignored, "files left out by their names"),
            (self.files_broken, "broken files"),
        ] {
            if count > 0 {
                let _ = write!(text, "; {what}: {count}");
            }
        }
        text
    }
}
