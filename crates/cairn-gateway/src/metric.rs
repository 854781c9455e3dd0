//! The metrics of the front door, each declared once.

/// Calls answered, by `service` and `outcome` (`ok`, `error`).
pub const CALLS_TOTAL: &str = "cairn_gateway_calls_total";
/// Calls refused before anybody was identified, by `reason`.
pub const REFUSALS_TOTAL: &str = "cairn_gateway_refusals_total";
/// Calls that were not acknowledged because their record could not be written.
pub const UNRECORDED_TOTAL: &str = "cairn_gateway_unrecorded_calls_total";
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
        UNRECORDED_TOTAL,
        "Calls refused because their record could not be written."
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
