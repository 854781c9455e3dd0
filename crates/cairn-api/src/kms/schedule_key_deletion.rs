//! `ScheduleKeyDeletion`: ends a key after 7 to 30 days, 30 if the caller says nothing (documented).

use cairn_event::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Ctx;

use super::KmsFault;
use super::access::{self, Attempt};
use super::error::ValueFault;

const DAYS_MIN: u32 = 7;
const DAYS_MAX: u32 = 30;

/// Which key, and when.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    key_id: String,
    pending_window_in_days: Option<i64>,
}

/// When.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    key_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    deletion_date: Option<Timestamp>,
    key_state: &'static str,
    pending_window_in_days: u32,
}

pub(crate) async fn handle(ctx: &Ctx, input: Input) -> Result<Output, KmsFault> {
    let days = input.pending_window_in_days.map_or(Ok(DAYS_MAX), u32::try_from);
    let days = days.ok().filter(|days| (DAYS_MIN..=DAYS_MAX).contains(days));
    let days = days.ok_or(ValueFault::PendingWindow)?;
    // Of a call that says nothing, what it gets (assumed).
    let attempt = Attempt::new(ctx, "kms:ScheduleKeyDeletion")
        .with("kms:ScheduleKeyDeletionPendingWindowInDays", &days.to_string());
    let key = access::find_own_for(ctx, &input.key_id, attempt).await?;
    let key = ctx.services.kms.schedule_deletion(&key, days).await?;
    Ok(Output {
        key_id: key.arn(),
        deletion_date: key.deletion(),
        key_state: key.state.as_str(),
        pending_window_in_days: days,
    })
}
