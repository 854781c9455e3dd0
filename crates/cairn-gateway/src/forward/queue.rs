//! Records that may follow their answer: one queue with a bound in bytes, and one writer.
//!
//! What an operator chooses for an upstream is what is lost when records cannot be written as fast
//! as calls come: the calls ([`Loss::FailClosed`]), their pace ([`Loss::After`]), or the records
//! ([`Loss::Shed`], where each gap is a record of its own).

use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use cairn_store::log::{BATCH_BYTES_MAX, EventLog, LogError, LogHealth};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::upstream::UpstreamFault;
use crate::gateway::{Gateway, Settings};
use crate::limits::{QUEUED_BATCH_MAX, QUEUED_BYTES_MAX, QUEUED_RETRY_PAUSE};
use crate::metric;
use crate::recorder;

/// What becomes of a call and its record when the two cannot keep pace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// The answer waits until its record is durable. A call that cannot be recorded is not
    /// acknowledged, and one that would change something is not made.
    FailClosed,
    /// The answer does not wait; its record is written right after. When the queue is full, calls
    /// wait for room. A crash loses what is in the queue.
    After,
    /// The answer never waits. Records that find the queue full are dropped, counted, and the gap is
    /// recorded.
    Shed,
}

impl FromStr for Loss {
    type Err = UpstreamFault;

    fn from_str(text: &str) -> Result<Self, UpstreamFault> {
        match text {
            "fail-closed" => Ok(Self::FailClosed),
            "after" => Ok(Self::After),
            "shed" => Ok(Self::Shed),
            _ => Err(UpstreamFault::UnknownLoss { word: text.to_owned() }),
        }
    }
}

struct Queued {
    record: Bytes,
    /// Where it goes: the log of its call, also after a reset has put another in place.
    log: Arc<dyn EventLog>,
    /// Its place in the queue, given back when it is written.
    _place: OwnedSemaphorePermit,
}

/// Records on their way to the log, whose callers have their answers.
#[derive(Debug)]
pub(crate) struct Queue {
    places: Arc<Semaphore>,
    sender: UnboundedSender<Queued>,
    receiver: Mutex<Option<UnboundedReceiver<Queued>>>,
    shed: AtomicU64,
}

impl Default for Queue {
    fn default() -> Self {
        let (sender, receiver) = unbounded_channel();
        Self {
            places: Arc::new(Semaphore::new(QUEUED_BYTES_MAX)),
            sender,
            receiver: Mutex::new(Some(receiver)),
            shed: AtomicU64::new(0),
        }
    }
}

impl std::fmt::Debug for Queued {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Queued").field("bytes", &self.record.len()).finish_non_exhaustive()
    }
}

impl Queue {
    /// Takes a record for a log, and waits for room.
    pub(crate) async fn push(&self, record: Bytes, log: &Arc<dyn EventLog>) {
        let bytes = places(&record);
        if let Ok(place) = Arc::clone(&self.places).acquire_many_owned(bytes).await {
            let _ = self.sender.send(Queued { record, log: Arc::clone(log), _place: place });
        }
    }

    /// Takes a record for a log if there is room; otherwise the gap is one record larger.
    pub(crate) fn push_or_shed(&self, record: Bytes, log: &Arc<dyn EventLog>) {
        let bytes = places(&record);
        match Arc::clone(&self.places).try_acquire_many_owned(bytes) {
            Ok(place) => {
                let _ = self.sender.send(Queued { record, log: Arc::clone(log), _place: place });
            }
            Err(_) => self.shed(1),
        }
    }

    fn shed(&self, records: u64) {
        self.shed.fetch_add(records, Ordering::Relaxed);
        metrics::counter!(metric::SHED_TOTAL).increment(records);
    }

    /// The writer's end; there is one writer.
    pub(crate) fn take_receiver(&self) -> Option<Receiver> {
        let mut receiver = self.receiver.lock().unwrap_or_else(PoisonError::into_inner);
        receiver.take().map(Receiver)
    }
}

/// Where the writer takes records from.
pub(crate) struct Receiver(UnboundedReceiver<Queued>);

/// A record's part of the queue.
fn places(record: &Bytes) -> u32 {
    u32::try_from(record.len().clamp(1, QUEUED_BYTES_MAX)).unwrap_or(u32::MAX)
}

