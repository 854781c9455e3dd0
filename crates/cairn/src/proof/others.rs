//! Log files that no digest names: too new for one, or not from a trail.

use std::collections::{BTreeMap, BTreeSet};

use cairn_event::Timestamp;
use cairn_event::key::LogKey;

use super::chain_name::Selection;
use super::pool::OtherLog;
use super::run::Run;
use super::walk::Walk;

/// How long after its newest event a log file is delivered at the latest (documented: about five
/// minutes, within fifteen).
const DELIVERY_MS_MAX: i64 = 15 * 60_000;
/// The time in a file's name is the end of so long a slot (observed).
const SLOT_MS: i64 = 5 * 60_000;
/// How far the clocks of a bucket and of a trail may differ.
const CLOCKS_MS_MAX: i64 = 60_000;

/// What a log file without a digest is, by its name and time alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Other {
    /// It is not of the time that is asked for.
    OutOfTime,
    /// A digest should name it.
    Unvouched,
    /// It may be newer than the newest digest.
    New,
}

/// How far digests reach.
#[derive(Debug, Default)]
pub(crate) struct Coverage {
    /// By organization, account and region: the end of the newest digest, and an interval.
    regions: BTreeMap<(Option<String>, String, String), (Timestamp, i64)>,
    /// Until when records are in files that came before the end of the newest digest.
    whole: BTreeMap<(Option<String>, String, String), Timestamp>,
    /// Regions in which some chain goes on.
    going: BTreeSet<(Option<String>, String, String)>,
}

impl Coverage {
    pub(crate) fn of(walks: &[Walk]) -> Self {
        let mut coverage = Self::default();
        for walk in walks.iter().filter(|walk| !walk.name.backfill) {
            let Some(listed) = &walk.listed else { continue };
            let interval = walk.runs.first().map_or(2 * CLOCKS_MS_MAX, |run| run.interval);
            let name = &walk.name;
            let place = (name.organization.clone(), name.account.clone(), name.region.clone());
            let whole_of = place.clone();
            if !has_ended(walk, walks) {
                coverage.going.insert(place.clone());
            }
            let known = coverage.regions.entry(place).or_insert((listed.end, interval));
            *known = (known.0.max(listed.end), known.1.max(interval));
            // Nothing comes after a final digest.
            let is_closed = walk.runs.first().is_some_and(Run::is_closed);
            let lag = if is_closed { 0 } else { interval.min(DELIVERY_MS_MAX) };
            let until = Timestamp::from_ms(listed.end.as_ms().saturating_sub(lag));
            let known = coverage.whole.entry(whole_of).or_insert(until);
            *known = (*known).min(until);
        }
        coverage
    }

    /// Until when all records of a file's region are in files that digests name.
    pub(crate) fn all_until(&self, key: &LogKey) -> Option<Timestamp> {
        let place = (key.organization.clone(), key.account.to_string(), key.region.to_string());
        self.whole.get(&place).copied()
    }

    /// What a log file is that no digest names.
    pub(crate) fn of_log(
        &self,
        key: &LogKey,
        modified: Option<Timestamp>,
        selection: &Selection,
        now: Timestamp,
    ) -> Other {
        let label = key.time.as_ms();
        // It was delivered after the beginning of its slot: a digest from then on should name it.
        if selection.start.is_some_and(|from| label - SLOT_MS < from.as_ms())
            || selection.end.is_some_and(|to| label + DELIVERY_MS_MAX > to.as_ms())
        {
            return Other::OutOfTime;
        }
        let organization = key.organization.clone();
        let place = (organization, key.account.to_string(), key.region.to_string());
        let (end, slack) = match self.regions.get(&place) {
            // A trail that has stopped delivers what it still had, and a digest for that soon.
            Some((end, interval)) if !self.going.contains(&place) => {
                let is_late = label <= end.as_ms() + SLOT_MS + DELIVERY_MS_MAX
                    && label > now.as_ms() - interval - DELIVERY_MS_MAX;
                if !is_late {
                    return Other::Unvouched;
                }
                (end.as_ms(), (interval / 2).min(CLOCKS_MS_MAX))
            }
            Some((end, interval)) => (end.as_ms(), (interval / 2).min(CLOCKS_MS_MAX)),
            // A region's chain begins after its first log file; the others tell how long that takes.
            None => match self
                .regions
                .iter()
                .filter(|(known, _)| known.1 == place.1)
                .map(|(_, found)| found)
                .max()
            {
                Some((_, interval)) => (now.as_ms() - 2 * interval, 0),
                None => return Other::Unvouched,
            },
        };
        let is_new = label + DELIVERY_MS_MAX > end
            && modified.is_none_or(|modified| modified.as_ms() > end - slack);
        if is_new { Other::New } else { Other::Unvouched }
    }
}

/// Whether the trail of a chain has stopped, as its final digests say: the one of the chain, and the
/// one of its home region, where a trail that logs again has a digest at once.
fn has_ended(walk: &Walk, walks: &[Walk]) -> bool {
    let is_closed = |walk: &Walk| {
        let newest = walk.listed.as_ref().map(|place| place.end);
        walk.runs.first().is_some_and(|run| run.is_closed() && Some(run.last.end) == newest)
    };
    let mut home = walk.name.clone();
    home.region.clone_from(&home.home_region);
    let home = walks.iter().find(|other| other.name == home);
    is_closed(walk) && home.is_none_or(is_closed)
}

/// Why a log file that may be new is not what a trail delivers.
pub(crate) fn implausible(
    key: &str,
    modified: Option<Timestamp>,
    log: &OtherLog,
) -> Option<&'static str> {
    let label = LogKey::parse(key)?.time.as_ms();
    if log.stray.is_some() {
        return Some("it has records that are not of its account and region");
    }
    if log.records == 0 {
        return Some("it has no records");
    }
    let newest = log.newest?.as_ms();
    if newest >= label + SLOT_MS || newest < label - 2 * SLOT_MS {
        return Some("its records are not of the time in its name");
    }
    if modified.is_some_and(|modified| modified.as_ms() > newest + DELIVERY_MS_MAX + CLOCKS_MS_MAX)
    {
        return Some("it came too late for its records");
    }
    None
}
