//! `Encrypt`: up to 4,096 bytes under a key.

use cairn_store::kms::EncryptionContext;
use serde::{Deserialize, Serialize};

use crate::Ctx;

use super::access::{Attempt, find};
use super::{KmsFault, SYMMETRIC, only_symmetric};

/// What to encrypt, and under which key.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    key_id: String,
    plaintext: Vec<u8>,
    #[serde(default)]
    encryption_context: EncryptionContext,
    encryption_algorithm: Option<String>,
    dry_run: Option<bool>,
}

/// The ciphertext.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    ciphertext_blob: Vec<u8>,
    key_id: String,
    encryption_algorithm: &'static str,
}

pub(crate) async fn handle(ctx: &Ctx, input: Input) -> Result<Output, KmsFault> {
    let attempt = Attempt::new(ctx, "kms:Encrypt").bound_to(&input.encryption_context);
    let key = find(ctx, &input.key_id, attempt).await?;
    only_symmetric(input.encryption_algorithm.as_deref())?;
    let kms = &ctx.services.kms;
    let encrypted = kms.encrypt(&key, &input.plaintext, &input.encryption_context).await?;
    if input.dry_run == Some(true) {
        return Err(KmsFault::DryRun);
    }
    Ok(Output {
        ciphertext_blob: encrypted.blob,
        key_id: key.arn(),
        encryption_algorithm: SYMMETRIC,
    })
}
