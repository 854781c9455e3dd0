//! The server's own log and metrics.

use std::io::IsTerminal as _;

use anyhow::Context as _;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

/// `s3s` logs every error of a caller, bodies included; those are in the records.
const DEFAULT_FILTER: &str = "info,s3s=off";
/// Upper bounds of the latency histograms, in seconds.
const SECONDS: [f64; 12] =
    [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// Starts the log on standard error: lines for a terminal, JSON otherwise. `CAIRN_LOG` sets the
/// filter.
pub(super) fn start() {
    let filter =
        EnvFilter::try_from_env("CAIRN_LOG").unwrap_or_else(|_| EnvFilter::new(DEFAULT_FILTER));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = if std::io::stderr().is_terminal() {
        builder.compact().try_init()
    } else {
        builder.json().flatten_event(true).try_init()
    };
    // A second start in one process (tests) keeps the first log.
    drop(started);
}

/// Installs the recorder behind `/_cairn/metrics`.
pub(super) fn metrics() -> anyhow::Result<PrometheusHandle> {
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
        .context("the buckets")?
        .install_recorder()
        .context("the metrics recorder")?;
    cairn_gateway::metric::describe();
    Ok(handle)
}
