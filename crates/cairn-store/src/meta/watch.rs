//! Waiting for a change.

use std::fmt;

use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use super::{Key, KeyPrefix};

/// Changes that a slow watcher may lag behind before it is merely told "something changed".
const WATCH_KEYS_MAX: usize = 256;

/// Reports changes under a prefix, from the moment it was made.
pub struct MetaWatch {
    prefix: KeyPrefix,
    changes: broadcast::Receiver<Key>,
}

impl MetaWatch {
    /// Resolves when something under the prefix may have changed since the watch was made or last
    /// resolved. May be dropped at any point. Never resolves once the store is gone.
    pub async fn changed(&mut self) {
        loop {
            match self.changes.recv().await {
                Ok(key) if !self.prefix.covers(&key) => {}
                Ok(_) | Err(RecvError::Lagged(_)) => return,
                Err(RecvError::Closed) => std::future::pending().await,
            }
        }
    }
}

impl fmt::Debug for MetaWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MetaWatch").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

/// The sending side, for a backend. Cheap to notify when nobody watches.
#[derive(Debug)]
pub(crate) struct Changes(broadcast::Sender<Key>);

impl Changes {
    pub(crate) fn new() -> Self {
        Self(broadcast::Sender::new(WATCH_KEYS_MAX))
    }

    pub(crate) fn watch(&self, prefix: &KeyPrefix) -> MetaWatch {
        MetaWatch { prefix: prefix.clone(), changes: self.0.subscribe() }
    }

    pub(crate) fn notify(&self, key: &Key) {
        // An error says only that nobody watches.
        let _ = self.0.send(key.clone());
    }
}
