//! `ListPublicKeys`: the keys that signed the digests of a region.
//!
//! - Every key is listed whose validity has an instant in common with the range; both ends of the
//!   range are now if they are not given (documented).
//! - Everything is on one page, for the validator of the AWS CLI does not ask for another, and a
//!   `NextToken` is passed over (observed).
//! - Times are cut to whole seconds (documented), the start downwards and the end upwards.
//! - A key that cannot be read is a fault: a list without it would make good digests look forged.

#[cfg(test)]
mod tests;

use cairn_event::Timestamp;
use cairn_event::digest::SigningKey;
use cairn_event::trail::place;
use cairn_store::meta::LIST_ENTRIES_MAX;
use cairn_store::{KeyPrefix, MetaError};
use serde::{Deserialize, Serialize};

use super::CloudTrailError;
use super::error::TimeRangeFault;
use crate::{Ctx, Internal};

/// The range of time.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    start_time: Option<Timestamp>,
    end_time: Option<Timestamp>,
}

/// The keys, oldest first.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    public_key_list: Vec<PublicKey>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct PublicKey {
    value: Vec<u8>,
    validity_start_time: Timestamp,
    validity_end_time: Timestamp,
    fingerprint: String,
}

pub(crate) async fn handle(ctx: &Ctx, input: Input) -> Result<Output, CloudTrailError> {
    let (from, to) = (input.start_time.unwrap_or(ctx.now), input.end_time.unwrap_or(ctx.now));
    if from > to {
        return Err(TimeRangeFault::Reversed.into());
    }
    let mut keys = read(ctx).await?;
    keys.retain(|key| key.overlaps(from, to));
    keys.sort_by(|a, b| (a.starts, &a.fingerprint).cmp(&(b.starts, &b.fingerprint)));
    let listed: Option<Vec<PublicKey>> = keys.into_iter().map(PublicKey::of).collect();
    let listed = listed.ok_or_else(|| Internal::new("read a digest key", KeyUnreadable))?;
    Ok(Output { public_key_list: listed })
}

/// The public part of a key is not base64.
#[derive(Debug, thiserror::Error)]
#[error("the public part of a digest key is damaged")]
struct KeyUnreadable;

impl PublicKey {
    fn of(key: SigningKey) -> Option<Self> {
        let up = Timestamp::from_ms(key.ends.as_ms().saturating_add(999));
        Some(Self {
            value: key.public_der()?,
            validity_start_time: Timestamp::from_seconds(key.starts.as_seconds()),
            validity_end_time: Timestamp::from_seconds(up.as_seconds()),
            fingerprint: key.fingerprint,
        })
    }
}

/// All keys of the call's region.
async fn read(ctx: &Ctx) -> Result<Vec<SigningKey>, CloudTrailError> {
    let prefix = KeyPrefix::new(&place::digest_keys(&ctx.region));
    let (mut keys, mut after) = (Vec::new(), None);
    loop {
        let page = ctx.services.meta.list(&prefix, after.as_ref(), LIST_ENTRIES_MAX).await;
        let page = page.map_err(|error: MetaError| Internal::new("list digest keys", error))?;
        let is_last = page.len() < LIST_ENTRIES_MAX;
        for (key, found) in page {
            let document = serde_json::from_slice(&found.value);
            keys.push(document.map_err(|error| Internal::new("read a digest key", error))?);
            after = Some(key);
        }
        if is_last {
            return Ok(keys);
        }
    }
}
