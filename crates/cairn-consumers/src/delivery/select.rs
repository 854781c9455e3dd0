//! Which trails take a record.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use cairn_event::key::Folder;
use cairn_event::likeness::Traits;
use cairn_event::selector::{SelectorSet, scope};
use cairn_event::trail::{SpanEnd, Trail};
use cairn_event::{Category, Likeness, RecordHead, Region};
use cairn_store::{LogSlice, Offset};

use super::record::TrailState;

/// How long after a stop its own record may come: a call is recorded when it has been answered.
pub(super) const STOP_RECORD_MS_MAX: i64 = 60_000;

/// The trails that take part in a round, with their selectors compiled together.
#[derive(Debug)]
pub(super) struct Selection {
    pub members: Vec<Member>,
    set: SelectorSet,
    /// Stops whose own record has not been seen.
    awaited: Vec<Awaited>,
}

/// A trail that takes part.
#[derive(Debug)]
pub(super) struct Member {
    pub id: String,
    pub trail: Arc<Trail>,
    /// It has had what comes before.
    through: Offset,
    /// It has had this one too.
    stop_taken: Option<Offset>,
}

/// The end of a span whose own record is to come.
#[derive(Debug)]
struct Awaited {
    member: u32,
    end: SpanEnd,
}

/// A run of the log, and who takes what of it.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// The offset of the first record here.
    pub from: Offset,
    /// The offset after the last.
    pub next: Offset,
    /// The records; empty where nobody takes them.
    pub records: Vec<Bytes>,
    /// Their event times.
    pub times_ms: Vec<Option<i64>>,
    /// Which of them have much in common.
    pub alike: Vec<Likeness>,
    /// Into which region and folder they go.
    pub places: Vec<Place>,
    /// The regions that occur.
    pub regions: Vec<Region>,
    /// For each member the indices of what it takes, in order.
    pub taken: Vec<Vec<u32>>,
    /// Members that came upon the record of their stop, and its offset.
    pub stops: Vec<(u32, SpanEnd, Offset)>,
    /// How many indices there are.
    pub taken_total: usize,
    /// How many records trails would take if they had a place: no key of a file can be made for what
    /// names no region.
    pub unplaced: u64,
    /// How many bytes were read.
    pub bytes: usize,
    /// When the first and the last record were appended.
    pub appended_ms: Option<(i64, i64)>,
    /// A limit was reached.
    pub is_full: bool,
    known: HashMap<Box<str>, u16>,
}

/// Where a record goes: the number of its region, and the folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub region: u16,
    pub folder: u8,
}

/// The folders, in the order in which files are cut.
pub(super) const FOLDERS: [Folder; 4] =
    [Folder::CloudTrail, Folder::Insight, Folder::NetworkActivity, Folder::Aggregated];

/// The most regions of a batch: their numbers are [`Place::region`].
pub(super) const REGIONS_MAX: usize = 1 << 16;

/// Limits of a batch beyond its bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct BatchLimits {
    /// How many regions get a number.
    pub region_numbers: usize,
    /// The most indices over all members.
    pub taken_max: usize,
    /// The longest time between the first record and the last.
    pub span_ms_max: i64,
}

