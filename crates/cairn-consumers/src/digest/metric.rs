//! The metrics of digests, each declared once.

const WRITTEN_TOTAL: &str = "cairn_digests_written_total";
const FAILURES_TOTAL: &str = "cairn_digest_failures_total";
const GIVEN_UP_TOTAL: &str = "cairn_digests_given_up_total";
const KEYS_MADE_TOTAL: &str = "cairn_digest_keys_made_total";

pub(super) fn written() {
    metrics::counter!(WRITTEN_TOTAL).increment(1);
}

pub(super) fn failed() {
    metrics::counter!(FAILURES_TOTAL).increment(1);
}

pub(super) fn given_up() {
    metrics::counter!(GIVEN_UP_TOTAL).increment(1);
}

pub(super) fn key_made() {
    metrics::counter!(KEYS_MADE_TOTAL).increment(1);
}
