//! The stores and the workers of a running server, and their replacement in a test rig.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use cairn_api::cairn::put_records::Ingest;
use cairn_api::{Askers, Services, Stopping, TrailRules};
use cairn_bucket::{EmbeddedBuckets, Gate, Routed};
use cairn_consumers::Runner;
use cairn_gateway::forward::Intents;
use cairn_gateway::{Entropy, Reset, Stores};
use cairn_history::History;
use cairn_iam::Keyring;
use cairn_store::envelope::PlainObjects;
use cairn_store::seal::MasterKey;
use cairn_store::{Clock, Kms, Offset, SegmentLog, SqliteMeta, held_clock};
use tokio::sync::{Mutex, watch};

use super::greeting::End;
use super::log_upkeep::LogUpkeep;
use super::root::Root;
use super::settings::Settings;
use super::workers::{self, Ground};
use super::{master_key, missing};
use crate::anchor::{Extent, Mooring};
use crate::directory::{Directory, OpenOptions, Opened, elapsed_clock};

/// Where a rig's stores go after a reset.
const RIG: &str = "rig-";

/// A server whose stores are open and whose workers run.
pub(super) struct Running {
    pub(super) root: Root,
    stores: Stores,
    board: Arc<Board>,
}

/// What stops and replaces the stores.
pub(super) struct Board {
    directory: Directory,
    settings: Settings,
    clock: Clock,
    /// For what destroys by age.
    age_clock: Clock,
    entropy: Entropy,
    stop: watch::Sender<bool>,
    stopping: Stopping,
    /// The workers of the stores in use, the log to close behind them, and how many resets there
    /// were.
    current: Mutex<Option<Current>>,
}

struct Current {
    runner: Runner,
    history: Arc<History>,
    log: Arc<SegmentLog>,
    intents: Arc<SegmentLog>,
    meta: Arc<SqliteMeta>,
    mooring: Arc<Mutex<Mooring>>,
    directory: Directory,
    resets: u64,
}

impl Running {
    /// Opens everything and starts the workers.
    pub(super) async fn start(
        directory: &Directory,
        settings: &Settings,
        clock: &Clock,
        entropy: &Entropy,
    ) -> anyhow::Result<Self> {
        forget_rigs(directory.root())?;
        let (stop, stopping) = Stopping::channel();
        let board = Arc::new(Board {
            directory: directory.clone(),
            settings: settings.clone(),
            clock: Arc::clone(clock),
            age_clock: held_clock(Arc::clone(clock), elapsed_clock()),
            entropy: Arc::clone(entropy),
            stop,
            stopping,
            current: Mutex::new(None),
        });
        let (root, stores) = board.open(directory, 0).await?;
        root.write_credentials(&directory.credentials(), settings.region.as_str())?;
        Ok(Self { root, stores, board })
    }

    pub(super) fn board(&self) -> Arc<Board> {
        Arc::clone(&self.board)
    }

    pub(super) fn stores(self) -> Stores {
        self.stores
    }
}

impl Board {
    async fn open(&self, directory: &Directory, resets: u64) -> anyhow::Result<(Root, Stores)> {
        let options = OpenOptions {
            segment_bytes_max: self.settings.segment_bytes_max,
            log_memory_bytes_max: None,
            retention_ms: self.settings.history_retention_ms,
            accepts_missing_state: self.settings.accepts_missing_records,
        };
        let opened = directory.open(&options, &self.clock)?;
        let mut mooring = Mooring::find(&*opened.meta).await?;
        missing::settle(&opened, &mut mooring, self.settings.accepts_missing_records).await?;
        let mooring = Arc::new(Mutex::new(mooring));
        let root = Root::find_or_make(&*opened.meta, self.settings.account.as_ref(), &self.entropy)
            .await?;
        let master = self.directory.master_key();
        let master = master_key::find_or_make(&master, &*opened.meta, &self.entropy).await?;
        let services = self.services(&opened, master.clone())?;
        let ground = Ground {
            log: Arc::clone(&services.log),
            history: Arc::clone(&services.history),
            meta: Arc::clone(&services.meta),
            buckets: Arc::clone(&services.buckets),
            master,
        };
        let clocks = (&self.clock, &self.age_clock);
        let (mut runner, delivery) = workers::start(ground, &self.settings, clocks);
        runner.spawn(cairn_consumers::keys::worker(Arc::clone(&services.kms)));
        let plain = PlainObjects::new(Arc::clone(&services.objects), Arc::clone(&services.kms));
        let expiry = cairn_consumers::expiry::worker(Arc::clone(&services.meta), Arc::new(plain));
        runner.spawn_by(expiry, Arc::clone(&self.age_clock));
        let intents = Intents::new(opened.intents.clone());
        let (log, meta) = (opened.log, opened.meta);
        let upkeep = LogUpkeep {
            log: Arc::clone(&log),
            history: Arc::clone(&opened.history),
            delivery,
            meta: Arc::clone(&meta),
            mooring: Arc::clone(&mooring),
            retention_ms: self.settings.log_retention_ms,
        };
        runner.spawn_by(upkeep, Arc::clone(&self.age_clock));
        let keyring = if self.settings.accepts_any_credentials {
            Keyring::any_credential(root.account.clone())
        } else {
            root.keyring()
        };
        let directory = directory.clone();
        *self.current.lock().await = Some(Current {
            runner,
            history: opened.history,
            log,
            intents: opened.intents,
            meta,
            mooring,
            directory,
            resets,
        });
        recover(&intents, &services);
        Ok((root, Stores { services: Arc::new(services), keyring, intents }))
    }

