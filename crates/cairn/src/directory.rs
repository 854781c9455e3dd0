//! The data directory: where each part lies, and opening them in order.
//!
//! ```text
//! DIR/lock          held by the one process that uses the directory
//! DIR/credentials   the root's keys, in the format of AWS's tools, for the owner's eyes
//! DIR/master.key    what seals the secrets in small state, for the owner's eyes
//! DIR/meta.sqlite   small state: the account, keys, buckets, trails, finished imports
//! DIR/log/          every record, in segments
//! DIR/intents/      uploads to upstreams that are under way
//! DIR/history/      the same records as Parquet, with their indexes
//! DIR/objects/      the content of S3 buckets
//! ```

use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::client::variable;
use crate::commands::serve::data_of;
use crate::print;
use crate::usage::OrUsage as _;
use anyhow::Context as _;
use cairn_event::Timestamp;
use cairn_history::{History, HistoryOptions};
use cairn_store::durable::make_private;
use cairn_store::{
    Clock, DirectoryLock, Elapsed, LocalObjects, LockError, LogOptions, SegmentLog, SqliteMeta,
};

/// Uploads under way are few, and done soon.
const INTENT_SEGMENT_BYTES: u64 = 1 << 20;

/// What may be in a directory before its first start: what a start that failed left, and what a
/// file system has at its root.
const KNOWN: [&str; 5] =
    [cairn_store::LOCK_FILE, "credentials", "master.key", "lost+found", "objects"];

/// Where the records are of a server that was told nothing else.
pub(crate) const DEFAULT: &str = "cairn-data";

/// A stopped server's directory on the command line: after the command, or as `--data`, which is
/// what all other commands call it; or else where `cairn serve` has it.
#[derive(Debug, clap::Args)]
pub(crate) struct Stopped {
    /// The data directory, whose server must be stopped [default: as `cairn serve` finds it:
    /// `CAIRN_DATA`, the file that `CAIRN_CONFIG` names, or ./cairn-data]
    #[arg(value_name = "DIR", conflicts_with = "data")]
    dir: Option<PathBuf>,
    /// The same, as other commands name it
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

impl Stopped {
    /// The directory, which must hold data. One that was not named here is told on standard error: it
    /// may not be the one that was meant.
    pub(crate) fn directory(&self) -> anyhow::Result<Directory> {
        if let Some(named) = self.dir.as_ref().or(self.data.as_ref()) {
            return Directory::existing(named);
        }
        // No `env` of clap's: a variable would rule out the directory after the command.
        let root = if let Some(root) = variable("CAIRN_DATA") {
            root.into()
        } else {
            let config = variable("CAIRN_CONFIG").map(PathBuf::from);
            data_of(config.as_ref()).or_usage()?.unwrap_or_else(|| DEFAULT.into())
        };
        let directory = Directory::existing(&root)?;
        print::complain(&format!("no directory is named; taking {}", root.display()));
        Ok(directory)
    }
}

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
        let found = std::fs::read_dir(directory.log()).with_context(|| {
            let root = root.display();
            format!("{root} is no data directory of Cairn (`cairn serve --data DIR` makes one)")
        });
        match found {
            Ok(_) => Ok(directory),
            // There, but not for us: that is no fault of the command line.
            Err(error) if is_denied(&error) => Err(error),
            Err(error) => Err(error).or_usage(),
        }
    }

    /// The directory itself.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The segments of uploads under way.
    pub(crate) fn intents(&self) -> PathBuf {
        self.root.join("intents")
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

    /// What seals secrets.
    pub(crate) fn master_key(&self) -> PathBuf {
        self.root.join("master.key")
    }

    /// The root's keys.
    pub(crate) fn credentials(&self) -> PathBuf {
        self.root.join("credentials")
    }

    fn unusable(&self) -> String {
        format!("cannot use {} as a data directory", self.root.display())
    }

    /// Makes the directory if there is none, for its owner only.
    fn make(&self) -> anyhow::Result<()> {
        let mut maker = std::fs::DirBuilder::new();
        maker.recursive(true).mode(0o700).create(&self.root).with_context(|| self.unusable())
    }

    /// Refuses a directory that somebody else uses: its files would be mixed with ours.
    fn refuse_others(&self) -> anyhow::Result<()> {
        let named = || self.unusable();
        let entries = match std::fs::read_dir(&self.root) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => {
                return Err(error).with_context(named).or_usage();
            }
            Err(error) => return Err(error).with_context(named),
        };
        let names: Vec<_> = entries
            .map(|entry| Ok(entry?.file_name()))
            .collect::<std::io::Result<_>>()
            .with_context(named)?;
        let is_ours = names.iter().any(|name| name == "meta.sqlite" || name == "log");
        let other = names.iter().find(|name| !KNOWN.iter().any(|known| name == known));
        match other {
            Some(other) if !is_ours => Err(anyhow::anyhow!(
                "{} is no data directory of Cairn and not empty (it has {}): name another one",
                self.root.display(),
                other.display()
            ))
            .or_usage(),
            _ => Ok(()),
        }
    }

    /// Whether it is one that was served, or imported into, by what is in it.
    pub(crate) fn has_data(&self) -> bool {
        self.log().is_dir() && self.meta().is_file()
    }

    /// Whether the log has a segment.
    fn has_records(&self) -> bool {
        std::fs::read_dir(self.log()).is_ok_and(|mut names| names.next().is_some())
    }

    /// Whether the log, which nobody has open, has a record. What cannot be read may hold some.
    pub(crate) fn holds_records(&self) -> bool {
        let segments = cairn_store::inspect(&self.log());
        let is_empty = segments
            .is_ok_and(|segments| segments.iter().all(|segment| segment.next == segment.first));
        self.log().exists() && !is_empty
    }

    /// Keeps servers away while somebody looks, without changing anything.
    pub(crate) fn lock_to_read(&self, by: Command) -> anyhow::Result<Option<DirectoryLock>> {
        DirectoryLock::acquire_to_read(&self.root).map_err(|error| refused(error, by))
    }

    /// Takes the directory for this process, and makes it if there is none.
    pub(crate) fn lock(&self, by: Command) -> anyhow::Result<DirectoryLock> {
        self.refuse_others()?;
        self.make()?;
        DirectoryLock::acquire(&self.root, by.name()).map_err(|error| refused(error, by))
    }

    /// Takes the directory if it was used before; otherwise nothing is changed.
    pub(crate) fn lock_if_used(&self, by: Command) -> anyhow::Result<Option<DirectoryLock>> {
        self.refuse_others()?;
        let is_used = self.root.join(cairn_store::LOCK_FILE).exists();
        is_used.then(|| self.lock(by)).transpose()
    }
}

