//! A bucket in memory, for tests.

use std::collections::BTreeMap;
use std::sync::Arc;

use cairn_event::Timestamp;

use super::{Admit, Bucket, Listed, Metadata, Object, ReadError, Show};

/// An object of the bucket.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kept {
    pub(crate) content: Vec<u8>,
    pub(crate) metadata: Metadata,
    pub(crate) modified: Timestamp,
}

/// A bucket in memory.
#[derive(Clone, Debug)]
pub(crate) struct MemoryBucket {
    pub(crate) name: String,
    pub(crate) objects: BTreeMap<String, Kept>,
    pub(crate) siblings: Vec<Arc<MemoryBucket>>,
    /// Whether it is a plain copy.
    pub(crate) is_copy: bool,
}

impl Bucket for MemoryBucket {
    fn name(&self) -> Option<&str> {
        (!self.is_copy).then_some(&self.name)
    }

    fn keeps_metadata(&self) -> bool {
        !self.is_copy
    }

    fn tells_time(&self) -> bool {
        !self.is_copy
    }

    fn reads_at_once(&self) -> usize {
        3
    }

    fn list(&self, prefix: &str, show: &mut Show<'_>) -> Result<(), ReadError> {
        for (key, kept) in self.objects.iter().filter(|(key, _)| key.starts_with(prefix)) {
            let bytes = kept.content.len() as u64;
            let listed = Listed { key: key.clone(), bytes, modified: Some(kept.modified) };
            if show(listed).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn read_after(&self, key: &str, admit: &mut Admit<'_>) -> Result<Object, ReadError> {
        let kept = self.objects.get(key).ok_or(ReadError::Missing)?;
        admit(kept.content.len() as u64);
        let metadata = if self.is_copy { Metadata::default() } else { kept.metadata.clone() };
        Ok(Object { content: kept.content.clone(), metadata })
    }

    fn sibling(&self, name: &str) -> Option<Arc<dyn Bucket>> {
        let found = self.siblings.iter().find(|bucket| bucket.name == name)?;
        Some(Arc::clone(found) as Arc<dyn Bucket>)
    }
}
