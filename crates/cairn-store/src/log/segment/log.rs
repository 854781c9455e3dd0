//! `SegmentLog`: the callers' side of the log.

use std::fmt;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::atomic::{AtomicU8, AtomicU64};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, JoinHandle, Thread};

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::{Semaphore, oneshot, watch};

use super::batch::{Compressors, check_limits, lay_out};
use super::catalog::Catalog;
use super::committer::{Body, Command, Committer, Request};
use super::format::CHAIN_START;
use super::options::QUEUED_RECORD_BYTES;
use super::queue::Queue;
use super::recent::Recent;
use super::{ClockValue, LogOptions, Recovery, Shared, reader, recover};
use crate::files::{Files, OsFiles};
use crate::log::{EventLog, LogError, LogSlice, Offset, ReadLimit};

/// An event log in segment files in one directory. The format and the guarantees are described at
/// the head of the module.
///
/// One process at a time may have it open; [`crate::DirectoryLock`] sees to that.
pub struct SegmentLog {
    shared: Arc<Shared>,
    queue: Arc<Queue>,
    room: Arc<Semaphore>,
    committer: Mutex<Option<JoinHandle<()>>>,
    recovery: Recovery,
}

/// Where a log stands: the next offset, and the hash over everything before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogHead {
    /// The next offset.
    pub next: Offset,
    /// The hash over everything below it.
    pub chain: [u8; 32],
}

/// Whether a log takes appends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogHealth {
    /// It does.
    Open = 0,
    /// The last commit found no space to set aside for those after it, or none at all. The next one
    /// tries again.
    Full = 1,
    /// A sync has failed, or the thread that commits has ended. It must be opened anew.
    Failed = 2,
    /// It was closed.
    Closed = 3,
}

impl LogHealth {
    pub(crate) const fn from_number(number: u8) -> Self {
        match number {
            0 => Self::Open,
            1 => Self::Full,
            2 => Self::Failed,
            _ => Self::Closed,
        }
    }
}

/// An append that is under way. Dropped, it goes on.
#[derive(Debug)]
#[must_use = "only `wait` tells whether the records were appended"]
pub struct Ticket {
    answer: Answer,
}

#[derive(Debug)]
enum Answer {
    Settled(Offset),
    Pending(oneshot::Receiver<Result<Offset, LogError>>),
}

impl Ticket {
    /// Blocks until the records are durable; returns the first one's offset.
    pub fn wait(self) -> Result<Offset, LogError> {
        match self.answer {
            Answer::Settled(offset) => Ok(offset),
            Answer::Pending(answer) => block_on(settled(answer)),
        }
    }
}

async fn settled(answer: oneshot::Receiver<Result<Offset, LogError>>) -> Result<Offset, LogError> {
    let gone = |_| LogError::unknown(std::io::Error::other("the committing thread is gone"));
    answer.await.map_err(gone)?
}

impl SegmentLog {
    /// Opens the log in a directory, or begins one. Cuts off what an interrupted commit left.
    pub fn open(directory: &Path, options: &LogOptions) -> Result<Self, LogError> {
        Self::open_on(Arc::new(OsFiles), directory, options)
    }

    pub(crate) fn open_on(
        files: Arc<dyn Files>,
        directory: &Path,
        options: &LogOptions,
    ) -> Result<Self, LogError> {
        let shared = Arc::new(Shared {
            files,
            directory: PathBuf::from(directory),
            catalog: Catalog::default(),
            recent: Recent::new(options.recent_bytes_max),
            compressors: Compressors::default(),
            now: ClockValue(Arc::clone(&options.now)),
            committed: AtomicU64::new(0),
            changed: watch::Sender::new(0),
            health: AtomicU8::new(LogHealth::Open as u8),
            head: Mutex::new(LogHead { next: Offset::ZERO, chain: CHAIN_START }),
        });
        let (writer, recovery) = recover::open(&shared, options.segment_bytes_max)?;
        let queue = Arc::new(Queue::default());
        let committer = Committer::new(Arc::clone(&shared), writer, Arc::clone(&queue));
        let thread = thread::Builder::new()
            .name("log-committer".to_owned())
            .spawn(move || committer.run())
            .map_err(|error| LogError::io("start the committing thread", error))?;
        Ok(Self {
            shared,
            queue,
            room: Arc::new(Semaphore::new(options.queue_bytes())),
            committer: Mutex::new(Some(thread)),
            recovery,
        })
    }

    /// What was found when the log was opened.
    pub fn recovery(&self) -> &Recovery {
        &self.recovery
    }

    /// The next offset and the hash over everything before it.
    pub fn head(&self) -> LogHead {
        self.shared.head()
    }

    /// As `append`, for callers that may block: compresses on this thread, so that several of them
    /// share the work, and waits for the commit.
    pub fn append_blocking<R: AsRef<[u8]>>(&self, records: &[R]) -> Result<Offset, LogError> {
        self.submit_blocking(records)?.wait()
    }

