//! `TagResource`: sets tags of a key.

use serde::Deserialize;

use crate::Ctx;

use super::tags::{self, Tag};
use super::{Done, KmsFault, access};

/// Which key, and which tags.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    key_id: String,
    tags: Vec<Tag>,
}

pub(crate) async fn handle(ctx: &Ctx, input: Input) -> Result<Done, KmsFault> {
    let key = access::find_own(ctx, &input.key_id, "kms:TagResource").await?;
    key.lives()?;
    let mut all = key.tags.clone();
    tags::set(&mut all, &input.tags)?;
    ctx.services
        .kms
        .update(&key, |key| {
            key.lives()?;
            // The rules were checked; what another caller set meanwhile stays.
            let _ = tags::set(&mut key.tags, &input.tags);
            Ok(())
        })
        .await?;
    Ok(Done {})
}
