//! The objects' index: which names there are, in byte order, and where their bytes lie.

use std::ops::Bound;
use std::path::Path;

use bytes::Bytes;
use cairn_event::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::objects::{
    Attributes, Condition, LIST_OBJECTS_MAX, ListQuery, ObjectError, ObjectHead, ObjectName,
};
use crate::sqlite::{Database, DatabaseError, Schema};

/// `version` counts the changes of the whole store, so that no version is used twice.
const SCHEMA: Schema = Schema {
    application_id: 0x4361_4f62, // "CaOb"
    version: 1,
    create: "CREATE TABLE object (name BLOB NOT NULL PRIMARY KEY, version INTEGER NOT NULL, \
             bytes INTEGER NOT NULL, modified_ms INTEGER NOT NULL, path TEXT NOT NULL, \
             attributes TEXT NOT NULL, crc32 INTEGER NOT NULL) STRICT, WITHOUT ROWID;\n\
             CREATE INDEX object_by_path ON object (path);\n\
             CREATE TABLE counter (id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1), \
             version INTEGER NOT NULL) STRICT;\n\
             INSERT INTO counter (id, version) VALUES (1, 0);",
};

const COLUMNS: &str = "name, version, bytes, modified_ms, path, attributes, crc32";

/// The index file.
#[derive(Debug)]
pub(crate) struct Index(Database);

/// An object as the index knows it.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub head: ObjectHead,
    /// Where its bytes lie, below the data directory.
    pub path: String,
    /// The checksum of its bytes.
    pub crc32: u32,
}

/// What becomes of an object when it is finished.
#[derive(Debug)]
pub(crate) struct NewEntry<'a> {
    pub name: &'a ObjectName,
    pub bytes: u64,
    pub modified: Timestamp,
    pub path: &'a str,
    pub attributes: Attributes,
    pub crc32: u32,
}

impl Index {
    pub(crate) fn open(path: &Path) -> Result<Self, ObjectError> {
        Ok(Self(Database::open(path, SCHEMA)?))
    }

    pub(crate) fn get(&self, name: &ObjectName) -> Result<Option<Entry>, ObjectError> {
        Ok(self.0.read(|reader| find(reader, name))?)
    }

    /// Puts an object in place of the one there, if the condition holds.
    pub(crate) fn put(
        &self,
        new: NewEntry<'_>,
        condition: Condition,
    ) -> Result<ObjectHead, ObjectError> {
        let text = attributes_text(&new.attributes)?;
        self.0.write(|writer| {
            let failed = |error| ObjectError::from(DatabaseError::from(error));
            let found = find(writer, new.name).map_err(failed)?;
            check(condition, new.name, found.as_ref())?;
            let version = insert(writer, &new, &text).map_err(failed)?;
            Ok(ObjectHead {
                name: new.name.clone(),
                bytes: new.bytes,
                modified: new.modified,
                version,
                attributes: new.attributes,
            })
        })
    }

    /// Takes an object out, if the condition holds, and tells where its bytes lie.
    pub(crate) fn remove(
        &self,
        name: &ObjectName,
        condition: Condition,
    ) -> Result<Option<String>, ObjectError> {
        self.0.write(|writer| {
            let failed = |error| ObjectError::from(DatabaseError::from(error));
            if condition != Condition::Always {
                check(condition, name, find(writer, name).map_err(failed)?.as_ref())?;
            }
            remove(writer, name).map_err(failed)
        })
    }

    /// What is wrong with an index that nobody has opened, and, if it can be read, its entries.
    pub(crate) fn examine(path: &Path) -> Result<(Vec<String>, Vec<Entry>), ObjectError> {
        let problems = crate::sqlite::verify(path, SCHEMA)?;
        if !problems.is_empty() {
            return Ok((problems, Vec::new()));
        }
        let reader = crate::sqlite::open_to_read(path, SCHEMA)?;
        let read = || {
            let mut statement = reader.prepare(&format!("SELECT {COLUMNS} FROM object"))?;
            statement.query_map([], entry)?.collect::<Result<Vec<_>, _>>()
        };
        match read() {
            Ok(entries) => Ok((problems, entries)),
            Err(error) => Ok((vec![error.to_string()], Vec::new())),
        }
    }

    /// Whether an object's bytes lie at a path.
    pub(crate) fn has_path(&self, path: &str) -> Result<bool, ObjectError> {
        Ok(self.0.read(|reader| {
            let mut statement = reader.prepare_cached("SELECT 1 FROM object WHERE path = ?1")?;
            statement.exists([path])
        })?)
    }

