//! Shows what a log consists of, from headers and footers alone: fast, and without a check.

use std::path::Path;
use std::sync::Arc;

use super::catalog::{parse_segment_name, segment_name};
use super::format::{FOOTER_BYTES, Footer, SEGMENT_HEADER_BYTES};
use super::walk::{Stop, Walk, WalkError};
use crate::files::{File, Files, OsFiles};
use crate::log::{LogError, Offset};

/// What a segment says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentView {
    /// Its file name.
    pub name: String,
    /// Its first offset.
    pub first: Offset,
    /// The offset after its last record.
    pub next: Offset,
    /// Its frames.
    pub frames: u64,
    /// Bytes of its records before compression.
    pub raw_bytes: u64,
    /// Bytes of its frames in the file.
    pub stored_bytes: u64,
    /// When it was begun, epoch ms.
    pub created_ms: i64,
    /// When its first and its last frame were appended, epoch ms.
    pub appended_ms: Option<(i64, i64)>,
    /// The hash over everything up to its end.
    pub chain: [u8; 32],
    /// Whether it has its footer: every segment but the last one of a log that is open.
    pub finished: bool,
}

/// The segments of the log in a directory, in offset order.
pub fn inspect(directory: &Path) -> Result<Vec<SegmentView>, LogError> {
    inspect_on(&OsFiles, directory)
}

pub(crate) fn inspect_on(
    files: &dyn Files,
    directory: &Path,
) -> Result<Vec<SegmentView>, LogError> {
    let failed = |error| LogError::io("read a segment", error);
    let names = files.names(directory).map_err(failed)?;
    let mut firsts: Vec<u64> = names.iter().filter_map(|name| parse_segment_name(name)).collect();
    firsts.sort_unstable();
    firsts
        .into_iter()
        .map(|first| {
            let name = segment_name(first);
            let file = files.open(&directory.join(&name)).map_err(failed)?;
            view(&file, name.clone()).map_err(|error| match error {
                WalkError::Io(error) => failed(error),
                WalkError::Flawed(why) => LogError::Corrupt { segment: name, at_byte: 0, why },
            })
        })
        .collect()
}

fn view(file: &Arc<dyn File>, name: String) -> Result<SegmentView, WalkError> {
    let length = file.len()?;
    let mut walk = Walk::new(Arc::clone(file), length);
    let header = walk.segment_header()?;
    let mut view = SegmentView {
        name,
        first: Offset::new(header.first),
        next: Offset::new(header.first),
        frames: 0,
        raw_bytes: 0,
        stored_bytes: 0,
        created_ms: header.created_ms,
        appended_ms: None,
        chain: header.previous,
        finished: false,
    };
    match footer(file, length)? {
        Some(footer) => view.take_footer(&footer),
        None => view.take_frames(&mut walk)?,
    }
    Ok(view)
}

fn footer(file: &Arc<dyn File>, length: u64) -> Result<Option<Footer>, WalkError> {
    let Some(at) = length.checked_sub(FOOTER_BYTES as u64) else { return Ok(None) };
    let mut bytes = [0; FOOTER_BYTES];
    file.read_at(&mut bytes, at)?;
    Ok(Footer::decode(&bytes).ok().filter(|footer| footer.data_end == at))
}

impl SegmentView {
    fn take_footer(&mut self, footer: &Footer) {
        self.finished = true;
        self.next = Offset::new(footer.next);
        self.frames = footer.frames;
        self.raw_bytes = footer.raw_bytes;
        self.stored_bytes = footer.data_end.saturating_sub(SEGMENT_HEADER_BYTES as u64);
        self.appended_ms = Some((footer.first_ms, footer.last_ms));
        self.chain = footer.chain;
    }

    /// From frame headers, as far as they are sound.
    fn take_frames(&mut self, walk: &mut Walk) -> Result<(), WalkError> {
        loop {
            match walk.stop()? {
                Stop::Frame(frame) if frame.first == self.next.as_u64() => {
                    let first_ms = self.appended_ms.map_or(frame.appended_ms, |(first, _)| first);
                    self.appended_ms = Some((first_ms, frame.appended_ms));
                    self.next = Offset::new(frame.next());
                    self.frames += 1;
                    self.raw_bytes += u64::from(frame.raw_bytes);
                    self.stored_bytes += frame.frame_bytes();
                    self.chain = frame.chain;
                    walk.pass(&frame);
                }
                _ => return Ok(()),
            }
        }
    }
}
