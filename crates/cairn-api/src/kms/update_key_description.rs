//! `UpdateKeyDescription`: what the owner says of a key.

use serde::Deserialize;

use crate::Ctx;

use super::{Done, KmsFault, access};

/// Which key, and what to say of it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    key_id: String,
    description: String,
}

pub(crate) async fn handle(ctx: &Ctx, input: Input) -> Result<Done, KmsFault> {
    let key = access::find_own(ctx, &input.key_id, "kms:UpdateKeyDescription").await?;
    ctx.services
        .kms
        .update(&key, |key| {
            key.lives()?;
            key.description.clone_from(&input.description);
            Ok(())
        })
        .await?;
    Ok(Done {})
}