    /// What operations work on.
    fn services(&self, opened: &Opened, master: MasterKey) -> anyhow::Result<Services> {
        let (meta, objects) = (Arc::clone(&opened.meta), Arc::clone(&opened.objects));
        let (clock, gate) = (Arc::clone(&self.clock), Gate::default());
        let entropy = Arc::clone(&self.entropy);
        let kms = Kms::new(meta.clone(), master, Arc::clone(&clock), entropy);
        let kms = Arc::new(kms.destroying_by(Arc::clone(&self.age_clock)));
        let embedded = EmbeddedBuckets::new(
            meta.clone(),
            objects.clone(),
            Arc::clone(&kms),
            Arc::clone(&clock),
            Arc::clone(&gate),
        );
        let buckets = Routed::new(embedded, self.settings.destinations.clone())?;
        Ok(Services {
            log: opened.log.clone(),
            history: Arc::clone(&opened.history),
            askers: Askers::new(super::processors()).context("cannot start threads")?,
            meta,
            objects,
            gate,
            kms,
            buckets: Arc::new(buckets),
            trails: TrailRules {
                trails_per_region_max: self.settings.trails_per_region_max,
                ..TrailRules::default()
            },
            ingest: Ingest::new(seed(&self.entropy)),
            clock,
            stopping: self.stopping.clone(),
        })
    }

    /// Ends the calls that wait for something.
    pub(super) fn begin_stop(&self) {
        self.stop.send_replace(true);
    }

    /// Lets the workers end and closes the log.
    pub(super) async fn stop(&self) -> End {
        match self.current.lock().await.take() {
            Some(current) => {
                current.seal_long_tail().await;
                current.stop().await
            }
            None => End::Whole,
        }
    }

    /// How a test rig is emptied; `None` for a server that must not be.
    pub(super) fn reset_hook(self: &Arc<Self>) -> Option<Reset> {
        let board = Arc::clone(self);
        self.settings.accepts_any_credentials.then(|| -> Reset {
            Arc::new(move || {
                let board = Arc::clone(&board);
                Box::pin(async move { board.reset().await.map_err(|error| format!("{error:#}")) })
            })
        })
    }

    /// Fresh stores in a folder of their own; the old ones are deleted.
    async fn reset(&self) -> anyhow::Result<Stores> {
        let old = self.current.lock().await.take().context("the server is stopping")?;
        let resets = old.resets + 1;
        let left = old.directory.clone();
        old.stop().await;
        let fresh = Directory::new(&self.directory.root().join(format!("{RIG}{resets}")));
        std::fs::create_dir_all(fresh.root())?;
        let (_, stores) = self.open(&fresh, resets).await?;
        remove(&left.log())?;
        remove(&left.intents())?;
        remove(&left.history())?;
        remove(&left.objects())?;
        Ok(stores)
    }
}

impl Current {
    /// Spares the next start a long tail. What cannot be sealed is read from the log again.
    async fn seal_long_tail(&self) {
        let history = Arc::clone(&self.history);
        let sealed = tokio::task::spawn_blocking(move || history.seal_before_end()).await;
        if let Ok(Err(error)) = sealed {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "the newest records of history are not in a slice yet");
        }
    }

    async fn stop(self) -> End {
        let mut end = End::Whole;
        if !self.runner.stop().await {
            tracing::warn!(
                "a worker did not stop in time; it goes on from its last step next time"
            );
            end = End::CutOff;
        }
        let (log, intents) = (Arc::clone(&self.log), Arc::clone(&self.intents));
        let closed = tokio::task::spawn_blocking(move || {
            intents.close();
            log.close();
        })
        .await;
        let mut mooring = self.mooring.lock().await;
        let moved = mooring.set(&*self.meta, Extent::of(&self.log), Offset::ZERO).await;
        if let Err(error) = moved {
            tracing::warn!(error = format!("{error:#}"), "the log's anchor stays behind");
        }
        if closed.is_err() {
            tracing::error!("the log was not closed; the next start checks its tail");
            end = End::CutOff;
        }
        end
    }
}

/// Records uploads that a crash cut off, once history shows all that the log has.
fn recover(intents: &Arc<Intents>, services: &Services) {
    let intents = Arc::clone(intents);
    let (log, history) = (Arc::clone(&services.log), Arc::clone(&services.history));
    tokio::spawn(async move {
        match intents.recover(&*log, &history).await {
            Ok(0) => {}
            Ok(uploads) => tracing::warn!(uploads, "uploads were cut off; each is recorded"),
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(
                    error,
                    "uploads that were cut off are tried again at the next start"
                );
            }
        }
    });
}

/// A number that nobody can guess.
fn seed(entropy: &Entropy) -> u64 {
    let mut bytes = [0; size_of::<u64>()];
    entropy(&mut bytes);
    u64::from_ne_bytes(bytes)
}

fn remove(path: &Path) -> anyhow::Result<()> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

/// What resets of an earlier run left behind.
fn forget_rigs(root: &Path) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(root).into_iter().flatten() {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.strip_prefix(RIG).is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
        {
            remove(&path)?;
        }
    }
    Ok(())
}
