//! `GenerateDataKey`: a new key for data, in plain and encrypted.

use cairn_store::kms::{DataKey, EncryptionContext};
use serde::{Deserialize, Serialize};

use crate::Ctx;

use super::KmsFault;
use super::access::{Attempt, find};
use super::error::ValueFault;

/// Under which key, and how long.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    key_id: String,
    #[serde(default)]
    encryption_context: EncryptionContext,
    number_of_bytes: Option<i64>,
    key_spec: Option<String>,
    recipient: Option<serde::de::IgnoredAny>,
    dry_run: Option<bool>,
}

/// The key for data.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    ciphertext_blob: Vec<u8>,
    plaintext: Vec<u8>,
    key_id: String,
    key_material_id: String,
}

pub(crate) async fn handle(ctx: &Ctx, input: Input) -> Result<Output, KmsFault> {
    let key = generate(ctx, input, "kms:GenerateDataKey").await?;
    Ok(Output {
        plaintext: key.plain.as_bytes().to_vec(),
        ciphertext_blob: key.blob,
        key_id: key.key_arn,
        key_material_id: key.material_id,
    })
}

pub(super) async fn generate(ctx: &Ctx, input: Input, action: &str) -> Result<DataKey, KmsFault> {
    if input.recipient.is_some() {
        return Err(KmsFault::Unsupported { what: "An attested recipient" });
    }
    let bytes = match (input.key_spec.as_deref(), input.number_of_bytes) {
        (Some("AES_256"), None) => 32,
        (Some("AES_128"), None) => 16,
        (None, Some(bytes)) => usize::try_from(bytes).map_err(|_| ValueFault::DataKeyLength)?,
        _ => return Err(ValueFault::DataKeyLength.into()),
    };
    let attempt = Attempt::new(ctx, action).bound_to(&input.encryption_context);
    let key = find(ctx, &input.key_id, attempt).await?;
    let made = ctx.services.kms.generate_data_key(&key, bytes, input.encryption_context).await?;
    if input.dry_run == Some(true) {
        return Err(KmsFault::DryRun);
    }
    Ok(made)
}