    pub(crate) fn list(&self, query: &ListQuery) -> Result<Vec<ObjectHead>, ObjectError> {
        let from = match &query.from {
            Bound::Unbounded => Vec::new(),
            Bound::Included(name) => name.clone(),
            // The next name in byte order is the same and a zero.
            Bound::Excluded(name) => [name.as_slice(), &[0]].concat(),
        };
        let from = from.max(query.prefix.clone());
        let limit = query.limit.min(LIST_OBJECTS_MAX);
        Ok(self.0.read(|reader| {
            let sql = format!("SELECT {COLUMNS} FROM object WHERE name >= ?1 ORDER BY name");
            let mut statement = reader.prepare_cached(&sql)?;
            let mut rows = statement.query([&from])?;
            let mut found = Vec::new();
            while found.len() < limit {
                let Some(row) = rows.next()? else { break };
                let entry = entry(row)?;
                if !entry.head.name.as_bytes().starts_with(&query.prefix) {
                    break;
                }
                found.push(entry.head);
            }
            Ok(found)
        })?)
    }
}

/// Refuses unless what is there is as the condition wants it.
pub(crate) fn check(
    condition: Condition,
    name: &ObjectName,
    found: Option<&Entry>,
) -> Result<(), ObjectError> {
    let holds = match condition {
        Condition::Always => true,
        Condition::Absent => found.is_none(),
        Condition::Version(version) => found.is_some_and(|entry| entry.head.version == version),
    };
    if holds { Ok(()) } else { Err(ObjectError::Conflict { name: name.clone() }) }
}

fn find(connection: &Connection, name: &ObjectName) -> Result<Option<Entry>, rusqlite::Error> {
    let sql = format!("SELECT {COLUMNS} FROM object WHERE name = ?1");
    connection.prepare_cached(&sql)?.query_row([name.as_bytes()], entry).optional()
}

fn entry(row: &Row<'_>) -> Result<Entry, rusqlite::Error> {
    let wrong = |column, error: Box<dyn std::error::Error + Send + Sync>| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Blob, error)
    };
    let name: Vec<u8> = row.get(0)?;
    let text: String = row.get(5)?;
    Ok(Entry {
        head: ObjectHead {
            name: ObjectName::new(Bytes::from(name)).map_err(|error| wrong(0, error.into()))?,
            version: row.get::<_, i64>(1)?.unsigned_abs(),
            bytes: row.get::<_, i64>(2)?.unsigned_abs(),
            modified: Timestamp::from_ms(row.get(3)?),
            attributes: serde_json::from_str(&text).map_err(|error| wrong(5, error.into()))?,
        },
        path: row.get(4)?,
        crc32: row.get(6)?,
    })
}

fn insert(
    writer: &Connection,
    new: &NewEntry<'_>,
    attributes: &str,
) -> Result<u64, rusqlite::Error> {
    let version = count(writer)?;
    let sql =
        format!("INSERT OR REPLACE INTO object ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
    let (bytes, modified_ms) = (new.bytes.cast_signed(), new.modified.as_ms());
    let name = new.name.as_bytes();
    let mut statement = writer.prepare_cached(&sql)?;
    let row = params![name, version, bytes, modified_ms, new.path, attributes, new.crc32];
    statement.execute(row)?;
    Ok(version.unsigned_abs())
}

fn remove(writer: &Connection, name: &ObjectName) -> Result<Option<String>, rusqlite::Error> {
    let mut statement =
        writer.prepare_cached("DELETE FROM object WHERE name = ?1 RETURNING path")?;
    statement.query_row([name.as_bytes()], |row| row.get(0)).optional()
}

/// The next version of the store.
fn count(writer: &Connection) -> Result<i64, rusqlite::Error> {
    let mut statement =
        writer.prepare_cached("UPDATE counter SET version = version + 1 RETURNING version")?;
    statement.query_row([], |row| row.get(0))
}

fn attributes_text(attributes: &Attributes) -> Result<String, ObjectError> {
    let text = serde_json::to_string(attributes)
        .map_err(|error| ObjectError::Io { doing: "write attributes", source: error.into() })?;
    let bytes_max = crate::objects::ATTRIBUTES_BYTES_MAX;
    if text.len() > bytes_max {
        return Err(ObjectError::TooLarge { bytes_max: bytes_max as u64 });
    }
    Ok(text)
}

impl From<DatabaseError> for ObjectError {
    fn from(error: DatabaseError) -> Self {
        match error {
            DatabaseError::Full => Self::Full,
            DatabaseError::Corrupt(error) | DatabaseError::Refused(error) => {
                Self::Io { doing: "use the index", source: error.into() }
            }
            DatabaseError::Unknown(error) => Self::Unknown { source: error.into() },
        }
    }
}
