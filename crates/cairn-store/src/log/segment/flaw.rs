//! What can be wrong with stored bytes.

use std::fmt;

/// Why bytes of a segment are not what was written there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// The file does not begin as a segment does.
    NotASegment,
    /// A version that this program does not know.
    Version(u32),
    /// A header does not match its checksum.
    HeaderChecksum,
    /// A payload does not match its checksum.
    PayloadChecksum,
    /// A footer does not match its checksum.
    FooterChecksum,
    /// Neither a frame nor a footer nor unused space.
    NotAFrame,
    /// The file ends in the middle of something.
    CutShort,
    /// A frame says that it is larger than frames can be.
    Limits,
    /// A payload cannot be expanded to the length that its frame gives.
    Compression,
    /// The lengths of the records do not add up to the payload.
    RecordTable,
    /// A frame does not follow the one before it.
    Offsets {
        /// The offset that should come.
        expected: u64,
        /// The offset that the frame gives.
        found: u64,
    },
    /// Bytes were changed and their checksum with them, or a frame was exchanged or taken out:
    /// the hash over everything before does not hold.
    Chain,
    /// The footer does not describe the frames before it.
    FooterContent,
    /// There are bytes after the footer.
    AfterFooter,
    /// A segment that is not the last one has no footer.
    NoFooter,
    /// Records are missing between this segment and the one before it.
    Gap {
        /// The offset that should come.
        expected: u64,
        /// The offset at which this segment begins.
        found: u64,
    },
    /// The file's name is not that of the segment in it.
    Name,
    /// The rest of the last commit is missing: power was lost before it was acknowledged. The next
    /// start cuts it off.
    TornTail,
}

impl Flaw {
    /// Whether an interrupted write explains it, so that nothing acknowledged is lost.
    pub const fn is_harmless(self) -> bool {
        matches!(self, Self::TornTail)
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotASegment => f.write_str("this is not a segment of an event log"),
            Self::Version(version) => write!(f, "version {version} is not known"),
            Self::HeaderChecksum => f.write_str("a header does not match its checksum"),
            Self::PayloadChecksum => f.write_str("records do not match their checksum"),
            Self::FooterChecksum => f.write_str("the footer does not match its checksum"),
            Self::NotAFrame => f.write_str("there is no frame where one should begin"),
            Self::CutShort => f.write_str("the file ends too early"),
            Self::Limits => f.write_str("a frame is larger than frames can be"),
            Self::Compression => f.write_str("records cannot be decompressed"),
            Self::RecordTable => f.write_str("the lengths of records do not add up"),
            Self::Offsets { expected, found } => {
                write!(f, "offset {expected} should come, but it is {found}")
            }
            Self::Chain => f.write_str("the hash chain is broken"),
            Self::FooterContent => f.write_str("the footer does not describe what is before it"),
            Self::AfterFooter => f.write_str("there are bytes after the footer"),
            Self::NoFooter => f.write_str("the segment has no footer, but another one follows"),
            Self::Gap { expected, found } => {
                write!(f, "records {expected} up to {found} are missing before it")
            }
            Self::Name => f.write_str("the file has another segment's name"),
            Self::TornTail => f.write_str("the last commit was interrupted"),
        }
    }
}
