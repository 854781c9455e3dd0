//! Buckets: how one is found and changed. What is kept of it is known where trails write to it too.

use cairn_bucket::state::{self, StateError};
use cairn_store::{MetaStore, Version};

use crate::Internal;

use super::call::Call;
use super::error::S3Fault;

pub(crate) use cairn_bucket::state::{BucketState, PublicAccess};

/// A bucket as it was read.
#[derive(Debug)]
pub(crate) struct Bucket {
    pub(crate) name: String,
    pub(crate) state: BucketState,
    pub(crate) version: Version,
}

impl From<StateError> for S3Fault {
    fn from(error: StateError) -> Self {
        match error {
            StateError::Meta(error) => error.into(),
            malformed @ StateError::Malformed { .. } => {
                Self::Internal(Internal::new("read a bucket's state", malformed))
            }
        }
    }
}

impl Bucket {
    /// The bucket of this name, whoever owns it.
    pub(crate) async fn find(meta: &dyn MetaStore, name: &str) -> Result<Option<Self>, S3Fault> {
        let found = state::find(meta, name).await?;
        Ok(found.map(|found| Self { name: found.name, state: found.state, version: found.version }))
    }

    /// Changes the bucket, if nobody else has changed it since it was read.
    pub(crate) async fn change(
        mut self,
        call: &Call,
        change: impl FnOnce(&mut BucketState),
    ) -> Result<(), S3Fault> {
        change(&mut self.state);
        let key = state::key(&self.name)?;
        call.meta().swap(&key, Some(self.version), self.state.to_bytes()?).await?;
        Ok(())
    }
}
