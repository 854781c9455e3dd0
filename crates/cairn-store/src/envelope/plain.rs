//! Objects as those see them who do not care how they are kept.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use super::{MARK, open_reader};
use crate::kms::{EncryptionContext, Kms, KmsError, KmsKey};
use crate::{
    Attributes, Condition, ListQuery, ObjectError, ObjectHead, ObjectName, ObjectReader,
    ObjectUpload, Objects,
};

/// Says whether a key may open an object that was encrypted for a context.
pub type Judge = Arc<dyn Fn(&KmsKey, &EncryptionContext) -> Result<(), KmsError> + Send + Sync>;

/// Another store's objects, those that are encrypted at rest shown as their writers gave them:
/// lengths and bytes are plain. What is begun here is written as it comes;
/// [`super::seal_upload`] encrypts.
#[derive(Clone)]
pub struct PlainObjects {
    inner: Arc<dyn Objects>,
    kms: Arc<Kms>,
    judge: Judge,
}

impl PlainObjects {
    /// The plain view of a store, for somebody who may use every key that serves.
    pub fn new(inner: Arc<dyn Objects>, kms: Arc<Kms>) -> Self {
        Self { inner, kms, judge: Arc::new(|_, _| Ok(())) }
    }

    /// The same for somebody who is judged each time a key is about to open an object.
    #[must_use]
    pub fn judged_by(self, judge: Judge) -> Self {
        Self { judge, ..self }
    }
}

impl fmt::Debug for PlainObjects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PlainObjects").field(&self.inner).finish()
    }
}

#[async_trait]
impl Objects for PlainObjects {
    async fn begin(&self, bytes_max: u64) -> Result<Box<dyn ObjectUpload>, ObjectError> {
        self.inner.begin(bytes_max).await
    }

    async fn head(&self, name: &ObjectName) -> Result<Option<ObjectHead>, ObjectError> {
        Ok(self.inner.head(name).await?.map(plain_head))
    }

    async fn open(&self, name: &ObjectName) -> Result<Option<Box<dyn ObjectReader>>, ObjectError> {
        match self.inner.open(name).await? {
            Some(reader) => Ok(Some(open_reader(&self.kms, &*self.judge, reader).await?)),
            None => Ok(None),
        }
    }

    async fn list(&self, query: &ListQuery) -> Result<Vec<ObjectHead>, ObjectError> {
        Ok(self.inner.list(query).await?.into_iter().map(plain_head).collect())
    }

    async fn delete(&self, name: &ObjectName, condition: Condition) -> Result<bool, ObjectError> {
        self.inner.delete(name, condition).await
    }
}

/// The plain length that the mark of an encrypted object says; `None` for an object that was
/// written as it came.
pub(super) fn marked_bytes(attributes: &Attributes) -> Option<u64> {
    // A mark that cannot be read is that of no length: such an object does not open.
    attributes.header(MARK).map(|text| text.parse().unwrap_or(u64::MAX))
}

/// What is known of an object, with its plain length and without the mark.
pub fn plain_head(mut head: ObjectHead) -> ObjectHead {
    if let Some(bytes) = marked_bytes(&head.attributes) {
        head.bytes = bytes;
        head.attributes.headers.retain(|(name, _)| name != MARK);
    }
    head
}
