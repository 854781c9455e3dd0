//! What an import leaves out, and why: counted, and the first of each kind by name.

use std::fmt::Write as _;

use serde::{Serialize, Serializer};

use crate::print;

use super::flaws::{Flaw, Flaws};
use super::sources::ENDINGS;

/// How many are named of each kind.
const NAMED_MAX: usize = 20;

/// Why something is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Why {
    /// A file of a directory, which by its name holds no records.
    Name,
    /// A link in a directory, or what is neither file nor directory.
    NoFile,
    /// The folder of digests, which are read to check the files beside it.
    Digests,
    /// A file that an earlier import has read to its end.
    Known,
    /// Lines and records of a file that cannot be read.
    Damaged,
    /// Pieces of JSON that are no CloudTrail records.
    NoRecord,
}

impl Why {
    const ALL: [Self; 6] =
        [Self::Name, Self::NoFile, Self::Digests, Self::Known, Self::Damaged, Self::NoRecord];

    /// The reason, as people are told it.
    fn text(self) -> String {
        match self {
            Self::Name => format!("not named as files of records are ({})", endings()),
            Self::NoFile => "a link, or no file".to_owned(),
            Self::Digests => "digests, which are no records".to_owned(),
            Self::Known => "imported before".to_owned(),
            Self::Damaged => "cannot be read".to_owned(),
            Self::NoRecord => "no CloudTrail record".to_owned(),
        }
    }
}

/// The endings of names that are looked for, for people.
pub(super) fn endings() -> String {
    let plain: Vec<_> = ENDINGS.iter().map(|ending| format!(".{ending}")).collect();
    format!("{} or .gz", plain.join(", "))
}

/// What is left out, in the order in which it was found.
#[derive(Debug, Default)]
pub(super) struct LeftOut {
    /// All things.
    counts: [u64; Why::ALL.len()],
    /// The files that they are, or are in.
    files: [u64; Why::ALL.len()],
    named: Vec<Piece>,
}

/// A file that is left out, or of which something is.
#[derive(Debug, Serialize)]
struct Piece {
    name: String,
    why: Why,
    /// What of it is left out, if it is not all.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    part: Option<Part>,
}

/// What of a file is left out.
#[derive(Debug, Serialize)]
struct Part {
    /// How many lines or records.
    count: u64,
    /// The line of the first of them, counted from 1.
    line: u64,
    /// And its byte.
    byte: u64,
    /// What is wrong with it, or how it begins.
    first: String,
    /// The next ones.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    next: Vec<Flaw>,
}

impl LeftOut {
    /// Counts one, which is named if it is among the first.
    pub(super) fn add(&mut self, why: Why, name: impl FnOnce() -> String) {
        self.add_file(why, 1, || Piece { name: name(), why, part: None });
    }

    /// Counts what of a file is left out, if anything is.
    pub(super) fn add_pieces(&mut self, why: Why, name: &str, flaws: Flaws) {
        let Flaws { count, named } = flaws;
        let mut named = named.into_iter();
        let Some(Flaw { line, byte, what }) = named.next() else { return };
        self.add_file(why, count, || {
            let part = Some(Part { count, line, byte, first: what, next: named.collect() });
            Piece { name: name.to_owned(), why, part }
        });
    }

    fn add_file(&mut self, why: Why, count: u64, piece: impl FnOnce() -> Piece) {
        let files = &mut self.files[why as usize];
        if *files < NAMED_MAX as u64 {
            self.named.push(piece());
        }
        *files += 1;
        self.counts[why as usize] += count;
    }

    /// How many there are of a kind.
    pub(super) fn count(&self, why: Why) -> u64 {
        self.counts[why as usize]
    }

    /// Adds what was left out later.
    pub(super) fn append(&mut self, later: Self) {
        let add = |all: &mut [u64], later: &[u64]| {
            all.iter_mut().zip(later).for_each(|(count, more)| *count += more);
        };
        add(&mut self.counts, &later.counts);
        add(&mut self.files, &later.files);
        self.named.extend(later.named);
        let mut room = [NAMED_MAX; Why::ALL.len()];
        self.named.retain(|piece| {
            let left = &mut room[piece.why as usize];
            let fits = *left > 0;
            *left = left.saturating_sub(1);
            fits
        });
    }

