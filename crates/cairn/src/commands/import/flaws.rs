//! What of a file could not be taken: how much, and where the first of it is.

use cairn_event::split::SplitError;
use memchr::memchr_iter;

/// Counts the lines of a file as its bytes go by.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// The bytes before the piece at hand.
    start: u64,
    /// The line ends in them.
    ends: u64,
    piece: Vec<u8>,
    /// The value that began before the piece and is not at its end: where, and in which line.
    open: Option<(u64, u64)>,
}

impl Lines {
    /// Takes the next piece. A value that is still open began here.
    pub(super) fn push(&mut self, piece: Vec<u8>, open_at: Option<u64>) {
        self.open = open_at.map(|at| (at, self.of(at)));
        self.ends += line_ends(&self.piece);
        self.start += self.piece.len() as u64;
        self.piece = piece;
    }

    /// The line of a byte, counted from 1: of one of the piece, or of the begin of the value that was
    /// open before it.
    fn of(&self, at: u64) -> u64 {
        match self.open {
            Some((open, line)) if open == at => line,
            _ => {
                let before = usize::try_from(at.saturating_sub(self.start)).unwrap_or(usize::MAX);
                let before = self.piece.get(..before).unwrap_or(&self.piece);
                1 + self.ends + line_ends(before)
            }
        }
    }

    /// Where the bytes end that have gone by.
    fn end(&self) -> u64 {
        self.start + self.piece.len() as u64
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
    pub(super) first: Option<First>,
}

/// The first of several pieces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct First {
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
        if self.first.is_none() {
            self.first = Some(First { line: lines.of(byte), byte, what: what() });
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
        let First { line, what, .. } = self.first.as_ref()?;
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
    use super::{Flaws, Lines};

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
        flaws.add(&lines, 6, || unreachable!("only the first is told"));
        let first = flaws.first.as_ref().unwrap();
        assert_eq!((flaws.count, first.line, first.byte), (2, 3, 2));
        let told = flaws.message("a.json").unwrap();
        assert!(told.starts_with("a.json: 2 lines or records"), "{told}");
        assert!(told.ends_with("the first, in line 3: torn"), "{told}");
        assert_eq!(Flaws::default().message("a.json"), None);
    }
}
