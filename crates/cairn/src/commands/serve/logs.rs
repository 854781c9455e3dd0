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

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Format {
    /// One JSON object a line, for programs.
    Json,
    /// Time, level, message and fields, for people.
    Text,
}

/// Starts the log on standard error; unless a form is asked for, as text on a terminal and as JSON
/// otherwise. `CAIRN_LOG` sets the filter.
pub(super) fn start(format: Option<Format>) {
    let filter =
        EnvFilter::try_from_env("CAIRN_LOG").unwrap_or_else(|_| EnvFilter::new(DEFAULT_FILTER));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let is_terminal = std::io::stderr().is_terminal();
    let usual = if is_terminal { Format::Text } else { Format::Json };
    let started = match format.unwrap_or(usual) {
        Format::Text => {
            let is_coloured = is_terminal && std::env::var_os("NO_COLOR").is_none();
            builder.compact().with_ansi(is_coloured).try_init()
        }
        Format::Json => builder.json().flatten_event(true).try_init(),
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