impl Selection {
    pub(super) fn compile<'a>(states: impl Iterator<Item = (&'a String, &'a TrailState)>) -> Self {
        let (mut members, mut awaited) = (Vec::new(), Vec::new());
        for (id, state) in states {
            let ends = state.adopted.spans.iter().filter_map(|span| span.end.clone());
            if !state.drained {
                let member = members.len() as u32;
                awaited.extend(ends.map(|end| Awaited { member, end }));
            }
            members.push(Member {
                id: id.clone(),
                trail: Arc::new(state.adopted.clone()),
                through: state.through,
                stop_taken: state.stop_taken,
            });
        }
        let selectors: Vec<_> = members.iter().map(|member| &member.trail.selectors).collect();
        let set = SelectorSet::compile(&selectors);
        Self { members, set, awaited }
    }

    /// Takes records into a batch, until it is full.
    pub(super) fn take(&self, batch: &mut Batch, slice: LogSlice, limits: BatchLimits) {
        batch.taken.resize_with(self.members.len(), Vec::new);
        let mut matched = Vec::new();
        for (record, appended_ms) in slice.records.into_iter().zip(slice.appended_ms) {
            let first_ms = batch.appended_ms.map_or(appended_ms, |(first, _)| first);
            if appended_ms.saturating_sub(first_ms) > limits.span_ms_max
                || batch.taken_total >= limits.taken_max
                || batch.regions.len() >= limits.region_numbers
            {
                batch.is_full = true;
                return;
            }
            batch.appended_ms = Some((first_ms, appended_ms));
            batch.bytes += record.len();
            self.take_record(batch, record, appended_ms, &mut matched);
            batch.next = batch.next.plus(1);
        }
    }

    fn take_record(
        &self,
        batch: &mut Batch,
        record: Bytes,
        appended_ms: i64,
        matched: &mut Vec<u32>,
    ) {
        let mut taken = None;
        // What is no record belongs to nobody.
        if let Ok(head) = RecordHead::parse(&record) {
            let stops = self.stops_at(batch, &head, appended_ms);
            matched.clear();
            self.set.matches(&head, matched);
            if !matched.is_empty() {
                let facts = Facts::of(&head, batch.next);
                matched.retain(|member| {
                    let stopped = batch.stops[stops.clone()].iter().any(|stop| stop.0 == *member);
                    self.members[*member as usize].takes(&facts, stopped)
                });
            }
            if !matched.is_empty() {
                let time_ms = head.event_time.map(cairn_event::Timestamp::as_ms);
                let place = batch.place_of(&head);
                batch.unplaced += u64::from(place.is_none());
                taken = place.map(|place| (time_ms, place, Likeness::of(&head)));
            }
        }
        let Some((time_ms, place, likeness)) = taken else {
            return batch.push_untaken();
        };
        let index = batch.records.len() as u32;
        for member in matched.iter() {
            batch.taken[*member as usize].push(index);
        }
        batch.taken_total += matched.len();
        batch.push(record, time_ms, place, likeness);
    }

    /// Notes whose stop a record tells of. Each stop has one record.
    fn stops_at(
        &self,
        batch: &mut Batch,
        head: &RecordHead<'_>,
        appended_ms: i64,
    ) -> std::ops::Range<usize> {
        let (before, offset) = (batch.stops.len(), batch.next);
        for Awaited { member, end } in &self.awaited {
            let is_it = offset.as_u64() >= end.offset
                && head.request_id.as_deref() == Some(end.request_id.as_str())
                && appended_ms <= end.at.as_ms().saturating_add(STOP_RECORD_MS_MAX);
            let seen = |stop: &(u32, SpanEnd, Offset)| stop.0 == *member && stop.1 == *end;
            if is_it && !batch.stops.iter().any(seen) {
                batch.stops.push((*member, end.clone(), offset));
            }
        }
        before..batch.stops.len()
    }
}

/// What trails ask of a record besides their selectors.
struct Facts<'a> {
    offset: Offset,
    account: Option<&'a str>,
    region: Option<&'a str>,
    is_global: bool,
    is_delivery: bool,
}

impl<'a> Facts<'a> {
    fn of(head: &'a RecordHead<'_>, offset: Offset) -> Self {
        Self {
            offset,
            account: head.account(),
            region: head.aws_region.as_deref(),
            is_global: scope::is_global_service(head),
            is_delivery: scope::is_trail_delivery(head),
        }
    }
}

impl Member {
    /// Whether the trail takes a record that its selectors match. `stopped`: it is the record of
    /// the call that stopped the trail.
    fn takes(&self, facts: &Facts<'_>, stopped: bool) -> bool {
        let trail = &self.trail;
        let home = trail.home_region.as_str();
        facts.offset >= self.through
            && Some(facts.offset) != self.stop_taken
            && facts.account == Some(trail.account.as_str())
            && (trail.is_multi_region || facts.region == Some(home))
            && (trail.includes_global_service_events || !facts.is_global)
            && (trail.recursive_logging || !facts.is_delivery)
            && (stopped || logs(trail, facts.offset))
    }
}

