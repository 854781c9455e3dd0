//! What an import leaves out, and why: counted, and the first of each kind by name.

use std::fmt::Write as _;

use serde::{Serialize, Serializer};

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
    /// A piece of JSON that is no CloudTrail record.
    NoRecord,
}

impl Why {
    const ALL: [Self; 5] = [Self::Name, Self::NoFile, Self::Digests, Self::Known, Self::NoRecord];

    /// The reason, as people are told it.
    fn text(self) -> String {
        match self {
            Self::Name => format!("not named as files of records are ({})", endings()),
            Self::NoFile => "a link, or no file".to_owned(),
            Self::Digests => "digests, which are no records".to_owned(),
            Self::Known => "imported before".to_owned(),
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
    counts: [u64; Why::ALL.len()],
    named: Vec<Piece>,
}

/// One thing that is left out.
#[derive(Debug, Serialize)]
struct Piece {
    name: String,
    why: Why,
}

impl LeftOut {
    /// Counts one, which is named if it is among the first.
    pub(super) fn add(&mut self, why: Why, name: impl FnOnce() -> String) {
        let count = &mut self.counts[why as usize];
        if *count < NAMED_MAX as u64 {
            self.named.push(Piece { name: name(), why });
        }
        *count += 1;
    }

    /// How many there are of a kind.
    pub(super) fn count(&self, why: Why) -> u64 {
        self.counts[why as usize]
    }

    /// Adds what was left out later.
    pub(super) fn append(&mut self, later: Self) {
        for (count, more) in self.counts.iter_mut().zip(later.counts) {
            *count += more;
        }
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
                let _ = write!(text, "\n  left out, {reason}: {}", piece.name);
            }
            let more = self.count(why).saturating_sub(NAMED_MAX as u64);
            if more > 0 {
                let _ = write!(text, "\n  left out, {reason}: and {more} more");
            }
        }
        text
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
    use super::{LeftOut, NAMED_MAX, Why};

    #[test]
    fn the_first_of_each_kind_are_named_and_all_are_counted() {
        let mut left_out = LeftOut::default();
        for number in 0..NAMED_MAX + 2 {
            left_out.add(Why::Name, || format!("{number}.txt"));
        }
        let mut later = LeftOut::default();
        later.add(Why::Name, || "late.txt".to_owned());
        later.add(Why::NoRecord, || "a.json, byte 7".to_owned());
        left_out.append(later);
        assert_eq!((left_out.count(Why::Name), left_out.count(Why::NoRecord)), (23, 1));
        assert_eq!(left_out.named.len(), NAMED_MAX + 1);
        let text = left_out.text();
        let lines: Vec<_> = text.lines().skip(1).collect();
        let reason =
            "left out, not named as files of records are (.json, .jsonl, .ndjson, .log or .gz)";
        assert_eq!(lines[0], format!("  {reason}: 0.txt"));
        assert_eq!(lines[NAMED_MAX], format!("  {reason}: and 3 more"));
        assert_eq!(lines[NAMED_MAX + 1], "  left out, no CloudTrail record: a.json, byte 7");
        assert!(!text.contains("late"));
    }
}
