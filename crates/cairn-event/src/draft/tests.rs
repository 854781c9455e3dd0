use super::*;
use crate::RecordHead;

fn draft() -> RecordDraft<'static> {
    RecordDraft {
        event_version: "1.11",
        user_identity: r#"{"type":"Root","accountId":"111122223333"}"#,
        event_time: Timestamp::from_ms(1_795_626_000_999),
        event_source: "cloudtrail.amazonaws.com",
        event_name: "StartLogging",
        aws_region: "us-east-1",
        source_ip_address: "192.0.2.7",
        user_agent: Some("aws-cli/2"),
        request_parameters: Some(r#"{"name":"main"}"#),
        request_id: Some("r-1"),
        event_id: "e-1",
        read_only: Some(false),
        event_type: "AwsApiCall",
        management_event: Some(true),
        recipient_account_id: Some("111122223333"),
        event_category: "Management",
        ..RecordDraft::default()
    }
}

#[test]
fn keys_come_in_the_order_of_aws() {
    let text = String::from_utf8(draft().render()).unwrap();
    assert_eq!(
        text,
        concat!(
            r#"{"eventVersion":"1.11","userIdentity":{"type":"Root","accountId":"111122223333"},"#,
            r#""eventTime":"2026-11-25T17:00:00Z","eventSource":"cloudtrail.amazonaws.com","#,
            r#""eventName":"StartLogging","awsRegion":"us-east-1","sourceIPAddress":"192.0.2.7","#,
            r#""userAgent":"aws-cli/2","requestParameters":{"name":"main"},"#,
            r#""responseElements":null,"requestID":"r-1","eventID":"e-1","readOnly":false,"#,
            r#""eventType":"AwsApiCall","managementEvent":true,"#,
            r#""recipientAccountId":"111122223333","eventCategory":"Management"}"#,
        )
    );
}

#[test]
fn every_field_has_its_place() {
    let full = RecordDraft {
        error_code: Some("E"),
        error_message: Some("m"),
        response_elements: Some("{}"),
        additional_event_data: Some("{}"),
        resources: Some("[]"),
        api_version: Some("v"),
        shared_event_id: Some("s"),
        vpc_endpoint_id: Some("vpce-1"),
        vpc_endpoint_account_id: Some("1"),
        service_event_details: Some("{}"),
        tls_details: Some("{}"),
        session_credential_from_console: true,
        ..draft()
    };
    let text = String::from_utf8(full.render()).unwrap();
    let keys: Vec<_> = crate::json::members(&text).map(|(key, _)| key).collect();
    assert_eq!(
        keys,
        [
            "eventVersion",
            "userIdentity",
            "eventTime",
            "eventSource",
            "eventName",
            "awsRegion",
            "sourceIPAddress",
            "userAgent",
            "errorCode",
            "errorMessage",
            "requestParameters",
            "responseElements",
            "additionalEventData",
            "requestID",
            "eventID",
            "readOnly",
            "resources",
            "eventType",
            "apiVersion",
            "managementEvent",
            "recipientAccountId",
            "sharedEventID",
            "vpcEndpointId",
            "vpcEndpointAccountId",
            "serviceEventDetails",
            "eventCategory",
            "tlsDetails",
            "sessionCredentialFromConsole",
        ]
    );
}

#[test]
fn text_is_cut_between_characters() {
    let long = "é".repeat(600);
    let bytes = RecordDraft { user_agent: Some(&long), ..draft() }.render();
    let head = RecordHead::parse(&bytes).unwrap();
    assert_eq!(head.user_agent.unwrap(), "é".repeat(512));
    assert_eq!(truncated("aé", 2), "a");
    assert_eq!(truncated("aé", 3), "aé");
}

#[test]
fn parts_above_their_limit_leave_a_note() {
    let fits = format!("\"{}\"", "x".repeat(PARAMETERS_BYTES_MAX - 2));
    let over = format!("\"{}\"", "x".repeat(PARAMETERS_BYTES_MAX - 1));
    let bytes =
        RecordDraft { request_parameters: Some(&over), response_elements: Some(&fits), ..draft() }
            .render();
    let head = RecordHead::parse(&bytes).unwrap();
    assert_eq!(
        head.request_parameters.unwrap(),
        r#"{"reason":"requestParameters too large","omitted":true,"originalSize":102401}"#
    );
    assert_eq!(head.response_elements.unwrap(), fits);
    let large = format!("\"{}\"", "x".repeat(ADDITIONAL_EVENT_DATA_BYTES_MAX));
    let bytes = RecordDraft { additional_event_data: Some(&large), ..draft() }.render();
    let head = RecordHead::parse(&bytes).unwrap();
    assert!(head.additional_event_data.unwrap().contains("\"originalSize\":28674"));
}

#[test]
fn the_whole_stays_under_its_limit() {
    let large = format!("\"{}\"", "x".repeat(PARAMETERS_BYTES_MAX - 2));
    let bytes = RecordDraft {
        request_parameters: Some(&large),
        response_elements: Some(&large),
        service_event_details: Some(&large),
        ..draft()
    }
    .render();
    assert!(bytes.len() <= RENDERED_BYTES_MAX);
    let head = RecordHead::parse(&bytes).unwrap();
    assert_eq!(head.request_parameters.unwrap(), large);
    assert_eq!(head.response_elements.unwrap(), large);
    assert!(String::from_utf8(bytes).unwrap().contains("serviceEventDetails too large"));
}
