//! A bucket of the embedded S3, in the data directory of a stopped server.

use std::ops::{Bound, ControlFlow};
use std::sync::Arc;

use anyhow::Context as _;
use cairn_store::envelope::{ENCRYPTION, ENCRYPTION_KMS};
use cairn_store::objects::{LIST_OBJECTS_MAX, READ_BYTES_MAX};
use cairn_store::{ListQuery, ObjectName, Objects};
use tokio::runtime::Runtime;

use super::{Admit, Bucket, Listed, Metadata, OBJECT_BYTES_MAX, Object, ReadError, Show};

/// A bucket of the embedded S3.
#[derive(Debug)]
pub(crate) struct EmbeddedBucket {
    name: String,
    objects: Arc<dyn Objects>,
    /// Whether what is encrypted under keys is read in the plain.
    is_plain: bool,
    runtime: Arc<Runtime>,
}

impl EmbeddedBucket {
    /// A bucket in a store.
    pub(crate) fn open(
        name: &str,
        objects: Arc<dyn Objects>,
        is_plain: bool,
    ) -> anyhow::Result<Self> {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = Arc::new(runtime.worker_threads(1).build()?);
        Ok(Self { name: name.to_owned(), objects, is_plain, runtime })
    }

    async fn page(
        &self,
        prefix: &[u8],
        from: Bound<Vec<u8>>,
    ) -> anyhow::Result<Vec<(Vec<u8>, Listed)>> {
        let query = ListQuery { prefix: prefix.to_vec(), from, limit: LIST_OBJECTS_MAX };
        let heads = self.objects.list(&query).await?;
        let listed = heads.into_iter().map(|head| {
            let name = head.name.as_bytes().to_vec();
            let key = name.get(self.name.len() + 1..).unwrap_or_default();
            let key = String::from_utf8_lossy(key).into_owned();
            (name, Listed { key, bytes: head.bytes, modified: Some(head.modified) })
        });
        Ok(listed.collect())
    }

    async fn whole(
        &self,
        key: &str,
        admit: &mut Admit<'_>,
    ) -> anyhow::Result<Option<Result<Object, ReadError>>> {
        let Ok(name) = ObjectName::new(format!("{}/{key}", self.name)) else { return Ok(None) };
        let Some(reader) = self.objects.open(&name).await? else { return Ok(None) };
        let head = reader.head();
        if head.bytes > OBJECT_BYTES_MAX as u64 {
            return Ok(Some(Err(ReadError::TooLarge)));
        }
        if !self.is_plain && head.attributes.header(ENCRYPTION) == Some(ENCRYPTION_KMS) {
            anyhow::bail!("it is encrypted under a key of the server");
        }
        let pairs = head.attributes.user.iter();
        let metadata = Metadata::of(pairs.map(|(name, value)| (name.as_str(), value.as_str())));
        admit(head.bytes);
        let mut content = Vec::with_capacity(head.bytes as usize);
        while (content.len() as u64) < head.bytes {
            let piece = reader.read_at(content.len() as u64, READ_BYTES_MAX).await?;
            if piece.is_empty() {
                break;
            }
            content.extend_from_slice(&piece);
        }
        Ok(Some(Ok(Object { content, metadata })))
    }
}

impl Bucket for EmbeddedBucket {
    fn name(&self) -> Option<&str> {
        Some(&self.name)
    }

    fn keeps_metadata(&self) -> bool {
        true
    }

    fn tells_time(&self) -> bool {
        true
    }

    fn reads_at_once(&self) -> usize {
        4
    }

    fn list(&self, prefix: &str, show: &mut Show<'_>) -> Result<(), ReadError> {
        let prefix = format!("{}/{prefix}", self.name).into_bytes();
        let mut from = Bound::Unbounded;
        loop {
            let page = self.runtime.block_on(self.page(&prefix, from));
            let page = page.context("cannot list the objects").map_err(ReadError::Failed)?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            from = Bound::Excluded(last.clone());
            let is_last = page.len() < LIST_OBJECTS_MAX;
            for (_, listed) in page {
                if show(listed) == ControlFlow::Break(()) {
                    return Ok(());
                }
            }
            if is_last {
                return Ok(());
            }
        }
    }

    fn read_after(&self, key: &str, admit: &mut Admit<'_>) -> Result<Object, ReadError> {
        let found = self.runtime.block_on(self.whole(key, admit)).map_err(ReadError::Failed)?;
        found.unwrap_or(Err(ReadError::Missing))
    }

    fn sibling(&self, name: &str) -> Option<Arc<dyn Bucket>> {
        Some(Arc::new(Self {
            name: name.to_owned(),
            objects: Arc::clone(&self.objects),
            is_plain: self.is_plain,
            runtime: Arc::clone(&self.runtime),
        }))
    }
}
