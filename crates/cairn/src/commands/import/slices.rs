//! The side stage: history slices, several at a time, each on a thread of its own.
//!
//! A slice is quickly filled and slowly written, so the threads take turns: while one writes, the
//! next one is filled.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use anyhow::Context as _;
use bytes::Bytes;
use cairn_history::{History, Prepared, SliceBuilder};
use cairn_store::Offset;

use super::publish::Done;

/// Records to a slice. The server merges slices later.
const SLICE_RECORDS_MAX: u64 = 49_152;
/// Record bytes to a slice, which are in memory until it is written.
const SLICE_BYTES_MAX: u64 = 96 << 20;
/// Batches that wait for a builder.
const WAITING_BATCHES_MAX: usize = 8;

/// Whether it is time to finish a slice.
pub(super) fn is_full(builder: &SliceBuilder) -> bool {
    fills(builder.records(), builder.bytes())
}

fn fills(records: u64, bytes: u64) -> bool {
    records >= SLICE_RECORDS_MAX || bytes >= SLICE_BYTES_MAX
}

/// What a builder is told.
#[derive(Debug)]
pub(super) enum Order {
    /// A slice begins.
    Begin(Offset),
    /// Its next records, and when they were appended.
    Records(Prepared, Vec<Bytes>, i64),
    /// The slice is complete.
    End,
}

/// Gives records to builders in turn, a slice to each.
#[derive(Debug)]
pub(super) struct Dispatch {
    builders: Vec<SyncSender<Order>>,
    turn: usize,
    next: Offset,
    records: u64,
    bytes: u64,
}

impl Dispatch {
    /// A dispatch to so many builders, and where each takes its orders.
    pub(super) fn new(next: Offset, builders: usize) -> (Self, Vec<Receiver<Order>>) {
        let channels = (0..builders).map(|_| sync_channel(WAITING_BATCHES_MAX));
        let (builders, receivers) = channels.unzip();
        (Self { builders, turn: 0, next, records: 0, bytes: 0 }, receivers)
    }

    /// Hands on the next records; `false` if a builder is gone.
    pub(super) fn give(
        &mut self,
        prepared: Prepared,
        records: Vec<Bytes>,
        appended_ms: i64,
    ) -> bool {
        if records.is_empty() {
            return true;
        }
        if self.records == 0 && !self.order(Order::Begin(self.next)) {
            return false;
        }
        self.records += records.len() as u64;
        self.bytes += records.iter().map(|record| record.len() as u64).sum::<u64>();
        self.next = self.next.plus(records.len() as u64);
        let is_taken = self.order(Order::Records(prepared, records, appended_ms));
        is_taken && (!fills(self.records, self.bytes) || self.end())
    }

    /// Completes the last slice.
    pub(super) fn end(&mut self) -> bool {
        if self.records == 0 {
            return true;
        }
        let is_taken = self.order(Order::End);
        (self.records, self.bytes) = (0, 0);
        self.turn = (self.turn + 1) % self.builders.len().max(1);
        is_taken
    }

    fn order(&self, order: Order) -> bool {
        self.builders.get(self.turn).is_some_and(|builder| builder.send(order).is_ok())
    }
}

/// Builds slices as ordered. A slice that was not completed is thrown away.
pub(super) fn build(
    history: &History,
    orders: &Receiver<Order>,
    done: &SyncSender<Done>,
) -> anyhow::Result<()> {
    let mut slice: Option<SliceBuilder> = None;
    for order in orders {
        match order {
            Order::Begin(first) => slice = Some(history.builder(first)),
            Order::Records(prepared, records, appended_ms) => {
                if let Some(slice) = &mut slice {
                    slice.push_prepared(prepared, records, appended_ms);
                }
            }
            Order::End => {
                let built = slice.take().map(SliceBuilder::finish).transpose();
                if let Some(built) = built.context("cannot write history")?.flatten()
                    && done.send(Done::Built(built)).is_err()
                {
                    return Ok(());
                }
            }
        }
    }
    Ok(())
}
