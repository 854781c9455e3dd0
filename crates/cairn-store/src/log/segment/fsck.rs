//! Checks a log without trusting the program that wrote it.
//!
//! Every byte is looked at: headers, checksums, the hash chain within and across segments, offsets,
//! the tables of records, footers. Reading goes on behind damage, so that one flipped byte is one
//! finding. Memory is bounded by the largest frame. Nothing is changed; a server that runs at the
//! same time may make the last segment look torn, no more.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::Flaw;
use super::catalog::{parse_segment_name, segment_name};
use super::format::{Chain, Footer, FrameHeader};
use super::reader::records_of;
use super::walk::{Stop, Walk, WalkError};
use crate::files::{Files, OsFiles};
use crate::log::{LogError, Offset};

/// The most findings that a report names; more are counted.
pub const FINDINGS_MAX: usize = 1_000;

/// What a check of a log found.
#[derive(Clone, Debug, Default)]
pub struct FsckReport {
    /// The segments in offset order.
    pub segments: Vec<SegmentReport>,
    /// What does not hold, in the order of the log; the first [`FINDINGS_MAX`].
    pub findings: Vec<Finding>,
    /// How many findings there were.
    pub findings_count: u64,
    /// How many of them mean that acknowledged records were changed or lost.
    pub damage_count: u64,
    /// Records that were read and are sound.
    pub records: u64,
    /// Their bytes.
    pub record_bytes: u64,
    /// Bytes in the files.
    pub stored_bytes: u64,
}

impl FsckReport {
    /// Whether every acknowledged record is there as it was written.
    pub const fn is_sound(&self) -> bool {
        self.damage_count == 0
    }
}

/// One segment, as it was found.
#[derive(Clone, Debug)]
pub struct SegmentReport {
    /// Its file name.
    pub name: String,
    /// Its first offset.
    pub first: Offset,
    /// The offset after its last sound record.
    pub next: Offset,
    /// Sound frames.
    pub frames: u64,
    /// Sound records.
    pub records: u64,
    /// The file's length.
    pub stored_bytes: u64,
    /// When the first and the last frame were appended, epoch ms.
    pub appended_ms: Option<(i64, i64)>,
    /// The hash over everything up to its end, as the segment states it.
    pub chain: [u8; 32],
    /// Whether it has a footer.
    pub finished: bool,
}

/// Something that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The segment's file name.
    pub segment: String,
    /// Where in the file.
    pub at_byte: u64,
    /// What does not hold.
    pub why: Flaw,
}

/// Checks every byte of the log in a directory. `Err` only if the directory cannot be read.
pub fn fsck(directory: &Path) -> Result<FsckReport, LogError> {
    fsck_showing(directory, &mut |_| ())
}

/// The same, and shows each sound record, in the order of the log.
pub fn fsck_showing(directory: &Path, show: &mut dyn FnMut(&[u8])) -> Result<FsckReport, LogError> {
    fsck_on(&OsFiles, directory, show)
}

pub(crate) fn fsck_on(
    files: &dyn Files,
    directory: &Path,
    show: &mut dyn FnMut(&[u8]),
) -> Result<FsckReport, LogError> {
    let failed = |error| LogError::io("read a segment", error);
    let names = files.names(directory).map_err(failed)?;
    let mut firsts: Vec<u64> = names.iter().filter_map(|name| parse_segment_name(name)).collect();
    firsts.sort_unstable();
    let mut report = FsckReport::default();
    let mut before: Option<(u64, Chain)> = None;
    for (index, first) in firsts.iter().enumerate() {
        let name = segment_name(*first);
        let file = files.open(&directory.join(&name)).map_err(failed)?;
        let length = file.len().map_err(failed)?;
        let mut check = Check {
            walk: Walk::new(Arc::clone(&file), length),
            is_last: index + 1 == firsts.len(),
            next: *first,
            chain: [0; 32],
            chain_known: false,
            raw_bytes: 0,
            damaged: false,
            report: &mut report,
            show: &mut *show,
            segment: SegmentReport {
                name,
                first: Offset::new(*first),
                next: Offset::new(*first),
                frames: 0,
                records: 0,
                stored_bytes: length,
                appended_ms: None,
                chain: [0; 32],
                finished: false,
            },
        };
        before = check.run(before).map_err(failed)?;
        let segment = check.segment;
        report.stored_bytes += segment.stored_bytes;
        report.segments.push(segment);
    }
    Ok(report)
}

/// The check of one segment.
struct Check<'a> {
    walk: Walk,
    is_last: bool,
    next: u64,
    chain: Chain,
    /// Whether the chain can be checked: not behind a frame that could not be read.
    chain_known: bool,
    raw_bytes: u64,
    damaged: bool,
    report: &'a mut FsckReport,
    show: &'a mut dyn FnMut(&[u8]),
    segment: SegmentReport,
}

