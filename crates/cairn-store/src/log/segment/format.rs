//! The fixed-size parts of a segment file: header, frame header, footer. All numbers are little
//! endian. The layout is described at the head of the parent module.

use super::Flaw;

/// The first bytes of a segment.
pub(crate) const SEGMENT_MAGIC: [u8; 8] = *b"CAIRNLOG";
/// The version that this program writes. It reads this one and every earlier one.
pub(crate) const SEGMENT_VERSION: u32 = 1;
/// The length of a segment's header.
pub(crate) const SEGMENT_HEADER_BYTES: usize = 72;
/// The first bytes of a frame.
pub(crate) const FRAME_MAGIC: [u8; 4] = *b"CRNF";
/// The length of a frame's header.
pub(crate) const FRAME_HEADER_BYTES: usize = 76;
/// The first bytes of a footer.
pub(crate) const FOOTER_MAGIC: [u8; 4] = *b"CRNE";
/// The length of a footer.
pub(crate) const FOOTER_BYTES: usize = 92;
/// The length of a chain hash, SHA-256.
pub(crate) const CHAIN_BYTES: usize = 32;

/// The hash that stands before the first frame of all.
pub(crate) const CHAIN_START: Chain = [0; CHAIN_BYTES];

/// Set in a frame that was written in one commit with the frame before it.
pub(crate) const FLAG_SAME_COMMIT: u32 = 1;

/// A hash over everything up to a point of the log.
pub(crate) type Chain = [u8; CHAIN_BYTES];

/// What a segment says of itself at its beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SegmentHeader {
    pub first: u64,
    pub created_ms: i64,
    pub previous: Chain,
}

/// What a frame says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FrameHeader {
    pub flags: u32,
    pub payload_bytes: u32,
    pub raw_bytes: u32,
    pub records: u32,
    pub payload_crc: u32,
    pub first: u64,
    pub appended_ms: i64,
    pub chain: Chain,
}

/// What a finished segment says of itself at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Footer {
    pub next: u64,
    pub frames: u64,
    pub raw_bytes: u64,
    pub first_ms: i64,
    pub last_ms: i64,
    pub data_end: u64,
    pub chain: Chain,
}

/// Takes fixed-size fields off the front of some bytes.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], Flaw> {
        let (field, rest) = self.0.split_first_chunk::<N>().ok_or(Flaw::CutShort)?;
        self.0 = rest;
        Ok(*field)
    }

    fn u32(&mut self) -> Result<u32, Flaw> {
        self.take().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, Flaw> {
        self.take().map(u64::from_le_bytes)
    }

    fn i64(&mut self) -> Result<i64, Flaw> {
        self.take().map(i64::from_le_bytes)
    }
}

/// Checks the checksum that stands in the last four of these bytes.
fn check_crc(bytes: &[u8], flaw: Flaw) -> Result<(), Flaw> {
    let (covered, crc) = bytes.split_last_chunk::<4>().ok_or(Flaw::CutShort)?;
    if crc32fast::hash(covered) == u32::from_le_bytes(*crc) { Ok(()) } else { Err(flaw) }
}

fn finish_with_crc(mut bytes: Vec<u8>) -> Vec<u8> {
    let crc = crc32fast::hash(&bytes);
    bytes.extend_from_slice(&crc.to_le_bytes());
    bytes
}

impl SegmentHeader {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(SEGMENT_HEADER_BYTES);
        bytes.extend_from_slice(&SEGMENT_MAGIC);
        bytes.extend_from_slice(&SEGMENT_VERSION.to_le_bytes());
        bytes.extend_from_slice(&(SEGMENT_HEADER_BYTES as u32).to_le_bytes());
        bytes.extend_from_slice(&self.first.to_le_bytes());
        bytes.extend_from_slice(&self.created_ms.to_le_bytes());
        bytes.extend_from_slice(&self.previous);
        bytes.extend_from_slice(&0_u32.to_le_bytes());
        finish_with_crc(bytes)
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Flaw> {
        let bytes = bytes.get(..SEGMENT_HEADER_BYTES).ok_or(Flaw::CutShort)?;
        let mut fields = Fields(bytes);
        if fields.take::<8>()? != SEGMENT_MAGIC {
            return Err(Flaw::NotASegment);
        }
        let version = fields.u32()?;
        check_crc(bytes, Flaw::HeaderChecksum)?;
        if version != SEGMENT_VERSION {
            return Err(Flaw::Version(version));
        }
        if fields.u32()? as usize != SEGMENT_HEADER_BYTES {
            return Err(Flaw::HeaderChecksum);
        }
        Ok(Self { first: fields.u64()?, created_ms: fields.i64()?, previous: fields.take()? })
    }
}

