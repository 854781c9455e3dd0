//! Which runs of the log came in by import: no trail delivers them.
//!
//! A run is noted before its first record is appended, without an end, and gets its end when the
//! import is done. Whoever opens the directory after an import was killed closes what is open at the
//! end of the log, before anything else is appended.

use cairn_store::{Key, KeyPrefix, MetaError, MetaStore, Offset, Version};

/// Where the runs are: the key ends with the first offset, the value is the offset after the last.
const PREFIX: &str = "import/range/";
/// Stands for an end that is not known yet.
const OPEN: Offset = Offset::new(u64::MAX);
/// Entries that are read at once.
const PAGE_ENTRIES: usize = 500;

/// A run that is being imported.
#[derive(Debug)]
pub(crate) struct OpenRange {
    key: Key,
    version: Version,
}

impl OpenRange {
    /// Notes that what is appended from here on is imported.
    pub(crate) async fn begin(meta: &dyn MetaStore, from: Offset) -> Result<Self, MetaError> {
        let key = Key::parse(&format!("{PREFIX}{:020}", from.as_u64()))?;
        let expected = meta.get(&key).await?.map(|found| found.version);
        let version = meta.swap(&key, expected, value(OPEN)).await?;
        Ok(Self { key, version })
    }

    /// Notes where the run ends.
    pub(crate) async fn end(self, meta: &dyn MetaStore, end: Offset) -> Result<(), MetaError> {
        close(meta, &self.key, self.version, end).await
    }
}

/// Closes runs that an import left open which did not come to its end.
pub(crate) async fn settle(meta: &dyn MetaStore, end: Offset) -> Result<(), MetaError> {
    let (prefix, mut after) = (KeyPrefix::new(PREFIX), None);
    loop {
        let page = meta.list(&prefix, after.as_ref(), PAGE_ENTRIES).await?;
        let Some((last, _)) = page.last() else { return Ok(()) };
        after = Some(last.clone());
        for (key, found) in page {
            if found.value == value(OPEN) {
                close(meta, &key, found.version, end).await?;
            }
        }
    }
}

/// A run that turns out to be empty is no run.
async fn close(
    meta: &dyn MetaStore,
    key: &Key,
    version: Version,
    end: Offset,
) -> Result<(), MetaError> {
    let from = key.as_str().trim_start_matches(PREFIX).parse::<u64>().unwrap_or_default();
    if end.as_u64() <= from {
        meta.remove(key, version).await
    } else {
        meta.swap(key, Some(version), value(end)).await.map(|_| ())
    }
}

fn value(offset: Offset) -> bytes::Bytes {
    offset.as_u64().to_string().into()
}

#[cfg(test)]
mod tests {
    use cairn_store::{KeyPrefix, MetaStore as _, Offset, SqliteMeta};

    use super::{OpenRange, PREFIX, settle};

    #[tokio::test]
    async fn runs_have_an_end_also_after_a_crash() {
        let directory = tempfile::tempdir().unwrap();
        let meta = SqliteMeta::open(&directory.path().join("meta.sqlite")).unwrap();
        let at = Offset::new;
        let runs = async || -> Vec<(String, String)> {
            let listed = meta.list(&KeyPrefix::new(PREFIX), None, 10).await.unwrap();
            let text = |value: &[u8]| String::from_utf8(value.to_vec()).unwrap();
            let short =
                |key: &str| key.trim_start_matches(PREFIX).trim_start_matches('0').to_owned();
            listed.iter().map(|(key, found)| (short(key.as_str()), text(&found.value))).collect()
        };
        let run = OpenRange::begin(&meta, at(5)).await.unwrap();
        run.end(&meta, at(9)).await.unwrap();
        OpenRange::begin(&meta, at(9)).await.unwrap().end(&meta, at(9)).await.unwrap();
        OpenRange::begin(&meta, at(20)).await.unwrap();
        assert_eq!(runs().await[1].1, u64::MAX.to_string());
        settle(&meta, at(23)).await.unwrap();
        let wanted = [("5", "9"), ("20", "23")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        assert_eq!(runs().await, wanted);
        // One that was killed before it appended anything.
        OpenRange::begin(&meta, at(23)).await.unwrap();
        settle(&meta, at(23)).await.unwrap();
        assert_eq!(runs().await, wanted);
    }
}