/// Writes what is queued until `stop` resolves, and then what is left.
///
/// The writer takes no lock that calls hold: some of them wait for the room that it makes.
pub(crate) async fn write(
    gateway: Arc<Gateway>,
    mut receiver: Receiver,
    stop: impl Future<Output = ()> + Send,
) {
    let mut stop = std::pin::pin!(stop);
    let mut received = Vec::new();
    loop {
        let count = tokio::select! {
            biased;
            count = receiver.0.recv_many(&mut received, QUEUED_BATCH_MAX) => count,
            () = &mut stop => {
                receiver.0.close();
                receiver.0.recv_many(&mut received, QUEUED_BATCH_MAX).await
            }
        };
        if count == 0 {
            return;
        }
        for batch in batches(received.drain(..)) {
            let gap = gateway.queue.shed.swap(0, Ordering::Relaxed);
            let gap = (gap > 0).then(|| {
                let Settings { account, region, .. } = &gateway.settings;
                Bytes::from(recorder::gap(account, region, gateway.now(), gateway.uuid(), gap))
            });
            append(&batch, gap).await;
        }
    }
}

/// What one append takes, with room for the record of a gap: records of one log.
fn batches(received: impl Iterator<Item = Queued>) -> Vec<Vec<Queued>> {
    let mut batches: Vec<Vec<Queued>> = Vec::new();
    let mut bytes = 0;
    for queued in received {
        bytes += queued.record.len();
        match batches.last_mut() {
            Some(batch)
                if bytes <= BATCH_BYTES_MAX / 2
                    && batch.last().is_some_and(|last| Arc::ptr_eq(&last.log, &queued.log)) =>
            {
                batch.push(queued);
            }
            _ => {
                bytes = queued.record.len();
                batches.push(vec![queued]);
            }
        }
    }
    batches
}

/// Tries until the records are in their log, or it takes no more. They keep their places until then.
async fn append(batch: &[Queued], gap: Option<Bytes>) {
    let Some(Queued { log, .. }) = batch.first() else { return };
    let records: Vec<Bytes> = batch.iter().map(|queued| queued.record.clone()).chain(gap).collect();
    loop {
        let Err(error) = log.append(records.clone()).await else { return };
        tracing::error!(
            error = &error as &dyn std::error::Error,
            records = records.len(),
            "queued records could not be written"
        );
        // What is too large stays so.
        let is_final = matches!(error, LogError::TooLarge { .. })
            || matches!(log.health(), LogHealth::Failed | LogHealth::Closed);
        if is_final {
            metrics::counter!(metric::UNRECORDED_TOTAL).increment(records.len() as u64);
            return;
        }
        tokio::time::sleep(QUEUED_RETRY_PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use cairn_store::{LogOptions, SegmentLog};

    use super::*;

    #[test]
    fn policies_have_names() {
        assert_eq!("fail-closed".parse(), Ok(Loss::FailClosed));
        assert_eq!("after".parse(), Ok(Loss::After));
        assert_eq!("shed".parse(), Ok(Loss::Shed));
        assert!("drop".parse::<Loss>().is_err());
    }

    fn log(directory: &std::path::Path) -> Arc<dyn EventLog> {
        let options = LogOptions::new(Arc::new(|| cairn_event::Timestamp::from_ms(0)));
        Arc::new(SegmentLog::open(directory, &options).unwrap())
    }

    #[tokio::test]
    async fn no_append_takes_more_than_a_log_does() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (one, two) = (log(one.path()), log(two.path()));
        let queue = Queue::default();
        let large = Bytes::from(vec![b'x'; 256 << 10]);
        for _ in 0..100 {
            queue.push_or_shed(large.clone(), &one);
        }
        queue.push_or_shed(large.clone(), &two);
        assert_eq!(queue.shed.load(Ordering::Relaxed), 0);
        let mut receiver = queue.take_receiver().unwrap();
        let mut received = Vec::new();
        receiver.0.recv_many(&mut received, QUEUED_BATCH_MAX).await;
        for batch in batches(received.drain(..)) {
            assert!(queue.places.available_permits() < QUEUED_BYTES_MAX);
            append(&batch, Some(large.clone())).await;
        }
        assert_eq!(queue.places.available_permits(), QUEUED_BYTES_MAX);
        // With a gap behind each append.
        assert_eq!((one.committed().as_u64(), two.committed().as_u64()), (100 + 4, 1 + 1));
    }

    #[tokio::test]
    async fn a_full_queue_makes_wait_or_sheds() {
        let directory = tempfile::tempdir().unwrap();
        let log = &log(directory.path());
        let queue = Queue::default();
        queue.push(Bytes::from(vec![0; QUEUED_BYTES_MAX - 1]), log).await;
        queue.push_or_shed(Bytes::from_static(b"x"), log);
        assert_eq!(queue.shed.load(Ordering::Relaxed), 0);
        queue.push_or_shed(Bytes::from_static(b"x"), log);
        assert_eq!(queue.shed.load(Ordering::Relaxed), 1);
        let mut waiting = std::pin::pin!(queue.push(Bytes::from_static(b"y"), log));
        let polled = futures_util::poll!(waiting.as_mut());
        assert!(polled.is_pending());
        let mut receiver = queue.take_receiver().unwrap();
        drop(receiver.0.recv().await);
        waiting.await;
        assert!(queue.take_receiver().is_none());
    }
}