impl Check<'_> {
    /// Checks the segment against the one before it; returns where it ends.
    fn run(&mut self, before: Option<(u64, Chain)>) -> io::Result<Option<(u64, Chain)>> {
        match self.walk.segment_header() {
            Ok(header) => {
                (self.chain, self.chain_known) = (header.previous, true);
                if header.first != self.next {
                    self.find(0, Flaw::Name);
                    self.next = header.first;
                }
                self.check_joint(before, &header.previous);
            }
            Err(WalkError::Io(error)) => return Err(error),
            Err(WalkError::Flawed(flaw)) => {
                self.find(0, flaw);
                self.walk.go_to(super::format::SEGMENT_HEADER_BYTES as u64);
            }
        }
        while self.step()? {}
        self.segment.next = Offset::new(self.next);
        self.segment.chain = self.chain;
        Ok(Some((self.next, self.chain)))
    }

    fn check_joint(&mut self, before: Option<(u64, Chain)>, previous: &Chain) {
        let Some((expected, chain)) = before else { return };
        if expected != self.next {
            self.find(0, Flaw::Gap { expected, found: self.next });
        } else if chain != *previous {
            self.find(0, Flaw::Chain);
        }
    }

    /// Checks what stands at the walk's position, and moves on; `false` at the end.
    fn step(&mut self) -> io::Result<bool> {
        let at = self.walk.at();
        match self.walk.stop()? {
            Stop::Frame(header) => {
                match self.frame(&header) {
                    Ok(()) => {}
                    Err(WalkError::Io(error)) => return Err(error),
                    Err(WalkError::Flawed(flaw)) => self.flawed_frame(at, &header, flaw)?,
                }
                self.walk.pass(&header);
                Ok(true)
            }
            Stop::Footer(footer) => {
                self.footer(at, &footer);
                Ok(false)
            }
            Stop::End | Stop::Unused => {
                if !self.is_last {
                    self.find(at, Flaw::NoFooter);
                }
                Ok(false)
            }
            Stop::Flawed(flaw) => self.skip_to_sound(at, flaw),
        }
    }

    fn frame(&mut self, header: &FrameHeader) -> Result<(), WalkError> {
        let at = self.walk.at();
        let payload = self.walk.payload(header)?;
        let chain = header.chain_after(&self.chain, payload);
        let records = records_of(&mut self.walk, header)?;
        if header.first != self.next {
            self.find(at, Flaw::Offsets { expected: self.next, found: header.first });
        } else if self.chain_known && chain != header.chain {
            self.find(at, Flaw::Chain);
        }
        (self.next, self.chain, self.chain_known) = (header.next(), header.chain, true);
        let first_ms = self.segment.appended_ms.map_or(header.appended_ms, |(first, _)| first);
        self.segment.appended_ms = Some((first_ms, header.appended_ms));
        self.segment.frames += 1;
        self.segment.records += records.len() as u64;
        self.raw_bytes += u64::from(header.raw_bytes);
        self.report.records += records.len() as u64;
        self.report.record_bytes += records.iter().map(|record| record.len() as u64).sum::<u64>();
        for record in &records {
            (self.show)(record);
        }
        Ok(())
    }

    /// A frame with a sound header whose payload is not: its header still tells what comes next.
    fn flawed_frame(&mut self, at: u64, header: &FrameHeader, flaw: Flaw) -> io::Result<()> {
        let flaw = if self.is_torn_tail(header)? { Flaw::TornTail } else { flaw };
        self.find(at, flaw);
        self.walk.go_to(at);
        if flaw != Flaw::TornTail {
            (self.next, self.chain, self.chain_known) = (header.next(), header.chain, true);
        }
        Ok(())
    }

    /// Whether nothing of a later commit stands behind this frame.
    fn is_torn_tail(&mut self, header: &FrameHeader) -> io::Result<bool> {
        if !self.is_last || header.first != self.next {
            return Ok(false);
        }
        Ok(!super::recover::later_commit_follows(&mut self.walk, self.next)?)
    }

    /// Moves to the next thing that is sound; the finding covers what is between.
    fn skip_to_sound(&mut self, at: u64, flaw: Flaw) -> io::Result<bool> {
        let torn =
            self.is_last && !super::recover::later_commit_follows(&mut self.walk, self.next)?;
        self.find(at, if torn { Flaw::TornTail } else { flaw });
        self.walk.go_to(at);
        let more = !torn && self.walk.resume()?;
        if more {
            // What lies between cannot be read, so neither offset nor chain is known here.
            self.chain_known = false;
            if let Stop::Frame(header) = self.walk.stop()? {
                self.next = header.first;
            }
        }
        Ok(more)
    }

    fn footer(&mut self, at: u64, footer: &Footer) {
        self.segment.finished = true;
        let sound = footer.data_end == at
            && footer.next == self.next
            && (footer.chain == self.chain || !self.chain_known)
            && (self.damaged
                || (footer.frames == self.segment.frames && footer.raw_bytes == self.raw_bytes));
        if !sound {
            self.find(at, Flaw::FooterContent);
        }
        (self.next, self.chain) = (footer.next, footer.chain);
    }

    fn find(&mut self, at_byte: u64, why: Flaw) {
        self.damaged |= !why.is_harmless();
        self.report.findings_count += 1;
        self.report.damage_count += u64::from(!why.is_harmless());
        if self.report.findings.len() < FINDINGS_MAX {
            let segment = self.segment.name.clone();
            self.report.findings.push(Finding { segment, at_byte, why });
        }
    }
}
