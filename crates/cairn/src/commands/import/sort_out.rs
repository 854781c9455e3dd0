//! The second stage: records out of the bytes, checked, and those left out that are known.

use std::sync::mpsc::{Receiver, SyncSender};

use bytes::Bytes;
use cairn_event::RecordHead;
use cairn_event::split::{SplitError, SplitLimits, Splitter};
use cairn_history::Prepared;

use crate::print;

use super::accounts::Accounts;
use super::finished::FileNote;
use super::flaws::{Flaws, Lines};
use super::known::KnownRecords;
use super::left_out::{LeftOut, Why};
use super::progress::Progress;
use super::read::{Piece, Vouch};
use super::sources::{Source, Sources};

/// Bytes to a batch. A batch becomes a frame of the log, which a reader of one record expands. An
/// allocator keeps pieces of this length at hand; longer ones are cleared by the system each time.
const BATCH_BYTES: usize = 416 << 10;
/// Records to a batch at most.
const BATCH_RECORDS_MAX: usize = 8_192;

/// How much of a piece that is no record is shown.
const BEGINNING_CHARS: usize = 60;

/// Files without a digest that are named one by one.
const UNVOUCHED_MAX: usize = 10_000;

/// New records, in the order of the files.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// The records; they share memory.
    pub(super) records: Vec<Bytes>,
    /// Their columns.
    pub(super) prepared: Prepared,
    /// Files whose last record is in this batch or an earlier one.
    pub(super) finished: Vec<FileNote>,
}

/// What was found in the files.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// Files that were read, broken ones among them.
    pub(super) files_read: u64,
    /// Files that could not be read to their end, or hold pieces that are no JSON.
    pub(super) files_broken: u64,
    /// Records that were known.
    pub(super) duplicates: u64,
    /// Lines and records that cannot be read, and pieces of JSON that are no records.
    pub(super) left_out: LeftOut,
    /// Record bytes of all files, known ones too.
    pub(super) bytes: u64,
    /// Records of all files, known ones too.
    pub(super) records: u64,
    /// Whose they are.
    pub(super) accounts: Accounts,
    /// Records of files that a valid digest vouches for.
    pub(super) records_vouched: u64,
    /// Such files.
    pub(super) files_vouched: u64,
    /// Files whose content is not what their digest says.
    pub(super) contradicted: Vec<String>,
    /// The first files that are named by no digest whose signature is there, but by one without.
    pub(super) unanchored: Vec<String>,
    /// How many there are.
    pub(super) files_unanchored: u64,
    /// The first files that no valid digest names.
    pub(super) unvouched: Vec<String>,
    /// How many there are.
    pub(super) files_unvouched: u64,
}

/// Takes the pieces of all files apart.
pub(super) fn files(
    sources: &Sources,
    pieces: &Receiver<Piece>,
    batches: &SyncSender<Batch>,
    known: KnownRecords,
    progress: &Progress,
) -> Findings {
    let mut sorter = Sorter {
        batches,
        known,
        findings: Findings::default(),
        open: OpenBatch::default(),
        is_wanted: true,
    };
    for source in &sources.files {
        if !sorter.file(source, pieces, progress) {
            break;
        }
    }
    sorter.flush();
    sorter.findings
}

/// A file that is being taken apart.
#[derive(Default)]
struct OpenFile {
    lines: Lines,
    /// What cannot be read.
    damaged: Flaws,
    /// Pieces of JSON that are no records.
    others: Flaws,
}

/// Whether an object was taken.
enum Taken {
    Yes,
    /// It is none of `CloudTrail`'s; how it begins.
    NoRecord(String),
    /// It is no JSON; why.
    Damaged(String),
}

struct Sorter<'a> {
    batches: &'a SyncSender<Batch>,
    known: KnownRecords,
    findings: Findings,
    open: OpenBatch,
    /// Whether the next stage still takes batches.
    is_wanted: bool,
}

