//! Small values in one `SQLite` file.
//!
//! Anybody can look into it with `sqlite3 meta.sqlite 'select key, value from entry'`.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension, Row, params};
use tokio::task::JoinError;

use super::watch::Changes;
use super::{
    Key, KeyPrefix, LIST_ENTRIES_MAX, MetaError, MetaStore, MetaWatch, VALUE_BYTES_MAX, Version,
    Versioned,
};
use crate::sqlite::{Database, DatabaseError, Schema};
use crate::threads::Threads;

/// `version` counts the changes of the whole store, so that no version is used twice.
const SCHEMA: Schema = Schema {
    application_id: 0x4361_4d65, // "CaMe"
    version: 1,
    create: "CREATE TABLE entry (key TEXT NOT NULL PRIMARY KEY, version INTEGER NOT NULL, \
             value BLOB NOT NULL) STRICT;\n\
             CREATE TABLE counter (id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1), \
             version INTEGER NOT NULL) STRICT;\n\
             INSERT INTO counter (id, version) VALUES (1, 0);",
};

/// A [`MetaStore`] in an `SQLite` file on the local disk.
#[derive(Clone, Debug)]
pub struct SqliteMeta {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    database: Database,
    threads: Threads,
    changes: Changes,
    /// The last change found no room.
    is_full: AtomicBool,
}

impl SqliteMeta {
    /// Opens the file, or makes it. Blocks.
    pub fn open(path: &Path) -> Result<Self, MetaError> {
        crate::durable::create_directory(crate::durable::parent(path))
            .map_err(|error| MetaError::Unavailable { source: error.into() })?;
        let database = Database::open(path, SCHEMA)?;
        let (threads, changes) = (Threads::new(), Changes::new());
        let is_full = AtomicBool::new(false);
        Ok(Self { inner: Arc::new(Inner { database, threads, changes, is_full }) })
    }

    /// The value of one key in a file that nobody has opened, without changing anything. Blocks.
    pub fn peek(path: &Path, key: &Key) -> Result<Option<Bytes>, MetaError> {
        let reader = crate::sqlite::open_to_read(path, SCHEMA)?;
        let found = find(&reader, key).map_err(DatabaseError::from)?;
        Ok(found.map(|found| found.value))
    }

    /// Reads a file that nobody has opened and lists what is wrong with it, without changing
    /// anything. Blocks.
    pub fn verify(path: &Path) -> Result<Vec<String>, MetaError> {
        Ok(crate::sqlite::verify(path, SCHEMA)?)
    }

    async fn change<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> Result<T, MetaError> + Send + 'static,
    ) -> Result<T, MetaError> {
        let inner = Arc::clone(&self.inner);
        self.inner.threads.change(move || work(&inner)).await.map_err(lost)?
    }

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> Result<T, MetaError> + Send + 'static,
    ) -> Result<T, MetaError> {
        let inner = Arc::clone(&self.inner);
        self.inner.threads.read(move || work(&inner)).await.map_err(lost)?
    }
}

/// Work on another thread broke off.
fn lost(error: JoinError) -> MetaError {
    MetaError::Unknown { source: error.into() }
}

#[async_trait]
impl MetaStore for SqliteMeta {
    async fn get(&self, key: &Key) -> Result<Option<Versioned>, MetaError> {
        let key = key.clone();
        self.read(move |inner| Ok(inner.database.read(|reader| find(reader, &key))?)).await
    }

    async fn swap(
        &self,
        key: &Key,
        expected: Option<Version>,
        value: Bytes,
    ) -> Result<Version, MetaError> {
        if value.len() > VALUE_BYTES_MAX {
            return Err(MetaError::TooLarge { bytes: value.len() });
        }
        let key = key.clone();
        self.change(move |inner| {
            let version = inner.database.write(|writer| {
                expect(writer, &key, expected)?;
                put(writer, &key, &value).map_err(|error| DatabaseError::from(error).into())
            });
            inner.tell(&key, version)
        })
        .await
    }

    async fn remove(&self, key: &Key, expected: Version) -> Result<(), MetaError> {
        let key = key.clone();
        self.change(move |inner| {
            let removed = inner.database.write(|writer| {
                expect(writer, &key, Some(expected))?;
                take(writer, &key).map_err(|error| DatabaseError::from(error).into())
            });
            inner.tell(&key, removed)
        })
        .await
    }

    async fn list(
        &self,
        prefix: &KeyPrefix,
        after: Option<&Key>,
        limit: usize,
    ) -> Result<Vec<(Key, Versioned)>, MetaError> {
        let (prefix, after) = (prefix.clone(), after.cloned());
        self.read(move |inner| inner.list(&prefix, after.as_ref(), limit.min(LIST_ENTRIES_MAX)))
            .await
    }

