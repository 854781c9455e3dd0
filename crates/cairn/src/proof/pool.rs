//! Threads that read and check objects, so that reading, expanding and hashing overlap.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, Scope};

use aws_lc_rs::digest::{Context, SHA256, digest};
use cairn_event::digest::{CONTENT_BYTES_MAX, Digest};
use cairn_event::key::LogKey;
use cairn_event::{RecordHead, Timestamp};

use super::bucket::{Bucket, Metadata, Object, ReadError};
use super::chain_name::ChainName;
use super::ending;
use super::finding::{Flaw, Verdict};
use super::inflate::{InflateError, Inflater, WHOLE_BYTES_MAX, pieces};
use super::records::Lookover;
use super::room::Room;
use crate::print::hex;

/// The most that a log file may expand to. It is not held in memory beyond [`WHOLE_BYTES_MAX`].
const LOG_BYTES_MAX: u64 = 1 << 30;
/// Jobs that wait for a thread, for each thread.
const WAITING_PER_THREAD: usize = 3;

/// What is to be read and checked.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) bucket: Arc<dyn Bucket>,
    pub(crate) key: String,
    pub(crate) task: Task,
}

/// What it is looked at as.
#[derive(Debug)]
pub(crate) enum Task {
    /// A digest: the number of its walk, and its own in it.
    Digest { walk: usize, id: u64 },
    /// A log file that a digest names.
    Log(LogTask),
    /// A log file that no digest names.
    Other { bucket: usize, modified: Option<Timestamp>, covered: Option<Timestamp> },
}

/// A log file that a digest names.
#[derive(Debug)]
pub(crate) struct LogTask {
    pub(crate) bucket: usize,
    /// In lower-case hex.
    pub(crate) sha256: String,
    /// The chain, and the run of it, whose last digest names the file.
    pub(crate) ends: Option<(Arc<ChainName>, usize)>,
    /// The chain that names it.
    pub(crate) walk: usize,
    /// Whether its digest is proven.
    pub(crate) is_anchored: bool,
    /// Whether to list the events.
    pub(crate) wants_events: bool,
}

/// What came of it.
#[derive(Debug)]
pub(crate) enum Done {
    Digest {
        walk: usize,
        id: u64,
        outcome: Result<Box<ReadDigest>, Verdict>,
    },
    Log {
        key: String,
        task: LogTask,
        verdict: Verdict,
        checked: Checked,
    },
    Other {
        key: String,
        bucket: usize,
        /// When the bucket took it, and until when digests name all that came.
        times: (Option<Timestamp>, Option<Timestamp>),
        outcome: Result<OtherLog, Verdict>,
    },
}

/// What was seen of a log file beside its verdict.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    /// Bytes before compression.
    pub(crate) bytes: u64,
    /// Whether a trail is stopped in it.
    pub(crate) ends: bool,
    /// Events, if they were asked for.
    pub(crate) events: Vec<String>,
}

/// A digest as it was found. Nothing is verified yet.
#[derive(Debug)]
pub(crate) struct ReadDigest {
    pub(crate) digest: Digest,
    /// Of its content before compression, in lower-case hex.
    pub(crate) sha256: String,
    pub(crate) metadata: Metadata,
}

/// A log file that no digest names.
#[derive(Debug)]
pub(crate) struct OtherLog {
    pub(crate) sha256: String,
    pub(crate) records: u64,
    pub(crate) newest: Option<Timestamp>,
    pub(crate) stray: Option<super::records::Stray>,
    pub(crate) events: Vec<String>,
    /// Hashes of its records.
    pub(crate) bodies: Vec<u128>,
}

/// The threads, from outside.
pub(crate) struct Pool {
    jobs: Sender<Job>,
    done: Receiver<Done>,
    under_way: usize,
    room: usize,
}

