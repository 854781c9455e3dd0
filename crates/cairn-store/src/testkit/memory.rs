//! Small values in memory, for tests that make so many changes that a disk would be in the way.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use bytes::Bytes;

use crate::meta::{
    Changes, Key, KeyPrefix, LIST_ENTRIES_MAX, MetaError, MetaStore, MetaWatch, VALUE_BYTES_MAX,
    Version, Versioned,
};

/// A [`MetaStore`] in memory: what a crash leaves of it is all of it.
#[derive(Debug)]
pub struct MemoryMeta {
    entries: Mutex<Entries>,
    changes: Changes,
}

#[derive(Debug, Default)]
struct Entries {
    values: BTreeMap<String, Versioned>,
    changes: u64,
}

impl MemoryMeta {
    /// An empty store.
    pub fn new() -> Self {
        Self { entries: Mutex::default(), changes: Changes::new() }
    }

    fn change(
        &self,
        key: &Key,
        expected: Option<Version>,
        value: Option<Bytes>,
    ) -> Result<Version, MetaError> {
        let mut entries = self.entries.lock().unwrap();
        if entries.values.get(key.as_str()).map(|found| found.version) != expected {
            return Err(MetaError::Conflict { key: key.clone() });
        }
        entries.changes += 1;
        let version = Version::new(entries.changes);
        match value {
            Some(value) => {
                entries.values.insert(key.as_str().to_owned(), Versioned { version, value });
            }
            None => {
                entries.values.remove(key.as_str());
            }
        }
        drop(entries);
        self.changes.notify(key);
        Ok(version)
    }
}

impl Default for MemoryMeta {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl MetaStore for MemoryMeta {
    async fn get(&self, key: &Key) -> Result<Option<Versioned>, MetaError> {
        Ok(self.entries.lock().unwrap().values.get(key.as_str()).cloned())
    }

    async fn swap(
        &self,
        key: &Key,
        expected: Option<Version>,
        value: Bytes,
    ) -> Result<Version, MetaError> {
        if value.len() > VALUE_BYTES_MAX {
            return Err(MetaError::TooLarge { bytes: value.len() });
        }
        self.change(key, expected, Some(value))
    }

    async fn remove(&self, key: &Key, expected: Version) -> Result<(), MetaError> {
        self.change(key, Some(expected), None).map(drop)
    }

    async fn list(
        &self,
        prefix: &KeyPrefix,
        after: Option<&Key>,
        limit: usize,
    ) -> Result<Vec<(Key, Versioned)>, MetaError> {
        let entries = self.entries.lock().unwrap();
        let after = after.map_or("", Key::as_str);
        let range = entries.values.range(prefix.as_str().to_owned()..);
        let listed = range
            .take_while(|(key, _)| key.starts_with(prefix.as_str()))
            .filter(|(key, _)| key.as_str() > after)
            .take(limit.min(LIST_ENTRIES_MAX));
        listed.map(|(key, value)| Ok((Key::parse(key)?, value.clone()))).collect()
    }

    fn watch(&self, prefix: &KeyPrefix) -> MetaWatch {
        self.changes.watch(prefix)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::MemoryMeta;
    use crate::meta::MetaStore;
    use crate::testkit::meta_store_contract;

    #[tokio::test]
    async fn the_contract_holds() {
        let meta = Arc::new(MemoryMeta::new());
        meta_store_contract(|| Arc::clone(&meta) as Arc<dyn MetaStore>).await;
    }
}
