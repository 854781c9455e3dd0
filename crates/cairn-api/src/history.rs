//! How operations ask history: seeing what was written before, off the async threads, and no longer
//! than somebody waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cairn_history::{History, HistoryError, Position};
use cairn_store::{Offset, ReadLimit};
use tokio::task::JoinHandle;

use crate::{Ctx, Internal};

/// How long a reader waits for history to have what the log has. It is behind by a moment, unless
/// something is wrong; then there is no answer, since one without the newest records would look
/// whole.
const CATCH_UP_MS_MAX: u64 = 2_000;
/// How many of the newest records whoever asks takes over by themselves.
const TAKEN: ReadLimit = ReadLimit { records_max: 256, bytes_max: 512 << 10 };
/// How much of a hash a token carries.
const SEAL_BYTES: usize = 16;
/// A token: two numbers and the hash.
const TOKEN_BYTES: usize = 8 + 8 + SEAL_BYTES;

/// History does not show what the log has.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Behind {
    /// It has not come so far.
    #[error("history shows records up to {shown}, but the log has {committed}")]
    Tail { shown: Offset, committed: Offset },
    /// It cannot come so far before there is room again.
    #[error("history shows records up to {shown}, but the log has {committed}")]
    Room {
        shown: Offset,
        committed: Offset,
        #[source]
        why: HistoryError,
    },
    /// A part of it cannot be read.
    #[error("a slice of history cannot be opened: {0}")]
    Slice(String),
}

/// Waits until history shows every record that is committed by now, so that callers find what they
/// have just done; not at all while it cannot go on.
pub(crate) async fn catch_up(ctx: &Ctx) -> Result<(), Behind> {
    if let Some(damage) = ctx.services.history.damage() {
        tracing::error!(damage, "a search was refused");
        return Err(Behind::Slice(damage));
    }
    let committed = ctx.services.log.committed();
    let next = ctx.services.history.tail_next();
    if committed.since(next) <= TAKEN.records_max as u64 {
        take_over(ctx, next).await;
    }
    if ctx.services.history.tail_next() >= committed {
        return Ok(());
    }
    let reached = ctx.services.history.reached_unless_full(committed);
    let waited = tokio::time::timeout(Duration::from_millis(CATCH_UP_MS_MAX), reached).await;
    if matches!(waited, Ok(Ok(()))) {
        return Ok(());
    }
    let shown = ctx.services.history.tail_next();
    let behind = match waited {
        Ok(Err(why)) => Behind::Room { shown, committed, why },
        _ => Behind::Tail { shown, committed },
    };
    tracing::error!(error = &behind as &dyn std::error::Error, "a search was refused");
    Err(behind)
}

/// Takes the few newest records over into history, here and now. There is a worker for that, but to
/// wake it and to be woken by it costs more than they do.
async fn take_over(ctx: &Ctx, next: Offset) {
    if next >= ctx.services.log.committed() {
        return;
    }
    // What fails is the worker's to try again, and to tell.
    if let Ok(slice) = ctx.services.log.read(next, TAKEN).await {
        let _ = ctx.services.history.append(slice.first, &slice.records, &slice.appended_ms);
    }
}

/// Asks history something that takes moments, on the threads that are there for it.
pub(crate) async fn look_up<T, E>(
    ctx: &Ctx,
    question: impl FnOnce(&History) -> Result<T, HistoryError> + Send + 'static,
) -> Result<T, E>
where
    T: Send + 'static,
    E: From<HistoryError> + From<Internal>,
{
    let history = Arc::clone(&ctx.services.history);
    answered(ctx.services.askers.ask(move || question(&history))).await
}

/// Asks history something that may take long, on a thread of its own. The question is told when
/// nobody waits for the answer any more.
pub(crate) async fn ask<T, E>(
    ctx: &Ctx,
    question: impl FnOnce(&History, &AtomicBool) -> Result<T, HistoryError> + Send + 'static,
) -> Result<T, E>
where
    T: Send + 'static,
    E: From<HistoryError> + From<Internal>,
{
    let history = Arc::clone(&ctx.services.history);
    let gone = OnDrop(Arc::default());
    let seen = Arc::clone(&gone.0);
    let answer = answered(tokio::task::spawn_blocking(move || question(&history, &seen))).await;
    drop(gone);
    answer
}

async fn answered<T, E>(work: JoinHandle<Result<T, HistoryError>>) -> Result<T, E>
where
    E: From<HistoryError> + From<Internal>,
{
    let answer = work.await.map_err(|error| E::from(Internal::new("search history", error)))?;
    answer.map_err(E::from)
}

/// Sets a flag when it is dropped.
struct OnDrop(Arc<AtomicBool>);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A token that goes on at a position, in this query only.
///
/// It carries a hash over the query and the position, so a token that was altered or comes from
/// elsewhere is found. The hash has no key: whoever makes up a token that fits has made a query
/// that they could have asked anyway.
pub(crate) fn token(query: &[&str], position: Position) -> String {
    let mut bytes = Vec::with_capacity(TOKEN_BYTES);
    bytes.extend(position.event_time_ms.to_be_bytes());
    bytes.extend(position.offset.as_u64().to_be_bytes());
    let seal = seal(query, &bytes);
    bytes.extend(seal);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The position in a token; `None` if it is not one of this query.
pub(crate) fn position(query: &[&str], token: &str) -> Option<Position> {
    let bytes: [u8; TOKEN_BYTES] = URL_SAFE_NO_PAD.decode(token).ok()?.try_into().ok()?;
    let (numbers, found) = bytes.split_at(TOKEN_BYTES - SEAL_BYTES);
    if found != seal(query, numbers) {
        return None;
    }
    let (time, offset) = numbers.split_at(8);
    Some(Position {
        event_time_ms: i64::from_be_bytes(time.try_into().ok()?),
        offset: Offset::new(u64::from_be_bytes(offset.try_into().ok()?)),
    })
}

fn seal(query: &[&str], numbers: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    for part in query {
        text.extend((part.len() as u64).to_be_bytes());
        text.extend(part.as_bytes());
    }
    text.extend(numbers);
    digest(&SHA256, &text).as_ref().iter().copied().take(SEAL_BYTES).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_fits_one_query() {
        let at = Position { event_time_ms: -5, offset: Offset::new(u64::MAX) };
        let query = ["111122223333", "us-east-1", "", "EventName=x"];
        let good = token(&query, at);
        assert_eq!(position(&query, &good), Some(at));
        assert_eq!(good, "__________v__________-9HbN7OPCSu2H3oaayvrIw");
        for other in [
            ["111122223333", "us-east-1", "E", "ventName=x"],
            ["1", "us-east-1", "", "EventName=x"],
        ] {
            assert_eq!(position(&other, &good), None);
        }
        for at in 0..good.len() {
            let mut bad = good.clone().into_bytes();
            bad[at] = if bad[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(position(&query, std::str::from_utf8(&bad).unwrap()), None, "{at}");
        }
        for bad in ["", "A", "AAAA", &format!("{good}A"), &format!("{good}="), "\u{e9}"] {
            assert_eq!(position(&query, bad), None);
        }
    }
}
