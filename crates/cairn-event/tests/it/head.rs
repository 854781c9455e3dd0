//! Heads of dirty records, and spot checks of clean ones.

use cairn_event::{Category, RecordError, RecordHead};
use proptest::prelude::*;

use crate::corpus::lines;

fn head(text: &str) -> RecordHead<'_> {
    RecordHead::parse(text.as_bytes()).unwrap()
}

#[test]
fn a_real_record_gives_its_head() {
    let line = &lines("trailscraper.jsonl")[0];
    let head = head(line);
    assert_eq!(head.event_version.as_deref(), Some("1.05"));
    assert_eq!(head.identity.kind.as_deref(), Some("AssumedRole"));
    assert_eq!(head.username().as_deref(), Some("AutoScalingDescribeHandlerSession"));
    assert_eq!(head.category(), Category::Management);
    assert_eq!(head.account(), Some("111111111111"));
    assert_eq!(head.event_time.unwrap().iso_seconds(), head.event_time_text.unwrap());
}

#[test]
fn published_records_have_the_heads_that_were_counted() {
    let mut errors = 0;
    let mut names = std::collections::BTreeSet::new();
    let stratus = lines("stratus_red_team.jsonl");
    for line in &stratus {
        let head = head(line);
        errors += usize::from(head.error_code.is_some());
        names.insert(head.event_name.unwrap().into_owned());
        assert!(head.event_time.is_some() && head.event_id.is_some());
    }
    // The figures of the table of origins.
    assert_eq!((stratus.len(), names.len(), errors), (310, 54, 52));
}

#[test]
fn records_without_a_time_use_the_copy_that_others_made() {
    let otrf = lines("otrf_security_datasets.jsonl");
    assert!(otrf.iter().any(|line| !line.contains("\"eventTime\"")));
    assert!(otrf.iter().all(|line| head(line).event_time.is_some()));
}

#[test]
fn wrong_types_are_left_out_and_wrong_spellings_are_taken() {
    let head = head(
        r#"{"eventVersion":1,"eventName":["x"],"readOnly":"true","managementEvent":1,
        "eventId":"lower","requestId":"a","requestID":"b","userIdentity":"nobody",
        "errorCode":200,"resources":[7,{"arn":"x","type":null},{"ARNPrefix":"p"}],
        "requestParameters":null,"responseElements":"text","eventTime":"yesterday"}"#,
    );
    assert!(head.event_version.is_none() && head.event_name.is_none());
    assert!(head.error_code.is_none() && head.management_event.is_none());
    assert_eq!(head.read_only, Some(true));
    assert_eq!(head.event_id.as_deref(), Some("lower"));
    assert_eq!(head.request_id.as_deref(), Some("b"));
    assert_eq!((head.event_time, head.event_time_text.as_deref()), (None, Some("yesterday")));
    assert!(head.request_parameters.is_none());
    assert_eq!(head.response_elements.unwrap(), "\"text\"");
    let refs: Vec<_> = head.resource_refs().collect();
    assert_eq!(refs.len(), 3);
    assert_eq!(refs[1].arn.as_deref(), Some("x"));
    assert_eq!(refs[2].arn_prefix.as_deref(), Some("p"));
}

#[test]
fn the_last_of_two_equal_keys_counts() {
    assert_eq!(head(r#"{"eventID":"1","eventID":"2","eventId":"3"}"#).event_id.unwrap(), "2");
}

#[test]
fn the_caller_is_read_to_the_issuer_of_the_session() {
    let text = r#"{"userIdentity":{"type":"Root"},"userIdentity":{"accesKeyId":"ASIA1","arn":7,
        "sessionContext":{"sessionIssuer":{"arn":"old","userName":"x"},
        "sessionIssuer":{"arn":"arn:role","type":"Role"},"attributes":{"arn":"no"}}}}"#;
    let identity = head(text).identity;
    assert_eq!(identity.kind, None, "the last userIdentity counts");
    assert_eq!(identity.arn, None);
    assert_eq!(identity.access_key_id.as_deref(), Some("ASIA1"));
    assert_eq!(identity.session_issuer_arn.as_deref(), Some("arn:role"));
    assert_eq!(identity.session_issuer_name, None);
}

#[test]
fn escapes_and_half_surrogates_are_no_error() {
    let head = head(r#"{"userAgent":"\u003ca\ud800","\ud800":1,"eventName":"a\"b"}"#);
    assert!(head.user_agent.unwrap().starts_with("<a"));
    assert_eq!(head.event_name.unwrap(), "a\"b");
}

#[test]
fn keys_are_read_as_others_read_them_however_they_are_written() {
    let head = head(
        r#"{"eventN\u0061me":"CreateUser","user\u0049dentity":{"sessi\u006fnContext":
        {"sessionIssuer":{"\u0061rn":"a"}},"acc\u0065ssKeyId":"AKIA"},
        "eventID":"1","event\u0049D":"2","\ud800":1}"#,
    );
    assert_eq!(head.event_name.as_deref(), Some("CreateUser"));
    assert_eq!(head.event_id.as_deref(), Some("2"), "the last of two");
    assert_eq!(head.identity.session_issuer_arn.as_deref(), Some("a"));
    assert_eq!(head.identity.access_key_id.as_deref(), Some("AKIA"));
}

