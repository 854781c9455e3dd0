//! Reads a segment from front to back, a bounded piece at a time.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use super::Flaw;
use super::format::{
    FOOTER_BYTES, FOOTER_MAGIC, FRAME_HEADER_BYTES, FRAME_MAGIC, Footer, FrameHeader,
    SEGMENT_HEADER_BYTES, SegmentHeader,
};
use crate::files::File;

/// How much is read from a segment at once, unless a frame is longer.
const WINDOW_BYTES: usize = 256 << 10;

/// What stands at the walk's position.
#[derive(Debug)]
pub(crate) enum Stop {
    /// A frame with a sound header; `Walk::payload` has its payload.
    Frame(FrameHeader),
    /// A sound footer.
    Footer(Footer),
    /// The end of the file.
    End,
    /// Space that was set aside and not used: zeros up to the end.
    Unused,
    /// Something else.
    Flawed(Flaw),
}

/// Why a walk could not go on.
#[derive(Debug)]
pub(crate) enum WalkError {
    Io(io::Error),
    Flawed(Flaw),
}

impl From<io::Error> for WalkError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// A position in a segment, and a window of the file around it.
#[derive(Debug)]
pub(crate) struct Walk {
    file: Arc<dyn File>,
    /// Where the data ends, as far as the walk is concerned.
    end: u64,
    at: u64,
    window: Vec<u8>,
    window_at: u64,
}

impl Walk {
    /// A walk of a file up to `end`, at its beginning.
    pub(crate) fn new(file: Arc<dyn File>, end: u64) -> Self {
        Self { file, end, at: 0, window: Vec::new(), window_at: 0 }
    }

    pub(crate) fn at(&self) -> u64 {
        self.at
    }

    pub(crate) fn go_to(&mut self, at: u64) {
        self.at = at;
    }

    /// The segment's header; the walk then stands at the first frame.
    pub(crate) fn segment_header(&mut self) -> Result<SegmentHeader, WalkError> {
        let bytes = self.bytes(0, SEGMENT_HEADER_BYTES)?;
        let header = SegmentHeader::decode(bytes).map_err(WalkError::Flawed)?;
        self.at = SEGMENT_HEADER_BYTES as u64;
        Ok(header)
    }

    /// What stands here. The walk does not move.
    pub(crate) fn stop(&mut self) -> io::Result<Stop> {
        let at = self.at;
        let bytes = self.bytes(at, FRAME_HEADER_BYTES.max(FOOTER_BYTES))?;
        if bytes.is_empty() {
            return Ok(Stop::End);
        }
        if bytes.starts_with(&FOOTER_MAGIC) {
            return Ok(Footer::decode(bytes).map_or_else(Stop::Flawed, Stop::Footer));
        }
        if bytes.starts_with(&FRAME_MAGIC) {
            return Ok(FrameHeader::decode(bytes).map_or_else(Stop::Flawed, Stop::Frame));
        }
        if self.only_zeros_from(at)? {
            return Ok(Stop::Unused);
        }
        Ok(Stop::Flawed(Flaw::NotAFrame))
    }

    /// The payload of the frame here, checked against its checksum.
    pub(crate) fn payload(&mut self, header: &FrameHeader) -> Result<&[u8], WalkError> {
        let length = header.payload_bytes as usize;
        let bytes = self.bytes(self.at + FRAME_HEADER_BYTES as u64, length)?;
        if bytes.len() < length {
            return Err(WalkError::Flawed(Flaw::CutShort));
        }
        if crc32fast::hash(bytes) != header.payload_crc {
            return Err(WalkError::Flawed(Flaw::PayloadChecksum));
        }
        Ok(bytes)
    }

    /// Moves past the frame here.
    pub(crate) fn pass(&mut self, header: &FrameHeader) {
        self.at = self.at.saturating_add(header.frame_bytes());
    }

    /// Finds the next sound frame header or footer after this position, and moves there.
    pub(crate) fn resume(&mut self) -> io::Result<bool> {
        let mut from = self.at.saturating_add(1);
        while from < self.end {
            let bytes = self.bytes(from, WINDOW_BYTES)?;
            let Some(skip) = find_magic(bytes) else {
                // The magic may lie across two windows.
                from += (bytes.len().saturating_sub(FRAME_MAGIC.len() - 1)).max(1) as u64;
                continue;
            };
            self.at = from + skip as u64;
            if matches!(self.stop()?, Stop::Frame(_) | Stop::Footer(_)) {
                return Ok(true);
            }
            from = self.at + 1;
        }
        self.at = self.end;
        Ok(false)
    }

    fn only_zeros_from(&mut self, from: u64) -> io::Result<bool> {
        let mut at = from;
        while at < self.end {
            let bytes = self.bytes(at, WINDOW_BYTES)?;
            if bytes.is_empty() {
                break;
            }
            if bytes.iter().any(|byte| *byte != 0) {
                return Ok(false);
            }
            at += bytes.len() as u64;
        }
        Ok(true)
    }

    /// Up to `length` bytes from a position on; fewer at the end.
    fn bytes(&mut self, at: u64, length: usize) -> io::Result<&[u8]> {
        let left = usize::try_from(self.end.saturating_sub(at)).unwrap_or(usize::MAX);
        let length = length.min(left);
        if self.range_in_window(at, length).is_none() {
            self.window.resize(length.max(WINDOW_BYTES).min(left), 0);
            let filled = self.file.read_at(&mut self.window, at)?;
            self.window.truncate(filled);
            self.window_at = at;
        }
        let range = self.range_in_window(at, length).unwrap_or(0..self.window.len());
        Ok(self.window.get(range).unwrap_or_default())
    }

    fn range_in_window(&self, at: u64, length: usize) -> Option<Range<usize>> {
        let start = usize::try_from(at.checked_sub(self.window_at)?).ok()?;
        let end = start.checked_add(length)?;
        (end <= self.window.len()).then_some(start..end)
    }
}

fn find_magic(bytes: &[u8]) -> Option<usize> {
    let is_magic = |four: &[u8]| four == FRAME_MAGIC || four == FOOTER_MAGIC;
    bytes.windows(FRAME_MAGIC.len()).position(is_magic)
}
