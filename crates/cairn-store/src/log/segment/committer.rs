//! The one thread that writes: it commits whatever waits, then answers.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::batch::{FRAME_RECORDS_MAX, Payload, lay_out};
use super::queue::Queue;
use super::writer::Writer;
use super::{LogHealth, Shared};
use crate::log::{LogError, Offset};

/// Appends are taken into one commit until they have so many bytes.
const COMMIT_BYTES_MAX: usize = 16 << 20;
/// Small appends are laid out together in one frame until they have so many bytes: enough to
/// compress well, and little to expand for a reader who wants one record. With the table of lengths
/// a frame stays below 512 KiB: an allocator keeps pieces of that length at hand, while longer ones
/// come from the system, which clears them.
const MERGE_BYTES_MAX: usize = 480 << 10;
/// How long a commit waits for as many appends as the last ones had: about as long as it takes.
const GATHER_MAX: Duration = Duration::from_micros(500);
/// It waits for no fewer: what two callers save by sharing a sync, they would lose by waiting.
const GATHER_APPENDS_MIN: usize = 4;
/// How far this thread goes before others, as `nice` counts.
const NICENESS: i32 = -10;
/// The most segments that one expiry removes, since appends wait meanwhile.
const EXPIRE_SEGMENTS_MAX: usize = 16;

/// What the committing thread is asked to do.
#[derive(Debug)]
pub(crate) enum Command {
    Append(Request),
    Expire { before: u64, answer: oneshot::Sender<Result<Offset, LogError>> },
    Close,
}

/// An append that waits.
#[derive(Debug)]
pub(crate) struct Request {
    pub body: Body,
    pub bytes: usize,
    /// Its share of the queue, given back when it has been answered.
    pub room: OwnedSemaphorePermit,
    pub answer: oneshot::Sender<Result<Offset, LogError>>,
}

/// Records, compressed already or not.
#[derive(Debug)]
pub(crate) enum Body {
    Records(Vec<Bytes>),
    Payload(Payload),
}

impl Body {
    fn count(&self) -> usize {
        match self {
            Self::Records(records) => records.len(),
            Self::Payload(payload) => payload.records as usize,
        }
    }
}

/// Somebody who waits for an answer.
struct Waiter {
    records: u64,
    answer: oneshot::Sender<Result<Offset, LogError>>,
    _room: OwnedSemaphorePermit,
}

/// The committing thread's state.
#[derive(Debug)]
pub(crate) struct Committer {
    shared: Arc<Shared>,
    writer: Writer,
    queue: Arc<Queue>,
    /// How many appends the last commits had.
    expected: usize,
}

impl Committer {
    pub(crate) fn new(shared: Arc<Shared>, writer: Writer, queue: Arc<Queue>) -> Self {
        Self { shared, writer, queue, expected: 0 }
    }

    /// Works until the log is closed.
    pub(crate) fn run(mut self) {
        go_before_others();
        // Also if this thread ends in a panic, nobody may wait for it.
        let _closes = Closes(Arc::clone(&self.shared), Arc::clone(&self.queue));
        loop {
            let first = self.queue.take_first();
            let (requests, other) = self.gather(first);
            if !requests.is_empty() {
                self.commit(requests);
            }
            match other {
                None | Some(Command::Append(_)) => {}
                Some(Command::Expire { before, answer }) => {
                    // Whoever asked may have gone.
                    let _ = answer.send(self.expire(before));
                }
                Some(Command::Close) => break,
            }
        }
        self.close();
    }

    /// All appends that wait, up to the limit or to a command of another kind. Where the last
    /// commits had several, it waits a moment for as many: callers who were answered together call
    /// again together, and one sync for all of them costs less than one each. Few never wait.
    fn gather(&mut self, first: Command) -> (Vec<Request>, Option<Command>) {
        let mut requests = Vec::new();
        let mut bytes = 0_usize;
        let mut has_waited = self.expected < GATHER_APPENDS_MIN;
        let mut command = Some(first);
        while let Some(Command::Append(request)) = command {
            bytes = bytes.saturating_add(request.bytes);
            requests.push(request);
            if bytes >= COMMIT_BYTES_MAX {
                command = None;
                break;
            }
            command = self.queue.take_next();
            if command.is_none() && !has_waited && requests.len() < self.expected {
                has_waited = true;
                let missing = self.expected - requests.len();
                self.queue.wait_for(missing, Instant::now() + GATHER_MAX);
                command = self.queue.take_next();
            }
        }
        // Falls slowly: one commit that came early does not end it.
        self.expected = requests.len().max(self.expected / 2);
        (requests, command)
    }

    fn commit(&mut self, requests: Vec<Request>) {
        let mut waiters = Vec::with_capacity(requests.len());
        let mut bodies = Vec::with_capacity(requests.len());
        for Request { body, room, answer, .. } in requests {
            waiters.push(Waiter { records: body.count() as u64, answer, _room: room });
            bodies.push(body);
        }
        let outcome = match self.shared.health() {
            LogHealth::Open | LogHealth::Full => self.try_commit(bodies),
            LogHealth::Failed | LogHealth::Closed => Err(LogError::Closed),
        };
        let mut next = outcome;
        for waiter in waiters {
            let answer = next.clone();
            next = next.map(|offset| offset.plus(waiter.records));
            // Whoever appended may have gone; the records stay.
            let _ = waiter.answer.send(answer);
        }
    }

