//! What of a file could not be taken: how much, and where the first of it is.

use std::collections::VecDeque;

use cairn_event::split::SplitError;
use memchr::memchr_iter;
use serde::Serialize;

/// Pieces of a file that are kept while a value is open that began in them: a value may turn out to be
/// torn, and then the records inside it are taken for themselves.
const KEPT_PIECES_MAX: usize = 8;

/// How many pieces of a file that have something in common are told one by one.
const NAMED_MAX: usize = 20;

/// Counts the lines of a file as its bytes go by.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// The pieces at hand, the newest last.
    pieces: VecDeque<Piece>,
    /// The value that began before them and is not at its end: where, and in which line.
    open: Option<(u64, u64)>,
}

/// A piece of a file.
#[derive(Debug)]
struct Piece {
    bytes: Vec<u8>,
    /// The bytes before it.
    start: u64,
    /// The line ends in them.
    ends: u64,
}

impl Piece {
    fn end(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }
}

impl Lines {
    /// Takes the next piece. A value that is still open began here.
    pub(super) fn push(&mut self, bytes: Vec<u8>, open_at: Option<u64>) {
        self.open = open_at.map(|at| (at, self.of(at)));
        let last = self.pieces.back();
        let (start, ends) =
            last.map_or((0, 0), |last| (last.end(), last.ends + line_ends(&last.bytes)));
        let needed_from = open_at.unwrap_or(start);
        while let Some(first) = self.pieces.front()
            && (first.end() <= needed_from || self.pieces.len() >= KEPT_PIECES_MAX)
        {
            self.pieces.pop_front();
        }
        self.pieces.push_back(Piece { bytes, start, ends });
    }

    /// The line of a byte, counted from 1: of one of the pieces, or of the begin of the value that was
    /// open before them. The end of the file belongs to its last line.
    fn of(&self, at: u64) -> u64 {
        let piece = self.pieces.iter().rev().find(|piece| piece.start <= at);
        match (self.open, piece.or_else(|| self.pieces.front())) {
            (Some((open, line)), _) if open == at => line,
            (_, None) => 1,
            (_, Some(piece)) => {
                let before = usize::try_from(at.saturating_sub(piece.start)).unwrap_or(usize::MAX);
                let before = piece.bytes.get(..before).unwrap_or(&piece.bytes);
                let is_end = before.len() == piece.bytes.len();
                let before = before.strip_suffix(b"\n").filter(|_| is_end).unwrap_or(before);
                1 + piece.ends + line_ends(before)
            }
        }
    }

    /// Where the bytes end that have gone by.
    fn end(&self) -> u64 {
        self.pieces.back().map_or(0, Piece::end)
    }
}

fn line_ends(bytes: &[u8]) -> u64 {
    memchr_iter(b'\n', bytes).count() as u64
}

/// Pieces of one file that have something in common.
#[derive(Debug, Default)]
pub(super) struct Flaws {
    /// How many there are.
    pub(super) count: u64,
    /// The first of them.
    pub(super) named: Vec<Flaw>,
}

/// One piece.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Flaw {
    /// Its line, counted from 1.
    pub(super) line: u64,
    /// Its place in the file, expanded.
    pub(super) byte: u64,
    /// What is wrong with it, or how it begins.
    pub(super) what: String,
}

impl Flaws {
    /// Counts a piece that begins at a byte.
    pub(super) fn add(&mut self, lines: &Lines, byte: u64, what: impl FnOnce() -> String) {
        if self.named.len() < NAMED_MAX {
            self.named.push(Flaw { line: lines.of(byte), byte, what: what() });
        }
        self.count += 1;
    }

    /// Counts what the splitter cannot read.
    pub(super) fn add_split(&mut self, lines: &Lines, error: SplitError) {
        self.add(lines, error.at(), || error.to_string());
    }

    /// Counts that the file cannot be read further.
    pub(super) fn add_end(&mut self, lines: &Lines, error: &std::io::Error) {
        self.add(lines, lines.end(), || error.to_string());
    }

