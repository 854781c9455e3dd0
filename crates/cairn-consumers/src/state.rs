//! Documents in small state: JSON, replaced by compare-and-swap.

use bytes::Bytes;
use cairn_store::{Key, KeyPrefix, MetaStore, Version, Versioned};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::worker::StepError;

/// How many entries are asked for at once.
const LIST_ENTRIES: usize = 500;

/// Reads a document.
pub(crate) fn parse<T: DeserializeOwned>(key: &str, value: &[u8]) -> Result<T, StepError> {
    serde_json::from_slice(value)
        .map_err(|error| StepError::Document { key: key.to_owned(), error })
}

/// The document under a key, and its version.
pub(crate) async fn get<T: DeserializeOwned>(
    meta: &dyn MetaStore,
    key: &str,
) -> Result<Option<(T, Version)>, StepError> {
    let Some(found) = meta.get(&Key::parse(key)?).await? else { return Ok(None) };
    Ok(Some((parse(key, &found.value)?, found.version)))
}

/// Puts a document in the place of the version that was read.
pub(crate) async fn put<T: Serialize + Sync>(
    meta: &dyn MetaStore,
    key: &str,
    expected: Option<Version>,
    document: &T,
) -> Result<Version, StepError> {
    let text = serde_json::to_vec(document)
        .map_err(|error| StepError::Document { key: key.to_owned(), error })?;
    Ok(meta.swap(&Key::parse(key)?, expected, Bytes::from(text)).await?)
}

/// Everything under a prefix, in the order of its keys.
pub(crate) async fn list(
    meta: &dyn MetaStore,
    prefix: &str,
) -> Result<Vec<(Key, Versioned)>, StepError> {
    let prefix = KeyPrefix::new(prefix);
    let mut found: Vec<(Key, Versioned)> = Vec::new();
    loop {
        let after = found.last().map(|(key, _)| key.clone());
        let page = meta.list(&prefix, after.as_ref(), LIST_ENTRIES).await?;
        let is_last = page.len() < LIST_ENTRIES;
        found.extend(page);
        if is_last {
            return Ok(found);
        }
    }
}
