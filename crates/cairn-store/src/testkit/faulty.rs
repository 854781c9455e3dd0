//! Stores that fail when told to, around stores that work.
//!
//! What an operation that writes can do is: work, fail, or work and report a failure. These
//! wrappers do the last two on demand, so that every write of a caller can be tested in all three
//! ways.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::oneshot;

use crate::log::{EventLog, LogError, LogHealth, LogSlice, Offset, ReadLimit};
use crate::meta::{Key, KeyPrefix, MetaError, MetaStore, MetaWatch, Version, Versioned};
use crate::objects::{
    Attributes, Condition, ListQuery, ObjectError, ObjectHead, ObjectName, ObjectReader,
    ObjectUpload, Objects,
};

/// How a write goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is written, and the caller is told so.
    Fails,
    /// There is no room, and the caller is told so.
    Full,
    /// Nothing is written, and the caller is told that it is not known.
    FailsUnknown,
    /// It is written, and the caller is told that it is not known.
    PersistsUnknown,
}

/// What the next writes do.
#[derive(Debug, Default)]
struct Plan(Mutex<VecDeque<Option<Fault>>>);

impl Plan {
    fn push(&self, fault: Option<Fault>) {
        self.0.lock().unwrap().push_back(fault);
    }

    fn next(&self) -> Option<Fault> {
        self.0.lock().unwrap().pop_front().flatten()
    }
}

fn cause() -> io::Error {
    io::Error::other("a fault of the test")
}

/// An [`EventLog`] whose appends fail on demand.
#[derive(Debug)]
pub struct FaultyLog {
    inner: Arc<dyn EventLog>,
    plan: Plan,
    closed: AtomicBool,
}

impl FaultyLog {
    /// A log that works like `inner` until told otherwise.
    pub fn new(inner: Arc<dyn EventLog>) -> Self {
        Self { inner, plan: Plan::default(), closed: AtomicBool::new(false) }
    }

    /// Plans the next append that is not planned yet: it fails so, or works.
    pub fn plan(&self, fault: Option<Fault>) {
        self.plan.push(fault);
    }

    /// What opening the log anew does after an unknown outcome: it takes appends again.
    pub fn reopen(&self) {
        self.closed.store(false, Ordering::SeqCst);
    }
}

#[async_trait]
impl EventLog for FaultyLog {
    async fn append(&self, records: Vec<Bytes>) -> Result<Offset, LogError> {
        if self.closed.load(Ordering::SeqCst) {
            return Err(LogError::Closed);
        }
        let Some(fault) = self.plan.next() else { return self.inner.append(records).await };
        match fault {
            Fault::Fails => return Err(LogError::io("append to a segment", cause())),
            Fault::Full => return Err(LogError::Full),
            Fault::FailsUnknown => {}
            Fault::PersistsUnknown => {
                self.inner.append(records).await?;
            }
        }
        self.closed.store(true, Ordering::SeqCst);
        Err(LogError::unknown(cause()))
    }

    fn committed(&self) -> Offset {
        self.inner.committed()
    }

    fn first(&self) -> Offset {
        self.inner.first()
    }

    async fn read(&self, from: Offset, limit: ReadLimit) -> Result<LogSlice, LogError> {
        self.inner.read(from, limit).await
    }

    async fn changed(&self, seen: Offset) {
        self.inner.changed(seen).await;
    }

    fn health(&self) -> LogHealth {
        if self.closed.load(Ordering::SeqCst) { LogHealth::Failed } else { self.inner.health() }
    }

    async fn expire(&self, before: Offset) -> Result<Offset, LogError> {
        self.inner.expire(before).await
    }
}

/// A [`MetaStore`] whose changes fail on demand.
#[derive(Debug)]
pub struct FaultyMeta {
    inner: Arc<dyn MetaStore>,
    plan: Plan,
}

impl FaultyMeta {
    /// A store that works like `inner` until told otherwise.
    pub fn new(inner: Arc<dyn MetaStore>) -> Self {
        Self { inner, plan: Plan::default() }
    }

    /// Plans the next change that is not planned yet: it fails so, or works.
    pub fn plan(&self, fault: Option<Fault>) {
        self.plan.push(fault);
    }
}

fn meta_error(fault: Fault) -> MetaError {
    match fault {
        Fault::Full => MetaError::Full,
        Fault::Fails => MetaError::Unavailable { source: cause().into() },
        Fault::FailsUnknown | Fault::PersistsUnknown => {
            MetaError::Unknown { source: cause().into() }
        }
    }
}

#[async_trait]
impl MetaStore for FaultyMeta {
    async fn get(&self, key: &Key) -> Result<Option<Versioned>, MetaError> {
        self.inner.get(key).await
    }

    async fn swap(
        &self,
        key: &Key,
        expected: Option<Version>,
        value: Bytes,
    ) -> Result<Version, MetaError> {
        let fault = self.plan.next();
        if matches!(fault, None | Some(Fault::PersistsUnknown)) {
            let version = self.inner.swap(key, expected, value).await?;
            return fault.map_or(Ok(version), |fault| Err(meta_error(fault)));
        }
        Err(meta_error(fault.unwrap_or(Fault::Fails)))
    }

    async fn remove(&self, key: &Key, expected: Version) -> Result<(), MetaError> {
        let fault = self.plan.next();
        if matches!(fault, None | Some(Fault::PersistsUnknown)) {
            self.inner.remove(key, expected).await?;
        }
        fault.map_or(Ok(()), |fault| Err(meta_error(fault)))
    }

