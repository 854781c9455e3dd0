//! Record texts out of the forms in which people keep them.
//!
//! A log file is `{"Records":[…]}`, but records are also kept one a line, as an array, as the
//! answer of `lookup-events` (the record is a string inside) or of `filter-log-events`, and in
//! EventBridge envelopes. All of these come apart here, in one pass over the brackets, so that a
//! file of any size needs only one record of memory, and every record keeps its bytes.
//!
//! Brackets and quotes are all that is looked at: whether a text is good JSON is
//! [`RecordHead::parse`](crate::RecordHead::parse)'s to say.

mod prefix;
mod torn;
mod unwrap;
mod value;
mod walker;

use std::borrow::Cow;

use walker::{Step, Walker};

/// How large a record may be.
#[derive(Clone, Copy, Debug)]
pub struct SplitLimits {
    /// The most bytes of one record, and of one wrapper around it.
    pub record_bytes_max: usize,
    /// The deepest nesting of objects and arrays inside one record.
    pub depth_max: usize,
}

impl Default for SplitLimits {
    /// As much as [`RecordHead::parse`](crate::RecordHead::parse) takes.
    fn default() -> Self {
        Self { record_bytes_max: crate::RECORD_BYTES_MAX, depth_max: DEPTH_MAX }
    }
}

/// The deepest nesting that is taken by default: as deep as a record may be.
pub const DEPTH_MAX: usize = crate::json::check::DEPTH_MAX as usize;

/// Why a piece of the input is no record. After [`SplitError::Truncated`] nothing more can be read,
/// after the others the next piece can.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SplitError {
    /// A record has more bytes than allowed.
    #[error("the record at byte {at} is larger than allowed")]
    TooLarge {
        /// Where the record starts.
        at: u64,
    },
    /// A record is nested deeper than allowed.
    #[error("the record at byte {at} is nested deeper than allowed")]
    TooDeep {
        /// Where the record starts.
        at: u64,
    },
    /// An element is a number, a word or a text, but no record.
    #[error("the value at byte {at} is no record")]
    NotARecord {
        /// Where the value starts.
        at: u64,
    },
    /// A line of a file of lines is torn or is no JSON; reading goes on with the next line.
    #[error("the line around byte {at} is no record")]
    BadLine {
        /// Where the line stops being JSON, or where it begins if it never ends.
        at: u64,
    },
    /// The brackets do not match.
    #[error("the text stops being JSON at byte {at}")]
    Broken {
        /// Where.
        at: u64,
    },
    /// The input ends inside a value.
    #[error("the input ends inside a value, at byte {at}")]
    Truncated {
        /// How long the input is.
        at: u64,
    },
}

impl SplitError {
    /// Where the piece begins, or where it stops being readable.
    pub const fn at(self) -> u64 {
        match self {
            Self::TooLarge { at }
            | Self::TooDeep { at }
            | Self::NotARecord { at }
            | Self::BadLine { at }
            | Self::Broken { at }
            | Self::Truncated { at } => at,
        }
    }

    /// Whether nothing can be read after this error.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Truncated { .. })
    }
}

/// Takes input in pieces and gives whole records.
///
/// ```
/// use cairn_event::split::{SplitLimits, Splitter};
/// let mut splitter = Splitter::new(SplitLimits::default());
/// splitter.push(br#"{"Records":[{"eventName":"A"},{"event"#);
/// assert_eq!(splitter.next_record().unwrap().unwrap(), &br#"{"eventName":"A"}"#[..]);
/// assert!(splitter.next_record().is_none());
/// splitter.push(br#"Name":"B"}]}"#);
/// splitter.finish();
/// assert_eq!(splitter.next_record().unwrap().unwrap(), &br#"{"eventName":"B"}"#[..]);
/// assert!(splitter.next_record().is_none());
/// ```
#[derive(Debug)]
pub struct Splitter {
    walker: Walker,
    buffer: Vec<u8>,
    is_finished: bool,
}

impl Splitter {
    /// A splitter at the start of its input.
    pub fn new(limits: SplitLimits) -> Self {
        Self { walker: Walker::new(limits), buffer: Vec::new(), is_finished: false }
    }

    /// Adds input. Take all records out before adding more, or memory grows by what is added.
    pub fn push(&mut self, bytes: &[u8]) {
        let kept_from = self.walker.forget();
        self.buffer.drain(..kept_from.min(self.buffer.len()));
        self.buffer.extend_from_slice(bytes);
    }

    /// Says that no input will follow.
    pub fn finish(&mut self) {
        self.is_finished = true;
    }

    /// The next line, if the input stands at the start of one, all of it is there and it begins as
    /// an object does. Most files have a record on each line: a caller who finds that this is one
    /// [skips](Splitter::skip_line) it and saves the walk over its brackets; else
    /// [`Splitter::next_record`] goes on as if nobody had looked.
    pub fn line(&mut self) -> Option<&[u8]> {
        let line = self.walker.line(&self.buffer)?;
        self.buffer.get(line)
    }

    /// Goes on after the line that was looked at last.
    pub fn skip_line(&mut self) {
        self.walker.skip_line();
    }

    /// Where the record that was given last begins, counted from the start of the input.
    pub fn record_at(&self) -> u64 {
        self.walker.element_at()
    }

    /// Where the value begins in which the input has ended so far, if it has.
    pub fn open_at(&self) -> Option<u64> {
        self.walker.open_at()
    }

    /// The next record, or why a piece is none. `None` means that more input is needed, or, after
    /// [`Splitter::finish`], that there is nothing more.
    pub fn next_record(&mut self) -> Option<Result<Cow<'_, [u8]>, SplitError>> {
        next_piece(&mut self.walker, &self.buffer, self.is_finished)
    }
}

/// The records of a whole input, in order.
#[derive(Debug)]
pub struct Records<'a> {
    walker: Walker,
    bytes: &'a [u8],
}

/// Splits a whole input; records are borrowed from it unless they were escaped inside a string.
pub fn records(bytes: &[u8], limits: SplitLimits) -> Records<'_> {
    Records { walker: Walker::new(limits), bytes }
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<Cow<'a, [u8]>, SplitError>;

    fn next(&mut self) -> Option<Self::Item> {
        next_piece(&mut self.walker, self.bytes, true)
    }
}

fn next_piece<'a>(
    walker: &mut Walker,
    bytes: &'a [u8],
    is_whole: bool,
) -> Option<Result<Cow<'a, [u8]>, SplitError>> {
    match walker.step(bytes, is_whole) {
        Step::More => None,
        Step::Failed(error) => Some(Err(error)),
        Step::Element { range, at } => {
            let element = bytes.get(range).unwrap_or_default();
            let record = unwrap::record_of(element);
            let record = record.filter(|record| !walker.is_fragment(element, record));
            Some(record.ok_or(SplitError::NotARecord { at }))
        }
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod torn_tests;
