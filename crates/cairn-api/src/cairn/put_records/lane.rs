//! Where groups of records go into the log, one after the other.
//!
//! One at a time, so that of two calls with the same record one is first, and the other one finds it.
//! History shows a record some moments after it is in the log; those of these moments are remembered
//! here.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use cairn_history::{Prepared, RecordHasher, RecordHashes};
use cairn_store::imported::{self, BatchMark, ImportedError, UnderWay};
use cairn_store::{LogError, MetaError, Offset};
use futures_util::future::join_all;
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};

use super::sort_out::{Fresh, Group};
use super::{CALLS_MAX, SHOWN_MAX};
use crate::cairn::CairnError;
use crate::{Internal, Services};

/// So many groups may be in the log before history shows the first of them.
const HIDDEN_GROUPS_MAX: usize = 4;

/// Takes groups of records, one after the other.
#[derive(Clone, Debug)]
pub struct Ingest {
    hasher: RecordHasher,
    calls: Arc<Semaphore>,
    lane: Arc<Mutex<Lane>>,
}

#[derive(Debug, Default)]
struct Lane {
    /// Groups that are in the log, and maybe not shown yet: where they end, and their records.
    hidden: VecDeque<(Offset, Arc<RecordHashes>)>,
    /// Whether it is noted of all that was begun where it is.
    is_settled: bool,
}

/// What came of a group.
#[derive(Debug)]
pub(super) struct Committed {
    pub(super) accepted: i64,
    pub(super) duplicates: i64,
    /// The offset after its last record, and after those that its duplicates are duplicates of.
    pub(super) end: Offset,
}

/// Records that go into the log together.
struct NewBatch {
    records: Vec<Bytes>,
    /// Their columns, if all records of the batch that was prepared are new.
    prepared: Option<Prepared>,
}

/// A group without what is known.
struct Sifted {
    batches: Vec<NewBatch>,
    hashes: RecordHashes,
    duplicates: i64,
    /// The offset after the groups that have some of them, if history may not show those yet.
    known_end: Offset,
}

impl Ingest {
    /// A lane whose records are known by hashes of this seed, which nobody can guess.
    pub fn new(seed: u64) -> Self {
        let calls = Arc::new(Semaphore::new(CALLS_MAX));
        Self { hasher: RecordHasher::new(seed), calls, lane: Arc::default() }
    }

    pub(super) fn hasher(&self) -> RecordHasher {
        self.hasher
    }

    /// Lets a call in, if there is room for it.
    pub(super) fn admit(&self) -> Result<OwnedSemaphorePermit, CairnError> {
        Arc::clone(&self.calls).try_acquire_owned().map_err(|_| CairnError::Throttled)
    }

    /// Appends what is new of a group. When this returns, all of it is durable; on an error, a part
    /// of it may be.
    pub(super) async fn commit(
        &self,
        services: &Arc<Services>,
        group: Group,
    ) -> Result<Committed, CairnError> {
        let mut lane = self.lane.lock().await;
        lane.settle(services).await?;
        lane.make_room(services).await?;
        let sifted = lane.sift(services, group).await?;
        let accepted: usize = sifted.batches.iter().map(|batch| batch.records.len()).sum();
        let end = lane.append(services, sifted.batches, Arc::new(sifted.hashes)).await?;
        let (accepted, end) =
            (i64::try_from(accepted).unwrap_or(i64::MAX), end.max(sifted.known_end));
        Ok(Committed { accepted, duplicates: sifted.duplicates, end })
    }
}

impl Lane {
    /// Notes what an earlier group has left open that failed.
    async fn settle(&mut self, services: &Services) -> Result<(), CairnError> {
        if !self.is_settled {
            let settled = imported::settle(services.meta.as_ref(), services.log.as_ref()).await;
            settled.map_err(unnoted)?;
            // What the log has by now is asked of history.
            shown(services, services.log.committed()).await?;
            self.is_settled = true;
        }
        Ok(())
    }

    /// Waits until history shows all but a few groups, and forgets those that it shows. While it cannot
    /// go on, nothing is added that nobody would find.
    async fn make_room(&mut self, services: &Services) -> Result<(), CairnError> {
        services.history.goes_on()?;
        while self.hidden.len() >= HIDDEN_GROUPS_MAX
            && let Some((end, _)) = self.hidden.front()
        {
            shown(services, *end).await?;
            self.hidden.pop_front();
        }
        let shown = services.history.tail_next();
        self.hidden.retain(|(end, _)| *end > shown);
        Ok(())
    }

