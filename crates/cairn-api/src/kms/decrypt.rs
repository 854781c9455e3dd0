//! `Decrypt`: opens a ciphertext, which names its key.
//!
//! - If the caller names a key, it must be that one: `IncorrectKeyException` (documented).
//! - A ciphertext of a key that is gone or elsewhere is `AccessDeniedException` (observed).

use cairn_store::kms::{EncryptionContext, KmsError, KmsKey};
use serde::{Deserialize, Serialize};

use crate::Ctx;

use super::access::Attempt;
use super::{KmsFault, SYMMETRIC, only_symmetric};

/// What to open.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    ciphertext_blob: Vec<u8>,
    #[serde(default)]
    encryption_context: EncryptionContext,
    key_id: Option<String>,
    encryption_algorithm: Option<String>,
    recipient: Option<serde::de::IgnoredAny>,
    dry_run: Option<bool>,
}

/// The plaintext.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    key_id: String,
    plaintext: Vec<u8>,
    encryption_algorithm: &'static str,
    key_material_id: String,
}

pub(crate) async fn handle(ctx: &Ctx, input: Input) -> Result<Output, KmsFault> {
    if input.recipient.is_some() {
        return Err(KmsFault::Unsupported { what: "An attested recipient" });
    }
    let named = input.key_id.as_deref();
    let attempt = Attempt::new(ctx, "kms:Decrypt").bound_to(&input.encryption_context);
    let key = key_of(ctx, &input.ciphertext_blob, named).await?;
    attempt.by(named).judge(ctx, &key)?;
    only_symmetric(input.encryption_algorithm.as_deref())?;
    let kms = &ctx.services.kms;
    let opened = kms.decrypt(&key, &input.ciphertext_blob, &input.encryption_context)?;
    if input.dry_run == Some(true) {
        return Err(KmsFault::DryRun);
    }
    Ok(Output {
        key_id: key.arn(),
        plaintext: opened.plain.as_bytes().to_vec(),
        encryption_algorithm: SYMMETRIC,
        key_material_id: opened.material_id,
    })
}

/// The key that opens a ciphertext: the one that the caller names, or the one that it names itself.
pub(super) async fn key_of(
    ctx: &Ctx,
    blob: &[u8],
    named: Option<&str>,
) -> Result<KmsKey, KmsFault> {
    let kms = &ctx.services.kms;
    if let Some(reference) = named {
        return Ok(kms.find(reference, &ctx.account, &ctx.region).await?);
    }
    match kms.key_of(blob).await {
        Ok(key) if key.region == ctx.region => Ok(key),
        Ok(_) | Err(KmsError::KeyNotFound { .. }) => Err(KmsFault::ForeignCiphertext),
        Err(error) => Err(error.into()),
    }
}
