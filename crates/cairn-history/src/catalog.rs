//! What is in a history directory: which files make up history, and which a crash left behind.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use cairn_store::durable::UNFINISHED_SUFFIX;

use crate::HistoryError;
use crate::slice::{FLOOR, INDEX, PARQUET, SliceName, parse_offset};

/// The files of a directory, told apart by their names alone.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Catalog {
    /// The slices that make up history, by rising offsets; none overlaps another.
    pub slices: Vec<SliceName>,
    /// Everything below is expired.
    pub floor: u64,
    /// What a crash left behind: unfinished files, slices that a merged one holds too, indexes
    /// without a Parquet file, what should have been deleted with the expired.
    pub leftovers: Vec<PathBuf>,
    /// Indexes without a Parquet file, which are among the leftovers.
    pub orphans: Vec<SliceName>,
    /// Slices that overlap a longer one but are not within it: no crash leaves such.
    pub overlapping: Vec<SliceName>,
}

impl Catalog {
    /// Reads a directory.
    pub(crate) fn read(directory: &Path) -> Result<Self, HistoryError> {
        let io = |source| HistoryError::io("list the history directory", source);
        let mut paths = Vec::new();
        for entry in fs::read_dir(directory).map_err(io)? {
            paths.push(entry.map_err(io)?.path());
        }
        paths.sort_unstable();
        Ok(Self::of(directory, &paths))
    }

    fn of(directory: &Path, paths: &[PathBuf]) -> Self {
        let mut catalog = Self::default();
        let (mut slices, mut indexes, mut floors) = (Vec::new(), Vec::new(), Vec::new());
        for path in paths {
            let stem = path.file_stem().and_then(OsStr::to_str).unwrap_or_default();
            match path.extension().and_then(OsStr::to_str) {
                Some(PARQUET) => slices.extend(SliceName::parse(stem)),
                Some(INDEX) => indexes.extend(SliceName::parse(stem)),
                Some(FLOOR) => floors.extend(parse_offset(stem).map(|floor| (floor, path))),
                _ if is_unfinished(path) => catalog.leftovers.push(path.clone()),
                // Somebody else's file: not ours to touch.
                _ => {}
            }
        }
        catalog.take_floors(&floors);
        catalog.take_slices(directory, slices);
        for index in indexes {
            let kept = catalog.slices.contains(&index) || catalog.overlapping.contains(&index);
            if !kept {
                catalog.leftovers.push(index.index(directory));
                catalog.orphans.push(index);
            }
        }
        catalog
    }

    fn take_floors(&mut self, floors: &[(u64, &PathBuf)]) {
        self.floor = floors.iter().map(|(floor, _)| *floor).max().unwrap_or_default();
        let lower = floors.iter().filter(|(floor, _)| *floor < self.floor);
        self.leftovers.extend(lower.map(|(_, path)| (*path).clone()));
    }

    /// Of slices that begin alike, the longest comes first; what is within it is a leftover.
    fn take_slices(&mut self, directory: &Path, mut slices: Vec<SliceName>) {
        slices.sort_unstable_by_key(|slice| (slice.from, std::cmp::Reverse(slice.to)));
        for slice in slices {
            let last = self.slices.last().copied();
            if slice.to <= self.floor || last.is_some_and(|last| last.covers(slice)) {
                self.leftovers.push(slice.parquet(directory));
            } else if last.is_some_and(|last| slice.from < last.to) {
                self.overlapping.push(slice);
            } else {
                self.slices.push(slice);
            }
        }
    }

    /// Whether no crash leaves this index without its Parquet file. Crashes do while a slice is
    /// added at the end, and while slices are merged or deleted; then what it covers is to come,
    /// or in slices, or expired.
    pub(crate) fn is_lost(&self, orphan: SliceName) -> bool {
        if orphan.from >= self.covered() {
            return false;
        }
        let mut next = orphan.from.max(self.floor);
        for slice in &self.slices {
            if slice.from > next {
                break;
            }
            next = next.max(slice.to);
        }
        next < orphan.to
    }

    /// The offset after the last that is in a slice or expired.
    pub(crate) fn covered(&self) -> u64 {
        self.slices.last().map_or(self.floor, |slice| slice.to.max(self.floor))
    }
}

fn is_unfinished(path: &Path) -> bool {
    let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
    let ours = name.strip_suffix(UNFINISHED_SUFFIX).map(Path::new).and_then(Path::extension);
    ours.and_then(OsStr::to_str).is_some_and(|ending| matches!(ending, PARQUET | INDEX | FLOOR))
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::Catalog;
    use crate::slice::{SliceName, floor};

    fn paths(slices: &[(u64, u64)]) -> Vec<PathBuf> {
        let directory = Path::new("h");
        let both = |&(from, to): &(u64, u64)| {
            let name = SliceName { from, to };
            [name.parquet(directory), name.index(directory)]
        };
        slices.iter().flat_map(both).collect()
    }

    fn ranges(catalog: &Catalog) -> Vec<(u64, u64)> {
        catalog.slices.iter().map(|slice| (slice.from, slice.to)).collect()
    }

    #[test]
    fn the_largest_slices_are_chosen_and_what_they_hold_is_left_over() {
        let files = paths(&[(0, 10), (0, 30), (10, 20), (20, 30), (30, 40)]);
        let catalog = Catalog::of(Path::new("h"), &files);
        assert_eq!(ranges(&catalog), [(0, 30), (30, 40)]);
        assert_eq!(catalog.leftovers.len(), 6);
        assert_eq!(catalog.covered(), 40);
    }

    #[test]
    fn an_index_alone_and_unfinished_files_are_left_over() {
        let directory = Path::new("h");
        let mut files = paths(&[(0, 10)]);
        files.push(SliceName { from: 10, to: 20 }.index(directory));
        files.push(PathBuf::from("h/a.parquet.unfinished"));
        files.push(PathBuf::from("h/notes.txt"));
        let catalog = Catalog::of(directory, &files);
        assert_eq!(ranges(&catalog), [(0, 10)]);
        assert_eq!(catalog.leftovers.len(), 2);
    }

    #[test]
    fn below_the_floor_nothing_counts() {
        let directory = Path::new("h");
        let mut files = paths(&[(0, 10), (10, 20)]);
        files.push(floor(directory, 10));
        files.push(floor(directory, 5));
        let catalog = Catalog::of(directory, &files);
        assert_eq!(ranges(&catalog), [(10, 20)]);
        assert_eq!(catalog.leftovers.len(), 3);
        files.push(floor(directory, 20));
        assert_eq!(Catalog::of(directory, &files).covered(), 20);
    }

    #[test]
    fn an_overlap_that_no_crash_leaves_is_kept_apart() {
        let catalog = Catalog::of(Path::new("h"), &paths(&[(0, 30), (20, 40)]));
        assert_eq!(ranges(&catalog), [(0, 30)]);
        assert_eq!(catalog.overlapping.len(), 1);
        assert!(catalog.leftovers.is_empty());
    }
}
