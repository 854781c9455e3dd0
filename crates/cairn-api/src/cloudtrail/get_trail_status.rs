//! `GetTrailStatus`: whether a trail logs, and how its deliveries for one region stand.
//!
//! - Times and errors are absent until there are some; an error goes with the next success
//!   (observed).
//! - Six deprecated members are texts that are there even if they are empty (observed).
//! - A shadow is asked for by its ARN, and shows the deliveries for its own region (documented).

use cairn_event::Timestamp;
use cairn_event::trail::{Outcome, Trail};
use serde::{Deserialize, Serialize};

use super::CloudTrailError;
use super::trail::reference::{Reference, Shown};
use super::trail::status::Status;
use crate::Ctx;

/// Which trail.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    name: String,
}

/// How it stands.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    is_logging: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    latest_delivery_error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    latest_notification_error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    latest_delivery_time: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    latest_notification_time: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_logging_time: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_logging_time: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    latest_digest_delivery_time: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    latest_digest_delivery_error: Option<String>,
    latest_delivery_attempt_time: String,
    latest_notification_attempt_time: String,
    latest_notification_attempt_succeeded: String,
    latest_delivery_attempt_succeeded: String,
    time_logging_started: String,
    time_logging_stopped: String,
}

pub(crate) async fn handle(ctx: &Ctx, input: Input) -> Result<Output, CloudTrailError> {
    let found = Reference::parse(ctx, &input.name)?.read(ctx, Shown::Arn).await?;
    let status = Status::read(ctx, &found.trail, &ctx.region).await?;
    Ok(output(&found.trail, status))
}

fn output(trail: &Trail, status: Status) -> Output {
    let text = |at: Option<Timestamp>| at.map(Timestamp::iso_seconds).unwrap_or_default();
    let started = trail.spans.last().map(|span| span.started);
    let mut ends = trail.spans.iter().rev().filter_map(|span| span.end.as_ref());
    let stopped = ends.next().map(|end| end.at);
    let Status { delivery, digests } = status;
    let (logs, notifications): (Outcome, Outcome) = (delivery.logs, delivery.notifications);
    Output {
        is_logging: trail.is_logging(),
        latest_delivery_error: logs.error,
        latest_notification_error: notifications.error,
        latest_delivery_time: logs.succeeded,
        latest_notification_time: notifications.succeeded,
        start_logging_time: started,
        stop_logging_time: stopped,
        latest_digest_delivery_time: digests.succeeded,
        latest_digest_delivery_error: digests.error,
        latest_delivery_attempt_time: text(logs.attempted),
        latest_notification_attempt_time: text(notifications.attempted),
        latest_notification_attempt_succeeded: text(notifications.succeeded),
        latest_delivery_attempt_succeeded: text(logs.succeeded),
        time_logging_started: text(started),
        time_logging_stopped: text(stopped),
    }
}
