//! Names of history's files, which carry the range of log offsets.

use std::path::{Path, PathBuf};

/// A range of log offsets that is, or could be, a slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SliceName {
    /// The first offset.
    pub from: u64,
    /// The offset after the last.
    pub to: u64,
}

pub(crate) const PARQUET: &str = "parquet";
pub(crate) const INDEX: &str = "index";
/// The marker of what was expired: its name is the first offset that was not.
pub(crate) const FLOOR: &str = "floor";
/// Digits of an offset, so that names sort as offsets do.
const DIGITS: usize = 20;

impl SliceName {
    /// The Parquet file in a directory.
    pub(crate) fn parquet(self, directory: &Path) -> PathBuf {
        directory.join(format!("{self}.{PARQUET}"))
    }

    /// The index file beside it.
    pub(crate) fn index(self, directory: &Path) -> PathBuf {
        directory.join(format!("{self}.{INDEX}"))
    }

    /// Reads a name without its ending.
    pub(crate) fn parse(stem: &str) -> Option<Self> {
        let (from, to) = stem.split_once('-')?;
        let name = Self { from: parse_offset(from)?, to: parse_offset(to)? };
        (name.from < name.to).then_some(name)
    }

    /// Whether it holds all of another.
    pub(crate) fn covers(self, other: Self) -> bool {
        self.from <= other.from && other.to <= self.to
    }
}

impl std::fmt::Display for SliceName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:0DIGITS$}-{:0DIGITS$}", self.from, self.to)
    }
}

/// The marker of an offset below which everything is expired.
pub(crate) fn floor(directory: &Path, offset: u64) -> PathBuf {
    directory.join(format!("{offset:0DIGITS$}.{FLOOR}"))
}

/// Reads an offset of exactly twenty digits.
pub(crate) fn parse_offset(text: &str) -> Option<u64> {
    let plain = text.len() == DIGITS && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::SliceName;

    #[test]
    fn names_are_read_back_and_nothing_else_is() {
        let name = SliceName { from: 7, to: 1_000 };
        assert_eq!(name.to_string(), "00000000000000000007-00000000000000001000");
        assert_eq!(SliceName::parse(&name.to_string()), Some(name));
        for wrong in [
            "",
            "7-1000",
            "00000000000000001000-00000000000000000007",
            "00000000000000000007-0000000000000000100x",
            "00000000000000000007-99999999999999999999",
        ] {
            assert_eq!(SliceName::parse(wrong), None, "{wrong}");
        }
    }
}