    /// A line for people, if there is anything to say.
    pub(super) fn message(&self, name: &str) -> Option<String> {
        let Flaw { line, what, .. } = self.named.first()?;
        Some(match self.count {
            1 => format!("{name}, line {line}: {what}"),
            count => format!(
                "{name}: {count} lines or records cannot be read and are left out; the first, in line \
                 {line}: {what}"
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Flaws, KEPT_PIECES_MAX, Lines, NAMED_MAX};

    #[test]
    fn lines_are_counted_across_pieces() {
        let text = "a\nb\n\ncd\ne";
        for length in 1..=text.len() {
            let (mut lines, mut found) = (Lines::default(), Vec::new());
            for (number, piece) in text.as_bytes().chunks(length).enumerate() {
                lines.push(piece.to_vec(), None);
                let start = (number * length) as u64;
                found.extend((start..start + piece.len() as u64).map(|at| lines.of(at)));
            }
            assert_eq!(found, [1, 1, 2, 2, 3, 4, 4, 4, 5], "{length}");
            assert_eq!((lines.end(), lines.of(9)), (9, 5));
        }
    }

    #[test]
    fn the_begin_of_a_value_is_known_while_it_is_open() {
        let mut lines = Lines::default();
        lines.push(b"\n\n{\n".to_vec(), None);
        lines.push(b"\n\n".to_vec(), Some(2));
        lines.push(b"\n".to_vec(), Some(2));
        assert_eq!((lines.of(2), lines.of(6)), (3, 6));
        let mut flaws = Flaws::default();
        flaws.add(&lines, 2, || "torn".to_owned());
        flaws.add(&lines, 6, || "torn, too".to_owned());
        let named: Vec<_> = flaws.named.iter().map(|flaw| (flaw.line, flaw.byte)).collect();
        assert_eq!((flaws.count, named), (2, vec![(3, 2), (6, 6)]));
        let told = flaws.message("a.json").unwrap();
        assert!(told.starts_with("a.json: 2 lines or records"), "{told}");
        assert!(told.ends_with("the first, in line 3: torn"), "{told}");
        assert_eq!(Flaws::default().message("a.json"), None);
        for _ in 0..NAMED_MAX - 2 {
            flaws.add(&lines, 6, String::new);
        }
        flaws.add(&lines, 6, || unreachable!("only the first are told"));
        assert_eq!((flaws.count, flaws.named.len()), (NAMED_MAX as u64 + 1, NAMED_MAX));
    }

    #[test]
    fn the_end_of_a_file_is_in_its_last_line() {
        for (text, line) in [("a\nb\n", 2), ("a\nb", 2), ("a\n\n", 2), ("\n", 1), ("", 1)] {
            for length in 1..=text.len().max(1) {
                let mut lines = Lines::default();
                for piece in text.as_bytes().chunks(length) {
                    lines.push(piece.to_vec(), None);
                }
                assert_eq!(lines.of(text.len() as u64), line, "{text:?} {length}");
            }
        }
    }

    #[test]
    fn what_began_before_the_piece_is_placed_while_a_value_is_open() {
        let mut lines = Lines::default();
        lines.push(b"\n\n{\n".to_vec(), None);
        for _ in 0..3 {
            lines.push(b"\n\n".to_vec(), Some(2));
        }
        assert_eq!([2, 3, 4, 5, 6, 9].map(|at| lines.of(at)), [3, 3, 4, 5, 6, 9]);
        lines.push(b"\n".to_vec(), None);
        assert_eq!((lines.pieces.len(), lines.of(10)), (1, 10));
        for _ in 0..3 * KEPT_PIECES_MAX {
            lines.push(b"\n".to_vec(), Some(10));
        }
        assert_eq!((lines.pieces.len(), lines.of(10)), (KEPT_PIECES_MAX, 10));
    }
}
