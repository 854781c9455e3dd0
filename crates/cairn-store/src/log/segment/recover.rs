//! Opens a log: finds its segments, checks the last one, and settles what a crash left open.

use std::io;
use std::sync::Arc;

use super::catalog::{
    Extent, NEXT_SEGMENT, Segment, SparseIndex, parse_segment_name, segment_name,
};
use super::format::{
    CHAIN_START, Chain, FLAG_SAME_COMMIT, FOOTER_BYTES, Footer, FrameHeader, SEGMENT_HEADER_BYTES,
    SegmentHeader,
};
use super::walk::{Stop, Walk, WalkError};
use super::writer::{Active, Writer};
use super::{LogHead, Shared};
use crate::files::File;
use crate::log::{Flaw, LogError, Offset};

/// How much is written again at once.
const REWRITE_BYTES: usize = 1 << 20;

/// What was found when a log was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Segments in the directory.
    pub segments: usize,
    /// Bytes of an interrupted commit that were cut off.
    pub cut_bytes: u64,
    /// The segment from which they were cut.
    pub cut_segment: Option<String>,
    /// Whether the log had been closed in order.
    pub closed_in_order: bool,
}

/// The last segment after a check of every frame.
struct Checked {
    header: SegmentHeader,
    next: u64,
    chain: Chain,
    data_end: u64,
    last_commit_at: u64,
    frames: u64,
    raw_bytes: u64,
    first_ms: i64,
    last_ms: i64,
    index: SparseIndex,
    ended: Ended,
}

/// How the last segment ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    Open,
    Finished,
    Torn,
}

/// Fills the shared catalog and returns the end of the log, ready to be written.
pub(crate) fn open(
    shared: &Arc<Shared>,
    segment_bytes_max: u64,
) -> Result<(Writer, Recovery), LogError> {
    let firsts = list(shared).map_err(|error| LogError::io("list the segments", error))?;
    let mut recovery = Recovery { segments: firsts.len(), ..Recovery::default() };
    let Some((last, closed)) = firsts.split_last() else {
        let head = LogHead { next: Offset::ZERO, chain: CHAIN_START };
        let mut writer = Writer::new(Arc::clone(shared), segment_bytes_max, head, i64::MIN, None);
        writer.begin_segment()?;
        recovery.closed_in_order = true;
        return Ok((writer, recovery));
    };
    for (first, next) in closed.iter().zip(firsts.iter().skip(1)) {
        let extent = Extent { next: *next, data_end: None, index: None };
        shared.catalog.push(Arc::new(Segment::new(&shared.directory, *first, extent)));
    }
    let (active, checked) = open_last(shared, *last, &mut recovery)?;
    if let Some(before) = closed.last() {
        check_joint(shared, *before, &checked.header)?;
    }
    let head = LogHead { next: Offset::new(checked.next), chain: checked.chain };
    shared.publish(head, Vec::new());
    let last_ms = checked.last_ms;
    let writer = Writer::new(Arc::clone(shared), segment_bytes_max, head, last_ms, Some(active));
    Ok((writer, recovery))
}

/// The first offsets of all segments, in order. A segment that was being prepared is removed.
fn list(shared: &Shared) -> io::Result<Vec<u64>> {
    let Shared { files, directory, .. } = shared;
    files.create_directory(directory)?;
    let names = files.names(directory)?;
    if names.iter().any(|name| name == NEXT_SEGMENT) {
        files.remove(&directory.join(NEXT_SEGMENT))?;
    }
    let mut firsts: Vec<u64> = names.iter().filter_map(|name| parse_segment_name(name)).collect();
    firsts.sort_unstable();
    // The process before may have ended between the renaming of a segment and the sync of its name.
    files.sync_directory(directory)?;
    Ok(firsts)
}