    fn try_commit(&mut self, bodies: Vec<Body>) -> Result<Offset, LogError> {
        let payloads = self.payloads(bodies)?;
        let outcome = self.writer.commit(payloads);
        let health = match &outcome {
            _ if self.writer.has_failed() => LogHealth::Failed,
            Err(LogError::Full) => LogHealth::Full,
            _ if self.writer.is_short() => LogHealth::Full,
            _ => LogHealth::Open,
        };
        if health != self.shared.health() {
            tracing::warn!(?health, segment_directory = ?self.shared.directory, "log health changed");
            self.shared.set_health(health);
        }
        outcome.map(Offset::new)
    }

    /// One payload for each append that is large or compressed already, one for each run of others.
    fn payloads(&self, bodies: Vec<Body>) -> Result<Vec<Payload>, LogError> {
        let mut payloads = Vec::new();
        let mut run: Vec<Vec<Bytes>> = Vec::new();
        let (mut run_records, mut run_bytes) = (0, 0);
        for body in bodies {
            let records = match body {
                Body::Records(records) => records,
                Body::Payload(payload) => {
                    self.lay_out_run(&mut run, &mut payloads)?;
                    (run_records, run_bytes) = (0, 0);
                    payloads.push(payload);
                    continue;
                }
            };
            let bytes: usize = records.iter().map(Bytes::len).sum();
            let fits = run_records + records.len() <= FRAME_RECORDS_MAX
                && run_bytes + bytes <= MERGE_BYTES_MAX;
            if !fits {
                self.lay_out_run(&mut run, &mut payloads)?;
                (run_records, run_bytes) = (0, 0);
            }
            run_records += records.len();
            run_bytes += bytes;
            run.push(records);
        }
        self.lay_out_run(&mut run, &mut payloads)?;
        Ok(payloads)
    }

    fn lay_out_run(
        &self,
        run: &mut Vec<Vec<Bytes>>,
        payloads: &mut Vec<Payload>,
    ) -> Result<(), LogError> {
        if run.is_empty() {
            return Ok(());
        }
        let records = run.iter().flatten().map(AsRef::as_ref);
        let (count, raw) = lay_out(records);
        payloads.push(self.shared.compressors.compress(count, raw)?);
        run.clear();
        Ok(())
    }

    /// Removes segments below an offset, the oldest first, each durably before the next: so what is
    /// left after a crash has no hole.
    fn expire(&self, before: u64) -> Result<Offset, LogError> {
        let Shared { files, catalog, directory, .. } = &*self.shared;
        for _ in 0..EXPIRE_SEGMENTS_MAX {
            // Readers look here first, so they stop before the file goes.
            let Some(segment) = catalog.pop_below(before) else { break };
            let removed = files.remove(&segment.path);
            if let Err(error) = removed.and_then(|()| files.sync_directory(directory)) {
                if files.open(&segment.path).is_ok() {
                    catalog.put_back(segment);
                }
                return Err(LogError::io("remove a segment", error));
            }
        }
        Ok(Offset::new(catalog.first()))
    }

    fn close(mut self) {
        if self.shared.health() != LogHealth::Failed {
            self.shared.set_health(LogHealth::Closed);
            if let Err(error) = self.writer.finish() {
                tracing::warn!(%error, "the last segment got no footer");
            }
        }
        for command in self.queue.close() {
            match command {
                Command::Append(Request { answer, .. }) | Command::Expire { answer, .. } => {
                    let _ = answer.send(Err(LogError::Closed));
                }
                Command::Close => {}
            }
        }
    }
}

/// Closes the log at its end.
struct Closes(Arc<Shared>, Arc<Queue>);

impl Drop for Closes {
    fn drop(&mut self) {
        let Self(shared, queue) = self;
        // Ordered, the end is noted already. Otherwise nothing commits any more, and whoever asks
        // whether the log takes appends must learn it: a call that is done now has no record.
        if matches!(shared.health(), LogHealth::Open | LogHealth::Full) {
            shared.set_health(LogHealth::Failed);
            tracing::error!("the committing thread has ended: the log must be opened anew");
        }
        // Whoever waits for an answer learns that there will be none.
        drop(queue.close());
    }
}

/// Asks the system to run this thread before others: it works little, and everybody waits for it. On
/// Linux niceness is a thread's own, and only some may lower it (`CAP_SYS_NICE`, `RLIMIT_NICE`); for
/// all others it stays as it was.
fn go_before_others() {
    if cfg!(target_os = "linux")
        && let Err(error) = rustix::process::setpriority_process(None, NICENESS)
    {
        tracing::debug!(%error, "the committing thread has no precedence");
    }
}