impl Pool {
    /// Starts threads; they end when the pool is dropped.
    pub(crate) fn start<'scope>(
        scope: &'scope Scope<'scope, '_>,
        threads: usize,
    ) -> std::io::Result<Self> {
        let (jobs, waiting) = channel();
        let (sender, done) = channel();
        let waiting = Arc::new(Mutex::new(waiting));
        let room = Arc::new(Room::default());
        for number in 0..threads {
            let (waiting, sender) = (Arc::clone(&waiting), sender.clone());
            let room = Arc::clone(&room);
            let named = thread::Builder::new().name(format!("proof-{number}"));
            named.spawn_scoped(scope, move || work(&waiting, &sender, &room))?;
        }
        Ok(Self { jobs, done, under_way: 0, room: threads * (1 + WAITING_PER_THREAD) })
    }

    /// Whether a job would not have to wait long.
    pub(crate) fn has_room(&self) -> bool {
        self.under_way < self.room
    }

    /// Gives a job to the threads.
    pub(crate) fn give(&mut self, job: Job) {
        if self.jobs.send(job).is_ok() {
            self.under_way += 1;
        }
    }

    /// Waits for a job to be done; `None` if none is under way.
    pub(crate) fn wait(&mut self) -> Option<Done> {
        if self.under_way == 0 {
            return None;
        }
        self.under_way -= 1;
        self.done.recv().ok()
    }
}

fn work(waiting: &Mutex<Receiver<Job>>, done: &Sender<Done>, room: &Room) {
    let mut inflater = Inflater::new();
    loop {
        let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else { return };
        if done.send(run(job, &mut inflater, room)).is_err() {
            return;
        }
    }
}

fn run(job: Job, inflater: &mut Inflater, room: &Room) -> Done {
    let Job { bucket, key, task } = job;
    let mut held = None;
    let mut admit = |bytes| {
        // What an attempt held that has failed.
        held = None;
        held = Some(room.hold(bytes));
    };
    let object = unless_it_panics(|| bucket.read_after(&key, &mut admit));
    let object = object.and_then(|object| object.map_err(unread));
    if let (Ok(object), Some(held)) = (&object, &mut held) {
        held.adjust(held_bytes(&object.content));
    }
    let done = look_at(object, key, task, inflater);
    inflater.forget_long();
    done
}

/// Does what belongs to one object. A fault of ours leaves that one unchecked, and whoever waits for
/// it is told; the thread goes on.
fn unless_it_panics<T>(act: impl FnOnce() -> T) -> Result<T, Verdict> {
    let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(act));
    done.map_err(|_| Verdict::Unchecked("the check of it broke off: a fault of cairn".to_owned()))
}

/// What a file takes with its content. One that lies expands to the limit at most.
fn held_bytes(file: &[u8]) -> u64 {
    let content = says_length(file).clamp(file.len() as u64, WHOLE_BYTES_MAX as u64);
    file.len() as u64 + content
}

fn look_at(
    object: Result<Object, Verdict>,
    key: String,
    task: Task,
    inflater: &mut Inflater,
) -> Done {
    match task {
        Task::Digest { walk, id } => {
            let outcome = object.and_then(|object| {
                unless_it_panics(|| read_digest(object, inflater)).and_then(|outcome| outcome)
            });
            Done::Digest { walk, id, outcome }
        }
        Task::Log(task) => {
            let mut checked = Checked::default();
            let verdict = object.and_then(|object| {
                unless_it_panics(|| log(object.content, &key, &task, inflater, &mut checked))
            });
            let verdict = verdict.unwrap_or_else(|unread| unread);
            Done::Log { key, task, verdict, checked }
        }
        Task::Other { bucket, modified, covered } => {
            let outcome = object.and_then(|object| {
                unless_it_panics(|| other(object.content, &key, inflater))
                    .and_then(|outcome| outcome)
            });
            Done::Other { key, bucket, times: (modified, covered), outcome }
        }
    }
}

