//! Record and commit: the record of a call, durable before its answer.

use std::time::{Duration, Instant};

use bytes::Bytes;
use cairn_event::{AccountId, Region};
use cairn_store::log::LogHealth;
use cairn_wire::model::{Operation, Protocol};
use cairn_wire::value::Value;
use uuid::Uuid;

use super::Call;
use super::authenticate::Identity;
use super::authorise::Denied;
use crate::forward::Loss;
use crate::metric;
use crate::recorder::{self, Notes, Outcome, S3Names, Target};

/// What the steps before know of the call, for its record.
pub(super) struct Facts<'a> {
    pub(super) target: Target<'a>,
    pub(super) protocol: Protocol,
    pub(super) input: Option<&'a Value>,
    pub(super) body: Option<&'a [u8]>,
    pub(super) outcome: Outcome<'a>,
    pub(super) identity: &'a Identity,
    pub(super) account: &'a AccountId,
    pub(super) region: &'a Region,
    pub(super) bytes_in: u64,
    pub(super) bytes_out: u64,
    pub(super) s3: Option<S3Names<'a>>,
    pub(super) notes: Notes,
    /// The record's id, where it was given before; otherwise a new one.
    pub(super) event_id: Option<Uuid>,
}

/// What a caller is told whose call was not done since the log may not take its record; our own
/// text (assumed).
const NOT_MADE_TEXT: &str = "The call could not be recorded, so it was not made. Try again later.";
/// The same where it is for want of room.
const NO_ROOM_TEXT: &str = "The call could not be recorded since the server's disk is full, so it \
    was not made. Try again when there is room.";

/// The record is not in the log; the caller must not be told that the call succeeded.
pub(super) struct Unrecorded;

/// Refuses a call that would change something while the log may soon take no records: nothing is
/// done that might go unrecorded. The refusal is recorded, and its commit finds out whether there
/// is room again. Calls that only read go on, as long as they can be recorded.
pub(super) fn may_be_done(call: &Call<'_>, operation: Option<Operation<'_>>) -> Result<(), Denied> {
    let health = call.stores.services.log.health();
    if operation.is_some_and(Operation::read_only) || health == LogHealth::Open {
        return Ok(());
    }
    let message = if health == LogHealth::Full { NO_ROOM_TEXT } else { NOT_MADE_TEXT };
    Err(Denied { code: "ServiceUnavailable", message, status: 503 })
}

/// A record that was built, and is nowhere yet.
#[must_use]
pub(super) struct Built {
    record: Bytes,
    /// What building it took.
    took: Duration,
}

/// Builds the record.
pub(super) fn build(call: &Call<'_>, facts: &Facts<'_>) -> Built {
    let clock = Instant::now();
    let record = Bytes::from(rendered(call, facts));
    Built { record, took: clock.elapsed() }
}

/// Records a forwarded call as its upstream's policy says; [`Unrecorded`] only where the answer
/// waits for the record.
pub(super) async fn write(call: &Call<'_>, built: Built, loss: Loss) -> Result<(), Unrecorded> {
    let (queue, log) = (&call.gateway.queue, &call.stores.services.log);
    match loss {
        Loss::FailClosed => return append(call, built).await,
        Loss::After => queue.push(built.record, log).await,
        Loss::Shed => queue.push_or_shed(built.record, log),
    }
    Ok(())
}

/// Builds the record and waits until it is durable.
pub(super) async fn record(call: &Call<'_>, facts: &Facts<'_>) -> Result<(), Unrecorded> {
    append(call, build(call, facts)).await
}

/// Waits until a record is durable.
pub(super) async fn append(call: &Call<'_>, built: Built) -> Result<(), Unrecorded> {
    let clock = Instant::now();
    let appended = call.stores.services.log.append(vec![built.record]).await;
    let took = built.took + clock.elapsed();
    metrics::histogram!(metric::COMMIT_SECONDS).record(took.as_secs_f64());
    match appended {
        Ok(_) => Ok(()),
        Err(error) => {
            metrics::counter!(metric::UNRECORDED_TOTAL).increment(1);
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "a record could not be written"
            );
            Err(Unrecorded)
        }
    }
}

/// The record.
pub(super) fn rendered(call: &Call<'_>, facts: &Facts<'_>) -> Vec<u8> {
    let id = facts.event_id.unwrap_or_else(|| call.gateway.uuid());
    recorder::record(&described(call, facts), id)
}

fn described<'a>(call: &'a Call<'_>, facts: &Facts<'a>) -> recorder::Call<'a> {
    recorder::Call {
        target: facts.target,
        protocol: facts.protocol,
        head: super::head_of(call.parts),
        input: facts.input,
        body: facts.body,
        outcome: facts.outcome,
        principal: &facts.identity.principal,
        credential: facts.identity.call_credential(),
        account: facts.account,
        region: facts.region,
        source_ip: call.source_ip(),
        tls: call.peer.tls.as_ref().map(crate::tls::Session::details),
        request_id: &call.ids.request,
        extended_request_id: Some(call.ids.extended.as_str()).filter(|id| !id.is_empty()),
        started: call.started,
        finished: call.gateway.now(),
        bytes_in: facts.bytes_in,
        bytes_out: facts.bytes_out,
        signature: facts.identity.signature(),
        s3: facts.s3,
        notes: facts.notes,
        session_tokens: call.gateway.settings.session_tokens,
    }
}