fn open_last(
    shared: &Arc<Shared>,
    first: u64,
    recovery: &mut Recovery,
) -> Result<(Active, Checked), LogError> {
    let failed = |error| LogError::io("open the last segment", error);
    let name = segment_name(first);
    let file = shared.files.open_to_write(&shared.directory.join(&name)).map_err(failed)?;
    let length = file.len().map_err(failed)?;
    let checked = check(&file, length, &name)?;
    if checked.header.first != first {
        return Err(LogError::Corrupt { segment: name, at_byte: 0, why: Flaw::Name });
    }
    recovery.closed_in_order = checked.ended == Ended::Finished || checked.frames == 0;
    if checked.ended == Ended::Torn {
        recovery.cut_bytes = length - checked.data_end;
        tracing::warn!(segment = name, bytes = recovery.cut_bytes, "cutting an interrupted commit");
        recovery.cut_segment = Some(name);
    }
    settle(&file, &checked).map_err(failed)?;
    let extent = Extent {
        next: checked.next,
        data_end: Some(checked.data_end),
        index: Some(Arc::new(checked.index.clone())),
    };
    let segment = Arc::new(Segment::new(&shared.directory, first, extent));
    shared.catalog.push(Arc::clone(&segment));
    let active = Active {
        file,
        segment,
        data_end: checked.data_end,
        allocated_end: checked.data_end,
        zeroed_end: checked.data_end,
        frames: checked.frames,
        raw_bytes: checked.raw_bytes,
        first_ms: checked.first_ms,
    };
    Ok((active, checked))
}

/// Writes the last commit over itself, cuts what is behind it, and syncs both.
fn settle(file: &Arc<dyn File>, checked: &Checked) -> io::Result<()> {
    let mut at = checked.last_commit_at;
    let mut piece = vec![0; REWRITE_BYTES];
    while at < checked.data_end {
        let left = usize::try_from(checked.data_end - at).unwrap_or(usize::MAX);
        piece.truncate(left);
        let filled = file.read_at(&mut piece, at)?;
        if filled < piece.len() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        file.write_at(&piece, at)?;
        at += filled as u64;
    }
    file.set_len(checked.data_end)?;
    file.sync_all()
}

/// Checks every frame of the last segment.
fn check(file: &Arc<dyn File>, length: u64, name: &str) -> Result<Checked, LogError> {
    let failed = |error| LogError::io("read the last segment", error);
    let corrupt = |at_byte, why| LogError::Corrupt { segment: name.to_owned(), at_byte, why };
    let mut walk = Walk::new(Arc::clone(file), length);
    let header = walk.segment_header().map_err(|error| match error {
        WalkError::Io(error) => failed(error),
        WalkError::Flawed(flaw) => corrupt(0, flaw),
    })?;
    let mut checked = Checked::new(header);
    loop {
        let flaw = match walk.stop().map_err(failed)? {
            Stop::Frame(frame) => match checked.add(&mut walk, &frame) {
                Ok(()) => continue,
                Err(WalkError::Io(error)) => return Err(failed(error)),
                // A whole frame that does not belong here was not left by an interrupted write.
                Err(WalkError::Flawed(flaw @ (Flaw::Offsets { .. } | Flaw::Chain))) => {
                    return Err(corrupt(walk.at(), flaw));
                }
                Err(WalkError::Flawed(flaw)) => flaw,
            },
            Stop::Footer(footer) if checked.footer() == footer => {
                checked.ended = Ended::Finished;
                return Ok(checked);
            }
            Stop::Footer(_) => return Err(corrupt(walk.at(), Flaw::FooterContent)),
            Stop::End | Stop::Unused => return Ok(checked),
            Stop::Flawed(flaw) => flaw,
        };
        let at_byte = walk.at();
        if later_commit_follows(&mut walk, checked.next).map_err(failed)? {
            return Err(corrupt(at_byte, flaw));
        }
        checked.ended = Ended::Torn;
        return Ok(checked);
    }
}