fn read_digest(object: Object, inflater: &mut Inflater) -> Result<Box<ReadDigest>, Verdict> {
    if is_too_long(&object.content) {
        return Err(Verdict::Invalid(Flaw::TooLarge));
    }
    let content = inflater.whole(object.content).map_err(|error| match error {
        InflateError::Trailing | InflateError::TooLarge { .. } => Verdict::Invalid(error.into()),
        _ => Verdict::Invalid(Flaw::Format),
    })?;
    let sha256 = hex(digest(&SHA256, content).as_ref());
    let digest = Digest::parse(content).map_err(|_| Verdict::Invalid(Flaw::Format))?;
    Ok(Box::new(ReadDigest { digest, sha256, metadata: object.metadata }))
}

fn unread(error: ReadError) -> Verdict {
    match error {
        ReadError::Missing => Verdict::Invalid(Flaw::NotFound),
        ReadError::TooLarge => Verdict::Invalid(Flaw::TooLarge),
        why @ (ReadError::Failed(_) | ReadError::Unnamed) => Verdict::Unchecked(why.to_string()),
    }
}

/// Checks a log file that a digest names.
fn log(
    file: Vec<u8>,
    key: &str,
    task: &LogTask,
    inflater: &mut Inflater,
    checked: &mut Checked,
) -> Verdict {
    // The AWS CLI hashes what it can read of a file that is cut short, and compares.
    let flaw = |error: InflateError| match error {
        InflateError::Cut => Flaw::Hash,
        InflateError::Broken => Flaw::Format,
        other => Flaw::Inflate(other),
    };
    if says_length(&file) > WHOLE_BYTES_MAX as u64 {
        return match long_log(&file, task, checked) {
            Ok(true) => sound(task),
            Ok(false) => Verdict::Invalid(Flaw::Hash),
            Err(error) => Verdict::Invalid(flaw(error)),
        };
    }
    let content = match inflater.whole(file) {
        Ok(content) => content,
        Err(error) => return Verdict::Invalid(flaw(error)),
    };
    checked.bytes = content.len() as u64;
    if hex(digest(&SHA256, content).as_ref()) != task.sha256 {
        return Verdict::Invalid(Flaw::Hash);
    }
    if let Some((chain, _)) = &task.ends {
        checked.ends = ending::ends(content, chain);
    }
    if task.wants_events {
        checked.events = events(content);
    }
    let stray = LogKey::parse(key).and_then(|key| Lookover::new(&key).stray(content, &key));
    match stray {
        Some(stray) => Verdict::Invalid(Flaw::Stray { number: stray.number, why: stray.why }),
        None => sound(task),
    }
}

fn sound(task: &LogTask) -> Verdict {
    if task.is_anchored { Verdict::Valid } else { Verdict::Unanchored }
}

/// What a file says it expands to; of no use against a file that lies.
fn says_length(file: &[u8]) -> u64 {
    file.last_chunk::<4>().map_or(0, |length| u32::from_le_bytes(*length).into())
}

/// Checks the hash of a file that is longer than log files are; `true` if it is the right one.
fn long_log(file: &[u8], task: &LogTask, checked: &mut Checked) -> Result<bool, InflateError> {
    let mut hash = Context::new(&SHA256);
    pieces(file, LOG_BYTES_MAX, &mut |piece| {
        checked.bytes += piece.len() as u64;
        hash.update(piece);
    })?;
    Ok(hex(hash.finish().as_ref()) == task.sha256)
}

