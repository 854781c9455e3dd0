//! The settings that `CreateTrail` and `UpdateTrail` take, checked as far as the call alone tells,
//! and applied to a trail.
//!
//! - What is absent stays; an empty text takes a setting away (observed).
//! - A trail that becomes multi-region takes global service events from then on; one that no longer
//!   is stops taking them, unless the call says otherwise (documented).

use cairn_event::Timestamp;
use cairn_event::trail::Trail;
use serde::Deserialize;

use super::fault::{DestinationFault, TrailFault};
use super::log_group::{self, Asked};
use super::tags::Tag;
use super::{bucket, topic};
use crate::Ctx;

/// What is asked.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    pub(crate) name: String,
    #[serde(rename = "S3BucketName")]
    s3_bucket_name: Option<String>,
    #[serde(rename = "S3KeyPrefix")]
    s3_key_prefix: Option<String>,
    sns_topic_name: Option<String>,
    include_global_service_events: Option<bool>,
    is_multi_region_trail: Option<bool>,
    enable_log_file_validation: Option<bool>,
    cloud_watch_logs_log_group_arn: Option<String>,
    cloud_watch_logs_role_arn: Option<String>,
    kms_key_id: Option<String>,
    is_organization_trail: Option<bool>,
    recursive_logging: Option<bool>,
    /// Of `CreateTrail` only.
    #[serde(default)]
    pub(crate) tags_list: Vec<Tag>,
}

/// What is to become of a setting that a trail need not have.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// It stays.
    Keep,
    /// It goes.
    Clear,
    /// It is to be this.
    Set(String),
}

impl Change {
    fn of(asked: Option<String>) -> Self {
        match asked {
            None => Self::Keep,
            Some(text) if text.is_empty() => Self::Clear,
            Some(text) => Self::Set(text),
        }
    }

    fn apply(&self, setting: &mut Option<String>) {
        match self {
            Self::Keep => {}
            Self::Clear => *setting = None,
            Self::Set(text) => *setting = Some(text.clone()),
        }
    }
}

/// Settings to be applied.
#[derive(Debug)]
pub(crate) struct Plan {
    bucket: Option<String>,
    prefix: Change,
    topic: Change,
    pub(crate) key: Change,
    logs: Asked,
    global_service_events: Option<bool>,
    multi_region: Option<bool>,
    validates: Option<bool>,
    recursive_logging: Option<bool>,
}

impl Plan {
    /// Reads what a call asks for. The order of the checks is assumed, but that a topic's name is
    /// looked at before anything is written (observed).
    pub(crate) fn read(ctx: &Ctx, input: Input) -> Result<Self, TrailFault> {
        if let Some(name) = &input.s3_bucket_name {
            bucket::check_name(name)?;
        }
        if let Some(prefix) = &input.s3_key_prefix {
            bucket::check_prefix(prefix)?;
        }
        let topic = Change::of(input.sns_topic_name);
        if let Change::Set(name) = &topic {
            topic::check_name(name)?;
        }
        let group = input.cloud_watch_logs_log_group_arn.as_deref();
        let role = input.cloud_watch_logs_role_arn.as_deref();
        let logs = log_group::asked(group, role, &ctx.region)?;
        if input.is_organization_trail == Some(true) {
            return Err(TrailFault::NoOrganization);
        }
        Ok(Self {
            bucket: input.s3_bucket_name,
            prefix: Change::of(input.s3_key_prefix),
            topic,
            key: Change::of(input.kms_key_id),
            logs,
            global_service_events: input.include_global_service_events,
            multi_region: input.is_multi_region_trail,
            validates: input.enable_log_file_validation,
            recursive_logging: input.recursive_logging,
        })
    }

    /// The bucket that a new trail must have.
    pub(crate) fn bucket(&self) -> Result<&str, DestinationFault> {
        // The model requires it.
        self.bucket.as_deref().ok_or(DestinationFault::BucketName { bucket: String::new() })
    }

    /// Whether the topic is taken away.
    pub(crate) fn removes_topic(&self) -> bool {
        self.topic == Change::Clear
    }

    /// Applies everything but the key, which has to be looked for.
    pub(crate) fn apply(&self, trail: &mut Trail, now: Timestamp) -> Result<(), TrailFault> {
        let was_multi_region = trail.is_multi_region;
        trail.is_multi_region = self.multi_region.unwrap_or(was_multi_region);
        let follows = match (was_multi_region, trail.is_multi_region) {
            (false, true) => true,
            (true, false) => false,
            _ => trail.includes_global_service_events,
        };
        trail.includes_global_service_events = self.global_service_events.unwrap_or(follows);
        if trail.is_multi_region && !trail.includes_global_service_events {
            return Err(TrailFault::GlobalEvents);
        }
        if let Some(bucket) = &self.bucket {
            trail.bucket.clone_from(bucket);
        }
        self.prefix.apply(&mut trail.prefix);
        self.topic.apply(&mut trail.sns_topic);
        match &self.logs {
            Asked::Keep => {}
            Asked::Remove => (trail.log_group_arn, trail.log_role_arn) = (None, None),
            Asked::Set { group, role } => {
                trail.log_group_arn = Some(group.clone());
                trail.log_role_arn = Some(role.clone());
            }
        }
        if let Some(recursive) = self.recursive_logging {
            trail.recursive_logging = recursive;
        }
        if let Some(validates) = self.validates {
            trail.validate_log_files(validates, now);
        }
        Ok(())
    }
}