    /// As `append_blocking`, but returns when the records are in the queue, so that the caller can
    /// prepare the next batch while this one is synced. Blocks while the queue is full.
    pub fn submit_blocking<R: AsRef<[u8]>>(&self, records: &[R]) -> Result<Ticket, LogError> {
        let bytes = check_limits(records)?;
        if records.is_empty() {
            return Ok(Ticket { answer: Answer::Settled(self.committed()) });
        }
        self.refuse_if_closed()?;
        let (count, raw) = lay_out(records.iter().map(AsRef::as_ref));
        let payload = self.shared.compressors.compress(count, raw)?;
        let pending = block_on(self.enqueue(Body::Payload(payload), bytes, records.len()))?;
        Ok(Ticket { answer: Answer::Pending(pending) })
    }

    /// As `read`, for callers that may block.
    pub fn read_blocking(&self, from: Offset, limit: ReadLimit) -> Result<LogSlice, LogError> {
        match self.read_from_memory(from, limit)? {
            Some(slice) => Ok(slice),
            None => reader::read(&self.shared, self.clamp(from), limit),
        }
    }

    /// The offset below which every record was appended before a moment, as far as whole segments
    /// go: what to `expire` for a retention by time. Blocks.
    pub fn expirable_before(&self, moment_ms: i64) -> Result<Offset, LogError> {
        reader::expirable_before(&self.shared, moment_ms).map(Offset::new)
    }

    /// Finishes the last segment and takes no more appends. Those under way are still committed.
    /// Blocks until that is done. Dropping the log does the same.
    pub fn close(&self) {
        // An error says that the thread has ended, which is what is wanted.
        let _ = self.queue.push(Command::Close);
        let thread = self.committer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = thread.join();
        }
        self.room.close();
    }

    async fn enqueue(
        &self,
        body: Body,
        bytes: usize,
        records: usize,
    ) -> Result<oneshot::Receiver<Result<Offset, LogError>>, LogError> {
        let cost = bytes.saturating_add(records.saturating_mul(QUEUED_RECORD_BYTES)) as u32;
        let room = Arc::clone(&self.room);
        let room = room.acquire_many_owned(cost).await.map_err(|_| LogError::Closed)?;
        let (answer, pending) = oneshot::channel();
        let request = Request { body, bytes, room, answer };
        self.queue.push(Command::Append(request)).map_err(|_| LogError::Closed)?;
        Ok(pending)
    }

    fn refuse_if_closed(&self) -> Result<(), LogError> {
        match self.health() {
            LogHealth::Open | LogHealth::Full => Ok(()),
            LogHealth::Failed | LogHealth::Closed => Err(LogError::Closed),
        }
    }

    fn clamp(&self, from: Offset) -> u64 {
        from.max(self.first()).as_u64()
    }

    /// What can be said of a read without the disk: nothing there, beyond the end, or recent.
    fn read_from_memory(
        &self,
        from: Offset,
        limit: ReadLimit,
    ) -> Result<Option<LogSlice>, LogError> {
        let committed = self.committed();
        let from = Offset::new(self.clamp(from));
        if from > committed {
            return Err(LogError::Ahead { committed });
        }
        if from == committed {
            return Ok(Some(LogSlice::empty(from)));
        }
        let gathering = self.shared.recent.read(from.as_u64(), limit);
        Ok(gathering.map(reader::Gathering::finish))
    }
}

#[async_trait]
impl EventLog for SegmentLog {
    async fn append(&self, records: Vec<Bytes>) -> Result<Offset, LogError> {
        let bytes = check_limits(&records)?;
        if records.is_empty() {
            return Ok(self.committed());
        }
        self.refuse_if_closed()?;
        let count = records.len();
        settled(self.enqueue(Body::Records(records), bytes, count).await?).await
    }

    fn committed(&self) -> Offset {
        Offset::new(self.shared.committed())
    }

    fn first(&self) -> Offset {
        Offset::new(self.shared.catalog.first())
    }

    async fn read(&self, from: Offset, limit: ReadLimit) -> Result<LogSlice, LogError> {
        if let Some(slice) = self.read_from_memory(from, limit)? {
            return Ok(slice);
        }
        let shared = Arc::clone(&self.shared);
        let from = self.clamp(from);
        let read = tokio::task::spawn_blocking(move || reader::read(&shared, from, limit));
        read.await.map_err(|error| LogError::io("read a segment", std::io::Error::other(error)))?
    }

    async fn changed(&self, seen: Offset) {
        self.shared.changed(seen).await;
    }

    fn health(&self) -> LogHealth {
        self.shared.health()
    }

    async fn expire(&self, before: Offset) -> Result<Offset, LogError> {
        let (answer, pending) = oneshot::channel();
        let command = Command::Expire { before: before.as_u64(), answer };
        self.queue.push(command).map_err(|_| LogError::Closed)?;
        pending.await.map_err(|_| LogError::Closed)?
    }
}

impl Drop for SegmentLog {
    fn drop(&mut self) {
        self.close();
    }
}

impl fmt::Debug for SegmentLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SegmentLog")
            .field("directory", &self.shared.directory)
            .field("first", &self.first())
            .field("committed", &self.committed())
            .finish_non_exhaustive()
    }
}

/// Wakes a thread that waits for a future.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Runs a future that needs no runtime (the queue's room, an answer) on this thread.
fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}
