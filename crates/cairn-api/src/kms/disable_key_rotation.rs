//! `DisableKeyRotation`: a key keeps the material that it has.

use crate::Ctx;

use super::{Done, KmsFault, OneKey, access};

pub(crate) async fn handle(ctx: &Ctx, input: OneKey) -> Result<Done, KmsFault> {
    let key = access::find_own(ctx, &input.key_id, "kms:DisableKeyRotation").await?;
    ctx.services.kms.set_rotation(&key, None).await?;
    Ok(Done {})
}
