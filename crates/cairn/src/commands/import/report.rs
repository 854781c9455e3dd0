//! The summary.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;

use serde::Serialize;

use crate::print;

use super::accounts;
use super::left_out::{LeftOut, Why};
use super::pipeline::Outcome;
use super::sort_out::Findings;

/// How the summary is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Form {
    /// As a line of JSON, not as sentences.
    pub(super) is_json: bool,
    /// With what was left out, by name; beside JSON on standard error.
    pub(super) is_verbose: bool,
}

/// Files that are named one by one to people.
const NAMED_MAX: usize = 20;

/// What an import did, as `--json` prints it.
#[derive(Debug, Default, Serialize)]
pub(super) struct Report {
    /// Files that were read, broken ones among them.
    pub(super) files_read: u64,
    /// Files that were not read because an earlier import has read them.
    files_known: u64,
    /// Files of directories that were left out because of their names.
    files_ignored: u64,
    /// Files that could not be read to their end, or hold pieces that are no JSON.
    files_broken: u64,
    /// New records.
    pub(super) records_imported: u64,
    /// Records that the directory had.
    pub(super) duplicates: u64,
    /// Lines and records that cannot be read.
    damaged: u64,
    /// Pieces of JSON that are no CloudTrail records.
    pub(super) not_records: u64,
    /// Records of accounts other than the directory's, those that it had too.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) other_accounts: BTreeMap<Box<str>, u64>,
    /// Bytes of all records that were read.
    pub(super) bytes: u64,
    /// What digests say of the files; none if there are no digests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) proof: Option<Proven>,
    /// What was left out: the first of each kind.
    #[serde(skip_serializing_if = "LeftOut::is_empty")]
    left_out: LeftOut,
    /// How long it took.
    pub(super) seconds: f64,
}

/// What digests say of the files.
#[derive(Debug, Default, Serialize)]
pub(super) struct Proven {
    /// Digests whose signatures and links hold.
    pub(super) digests_valid: u64,
    /// Digests that are not what they should be, or missing.
    pub(super) digests_invalid: u64,
    /// Digests that could not be checked, for want of a key or a signature.
    pub(super) digests_unchecked: u64,
    /// What is wrong with them.
    pub(super) digests_broken: Vec<String>,
    /// Records of files that a valid digest vouches for, those that were there already too.
    pub(super) vouched_records: u64,
    /// Records of all files that were read.
    pub(super) records_read: u64,
    pub(super) vouched_files: u64,
    /// How many files are named by a digest whose signature is not there: a plain copy has none of
    /// its newest digests, and --head gives it.
    pub(super) files_unanchored: u64,
    /// The first of them.
    pub(super) unanchored: Vec<String>,
    /// How many files no valid digest names.
    pub(super) files_unvouched: u64,
    /// The first of them.
    pub(super) unvouched: Vec<String>,
    /// Files whose content is not what their digest says.
    pub(super) contradicted: Vec<String>,
    /// Files that a valid digest names and that are not there.
    pub(super) missing: Vec<String>,
    /// Why nothing could be proven.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) unproven: Option<String>,
}

impl Proven {
    /// Whether something is wrong.
    fn is_broken(&self) -> bool {
        self.digests_invalid > 0 || !self.contradicted.is_empty() || !self.missing.is_empty()
    }

    fn add(&mut self, found: &mut Findings) {
        self.vouched_records = found.records_vouched;
        self.records_read = found.records;
        self.vouched_files = found.files_vouched;
        self.files_unanchored = found.files_unanchored;
        self.unanchored = std::mem::take(&mut found.unanchored);
        self.files_unvouched = found.files_unvouched;
        self.unvouched = std::mem::take(&mut found.unvouched);
        self.contradicted = std::mem::take(&mut found.contradicted);
    }

    fn text(&self) -> String {
        if let Some(why) = &self.unproven {
            return format!("\nnot proven: {}", print::plain(why));
        }
        let mut text = format!(
            "\nvalid digests ({} of {}) vouch for {} of {} records read, in {}",
            self.digests_valid,
            self.digests_valid + self.digests_invalid + self.digests_unchecked,
            self.vouched_records,
            self.records_read,
            print::count(self.vouched_files, "file"),
        );
        let all = |names: &[String]| names.len() as u64;
        for (names, count, what) in [
            (
                &self.unanchored,
                self.files_unanchored,
                "unanchored, its digest has no signature here",
            ),
            (&self.unvouched, self.files_unvouched, "no valid digest names"),
            (&self.contradicted, all(&self.contradicted), "not what their digest says"),
            (&self.missing, all(&self.missing), "named by a digest and not there"),
            (&self.digests_broken, all(&self.digests_broken), "wrong with digests"),
        ] {
            for name in names.iter().take(NAMED_MAX) {
                let _ = write!(text, "\n  {what}: {}", print::plain(name));
            }
            let more = count.saturating_sub(NAMED_MAX as u64);
            if more > 0 {
                let _ = write!(text, "\n  {what}: and {more} more");
            }
        }
        text
    }
}

