//! One page of the `record` column, without the Parquet footer.
//!
//! The index tells where a page begins and how long it is. It begins with its Thrift header, which
//! tells the length of the data, and the data is one zstd frame. Decompressed, it is each record's
//! length (four bytes, little-endian) and its bytes, one after another: a required column in the
//! PLAIN encoding has no levels.

use zstd::stream::raw::{Decoder, InBuffer, Operation, OutBuffer};

/// A page is decompressed to at most this: a page of about the usual size, or one long record.
const PAGE_BYTES_MAX: usize = 8 << 20;
/// Room for most pages as they are in the file. Benches that grew to lengths of their own would
/// leave an allocator with pieces of many lengths, each of which it keeps for a while.
const PAGE_ROOM_BYTES: usize = 128 << 10;
/// Room for most pages decompressed: one ends with the record that fills it.
const RAW_ROOM_BYTES: usize = 320 << 10;
/// A bench that grew beyond this for one long record is not kept.
const KEPT_BYTES_MAX: usize = 1 << 20;
/// How far decompression goes at once: a block of zstd.
const STEP_BYTES: usize = 128 << 10;

/// Room for one page and its decompressor: over a megabyte, so it is used again and again.
pub(crate) struct Bench {
    zstd: Decoder<'static>,
    /// The page as it is in the file: header and data.
    pub page: Vec<u8>,
    /// The page decompressed; what is beyond `OpenPage::done` is left from another page.
    raw: Vec<u8>,
    /// Where each value that is known to be whole begins and ends in `raw`.
    values: Vec<(usize, usize)>,
}

impl Bench {
    pub(crate) fn new() -> std::io::Result<Self> {
        let (page, raw) = (Vec::with_capacity(PAGE_ROOM_BYTES), vec![0; RAW_ROOM_BYTES]);
        Ok(Self { zstd: Decoder::new()?, page, raw, values: Vec::new() })
    }

    /// Whether it holds no more than usual pages need, so that it is worth keeping.
    pub(super) fn is_usual(&self) -> bool {
        self.page.capacity() + self.raw.capacity() <= KEPT_BYTES_MAX
    }
}

/// A page that is decompressed only as far as its values are asked for.
pub(crate) struct OpenPage {
    pub bench: Bench,
    /// How much of the page is read.
    read: usize,
    /// How much of it is decompressed.
    done: usize,
    raw_bytes: usize,
}

impl OpenPage {
    /// Reads the header of the page on a bench.
    pub(crate) fn new(mut bench: Bench) -> Result<Self, &'static str> {
        let header = Header::read(&bench.page).ok_or("a page header does not parse")?;
        if header.bytes.checked_add(header.compressed) != Some(bench.page.len()) {
            return Err("a page has another length than its header says");
        }
        if header.raw > PAGE_BYTES_MAX {
            return Err("a page is impossibly long");
        }
        bench.zstd.reinit().map_err(|_| "zstd does not start")?;
        bench.values.clear();
        if bench.raw.len() < header.raw {
            bench.raw.resize(header.raw, 0);
        }
        Ok(Self { bench, read: header.bytes, done: 0, raw_bytes: header.raw })
    }

    /// The value with this number.
    pub(crate) fn value(&mut self, number: u32) -> Result<&[u8], &'static str> {
        let number = number as usize;
        loop {
            self.measure();
            if let Some((from, to)) = self.bench.values.get(number) {
                return self.bench.raw.get(*from..*to).ok_or("a page ends in a record");
            }
            if self.done == self.raw_bytes {
                return Err("a page ends in a record");
            }
            self.step()?;
        }
    }

    /// Finds the values that are whole by now.
    fn measure(&mut self) {
        let done = self.bench.raw.get(..self.done).unwrap_or_default();
        loop {
            let at = self.bench.values.last().map_or(0, |(_, to)| *to);
            let Some(rest) = done.get(at..) else { return };
            let Some((length, _)) = rest.split_first_chunk() else { return };
            let from = at + size_of::<u32>();
            let to = from.saturating_add(u32::from_le_bytes(*length) as usize);
            if to > done.len() {
                return;
            }
            self.bench.values.push((from, to));
        }
    }

    fn step(&mut self) -> Result<(), &'static str> {
        let bench = &mut self.bench;
        let end = (self.done + STEP_BYTES).min(self.raw_bytes);
        let mut input = InBuffer::around(bench.page.get(self.read..).unwrap_or_default());
        let mut output = OutBuffer::around_pos(&mut bench.raw[..end], self.done);
        let stepped = bench.zstd.run(&mut input, &mut output);
        let (read, done) = (input.pos(), output.pos());
        stepped.map_err(|_| "a page does not decompress")?;
        if done == self.done && read == 0 {
            return Err("a page decompresses to less than its header says");
        }
        self.read += read;
        self.done = done;
        Ok(())
    }
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

    use super::{Bench, Header, OpenPage};

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes: Vec<u8>, number in 0_u32..9) {
            let _ = Header::read(&bytes);
            if let Ok(mut page) = open(bytes) {
                let _ = page.value(number);
            }
        }
    }

    fn open(page: Vec<u8>) -> Result<OpenPage, &'static str> {
        let mut bench = Bench::new().unwrap();
        // What another page left behind is not taken for this one's.
        bench.raw = vec![7; 1 << 20];
        bench.page = page;
        OpenPage::new(bench)
    }

    /// A page of values, with a header that says what is true.
    fn page(values: &[Vec<u8>]) -> Vec<u8> {
        let mut raw = Vec::new();
        for value in values {
            raw.extend_from_slice(&(value.len() as u32).to_le_bytes());
            raw.extend_from_slice(value);
        }
        let data = zstd::encode_all(&raw[..], 1).unwrap();
        let mut page = vec![0x15, 0x00, 0x15];
        crate::varint::put(&mut page, raw.len() as u64 * 2);
        page.push(0x15);
        crate::varint::put(&mut page, data.len() as u64 * 2);
        page.push(0);
        page.extend_from_slice(&data);
        page
    }

    #[test]
    fn values_are_found_in_any_order_and_no_further_than_needed() {
        let values: Vec<_> = (0..400_usize).map(|at| at.to_le_bytes().repeat(at)).collect();
        let mut open = open(page(&values)).unwrap();
        assert_eq!(open.value(70), Ok(&values[70][..]));
        assert!(open.done < open.raw_bytes, "{}", open.done);
        for number in [399, 0, 1, 250, 398] {
            assert_eq!(open.value(number), Ok(&values[number as usize][..]));
        }
        assert!(open.value(400).is_err());
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
