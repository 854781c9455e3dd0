//! `PutAuditEvents`: events of applications as records, each with an id of ours.
//!
//! - 1 to 100 events, 1 MB together (documented). No id twice in a call (documented); that an event
//!   which was put before is put again makes another record (documented is nothing else).
//! - What is wrong with one event is told of it alone, and the others are taken (documented).
//! - The records are durable before the answer. Trails do not select them, `LookupEvents` does not
//!   show them (documented: they are in the event data store of the channel); `SearchRecords` and
//!   `TailRecords` do.

use std::collections::HashSet;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::AuditEventsError;
use super::event::{self, EventFault};
use crate::Ctx;
use crate::cloudtrail::channel::reference::ChannelReference;
use crate::cloudtrail::channel::{policy, status, store, uuid_of};

/// The most bytes of all events of a call.
const EVENTS_BYTES_MAX: usize = 1 << 20;

/// What is put where.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    audit_events: Vec<AuditEvent>,
    channel_arn: String,
    external_id: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct AuditEvent {
    event_data: String,
    event_data_checksum: Option<String>,
    id: String,
}

/// What became of each.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    failed: Vec<Failure>,
    successful: Vec<Success>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    error_code: &'static str,
    error_message: String,
    id: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Success {
    #[serde(rename = "eventID")]
    event_id: String,
    id: String,
}

pub(crate) async fn handle(ctx: &Ctx, input: Input) -> Result<Output, AuditEventsError> {
    let Input { audit_events, channel_arn, external_id } = input;
    let reference = ChannelReference::of_arn(&channel_arn)
        .ok_or_else(|| AuditEventsError::InvalidChannelArn { text: channel_arn.clone() })?;
    let missing = || AuditEventsError::ChannelNotFound { channel: channel_arn.clone() };
    let found =
        if reference.region == ctx.region { store::find(ctx, &reference).await? } else { None };
    let channel = found.ok_or_else(missing)?.channel;
    if !policy::may_put(ctx, &channel, external_id.as_deref())? {
        return Err(AuditEventsError::InsufficientPermission { channel: channel_arn });
    }
    check(&audit_events)?;
    let (mut output, mut records) =
        (Output { failed: Vec::new(), successful: Vec::new() }, Vec::new());
    let (mut newest_good, mut newest_bad) = (None, None);
    for (number, AuditEvent { event_data, event_data_checksum, id }) in
        audit_events.into_iter().enumerate()
    {
        let event_id = uuid_of(&format!("{}\n{number}", ctx.request_id));
        let checksum = event_data_checksum.as_deref();
        match event::record(ctx, &channel, &event_data, checksum, &event_id) {
            Ok(record) => {
                records.push(Bytes::from(record));
                newest_good = Some(event_id.clone());
                output.successful.push(Success { event_id, id });
            }
            Err(fault) => {
                newest_bad = Some((event_id, fault.code()));
                output.failed.push(failure(&fault, id));
            }
        }
    }
    if !records.is_empty() {
        ctx.services.log.append(records).await?;
    }
    let bad = newest_bad.as_ref().map(|(id, code)| (id.as_str(), *code));
    if let Err(error) = status::note(ctx, &channel.id, newest_good.as_deref(), bad).await {
        // The events are in the log; how the channel stands is shown a little older.
        let error = &error as &dyn std::error::Error;
        tracing::warn!(error, "the status of a channel was not noted");
    }
    Ok(output)
}

fn check(events: &[AuditEvent]) -> Result<(), AuditEventsError> {
    let bytes: usize = events.iter().map(|event| event.event_data.len()).sum();
    if bytes > EVENTS_BYTES_MAX {
        return Err(AuditEventsError::TooLarge { bytes_max: EVENTS_BYTES_MAX });
    }
    let mut ids = HashSet::new();
    match events.iter().find(|event| !ids.insert(event.id.as_str())) {
        Some(event) => Err(AuditEventsError::DuplicatedId { id: event.id.clone() }),
        None => Ok(()),
    }
}

fn failure(fault: &EventFault, id: String) -> Failure {
    Failure { error_code: fault.code(), error_message: fault.to_string(), id }
}
