//! `EnableKeyRotation`: new material for a key every year, or as often as the caller says
//! (documented).

use serde::Deserialize;

use crate::Ctx;

use super::{Done, KmsFault, access};

const DAYS_DEFAULT: u32 = 365;

/// Which key, and how often.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    key_id: String,
    rotation_period_in_days: Option<i64>,
}

pub(crate) async fn handle(ctx: &Ctx, input: Input) -> Result<Done, KmsFault> {
    let key = access::find_own(ctx, &input.key_id, "kms:EnableKeyRotation").await?;
    let days = input.rotation_period_in_days.and_then(|days| u32::try_from(days).ok());
    ctx.services.kms.set_rotation(&key, Some(days.unwrap_or(DAYS_DEFAULT))).await?;
    Ok(Done {})
}
