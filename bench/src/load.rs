//! Calls over a number of connections, each with one call at a time.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use bytes::Bytes;
use cairn_event::Timestamp;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde::Serialize;
use tokio::net::TcpStream;

use crate::request::{Caller, Kind, Value};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Host and port of the server
    #[arg(long)]
    address: String,
    /// A file of credentials as `cairn serve` writes it
    #[arg(long)]
    credentials: PathBuf,
    /// What is called
    #[arg(long)]
    kind: Kind,
    /// Region, attribute key and value of lookups, separated by tabs, one a line
    #[arg(long)]
    values: Option<PathBuf>,
    /// Connections, each with one call at a time
    #[arg(long, default_value_t = 16)]
    connections: usize,
    /// Calls that are timed
    #[arg(long)]
    calls: usize,
    /// Calls before that
    #[arg(long, default_value_t = 500)]
    warm_up: usize,
    /// The first number that makes a key
    #[arg(long, default_value_t = 0)]
    first: usize,
    /// At this rate and no faster
    #[arg(long)]
    calls_per_second: Option<u32>,
}

/// What was measured.
#[derive(Debug, Serialize)]
struct Report {
    calls: usize,
    /// Answers that were no success.
    failed: usize,
    /// Bytes of all answers.
    answer_bytes: usize,
    seconds: f64,
    calls_per_second: f64,
    p50_us: u64,
    p90_us: u64,
    p99_us: u64,
    max_us: u64,
}

#[derive(Default)]
struct Tally {
    latencies: Vec<Duration>,
    failed: usize,
    answer_bytes: usize,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let report = runtime.block_on(measure(arguments))?;
    println!("{}", serde_json::to_string(&report)?);
    Ok(())
}

async fn measure(arguments: &Arguments) -> anyhow::Result<Report> {
    let text = std::fs::read_to_string(&arguments.credentials)?;
    let keys = cairn_iam::parse_credentials(&text, "default")?;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    let caller = Caller {
        authority: arguments.address.clone(),
        key: keys.key.to_string(),
        secret: keys.secret.expose().to_owned(),
        now: Timestamp::from_seconds(now.as_secs().try_into()?),
    };
    let values = match &arguments.values {
        Some(path) => {
            std::fs::read_to_string(path)?.lines().map(Value::parse).collect::<Result<_, _>>()?
        }
        None => Vec::new(),
    };
    let count = arguments.warm_up + arguments.calls;
    let requests = (arguments.first..arguments.first + count)
        .map(|number| caller.request(arguments.kind, number, &values))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let (warm_up, timed) = requests.split_at(arguments.warm_up);
    calls(arguments, warm_up.to_vec()).await?;
    let begun = Instant::now();
    let tally = calls(arguments, timed.to_vec()).await?;
    Ok(report(tally, begun.elapsed()))
}

async fn calls(
    arguments: &Arguments,
    requests: Vec<Request<Full<Bytes>>>,
) -> anyhow::Result<Tally> {
    let requests = Arc::new(requests);
    let next = Arc::new(AtomicUsize::new(0));
    let tasks = (0..arguments.connections).map(|_| {
        let (requests, next) = (Arc::clone(&requests), Arc::clone(&next));
        let pace = arguments.calls_per_second.map(|rate| Pace { begun: Instant::now(), rate });
        tokio::spawn(one_connection(arguments.address.clone(), requests, next, pace))
    });
    let tasks: Vec<_> = tasks.collect();
    let mut all = Tally::default();
    for task in tasks {
        let tally = task.await??;
        all.latencies.extend(tally.latencies);
        all.failed += tally.failed;
        all.answer_bytes += tally.answer_bytes;
    }
    Ok(all)
}

/// When each call is due.
#[derive(Clone, Copy)]
struct Pace {
    begun: Instant,
    rate: u32,
}

impl Pace {
    async fn wait_for(self, number: usize) {
        let due = Duration::from_secs_f64(number as f64 / f64::from(self.rate));
        tokio::time::sleep_until((self.begun + due).into()).await;
    }
}

async fn one_connection(
    address: String,
    requests: Arc<Vec<Request<Full<Bytes>>>>,
    next: Arc<AtomicUsize>,
    pace: Option<Pace>,
) -> anyhow::Result<Tally> {
    let mut sender = connect(&address).await?;
    let mut tally = Tally::default();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let Some(request) = requests.get(number) else { break };
        if let Some(pace) = pace {
            pace.wait_for(number).await;
        }
        let begun = Instant::now();
        // Some peers close after each answer.
        if sender.ready().await.is_err() {
            sender = connect(&address).await?;
        }
        let answer = sender.send_request(request.clone()).await?;
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        tally.latencies.push(begun.elapsed());
        tally.answer_bytes += body.len();
        if !status.is_success() {
            if tally.failed == 0 {
                eprintln!("{status}: {}", String::from_utf8_lossy(&body));
            }
            tally.failed += 1;
        }
    }
    Ok(tally)
}

async fn connect(address: &str) -> anyhow::Result<http1::SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(address).await.with_context(|| format!("no {address}"))?;
    stream.set_nodelay(true)?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

fn report(tally: Tally, elapsed: Duration) -> Report {
    let mut latencies = tally.latencies;
    latencies.sort_unstable();
    let at = |percent: usize| {
        let index = latencies.len() * percent / 100;
        let latency = latencies.get(index.min(latencies.len().saturating_sub(1)));
        latency.map_or(0, |latency| u64::try_from(latency.as_micros()).unwrap_or(u64::MAX))
    };
    Report {
        calls: latencies.len(),
        failed: tally.failed,
        answer_bytes: tally.answer_bytes,
        seconds: elapsed.as_secs_f64(),
        calls_per_second: latencies.len() as f64 / elapsed.as_secs_f64(),
        p50_us: at(50),
        p90_us: at(90),
        p99_us: at(99),
        max_us: at(100),
    }
}
