//! Log files that no digest names.

use std::ops::ControlFlow;

use cairn_event::Timestamp;
use cairn_event::key::LogKey;

use super::super::bucket::{Listed, ReadError};
use super::super::finding::{Flaw, Kind, Verdict};
use super::super::inventory::{Role, role};
use super::super::others::{Coverage, Other, implausible};
use super::super::pool::{Job, OtherLog, Task};
use super::{Engine, hash_start};

/// The most files without a digest of one bucket that are looked at one by one.
pub(in super::super) const OTHERS_MAX: usize = if cfg!(test) { 100 } else { 100_000 };

impl Engine<'_, '_> {
    /// Lists the log files, and finds those that no digest names.
    pub(super) fn others(&mut self) -> Result<(), ReadError> {
        let coverage = Coverage::of(&self.walks);
        let sources = self.proof.sources;
        for (number, source) in sources.iter().enumerate() {
            let name = self.inventory.buckets.name(number).to_owned();
            let (mut found, mut more) = (Vec::new(), 0_u64);
            source.bucket.list(&source.prefix, &mut |listed| {
                let place = self.place_hash(&name, &listed.key);
                if matches!(role(&listed), Role::Log)
                    && !self.vouched.contains(&place)
                    && self.part.has(&name, &listed.key)
                    && LogKey::parse(&listed.key)
                        .is_none_or(|key| self.proof.selection.takes_log(&key))
                {
                    if found.len() < OTHERS_MAX {
                        found.push(listed);
                    } else {
                        more += 1;
                    }
                }
                ControlFlow::Continue(())
            })?;
            found.sort_unstable_by(|a, b| a.key.cmp(&b.key));
            for listed in found {
                self.other(number, listed, &coverage);
            }
            if more > 0 {
                let why = format!("{more} more files that no digest names were not looked at");
                self.found(Kind::Other, number, String::new(), Verdict::Unchecked(why));
            }
        }
        Ok(())
    }

    fn other(&mut self, number: usize, listed: Listed, coverage: &Coverage) {
        let Some(key) = LogKey::parse(&listed.key) else {
            self.found(Kind::Other, number, listed.key, Verdict::Invalid(Flaw::Planted));
            return;
        };
        if !self.proof.selection.takes_log(&key) {
            return;
        }
        let Some(bucket) = self.inventory.buckets.bucket(number).cloned() else { return };
        let modified = listed.modified.filter(|_| bucket.tells_time());
        let is_unvouched =
            match coverage.of_log(&key, modified, self.proof.selection, self.proof.now) {
                Other::OutOfTime => return,
                Other::Unvouched => true,
                Other::New => false,
            };
        if let Some(trail) = self.bystander(number, &listed.key, &key, is_unvouched) {
            self.found(Kind::Other, number, listed.key, Verdict::Undigested(trail));
            return;
        }
        if is_unvouched && self.proof.events.is_none() {
            self.found(Kind::Other, number, listed.key, Verdict::Invalid(Flaw::Unvouched));
            return;
        }
        // A plain copy does not tell when a file came; its records tell when it must have.
        let covered = coverage.all_until(&key).filter(|_| modified.is_none());
        if is_unvouched {
            let place = self.place_hash(self.inventory.buckets.name(number), &listed.key);
            self.unvouched.insert(place);
        }
        let task = Task::Other { bucket: number, modified, covered };
        self.watcher.expect(1);
        self.logs.push_back(Job { bucket, key: listed.key, task });
    }

    /// A trail that may have written a log file without a digest. One that has digests, too, for other
    /// times, has not where those reach.
    fn bystander(
        &self,
        bucket: usize,
        text: &str,
        key: &LogKey,
        is_covered: bool,
    ) -> Option<String> {
        let bucket = self.inventory.buckets.name(bucket);
        let found = self.proof.around.bystanders.iter().find(|trail| {
            let has_digests = || {
                self.walks.iter().any(|walk| {
                    walk.name.trail == trail.name
                        && walk.name.home_region == trail.home_region
                        && walk.name.account == key.account.as_str()
                        && walk.name.region == key.region.as_str()
                })
            };
            trail.ground.has(bucket, text)
                && trail.region.as_ref().is_none_or(|region| region == key.region.as_str())
                && !(is_covered && has_digests())
        });
        found.map(|trail| trail.arn.clone())
    }

    /// Takes a log file that no digest names and that was read.
    pub(super) fn take_other(
        &mut self,
        key: &str,
        bucket: usize,
        (modified, covered): (Option<Timestamp>, Option<Timestamp>),
        log: &OtherLog,
    ) -> Verdict {
        let verdict = self.judge_other(key, bucket, (modified, covered), log);
        if let Some(book) = self.proof.events.as_deref_mut() {
            match verdict {
                Verdict::Pending => book.wait_for(&log.events),
                _ => book.doubt(&log.events),
            }
        }
        verdict
    }

    /// Whether a new log file is what it seems to be.
    fn judge_other(
        &self,
        key: &str,
        bucket: usize,
        (modified, covered): (Option<Timestamp>, Option<Timestamp>),
        log: &OtherLog,
    ) -> Verdict {
        let name = self.inventory.buckets.name(bucket);
        let is_covered = covered.is_some_and(|to| log.newest.is_some_and(|newest| newest <= to));
        if self.unvouched.contains(&self.place_hash(name, key)) || is_covered {
            return Verdict::Invalid(Flaw::Unvouched);
        }
        if hash_start(&log.sha256).is_some_and(|hash| self.contents.contains(&hash)) {
            return Verdict::Invalid(Flaw::Copied);
        }
        if let Some(delivered) = self.proof.delivered {
            let place = (name.to_owned(), key.to_owned());
            if delivered.get(&place) != Some(&log.sha256) {
                let recorded = self.proof.around.recorded;
                let is_recorded = recorded.is_some_and(|recorded| recorded(&log.bodies));
                return Verdict::Invalid(if is_recorded {
                    Flaw::Unvouched
                } else {
                    Flaw::Implausible("this server did not deliver it")
                });
            }
        }
        match implausible(key, modified, log) {
            Some(why) => Verdict::Invalid(Flaw::Implausible(why)),
            None => Verdict::Pending,
        }
    }
}
