//! How this crate keeps an `SQLite` file: durable on commit, one writer, readers beside it.

mod group;

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

/// How long a statement waits for somebody who reads the file with a tool of his own.
const BUSY_WAIT_MS: u64 = 5_000;
/// Prepared statements that a connection keeps.
const STATEMENTS_MAX: usize = 32;

/// An `SQLite` file. Write-ahead log, `synchronous=FULL`: a commit is on the disk when it returns.
#[derive(Debug)]
pub(crate) struct Database {
    reader: Mutex<Connection>,
    // Closed last: only a connection that may write can fold the write-ahead log into the file.
    writer: group::Writer,
}

/// What kind of file it is: which program may open it, and how its tables are made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schema {
    /// `PRAGMA application_id`: tells our files from others.
    pub application_id: i32,
    /// `PRAGMA user_version`: raised when the tables change.
    pub version: i32,
    /// Makes the tables of this version in an empty file.
    pub create: &'static str,
}

/// Why a statement failed, by what it means.
#[derive(Debug)]
pub(crate) enum DatabaseError {
    /// No room on the device; nothing was changed.
    Full,
    /// The file is damaged, or not ours, or of another version.
    Corrupt(rusqlite::Error),
    /// Failed before the commit; nothing was changed.
    Refused(rusqlite::Error),
    /// The commit itself failed.
    Unknown(rusqlite::Error),
}

impl From<rusqlite::Error> for DatabaseError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Corrupt(error),
            _ => Self::Refused(error),
        }
    }
}

impl Database {
    /// Opens a file, or makes it. It is its owner's alone, and so is what `SQLite` keeps beside it,
    /// even if others could read it before.
    pub(crate) fn open(path: &Path, schema: Schema) -> Result<Self, DatabaseError> {
        create_private(path);
        let mut writer = Connection::open(path)?;
        writer.busy_timeout(Duration::from_millis(BUSY_WAIT_MS))?;
        writer.pragma_update(None, "journal_mode", "WAL")?;
        writer.pragma_update(None, "synchronous", "FULL")?;
        // What is removed, such as a key, does not stay in the file.
        writer.pragma_update(None, "secure_delete", "ON")?;
        writer.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
        prepare(&mut writer, schema)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let reader = Connection::open_with_flags(path, flags)?;
        reader.busy_timeout(Duration::from_millis(BUSY_WAIT_MS))?;
        reader.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
        make_private(path);
        Ok(Self { reader: Mutex::new(reader), writer: group::Writer::new(writer) })
    }

    /// Reads what is committed.
    pub(crate) fn read<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, rusqlite::Error>,
    ) -> Result<T, DatabaseError> {
        Ok(read(&lock(&self.reader))?)
    }

    /// Changes the file; it is durable when this returns `Ok`. `change` refuses by answering `Err` of
    /// its own kind, and then nothing is changed. Changes that come at the same time wait for the
    /// disk together.
    pub(crate) fn write<T, E: From<DatabaseError>>(
        &self,
        change: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        self.writer.write(change)
    }
}

/// Makes an empty file for its owner alone, which `SQLite` takes for one that is not there. If that
/// fails, `SQLite` will say why.
fn create_private(path: &Path) {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let _ = options.open(path);
}

/// Takes a file of this program, and those beside it, away from others. A file system that has no
/// owners is no reason not to start.
fn make_private(path: &Path) {
    for suffix in ["", "-wal", "-shm", "-journal"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        let name = Path::new(&name);
        if let Err(error) = crate::durable::make_private(name) {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(file = %name.display(), error, "others may be able to read a file");
        }
    }
}

/// Lists what is wrong with a file that nobody has opened. A damaged file is an answer, not an
/// error.
pub(crate) fn verify(path: &Path, schema: Schema) -> Result<Vec<String>, DatabaseError> {
    match problems(path, schema) {
        Err(DatabaseError::Corrupt(error)) => Ok(vec![error.to_string()]),
        outcome => outcome,
    }
}

/// Opens a file that nobody has opened, to look at it.
pub(crate) fn open_to_read(path: &Path, schema: Schema) -> Result<Connection, DatabaseError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let reader = Connection::open_with_flags(path, flags)?;
    reader.busy_timeout(Duration::from_millis(BUSY_WAIT_MS))?;
    expect_kind(&reader, schema)?;
    Ok(reader)
}

fn problems(path: &Path, schema: Schema) -> Result<Vec<String>, DatabaseError> {
    let reader = open_to_read(path, schema)?;
    let mut statement = reader.prepare("PRAGMA integrity_check")?;
    let lines = statement.query_map([], |row| row.get::<_, String>(0))?;
    let lines = lines.collect::<Result<Vec<_>, _>>()?;
    Ok(lines.into_iter().filter(|line| line != "ok").collect())
}

fn kind(connection: &Connection) -> Result<(i32, i32), DatabaseError> {
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    Ok((pragma("application_id")?, pragma("user_version")?))
}

fn expect_kind(connection: &Connection, schema: Schema) -> Result<(), DatabaseError> {
    let found = kind(connection)?;
    if found == (schema.application_id, schema.version) {
        return Ok(());
    }
    let text = format!("kind and version {found:?}, not this program's");
    let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_NOTADB);
    Err(DatabaseError::Corrupt(rusqlite::Error::SqliteFailure(code, Some(text))))
}

fn prepare(writer: &mut Connection, schema: Schema) -> Result<(), DatabaseError> {
    let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if kind(&transaction)? == (0, 0) {
        transaction.execute_batch(schema.create)?;
        transaction.pragma_update(None, "application_id", schema.application_id)?;
        transaction.pragma_update(None, "user_version", schema.version)?;
    } else {
        expect_kind(&transaction, schema)?;
    }
    Ok(transaction.commit()?)
}

fn lock(connection: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}
