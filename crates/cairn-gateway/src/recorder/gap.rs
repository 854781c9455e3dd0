//! The record of records that are not there: what an upstream whose records may be shed leaves
//! behind instead of them.

use cairn_event::{AccountId, RecordDraft, Region, Timestamp};
use uuid::Uuid;

use super::EVENT_VERSION;
use super::text::{Object, into_text};

/// Our own name, as services of AWS have theirs.
const SOURCE: &str = "cairn.amazonaws.com";

/// `records` records were dropped since the last such record, the newest before `now`.
pub(crate) fn gap(
    account: &AccountId,
    region: &Region,
    now: Timestamp,
    id: Uuid,
    records: u64,
) -> Vec<u8> {
    let mut identity = Vec::new();
    let mut object = Object::begin(&mut identity);
    object.text("accountId", account.as_str());
    object.text("invokedBy", SOURCE);
    object.end();
    let mut details = Vec::new();
    let mut object = Object::begin(&mut details);
    object.raw("recordsShed", &records.to_string());
    object.end();
    let (identity, details) = (into_text(identity), into_text(details));
    RecordDraft {
        event_version: EVENT_VERSION,
        user_identity: &identity,
        event_time: now,
        event_source: SOURCE,
        event_name: "RecordsShed",
        aws_region: region.as_str(),
        source_ip_address: SOURCE,
        user_agent: Some(SOURCE),
        event_id: &id.hyphenated().to_string(),
        read_only: Some(false),
        event_type: "AwsServiceEvent",
        management_event: Some(true),
        recipient_account_id: Some(account.as_str()),
        service_event_details: Some(&details),
        event_category: "Management",
        ..RecordDraft::default()
    }
    .render()
}

#[cfg(test)]
mod tests {
    use cairn_event::RecordHead;

    use super::*;

    #[test]
    fn a_gap_is_a_record() {
        let account = AccountId::parse("123456789012").unwrap();
        let region = Region::parse("eu-west-1").unwrap();
        let record = gap(&account, &region, Timestamp::from_ms(1000), Uuid::nil(), 7);
        let head = RecordHead::parse(&record).unwrap();
        assert_eq!(head.event_name.as_deref(), Some("RecordsShed"));
        let text = String::from_utf8(record).unwrap();
        assert!(text.contains(r#""serviceEventDetails":{"recordsShed":7}"#), "{text}");
    }
}
