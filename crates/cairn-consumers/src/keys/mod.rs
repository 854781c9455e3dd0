//! Destroys keys whose time is over.
//!
//! A key that waits for its deletion is refused from the moment at which its time is over, by
//! whoever asks. This worker sees to it that its material goes even if nobody does.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cairn_event::Timestamp;
use cairn_store::Kms;
use serde::Serialize;

use crate::worker::{Progress, StepError, Worker};

/// How often it looks.
const WAIT_MS: u64 = 60_000;

/// Looks for keys that are due. Destroying may be repeated after a crash at any point.
#[derive(Debug)]
pub struct KeyUpkeep {
    kms: Arc<Kms>,
    status: KeyUpkeepStatus,
}

/// What it has done since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct KeyUpkeepStatus {
    /// Keys that were destroyed.
    pub destroyed: u64,
}

/// The worker that destroys keys.
pub fn worker(kms: Arc<Kms>) -> KeyUpkeep {
    KeyUpkeep { kms, status: KeyUpkeepStatus::default() }
}

#[async_trait]
impl Worker for KeyUpkeep {
    type Status = KeyUpkeepStatus;

    fn name(&self) -> &'static str {
        "key-upkeep"
    }

    fn status(&self) -> KeyUpkeepStatus {
        self.status
    }

    async fn step(&mut self, _: Timestamp) -> Result<Progress, StepError> {
        let destroyed = self.kms.destroy_due().await;
        let destroyed = destroyed.map_err(|error| StepError::Other {
            doing: "destroy keys whose time is over",
            error: error.into(),
        })?;
        self.status.destroyed += destroyed as u64;
        Ok(Progress::Idle)
    }

    async fn wait(&mut self) {
        tokio::time::sleep(Duration::from_millis(WAIT_MS)).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    use cairn_event::{AccountId, Region, Timestamp};
    use cairn_store::kms::{KeyOwner, NewKey};
    use cairn_store::{Kms, MasterKey, SqliteMeta};

    use super::{KeyUpkeepStatus, Progress, Worker as _, worker};

    #[tokio::test]
    async fn a_key_goes_when_its_time_is_over() {
        let directory = tempfile::tempdir().unwrap();
        let meta = SqliteMeta::open(&directory.path().join("meta.sqlite")).unwrap();
        let now = Arc::new(AtomicI64::new(0));
        let ticking = Arc::clone(&now);
        let kms = Arc::new(Kms::new(
            Arc::new(meta),
            MasterKey::new([1; 32]),
            Arc::new(move || Timestamp::from_ms(ticking.load(Ordering::SeqCst))),
            Arc::new(|bytes| bytes.fill(5)),
        ));
        let new = NewKey {
            account: AccountId::parse("111122223333").unwrap(),
            region: Region::parse("us-east-1").unwrap(),
            description: String::new(),
            policy: None,
            tags: Vec::new(),
            managed_by: KeyOwner::Customer,
        };
        let key = kms.create(new).await.unwrap();
        let mut worker = worker(Arc::clone(&kms));
        kms.schedule_deletion(&key, 7).await.unwrap();
        for (days, destroyed) in [(6, 0), (1, 1), (1, 1)] {
            now.fetch_add(days * 86_400_000, Ordering::SeqCst);
            assert_eq!(worker.step(Timestamp::from_ms(0)).await.unwrap(), Progress::Idle);
            assert_eq!(worker.status(), KeyUpkeepStatus { destroyed });
        }
    }
}
