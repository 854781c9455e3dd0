//! Lists that come in pages.

use super::KmsFault;

/// What is asked of a list, in the members that all lists have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    pub(super) limit: usize,
}

impl Wanted {
    /// The length of a page: what the caller says (the model has checked it), or the default.
    pub(super) fn of(limit: Option<i64>, default: usize) -> Self {
        Self { limit: limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(default) }
    }
}

/// A page of a list that is here as a whole, from behind the marker on, which is the number of
/// entries before it; and the next marker.
pub(super) fn slice<T: Clone>(
    all: &[T],
    marker: Option<&str>,
    wanted: Wanted,
) -> Result<(Vec<T>, Option<String>), KmsFault> {
    let from: usize = marker
        .map_or(Ok(0), str::parse)
        .ok()
        .filter(|from| *from <= all.len())
        .ok_or(KmsFault::InvalidMarker)?;
    let to = from.saturating_add(wanted.limit).min(all.len());
    let next = (to < all.len()).then(|| to.to_string());
    Ok((all.get(from..to).unwrap_or_default().to_vec(), next))
}
