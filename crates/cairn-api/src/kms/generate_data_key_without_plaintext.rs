//! `GenerateDataKeyWithoutPlaintext`: a new key for data, for somebody who may decrypt it later.

use serde::Serialize;

use crate::Ctx;

use super::KmsFault;
use super::generate_data_key::{Input, generate};

/// The key for data, encrypted.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    ciphertext_blob: Vec<u8>,
    key_id: String,
    key_material_id: String,
}

pub(crate) async fn handle(ctx: &Ctx, input: Input) -> Result<Output, KmsFault> {
    let key = generate(ctx, input, "kms:GenerateDataKeyWithoutPlaintext").await?;
    Ok(Output { ciphertext_blob: key.blob, key_id: key.key_arn, key_material_id: key.material_id })
}
