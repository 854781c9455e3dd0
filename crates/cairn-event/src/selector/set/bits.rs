//! Sets of small numbers, as lists or as bits.

/// The words that are kept on the stack: enough for some thousands of rules and trails.
const STACK_WORDS: usize = 96;

/// Lends `count` words, all zero.
pub(super) fn with_words<R>(count: usize, work: impl FnOnce(&mut [u64]) -> R) -> R {
    let mut words = [0; STACK_WORDS];
    match words.get_mut(..count) {
        Some(words) => work(words),
        None => work(&mut vec![0; count]),
    }
}

pub(super) fn set(words: &mut [u64], bit: u32) {
    if let Some(word) = words.get_mut(bit as usize / 64) {
        *word |= 1 << (bit % 64);
    }
}

fn clear(words: &mut [u64], bit: u32) {
    if let Some(word) = words.get_mut(bit as usize / 64) {
        *word &= !(1 << (bit % 64));
    }
}

/// The bits that are set, in ascending order.
pub(super) fn ones(words: &[u64]) -> impl Iterator<Item = u32> {
    (0_u32..).zip(words).flat_map(|(at, word)| {
        let mut rest = *word;
        std::iter::from_fn(move || {
            let bit = (rest != 0).then(|| rest.trailing_zeros())?;
            rest &= rest - 1;
            Some(at * 64 + bit)
        })
    })
}

/// A set that is a list where it is small against what it could hold.
#[derive(Debug)]
pub(super) enum IdSet {
    Few(Box<[u32]>),
    Many(Box<[u64]>),
}

impl Default for IdSet {
    fn default() -> Self {
        Self::Few(Box::default())
    }
}

impl IdSet {
    /// Of numbers below 64 times `words`.
    pub(super) fn new(ids: &[u32], words: usize) -> Self {
        if ids.len() <= words {
            return Self::Few(ids.into());
        }
        let mut bits = vec![0; words];
        for id in ids {
            set(&mut bits, *id);
        }
        Self::Many(bits.into())
    }

    /// Adds it to a set.
    pub(super) fn add_to(&self, words: &mut [u64]) {
        match self {
            Self::Few(ids) => ids.iter().for_each(|id| set(words, *id)),
            Self::Many(bits) => words.iter_mut().zip(bits).for_each(|(word, bits)| *word |= bits),
        }
    }

    /// Takes it out of a set.
    pub(super) fn remove_from(&self, words: &mut [u64]) {
        match self {
            Self::Few(ids) => ids.iter().for_each(|id| clear(words, *id)),
            Self::Many(bits) => words.iter_mut().zip(bits).for_each(|(word, bits)| *word &= !bits),
        }
    }
}

/// The trails found for a record. The first whole answer stays a list: mostly it is the only one.
pub(super) struct Found<'s, 'w> {
    first: &'s [u32],
    words: &'w mut [u64],
    is_mixed: bool,
}

impl<'s, 'w> Found<'s, 'w> {
    pub(super) fn new(words: &'w mut [u64]) -> Self {
        Self { first: &[], words, is_mixed: false }
    }

    /// Adds an answer in ascending order.
    pub(super) fn add(&mut self, trails: &'s [u32]) {
        if self.is_mixed {
            for trail in trails {
                set(self.words, *trail);
            }
        } else if self.first.is_empty() {
            self.first = trails;
        } else if !trails.is_empty() {
            self.mix();
            self.add(trails);
        }
    }

    /// The bits of the trails, to add to.
    pub(super) fn mix(&mut self) -> &mut [u64] {
        if !self.is_mixed {
            self.is_mixed = true;
            for trail in self.first {
                set(self.words, *trail);
            }
        }
        self.words
    }

    /// Appends all that was found, in ascending order.
    pub(super) fn take(self, trails: &mut Vec<u32>) {
        if self.is_mixed {
            trails.extend(ones(self.words));
        } else {
            trails.extend_from_slice(self.first);
        }
    }
}
