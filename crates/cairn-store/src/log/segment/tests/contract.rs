//! The contract, on a disk that works and on disks that do not.

use std::sync::Arc;

use super::world::World;
use crate::files::sim::{Fault, Random, SimDisk};
use crate::log::{EventLog, LogOptions, SegmentLog};
use crate::testkit::{event_log_contract, ticking_clock};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_contract_holds_on_a_disk() {
    let directory = tempfile::tempdir().unwrap();
    let options = LogOptions {
        segment_bytes_max: 16_000,
        recent_bytes_max: 40_000,
        ..LogOptions::new(ticking_clock(0))
    };
    event_log_contract(|| Arc::new(SegmentLog::open(directory.path(), &options).unwrap())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_contract_holds_on_disks_that_fail() {
    for seed in 0..12 {
        let disk = SimDisk::default();
        let mut random = Random::new(seed);
        // Dense at first, where most of the suite's small appends are, then rarer.
        let mut number = 8;
        while number < 2_000 {
            number += 3 + random.below(20 + number / 10);
            let fault = match random.below(4) {
                0 => Fault::FailsButPersists,
                1 => Fault::Tears(random.below(5_000)),
                _ => Fault::Fails,
            };
            disk.break_operation(number, fault);
        }
        event_log_contract(|| open(&disk)).await;
    }
}

fn open(disk: &SimDisk) -> Arc<dyn EventLog> {
    for _ in 0..50 {
        if let Ok(log) = World::open_log(disk, "/log".as_ref()) {
            return Arc::new(log);
        }
    }
    panic!("the log does not open");
}
