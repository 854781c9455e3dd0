//! Records that may follow their answer: one queue with a bound in bytes, and one writer.
//!
//! What an operator chooses for an upstream is what is lost when records cannot be written as fast
//! as calls come: the calls ([`Loss::FailClosed`]), their pace ([`Loss::After`]), or the records
//! ([`Loss::Shed`], where each gap is a record of its own).

use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use cairn_store::log::LogHealth;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::upstream::UpstreamFault;
use crate::gateway::Gateway;
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
    /// Takes a record, and waits for room.
    pub(crate) async fn push(&self, record: Bytes) {
        let bytes = places(&record);
        if let Ok(place) = Arc::clone(&self.places).acquire_many_owned(bytes).await {
            let _ = self.sender.send(Queued { record, _place: place });
        }
    }

    /// Takes a record if there is room; otherwise the gap is one record larger.
    pub(crate) fn push_or_shed(&self, record: Bytes) {
        let bytes = places(&record);
        match Arc::clone(&self.places).try_acquire_many_owned(bytes) {
            Ok(place) => {
                let _ = self.sender.send(Queued { record, _place: place });
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
pub(crate) async fn write(
    gateway: Arc<Gateway>,
    mut receiver: Receiver,
    stop: impl Future<Output = ()> + Send,
) {
    let mut stop = std::pin::pin!(stop);
    let mut batch = Vec::new();
    loop {
        let received = tokio::select! {
            biased;
            received = receiver.0.recv_many(&mut batch, QUEUED_BATCH_MAX) => received,
            () = &mut stop => {
                receiver.0.close();
                receiver.0.recv_many(&mut batch, QUEUED_BATCH_MAX).await
            }
        };
        if received == 0 {
            return;
        }
        let mut records: Vec<Bytes> = batch.drain(..).map(|queued| queued.record).collect();
        let gap = gateway.queue.shed.swap(0, Ordering::Relaxed);
        if gap > 0 {
            let settings = &gateway.settings;
            let id = gateway.uuid();
            let gap = recorder::gap(&settings.account, &settings.region, gateway.now(), id, gap);
            records.push(Bytes::from(gap));
        }
        append(&gateway, records).await;
    }
}

/// Tries until the records are in the log, or the log takes no more.
async fn append(gateway: &Gateway, records: Vec<Bytes>) {
    loop {
        let log = Arc::clone(&gateway.stores.read().await.services.log);
        let Err(error) = log.append(records.clone()).await else { return };
        tracing::error!(
            error = &error as &dyn std::error::Error,
            records = records.len(),
            "queued records could not be written"
        );
        if matches!(log.health(), LogHealth::Failed | LogHealth::Closed) {
            metrics::counter!(metric::UNRECORDED_TOTAL).increment(records.len() as u64);
            return;
        }
        tokio::time::sleep(QUEUED_RETRY_PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_have_names() {
        assert_eq!("fail-closed".parse(), Ok(Loss::FailClosed));
        assert_eq!("after".parse(), Ok(Loss::After));
        assert_eq!("shed".parse(), Ok(Loss::Shed));
        assert!("drop".parse::<Loss>().is_err());
    }

    #[tokio::test]
    async fn a_full_queue_makes_wait_or_sheds() {
        let queue = Queue::default();
        queue.push(Bytes::from(vec![0; QUEUED_BYTES_MAX - 1])).await;
        queue.push_or_shed(Bytes::from_static(b"x"));
        assert_eq!(queue.shed.load(Ordering::Relaxed), 0);
        queue.push_or_shed(Bytes::from_static(b"x"));
        assert_eq!(queue.shed.load(Ordering::Relaxed), 1);
        let mut waiting = std::pin::pin!(queue.push(Bytes::from_static(b"y")));
        let polled = futures_util::poll!(waiting.as_mut());
        assert!(polled.is_pending());
        let mut receiver = queue.take_receiver().unwrap();
        drop(receiver.0.recv().await);
        waiting.await;
        assert!(queue.take_receiver().is_none());
    }
}
