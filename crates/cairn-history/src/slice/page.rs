//! Pages of the `record` column, without the Parquet footer.
//!
//! The index tells where a page begins and how long it is. It begins with its Thrift header, which
//! tells the length of the data, and the data is one zstd frame. Decompressed, it is each record's
//! length (four bytes, little-endian) and its bytes, one after another: a required column in the
//! PLAIN encoding has no levels.

use zstd::bulk::Decompressor;

/// A page is decompressed to at most this: a page of about the usual size, or one long record.
const PAGE_BYTES_MAX: usize = 8 << 20;
/// Room for most pages as they are in the file. Benches that grew to lengths of their own would
/// leave an allocator with pieces of many lengths, each of which it keeps for a while.
const PAGE_ROOM_BYTES: usize = 32 << 10;
/// Room for most pages decompressed: one ends with the record that fills it.
const RAW_ROOM_BYTES: usize = 40 << 10;
/// How many pages lie open: the next record in time is often on one of the last few.
const PAGES_OPEN_MAX: usize = 16;
/// A bench that grew beyond this for one long record is not kept.
const KEPT_BYTES_MAX: usize = 1 << 20;

/// Room for a few open pages of one slice and their decompressor: most of a megabyte, so it is used
/// again and again.
pub(crate) struct Bench {
    zstd: Decompressor<'static>,
    /// A page as it is in the file: header and data.
    file: Vec<u8>,
    pages: Vec<OpenPage>,
    /// Which of the pages makes way for the next one, once all are open.
    next: usize,
}

struct OpenPage {
    /// Which page of its slice it is; `None` if it is none.
    number: Option<usize>,
    raw: Vec<u8>,
}

impl Bench {
    pub(crate) fn new() -> std::io::Result<Self> {
        let (file, pages) = (Vec::with_capacity(PAGE_ROOM_BYTES), Vec::new());
        Ok(Self { zstd: Decompressor::new()?, file, pages, next: 0 })
    }

    /// Closes all pages, so that it serves another slice.
    pub(super) fn clear(&mut self) {
        for page in &mut self.pages {
            page.number = None;
        }
    }

    /// Whether it holds no more than usual pages need, so that it is worth keeping.
    pub(super) fn is_usual(&self) -> bool {
        let open: usize = self.pages.iter().map(|page| page.raw.capacity()).sum();
        self.file.capacity() + open <= KEPT_BYTES_MAX
    }

    /// The decompressed values of a page; `read` gets its bytes, if it does not lie open.
    pub(super) fn page<E: From<&'static str>>(
        &mut self,
        number: usize,
        read: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<&[u8], E> {
        let open = self.pages.iter().position(|page| page.number == Some(number));
        let at = if let Some(at) = open {
            at
        } else {
            read(&mut self.file)?;
            self.open(number)?
        };
        Ok(self.pages.get(at).map_or(&[], |page| &page.raw))
    }

    /// Decompresses the page that was read; where it is among the open ones.
    fn open(&mut self, number: usize) -> Result<usize, &'static str> {
        let header = Header::read(&self.file).ok_or("a page header does not parse")?;
        if header.bytes.checked_add(header.compressed) != Some(self.file.len()) {
            return Err("a page has another length than its header says");
        }
        if header.raw > PAGE_BYTES_MAX {
            return Err("a page is impossibly long");
        }
        let at = self.next;
        self.next = (at + 1) % PAGES_OPEN_MAX;
        if at == self.pages.len() {
            self.pages.push(OpenPage { number: None, raw: Vec::with_capacity(RAW_ROOM_BYTES) });
        }
        let page = self.pages.get_mut(at).ok_or("no room for a page")?;
        page.number = None;
        page.raw.clear();
        page.raw.reserve(header.raw);
        let data = self.file.get(header.bytes..).unwrap_or_default();
        let done = self.zstd.decompress_to_buffer(data, &mut page.raw);
        if done.map_err(|_| "a page does not decompress")? != header.raw {
            return Err("a page decompresses to another length than its header says");
        }
        page.number = Some(number);
        Ok(at)
    }
}

/// The value with this number in a decompressed page.
pub(super) fn value(mut page: &[u8], number: u32) -> Result<&[u8], &'static str> {
    let cut = "a page ends in a record";
    for _ in 0..number {
        let (length, rest) = page.split_first_chunk().ok_or(cut)?;
        page = rest.get(u32::from_le_bytes(*length) as usize..).ok_or(cut)?;
    }
    let (length, rest) = page.split_first_chunk().ok_or(cut)?;
    rest.get(..u32::from_le_bytes(*length) as usize).ok_or(cut)
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

    use super::{Bench, Header, PAGES_OPEN_MAX, value};

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes: Vec<u8>, number in 0_u32..9) {
            let _ = Header::read(&bytes);
            let _ = value(&bytes, number);
            let mut bench = Bench::new().unwrap();
            if let Ok(page) = open(&mut bench, 0, &bytes) {
                let _ = value(page, number);
            }
        }
    }

    fn open<'b>(
        bench: &'b mut Bench,
        number: usize,
        page: &[u8],
    ) -> Result<&'b [u8], &'static str> {
        bench.page(number, |file| {
            page.clone_into(file);
            Ok(())
        })
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
    fn values_are_found_in_any_order() {
        let values: Vec<_> = (0..400_usize).map(|at| at.to_le_bytes().repeat(at)).collect();
        let mut bench = Bench::new().unwrap();
        let open = open(&mut bench, 7, &page(&values)).unwrap();
        for number in [70, 399, 0, 1, 250, 398] {
            assert_eq!(value(open, number), Ok(&values[number as usize][..]));
        }
        assert!(value(open, 400).is_err());
    }

    #[test]
    fn the_last_pages_lie_open_until_the_bench_is_cleared() {
        let mut bench = Bench::new().unwrap();
        let pages: Vec<_> = (0..=PAGES_OPEN_MAX as u8).map(|at| page(&[vec![at]])).collect();
        for (number, page) in pages.iter().enumerate() {
            open(&mut bench, number, page).unwrap();
        }
        let refused = |_: &mut Vec<u8>| Err("it does not lie open");
        for (number, expected) in (1..=PAGES_OPEN_MAX).zip(1_u8..) {
            let open = bench.page(number, refused).unwrap();
            assert_eq!(value(open, 0), Ok(&[expected][..]));
        }
        assert!(bench.page(0, refused).is_err(), "it made way");
        bench.clear();
        assert!(bench.page(3, refused).is_err());
        assert_eq!(value(open(&mut bench, 3, &pages[4]).unwrap(), 0), Ok(&[4][..]));
    }

    #[test]
    fn a_page_that_fails_leaves_nothing_open() {
        let mut bench = Bench::new().unwrap();
        let mut broken = page(&[vec![1; 300]]);
        *broken.last_mut().unwrap() ^= 1;
        broken.pop();
        assert!(open(&mut bench, 0, &broken).is_err());
        assert_eq!(value(open(&mut bench, 0, &page(&[vec![2]])).unwrap(), 0), Ok(&[2][..]));
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