impl FrameHeader {
    /// The fields that the chain covers.
    pub(crate) fn chained(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(FRAME_HEADER_BYTES);
        bytes.extend_from_slice(&FRAME_MAGIC);
        bytes.extend_from_slice(&self.flags.to_le_bytes());
        bytes.extend_from_slice(&self.payload_bytes.to_le_bytes());
        bytes.extend_from_slice(&self.raw_bytes.to_le_bytes());
        bytes.extend_from_slice(&self.records.to_le_bytes());
        bytes.extend_from_slice(&self.payload_crc.to_le_bytes());
        bytes.extend_from_slice(&self.first.to_le_bytes());
        bytes.extend_from_slice(&self.appended_ms.to_le_bytes());
        bytes
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = self.chained();
        bytes.extend_from_slice(&self.chain);
        finish_with_crc(bytes)
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Flaw> {
        let bytes = bytes.get(..FRAME_HEADER_BYTES).ok_or(Flaw::CutShort)?;
        let mut fields = Fields(bytes);
        if fields.take::<4>()? != FRAME_MAGIC {
            return Err(Flaw::NotAFrame);
        }
        check_crc(bytes, Flaw::HeaderChecksum)?;
        let header = Self {
            flags: fields.u32()?,
            payload_bytes: fields.u32()?,
            raw_bytes: fields.u32()?,
            records: fields.u32()?,
            payload_crc: fields.u32()?,
            first: fields.u64()?,
            appended_ms: fields.i64()?,
            chain: fields.take()?,
        };
        let fits = header.records >= 1
            && header.records as usize <= super::batch::FRAME_RECORDS_MAX
            && header.raw_bytes as usize <= super::batch::FRAME_RAW_BYTES_MAX
            && header.payload_bytes as usize <= super::batch::FRAME_STORED_BYTES_MAX
            && header.first.checked_add(u64::from(header.records)).is_some();
        if fits { Ok(header) } else { Err(Flaw::Limits) }
    }

    /// The offset after the frame's last record.
    pub(crate) fn next(&self) -> u64 {
        self.first.saturating_add(u64::from(self.records))
    }

    /// The frame's length in the file.
    pub(crate) fn frame_bytes(&self) -> u64 {
        FRAME_HEADER_BYTES as u64 + u64::from(self.payload_bytes)
    }

    /// The hash that the chain must have after this frame.
    pub(crate) fn chain_after(&self, previous: &Chain, payload: &[u8]) -> Chain {
        let mut context = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
        context.update(previous);
        context.update(&self.chained());
        context.update(payload);
        let mut chain = CHAIN_START;
        chain.copy_from_slice(context.finish().as_ref());
        chain
    }
}

impl Footer {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(FOOTER_BYTES);
        bytes.extend_from_slice(&FOOTER_MAGIC);
        bytes.extend_from_slice(&0_u32.to_le_bytes());
        bytes.extend_from_slice(&self.next.to_le_bytes());
        bytes.extend_from_slice(&self.frames.to_le_bytes());
        bytes.extend_from_slice(&self.raw_bytes.to_le_bytes());
        bytes.extend_from_slice(&self.first_ms.to_le_bytes());
        bytes.extend_from_slice(&self.last_ms.to_le_bytes());
        bytes.extend_from_slice(&self.data_end.to_le_bytes());
        bytes.extend_from_slice(&self.chain);
        finish_with_crc(bytes)
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Flaw> {
        let bytes = bytes.get(..FOOTER_BYTES).ok_or(Flaw::CutShort)?;
        let mut fields = Fields(bytes);
        if fields.take::<4>()? != FOOTER_MAGIC {
            return Err(Flaw::NotAFrame);
        }
        check_crc(bytes, Flaw::FooterChecksum)?;
        fields.u32()?;
        Ok(Self {
            next: fields.u64()?,
            frames: fields.u64()?,
            raw_bytes: fields.u64()?,
            first_ms: fields.i64()?,
            last_ms: fields.i64()?,
            data_end: fields.u64()?,
            chain: fields.take()?,
        })
    }
}
