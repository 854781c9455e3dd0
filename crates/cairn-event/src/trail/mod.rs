//! A trail as small state keeps it, and the names that belong to it.
//!
//! Operations write a [`Trail`]; the workers that deliver and sign read it, and write a
//! [`Delivery`] that operations read. Neither knows the other: these documents, and the keys in
//! [`place`], are all that they share.

mod arn;
mod delivery;
mod logging;
mod name;
pub mod place;

pub use arn::{ArnFault, TrailArn};
pub use delivery::{Delivery, DigestOutcome, LogFile, Outcome, RegionDelivery};
pub use logging::{DigestEpoch, LoggingSpan, SpanEnd};
pub use name::{NameFault, TrailName};

use serde::{Deserialize, Serialize};

use crate::selector::Selectors;
use crate::{AccountId, Region, Timestamp};

/// What is kept of a trail. JSON in small state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "a trail has these switches")]
pub struct Trail {
    /// Stands for this trail for ever: a later one of the same name has another. Sixteen hex digits.
    pub id: String,
    /// Its name.
    pub name: TrailName,
    /// The account that owns it.
    pub account: AccountId,
    /// The region in which it was made.
    pub home_region: Region,
    /// When it was made.
    pub created: Timestamp,
    /// The bucket that it delivers to.
    pub bucket: String,
    /// The first part of its keys, without a slash at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// The topic that is told of deliveries, as the caller spelled it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sns_topic: Option<String>,
    /// Whether it takes the records of global services.
    pub includes_global_service_events: bool,
    /// Whether it takes the records of all regions.
    pub is_multi_region: bool,
    /// Whether its log files are covered by digests.
    pub validates_log_files: bool,
    /// Whether it is the trail of an organization.
    #[serde(default)]
    pub is_organization: bool,
    /// Whether it takes records of the deliveries of trails.
    pub recursive_logging: bool,
    /// The ARN of the key that encrypts its files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kms_key_arn: Option<String>,
    /// The log group that gets its records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_group_arn: Option<String>,
    /// The role with which that is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_role_arn: Option<String>,
    /// Which records it takes.
    pub selectors: Selectors,
    /// Whether these were ever set.
    #[serde(default)]
    pub has_custom_selectors: bool,
    /// How data events are aggregated: template names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aggregation_templates: Vec<String>,
    /// Its tags, in the order in which they were added.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<(String, Option<String>)>,
    /// When it logged, oldest first; the last is open while it logs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spans: Vec<LoggingSpan>,
    /// The chain of digests that is to be written now; none while it does not log or does not
    /// validate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digests: Option<DigestEpoch>,
    /// How many chains of digests it has had: the number of the newest.
    #[serde(default)]
    pub digest_epochs: u64,
    /// The end of the log when this document was last changed: what comes before it was under the
    /// document before.
    #[serde(default)]
    pub changed: u64,
    /// The end of the log when it was last changed which records go into its files: by selectors, or
    /// by taking other regions, global services or deliveries, or whether digests cover these files.
    /// Spans tell when it logged since.
    #[serde(default)]
    pub selected_since: u64,
    /// When it was deleted. Workers finish what is left of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted: Option<Timestamp>,
}

impl Trail {
    /// Its ARN.
    pub fn arn(&self) -> TrailArn {
        TrailArn {
            partition: TrailArn::partition_of(&self.home_region).to_owned(),
            region: self.home_region.clone(),
            account: self.account.clone(),
            name: self.name.clone(),
        }
    }

    /// Whether it logs now.
    pub fn is_logging(&self) -> bool {
        self.deleted.is_none() && self.spans.last().is_some_and(|span| span.end.is_none())
    }

    /// Whether it takes the same records as another one while both log, and covers them alike.
    pub fn selects_like(&self, other: &Self) -> bool {
        self.selectors == other.selectors
            && self.is_multi_region == other.is_multi_region
            && self.includes_global_service_events == other.includes_global_service_events
            && self.recursive_logging == other.recursive_logging
            && self.validates_log_files == other.validates_log_files
    }

    /// Whether it takes records of a region.
    pub fn covers(&self, region: &Region) -> bool {
        self.is_multi_region || *region == self.home_region
    }
}