/// Looks at a log file that no digest names.
fn other(file: Vec<u8>, key: &str, inflater: &mut Inflater) -> Result<OtherLog, Verdict> {
    let content = inflater.whole(file).map_err(|error| Verdict::Invalid(error.into()))?;
    let key = LogKey::parse(key).ok_or(Verdict::Invalid(Flaw::Planted))?;
    let stray = Lookover::new(&key).stray(content, &key);
    let sha256 = hex(digest(&SHA256, content).as_ref());
    let (mut records, mut newest) = (0, None);
    let (mut events, mut bodies) = (Vec::new(), Vec::new());
    heads(content, |record, head| {
        bodies.push(xxhash_rust::xxh3::xxh3_128(record));
        records += 1;
        newest = newest.max(head.event_time);
        events.extend(head.event_id.as_deref().map(str::to_owned));
    });
    Ok(OtherLog { sha256, records, newest, stray, events, bodies })
}

fn events(content: &[u8]) -> Vec<String> {
    let mut events = Vec::new();
    heads(content, |_, head| events.extend(head.event_id.as_deref().map(str::to_owned)));
    events
}

fn heads(content: &[u8], mut show: impl FnMut(&[u8], &RecordHead<'_>)) {
    use cairn_event::split::{SplitLimits, records};
    for record in records(content, SplitLimits::default()).flatten() {
        if let Ok(head) = RecordHead::parse(&record) {
            show(&record, &head);
        }
    }
}

/// Whether a digest expands to more than any does. What it says of its length may be the end of a
/// file that was cut, so it is only the reason to look.
fn is_too_long(file: &[u8]) -> bool {
    let bytes_max = CONTENT_BYTES_MAX as u64;
    says_length(file) > bytes_max
        && matches!(pieces(file, bytes_max, &mut |_| {}), Err(InflateError::TooLarge { .. }))
}

#[cfg(test)]
mod tests {
    use super::super::bucket::{Admit, Show};
    use super::*;

    /// A bucket that looks at the room while it reads, or panics.
    #[derive(Debug, Default)]
    struct Watching {
        room: Arc<Room>,
        seen: Mutex<Vec<u64>>,
    }

    impl Bucket for Watching {
        fn name(&self) -> Option<&str> {
            None
        }

        fn keeps_metadata(&self) -> bool {
            false
        }

        fn tells_time(&self) -> bool {
            false
        }

        fn reads_at_once(&self) -> usize {
            1
        }

        fn list(&self, _: &str, _: &mut Show<'_>) -> Result<(), ReadError> {
            Ok(())
        }

        fn read_after(&self, key: &str, admit: &mut Admit<'_>) -> Result<Object, ReadError> {
            assert!(!key.contains("panic"), "a panic of the test");
            // The second attempt is the one that counts.
            for bytes in [300, 100] {
                admit(bytes);
                self.seen.lock().unwrap().push(self.room.held());
            }
            Ok(Object { content: vec![0; 100], ..Object::default() })
        }

        fn sibling(&self, _: &str) -> Option<Arc<dyn Bucket>> {
            None
        }
    }

    fn job(bucket: &Arc<Watching>, key: &str) -> Job {
        let task = Task::Other { bucket: 0, modified: None, covered: None };
        Job { bucket: Arc::clone(bucket) as _, key: key.to_owned(), task }
    }

    #[test]
    fn room_is_held_before_anything_is_read() {
        let bucket = Arc::new(Watching::default());
        run(job(&bucket, "key"), &mut Inflater::new(), &bucket.room);
        assert_eq!(*bucket.seen.lock().unwrap(), [300, 100]);
        assert_eq!(bucket.room.held(), 0);
    }

    #[test]
    fn a_panic_is_told_to_whoever_waits() {
        let bucket = Arc::new(Watching::default());
        thread::scope(|scope| {
            let mut pool = Pool::start(scope, 1).unwrap();
            for key in ["panic", "key"] {
                pool.give(job(&bucket, key));
                let Some(Done::Other { key: told, outcome, .. }) = pool.wait() else {
                    panic!("it is told")
                };
                let is_unchecked = matches!(outcome, Err(Verdict::Unchecked(_)));
                assert_eq!((told.as_str(), is_unchecked), (key, key == "panic"), "{outcome:?}");
            }
        });
    }
}
