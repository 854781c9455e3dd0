//! `ReEncrypt`: opens a ciphertext and encrypts the same under another key or context; the
//! plaintext stays here.

use cairn_store::kms::EncryptionContext;
use serde::{Deserialize, Serialize};

use crate::Ctx;

use super::access::{Attempt, find};
use super::decrypt::key_of;
use super::{KmsFault, SYMMETRIC, only_symmetric};

/// What to open, and how to close it again.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    ciphertext_blob: Vec<u8>,
    #[serde(default)]
    source_encryption_context: EncryptionContext,
    source_key_id: Option<String>,
    destination_key_id: String,
    #[serde(default)]
    destination_encryption_context: EncryptionContext,
    source_encryption_algorithm: Option<String>,
    destination_encryption_algorithm: Option<String>,
    dry_run: Option<bool>,
}

/// The new ciphertext.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    ciphertext_blob: Vec<u8>,
    source_key_id: String,
    key_id: String,
    source_encryption_algorithm: &'static str,
    destination_encryption_algorithm: &'static str,
    source_key_material_id: String,
    destination_key_material_id: String,
}

pub(crate) async fn handle(ctx: &Ctx, input: Input) -> Result<Output, KmsFault> {
    let (from, to) = (&input.source_encryption_context, &input.destination_encryption_context);
    let named = input.source_key_id.as_deref();
    let source = key_of(ctx, &input.ciphertext_blob, named).await?;
    Attempt::new(ctx, "kms:ReEncryptFrom").bound_to(from).by(named).judge(ctx, &source)?;
    let attempt = Attempt::new(ctx, "kms:ReEncryptTo").bound_to(to);
    let target = find(ctx, &input.destination_key_id, attempt).await?;
    only_symmetric(input.source_encryption_algorithm.as_deref())?;
    only_symmetric(input.destination_encryption_algorithm.as_deref())?;
    let kms = &ctx.services.kms;
    let opened = kms.decrypt(&source, &input.ciphertext_blob, from)?;
    let closed = kms.encrypt(&target, opened.plain.as_bytes(), to).await?;
    if input.dry_run == Some(true) {
        return Err(KmsFault::DryRun);
    }
    Ok(Output {
        ciphertext_blob: closed.blob,
        source_key_id: source.arn(),
        key_id: target.arn(),
        source_encryption_algorithm: SYMMETRIC,
        destination_encryption_algorithm: SYMMETRIC,
        source_key_material_id: opened.material_id,
        destination_key_material_id: closed.material_id,
    })
}
