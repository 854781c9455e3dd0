//! `EnableKey`: lets a key serve again. One that waits for its end is refused (documented).

use crate::Ctx;

use super::{Done, KmsFault, OneKey, access};

pub(crate) async fn handle(ctx: &Ctx, input: OneKey) -> Result<Done, KmsFault> {
    let key = access::find_own(ctx, &input.key_id, "kms:EnableKey").await?;
    ctx.services.kms.enable(&key).await?;
    Ok(Done {})
}
