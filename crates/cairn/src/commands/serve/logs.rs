//! The server's own log and metrics.

use std::io::IsTerminal as _;

use anyhow::{Context as _, ensure};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use super::log_lines::JsonLines;

/// Says how much is logged.
const FILTER_VARIABLE: &str = "CAIRN_LOG";
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

/// What is logged, by `CAIRN_LOG`.
pub(super) fn filter() -> anyhow::Result<EnvFilter> {
    let Some(asked) = std::env::var_os(FILTER_VARIABLE) else { return parse(DEFAULT_FILTER) };
    let asked = asked.to_string_lossy();
    parse(if asked.trim().is_empty() { DEFAULT_FILTER } else { &asked })
}

/// A word without a level would be a part of the program, of which everything is logged, and of all
/// others nothing: a mistyped level would silence errors, too. So levels are always written.
fn parse(asked: &str) -> anyhow::Result<EnvFilter> {
    let wrong = || {
        format!(
            "{FILTER_VARIABLE}: {asked:?} is no filter; write off, error, warn, info, debug or trace, \
             or PART=LEVEL, such as info,cairn_gateway=debug"
        )
    };
    for directive in asked.split(',') {
        let level = directive.rsplit_once('=').map_or(directive, |(_, level)| level).trim();
        ensure!(!level.is_empty() && level.parse::<LevelFilter>().is_ok(), wrong());
    }
    EnvFilter::builder().parse(asked).with_context(wrong)
}

/// Starts the log on standard error; unless a form is asked for, as text on a terminal and as JSON
/// otherwise.
pub(super) fn start(format: Option<Format>, filter: EnvFilter) {
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let is_terminal = std::io::stderr().is_terminal();
    let usual = if is_terminal { Format::Text } else { Format::Json };
    let started = match format.unwrap_or(usual) {
        Format::Text => {
            let is_coloured = is_terminal && std::env::var_os("NO_COLOR").is_none();
            builder.compact().with_ansi(is_coloured).try_init()
        }
        Format::Json => builder.event_format(JsonLines).try_init(),
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

#[cfg(test)]
mod tests {
    use super::{DEFAULT_FILTER, parse};

    #[test]
    fn a_filter_has_known_levels() {
        for good in [DEFAULT_FILTER, "debug", "WARN", "off", "info,cairn_gateway=debug"] {
            assert!(parse(good).is_ok(), "{good}");
        }
        for bad in
            ["inof", "bogus", "cairn_gateway", "info,bogus", "s3s=loud", "s3s=", "info,", ","]
        {
            let error = parse(bad).unwrap_err().to_string();
            assert!(error.starts_with("CAIRN_LOG: ") && error.contains("debug"), "{bad}: {error}");
        }
    }
}
