//! The memory that requests hold while they are read and answered, as one sum for the process.
//!
//! A limit for each body alone is none for the sum: a thousand callers that nobody has identified
//! yet would each hold the largest one. Callers who name no key of ours share a part of the sum, so
//! they cannot take it all from those who do.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::limits::{BUFFERED_BYTES_MAX, STRANGERS_BYTES_MAX};

/// What all requests under way may hold.
#[derive(Debug, Default)]
pub(crate) struct Budget {
    all: AtomicUsize,
    strangers: AtomicUsize,
}

impl Budget {
    /// The share of one request, empty yet. A stranger names no key that we know.
    pub(crate) fn share(self: &Arc<Self>, is_stranger: bool) -> Share {
        Share { budget: Arc::clone(self), is_stranger, held: AtomicUsize::new(0) }
    }
}

/// What one request holds; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Share {
    budget: Arc<Budget>,
    is_stranger: bool,
    held: AtomicUsize,
}

impl Share {
    /// Whether the request names no key that we know.
    pub(crate) fn is_strangers(&self) -> bool {
        self.is_stranger
    }

    /// Takes so many bytes more; `false`, and nothing taken, when they are not there.
    #[must_use]
    pub(crate) fn take(&self, bytes: usize) -> bool {
        if self.is_stranger && !add(&self.budget.strangers, bytes, STRANGERS_BYTES_MAX) {
            return false;
        }
        if !add(&self.budget.all, bytes, BUFFERED_BYTES_MAX) {
            if self.is_stranger {
                self.budget.strangers.fetch_sub(bytes, Ordering::Relaxed);
            }
            return false;
        }
        self.held.fetch_add(bytes, Ordering::Relaxed);
        true
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let held = *self.held.get_mut();
        self.budget.all.fetch_sub(held, Ordering::Relaxed);
        if self.is_stranger {
            self.budget.strangers.fetch_sub(held, Ordering::Relaxed);
        }
    }
}

fn add(sum: &AtomicUsize, bytes: usize, max: usize) -> bool {
    let added = |now: usize| now.checked_add(bytes).filter(|sum| *sum <= max);
    sum.fetch_update(Ordering::Relaxed, Ordering::Relaxed, added).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_cannot_take_everything() {
        let budget = Arc::new(Budget::default());
        let stranger = budget.share(true);
        assert!(stranger.take(STRANGERS_BYTES_MAX));
        assert!(!stranger.take(1));
        assert!(!budget.share(true).take(1));
        let known = budget.share(false);
        assert!(known.take(BUFFERED_BYTES_MAX - STRANGERS_BYTES_MAX));
        assert!(!known.take(1));
    }

    #[test]
    fn what_was_held_comes_back() {
        let budget = Arc::new(Budget::default());
        let share = budget.share(true);
        assert!(share.take(STRANGERS_BYTES_MAX));
        assert!(!share.take(usize::MAX));
        drop(share);
        let known = budget.share(false);
        assert!(known.take(BUFFERED_BYTES_MAX));
        // Refused for want of the whole sum: its part of the strangers' is given back, too.
        assert!(!budget.share(true).take(STRANGERS_BYTES_MAX));
        drop(known);
        assert!(budget.share(true).take(STRANGERS_BYTES_MAX));
    }
}
