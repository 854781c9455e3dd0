//! One page of the `record` column, without the Parquet footer.
//!
//! The index tells where a page begins and how long it is. It begins with its Thrift header, which
//! tells the length of the data, and the data is one zstd frame. Decompressed, it is each record's
//! length (four bytes, little-endian) and its bytes, one after another: a required column in the
//! PLAIN encoding has no levels.

use bytes::Bytes;

/// A page is decompressed to at most this: a page of about the usual size, or one long record.
const PAGE_BYTES_MAX: usize = 8 << 20;

/// Decompresses a page (its header and data) into `out`.
pub(crate) fn decompress(
    page: &[u8],
    zstd: &mut zstd::bulk::Decompressor<'_>,
) -> Result<Bytes, &'static str> {
    let header = Header::read(page).ok_or("a page header does not parse")?;
    let data = page.get(header.bytes..).ok_or("a page ends in its header")?;
    if data.len() != header.compressed {
        return Err("a page has another length than its header says");
    }
    if header.raw > PAGE_BYTES_MAX {
        return Err("a page is impossibly long");
    }
    let raw = zstd.decompress(data, header.raw).map_err(|_| "a page does not decompress")?;
    if raw.len() != header.raw {
        return Err("a page decompresses to another length than its header says");
    }
    Ok(raw.into())
}

/// The value with this number in a decompressed page.
pub(crate) fn value(page: &[u8], number: u32) -> Option<&[u8]> {
    let mut rest = page;
    for _ in 0..number {
        let (_, after) = take_value(rest)?;
        rest = after;
    }
    take_value(rest).map(|(value, _)| value)
}

fn take_value(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(u32::from_le_bytes(*length) as usize)
}

/// What a Thrift page header says of lengths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Header {
    /// The length of the header itself.
    bytes: usize,
    raw: usize,
    compressed: usize,
}

impl Header {
    fn read(page: &[u8]) -> Option<Self> {
        let mut thrift = Thrift { rest: page };
        let (mut raw, mut compressed) = (None, None);
        let mut field = 0;
        while let Kind::Of(kind) = thrift.field(&mut field)? {
            match field {
                2 => raw = Some(thrift.length()?),
                3 => compressed = Some(thrift.length()?),
                _ => thrift.skip(kind, THRIFT_DEPTH_MAX)?,
            }
        }
        Some(Self { bytes: page.len() - thrift.rest.len(), raw: raw?, compressed: compressed? })
    }
}

/// How deep structures in a page header may nest.
const THRIFT_DEPTH_MAX: u32 = 4;

/// What comes next in a structure.
enum Kind {
    End,
    Of(u8),
}

/// Enough of Thrift's compact protocol to find the end of a structure.
struct Thrift<'p> {
    rest: &'p [u8],
}

impl Thrift<'_> {
    /// The kind of the next field; its number goes into `field`.
    fn field(&mut self, field: &mut i64) -> Option<Kind> {
        let byte = self.byte()?;
        if byte == 0 {
            return Some(Kind::End);
        }
        *field = match byte >> 4 {
            0 => self.number()?,
            more => *field + i64::from(more),
        };
        Some(Kind::Of(byte & 0xf))
    }

    fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*byte)
    }

    fn number(&mut self) -> Option<i64> {
        crate::varint::take(&mut self.rest).map(crate::varint::unzigzag)
    }

    fn length(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok()
    }

    fn skip(&mut self, kind: u8, depth: u32) -> Option<()> {
        match kind {
            // A boolean's value is in its kind.
            1 | 2 => {}
            3 => drop(self.byte()?),
            4..=6 => drop(self.number()?),
            8 => {
                let bytes = crate::varint::take(&mut self.rest)?;
                self.rest = self.rest.get(usize::try_from(bytes).ok()?..)?;
            }
            12 => {
                let depth = depth.checked_sub(1)?;
                let mut field = 0;
                while let Kind::Of(kind) = self.field(&mut field)? {
                    self.skip(kind, depth)?;
                }
            }
            _ => return None,
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Header, decompress, value};

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes: Vec<u8>, number in 0_u32..9) {
            let _ = Header::read(&bytes);
            let _ = value(&bytes, number);
            let _ = decompress(&bytes, &mut zstd::bulk::Decompressor::new().unwrap());
        }
    }

    #[test]
    fn a_header_is_measured() {
        // type 0, 300 bytes raw, 5 compressed, a data page header of four numbers, the end.
        let page = [
            0x15, 0x00, 0x15, 0xd8, 0x04, 0x15, 0x0a, 0x2c, 0x15, 0x02, 0x15, 0x00, 0x15, 0x06,
            0x15, 0x06, 0x00, 0x00, 1, 2, 3, 4, 5,
        ];
        let expected = Header { bytes: 18, raw: 300, compressed: 5 };
        assert_eq!(Header::read(&page), Some(expected));
    }
}
