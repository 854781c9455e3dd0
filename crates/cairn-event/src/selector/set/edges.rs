//! Texts in order, each with what happens to a value that is the text or begins with it.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::bits::IdSet;

/// What a value does to the rules of a field.
#[derive(Debug, Default)]
pub(super) struct Effect {
    /// Rules for which it is one of the wanted values.
    pub(super) takes: IdSet,
    /// Rules that it is refused by.
    pub(super) refuses: IdSet,
}

/// From which end texts are compared.
#[derive(Clone, Copy, Debug)]
pub(super) enum End {
    Front,
    Back,
}

/// The rules of one text while it is collected.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) whole_takes: Vec<u32>,
    pub(super) whole_refuses: Vec<u32>,
    pub(super) edge_takes: Vec<u32>,
    pub(super) edge_refuses: Vec<u32>,
}

#[derive(Debug)]
struct Entry {
    text: Box<str>,
    /// The longest other entry with an edge that this text begins with.
    parent: Option<usize>,
    whole: Option<Box<Effect>>,
    edge: Option<Box<Effect>>,
}

/// The texts of a field, in the order of their bytes from one end.
#[derive(Debug)]
pub(super) struct Edges {
    end: End,
    /// How many bytes all texts have in common: most ARNs of one type begin alike.
    shared: usize,
    /// The bytes after those, in the order of the entries; the search stays in these as far as it
    /// can, and so in few lines of cache.
    keys: Vec<u64>,
    entries: Vec<Entry>,
}

impl Edges {
    pub(super) fn compile(end: End, drafts: BTreeMap<Box<str>, Draft>, words: usize) -> Self {
        let effect = |takes: &[u32], refuses: &[u32]| {
            let is_used = !takes.is_empty() || !refuses.is_empty();
            is_used.then(|| {
                let set = |ids| IdSet::new(ids, words);
                Box::new(Effect { takes: set(takes), refuses: set(refuses) })
            })
        };
        let entry = |(text, draft): (Box<str>, Draft)| Entry {
            text,
            parent: None,
            whole: effect(&draft.whole_takes, &draft.whole_refuses),
            edge: effect(&draft.edge_takes, &draft.edge_refuses),
        };
        let mut entries: Vec<Entry> = drafts.into_iter().map(entry).collect();
        entries.sort_unstable_by(|one, other| end.compare(&one.text, &other.text));
        // Texts that begin alike follow each other, so the open ones are a stack.
        let mut open: Vec<(usize, Box<str>)> = Vec::new();
        for (at, entry) in entries.iter_mut().enumerate() {
            while open.last().is_some_and(|(_, text)| !end.begins(&entry.text, text)) {
                open.pop();
            }
            entry.parent = open.last().map(|(parent, _)| *parent);
            if entry.edge.is_some() {
                open.push((at, entry.text.clone()));
            }
        }
        // In order, what the first and the last have in common all have.
        let ends = entries.first().zip(entries.last());
        let shared = ends.map_or(0, |(first, last)| end.shared(&first.text, &last.text));
        let keys = entries.iter().map(|entry| end.key(&entry.text, shared)).collect();
        Self { end, shared, keys, entries }
    }

    /// The last entry that does not come after a value, if the value begins as all texts do.
    fn predecessor(&self, value: &str) -> Option<&Entry> {
        let first = self.entries.first()?;
        if self.end.shared(&first.text, value) < self.shared {
            return None;
        }
        let key = self.end.key(value, self.shared);
        let from = self.keys.partition_point(|known| *known < key);
        let alike = self.keys.get(from..)?.partition_point(|known| *known == key);
        let alike = self.entries.get(from..from + alike)?;
        let until = from + alike.partition_point(|e| self.end.compare(&e.text, value).is_le());
        self.entries.get(until.checked_sub(1)?)
    }

    /// Shows what a value does: as a whole, and by each text that it begins with.
    ///
    /// Every text that the value begins with comes before it in order, and so does what lies
    /// between the two, which begins with the text as well. So all of them are the value's nearest
    /// predecessor and its parents, from the first on that the value begins with.
    pub(super) fn visit<'s>(&'s self, value: &str, mut show: impl FnMut(&'s Effect)) {
        let end = self.end;
        let mut entry = self.predecessor(value);
        if let Some(Entry { text, whole: Some(effect), .. }) = entry
            && **text == *value
        {
            show(effect);
        }
        while let Some(Entry { text, parent, edge, .. }) = entry {
            if let Some(effect) = edge
                && end.begins(value, text)
            {
                show(effect);
            }
            entry = parent.and_then(|at| self.entries.get(at));
        }
    }
}

impl End {
    fn compare(self, one: &str, other: &str) -> Ordering {
        match self {
            Self::Front => one.cmp(other),
            Self::Back => one.bytes().rev().cmp(other.bytes().rev()),
        }
    }

    /// How many bytes two texts have in common.
    fn shared(self, one: &str, other: &str) -> usize {
        let both = |(one, other): &(u8, u8)| one == other;
        match self {
            Self::Front => one.bytes().zip(other.bytes()).take_while(both).count(),
            Self::Back => one.bytes().rev().zip(other.bytes().rev()).take_while(both).count(),
        }
    }

    /// The eight bytes after the first `skip`, as a number in the order of texts. Zeros stand for
    /// bytes that a text lacks, so equal numbers say nothing yet.
    fn key(self, text: &str, skip: usize) -> u64 {
        let mut key = [0; 8];
        let fill = |(into, byte): (&mut u8, u8)| *into = byte;
        match self {
            Self::Front => key.iter_mut().zip(text.bytes().skip(skip)).for_each(fill),
            Self::Back => key.iter_mut().zip(text.bytes().rev().skip(skip)).for_each(fill),
        }
        u64::from_be_bytes(key)
    }

    fn begins(self, text: &str, with: &str) -> bool {
        match self {
            Self::Front => text.starts_with(with),
            Self::Back => text.ends_with(with),
        }
    }
}
