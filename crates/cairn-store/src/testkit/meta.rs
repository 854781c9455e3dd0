//! The contract of `MetaStore`, number by number.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use super::TRIES_MAX;
use crate::meta::{
    Key, KeyPrefix, LIST_ENTRIES_MAX, MetaError, MetaStore, VALUE_BYTES_MAX, Version, Versioned,
};

/// Checks every number of the contract of [`MetaStore`]. `open` opens the store under test, empty
/// at first; every later call opens the same store again, after the one before was dropped.
pub async fn meta_store_contract(open: impl FnMut() -> Arc<dyn MetaStore>) {
    let mut subject = Subject::new(open);
    versions_guard_values(&mut subject).await;
    one_of_many_wins(&mut subject).await;
    versions_are_never_used_again(&mut subject).await;
    values_have_a_limit(&mut subject).await;
    lists_are_in_order(&mut subject).await;
    watches_miss_nothing(&mut subject).await;
    subject.reopen();
    subject.check_all().await;
}

/// The store under test, and what must be in it.
struct Subject<F> {
    open: F,
    store: Option<Arc<dyn MetaStore>>,
    values: BTreeMap<Key, Versioned>,
    latest: Version,
}

fn key(text: &str) -> Key {
    Key::parse(text).unwrap()
}

impl<F: FnMut() -> Arc<dyn MetaStore>> Subject<F> {
    fn new(mut open: F) -> Self {
        let store = Some(open());
        Self { open, store, values: BTreeMap::new(), latest: Version::new(0) }
    }

    fn store(&self) -> &Arc<dyn MetaStore> {
        self.store.as_ref().unwrap()
    }

    fn reopen(&mut self) {
        self.store = None;
        self.store = Some((self.open)());
    }

    fn version(&self, key: &Key) -> Option<Version> {
        self.values.get(key).map(|value| value.version)
    }

    /// Swaps as a careful caller does: after an unknown outcome it looks.
    async fn swap(&mut self, key: &Key, value: Bytes) -> Version {
        let before = self.version(key);
        for _ in 0..TRIES_MAX {
            let found = match self.store().swap(key, before, value.clone()).await {
                Ok(version) => Some(Versioned { version, value: value.clone() }),
                Err(MetaError::Unknown { .. }) => self.store().get(key).await.unwrap(),
                Err(MetaError::Full | MetaError::Unavailable { .. }) => {
                    let found = self.store().get(key).await.unwrap();
                    assert_eq!(found.map(|found| found.version), before, "3: it did not happen");
                    continue;
                }
                Err(error) => panic!("a swap that must work: {error}"),
            };
            let version = found.as_ref().map(|found| found.version);
            if version == before {
                continue;
            }
            let found = found.unwrap();
            assert_eq!(found.value, value, "3: the old or the new value");
            assert!(found.version > self.latest, "5: versions rise");
            self.latest = found.version;
            self.values.insert(key.clone(), found);
            return self.latest;
        }
        panic!("no swap in {TRIES_MAX} tries");
    }

    async fn remove(&mut self, key: &Key) {
        let version = self.version(key).unwrap();
        for _ in 0..TRIES_MAX {
            match self.store().remove(key, version).await {
                Ok(()) => {}
                Err(MetaError::Full | MetaError::Unavailable { .. }) => continue,
                Err(MetaError::Unknown { .. }) => {
                    if self.store().get(key).await.unwrap().is_some() {
                        continue;
                    }
                }
                Err(error) => panic!("a removal that must work: {error}"),
            }
            assert_eq!(self.store().get(key).await.unwrap(), None, "4: gone");
            self.values.remove(key);
            return;
        }
        panic!("no removal in {TRIES_MAX} tries");
    }

    async fn check_all(&self) {
        let mut found = Vec::new();
        loop {
            let after = found.last().map(|(key, _): &(Key, Versioned)| key);
            let page = self.store().list(&KeyPrefix::default(), after, 7).await.unwrap();
            let last = page.len() < 7;
            found.extend(page);
            if last {
                break;
            }
        }
        let expected: Vec<_> = self.values.clone().into_iter().collect();
        assert_eq!(found, expected, "2, 4, 7: everything, in order");
    }
}

