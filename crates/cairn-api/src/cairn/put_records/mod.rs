//! `PutRecords`: CloudTrail records in bulk, one a line, as a body that streams.
//!
//! ```text
//!   body ─pieces─► expand ─► lines ─► sort out ─groups─► lane: who is known ─► log ─► history
//! ```
//!
//! - The body is NDJSON, plain or compressed (`Content-Encoding: gzip`, `zstd`). Records keep their
//!   bytes; spaces around a record on its line are no part of it. Empty lines are passed over.
//! - It is taken in groups. What was taken stays, whatever becomes of the rest of the body, and the
//!   answer tells how far that was (`ThroughLine`), also if it is an error. The last group is taken
//!   only once the whole body has come and its signature or hash holds.
//! - It is safe to repeat: a record that history has, byte for byte, is dropped and counted as a
//!   duplicate. So each record needs an `eventID`, by which it is looked for.
//! - A line that is no record is rejected: all are counted, the first [`ERRORS_MAX`] are listed.
//! - The answer comes when all records are durable and searchable.
//! - As with `cairn import`, no trail delivers these records: they were somebody else's.
//!
//! Evidence: ours. AWS has nothing of the kind.

mod expand;
mod lane;
mod lines;
mod sort_out;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cairn_store::Offset;
use cairn_wire::codec::WireError;
use cairn_wire::model::Operation;
use cairn_wire::value::{Value, to_value};
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

use super::CairnError;
use crate::{ApiError, Ctx, Internal, Services};

use expand::Pieces;
pub use expand::{ContentEncoding, EXPANSION_MAX};
pub use lane::Ingest;
use sort_out::{Group, Sorted};

/// Lines that are listed with what is wrong with them.
pub const ERRORS_MAX: usize = 100;
/// The most calls that take records at once; each holds some 60 MB.
pub(crate) const CALLS_MAX: usize = 2;
/// Pieces of a body that wait to be expanded.
const WAITING_PIECES_MAX: usize = 16;
/// The longest piece of a body.
const PIECE_BYTES_MAX: usize = 64 << 10;
/// Groups that wait for their turn.
const WAITING_GROUPS_MAX: usize = 1;
/// How long a call waits for history to show what the log has: clients wait a minute by default, and
/// are told more by an answer than by none.
const SHOWN_MAX: Duration = Duration::from_secs(50);

/// What came of a call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Taken {
    /// New records: durable, and searchable.
    pub accepted: i64,
    /// Records that were there already.
    pub duplicates: i64,
    /// Lines that are no records, or too long.
    pub rejected: i64,
    /// All lines up to this one, counted from 1, are among these numbers.
    pub through_line: i64,
    /// The first lines that were rejected.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<LineError>,
}

/// Why a line was rejected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct LineError {
    /// Which, counted from 1.
    pub line: i64,
    /// What is wrong with it.
    pub reason: String,
}

/// What was taken, and what ended the call before the end of its body.
#[derive(Debug)]
pub struct Outcome {
    /// What was taken: it stays.
    pub taken: Taken,
    /// Why the rest was not.
    pub fault: Option<CairnError>,
}

impl Taken {
    /// The answer as the model has it.
    pub fn answer(&self, operation: Operation<'static>) -> Result<Value, ApiError> {
        let Some(shape) = operation.output() else { return Ok(Value::empty()) };
        to_value(self, shape)
            .map_err(|error| ApiError::Internal(Internal::new("write an output", error)))
    }

    /// The same without the lines that were rejected: what the record of the call shows.
    #[must_use]
    pub fn counts(&self) -> Self {
        Self { errors: Vec::new(), ..self.clone() }
    }

    /// An error that also tells how far the call came before it.
    pub fn after(&self, mut error: WireError) -> WireError {
        let Self { accepted, duplicates, rejected, through_line, .. } = self;
        let taken = match through_line {
            0 => "No line was taken.".to_owned(),
            _ => format!(
                "Before that, lines 1 to {through_line} were taken: {accepted} accepted, {duplicates} \
                 duplicates, {rejected} rejected."
            ),
        };
        error.message = format!("{} {taken} The call may be repeated as a whole.", error.message);
        error
    }
}