    /// Whether nothing is.
    pub(super) fn is_empty(&self) -> bool {
        self.named.is_empty()
    }

    /// A line for each that is named, and one for those of its kind that are not.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for why in Why::ALL {
            let reason = why.text();
            for piece in self.named.iter().filter(|piece| piece.why == why) {
                for line in piece.lines() {
                    let _ = write!(text, "\n  left out, {reason}: {}", print::plain(&line));
                }
            }
            let more = self.files[why as usize].saturating_sub(NAMED_MAX as u64);
            if more > 0 {
                let _ = write!(text, "\n  left out, {reason}: and {more} more files");
            }
        }
        text
    }
}

impl Piece {
    /// A line for each piece that is named, and one for the others.
    fn lines(&self) -> Vec<String> {
        let name = &self.name;
        let Some(Part { count, line, first, next, .. }) = &self.part else {
            return vec![name.clone()];
        };
        let next = next.iter().map(|flaw| (&flaw.line, &flaw.what));
        let flaws = std::iter::once((line, first)).chain(next);
        let mut lines: Vec<_> =
            flaws.map(|(line, what)| format!("{name}, line {line}: {what}")).collect();
        let more = count.saturating_sub(lines.len() as u64);
        if more > 0 {
            lines.push(format!("{name}: and {more} more"));
        }
        lines
    }
}

/// The first of each kind.
impl Serialize for LeftOut {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.named.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::{Flaw, Flaws, LeftOut, NAMED_MAX, Why};

    #[test]
    fn the_first_of_each_kind_are_named_and_all_are_counted() {
        let mut left_out = LeftOut::default();
        for number in 0..NAMED_MAX + 2 {
            left_out.add(Why::Name, || format!("{number}.txt"));
        }
        let mut later = LeftOut::default();
        later.add(Why::Name, || "late.txt".to_owned());
        let flaw = |line: u64, what: &str| Flaw { line, byte: 7, what: what.to_owned() };
        let none = Flaws { count: 3, named: vec![flaw(2, "{}"), flaw(4, "[]")] };
        later.add_pieces(Why::NoRecord, "a.json", none);
        later.add_pieces(Why::Damaged, "b.json", Flaws { count: 1, named: vec![flaw(2, "torn")] });
        later.add_pieces(Why::Damaged, "c.json", Flaws::default());
        left_out.append(later);
        let kinds = [Why::Name, Why::NoRecord, Why::Damaged];
        assert_eq!(kinds.map(|why| left_out.count(why)), [23, 3, 1]);
        assert_eq!(left_out.named.len(), NAMED_MAX + 2);
        let json = serde_json::to_value(&left_out).unwrap();
        let wanted = serde_json::json!({
            "name": "a.json", "why": "no-record", "count": 3, "line": 2, "byte": 7, "first": "{}",
            "next": [{"line": 4, "byte": 7, "what": "[]"}],
        });
        assert_eq!(json[NAMED_MAX], wanted);
        let text = left_out.text();
        let lines: Vec<_> = text.lines().skip(1).collect();
        let reason =
            "left out, not named as files of records are (.json, .jsonl, .ndjson, .log or .gz)";
        assert_eq!(lines[0], format!("  {reason}: 0.txt"));
        assert_eq!(lines[NAMED_MAX], format!("  {reason}: and 3 more files"));
        assert_eq!(lines[NAMED_MAX + 1], "  left out, cannot be read: b.json, line 2: torn");
        for (number, none) in
            ["a.json, line 2: {}", "a.json, line 4: []", "a.json: and 1 more"].iter().enumerate()
        {
            let none = format!("  left out, no CloudTrail record: {none}");
            assert_eq!(lines[NAMED_MAX + 2 + number], none);
        }
        assert!(!text.contains("late"));
    }
}