    fn watch(&self, prefix: &KeyPrefix) -> MetaWatch {
        self.inner.changes.watch(prefix)
    }

    fn lacks_room(&self) -> bool {
        self.inner.is_full.load(Ordering::Relaxed)
    }
}

impl Inner {
    /// Tells those who watch, unless nothing can have changed; and whoever asks, whether there was
    /// room.
    fn tell<T>(&self, key: &Key, outcome: Result<T, MetaError>) -> Result<T, MetaError> {
        match &outcome {
            Ok(_) => self.is_full.store(false, Ordering::Relaxed),
            Err(MetaError::Full) => self.is_full.store(true, Ordering::Relaxed),
            // A change that was refused says nothing of the device.
            Err(_) => {}
        }
        if matches!(outcome, Ok(_) | Err(MetaError::Unknown { .. })) {
            self.changes.notify(key);
        }
        outcome
    }

    fn list(
        &self,
        prefix: &KeyPrefix,
        after: Option<&Key>,
        limit: usize,
    ) -> Result<Vec<(Key, Versioned)>, MetaError> {
        let after = after.map_or("", Key::as_str);
        let rows = self.database.read(|reader| {
            let mut statement = reader.prepare_cached(
                "SELECT version, value, key FROM entry WHERE key >= ?1 AND key > ?2 ORDER BY key",
            )?;
            let mut rows = statement.query(params![prefix.as_str(), after])?;
            let mut found = Vec::new();
            while found.len() < limit {
                let Some(row) = rows.next()? else { break };
                let key: String = row.get(2)?;
                if !key.starts_with(prefix.as_str()) {
                    break;
                }
                found.push((key, versioned(row)?));
            }
            Ok(found)
        })?;
        rows.into_iter().map(|(key, value)| Ok((Key::parse(&key)?, value))).collect()
    }
}

fn find(connection: &Connection, key: &Key) -> Result<Option<Versioned>, rusqlite::Error> {
    let mut statement =
        connection.prepare_cached("SELECT version, value FROM entry WHERE key = ?1")?;
    statement.query_row([key.as_str()], versioned).optional()
}

fn versioned(row: &Row<'_>) -> Result<Versioned, rusqlite::Error> {
    let value: Vec<u8> = row.get(1)?;
    Ok(Versioned { version: Version(row.get::<_, i64>(0)?.unsigned_abs()), value: value.into() })
}

/// Refuses unless the key is at the expected version.
fn expect(writer: &Connection, key: &Key, expected: Option<Version>) -> Result<(), MetaError> {
    let found = find_version(writer, key).map_err(DatabaseError::from)?;
    if found == expected { Ok(()) } else { Err(MetaError::Conflict { key: key.clone() }) }
}

fn find_version(writer: &Connection, key: &Key) -> Result<Option<Version>, rusqlite::Error> {
    let mut statement = writer.prepare_cached("SELECT version FROM entry WHERE key = ?1")?;
    let number: Option<i64> = statement.query_row([key.as_str()], |row| row.get(0)).optional()?;
    Ok(number.map(|number| Version(number.unsigned_abs())))
}

fn put(writer: &Connection, key: &Key, value: &[u8]) -> Result<Version, rusqlite::Error> {
    let version = count(writer)?;
    let mut statement = writer.prepare_cached(
        "INSERT INTO entry (key, version, value) VALUES (?1, ?2, ?3) \
         ON CONFLICT (key) DO UPDATE SET version = ?2, value = ?3",
    )?;
    statement.execute(params![key.as_str(), version, value])?;
    Ok(Version(version.unsigned_abs()))
}

fn take(writer: &Connection, key: &Key) -> Result<(), rusqlite::Error> {
    count(writer)?;
    let mut statement = writer.prepare_cached("DELETE FROM entry WHERE key = ?1")?;
    statement.execute([key.as_str()])?;
    Ok(())
}

/// The next version of the store.
fn count(writer: &Connection) -> Result<i64, rusqlite::Error> {
    let mut statement =
        writer.prepare_cached("UPDATE counter SET version = version + 1 RETURNING version")?;
    statement.query_row([], |row| row.get(0))
}

