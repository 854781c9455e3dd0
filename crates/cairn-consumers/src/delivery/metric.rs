//! Delivery's metrics, each declared once.

use std::sync::atomic::Ordering;

use super::engine::Counts;

const FILES_TOTAL: &str = "cairn_delivery_files_total";
const BYTES_TOTAL: &str = "cairn_delivery_bytes_total";
const RECORDS_TOTAL: &str = "cairn_delivery_records_total";
const FAILURES_TOTAL: &str = "cairn_delivery_failures_total";
const GIVEN_UP_TOTAL: &str = "cairn_delivery_given_up_records_total";
const MISSED_TOTAL: &str = "cairn_delivery_missed_records_total";
const UNPLACED_TOTAL: &str = "cairn_delivery_unplaced_records_total";
const LAG_RECORDS: &str = "cairn_delivery_lag_records";
const LAG_SECONDS: &str = "cairn_delivery_lag_seconds";
const LAGGING_TRAILS: &str = "cairn_delivery_lagging_trails";

/// A file is in its bucket: its length there, and how many records it holds.
pub(super) fn delivered(counts: &Counts, bytes: u64, records: u64) {
    counts.files.fetch_add(1, Ordering::Relaxed);
    counts.bytes.fetch_add(bytes, Ordering::Relaxed);
    counts.records.fetch_add(records, Ordering::Relaxed);
    metrics::counter!(FILES_TOTAL).increment(1);
    metrics::counter!(BYTES_TOTAL).increment(bytes);
    metrics::counter!(RECORDS_TOTAL).increment(records);
}

/// A bucket did not take a file.
pub(super) fn failed(counts: &Counts) {
    counts.failures.fetch_add(1, Ordering::Relaxed);
    metrics::counter!(FAILURES_TOTAL).increment(1);
}

/// Records were given up after 30 days.
pub(super) fn given_up(counts: &Counts, records: u64) {
    counts.given_up.fetch_add(records, Ordering::Relaxed);
    metrics::counter!(GIVEN_UP_TOTAL).increment(records);
}

/// Records expired from the log before they were read.
pub(super) fn missed(counts: &Counts, records: u64) {
    counts.missed.fetch_add(records, Ordering::Relaxed);
    metrics::counter!(MISSED_TOTAL).increment(records);
}

/// Records that trails select name no region, so that no file can hold them.
pub(super) fn unplaced(counts: &Counts, records: u64) {
    counts.unplaced.fetch_add(records, Ordering::Relaxed);
    metrics::counter!(UNPLACED_TOTAL).increment(records);
}

/// How far behind the trail is that is furthest behind.
#[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
pub(super) fn lag(records: u64, ms: i64, trails: usize) {
    metrics::gauge!(LAG_RECORDS).set(records as f64);
    metrics::gauge!(LAG_SECONDS).set(ms as f64 / 1_000.0);
    metrics::gauge!(LAGGING_TRAILS).set(trails as f64);
}
