//! Local objects under faults of every file operation, and the look of the directory.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Bound;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;

use super::LocalObjects;
use crate::files::sim::{BrokenFiles, Fault, Operation};
use crate::objects::{
    Attributes, Condition, ListQuery, ObjectError, ObjectHead, ObjectName, Objects,
};
use crate::testkit::{objects_contract, ticking_clock};

fn open(directory: &Path) -> LocalObjects {
    LocalObjects::open(directory, ticking_clock(0)).unwrap()
}

fn name(text: &str) -> ObjectName {
    ObjectName::new(text.to_owned()).unwrap()
}

async fn put(store: &LocalObjects, name: &ObjectName, text: &str) -> Result<(), ObjectError> {
    let mut upload = store.begin(1_000_000).await?;
    upload.write(Bytes::from(text.to_owned())).await?;
    let attributes = Attributes { etag: Some(text.len().to_string()), ..Attributes::default() };
    upload.finish(name, attributes, Condition::Always).await.map(|_| ())
}

async fn all(store: &LocalObjects) -> Vec<ObjectHead> {
    let query = ListQuery { prefix: Vec::new(), from: Bound::Unbounded, limit: 1_000 };
    store.list(&query).await.unwrap()
}

fn files_below(directory: &Path) -> usize {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { files_below(&path) } else { 1 }).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_contract_holds() {
    let directory = tempfile::tempdir().unwrap();
    objects_contract(|| Arc::new(open(directory.path()))).await;
    assert_eq!(open(directory.path()).sweep().unwrap(), 0, "nothing is left behind");
}

/// What the run does: text under a name, or nothing for a deletion.
const STEPS: [(&str, Option<&str>); 8] = [
    ("b/a/1", Some("one")),
    ("b/a/1", Some("two, longer")),
    ("b/a", Some("stands in the way")),
    ("b/a/2/3", Some("three")),
    ("b/a/1", None),
    ("b/a/1", Some("four")),
    ("b/a/2/3", None),
    ("b/x", Some("five")),
];

/// What may be there: the text, or nothing. More than one after an unknown outcome.
type May = BTreeMap<&'static str, Vec<Option<&'static str>>>;

async fn run(store: &LocalObjects) -> May {
    let mut may = May::new();
    for (key, text) in STEPS {
        let outcome = match text {
            Some(text) => put(store, &name(key), text).await,
            None => store.delete(&name(key), Condition::Always).await.map(|_| ()),
        };
        let possible = may.entry(key).or_insert_with(|| vec![None]);
        match outcome {
            Ok(()) => *possible = vec![text],
            Err(ObjectError::Unknown { .. }) => possible.push(text),
            Err(ObjectError::Io { .. } | ObjectError::Full) => {}
            Err(error) => panic!("{error}"),
        }
    }
    may
}