impl From<DatabaseError> for MetaError {
    fn from(error: DatabaseError) -> Self {
        match error {
            DatabaseError::Full => Self::Full,
            DatabaseError::Corrupt(error) => Self::Corrupt { source: error.into() },
            DatabaseError::Refused(error) => Self::Unavailable { source: error.into() },
            DatabaseError::Unknown(error) => Self::Unknown { source: error.into() },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::SqliteMeta;
    use crate::meta::{MetaError, MetaStore};
    use crate::sqlite::DatabaseError;
    use crate::testkit::{Fault, FaultyMeta, meta_store_contract};

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_contract_holds() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("meta.sqlite");
        meta_store_contract(|| Arc::new(SqliteMeta::open(&path).unwrap())).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_contract_holds_when_changes_fail() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("meta.sqlite");
        meta_store_contract(|| {
            let store: Arc<dyn MetaStore> = Arc::new(SqliteMeta::open(&path).unwrap());
            let faulty = FaultyMeta::new(store);
            let faults = [Fault::Fails, Fault::Full, Fault::FailsUnknown, Fault::PersistsUnknown];
            for fault in faults.into_iter().cycle().take(400) {
                faulty.plan(Some(fault));
                faulty.plan(None);
            }
            Arc::new(faulty)
        })
        .await;
    }

    #[tokio::test]
    async fn a_store_without_room_says_so_until_there_is_room() {
        let directory = tempfile::tempdir().unwrap();
        let meta = SqliteMeta::open(&directory.path().join("meta.sqlite")).unwrap();
        let limit = |pages: i64| {
            let limited = meta.inner.database.write(|writer| {
                writer.pragma_update(None, "max_page_count", pages).map_err(DatabaseError::from)
            });
            limited.unwrap();
        };
        let key = crate::Key::parse("k").unwrap();
        // Less than there is already: the file may not grow.
        limit(1);
        let refused = meta.swap(&key, None, vec![7; 100_000].into()).await;
        assert!(matches!(refused, Err(MetaError::Full)), "{refused:?}");
        assert!(meta.lacks_room());
        let other = crate::meta::Version::new(9);
        assert!(matches!(meta.remove(&key, other).await, Err(MetaError::Conflict { .. })));
        assert!(meta.lacks_room(), "a refusal says nothing of the device");
        limit(1_000);
        meta.swap(&key, None, vec![7; 100_000].into()).await.unwrap();
        assert!(!meta.lacks_room());
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn the_file_and_those_beside_it_are_for_the_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("meta.sqlite");
        let files = ["", "-wal", "-shm"]
            .map(|suffix| directory.path().join(format!("meta.sqlite{suffix}")));
        let key = crate::Key::parse("k").unwrap();
        for round in 0..2 {
            let meta = SqliteMeta::open(&path).unwrap();
            let known = meta.get(&key).await.unwrap().map(|found| found.version);
            meta.swap(&key, known, "secret".into()).await.unwrap();
            for file in &files {
                let mode = std::fs::metadata(file).unwrap().permissions().mode();
                assert_eq!(mode & 0o777, 0o600, "{round} {}", file.display());
            }
            if round == 0 {
                // As an earlier version has left them, with a process that was killed.
                for file in &files {
                    let open = std::fs::Permissions::from_mode(0o644);
                    std::fs::set_permissions(file, open).unwrap();
                }
                std::mem::forget(meta);
            }
        }
    }

    #[test]
    fn a_file_of_another_kind_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("meta.sqlite");
        let other = rusqlite::Connection::open(&path).unwrap();
        other.pragma_update(None, "user_version", 7).unwrap();
        drop(other);
        let before = std::fs::read(&path).unwrap();
        assert!(matches!(SqliteMeta::open(&path), Err(MetaError::Corrupt { .. })));
        assert_eq!(std::fs::read(&path).unwrap().len(), before.len());
        std::fs::write(&path, vec![b'x'; 8_192]).unwrap();
        assert!(matches!(SqliteMeta::open(&path), Err(MetaError::Corrupt { .. })));
    }

    #[tokio::test]
    async fn damage_is_found_without_changing_the_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("meta.sqlite");
        let meta = SqliteMeta::open(&path).unwrap();
        for number in 0..200 {
            let key = crate::Key::parse(&format!("k/{number}")).unwrap();
            meta.swap(&key, None, vec![7; 500].into()).await.unwrap();
        }
        drop(meta);
        assert_eq!(SqliteMeta::verify(&path).unwrap(), Vec::<String>::new());
        let mut bytes = std::fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle..middle + 4_096].fill(0xff);
        std::fs::write(&path, &bytes).unwrap();
        assert!(!SqliteMeta::verify(&path).unwrap().is_empty());
        assert_eq!(std::fs::read(&path).unwrap(), bytes);
        std::fs::write(&path, b"no database at all, but long enough to be looked at closely")
            .unwrap();
        assert!(!SqliteMeta::verify(&path).unwrap().is_empty());
    }
}
