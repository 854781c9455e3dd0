//! Cuts what a trail takes of a round into files.

use std::collections::BTreeMap;

use cairn_event::key::{Folder, LogKey};
use cairn_event::trail::Trail;
use cairn_event::{Region, Timestamp};

use super::name::{Identity, unique};
use super::record::Round;
use super::select::{Batch, FOLDERS};

/// The length of the slots of which a file's name holds the end.
const SLOT_SECONDS: i64 = 300;
/// Records of a file that is longer than this stand by likeness, which makes it smaller by a third;
/// in a shorter one, gzip (which looks 32 KiB back) finds most of what they have in common anyway,
/// and people read it. Files are documented to be in no order.
const IN_ORDER_BYTES_MAX: usize = 256 << 10;
/// Years that a name can hold.
const YEARS: std::ops::RangeInclusive<i64> = 0..=9_998;

/// A file that is to be written: records of one account, region and folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FilePlan {
    /// Its number among the trail's files of the round.
    pub number: u32,
    pub region: Region,
    pub key: String,
    /// The indices of its records in the batch.
    pub records: Vec<u32>,
    /// The length of these together.
    pub bytes: usize,
    pub newest: Timestamp,
    pub oldest: Timestamp,
}

/// The files of a trail for a round, from the indices of the records that it takes. Which record is
/// in which file, and what they are called below the trail's prefix, follows from round and trail.
pub(super) fn cut(
    trail: &Trail,
    round: &Round,
    batch: &Batch,
    taken: &[u32],
    file_bytes_max: usize,
) -> Vec<FilePlan> {
    let mut by_place: BTreeMap<(&Region, u8), Vec<u32>> = BTreeMap::new();
    for index in taken {
        let place = batch.places[*index as usize];
        let region = &batch.regions[usize::from(place.region)];
        by_place.entry((region, place.folder)).or_default().push(*index);
    }
    let mut files = Vec::new();
    for ((region, folder), indices) in by_place {
        let folder = FOLDERS[usize::from(folder)];
        for (part, records) in parts(batch, &indices, file_bytes_max).enumerate() {
            let (number, part) = (files.len() as u32, part as u32);
            files.push(plan(trail, round, batch, (region, folder), (number, part, records)));
        }
    }
    files
}

/// Runs of records that fit into a file each, and at least one.
fn parts<'a>(
    batch: &'a Batch,
    mut indices: &'a [u32],
    file_bytes_max: usize,
) -> impl Iterator<Item = &'a [u32]> {
    std::iter::from_fn(move || {
        let mut bytes = 0_usize;
        let fits = indices.iter().position(|index| {
            // With the comma between them.
            bytes += batch.records[*index as usize].len() + 1;
            bytes > file_bytes_max
        });
        let (part, rest) =
            indices.split_at(fits.unwrap_or(indices.len()).max(1).min(indices.len()));
        indices = rest;
        (!part.is_empty()).then_some(part)
    })
}

fn plan(
    trail: &Trail,
    round: &Round,
    batch: &Batch,
    (region, folder): (&Region, Folder),
    (number, part, records): (u32, u32, &[u32]),
) -> FilePlan {
    let times = records.iter().filter_map(|index| batch.times_ms[*index as usize]);
    let (oldest, newest) = times.fold((None, None), |(oldest, newest), ms| {
        (Some(oldest.map_or(ms, |o: i64| o.min(ms))), Some(newest.map_or(ms, |n: i64| n.max(ms))))
    });
    let time = |ms: Option<i64>| ms.map_or(round.at, Timestamp::from_ms);
    let newest = time(newest);
    let identity =
        Identity { trail_id: &trail.id, round, account: &trail.account, region, folder, part };
    let key = LogKey {
        prefix: trail.prefix.clone(),
        organization: None,
        account: trail.account.clone(),
        folder,
        region: region.clone(),
        time: if YEARS.contains(&newest.civil().year) {
            slot_end(newest)
        } else {
            slot_end(round.at)
        },
        unique: unique(&identity),
    };
    let mut records = records.to_vec();
    let bytes = records.iter().map(|index| batch.records[*index as usize].len()).sum();
    if round.by_likeness && bytes > IN_ORDER_BYTES_MAX {
        records.sort_by_key(|index| batch.alike[*index as usize]);
    }
    FilePlan {
        number,
        region: region.clone(),
        key: key.to_string(),
        records,
        bytes,
        newest,
        oldest: time(oldest),
    }
}

/// The end of the slot that holds an instant (observed: files carry the end of the slot of their
/// newest event).
fn slot_end(newest: Timestamp) -> Timestamp {
    let slot = newest.as_seconds().div_euclid(SLOT_SECONDS) + 1;
    Timestamp::from_seconds(slot * SLOT_SECONDS)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use cairn_event::{Likeness, RecordHead};
    use cairn_store::Offset;

    use super::super::select::Place;
    use super::super::tests::world::trail;
    use super::*;

    /// Records of two callers in turn.
    fn batch(records: usize) -> Batch {
        let mut batch = Batch::new(Offset::ZERO);
        batch.regions.push("us-east-1".parse().unwrap());
        for number in 0..records {
            let key = ["AKIAONE", "AKIATWO"][number % 2];
            let record = format!(
                r#"{{"userIdentity":{{"accessKeyId":"{key}"}},"eventID":"{number:0>200}"}}"#
            );
            let record = Bytes::from(record);
            batch.alike.push(Likeness::of(&RecordHead::parse(&record).unwrap()));
            batch.records.push(record);
            batch.times_ms.push(None);
            batch.places.push(Place { region: 0, folder: 0 });
        }
        batch
    }

    fn records(round: &Round, batch: &Batch) -> Vec<u32> {
        let taken: Vec<u32> = (0..batch.records.len() as u32).collect();
        let files = cut(&trail("trail"), round, batch, &taken, usize::MAX);
        assert_eq!(files.len(), 1);
        files[0].records.clone()
    }

    #[test]
    fn records_of_a_large_file_stand_by_likeness() {
        let round = Round::new(Offset::ZERO, Offset::new(9), Timestamp::from_ms(5), 6);
        let large = batch(2_000);
        let found = records(&round, &large);
        let caller = |index: &u32| index % 2;
        let mut runs = found.chunk_by(|a, b| caller(a) == caller(b));
        assert!(runs.clone().count() == 2 && runs.all(<[u32]>::is_sorted), "{found:?}");
        assert!(records(&round, &batch(200)).is_sorted());
    }

    #[test]
    fn a_round_of_an_older_version_is_repeated_as_it_was() {
        let older: Round = serde_json::from_str(r#"{"from":0,"to":9,"at":5,"level":6}"#).unwrap();
        assert!(records(&older, &batch(2_000)).is_sorted());
    }

    #[test]
    fn a_file_is_called_by_the_end_of_the_slot_of_its_newest_record() {
        for (newest, label) in [
            ("2026-11-25T17:00:00Z", "2026-11-25T17:05:00Z"),
            ("2026-11-25T17:04:59Z", "2026-11-25T17:05:00Z"),
            ("2026-11-25T17:05:00Z", "2026-11-25T17:10:00Z"),
            ("2026-12-31T23:59:00Z", "2027-01-01T00:00:00Z"),
            ("1969-12-31T23:58:00Z", "1970-01-01T00:00:00Z"),
        ] {
            let end = slot_end(Timestamp::parse_iso(newest).unwrap());
            assert_eq!(end.iso_seconds(), label);
        }
    }
}
