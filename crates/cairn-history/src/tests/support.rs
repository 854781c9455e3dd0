//! Records, queries and a plain model to compare with.

use std::fmt::Write as _;
use std::path::Path;

use bytes::Bytes;
use cairn_event::{AccountId, RecordHead, Region, Timestamp};
use cairn_store::Offset;

use crate::{
    AttributeKey, History, HistoryOptions, Hit, LookupCategory, LookupQuery, Page, Position,
    Prepared,
};

pub(super) const ACCOUNTS: [&str; 2] = ["111122223333", "444455556666"];
pub(super) const REGIONS: [&str; 2] = ["us-east-1", "eu-west-1"];
/// 2026-11-25T17:00:00Z.
pub(super) const NOON_MS: i64 = 1_795_626_000_000;

/// Small limits, so that little data makes many slices.
pub(super) fn options() -> HistoryOptions {
    HistoryOptions {
        slice_records_max: 1_000_000,
        merged_rows_max: 5_000,
        retention_ms: None,
        ..HistoryOptions::default()
    }
}

/// Numbers that look random and are the same in every run.
#[derive(Debug)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % limit
    }

    pub(super) fn pick<'t>(&mut self, from: &[&'t str]) -> &'t str {
        from[self.below(from.len() as u64) as usize]
    }
}

/// A record with few values, so that they repeat.
pub(super) fn record(dice: &mut Dice, number: u64) -> Bytes {
    let seconds = NOON_MS / 1_000 + dice.below(200).cast_signed() + number.cast_signed() / 50;
    let time = Timestamp::from_seconds(seconds).iso_seconds();
    let category = dice.pick(&["Management", "Management", "Management", "Data", "Insight"]);
    let name = dice.pick(&["CreateTrail", "StartLogging", "StopLogging", "GetTrail"]);
    let (account, region) = (dice.pick(&ACCOUNTS), dice.pick(&REGIONS));
    let (user, key, trail) = (dice.below(9), dice.below(5), dice.below(7));
    let read_only = dice.below(2) == 0;
    let mut text = format!(
        concat!(
            r#"{{"eventVersion":"1.11","userIdentity":{{"type":"IAMUser","accountId":"{account}","#,
            r#""userName":"user-{user}","accessKeyId":"AKIA{key}"}},"eventTime":"{time}","#,
            r#""eventSource":"cloudtrail.amazonaws.com","eventName":"{name}","#,
            r#""awsRegion":"{region}","requestParameters":{{"name":"trail-{trail}"}},"#,
            r#""eventID":"id-{number}","readOnly":{read_only},"eventCategory":"{category}","#,
            r#""recipientAccountId":"{account}""#,
        ),
        account = account,
        user = user,
        key = key,
        time = time,
        name = name,
        region = region,
        trail = trail,
        number = number,
        read_only = read_only,
        category = category,
    );
    if dice.below(4) == 0 {
        let _ = write!(text, r#","errorCode":"Denied{}""#, dice.below(3));
    }
    if category == "Data" {
        // A key is spelt with an escape: what is read counts.
        let _ = write!(
            text,
            r#","resources":[{{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::bucket-{user}/k\u0065y/{key}"}},{{"ARN":"arn:aws:s3:::bucket-{user}"}}]"#,
        );
    }
    text.push('}');
    text.into()
}

/// All records that a history should hold, in log order.
#[derive(Debug, Default)]
pub(super) struct Model {
    pub records: Vec<Bytes>,
}

impl Model {
    /// Makes records and appends them to both. Every other hundred is foreseen, and one batch too
    /// that never comes.
    pub(super) fn append(&mut self, history: &History, dice: &mut Dice, count: u64) {
        let first = self.records.len() as u64;
        let fresh: Vec<_> = (first..first + count).map(|number| record(dice, number)).collect();
        let times = vec![NOON_MS; fresh.len()];
        let lost = [record(&mut Dice::new(first + 1), u64::MAX / 2)];
        for batch in fresh.chunks(100).step_by(2).chain([&lost[..]]) {
            let mut prepared = Prepared::default();
            for record in batch {
                prepared.push(&RecordHead::parse(record).unwrap(), record);
            }
            history.foresee(prepared, batch.to_vec());
        }
        history.append(Offset::new(first), &fresh, &times).unwrap();
        self.records.extend(fresh);
    }

    /// Every hit of a condition, in the order of a page.
    pub(super) fn hits(&self, pass: impl Fn(&RecordHead<'_>, &str) -> bool) -> Vec<Hit> {
        let numbered = self.records.iter().enumerate();
        let mut hits: Vec<_> = numbered
            .filter_map(|(offset, record)| {
                let head = RecordHead::parse(record).unwrap();
                let text = std::str::from_utf8(record).unwrap();
                pass(&head, text).then(|| Hit {
                    offset: Offset::new(offset as u64),
                    event_time_ms: head.event_time.unwrap().as_ms(),
                    record: record.clone(),
                })
            })
            .collect();
        hits.sort_by_key(|hit| std::cmp::Reverse((hit.event_time_ms, hit.offset)));
        hits
    }
}

/// Whether a record has an attribute, by the record alone.
pub(super) fn has(head: &RecordHead<'_>, key: AttributeKey, value: &str) -> bool {
    let resources = || cairn_event::lookup_resources(head);
    match key {
        AttributeKey::EventId => head.event_id.as_deref() == Some(value),
        AttributeKey::EventName => head.event_name.as_deref() == Some(value),
        AttributeKey::ReadOnly => head.read_only.map(|is| is.to_string()).as_deref() == Some(value),
        AttributeKey::Username => head.username().as_deref() == Some(value),
        AttributeKey::ResourceType => {
            resources().iter().any(|resource| resource.resource_type.as_deref() == Some(value))
        }
        AttributeKey::ResourceName => {
            resources().iter().any(|resource| resource.resource_name == value)
        }
        AttributeKey::EventSource => head.event_source.as_deref() == Some(value),
        AttributeKey::AccessKeyId => head.identity.access_key_id.as_deref() == Some(value),
    }
}

/// A query for one of everything.
pub(super) fn lookup(attribute: Option<(AttributeKey, &str)>) -> LookupQuery {
    LookupQuery {
        account: AccountId::parse(ACCOUNTS[0]).unwrap(),
        region: Region::parse(REGIONS[0]).unwrap(),
        attribute: attribute.map(|(key, value)| (key, value.to_owned())),
        start: None,
        end: None,
        category: LookupCategory::Management,
    }
}

/// Walks over all pages.
pub(super) fn all_pages(mut page: impl FnMut(Option<Position>) -> Page) -> Vec<Hit> {
    let mut hits = Vec::new();
    let mut after = None;
    loop {
        let found = page(after);
        hits.extend(found.hits);
        let Some(next) = found.next else { return hits };
        assert!(after.is_none_or(|after| next < after), "pages go on: {after:?} to {next:?}");
        after = Some(next);
    }
}

/// Opens a history with small limits.
pub(super) fn open(directory: &Path) -> History {
    History::open(directory, options()).unwrap()
}

/// Asserts that nothing is wrong with the files.
pub(super) fn assert_sound(directory: &Path) {
    assert_eq!(History::verify(directory).unwrap(), []);
}
