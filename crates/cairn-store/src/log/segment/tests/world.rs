//! A log on a simulated disk, and a caller who keeps account of what he was told.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::checker::read_log;
use crate::files::sim::{Random, SimDisk};
use crate::log::segment::fsck::fsck_on;
use crate::log::{EventLog, LogError, LogOptions, Offset, SegmentLog};
use crate::testkit::ticking_clock;

/// So small that a test has several segments.
pub(super) const SEGMENT_BYTES_MAX: u64 = 3_000;

/// What the caller was told of an append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    Appended(Offset),
    Refused,
    Unknown,
}

/// A disk, a log on it while one is open, and the account.
#[derive(Debug)]
pub(super) struct World {
    pub disk: SimDisk,
    pub directory: PathBuf,
    log: Option<SegmentLog>,
    account: Vec<(Vec<Vec<u8>>, Told)>,
}

impl World {
    pub(super) fn new() -> Self {
        Self::on(SimDisk::default())
    }

    pub(super) fn on(disk: SimDisk) -> Self {
        Self { disk, directory: PathBuf::from("/log"), log: None, account: Vec::new() }
    }

    pub(super) fn options() -> LogOptions {
        LogOptions {
            segment_bytes_max: SEGMENT_BYTES_MAX,
            recent_bytes_max: 2_000,
            ..LogOptions::new(ticking_clock(1_700_000_000_000))
        }
    }

    pub(super) fn open_log(disk: &SimDisk, directory: &Path) -> Result<SegmentLog, LogError> {
        SegmentLog::open_on(Arc::new(disk.clone()), directory, &Self::options())
    }

    /// Opens the log if it is not open; whether it is.
    pub(super) fn open(&mut self) -> bool {
        if self.log.is_none() {
            match Self::open_log(&self.disk, &self.directory) {
                Ok(log) => self.log = Some(log),
                Err(LogError::Io { .. } | LogError::Full) => {}
                Err(error) => panic!("a log that opens: {error}"),
            }
        }
        self.log.is_some()
    }

    pub(super) fn log(&self) -> &SegmentLog {
        self.log.as_ref().unwrap()
    }

    pub(super) fn close(&mut self) {
        self.log = None;
    }

    /// Appends a batch that is like no other, and notes what came of it.
    pub(super) fn append(&mut self, records: usize, bytes: usize) -> Told {
        let number = self.account.len();
        let batch: Vec<Vec<u8>> = (0..records).map(|part| noise(number, part, bytes)).collect();
        let told = if self.open() {
            match self.log().append_blocking(&batch) {
                Ok(offset) => Told::Appended(offset),
                Err(LogError::Full | LogError::Io { .. } | LogError::Closed) => Told::Refused,
                Err(LogError::Unknown { .. }) => Told::Unknown,
                Err(error) => panic!("an append: {error}"),
            }
        } else {
            Told::Refused
        };
        self.account.push((batch, told));
        told
    }

    /// The process is killed: whatever it had not done stays undone; the disk keeps what it has
    /// seen.
    pub(super) fn kill(&mut self) {
        self.disk.power_off();
        self.log = None;
        self.disk.carry_on();
    }

    /// The power goes and comes back.
    pub(super) fn lose_power(&mut self, random: &mut Random) {
        self.disk.power_off();
        self.log = None;
        self.disk.power_on(random);
    }

    /// Opens the log again and compares everything with the account, by the second reader, by the
    /// log itself, and by fsck.
    pub(super) fn check(&mut self, context: &str) {
        self.disk.make_room();
        for _ in 0..20 {
            if self.open() {
                break;
            }
        }
        let committed = self.log().committed();
        let found = read_log(&self.disk, &self.directory);
        assert_eq!(found.first + found.records.len() as u64, committed.as_u64(), "{context}");
        let mut next = usize::try_from(found.first).unwrap();
        assert_eq!(next, 0, "nothing has expired");
        for (number, (batch, told)) in self.account.iter_mut().enumerate() {
            let there = found.records.get(next..next + batch.len()) == Some(batch.as_slice());
            let offset = Offset::new(next as u64);
            match told {
                Told::Appended(told) => {
                    assert!(there, "batch {number} is lost: {context}");
                    assert_eq!(*told, offset, "batch {number} has moved: {context}");
                }
                Told::Refused => assert!(!there, "batch {number} was refused: {context}"),
                // From here on it is there or not for good.
                Told::Unknown => *told = if there { Told::Appended(offset) } else { Told::Refused },
            }
            next += if there { batch.len() } else { 0 };
        }
        assert_eq!(next, found.records.len(), "records that nobody appended: {context}");
        let report = fsck_on(&self.disk, &self.directory, &mut |_| ()).unwrap();
        assert!(report.findings.is_empty(), "{:?}: {context}", report.findings);
        assert_eq!(report.records, committed.as_u64());
    }
}

/// Bytes that do not compress away, so that frames have a size.
fn noise(number: usize, part: usize, bytes: usize) -> Vec<u8> {
    let mut record = format!("{number}/{part}:").into_bytes();
    let mut random = Random::new((number * 1_000 + part) as u64);
    while record.len() < bytes {
        record.extend_from_slice(&random.next().to_le_bytes());
    }
    record
}
