//! Writes the files of a round to their buckets, and the entries from which digests are made.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cairn_bucket::{BucketError, TrailObject, Writer};
use cairn_event::Timestamp;
use cairn_event::trail::{LogFile, Trail, place};
use cairn_store::MetaError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::build::{Built, build};
use super::cut::{FilePlan, cut};
use super::engine::Engine;
use super::metric;
use super::record::Round;
use super::select::{Batch, Selection};
use crate::state;
use crate::worker::StepError;

/// The most record bytes of files that are made or written at the same time.
const FLIGHT_BYTES_MAX: usize = 48 << 20;
/// The most files that are made or written at the same time.
const FLIGHT_FILES_MAX: usize = 32;
/// What one permit of the flight stands for.
const FLIGHT_UNIT_BYTES: usize = FLIGHT_BYTES_MAX / FLIGHT_FILES_MAX;
/// How long the files of a round may take together. What was not begun by then is left to its
/// trails, so that no number of slow buckets holds the others back.
const ROUND_WRITE_MS_MAX: u64 = 60_000;

/// What a trail gets of a round.
struct Job {
    trail: Arc<Trail>,
    files: Vec<FilePlan>,
    /// Files that an earlier attempt has written.
    done: Vec<u32>,
}

/// What has become of it.
#[derive(Debug, Default)]
pub(super) struct Written {
    /// The last attempt of each region: when, and the error.
    pub regions: BTreeMap<String, (Timestamp, Option<String>)>,
    /// All files that are there now.
    pub done: Vec<u32>,
    /// Whether a file is missing.
    pub failed: bool,
    /// How many records the missing files hold.
    pub left: u64,
}

/// Where a round is on its way.
struct Flight {
    engine: Arc<Engine>,
    round: Round,
    batch: Arc<Batch>,
    jobs: Vec<JobUnderWay>,
    /// Buckets that do not answer: nobody else waits for them in this round.
    silent: Mutex<BTreeMap<String, Refusal>>,
    deadline: Instant,
}

struct JobUnderWay {
    trail: Arc<Trail>,
    refused: Mutex<Option<Refusal>>,
}

/// When a bucket did not take a file, and the code of the error.
type Refusal = (Timestamp, String);

/// What has become of a file.
enum Landed {
    Written(Timestamp),
    /// It was refused, or was not tried because others had been; or the time was up.
    Left(Option<Refusal>),
}

/// Cuts and writes what all members of a selection take of a round. `done` tells which files of a
/// trail are there already. The answer has a place for each member.
pub(super) async fn deliver(
    engine: &Arc<Engine>,
    selection: &Selection,
    round: &Round,
    batch: &Arc<Batch>,
    done: impl Fn(&str) -> Vec<u32>,
) -> Result<Vec<Option<Written>>, StepError> {
    let (mut jobs, mut takers) = (Vec::new(), Vec::new());
    for (number, (member, taken)) in selection.members.iter().zip(&batch.taken).enumerate() {
        if !taken.is_empty() {
            let trail = Arc::clone(&member.trail);
            let files = cut(&trail, round, batch, taken, engine.options.file_bytes_max);
            jobs.push(Job { trail, files, done: done(&member.id) });
            takers.push(number);
        }
    }
    let mut outcomes = Vec::new();
    outcomes.resize_with(selection.members.len(), || None);
    let written = write(engine, round, Arc::clone(batch), jobs).await?;
    for (member, written) in takers.into_iter().zip(written) {
        outcomes[member] = Some(written);
    }
    Ok(outcomes)
}

/// Writes the files of all jobs. What one trail's bucket does is its own affair; an error is one
/// of small state or of the process, and the round has to be repeated.
async fn write(
    engine: &Arc<Engine>,
    round: &Round,
    batch: Arc<Batch>,
    jobs: Vec<Job>,
) -> Result<Vec<Written>, StepError> {
    let mut files = Vec::new();
    let (mut written, mut under_way) = (Vec::new(), Vec::new());
    for (job, Job { trail, files: plans, done }) in jobs.into_iter().enumerate() {
        let open = plans.into_iter().filter(|file| !done.contains(&file.number));
        files.extend(open.map(|file| (job, file)));
        written.push(Written { done, ..Written::default() });
        under_way.push(JobUnderWay { trail, refused: Mutex::default() });
    }
    let flight = Arc::new(Flight {
        engine: Arc::clone(engine),
        round: round.clone(),
        batch,
        jobs: under_way,
        silent: Mutex::default(),
        deadline: Instant::now() + Duration::from_millis(ROUND_WRITE_MS_MAX),
    });
    let room = Arc::new(Semaphore::new(FLIGHT_FILES_MAX));
    let mut tasks = JoinSet::new();
    for (job, file) in files {
        let units = (file.bytes / FLIGHT_UNIT_BYTES + 1).min(FLIGHT_FILES_MAX);
        let permit = Arc::clone(&room).acquire_many_owned(units as u32).await;
        let permit = permit.map_err(|error| lost(error.into()))?;
        tasks.spawn(land(Arc::clone(&flight), job, file, permit));
    }
    while let Some(landed) = tasks.join_next().await {
        let (job, file, landed) = landed.map_err(StepError::Lost)??;
        note(&mut written[job], &file, landed);
    }
    Ok(written)
}

fn lost(error: Box<dyn std::error::Error + Send + Sync>) -> StepError {
    StepError::Other { doing: "write a file", error }
}

fn note(written: &mut Written, file: &FilePlan, landed: Landed) {
    let region = file.region.as_str().to_owned();
    match landed {
        Landed::Written(at) => {
            written.done.push(file.number);
            // An error of the same region in the same attempt stays.
            written.regions.entry(region).or_insert((at, None));
        }
        Landed::Left(refusal) => {
            written.failed = true;
            written.left += file.records.len() as u64;
            if let Some((at, code)) = refusal {
                written.regions.insert(region, (at, Some(code)));
            }
        }
    }
}