/// A body that is being taken.
pub struct Intake {
    pieces: mpsc::Sender<Piece>,
    outcome: oneshot::Receiver<Outcome>,
}

/// A part of a body.
#[derive(Debug)]
enum Piece {
    Bytes(Bytes),
    /// All of it has come, and is what was signed.
    End,
}

impl Intake {
    /// Gets ready to take a body. What is taken goes on if the intake is dropped, up to the last
    /// group that is whole.
    pub fn begin(ctx: &Ctx, encoding: ContentEncoding) -> Result<Self, CairnError> {
        let permit = ctx.services.ingest.admit()?;
        let (pieces, waiting) = mpsc::channel(WAITING_PIECES_MAX);
        let (sender, outcome) = oneshot::channel();
        let services = Arc::clone(&ctx.services);
        tokio::spawn(async move {
            // Whoever asked may have gone.
            let _ = sender.send(take(&services, waiting, encoding, permit).await);
        });
        Ok(Self { pieces, outcome })
    }

    /// Takes the next bytes; waits when more come than can be taken. `false` if the body is taken no
    /// further.
    pub async fn push(&mut self, mut bytes: Bytes) -> bool {
        while !bytes.is_empty() {
            let piece = bytes.split_to(bytes.len().min(PIECE_BYTES_MAX));
            if self.pieces.send(Piece::Bytes(piece)).await.is_err() {
                return false;
            }
        }
        true
    }

    /// The body has ended, and is what was signed: takes what is left of it.
    pub async fn finish(self) -> Outcome {
        // If nobody listens any more, the outcome tells why.
        let _ = self.pieces.send(Piece::End).await;
        drop(self.pieces);
        told(self.outcome.await)
    }

    /// The body broke off, or is not what was signed: what is not taken yet is left out.
    pub async fn abandon(self) -> Taken {
        drop(self.pieces);
        told(self.outcome.await).taken
    }
}

fn told(outcome: Result<Outcome, oneshot::error::RecvError>) -> Outcome {
    outcome.unwrap_or_else(|error| {
        let fault = CairnError::Internal(Internal::new("take records", error));
        Outcome { taken: Taken::default(), fault: Some(fault) }
    })
}

/// Takes a body to its end.
async fn take(
    services: &Arc<Services>,
    pieces: mpsc::Receiver<Piece>,
    encoding: ContentEncoding,
    permit: OwnedSemaphorePermit,
) -> Outcome {
    let (sender, mut groups) = mpsc::channel::<Group>(WAITING_GROUPS_MAX);
    let hasher = services.ingest.hasher();
    let sorting = tokio::task::spawn_blocking(move || {
        sort_out::lines_of(Pieces::new(pieces), encoding, hasher, &sender)
    });
    let mut taken = Taken::default();
    let mut fault = None;
    let mut end = Offset::ZERO;
    while let Some(mut group) = groups.recv().await {
        let (rejected, through_line) = (group.rejected, group.through_line);
        let mut errors = std::mem::take(&mut group.errors);
        match services.ingest.commit(services, group).await {
            Ok(committed) => {
                taken.accepted += committed.accepted;
                taken.duplicates += committed.duplicates;
                taken.rejected += rejected;
                taken.through_line = through_line;
                taken.errors.append(&mut errors);
                end = end.max(committed.end);
            }
            Err(error) => {
                fault = Some(error);
                break;
            }
        }
    }
    // A reader that waits for room ends.
    drop(groups);
    let sorted = sorting.await;
    drop(permit);
    let shown = lane::shown(services, end).await;
    let fault = fault.or(match sorted {
        Ok(Sorted::Whole) => None,
        Ok(Sorted::Broken(why)) => Some(CairnError::InvalidBody { why }),
        Err(error) => Some(CairnError::Internal(Internal::new("sort out records", error))),
    });
    Outcome { taken, fault: fault.or(shown.err()) }
}