async fn check(store: &LocalObjects, may: &May, context: &str) {
    for (key, possible) in may {
        let found = match store.open(&name(key)).await.unwrap() {
            Some(reader) => {
                let bytes = reader.read_at(0, 1_000).await.unwrap();
                let etag = reader.head().attributes.etag.clone();
                assert_eq!(etag, Some(bytes.len().to_string()), "{context}");
                Some(String::from_utf8(bytes.to_vec()).unwrap())
            }
            None => None,
        };
        assert!(possible.contains(&found.as_deref()), "{key} has {found:?}: {context}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_object_is_lost_or_mixed_whatever_fails() {
    let whole = BrokenFiles::default();
    let directory = tempfile::tempdir().unwrap();
    let store =
        LocalObjects::open_on(Arc::new(whole.clone()), directory.path(), ticking_clock(0)).unwrap();
    let before = whole.operations().len();
    check(&store, &run(&store).await, "nothing fails").await;
    let operations = whole.operations();
    for (number, operation) in operations.iter().enumerate().skip(before) {
        for fault in [Fault::Fails, Fault::FailsButPersists, Fault::Tears(2), Fault::Full] {
            if matches!(fault, Fault::Tears(_)) && *operation != Operation::Write {
                continue;
            }
            let context = format!("{fault:?} at {operation:?} {number}");
            let directory = tempfile::tempdir().unwrap();
            let files = BrokenFiles::default();
            files.break_operation(number, fault);
            let store =
                LocalObjects::open_on(Arc::new(files), directory.path(), ticking_clock(0)).unwrap();
            let may = run(&store).await;
            check(&store, &may, &context).await;
            drop(store);
            let store = open(directory.path());
            check(&store, &may, &context).await;
            store.sweep().unwrap();
            check(&store, &may, &context).await;
            let objects = all(&store).await.len();
            assert_eq!(files_below(&directory.path().join("data")), objects, "{context}");
        }
    }
}

#[tokio::test]
async fn objects_lie_where_a_person_looks_for_them() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let key = "trails/AWSLogs/1/CloudTrail/us-east-1/2026/11/25/1_x.json.gz";
    put(&store, &name(key), "text").await.unwrap();
    assert_eq!(fs::read(directory.path().join("data").join(key)).unwrap(), b"text");
    store.delete(&name(key), Condition::Always).await.unwrap();
    let data = directory.path().join("data");
    assert_eq!(fs::read_dir(data).unwrap().count(), 0, "empty directories go");
}

#[tokio::test]
async fn a_directory_is_made_durable_once_for_each_time_that_it_is_there() {
    let directory = tempfile::tempdir().unwrap();
    // What an upload left that was killed before the name of its directory was durable.
    fs::create_dir_all(directory.path().join("data/b")).unwrap();
    let files = BrokenFiles::default();
    let on = Arc::new(files.clone());
    let store = LocalObjects::open_on(on, directory.path(), ticking_clock(0)).unwrap();
    let made = || {
        let operations = files.operations();
        operations.iter().filter(|one| **one == Operation::CreateDirectory).count()
    };
    let before = made();
    for key in ["b/one", "b/two", "b/one"] {
        put(&store, &name(key), key).await.unwrap();
    }
    assert_eq!(made() - before, 1, "by the first upload into it");
    for key in ["b/one", "b/two"] {
        store.delete(&name(key), Condition::Always).await.unwrap();
    }
    put(&store, &name("b/one"), "again").await.unwrap();
    assert_eq!(made() - before, 2, "it had been removed with what was in it");
    fs::rename(directory.path().join("data/b"), directory.path().join("b")).unwrap();
    put(&store, &name("b/two"), "two").await.unwrap();
    assert_eq!(made() - before, 3, "somebody else has removed it");
}

#[tokio::test]
async fn what_a_crash_left_is_swept_and_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    put(&store, &name("b/kept"), "kept").await.unwrap();
    fs::write(directory.path().join("data/b/left"), b"no entry points here").unwrap();
    assert_eq!(store.sweep().unwrap(), 1);
    assert_eq!(store.sweep().unwrap(), 0);
    assert_eq!(all(&store).await.len(), 1);
    drop(store);
    fs::write(directory.path().join("unfinished/17"), b"an upload").unwrap();
    let store = open(directory.path());
    assert_eq!(files_below(&directory.path().join("unfinished")), 0);
    drop(store);
}

#[tokio::test]
async fn bytes_that_are_cut_or_gone_are_reported() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    put(&store, &name("b/cut"), "long enough").await.unwrap();
    put(&store, &name("b/gone"), "gone").await.unwrap();
    fs::write(directory.path().join("data/b/cut"), b"long").unwrap();
    fs::remove_file(directory.path().join("data/b/gone")).unwrap();
    for key in ["b/cut", "b/gone"] {
        let opened = store.open(&name(key)).await;
        assert!(matches!(opened, Err(ObjectError::Corrupt { .. })), "{opened:?}");
    }
}