/// Makes a file, writes it, and enters it.
async fn land(
    flight: Arc<Flight>,
    job: usize,
    file: FilePlan,
    _room: OwnedSemaphorePermit,
) -> Result<(usize, FilePlan, Landed), StepError> {
    let landed = match flight.stopped(job) {
        Some(left) => left,
        None => flight.put(job, &file).await?,
    };
    Ok((job, file, landed))
}

/// What is shared by the files of a round is replaced as a whole.
fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Flight {
    /// What becomes of a file that is not to be tried: its trail's bucket has just refused another
    /// one or does not answer, or the time is up.
    fn stopped(&self, job: usize) -> Option<Landed> {
        let JobUnderWay { trail, refused } = &self.jobs[job];
        let refused =
            lock(refused).clone().or_else(|| lock(&self.silent).get(&trail.bucket).cloned());
        (refused.is_some() || Instant::now() >= self.deadline).then_some(Landed::Left(refused))
    }

    fn refuse(&self, job: usize, file: &FilePlan, error: &BucketError) -> Landed {
        let JobUnderWay { trail, refused } = &self.jobs[job];
        let (code, region) = (error.code(), &file.region);
        metric::failed(&self.engine.counts);
        tracing::warn!(trail = %trail.arn(), %region, code, error = error as &dyn std::error::Error,
            "a log file could not be delivered");
        let refusal = (self.engine.now(), code.to_owned());
        *lock(refused) = Some(refusal.clone());
        if matches!(error, BucketError::Unreachable { .. }) {
            lock(&self.silent).insert(trail.bucket.clone(), refusal.clone());
        }
        Landed::Left(Some(refusal))
    }

    async fn put(self: &Arc<Self>, job: usize, file: &FilePlan) -> Result<Landed, StepError> {
        let trail = &self.jobs[job].trail;
        let permit = Arc::clone(&self.engine.builds).acquire_owned().await;
        let permit = permit.map_err(|error| lost(error.into()))?;
        if let Some(left) = self.stopped(job) {
            return Ok(left);
        }
        let built = self.build(file, permit).await?;
        if let Some(left) = self.stopped(job) {
            return Ok(left);
        }
        let bytes = built.body.len() as u64;
        let object = TrailObject {
            writer: Writer { trail_arn: trail.arn().to_string(), account: trail.account.clone() },
            bucket: trail.bucket.clone(),
            key: file.key.clone(),
            body: built.body,
            metadata: Vec::new(),
            kms_key_arn: trail.kms_key_arn.clone(),
        };
        if let Err(error) = self.put_in_time(&object).await {
            return Ok(self.refuse(job, file, &error));
        }
        let at = self.engine.now();
        if trail.validates_log_files {
            self.enter(trail, file, built.sha256, at).await?;
        }
        metric::delivered(&self.engine.counts, bytes, file.records.len() as u64);
        Ok(Landed::Written(at))
    }

    async fn build(
        self: &Arc<Self>,
        file: &FilePlan,
        permit: OwnedSemaphorePermit,
    ) -> Result<Built, StepError> {
        let (flight, records, bytes) = (Arc::clone(self), file.records.clone(), file.bytes);
        let built = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let records = records.iter().map(|index| &flight.batch.records[*index as usize]);
            let mut bench = flight.engine.benches.take();
            let built = build(&mut bench, records, bytes, flight.round.level);
            flight.engine.benches.give_back(bench);
            built
        });
        built.await.map_err(StepError::Lost)
    }

    async fn put_in_time(&self, object: &TrailObject) -> Result<(), BucketError> {
        let limit = Duration::from_millis(self.engine.options.put_ms_max);
        match tokio::time::timeout(limit, self.engine.buckets.put(object)).await {
            Ok(outcome) => outcome,
            Err(elapsed) => Err(BucketError::Unreachable {
                bucket: object.bucket.clone(),
                source: elapsed.into(),
            }),
        }
    }

    /// Enters a file for the digests. If it is entered already (the round is repeated), it stays as
    /// it is: the time at which it was delivered may be in a digest.
    async fn enter(
        &self,
        trail: &Trail,
        file: &FilePlan,
        sha256: String,
        delivered: Timestamp,
    ) -> Result<(), StepError> {
        let key = entry_key(trail, &self.round, file);
        let entry = LogFile {
            bucket: trail.bucket.clone(),
            key: file.key.clone(),
            sha256,
            newest: file.newest,
            oldest: file.oldest,
            delivered,
        };
        let meta = self.engine.meta.as_ref();
        match state::put(meta, &key, None, &[&entry]).await {
            Err(StepError::State(MetaError::Conflict { .. })) => {}
            other => return other.map(drop),
        }
        let found = state::get::<Vec<LogFile>>(meta, &key).await?;
        let Some((mut entries, version)) = found else { return Ok(()) };
        let is_it = |other: &LogFile| other.bucket == entry.bucket && other.key == entry.key;
        if entries.iter().any(is_it) {
            return Ok(());
        }
        // The trail was pointed elsewhere between two attempts; both files are there.
        entries.push(entry);
        state::put(meta, &key, Some(version), &entries).await.map(drop)
    }
}

/// The key of a file's entry: the same for every attempt, and rising from round to round.
pub(super) fn entry_key(trail: &Trail, round: &Round, file: &FilePlan) -> String {
    let under = place::files(&trail.id, &trail.account, &file.region);
    format!("{under}{:020}-{:04}", round.from.as_u64(), file.number)
}
