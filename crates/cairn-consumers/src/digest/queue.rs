//! What is due when: by time, without looking at what is not.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use cairn_event::{Region, Timestamp};

/// What can be due: the chain of a trail in a region, or, without one, a deleted trail of which
/// nothing may be left.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Item {
    pub trail: String,
    pub region: Option<Region>,
}

/// Items by the time at which they are due.
#[derive(Debug, Default)]
pub(super) struct Queue {
    due: BTreeSet<(Timestamp, Item)>,
    known: HashMap<String, BTreeMap<Option<Region>, Option<Timestamp>>>,
}

impl Item {
    pub fn chain(trail: &str, region: &Region) -> Self {
        Self { trail: trail.to_owned(), region: Some(region.clone()) }
    }

    pub fn gone(trail: &str) -> Self {
        Self { trail: trail.to_owned(), region: None }
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.region {
            Some(region) => write!(f, "{}/{region}", self.trail),
            None => f.write_str(&self.trail),
        }
    }
}

impl Queue {
    /// Has an item looked at then, and not before; never, if there is no time.
    pub fn set(&mut self, item: Item, at: Option<Timestamp>) {
        let regions = self.known.entry(item.trail.clone()).or_default();
        if let Some(Some(before)) = regions.insert(item.region.clone(), at) {
            self.due.remove(&(before, item.clone()));
        }
        if let Some(at) = at {
            self.due.insert((at, item));
        }
    }

    /// Has an item looked at by then at the latest.
    pub fn by(&mut self, item: Item, at: Timestamp) {
        if self.time(&item).is_none_or(|known| at < known) {
            self.set(item, Some(at));
        }
    }

    /// Takes the item that has been due for longest. It stays known, without a time.
    pub fn pop(&mut self, now: Timestamp) -> Option<(Timestamp, Item)> {
        self.due.first().filter(|(at, _)| *at <= now)?;
        let (at, item) = self.due.pop_first()?;
        self.known.entry(item.trail.clone()).or_default().insert(item.region.clone(), None);
        Some((at, item))
    }

    /// When the first item is due.
    pub fn next(&self) -> Option<Timestamp> {
        self.due.first().map(|(at, _)| *at)
    }

    /// When an item is due.
    pub fn time(&self, item: &Item) -> Option<Timestamp> {
        self.known.get(&item.trail)?.get(&item.region).copied().flatten()
    }

    /// Forgets a trail and its chains.
    pub fn forget(&mut self, trail: &str) {
        for (region, at) in self.known.remove(trail).unwrap_or_default() {
            if let Some(at) = at {
                self.due.remove(&(at, Item { trail: trail.to_owned(), region }));
            }
        }
    }

    /// The regions in which a trail has or had a chain.
    pub fn regions(&self, trail: &str) -> Vec<Region> {
        let known = self.known.get(trail);
        known.into_iter().flat_map(BTreeMap::keys).flatten().cloned().collect()
    }

    /// How many chains there are or were.
    pub fn chains(&self) -> usize {
        self.known.values().flat_map(BTreeMap::keys).flatten().count()
    }
}