async fn versions_guard_values<F: FnMut() -> Arc<dyn MetaStore>>(subject: &mut Subject<F>) {
    let key = key("trail/us-east-1/audit");
    assert_eq!(subject.store().get(&key).await.unwrap(), None);
    let first = subject.swap(&key, Bytes::from_static(b"one")).await;
    let second = subject.swap(&key, Bytes::new()).await;
    for stale in [None, Some(first), Some(Version::new(second.as_u64() + 1))] {
        for _ in 0..TRIES_MAX {
            let outcome = subject.store().swap(&key, stale, Bytes::from_static(b"two")).await;
            if let Err(MetaError::Conflict { key: named }) = &outcome {
                assert_eq!(named, &key);
                break;
            }
            assert!(outcome.is_err(), "1: only the expected version");
        }
    }
    assert!(subject.store().remove(&key, first).await.is_err(), "1: only the expected version");
    let found = subject.store().get(&key).await.unwrap();
    assert_eq!(found, subject.values.get(&key).cloned(), "1: nothing has changed");
    subject.reopen();
    subject.check_all().await;
}

async fn one_of_many_wins<F: FnMut() -> Arc<dyn MetaStore>>(subject: &mut Subject<F>) {
    let key = key("cursor/history");
    for _ in 0..10 {
        let before = subject.version(&key);
        let mut racers = Vec::new();
        for racer in 0..8 {
            let (store, key) = (Arc::clone(subject.store()), key.clone());
            racers.push(tokio::spawn(async move {
                store.swap(&key, before, Bytes::from(format!("racer {racer}"))).await.ok()
            }));
        }
        let mut winners = Vec::new();
        for racer in racers {
            winners.extend(racer.await.unwrap());
        }
        assert!(winners.len() <= 1, "1: at most one wins");
        let Some(found) = subject.store().get(&key).await.unwrap() else { continue };
        assert!(winners.iter().all(|version| *version == found.version), "4");
        subject.latest = subject.latest.max(found.version);
        subject.values.insert(key.clone(), found);
    }
}

async fn versions_are_never_used_again<F: FnMut() -> Arc<dyn MetaStore>>(subject: &mut Subject<F>) {
    let key = key("alarm/root-use");
    let first = subject.swap(&key, Bytes::from_static(b"one")).await;
    subject.remove(&key).await;
    subject.reopen();
    let second = subject.swap(&key, Bytes::from_static(b"two")).await;
    assert!(second > first, "5: not even after a removal");
    assert!(subject.store().remove(&key, first).await.is_err());
    subject.remove(&key).await;
}

async fn values_have_a_limit<F: FnMut() -> Arc<dyn MetaStore>>(subject: &mut Subject<F>) {
    let key = key("large");
    subject.swap(&key, Bytes::from(vec![7; VALUE_BYTES_MAX])).await;
    let long = Bytes::from(vec![7; VALUE_BYTES_MAX + 1]);
    for _ in 0..TRIES_MAX {
        let refused = subject.store().swap(&key, subject.version(&key), long.clone()).await;
        if matches!(refused, Err(MetaError::TooLarge { bytes }) if bytes == long.len()) {
            break;
        }
        assert!(refused.is_err(), "6: refused, not cut");
    }
    subject.check_all().await;
}

async fn lists_are_in_order<F: FnMut() -> Arc<dyn MetaStore>>(subject: &mut Subject<F>) {
    for name in ["l/b", "l/a", "l/a/1", "l/ä", "l0", "l", "l/%", "l/_", "L/a"] {
        subject.swap(&key(name), Bytes::from(name.to_owned())).await;
    }
    subject.check_all().await;
    let prefix = KeyPrefix::new("l/");
    let page = subject.store().list(&prefix, None, usize::MAX).await.unwrap();
    let names: Vec<&str> = page.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(names, ["l/%", "l/_", "l/a", "l/a/1", "l/b", "l/ä"], "7: byte order");
    let page = subject.store().list(&prefix, Some(&key("l/a")), 2).await.unwrap();
    let names: Vec<&str> = page.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(names, ["l/a/1", "l/b"], "7: those after, no more than the limit");
    assert!(subject.store().list(&prefix, None, 0).await.unwrap().is_empty());
    let none = KeyPrefix::new("\u{0}");
    assert!(subject.store().list(&none, None, LIST_ENTRIES_MAX).await.unwrap().is_empty());
}

async fn watches_miss_nothing<F: FnMut() -> Arc<dyn MetaStore>>(subject: &mut Subject<F>) {
    let (watched, other) = (key("w/a"), key("x/a"));
    let mut watch = subject.store().watch(&KeyPrefix::new("w/"));
    subject.swap(&other, Bytes::new()).await;
    subject.swap(&watched, Bytes::new()).await;
    watch.changed().await;
    subject.remove(&watched).await;
    watch.changed().await;
    let mut watch = subject.store().watch(&KeyPrefix::new("w/"));
    for number in 0..1_000 {
        subject.swap(&other, Bytes::from(number.to_string())).await;
    }
    subject.swap(&watched, Bytes::new()).await;
    // However far behind, it hears of it.
    watch.changed().await;
}
