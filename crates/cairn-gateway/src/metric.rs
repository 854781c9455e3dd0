//! The metrics of the front door, each declared once.

/// Calls answered, by `service` and `outcome` (`ok`, `error`).
pub const CALLS_TOTAL: &str = "cairn_gateway_calls_total";
/// Calls refused before anybody was identified, by `reason`.
pub const REFUSALS_TOTAL: &str = "cairn_gateway_refusals_total";
/// Documents that were read, or recorded, beside the lanes since that takes long, by `work`: `form`,
/// `document`, `call`, `record`.
pub const BESIDE_TOTAL: &str = "cairn_gateway_beside_total";
/// Calls that were not acknowledged because their record could not be written.
pub const UNRECORDED_TOTAL: &str = "cairn_gateway_unrecorded_calls_total";
/// Records of forwarded calls that were dropped because their queue was full.
pub const SHED_TOTAL: &str = "cairn_gateway_shed_records_total";
/// Calls that an upstream did not answer, by `upstream` and `reason`: `unreachable`, `untrusted` (its
/// certificate), `tls`, `garbled` (no HTTP), `closed`, `too_slow`, `stalled`, `broke_off`, `sender`
/// (the caller's own body).
pub const UPSTREAM_FAILURES_TOTAL: &str = "cairn_gateway_upstream_failures_total";
/// Reading calls that were made once more since their connection went down under them, by
/// `upstream`.
pub const UPSTREAM_REPEATS_TOTAL: &str = "cairn_gateway_upstream_repeats_total";
/// Requests that were passed on without a record, since they are no AWS calls, by `reason`.
pub const PASSED_TOTAL: &str = "cairn_gateway_passed_requests_total";
/// From the request's head to the answer, in seconds.
pub const CALL_SECONDS: &str = "cairn_gateway_call_seconds";
/// Building the record and making it durable, in seconds.
pub const COMMIT_SECONDS: &str = "cairn_gateway_commit_seconds";
/// Connections open now.
pub const CONNECTIONS: &str = "cairn_gateway_connections_count";

/// Describes all metrics to the recorder that the program installed.
pub fn describe() {
    metrics::describe_counter!(CALLS_TOTAL, "Calls answered, by service and outcome.");
    metrics::describe_counter!(
        REFUSALS_TOTAL,
        "Calls refused before anybody was identified, by reason."
    );
    metrics::describe_counter!(
        BESIDE_TOTAL,
        "Documents read or recorded beside the threads that serve connections, by work."
    );
    metrics::describe_counter!(
        UNRECORDED_TOTAL,
        "Calls refused because their record could not be written."
    );
    metrics::describe_counter!(
        SHED_TOTAL,
        "Records of forwarded calls that were dropped because their queue was full."
    );
    metrics::describe_counter!(
        UPSTREAM_FAILURES_TOTAL,
        "Calls that an upstream did not answer, by upstream and reason."
    );
    metrics::describe_counter!(
        UPSTREAM_REPEATS_TOTAL,
        "Reading calls made once more since their connection went down, by upstream."
    );
    metrics::describe_counter!(
        PASSED_TOTAL,
        "Requests passed on without a record, since they are no AWS calls, by reason."
    );
    metrics::describe_histogram!(
        CALL_SECONDS,
        metrics::Unit::Seconds,
        "From the head of a call to its answer."
    );
    metrics::describe_histogram!(
        COMMIT_SECONDS,
        metrics::Unit::Seconds,
        "Making a record durable."
    );
    metrics::describe_gauge!(CONNECTIONS, "Connections open now.");
}
