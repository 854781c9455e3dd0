//! `GenerateRandom`: random bytes.

use serde::{Deserialize, Serialize};

use crate::Ctx;

use super::KmsFault;
use super::error::ValueFault;

/// How many.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    number_of_bytes: Option<i64>,
    custom_key_store_id: Option<String>,
    recipient: Option<serde::de::IgnoredAny>,
}

/// The bytes.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    plaintext: Vec<u8>,
}

#[expect(
    clippy::unused_async,
    reason = "the table holds operations that wait and such that do not"
)]
pub(crate) async fn handle(ctx: &Ctx, input: Input) -> Result<Output, KmsFault> {
    if input.recipient.is_some() {
        return Err(KmsFault::Unsupported { what: "An attested recipient" });
    }
    if input.custom_key_store_id.is_some() {
        return Err(KmsFault::Unsupported { what: "A custom key store" });
    }
    let bytes = input.number_of_bytes.and_then(|bytes| usize::try_from(bytes).ok());
    let bytes = bytes.ok_or(ValueFault::RandomLength)?;
    Ok(Output { plaintext: ctx.services.kms.random(bytes).as_bytes().to_vec() })
}