impl Sorter<'_> {
    /// Takes one file apart; `false` if there is no more to do.
    fn file(&mut self, source: &Source, pieces: &Receiver<Piece>, progress: &Progress) -> bool {
        let mut splitter = Splitter::new(SplitLimits::default());
        let mut file = OpenFile::default();
        let before = self.findings.records;
        let (outcome, vouch) = loop {
            match pieces.recv() {
                Ok(Piece::Bytes(bytes)) => {
                    let open_at = splitter.open_at();
                    splitter.push(&bytes);
                    file.lines.push(bytes, open_at);
                    self.records(&mut splitter, &mut file);
                }
                Ok(Piece::End(outcome, vouch)) => break (outcome, vouch),
                Err(_) => return false,
            }
            if !self.is_wanted {
                return false;
            }
        };
        match outcome {
            Ok(()) => {
                splitter.finish();
                self.records(&mut splitter, &mut file);
            }
            Err(error) => file.damaged.add_end(&file.lines, &error),
        }
        self.findings.files_read += 1;
        self.vouch(source, vouch, before, progress);
        if let Some(message) = file.damaged.message(&source.name) {
            self.findings.files_broken += 1;
            progress.say(&message);
        } else {
            self.open.finished.extend(source.note.clone());
        }
        let left_out = &mut self.findings.left_out;
        left_out.add_pieces(Why::Damaged, &source.name, file.damaged);
        left_out.add_pieces(Why::NoRecord, &source.name, file.others);
        self.is_wanted
    }

    /// Counts what a digest says of a file, `before` which there were so many records.
    fn vouch(&mut self, source: &Source, vouch: Vouch, before: u64, progress: &Progress) {
        let findings = &mut self.findings;
        match vouch {
            Vouch::Valid => {
                findings.files_vouched += 1;
                findings.records_vouched += findings.records - before;
            }
            Vouch::Contradicted => {
                progress.say(&format!("{}: hash value doesn't match its digest", source.name));
                findings.contradicted.push(source.name.clone());
            }
            Vouch::Unanchored => {
                findings.files_unanchored += 1;
                if findings.unanchored.len() < UNVOUCHED_MAX {
                    findings.unanchored.push(source.name.clone());
                }
            }
            Vouch::Nobody => {
                findings.files_unvouched += 1;
                if findings.unvouched.len() < UNVOUCHED_MAX {
                    findings.unvouched.push(source.name.clone());
                }
            }
        }
    }

    fn records(&mut self, splitter: &mut Splitter, file: &mut OpenFile) {
        loop {
            if splitter.line().is_some_and(|line| self.line(line)) {
                splitter.skip_line();
                continue;
            }
            let Some(piece) = splitter.next_record() else { break };
            let told = match piece {
                Ok(record) => self.record(&record),
                Err(error @ SplitError::NotARecord { .. }) => {
                    file.others.add_split(&file.lines, error);
                    continue;
                }
                Err(error) => {
                    file.damaged.add_split(&file.lines, error);
                    continue;
                }
            };
            let at = splitter.record_at();
            match told {
                Taken::Yes => {}
                Taken::NoRecord(beginning) => file.others.add(&file.lines, at, || beginning),
                Taken::Damaged(error) => {
                    file.damaged.add(&file.lines, at, || format!("at byte {at}: {error}"));
                }
            }
        }
    }

    /// Takes a line if it is a record and nothing else, which it is in most files. Some wrappers
    /// have a member or two in common with records; none has these.
    fn line(&mut self, line: &[u8]) -> bool {
        match RecordHead::parse(line) {
            Ok(head) if head.event_version.is_some() && head.event_source.is_some() => {
                self.take(&head, line);
                true
            }
            _ => false,
        }
    }

    fn record(&mut self, record: &[u8]) -> Taken {
        match RecordHead::parse(record) {
            Ok(head) if head.is_record() => {
                self.take(&head, record);
                Taken::Yes
            }
            Ok(_) => Taken::NoRecord(beginning_of(record)),
            Err(error) => Taken::Damaged(error.to_string()),
        }
    }

    fn take(&mut self, head: &RecordHead<'_>, record: &[u8]) {
        self.findings.bytes += record.len() as u64;
        self.findings.records += 1;
        self.findings.accounts.add(head.account());
        if self.known.insert(record) {
            self.open.add(head, record);
        } else {
            self.findings.duplicates += 1;
        }
        if self.open.is_full() {
            self.flush();
        }
    }

    fn flush(&mut self) {
        let batch = self.open.take();
        if !batch.records.is_empty() || !batch.finished.is_empty() {
            self.is_wanted &= self.batches.send(batch).is_ok();
        }
    }
}

/// Enough of a piece of JSON to find it again.
fn beginning_of(piece: &[u8]) -> String {
    // A character has four bytes at most.
    let start = piece.get(..4 * BEGINNING_CHARS).unwrap_or(piece);
    let text = String::from_utf8_lossy(start).replace(['\n', '\r', '\t'], " ");
    let kept: String = print::plain(&text).chars().take(BEGINNING_CHARS).collect();
    if kept.chars().count() < BEGINNING_CHARS { kept } else { kept + "\u{2026}" }
}

/// A batch in the making.
#[derive(Default)]
struct OpenBatch {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    prepared: Prepared,
    finished: Vec<FileNote>,
}

impl OpenBatch {
    fn add(&mut self, head: &RecordHead<'_>, record: &[u8]) {
        self.prepared.push(head, record);
        if self.bytes.capacity() == 0 {
            self.bytes.reserve(BATCH_BYTES + BATCH_BYTES / 8);
        }
        self.bytes.extend_from_slice(record);
        self.ends.push(self.bytes.len());
    }

    fn is_full(&self) -> bool {
        self.bytes.len() >= BATCH_BYTES || self.ends.len() >= BATCH_RECORDS_MAX
    }

    fn take(&mut self) -> Batch {
        let Self { bytes, ends, prepared, finished } = std::mem::take(self);
        let bytes = Bytes::from(bytes);
        let mut start = 0;
        let records =
            ends.into_iter().map(|end| bytes.slice(std::mem::replace(&mut start, end)..end));
        Batch { records: records.collect(), prepared, finished }
    }
}