    /// Leaves out what is known: from history, from groups that it does not show yet, and from
    /// earlier in the group.
    async fn sift(&self, services: &Services, group: Group) -> Result<Sifted, CairnError> {
        if let Some(damage) = services.history.damage() {
            return Err(CairnError::Unavailable(Internal::new("search history", damage)));
        }
        let hidden: Vec<_> =
            self.hidden.iter().map(|(end, hashes)| (*end, Arc::clone(hashes))).collect();
        let history = Arc::clone(&services.history);
        let sift = move || {
            let asked: Vec<_> = group.records().map(|fresh| (fresh.key, &fresh.record)).collect();
            let known = history.knows(&asked)?;
            Ok(sifted(group, &known, &hidden))
        };
        let sifted = tokio::task::spawn_blocking(sift).await;
        sifted.map_err(|error| CairnError::Internal(Internal::new("sift records", error)))?
    }

    /// Makes batches durable, and notes where they are.
    async fn append(
        &mut self,
        services: &Services,
        batches: Vec<NewBatch>,
        hashes: Arc<RecordHashes>,
    ) -> Result<Offset, CairnError> {
        let (log, meta) = (services.log.as_ref(), services.meta.as_ref());
        let marks: Vec<_> =
            batches.iter().filter_map(|batch| BatchMark::of(&batch.records)).collect();
        if marks.is_empty() {
            return Ok(Offset::ZERO);
        }
        self.is_settled = false;
        let under_way = UnderWay::begin(meta, log.committed(), marks).await.map_err(unnoted)?;
        let counts: Vec<_> = batches.iter().map(|batch| batch.records.len() as u64).collect();
        let appended = batches.into_iter().map(|NewBatch { records, prepared }| async move {
            let foreseen =
                prepared.map(|prepared| services.history.foresee(prepared, records.clone()));
            let appended = log.append(records).await;
            if let (Err(_), Some(foreseen)) = (&appended, foreseen) {
                services.history.forget(&foreseen);
            }
            appended
        });
        // All at once, so that they share frames and a sync.
        let appended = join_all(appended).await;
        let (mut runs, mut failure) = (Vec::with_capacity(counts.len()), None);
        for (outcome, records) in appended.into_iter().zip(counts) {
            match outcome {
                Ok(first) => runs.push((first, first.plus(records))),
                Err(error @ (LogError::Unknown { .. } | LogError::Closed)) => failure = Some(error),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        runs.sort_unstable();
        // After these nothing can be appended, and it is not known what was: the next start looks.
        if !matches!(failure, Some(LogError::Unknown { .. } | LogError::Closed)) {
            under_way.end(meta, &runs).await.map_err(unnoted)?;
        }
        if let Some(error) = failure {
            // A part of the group is there: the next one waits until history shows it.
            return Err(error.into());
        }
        let end = runs.last().map_or(Offset::ZERO, |(_, end)| *end);
        self.hidden.push_back((end, hashes));
        self.is_settled = true;
        Ok(end)
    }
}

fn sifted(group: Group, known: &[bool], hidden: &[(Offset, Arc<RecordHashes>)]) -> Sifted {
    let (mut hashes, mut duplicates) = (RecordHashes::default(), 0);
    let mut known_end = Offset::ZERO;
    let mut known = known.iter();
    let mut is_new = |fresh: &Fresh| {
        let is_shown = known.next().is_some_and(|known| *known);
        let holder = || hidden.iter().find(|(_, hashes)| hashes.contains(fresh.hash));
        let hidden_end = if is_shown { None } else { holder().map(|(end, _)| *end) };
        known_end = known_end.max(hidden_end.unwrap_or(Offset::ZERO));
        let is_known = is_shown || hidden_end.is_some() || !hashes.insert(fresh.hash);
        duplicates += i64::from(is_known);
        !is_known
    };
    let mut batches = Vec::with_capacity(group.batches.len());
    for batch in group.batches {
        let all = batch.records.len();
        let new = batch.records.into_iter().filter(&mut is_new).map(|fresh| fresh.record);
        let records: Vec<_> = new.collect();
        if !records.is_empty() {
            let prepared = (records.len() == all).then_some(batch.prepared);
            batches.push(NewBatch { records, prepared });
        }
    }
    Sifted { batches, hashes, duplicates, known_end }
}

/// Waits until history shows all records before an offset; not at all while it cannot go on.
pub(super) async fn shown(services: &Services, end: Offset) -> Result<(), CairnError> {
    if services.history.tail_next() >= end {
        return Ok(());
    }
    let unavailable = |why: &'static str| {
        CairnError::Unavailable(Internal::new("wait until records are searchable", why))
    };
    let reached = services.history.reached_unless_full(end);
    tokio::select! {
        reached = tokio::time::timeout(SHOWN_MAX, reached) => match reached {
            Ok(reached) => Ok(reached?),
            Err(_) => Err(unavailable("history is behind")),
        },
        () = services.stopping.begun() => Err(unavailable("the server is stopping")),
    }
}

fn unnoted(error: ImportedError) -> CairnError {
    let is_full =
        matches!(error, ImportedError::Meta(MetaError::Full) | ImportedError::Log(LogError::Full));
    let internal = Internal::new("note where records are", error);
    if is_full { CairnError::Full(internal) } else { CairnError::Unavailable(internal) }
}
