//! How the newest events of a channel fared: `channel-status/ID`.
//!
//! It is a hint for people: of two calls at once, one writes it.

use cairn_event::Timestamp;
use cairn_store::{Key, MetaError};
use serde::{Deserialize, Serialize};

use super::super::CloudTrailError;
use crate::{Ctx, Internal};

/// What the newest calls came to, under the model's names.
#[expect(clippy::struct_field_names, reason = "the names are the model's")]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct IngestionStatus {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) latest_ingestion_success_time: Option<Timestamp>,
    #[serde(
        default,
        rename = "LatestIngestionSuccessEventID",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) latest_ingestion_success_event_id: Option<String>,
    /// Absent after a success (assumed).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) latest_ingestion_error_code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) latest_ingestion_attempt_time: Option<Timestamp>,
    #[serde(
        default,
        rename = "LatestIngestionAttemptEventID",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) latest_ingestion_attempt_event_id: Option<String>,
}

/// The status as it is kept: times as numbers.
#[derive(Serialize, Deserialize)]
struct Kept {
    succeeded_ms: Option<i64>,
    succeeded_id: Option<String>,
    error: Option<String>,
    attempted_ms: Option<i64>,
    attempted_id: Option<String>,
}

/// How a channel stands; `None` before its first event.
pub(crate) async fn read(ctx: &Ctx, id: &str) -> Result<Option<IngestionStatus>, CloudTrailError> {
    let found = ctx.services.meta.get(&key(id)?).await?;
    let status = found.map(|found| {
        let kept: Kept = serde_json::from_slice(&found.value)
            .map_err(|error| Internal::new("read the status of a channel", error))?;
        Ok::<_, Internal>(IngestionStatus {
            latest_ingestion_success_time: kept.succeeded_ms.map(Timestamp::from_ms),
            latest_ingestion_success_event_id: kept.succeeded_id,
            latest_ingestion_error_code: kept.error,
            latest_ingestion_attempt_time: kept.attempted_ms.map(Timestamp::from_ms),
            latest_ingestion_attempt_event_id: kept.attempted_id,
        })
    });
    Ok(status.transpose()?)
}

/// Notes what the newest event of a call came to: its id, and the error if there was one.
pub(crate) async fn note(
    ctx: &Ctx,
    channel_id: &str,
    succeeded: Option<&str>,
    failed: Option<(&str, &str)>,
) -> Result<(), CloudTrailError> {
    let (key, meta) = (key(channel_id)?, &ctx.services.meta);
    let found = meta.get(&key).await?;
    let before = read(ctx, channel_id).await?.unwrap_or_default();
    let now = Some(ctx.now.as_ms());
    let succeeded_before = before.latest_ingestion_success_time.map(Timestamp::as_ms);
    let kept = Kept {
        succeeded_ms: if succeeded.is_some() { now } else { succeeded_before },
        succeeded_id: succeeded.map(str::to_owned).or(before.latest_ingestion_success_event_id),
        error: failed.map(|(_, code)| code.to_owned()),
        attempted_ms: now,
        attempted_id: failed.map(|(id, _)| id).or(succeeded).map(str::to_owned),
    };
    let value = serde_json::to_vec(&kept)
        .map_err(|error| Internal::new("write the status of a channel", error))?;
    match meta.swap(&key, found.map(|found| found.version), value.into()).await {
        // Another call has noted its own.
        Ok(_) | Err(MetaError::Conflict { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Forgets it, with its channel.
pub(crate) async fn forget(ctx: &Ctx, channel_id: &str) -> Result<(), CloudTrailError> {
    let key = key(channel_id)?;
    if let Some(found) = ctx.services.meta.get(&key).await? {
        match ctx.services.meta.remove(&key, found.version).await {
            Ok(()) | Err(MetaError::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn key(id: &str) -> Result<Key, MetaError> {
    Key::parse(&format!("channel-status/{id}"))
}