/// Whether a trail logged at an offset.
fn logs(trail: &Trail, offset: Offset) -> bool {
    let offset = offset.as_u64();
    trail
        .spans
        .iter()
        .rev()
        .any(|span| offset >= span.from && span.end.as_ref().is_none_or(|end| offset < end.offset))
}

impl Batch {
    pub(super) fn new(from: Offset) -> Self {
        Self { from, next: from, ..Self::default() }
    }

    /// Whether nobody takes anything.
    pub(super) fn is_untouched(&self) -> bool {
        self.taken_total == 0
    }

    /// Adds a record that nobody takes.
    fn push_untaken(&mut self) {
        let nowhere = Place { region: 0, folder: 0 };
        self.push(Bytes::new(), None, nowhere, Likeness::new(&Traits::default()));
    }

    fn push(&mut self, record: Bytes, time_ms: Option<i64>, place: Place, likeness: Likeness) {
        self.alike.push(likeness);
        self.records.push(record);
        self.times_ms.push(time_ms);
        self.places.push(place);
    }

    /// The place of a record; none if its region is no region: no key can be made of it. Nor is
    /// there one for more regions than have numbers, of which only rounds of earlier versions have
    /// records.
    fn place_of(&mut self, head: &RecordHead<'_>) -> Option<Place> {
        let name = head.aws_region.as_deref()?;
        let region = if let Some(number) = self.known.get(name) {
            *number
        } else {
            let region = Region::parse(name).ok()?;
            let number = u16::try_from(self.regions.len()).ok()?;
            self.regions.push(region);
            self.known.insert(name.into(), number);
            number
        };
        let folder = match head.category() {
            Category::Management | Category::Data => 0,
            Category::Insight => 1,
            Category::NetworkActivity => 2,
            Category::Other => 3,
        };
        Some(Place { region, folder })
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use cairn_event::Timestamp;
    use cairn_store::{LogSlice, Offset, Version};

    use super::super::record::TrailState;
    use super::super::tests::world::{ACCOUNT, trail};
    use super::{Batch, BatchLimits, Selection};

    fn slice(first: u64, regions: &[&str]) -> LogSlice {
        let record = |region: &&str| {
            Bytes::from(format!(
                r#"{{"eventName":"Call","awsRegion":"{region}","eventCategory":"Management","managementEvent":true,"recipientAccountId":"{ACCOUNT}"}}"#
            ))
        };
        LogSlice {
            first: Offset::new(first),
            next: Offset::new(first + regions.len() as u64),
            records: regions.iter().map(record).collect(),
            appended_ms: vec![0; regions.len()],
        }
    }

    #[test]
    fn a_batch_ends_when_its_regions_have_no_more_numbers() {
        let mut audit = trail("audit");
        audit.start_logging(0, Timestamp::from_ms(0));
        let version = Version::new(1);
        let state = TrailState::first(&audit, version, Offset::ZERO, Timestamp::from_ms(0));
        let selection = Selection::compile([(&"audit-1".to_owned(), &state)].into_iter());
        let limits = BatchLimits { region_numbers: 2, taken_max: 100, span_ms_max: 100 };
        let regions = ["us-east-1", "us-east-1", "", "eu-west-1", "eu-west-2"];
        let mut batch = Batch::new(Offset::ZERO);
        selection.take(&mut batch, slice(0, &regions), limits);
        assert!(batch.is_full);
        assert_eq!((batch.next, batch.taken_total, batch.unplaced), (Offset::new(4), 3, 1));
        // The next one begins with what had no number.
        let mut batch = Batch::new(Offset::new(4));
        selection.take(&mut batch, slice(4, &regions[4..]), limits);
        assert!(!batch.is_full);
        assert_eq!((batch.next, batch.taken_total, batch.unplaced), (Offset::new(5), 1, 0));
    }
}