/// Whether there is proof, behind a flaw, that what is flawed had been committed: a frame of
/// another commit, or a footer.
pub(crate) fn later_commit_follows(walk: &mut Walk, next: u64) -> io::Result<bool> {
    match walk.stop()? {
        // What is inside a frame proves nothing: records can contain anything.
        Stop::Frame(frame) => walk.pass(&frame),
        _ => {
            if !walk.resume()? {
                return Ok(false);
            }
        }
    }
    loop {
        match walk.stop()? {
            Stop::Frame(frame) if frame.first < next => {}
            Stop::Frame(frame) if frame.flags & FLAG_SAME_COMMIT == 0 => return Ok(true),
            Stop::Footer(footer) if footer.data_end == walk.at() => return Ok(true),
            Stop::Frame(frame) => {
                walk.pass(&frame);
                continue;
            }
            Stop::End | Stop::Unused => return Ok(false),
            Stop::Footer(_) | Stop::Flawed(_) => {}
        }
        if !walk.resume()? {
            return Ok(false);
        }
    }
}

/// Checks that the last segment goes on where the one before it ended.
fn check_joint(shared: &Shared, before: u64, header: &SegmentHeader) -> Result<(), LogError> {
    let failed = |error| LogError::io("read a footer", error);
    let segment = segment_name(before);
    let file = shared.files.open(&shared.directory.join(&segment)).map_err(failed)?;
    let at_byte = file.len().map_err(failed)?.saturating_sub(FOOTER_BYTES as u64);
    let mut bytes = [0; FOOTER_BYTES];
    file.read_at(&mut bytes, at_byte).map_err(failed)?;
    let corrupt = |why| LogError::Corrupt { segment: segment.clone(), at_byte, why };
    let footer = Footer::decode(&bytes).map_err(|_| corrupt(Flaw::NoFooter))?;
    if footer.next != header.first {
        return Err(corrupt(Flaw::Gap { expected: footer.next, found: header.first }));
    }
    if footer.chain == header.previous { Ok(()) } else { Err(corrupt(Flaw::Chain)) }
}

impl Checked {
    fn new(header: SegmentHeader) -> Self {
        Self {
            header,
            next: header.first,
            chain: header.previous,
            data_end: SEGMENT_HEADER_BYTES as u64,
            last_commit_at: SEGMENT_HEADER_BYTES as u64,
            frames: 0,
            raw_bytes: 0,
            first_ms: header.created_ms,
            last_ms: header.created_ms,
            index: SparseIndex::default(),
            ended: Ended::Open,
        }
    }

    /// Checks the frame at which the walk stands, and passes it.
    fn add(&mut self, walk: &mut Walk, frame: &FrameHeader) -> Result<(), WalkError> {
        if frame.first != self.next {
            let flaw = Flaw::Offsets { expected: self.next, found: frame.first };
            return Err(WalkError::Flawed(flaw));
        }
        let payload = walk.payload(frame)?;
        if frame.chain_after(&self.chain, payload) != frame.chain {
            return Err(WalkError::Flawed(Flaw::Chain));
        }
        if frame.flags & FLAG_SAME_COMMIT == 0 {
            self.last_commit_at = walk.at();
        }
        if self.frames == 0 {
            self.first_ms = frame.appended_ms;
        }
        self.index.note(frame.first, walk.at());
        self.next = frame.next();
        self.chain = frame.chain;
        self.last_ms = frame.appended_ms;
        self.frames += 1;
        self.raw_bytes += u64::from(frame.raw_bytes);
        walk.pass(frame);
        self.data_end = walk.at();
        Ok(())
    }

    /// The footer that would describe this segment.
    fn footer(&self) -> Footer {
        Footer {
            next: self.next,
            frames: self.frames,
            raw_bytes: self.raw_bytes,
            first_ms: self.first_ms,
            last_ms: self.last_ms,
            data_end: self.data_end,
            chain: self.chain,
        }
    }
}
