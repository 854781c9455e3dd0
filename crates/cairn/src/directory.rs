//! The data directory: where each part lies, and opening them in order.
//!
//! ```text
//! DIR/lock          held by the one process that uses the directory
//! DIR/credentials   the root's keys, in the format of AWS's tools, for the owner's eyes
//! DIR/meta.sqlite   small state: the account, keys, buckets, finished imports
//! DIR/log/          every record, in segments
//! DIR/history/      the same records as Parquet, with their indexes
//! DIR/objects/      the content of S3 buckets
//! ```

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use cairn_event::Timestamp;
use cairn_history::{History, HistoryOptions};
use cairn_store::{Clock, DirectoryLock, LocalObjects, LogOptions, SegmentLog, SqliteMeta};

/// Where the parts of a data directory lie.
#[derive(Clone, Debug)]
pub(crate) struct Directory {
    root: PathBuf,
}

impl Directory {
    /// A directory that may not exist yet.
    pub(crate) fn new(root: &Path) -> Self {
        Self { root: root.to_path_buf() }
    }

    /// A directory that must hold data.
    pub(crate) fn existing(root: &Path) -> anyhow::Result<Self> {
        let directory = Self::new(root);
        anyhow::ensure!(
            directory.log().is_dir(),
            "{} is no data directory of Cairn: it has no log (`cairn serve --data DIR` makes one)",
            root.display()
        );
        Ok(directory)
    }

    /// The directory itself.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The segments.
    pub(crate) fn log(&self) -> PathBuf {
        self.root.join("log")
    }

    /// The Parquet files and their indexes.
    pub(crate) fn history(&self) -> PathBuf {
        self.root.join("history")
    }

    /// The content of buckets.
    pub(crate) fn objects(&self) -> PathBuf {
        self.root.join("objects")
    }

    /// Small state.
    pub(crate) fn meta(&self) -> PathBuf {
        self.root.join("meta.sqlite")
    }

    /// The root's keys.
    pub(crate) fn credentials(&self) -> PathBuf {
        self.root.join("credentials")
    }

    /// Takes the directory for this process.
    pub(crate) fn lock(&self) -> anyhow::Result<DirectoryLock> {
        std::fs::create_dir_all(&self.root)
            .with_context(|| format!("cannot make {}", self.root.display()))?;
        DirectoryLock::acquire(&self.root).map_err(|error| {
            anyhow::anyhow!(
                "{error}; stop that server first, or ask it with `cairn lookup` and `cairn tail`, \
                 which go to AWS_ENDPOINT_URL"
            )
        })
    }
}

/// The stores of a data directory, opened.
pub(crate) struct Opened {
    pub(crate) log: Arc<SegmentLog>,
    pub(crate) history: Arc<History>,
    pub(crate) meta: Arc<SqliteMeta>,
    pub(crate) objects: Arc<LocalObjects>,
}

/// How to open them.
#[derive(Clone, Debug)]
pub(crate) struct OpenOptions {
    /// `None` for the default.
    pub(crate) segment_bytes_max: Option<u64>,
    /// How long history keeps what was recorded; `None` for always.
    pub(crate) retention_ms: Option<i64>,
}

impl Directory {
    /// Opens all stores. What a crash left behind is put in order here.
    pub(crate) fn open(&self, options: &OpenOptions, clock: &Clock) -> anyhow::Result<Opened> {
        let path = |path: PathBuf| format!("cannot open {}", path.display());
        let meta = SqliteMeta::open(&self.meta()).with_context(|| path(self.meta()))?;
        let mut log_options = LogOptions::new(Arc::clone(clock));
        if let Some(bytes) = options.segment_bytes_max {
            log_options.segment_bytes_max = bytes;
        }
        let log = SegmentLog::open(&self.log(), &log_options).with_context(|| path(self.log()))?;
        let history_options =
            HistoryOptions { retention_ms: options.retention_ms, ..HistoryOptions::default() };
        let history = History::open(&self.history(), history_options)
            .with_context(|| path(self.history()))?;
        let objects = LocalObjects::open(&self.objects(), Arc::clone(clock))
            .with_context(|| path(self.objects()))?;
        Ok(Opened {
            log: Arc::new(log),
            history: Arc::new(history),
            meta: Arc::new(meta),
            objects: Arc::new(objects),
        })
    }
}

/// The wall clock, read here and nowhere below.
pub(crate) fn wall_clock() -> Clock {
    Arc::new(|| {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Timestamp::from_ms(
            since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX)),
        )
    })
}