impl Report {
    /// Of an import that has read nothing yet.
    pub(super) fn new(left_out: LeftOut, proof: Option<Proven>) -> Self {
        let of_directories = [Why::Name, Why::NoFile, Why::Digests];
        Self {
            files_known: left_out.count(Why::Known),
            files_ignored: of_directories.map(|why| left_out.count(why)).iter().sum(),
            left_out,
            proof,
            ..Self::default()
        }
    }

    /// Adds what was done in a directory of this account.
    pub(super) fn add(&mut self, mut outcome: Outcome, account: Option<&str>) {
        let found = &mut outcome.findings;
        if let Some(proof) = &mut self.proof {
            proof.add(found);
        }
        self.files_read = found.files_read;
        self.files_broken = found.files_broken;
        self.records_imported = outcome.imported;
        self.duplicates = found.duplicates;
        self.damaged = found.left_out.count(Why::Damaged);
        self.not_records = found.left_out.count(Why::NoRecord);
        self.left_out.append(std::mem::take(&mut found.left_out));
        self.bytes = found.bytes;
        self.other_accounts = std::mem::take(&mut found.accounts).others(account);
    }

    /// Whether something is wrong with what was read.
    pub(super) fn is_broken(&self) -> bool {
        self.files_broken > 0 || self.proof.as_ref().is_some_and(Proven::is_broken)
    }

    /// Prints it; to people what was left out only if they want to know.
    pub(super) fn print(&self, form: Form, account: Option<&str>) -> anyhow::Result<()> {
        let mut out = std::io::stdout().lock();
        if form.is_json {
            writeln!(out, "{}", serde_json::to_string(self)?)?;
            if form.is_verbose {
                self.left_out.text().lines().map(str::trim).skip(1).for_each(print::complain);
            }
        } else {
            writeln!(out, "{}", self.text(form.is_verbose))?;
            if let Some(hint) = accounts::hint(&self.other_accounts, account) {
                print::complain(&hint);
            }
        }
        Ok(())
    }

    fn text(&self, is_verbose: bool) -> String {
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
            (self.damaged, "lines or records that cannot be read"),
            (self.not_records, "pieces of JSON that are no CloudTrail records"),
            (self.files_known, "files that were imported before"),
            (self.files_ignored, "files left out by their names"),
            (self.files_broken, "broken files"),
        ] {
            if count > 0 {
                let _ = write!(text, "; {what}: {count}");
            }
        }
        if is_verbose {
            text.push_str(&self.left_out.text());
        } else if self.files_ignored + self.damaged + self.not_records > 0 {
            text.push_str(" (--verbose names what was left out)");
        }
        if let Some(proof) = &self.proof {
            text.push_str(&proof.text());
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::super::left_out::{LeftOut, Why};
    use super::{Proven, Report};

    #[test]
    fn a_name_steers_no_terminal_and_makes_no_line() {
        let name = || "\u{1b}[2J\u{202e}a\n  fine.txt".to_owned();
        let mut left_out = LeftOut::default();
        left_out.add(Why::Name, name);
        let proof = Proven { contradicted: vec![name()], ..Proven::default() };
        let text = Report::new(left_out, Some(proof)).text(true);
        assert_eq!(text.matches("?[2J?a?  fine.txt").count(), 2, "{text:?}");
        let proof = Proven { unproven: Some(name()), ..Proven::default() };
        assert!(proof.text().ends_with("not proven: ?[2J?a?  fine.txt"));
    }

    #[test]
    fn what_was_left_out_is_counted_and_named_to_those_who_ask() {
        let mut left_out = LeftOut::default();
        left_out.add(Why::Name, || "a/notes.txt".to_owned());
        left_out.add(Why::Known, || "a/b.json".to_owned());
        let report = Report::new(left_out, None);
        assert_eq!((report.files_known, report.files_ignored), (1, 1));
        let json = serde_json::to_value(&report).unwrap();
        let named = serde_json::json!([
            {"name": "a/notes.txt", "why": "name"}, {"name": "a/b.json", "why": "known"},
        ]);
        assert_eq!(json["left_out"], named);
        assert!(report.text(false).ends_with(" (--verbose names what was left out)"));
        assert!(report.text(true).ends_with("imported before: a/b.json"));
        assert!(!Report::default().text(false).contains("--verbose"));
    }
}