/// A data directory that may not be there yet, so that what failed need not leave one behind.
#[derive(Debug)]
pub(crate) struct NewDirectory {
    /// What is not there: the directory, and those above it, innermost first.
    missing: Vec<PathBuf>,
}

impl NewDirectory {
    /// Looks what of a path there is.
    pub(crate) fn of(root: &Path) -> Self {
        let root = std::path::absolute(root).unwrap_or_default();
        let missing = root.ancestors().take_while(|path| !path.as_os_str().is_empty());
        let missing = missing.take_while(|path| path.symlink_metadata().is_err());
        Self { missing: missing.map(Path::to_path_buf).collect() }
    }

    /// Takes away what was not there before. Whoever calls this has its lock.
    pub(crate) fn remove(self) {
        for (number, path) in self.missing.iter().enumerate() {
            // The directories above it may be somebody's by now.
            let removed = match number {
                0 => std::fs::remove_dir_all(path),
                _ => std::fs::remove_dir(path),
            };
            if removed.is_err() {
                return;
            }
        }
    }
}

fn is_denied(error: &anyhow::Error) -> bool {
    let cause = error.downcast_ref::<std::io::Error>();
    cause.is_some_and(|cause| cause.kind() == std::io::ErrorKind::PermissionDenied)
}

/// Who wants a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Serve,
    Lookup,
    Import,
    Validate,
    Fsck,
    Inspect,
}

impl Command {
    /// As a user calls it.
    fn name(self) -> &'static str {
        match self {
            Self::Serve => "cairn serve",
            Self::Lookup => "cairn lookup",
            Self::Import => "cairn import",
            Self::Validate => "cairn validate",
            Self::Fsck => "cairn fsck",
            Self::Inspect => "cairn inspect",
        }
    }

    /// What can be done instead while a server has the directory.
    fn instead(self) -> &'static str {
        match self {
            Self::Serve => "use that server, at the address that it printed, or another --data DIR",
            Self::Lookup => {
                "ask that server: leave --data out, and export the two lines that it printed"
            }
            Self::Import => {
                "send the records to that server (PutRecords), or import into another --data DIR"
            }
            Self::Validate => {
                "ask that server: `cairn validate --trail-arn ARN` and `cairn validate s3://BUCKET` \
                 check what it has delivered"
            }
            Self::Fsck | Self::Inspect => {
                "ask that server: `cairn lookup` and `cairn tail`, with the two lines that it printed"
            }
        }
    }
}