    async fn list(
        &self,
        prefix: &KeyPrefix,
        after: Option<&Key>,
        limit: usize,
    ) -> Result<Vec<(Key, Versioned)>, MetaError> {
        self.inner.list(prefix, after, limit).await
    }

    fn watch(&self, prefix: &KeyPrefix) -> MetaWatch {
        self.inner.watch(prefix)
    }
}

/// At which moment of a write something is to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// The caller has asked for it.
    Before,
    /// It is done, and the caller has not heard of it.
    After,
}

/// A write that waits in the middle of its caller's work, for what a test does meanwhile.
#[derive(Debug)]
pub struct Pause {
    reached: oneshot::Receiver<()>,
    go: oneshot::Sender<()>,
}

impl Pause {
    /// Waits until the write is at its moment; then it waits.
    pub async fn reached(&mut self) {
        (&mut self.reached).await.unwrap();
    }

    /// Lets it go on.
    pub fn end(self) {
        self.go.send(()).unwrap();
    }
}

/// Where the next write pauses.
#[derive(Debug, Default)]
struct Pauses(Mutex<Option<Planned>>);

/// The other end of a [`Pause`].
#[derive(Debug)]
struct Planned {
    moment: Moment,
    reaches: oneshot::Sender<()>,
    goes: oneshot::Receiver<()>,
}

impl Pauses {
    fn plan(&self, moment: Moment) -> Pause {
        let ((reaches, reached), (go, goes)) = (oneshot::channel(), oneshot::channel());
        *self.0.lock().unwrap() = Some(Planned { moment, reaches, goes });
        Pause { reached, go }
    }

    async fn pass(&self, at: Moment) {
        let pause = self.0.lock().unwrap().take_if(|planned| planned.moment == at);
        if let Some(Planned { reaches, goes, .. }) = pause {
            reaches.send(()).unwrap();
            goes.await.unwrap();
        }
    }
}

/// An [`Objects`] store whose uploads and deletions fail, or pause, on demand.
#[derive(Debug)]
pub struct FaultyObjects {
    inner: Arc<dyn Objects>,
    plan: Arc<Plan>,
    pauses: Arc<Pauses>,
}

impl FaultyObjects {
    /// A store that works like `inner` until told otherwise.
    pub fn new(inner: Arc<dyn Objects>) -> Self {
        Self { inner, plan: Arc::default(), pauses: Arc::default() }
    }

    /// Lets the next `finish` or `delete` pause.
    pub fn pause(&self, moment: Moment) -> Pause {
        self.pauses.plan(moment)
    }

    /// Plans the next `finish` or `delete` that is not planned yet: it fails so, or works.
    pub fn plan(&self, fault: Option<Fault>) {
        self.plan.push(fault);
    }
}

fn object_error(fault: Fault) -> ObjectError {
    match fault {
        Fault::Full => ObjectError::Full,
        Fault::Fails => ObjectError::io("finish an object", cause()),
        Fault::FailsUnknown | Fault::PersistsUnknown => {
            ObjectError::Unknown { source: cause().into() }
        }
    }
}

#[async_trait]
impl Objects for FaultyObjects {
    async fn begin(&self, bytes_max: u64) -> Result<Box<dyn ObjectUpload>, ObjectError> {
        let inner = self.inner.begin(bytes_max).await?;
        let (plan, pauses) = (Arc::clone(&self.plan), Arc::clone(&self.pauses));
        Ok(Box::new(FaultyUpload { inner, plan, pauses }))
    }

    async fn head(&self, name: &ObjectName) -> Result<Option<ObjectHead>, ObjectError> {
        self.inner.head(name).await
    }

    async fn open(&self, name: &ObjectName) -> Result<Option<Box<dyn ObjectReader>>, ObjectError> {
        self.inner.open(name).await
    }

    async fn list(&self, query: &ListQuery) -> Result<Vec<ObjectHead>, ObjectError> {
        self.inner.list(query).await
    }

    async fn delete(&self, name: &ObjectName, condition: Condition) -> Result<bool, ObjectError> {
        self.pauses.pass(Moment::Before).await;
        let fault = self.plan.next();
        if matches!(fault, None | Some(Fault::PersistsUnknown)) {
            let deleted = self.inner.delete(name, condition).await?;
            self.pauses.pass(Moment::After).await;
            return fault.map_or(Ok(deleted), |fault| Err(object_error(fault)));
        }
        Err(object_error(fault.unwrap_or(Fault::Fails)))
    }
}

#[derive(Debug)]
struct FaultyUpload {
    inner: Box<dyn ObjectUpload>,
    plan: Arc<Plan>,
    pauses: Arc<Pauses>,
}

#[async_trait]
impl ObjectUpload for FaultyUpload {
    async fn write(&mut self, chunk: Bytes) -> Result<(), ObjectError> {
        self.inner.write(chunk).await
    }

    async fn finish(
        self: Box<Self>,
        name: &ObjectName,
        attributes: Attributes,
        condition: Condition,
    ) -> Result<ObjectHead, ObjectError> {
        self.pauses.pass(Moment::Before).await;
        let fault = self.plan.next();
        if matches!(fault, None | Some(Fault::PersistsUnknown)) {
            let head = self.inner.finish(name, attributes, condition).await?;
            self.pauses.pass(Moment::After).await;
            return fault.map_or(Ok(head), |fault| Err(object_error(fault)));
        }
        Err(object_error(fault.unwrap_or(Fault::Fails)))
    }
}
