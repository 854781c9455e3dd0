//! Whatever happens to the files, queries answer as a plain list would.

use cairn_event::{RecordHead, Timestamp};
use cairn_store::Offset;

use super::support::{
    ACCOUNTS, Dice, Model, NOON_MS, REGIONS, all_pages, assert_sound, has, lookup, open,
};
use crate::{AttributeKey, History, Hit, LookupCategory};

#[test]
fn queries_agree_with_a_plain_list_through_seals_merges_imports_and_restarts() {
    for seed in 1..=3 {
        let directory = tempfile::tempdir().unwrap();
        let mut dice = Dice::new(seed);
        let mut history = open(directory.path());
        let mut model = Model::default();
        for round in 0..30 {
            let count = dice.below(400) + 1;
            model.append(&history, &mut dice, count);
            match dice.below(5) {
                0 => {
                    history.seal().unwrap();
                }
                1 => {
                    history.seal().unwrap();
                    import(&history, &mut model, &mut dice);
                }
                2 => while history.merge_step().unwrap().is_some() {},
                3 => {
                    drop(history);
                    history = open(directory.path());
                    let covered = history.covered().as_u64() as usize;
                    let times = vec![NOON_MS; model.records.len() - covered];
                    let rest = &model.records[covered..];
                    history.append(history.covered(), rest, &times).unwrap();
                }
                _ => {}
            }
            if round % 5 == 4 {
                compare(&history, &model, &mut dice);
            }
        }
        history.seal().unwrap();
        assert_eq!(history.covered().as_u64(), model.records.len() as u64);
        compare(&history, &model, &mut dice);
        assert_sound(directory.path());
    }
}

fn import(history: &History, model: &mut Model, dice: &mut Dice) {
    let mut builder = history.builder(history.tail_next());
    for _ in 0..dice.below(300) {
        let record = super::support::record(dice, model.records.len() as u64);
        builder.push(record.clone(), NOON_MS);
        model.records.push(record);
    }
    if let Some(built) = builder.finish().unwrap() {
        history.adopt(built).unwrap();
    }
}

pub(super) fn compare(history: &History, model: &Model, dice: &mut Dice) {
    let some = model.records.len() as u64;
    let id = format!("id-{}", dice.below(some));
    let user = format!("user-{}", dice.below(9));
    let trail = format!("trail-{}", dice.below(7));
    for attribute in [
        None,
        Some((AttributeKey::EventId, id.as_str())),
        Some((AttributeKey::EventName, "StopLogging")),
        Some((AttributeKey::EventName, "NoSuchCall")),
        Some((AttributeKey::ReadOnly, "true")),
        Some((AttributeKey::Username, user.as_str())),
        Some((AttributeKey::ResourceType, "AWS::CloudTrail::Trail")),
        Some((AttributeKey::ResourceName, trail.as_str())),
        Some((AttributeKey::EventSource, "cloudtrail.amazonaws.com")),
        Some((AttributeKey::AccessKeyId, "AKIA3")),
    ] {
        let mut query = lookup(attribute);
        query.account = cairn_event::AccountId::parse(dice.pick(&ACCOUNTS)).unwrap();
        query.region = cairn_event::Region::parse(dice.pick(&REGIONS)).unwrap();
        let insight = dice.below(4) == 0;
        if insight {
            query.category = LookupCategory::Insight;
        }
        if dice.below(2) == 0 {
            let at = NOON_MS + dice.below(400_000).cast_signed();
            query.start = Some(Timestamp::from_ms(at));
            query.end = Some(Timestamp::from_ms(at + dice.below(200_000).cast_signed()));
        }
        let expected = model.hits(|head, _| {
            let time = head.event_time.unwrap();
            head.account() == Some(query.account.as_str())
                && head.aws_region.as_deref() == Some(query.region.as_str())
                && head.event_category.as_deref() == Some(category(insight))
                && query.start.is_none_or(|start| start <= time)
                && query.end.is_none_or(|end| time <= end)
                && attribute.is_none_or(|(key, value)| has(head, key, value))
        });
        let limit = dice.below(60) as usize + 1;
        let found = all_pages(|after| {
            let page = history.lookup(&query, after, limit, Hit::of).unwrap();
            assert!(page.hits.len() <= limit);
            assert!(page.next.is_none() || page.hits.len() == limit);
            page
        });
        assert_eq!(found, expected, "{query:?}");
    }
}

