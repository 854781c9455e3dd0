//! `GetKeyRotationStatus`: whether a key gets new material from time to time.
//!
//! - A key that waits for its end is not rotated (documented).

use cairn_event::Timestamp;
use serde::Serialize;

use crate::Ctx;

use super::{KmsFault, OneKey, access};

/// Whether, how often, and when next.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    key_id: String,
    key_rotation_enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    rotation_period_in_days: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_rotation_date: Option<Timestamp>,
}

pub(crate) async fn handle(ctx: &Ctx, input: OneKey) -> Result<Output, KmsFault> {
    let key = access::find_by_id(ctx, &input.key_id, "kms:GetKeyRotationStatus").await?;
    let rotation = key.rotation.filter(|_| key.deletion().is_none());
    Ok(Output {
        key_id: key.arn(),
        key_rotation_enabled: rotation.is_some(),
        rotation_period_in_days: rotation.map(|rotation| rotation.period_days),
        next_rotation_date: rotation.map(|rotation| rotation.next),
    })
}
