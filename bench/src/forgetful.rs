//! The front door with a log that forgets: every step of a call but the commit.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use async_trait::async_trait;
use bytes::Bytes;
use cairn_api::{Services, Stopping};
use cairn_event::{AccountId, Region, Timestamp};
use cairn_gateway::{Entropy, Gateway, Hooks, Settings, Stores};
use cairn_history::{History, HistoryOptions};
use cairn_iam::{Credential, Keyring, Principal, parse_credentials};
use cairn_store::log::LogHealth;
use cairn_store::{
    Clock, EventLog, LocalObjects, LogError, LogSlice, Offset, ReadLimit, SqliteMeta,
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
    };
    let stores = Stores {
        services: Arc::new(Services {
            log: Arc::new(Forgetful),
            history: Arc::new(History::open(
                &arguments.data.join("history"),
                HistoryOptions::default(),
            )?),
            meta: Arc::new(SqliteMeta::open(&arguments.data.join("meta.sqlite"))?),
            objects: Arc::new(LocalObjects::open(
                &arguments.data.join("objects"),
                Arc::clone(&clock),
            )?),
            clock: Arc::clone(&clock),
            stopping: Stopping::never(),
        }),
        keyring: Keyring::new([credential]),
    };
    let entropy: Entropy = Arc::new(|buffer| {
        // A benchmark without random ids measures nothing; one that stops says so.
        assert!(getrandom::fill(buffer).is_ok(), "the system gives no random bytes");
    });
    let hooks = Hooks { metrics: Arc::new(move || metrics.render()), reset: None };
    let gateway = Gateway::new(settings, stores, clock, entropy, hooks);
    let listener = TcpListener::bind(arguments.listen).await.context("cannot listen")?;
    println!("listening on {}", listener.local_addr()?);
    gateway.serve(listener, None, std::future::pending()).await;
    Ok(())
}

fn clock() -> Clock {
    Arc::new(|| {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Timestamp::from_ms(since.map_or(0, |since| since.as_millis() as i64))
    })
}