fn category(insight: bool) -> &'static str {
    if insight { "Insight" } else { "Management" }
}

#[test]
fn a_position_stays_valid_when_slices_are_merged_between_two_pages() {
    let directory = tempfile::tempdir().unwrap();
    let mut dice = Dice::new(11);
    let mut history = open(directory.path());
    let mut model = Model::default();
    for _ in 0..8 {
        model.append(&history, &mut dice, 200);
        history.seal().unwrap();
    }
    let expected = model.hits(|head: &RecordHead<'_>, _| {
        head.account() == Some(ACCOUNTS[0])
            && head.aws_region.as_deref() == Some(REGIONS[0])
            && head.event_category.as_deref() == Some("Management")
    });
    let query = lookup(None);
    let first = history.lookup(&query, None, 40, Hit::of).unwrap();
    assert!(history.merge_step().unwrap().is_some());
    let second = history.lookup(&query, first.next, 40, Hit::of).unwrap();
    drop(history);
    history = open(directory.path());
    assert_eq!(history.status().slices, 1);
    let third = history.lookup(&query, second.next, 1_000, Hit::of).unwrap();
    let found: Vec<_> = [first, second, third].into_iter().flat_map(|page| page.hits).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_record_is_visible_as_soon_as_it_is_appended() {
    let directory = tempfile::tempdir().unwrap();
    let history = open(directory.path());
    let mut model = Model::default();
    model.append(&history, &mut Dice::new(5), 40);
    let record = model.hits(|head, _| {
        head.account() == Some(ACCOUNTS[0])
            && head.aws_region.as_deref() == Some(REGIONS[0])
            && head.event_category.as_deref() == Some("Management")
    });
    let id = RecordHead::parse(&record[0].record).unwrap().event_id.unwrap().into_owned();
    let query = lookup(Some((AttributeKey::EventId, &id)));
    assert_eq!(history.lookup(&query, None, 50, Hit::of).unwrap().hits, [record[0].clone()]);
    assert_eq!(history.tail_next(), Offset::new(40));
    assert_eq!(history.covered(), Offset::ZERO);
}

#[test]
fn records_out_of_turn_are_refused_and_known_ones_are_skipped() {
    let directory = tempfile::tempdir().unwrap();
    let history = open(directory.path());
    let mut model = Model::default();
    model.append(&history, &mut Dice::new(5), 40);
    let again = &model.records[10..];
    history.append(Offset::new(10), again, &vec![NOON_MS; again.len()]).unwrap();
    assert_eq!(history.tail_next(), Offset::new(40));
    let gap = history.append(Offset::new(41), again, &vec![NOON_MS; again.len()]);
    assert!(matches!(gap, Err(crate::HistoryError::OutOfTurn { .. })), "{gap:?}");
    let uneven = history.append(Offset::new(40), again, &[NOON_MS]);
    assert!(matches!(uneven, Err(crate::HistoryError::Uneven { .. })), "{uneven:?}");
}

#[test]
fn a_full_tail_takes_no_more_until_it_is_sealed() {
    let directory = tempfile::tempdir().unwrap();
    let options = crate::HistoryOptions { slice_records_max: 100, ..super::support::options() };
    let history = History::open(directory.path(), options).unwrap();
    let mut model = Model::default();
    let mut dice = Dice::new(5);
    let now = Timestamp::from_ms(NOON_MS);
    model.append(&history, &mut dice, 99);
    assert!(!history.seal_due(now));
    model.append(&history, &mut dice, 101);
    assert!(history.seal_due(now));
    let record = super::support::record(&mut dice, 200);
    let full = history.append(Offset::new(200), std::slice::from_ref(&record), &[NOON_MS]);
    assert!(matches!(full, Err(crate::HistoryError::TailFull { records: 200 })), "{full:?}");
    history.seal().unwrap();
    history.append(Offset::new(200), &[record], &[NOON_MS]).unwrap();
}
