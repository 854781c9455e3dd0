//! The order in which rows lie in the Parquet file.
//!
//! Rows are numbered by time, but what lies side by side is compressed and read together, and
//! neighbours in time have little in common. So up to [`ROWS_MAX`] rows that follow one another in
//! time, a *cluster*, lie in the order of their [`Likeness`]. Measured on the generated records: the
//! records' bytes take 14.8 % in pages of 32 KiB (24.6 % in the order of time, where 256 KiB were
//! needed to come to 16.6 %), and the dozen or so records of a session lie on three pages instead
//! of fifteen.
//!
//! A row's *place* is its number in the file. It is in the same cluster as the row; the index
//! keeps it as 16 bits.

use cairn_event::Likeness;

/// The most rows of a cluster: more would be smaller still, but a merge holds one of each of its
/// slices (12 MB of usual records). All clusters of a slice but the last have the same number of
/// rows, which the index tells.
pub(crate) const ROWS_MAX: u32 = 8_192;
/// The fewest rows of a cluster, if its slice has as many.
pub(crate) const ROWS_MIN: u32 = 64;
/// Clusters of long records have fewer rows: in a slice out of memory none is longer than this, or
/// has the fewest rows; in a merged one, whose clusters have the rows of its smallest, a few times.
const BYTES_MAX: usize = 32 << 20;

/// The rows of a slice's clusters, given the length of each record in the order of rows.
pub(crate) fn rows_for(record_bytes: &[usize]) -> u32 {
    let longest = |rows: u32| {
        let clusters = record_bytes.chunks(rows as usize);
        clusters.map(|cluster| cluster.iter().sum::<usize>()).max().unwrap_or_default()
    };
    let mut rows = ROWS_MAX;
    while rows > ROWS_MIN && longest(rows) > BYTES_MAX {
        rows /= 2;
    }
    rows
}

/// Whether a slice's clusters can have so many rows.
pub(crate) fn is_size(rows: u64) -> bool {
    rows.is_power_of_two() && (u64::from(ROWS_MIN)..=u64::from(ROWS_MAX)).contains(&rows)
}

/// Which row of a cluster lies at each place of it, given all its rows in their order.
pub(crate) fn arrange(rows: impl Iterator<Item = Likeness>) -> Vec<u16> {
    // Rows that are alike keep their order in time.
    let mut order: Vec<_> = rows.zip(0_u16..).collect();
    debug_assert!(order.len() <= ROWS_MAX as usize, "a cluster's rows");
    order.sort_unstable();
    order.into_iter().map(|(_, row)| row).collect()
}

/// The place of each row, out of the row at each place, or the other way around; `None` if these
/// numbers are not those of a cluster, each once.
pub(crate) fn inverse(order: &[u16]) -> Option<Vec<u16>> {
    const UNSET: u16 = u16::MAX;
    let mut inverse = vec![UNSET; order.len()];
    for (number, at) in order.iter().enumerate() {
        let slot = inverse.get_mut(usize::from(*at)).filter(|slot| **slot == UNSET)?;
        *slot = number as u16;
    }
    Some(inverse)
}

#[cfg(test)]
mod tests {
    use cairn_event::Likeness;
    use cairn_event::likeness::Traits;

    use super::{BYTES_MAX, ROWS_MAX, ROWS_MIN, arrange, inverse, is_size, rows_for};

    #[test]
    fn alike_rows_lie_together_in_the_order_of_time() {
        let names = ["Put", "Get", "List"];
        let calls = names.iter().cycle().take(60);
        let order =
            arrange(calls.map(|name| {
                Likeness::new(&Traits { event_name: Some(name), ..Traits::default() })
            }));
        for run in order.chunks(20) {
            assert!(run.windows(2).all(|pair| pair[0] + 3 == pair[1]), "{order:?}");
        }
    }

    #[test]
    fn places_and_rows_tell_one_another() {
        let order = [1, 4, 2, 3, 0];
        let places = inverse(&order).unwrap();
        assert_eq!(places, [4, 0, 2, 3, 1]);
        assert_eq!(inverse(&places).unwrap(), order);
        assert_eq!(inverse(&[0, 0]), None);
        assert_eq!(inverse(&[0, 2]), None);
        assert_eq!(inverse(&[]), Some(Vec::new()));
    }

    #[test]
    fn clusters_of_long_records_have_fewer_rows() {
        assert_eq!(rows_for(&[]), ROWS_MAX);
        assert_eq!(rows_for(&vec![1_500; 20_000]), ROWS_MAX);
        let mut bytes = vec![1_500; 20_000];
        bytes[9_000..9_100].fill(1 << 20);
        assert_eq!(rows_for(&bytes), ROWS_MIN);
        bytes[9_000..9_300].fill(200 << 10);
        let rows = rows_for(&bytes);
        assert!(rows > ROWS_MIN && rows < ROWS_MAX, "{rows}");
        let clusters = bytes.chunks(rows as usize);
        assert!(clusters.map(|one| one.iter().sum::<usize>()).max().unwrap() <= BYTES_MAX);
        assert!(is_size(u64::from(rows)) && !is_size(0) && !is_size(100) && !is_size(1 << 14));
    }
}
