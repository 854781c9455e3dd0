//! The front door with a log that forgets: every step of a call but the commit.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use async_trait::async_trait;
use bytes::Bytes;
use cairn_api::cairn::put_records::Ingest;
use cairn_api::{Askers, Services, Stopping, TrailRules};
use cairn_bucket::{EmbeddedBuckets, Gate};
use cairn_event::{AccountId, Region, Timestamp};
use cairn_gateway::forward::{Intents, Loss, Upstream, UpstreamSettings, Upstreams, Way};
use cairn_gateway::{Entropy, Gateway, Hooks, Settings, Stores};
use cairn_history::{History, HistoryOptions};
use cairn_iam::{Credential, Keyring, Principal, parse_credentials};
use cairn_store::log::LogHealth;
use cairn_store::seal::{MASTER_KEY_BYTES, MasterKey};
use cairn_store::{
    Clock, EventLog, Kms, LocalObjects, LogError, LogSlice, MetaStore, Objects, Offset, ReadLimit,
    SqliteMeta,
};
use cairn_wire::resolve::BaseDomains;
use tokio::net::TcpListener;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Where objects and settings go
    #[arg(long)]
    data: PathBuf,
    /// Where to listen
    #[arg(long)]
    listen: SocketAddr,
    /// The account of the caller
    #[arg(long)]
    account_id: String,
    /// Whose keys are accepted
    #[arg(long)]
    credentials: PathBuf,
    /// Who serves S3, if not this server
    #[arg(long)]
    upstream: Option<String>,
}

/// Takes every record and keeps none.
#[derive(Debug)]
struct Forgetful;

#[async_trait]
impl EventLog for Forgetful {
    async fn append(&self, _: Vec<Bytes>) -> Result<Offset, LogError> {
        Ok(Offset::ZERO)
    }

    fn committed(&self) -> Offset {
        Offset::ZERO
    }

    fn first(&self) -> Offset {
        Offset::ZERO
    }

    async fn read(&self, from: Offset, _: ReadLimit) -> Result<LogSlice, LogError> {
        Ok(LogSlice::empty(from))
    }

    async fn changed(&self, _: Offset) {
        std::future::pending::<()>().await;
    }

    fn health(&self) -> LogHealth {
        LogHealth::Open
    }

    async fn expire(&self, _: Offset) -> Result<Offset, LogError> {
        Ok(Offset::ZERO)
    }
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve(arguments))
}

async fn serve(arguments: &Arguments) -> anyhow::Result<()> {
    let clock = clock();
    let metrics = metrics_exporter_prometheus::PrometheusBuilder::new().install_recorder()?;
    let account = AccountId::parse(&arguments.account_id)?;
    let keys = parse_credentials(&std::fs::read_to_string(&arguments.credentials)?, "default")?;
    let principal = Arc::new(Principal::Root { account: account.clone() });
    let credential = Credential { key: keys.key, secret: keys.secret, session: None, principal };
    let settings = Settings {
        account,
        region: Region::parse("us-east-1")?,
        hosts: BaseDomains::new(Vec::new()),
        accepts_any_credentials: false,
        trusted_proxies: Vec::new(),
        lanes: std::thread::available_parallelism().unwrap_or(std::num::NonZeroUsize::MIN),
        connections_max: cairn_gateway::limits::CONNECTIONS_MAX,
        upstreams: upstreams(arguments.upstream.as_deref())?,
        key_accounts: std::collections::HashMap::new(),
        session_tokens: cairn_gateway::recorder::SessionTokens::default(),
    };
    let entropy: Entropy = Arc::new(|buffer| {
        // A benchmark without random ids measures nothing; one that stops says so.
        assert!(getrandom::fill(buffer).is_ok(), "the system gives no random bytes");
    });
    let services = services(&arguments.data, &clock, Arc::clone(&entropy))?;
    let stores = Stores {
        services: Arc::new(services),
        keyring: Keyring::new([credential]),
        intents: Intents::new(Arc::new(Forgetful)),
    };
    let hooks = Hooks { metrics: Arc::new(move || metrics.render()), reset: None };
    let gateway = Gateway::new(settings, stores, clock, entropy, hooks);
    let listener = TcpListener::bind(arguments.listen).await.context("cannot listen")?;
    println!("listening on {}", listener.local_addr()?);
    gateway.serve(listener, None, std::future::pending()).await?;
    Ok(())
}

fn upstreams(url: Option<&str>) -> anyhow::Result<Upstreams> {
    let Some(url) = url else { return Ok(Upstreams::default()) };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    let settings = UpstreamSettings {
        url: url.to_owned(),
        way: Way::HostKept,
        loss: Loss::FailClosed,
        tls: Arc::new(tls),
        http2: false,
        connect_max: Duration::from_secs(5),
        answer_max: Duration::from_mins(5),
    };
    Ok(Upstreams::new(Some(Upstream::new(&settings)?)))
}

fn services(data: &Path, clock: &Clock, entropy: Entropy) -> anyhow::Result<Services> {
    let meta: Arc<dyn MetaStore> = Arc::new(SqliteMeta::open(&data.join("meta.sqlite"))?);
    let objects: Arc<dyn Objects> =
        Arc::new(LocalObjects::open(&data.join("objects"), Arc::clone(clock))?);
    // Nothing is encrypted here.
    let master = MasterKey::new([0; MASTER_KEY_BYTES]);
    let kms = Arc::new(Kms::new(Arc::clone(&meta), master, Arc::clone(clock), entropy));
    let gate = Gate::default();
    let buckets = EmbeddedBuckets::new(
        Arc::clone(&meta),
        Arc::clone(&objects),
        Arc::clone(&kms),
        Arc::clone(clock),
        Arc::clone(&gate),
    );
    Ok(Services {
        log: Arc::new(Forgetful),
        history: Arc::new(History::open(&data.join("history"), HistoryOptions::default())?),
        askers: Askers::new(std::thread::available_parallelism()?)?,
        meta,
        objects,
        gate,
        kms,
        buckets: Arc::new(buckets),
        trails: TrailRules::default(),
        ingest: Ingest::new(0),
        clock: Arc::clone(clock),
        stopping: Stopping::never(),
    })
}

fn clock() -> Clock {
    Arc::new(|| {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Timestamp::from_ms(since.map_or(0, |since| since.as_millis() as i64))
    })
}
