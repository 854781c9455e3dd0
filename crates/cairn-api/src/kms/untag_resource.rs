//! `UntagResource`: takes tags of a key away; names that it does not have are no error
//! (documented).

use serde::Deserialize;

use crate::Ctx;

use super::{Done, KmsFault, access};

/// Which key, and the names of the tags.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    key_id: String,
    tag_keys: Vec<String>,
}

pub(crate) async fn handle(ctx: &Ctx, input: Input) -> Result<Done, KmsFault> {
    let key = access::find_own(ctx, &input.key_id, "kms:UntagResource").await?;
    ctx.services
        .kms
        .update(&key, |key| {
            key.lives()?;
            key.tags.retain(|(name, _)| !input.tag_keys.contains(name));
            Ok(())
        })
        .await?;
    Ok(Done {})
}
