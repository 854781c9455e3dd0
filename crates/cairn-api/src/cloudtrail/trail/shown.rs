//! A trail as operations show it. Members without a value are absent.

use cairn_event::trail::{Trail, TrailArn};
use serde::Serialize;

/// The settings of a trail: what `CreateTrail` and `UpdateTrail` answer, and in full what `GetTrail`
/// and `DescribeTrails` show.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(clippy::struct_excessive_bools, reason = "the model has these members")]
pub(crate) struct Settings {
    name: String,
    #[serde(rename = "S3BucketName")]
    s3_bucket_name: String,
    #[serde(rename = "S3KeyPrefix", skip_serializing_if = "Option::is_none")]
    s3_key_prefix: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sns_topic_name: Option<String>,
    #[serde(rename = "SnsTopicARN", skip_serializing_if = "Option::is_none")]
    sns_topic_arn: Option<String>,
    include_global_service_events: bool,
    is_multi_region_trail: bool,
    #[serde(rename = "TrailARN")]
    trail_arn: String,
    log_file_validation_enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    cloud_watch_logs_log_group_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cloud_watch_logs_role_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kms_key_id: Option<String>,
    is_organization_trail: bool,
    recursive_logging: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    home_region: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    has_custom_event_selectors: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    has_insight_selectors: Option<bool>,
}

impl Settings {
    pub(crate) fn of(trail: &Trail) -> Self {
        Self {
            name: trail.name.to_string(),
            s3_bucket_name: trail.bucket.clone(),
            s3_key_prefix: trail.prefix.clone(),
            sns_topic_name: trail.sns_topic.clone(),
            sns_topic_arn: trail.sns_topic.as_deref().map(|topic| topic_arn(trail, topic)),
            include_global_service_events: trail.includes_global_service_events,
            is_multi_region_trail: trail.is_multi_region,
            trail_arn: trail.arn().to_string(),
            log_file_validation_enabled: trail.validates_log_files,
            cloud_watch_logs_log_group_arn: trail.log_group_arn.clone(),
            cloud_watch_logs_role_arn: trail.log_role_arn.clone(),
            kms_key_id: trail.kms_key_arn.clone(),
            is_organization_trail: trail.is_organization,
            recursive_logging: trail.recursive_logging,
            home_region: None,
            has_custom_event_selectors: None,
            has_insight_selectors: None,
        }
    }

    /// With what only reads show.
    pub(crate) fn in_full(trail: &Trail) -> Self {
        Self {
            home_region: Some(trail.home_region.to_string()),
            has_custom_event_selectors: Some(trail.has_custom_selectors),
            // No operation sets them.
            has_insight_selectors: Some(false),
            ..Self::of(trail)
        }
    }

    /// Shows that the topic was taken away: as empty texts (observed).
    pub(crate) fn with_topic_removed(mut self) -> Self {
        self.sns_topic_name = Some(String::new());
        self.sns_topic_arn = Some(String::new());
        self
    }
}

/// The ARN of a topic that the caller spelled as a name or as an ARN (observed).
fn topic_arn(trail: &Trail, topic: &str) -> String {
    if topic.starts_with(super::reference::ARN) {
        return topic.to_owned();
    }
    let partition = TrailArn::partition_of(&trail.home_region);
    format!("arn:{partition}:sns:{}:{}:{topic}", trail.home_region, trail.account)
}