/// What to do about a lock that could not be had.
fn refused(error: LockError, by: Command) -> anyhow::Error {
    match &error {
        // An earlier version does not say what it does: nearly always it serves.
        LockError::Held { holder: Some(holder), .. }
            if holder.work.is_empty() || holder.work == Command::Serve.name() =>
        {
            let (pid, instead) = (holder.pid, by.instead());
            anyhow::anyhow!("{error}: stop it first (`kill {pid}`), or {instead}")
        }
        LockError::Held { .. } | LockError::Read { .. } => {
            anyhow::anyhow!("{error}: try again when it has ended")
        }
        LockError::Io { .. } => error.into(),
    }
}

/// The stores of a data directory, opened.
pub(crate) struct Opened {
    pub(crate) log: Arc<SegmentLog>,
    pub(crate) history: Arc<History>,
    pub(crate) meta: Arc<SqliteMeta>,
    pub(crate) objects: Arc<LocalObjects>,
    pub(crate) intents: Arc<SegmentLog>,
}

/// How to open them.
#[derive(Clone, Debug)]
pub(crate) struct OpenOptions {
    /// `None` for the default.
    pub(crate) segment_bytes_max: Option<u64>,
    /// How much the log holds in memory of what is under way and of what is newest; `None` for the
    /// default.
    pub(crate) log_memory_bytes_max: Option<usize>,
    /// How long history keeps what was recorded; `None` for always.
    pub(crate) retention_ms: Option<i64>,
    /// Whether small state that is gone is made anew beside records that are there.
    pub(crate) accepts_missing_state: bool,
}

impl Directory {
    /// Opens all stores. What a crash left behind is put in order here.
    pub(crate) fn open(&self, options: &OpenOptions, clock: &Clock) -> anyhow::Result<Opened> {
        let path = |path: PathBuf| format!("cannot open {}", path.display());
        let has_state = std::fs::metadata(self.meta()).is_ok_and(|found| found.len() > 0);
        anyhow::ensure!(
            has_state || !self.has_records() || options.accepts_missing_state,
            "{} is gone, though there are records: restore it, or start `cairn serve` with \
             --accept-missing-records to go on without it (the root gets new keys, buckets are \
             forgotten)",
            self.meta().display()
        );
        let meta = SqliteMeta::open(&self.meta()).with_context(|| path(self.meta()))?;
        let mut log_options = LogOptions::new(Arc::clone(clock));
        if let Some(bytes) = options.segment_bytes_max {
            log_options.segment_bytes_max = bytes;
        }
        if let Some(bytes) = options.log_memory_bytes_max {
            (log_options.queue_bytes_max, log_options.recent_bytes_max) = (bytes, bytes);
        }
        let log = SegmentLog::open(&self.log(), &log_options).with_context(|| {
            format!(
                "{} (`cairn fsck` says what is wrong; without a copy of it, move it away and start \
                     `cairn serve --accept-missing-records`: what history shows stays)",
                path(self.log())
            )
        })?;
        settle_imports(&meta, &log)?;
        let history_options =
            HistoryOptions { retention_ms: options.retention_ms, ..HistoryOptions::default() };
        let history = History::open(&self.history(), history_options)
            .with_context(|| path(self.history()))?;
        let objects = LocalObjects::open(&self.objects(), Arc::clone(clock))
            .with_context(|| path(self.objects()))?;
        let mut intent_options = LogOptions::new(Arc::clone(clock));
        intent_options.segment_bytes_max = INTENT_SEGMENT_BYTES;
        let intents = SegmentLog::open(&self.intents(), &intent_options)
            .with_context(|| path(self.intents()))?;
        // Records and objects may hold secrets of others. History is read by other tools, too: it is
        // as open as the directory above it.
        for private in [self.log(), self.intents(), self.objects()] {
            make_private(&private).with_context(|| format!("cannot hide {}", private.display()))?;
        }
        Ok(Opened {
            log: Arc::new(log),
            history: Arc::new(history),
            meta: Arc::new(meta),
            objects: Arc::new(objects),
            intents: Arc::new(intents),
        })
    }
}

/// Gives an end to what an import has begun that was killed. On a thread of its own, since a server
/// opens its directory where no other task may block.
fn settle_imports(meta: &SqliteMeta, log: &SegmentLog) -> anyhow::Result<()> {
    use cairn_store::imported;
    let settle = || -> anyhow::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        Ok(runtime.block_on(imported::settle(meta, log))?)
    };
    let settled = std::thread::scope(|scope| scope.spawn(settle).join());
    let settled = settled.unwrap_or_else(|_| Err(anyhow::anyhow!("a thread has panicked")));
    settled.context("cannot note where an import has ended")
}

/// The time since now, whatever becomes of the wall clock.
pub(crate) fn elapsed_clock() -> Elapsed {
    let begun = std::time::Instant::now();
    Arc::new(move || begun.elapsed())
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
