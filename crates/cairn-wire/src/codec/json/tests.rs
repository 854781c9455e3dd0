use super::{structure, write::encode};
use crate::{
    codec::{DecodeError, limits::DEPTH_MAX},
    model::{self, Shape},
    value::Value,
};

fn input(service: &str, operation: &str) -> Shape<'static> {
    let service = model::service(service).unwrap();
    service.find_operation(operation).unwrap().input().unwrap()
}

fn read(service: &str, operation: &str, body: &str) -> Result<Value, DecodeError> {
    structure(input(service, operation), body.as_bytes())
}

#[test]
fn members_come_in_the_models_order_and_unknown_ones_are_ignored() {
    let body = r#" {"MaxResults":5,"Unknown":{"a":[1,{}]},"StartTime":1.789319538551E9,
        "NextToken":null} "#;
    let value = read("cloudtrail", "LookupEvents", body).unwrap();
    let names: Vec<_> = value.as_structure().unwrap().iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["StartTime", "MaxResults"]);
    assert_eq!(value.get("StartTime").unwrap().as_timestamp().unwrap().as_ms(), 1_789_319_538_551);
}

#[test]
fn numbers_keep_their_digits() {
    let body = r#"{"MaxResults":123456789012345678901234567890}"#;
    let value = read("cloudtrail", "LookupEvents", body).unwrap();
    assert_eq!(
        value.get("MaxResults"),
        Some(&Value::Decimal("123456789012345678901234567890".into()))
    );
    let value = read("cloudtrail", "LookupEvents", r#"{"MaxResults":9007199254740993}"#).unwrap();
    assert_eq!(value.get("MaxResults"), Some(&Value::Integer(9_007_199_254_740_993)));
}

#[test]
fn a_wrong_kind_is_told_with_its_path() {
    let body = r#"{"LookupAttributes":[{"AttributeKey":5}]}"#;
    let error = read("cloudtrail", "LookupEvents", body).unwrap_err();
    assert_eq!(error.to_string(), "LookupAttributes.AttributeKey: expected a string");
    let error = read("cloudtrail", "LookupEvents", r#"{"MaxResults":"5"}"#).unwrap_err();
    assert_eq!(error.to_string(), "MaxResults: expected a number");
    let error = read("cloudtrail", "LookupEvents", r#"{"StartTime":"soon"}"#).unwrap_err();
    assert_eq!(error.to_string(), "StartTime: `soon` is not a timestamp");
    assert!(read("cloudtrail", "LookupEvents", "[]").is_err());
}

#[test]
fn broken_bodies_are_told_with_their_place() {
    for body in ["{", "{\"a\"", "{}x", "\u{0}", "{\"MaxResults\":1,}", "nul"] {
        let error = read("cloudtrail", "LookupEvents", body).unwrap_err();
        assert!(matches!(error, DecodeError::Syntax { syntax: "JSON", .. }), "{body} {error}");
    }
    let error = structure(input("cloudtrail", "LookupEvents"), b"{\"a\":\"\xff\"}").unwrap_err();
    assert!(matches!(error, DecodeError::Syntax { at: 6, .. }), "{error:?}");
    assert_eq!(read("cloudtrail", "LookupEvents", " "), Ok(Value::empty()));
    assert_eq!(read("cloudtrail", "LookupEvents", "null"), Ok(Value::empty()));
}

#[test]
fn nesting_has_an_end() {
    // DynamoDB's attribute values nest in themselves.
    let deep = |depth: usize| {
        let value =
            format!("{}{}{}", r#"{"L":["#.repeat(depth), r#"{"S":"x"}"#, "]}".repeat(depth));
        format!(r#"{{"TableName":"t","Item":{{"k":{value}}}}}"#)
    };
    assert!(read("dynamodb", "PutItem", &deep(32)).is_ok());
    assert_eq!(read("dynamodb", "PutItem", &deep(DEPTH_MAX)), Err(DecodeError::TooDeep));
    let brackets = "[".repeat(1_000_000);
    assert!(read("dynamodb", "PutItem", &brackets).is_err());
    assert!(read("dynamodb", "PutItem", &format!(r#"{{"Unknown":{brackets}"#)).is_err());
}

#[test]
fn of_a_name_sent_twice_the_last_counts() {
    let value = read("cloudtrail", "LookupEvents", r#"{"MaxResults":1,"MaxResults":2}"#).unwrap();
    assert_eq!(value.get("MaxResults"), Some(&Value::Integer(2)));
    assert_eq!(value.as_structure().unwrap().len(), 1);
    let value = read("cloudtrail", "LookupEvents", r#"{"MaxResults":1,"MaxResults":null}"#);
    assert_eq!(value, Ok(Value::empty()));
    // Of a key, too.
    let body = r#"{"FunctionName":"f","Tags":{"k":"1","l":"2","k":"3"}}"#;
    let value = read("lambda", "CreateFunction", body).unwrap();
    let pairs = |pairs: &[(&str, &str)]| {
        let owned = |(key, text): &(&str, &str)| ((*key).to_owned(), Value::String((*text).into()));
        Value::Map(pairs.iter().map(owned).collect())
    };
    assert_eq!(value.get("Tags"), Some(&pairs(&[("l", "2"), ("k", "3")])));
}

#[test]
fn the_wire_name_counts_before_the_members_own() {
    for body in [
        r#"{"clusterName":"prod","ClusterName":"harmless"}"#,
        r#"{"ClusterName":"harmless","clusterName":"prod"}"#,
    ] {
        let value = read("kafka", "CreateCluster", body).unwrap();
        assert_eq!(value.get("ClusterName").and_then(Value::as_str), Some("prod"), "{body}");
    }
    let nothing =
        read("kafka", "CreateCluster", r#"{"clusterName":null,"ClusterName":"harmless"}"#);
    assert_eq!(nothing, Ok(Value::empty()));
    let alone = read("kafka", "CreateCluster", r#"{"ClusterName":"c"}"#).unwrap();
    assert_eq!(alone.get("ClusterName").and_then(Value::as_str), Some("c"));
}

#[test]
fn not_a_number_is_text() {
    let shape = input("cloudwatch", "PutMetricAlarm");
    let value = structure(shape, br#"{"Threshold":"-Infinity"}"#).unwrap();
    assert_eq!(value.get("Threshold"), Some(&Value::Double(f64::NEG_INFINITY)));
    assert_eq!(encode(Some(shape), &value), br#"{"Threshold":"-Infinity"}"#);
}
