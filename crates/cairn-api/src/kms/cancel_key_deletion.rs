//! `CancelKeyDeletion`: calls the end of a key off; it stays disabled (documented).

use serde::Serialize;

use crate::Ctx;

use super::{KmsFault, OneKey, access};

/// Which key.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    key_id: String,
}

pub(crate) async fn handle(ctx: &Ctx, input: OneKey) -> Result<Output, KmsFault> {
    let key = access::find_own(ctx, &input.key_id, "kms:CancelKeyDeletion").await?;
    let key = ctx.services.kms.cancel_deletion(&key).await?;
    Ok(Output { key_id: key.arn() })
}
