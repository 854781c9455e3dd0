//! How a trail's deliveries stand, as its workers write it down.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// The state of a trail's deliveries, by region.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// By name of the region.
    #[serde(default)]
    pub regions: BTreeMap<String, RegionDelivery>,
}

/// What has come of deliveries for one region.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegionDelivery {
    /// Log files.
    #[serde(default)]
    pub logs: Outcome,
    /// Notifications of log files.
    #[serde(default)]
    pub notifications: Outcome,
}

/// The last attempts of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// When the last attempt was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempted: Option<Timestamp>,
    /// When an attempt last succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub succeeded: Option<Timestamp>,
    /// The code of S3's (SNS's, KMS's) error, if the last attempt failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl Outcome {
    /// Notes an attempt: its error, or none if it succeeded.
    pub fn note(&mut self, at: Timestamp, error: Option<String>) {
        self.attempted = Some(at);
        if error.is_none() {
            self.succeeded = Some(at);
        }
        self.error = error;
    }
}

/// How the digests of a trail stand in one account and region, for `GetTrailStatus`. A field of the
/// chain's own document.
pub type DigestOutcome = Outcome;

/// A delivered log file, kept until a digest covers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogFile {
    /// Its bucket.
    pub bucket: String,
    /// Its key.
    pub key: String,
    /// The SHA-256 of its content before compression, in lower-case hex.
    pub sha256: String,
    /// The newest `eventTime` inside.
    pub newest: Timestamp,
    /// The oldest `eventTime` inside.
    pub oldest: Timestamp,
    /// When the bucket took it.
    pub delivered: Timestamp,
}