#[test]
fn only_one_whole_object_is_a_record() {
    for wrong in ["", "[]", "1", "null", "{", "{}{}", "{\"a\":}", "{\"a\":1,}", "\"x\""] {
        let error = RecordHead::parse(wrong.as_bytes()).unwrap_err();
        assert!(matches!(error, RecordError::NotAnObject { .. }), "{wrong}");
    }
    assert!(matches!(RecordHead::parse(b"{\"a\":\"\xff\"}"), Err(RecordError::NotUtf8)));
    let large = format!("{{\"a\":\"{}\"}}", "x".repeat(cairn_event::RECORD_BYTES_MAX));
    assert!(matches!(RecordHead::parse(large.as_bytes()), Err(RecordError::TooLarge { .. })));
    let deep = format!("{{\"requestParameters\":{}{}}}", "[".repeat(200_000), "]".repeat(200_000));
    assert_eq!(RecordHead::parse(deep.as_bytes()).unwrap_err(), RecordError::TooDeep);
}

#[test]
fn a_record_says_what_was_done_or_where_or_when() {
    for text in [
        r#"{"eventName":"A"}"#,
        r#"{"eventSource":"s3.amazonaws.com"}"#,
        r#"{"eventVersion":"1.0","eventTime":"yesterday"}"#,
        r#"{"eventID":"1","@timestamp":"2026-11-20T10:00:00Z"}"#,
        r#"{"insightDetails":{"eventName":"A"}}"#,
    ] {
        assert!(head(text).is_record(), "{text}");
    }
    for text in [
        "{}",
        r#"{"eventVersion":"1.11","userIdentity":{"type":"Root"},"eventID":"1"}"#,
        r#"{"eventTime":"2026-11-20T10:00:00Z"}"#,
        r#"{"eventVersion":"1.11","eventName":null,"eventSource":1}"#,
    ] {
        assert!(!head(text).is_record(), "{text}");
    }
}

#[test]
fn the_name_of_the_caller_follows_its_kind() {
    let name = |identity: &str| {
        let text = format!("{{\"userIdentity\":{identity}}}");
        head(&text).username().map(std::borrow::Cow::into_owned)
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(name(r#"{"type":"IAMUser","userName":"mary"}"#), some("mary"));
    assert_eq!(name(r#"{"type":"Root","principalId":"111122223333"}"#), some("root"));
    assert_eq!(name(r#"{"type":"AssumedRole","principalId":"AROAX:ses"}"#), some("ses"));
    assert_eq!(name(r#"{"type":"AssumedRole","arn":"arn:a:sts::1:assumed-role/r/s"}"#), some("s"));
    assert_eq!(name(r#"{"type":"FederatedUser","principalId":"1:bob"}"#), some("bob"));
    assert_eq!(name(r#"{"type":"AWSService","invokedBy":"x.amazonaws.com"}"#), None);
    assert_eq!(name(r#"{"type":"AWSAccount","principalId":"AROAX:ses"}"#), None);
    assert_eq!(name("{}"), None);
}

#[test]
fn old_records_have_a_category_too() {
    let category = |text: &str| head(text).category();
    assert_eq!(category("{}"), Category::Management);
    assert_eq!(category(r#"{"managementEvent":false}"#), Category::Data);
    assert_eq!(category(r#"{"resources":[{"type":"AWS::S3::Object"}]}"#), Category::Data);
    assert_eq!(category(r#"{"eventType":"AwsCloudTrailInsight"}"#), Category::Insight);
    assert_eq!(category(r#"{"eventType":"AwsVpceEvent"}"#), Category::NetworkActivity);
    assert_eq!(category(r#"{"eventCategory":"Aggregated"}"#), Category::Other);
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
        let _ = RecordHead::parse(&bytes);
    }

    #[test]
    fn no_cut_or_flip_of_a_record_makes_it_panic(cut in 0_usize..1200, flip in any::<u8>()) {
        let line = &lines("access_undenied.jsonl")[0];
        let mut bytes = line.clone().into_bytes();
        let at = cut.min(bytes.len() - 1);
        let _ = RecordHead::parse(&bytes[..at]);
        bytes[at] = flip;
        if let Ok(head) = RecordHead::parse(&bytes) {
            head.resource_refs().for_each(drop);
            let _ = (head.username().is_some(), cairn_event::lookup_resources(&head));
        }
    }
}

#[test]
fn events_of_applications_say_in_their_data_what_others_say_outside() {
    let data = r#"{"version":"1","userIdentity":{"type":"AppUser","principalId":"ann"},"eventSource":"app","eventName":"Pay","sourceIPAddress":"192.0.2.9","userAgent":"a","errorCode":"E","errorMessage":"no","eventTime":"2020-01-01T00:00:00Z"}"#;
    let record = |category: &str| {
        format!(
            r#"{{"eventCategory":"{category}","eventID":"1","eventTime":"2026-11-25T17:00:00Z","eventData":{data}}}"#
        )
    };
    let activity = record("ActivityAuditLog");
    let head = head(&activity);
    let texts = [
        &head.event_source,
        &head.event_name,
        &head.source_ip_address,
        &head.user_agent,
        &head.error_code,
        &head.error_message,
        &head.identity.kind,
        &head.identity.principal_id,
    ];
    let wanted = ["app", "Pay", "192.0.2.9", "a", "E", "no", "AppUser", "ann"];
    assert_eq!(texts.map(|text| text.as_deref().unwrap()), wanted);
    assert_eq!(head.category(), Category::Other);
    assert_eq!(head.event_time.unwrap().iso_seconds(), "2026-11-25T17:00:00Z");
    let other = record("Management");
    assert_eq!(self::head(&other).event_name, None);
}
