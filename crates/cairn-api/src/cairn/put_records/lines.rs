//! Lines out of a stream, in bounded memory.

use std::io::{self, Read};

/// What is read at once.
const READ_BYTES: usize = 256 << 10;

/// A line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line<'b> {
    /// Its bytes, without what ends it.
    Text(&'b [u8]),
    /// It is longer than allowed; its bytes are gone.
    TooLong,
}

/// Splits a stream into lines, of which one is in memory.
pub(super) struct Lines<R> {
    reader: R,
    buffer: Vec<u8>,
    /// What is in the buffer and not yet given: from here, to there.
    from: usize,
    to: usize,
    line_bytes_max: usize,
    has_ended: bool,
}

impl<R: Read> Lines<R> {
    pub(super) fn new(reader: R, line_bytes_max: usize) -> Self {
        let buffer = vec![0; line_bytes_max + READ_BYTES];
        Self { reader, buffer, from: 0, to: 0, line_bytes_max, has_ended: false }
    }

    /// The next line; the last one may lack its end. An error is final.
    pub(super) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        let mut looked_at = 0;
        let mut is_too_long = false;
        loop {
            let held = self.buffer.get(self.from + looked_at..self.to).unwrap_or_default();
            if let Some(at) = memchr::memchr(b'\n', held) {
                let length = looked_at + at;
                let from = self.from;
                self.from += length + 1;
                return Ok(Some(self.line(from, length, is_too_long)));
            }
            looked_at = self.to - self.from;
            if self.has_ended {
                let from = std::mem::replace(&mut self.from, self.to);
                let is_line = looked_at > 0 || is_too_long;
                return Ok(is_line.then(|| self.line(from, looked_at, is_too_long)));
            }
            if looked_at > self.line_bytes_max {
                // The rest of it is passed over.
                (is_too_long, looked_at) = (true, 0);
                (self.from, self.to) = (0, 0);
            }
            self.fill()?;
        }
    }

    fn line(&self, from: usize, length: usize, is_too_long: bool) -> Line<'_> {
        if is_too_long || length > self.line_bytes_max {
            return Line::TooLong;
        }
        Line::Text(self.buffer.get(from..from + length).unwrap_or_default())
    }

    fn fill(&mut self) -> io::Result<()> {
        if self.from > 0 && self.buffer.len() - self.to < READ_BYTES {
            self.buffer.copy_within(self.from..self.to, 0);
            (self.from, self.to) = (0, self.to - self.from);
        }
        let room = self.buffer.get_mut(self.to..).unwrap_or_default();
        let count = loop {
            match self.reader.read(room) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        self.has_ended = count == 0;
        self.to += count;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::{Line, Lines};

    /// Gives its bytes in pieces of one length.
    struct Slowly<'b>(&'b [u8], usize);

    impl Read for Slowly<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let count = self.1.min(buffer.len());
            self.0.take(count as u64).read(buffer).inspect(|count| self.0 = &self.0[*count..])
        }
    }

    fn lines(text: &[u8], max: usize, step: usize) -> Vec<String> {
        let mut lines = Lines::new(Slowly(text, step), max);
        let mut found = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            found.push(match line {
                Line::Text(text) => String::from_utf8(text.to_vec()).unwrap(),
                Line::TooLong => "!".to_owned(),
            });
        }
        found
    }

    #[test]
    fn lines_come_whole_however_they_are_read() {
        for step in [1, 2, 3, 7, 1_000] {
            assert_eq!(lines(b"a\nbc\n\ndef", 3, step), ["a", "bc", "", "def"], "{step}");
            assert_eq!(lines(b"abcd\nb\nabcdefghij", 3, step), ["!", "b", "!"], "{step}");
            assert_eq!(lines(b"abc\nabcd\n", 3, step), ["abc", "!"], "{step}");
            assert_eq!(lines(b"", 3, step), [""; 0], "{step}");
            assert_eq!(lines(b"\n", 3, step), [""], "{step}");
        }
    }

    #[test]
    fn a_long_stream_goes_through_a_short_buffer() {
        let mut text = Vec::new();
        for number in 0..200_000 {
            text.extend_from_slice(format!("{number}\n").as_bytes());
        }
        let found = lines(&text, 9, 100_003);
        assert_eq!(found.len(), 200_000);
        assert!(found.iter().zip(0..).all(|(line, number)| *line == number.to_string()));
        let long = vec![b'x'; 3 << 20];
        assert_eq!(lines(&[&long[..], b"\ny"].concat(), 9, 100_003), ["!", "y"]);
    }
}
