//! `cairn serve`: the composition root. Each stage is a line of [`serve`], in the order in which
//! parts need each other.

mod descriptors;
mod entropy;
mod greeting;
mod log_lines;
mod log_upkeep;
mod logs;
mod master_key;
mod missing;
mod root;
mod settings;
mod stores;
mod tls;
mod workers;

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use cairn_gateway::{Gateway, Hooks, Settings as GatewaySettings};
use cairn_wire::resolve::BaseDomains;
use tokio::net::TcpSocket;

use crate::client::variable;
use crate::directory::{Command, Directory, wall_clock};
use crate::usage::OrUsage as _;
use greeting::{End, Greeting, farewell};
use settings::{Document, Settings};
use stores::Running;

pub(crate) use root::{DEFAULT_ACCOUNT, account_of};
pub(crate) use settings::{RETENTION_DAYS, data_of};

/// Connections that wait to be accepted.
const BACKLOG_CONNECTIONS: u32 = 1_024;

/// What the command line says.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// A TOML file with the same settings, in kebab-case
    #[arg(long, env = "CAIRN_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    document: Document,
}

/// Serves until a signal says stop.
pub(crate) fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let document = arguments.document.over(arguments.config.as_ref()).or_usage()?;
    let settings = document.validate().or_usage()?;
    logs::start(settings.log_format, logs::filter().or_usage()?);
    for service in settings.upstreams.ours_elsewhere() {
        tracing::warn!(service, "the calls of a service of the trail itself go to an upstream");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let served = runtime.block_on(serve(settings));
    runtime.shutdown_timeout(std::time::Duration::from_secs(5));
    served
}

async fn serve(settings: Settings) -> anyhow::Result<ExitCode> {
    // What can fail is tried before a directory is made: one that was not there is not left behind.
    let directory = Directory::new(&settings.data);
    let held = directory.lock_if_used(Command::Serve)?;
    let metrics = logs::metrics()?;
    let certificate = certificate(&settings).or_usage()?;
    let tls = certificate.as_ref().map(tls::Certificate::config).transpose()?;
    let socket = bind(settings.listen).with_context(|| cannot_listen(settings.listen))?;
    let lock = held.map_or_else(|| directory.lock(Command::Serve), Ok)?;
    let (clock, entropy) = (wall_clock(), entropy::entropy());
    let running = Running::start(&directory, &settings, &clock, &entropy).await?;
    let account = running.root.account.clone();
    let of_environment =
        variable("AWS_ACCESS_KEY_ID").filter(|_| !settings.accepts_any_credentials);
    let has_other_keys = of_environment.is_some_and(|key| !running.root.has_key(&key));
    let (board, stores) = (running.board(), running.stores());
    let hooks = Hooks { metrics: Arc::new(move || metrics.render()), reset: board.reset_hook() };
    let gateway_settings = GatewaySettings {
        account: account.clone(),
        region: settings.region.clone(),
        hosts: BaseDomains::new(settings.base_domains.clone()),
        accepts_any_credentials: settings.accepts_any_credentials,
        lanes: processors(),
        connections_max: descriptors::connections_max(),
        trusted_proxies: settings.trusted_proxies.iter().map(IpAddr::to_canonical).collect(),
        upstreams: settings.upstreams.clone(),
        key_accounts: settings.key_accounts.clone(),
        session_tokens: settings.session_tokens,
    };
    let gateway = Gateway::new(gateway_settings, stores, clock, entropy, hooks);
    let listener =
        socket.listen(BACKLOG_CONNECTIONS).with_context(|| cannot_listen(settings.listen))?;
    let signal = stop_signal()?;
    let (tell, mut told) = tokio::sync::oneshot::channel();
    let stop = {
        let board = Arc::clone(&board);
        async move {
            // Nobody is told only if nobody waits.
            let _ = tell.send(signal.await);
            board.begin_stop();
        }
    };
    let pause = settings.tls_check_interval;
    let hangup = certificate.is_some().then(tls::hangup).transpose()?;
    let watch = certificate.zip(hangup);
    let watch = watch.map(|(it, hangup)| tokio::spawn(tls::watch(it, hangup, pause)));
    let is_tls = tls.is_some();
    let greeting = Greeting::new(&directory, listener.local_addr()?, is_tls, has_other_keys)?;
    greeting.say(&settings, &account)?;
    let served = gateway.serve(listener, tls, stop).await.context("cannot serve connections");
    watch.inspect(tokio::task::JoinHandle::abort);
    let closed = board.stop().await;
    drop(lock);
    let ended = served.map(|in_time| if in_time { closed } else { End::CutOff });
    farewell(told.try_recv().ok(), &ended);
    ended.map(|_| ExitCode::SUCCESS)
}

/// How many processors there are.
fn processors() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// The certificate, if there is one.
fn certificate(settings: &Settings) -> anyhow::Result<Option<Arc<tls::Certificate>>> {
    let files = settings.tls.as_ref();
    files.map(|files| tls::Certificate::read(&files.chain, &files.key)).transpose()
}

/// Takes an address, on which nobody is heard yet: callers are refused until there is somebody to
/// answer them.
fn bind(address: SocketAddr) -> std::io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // Connections of a server that has just stopped do not keep the next one away.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

fn cannot_listen(address: SocketAddr) -> String {
    format!("cannot listen on {address} (--listen takes another address)")
}

/// Resolves at SIGTERM or SIGINT, to its name.
fn stop_signal() -> anyhow::Result<impl Future<Output = &'static str> + Send> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        let signal = tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        };
        tracing::info!(signal, "stopping: calls under way are finished first");
        signal
    })
}
