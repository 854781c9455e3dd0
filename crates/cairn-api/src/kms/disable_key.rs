//! `DisableKey`: keeps a key from serving. One that waits for its end is refused (documented).

use crate::Ctx;

use super::{Done, KmsFault, OneKey, access};

pub(crate) async fn handle(ctx: &Ctx, input: OneKey) -> Result<Done, KmsFault> {
    let key = access::find_own(ctx, &input.key_id, "kms:DisableKey").await?;
    ctx.services.kms.disable(&key).await?;
    Ok(Done {})
}
