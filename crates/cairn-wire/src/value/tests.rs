use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::*;
use crate::model::{self, Shape};

fn input(service: &str, operation: &str) -> Shape<'static> {
    let service = model::service(service).unwrap();
    service.find_operation(operation).unwrap().input().unwrap()
}

fn output(service: &str, operation: &str) -> Shape<'static> {
    let service = model::service(service).unwrap();
    service.find_operation(operation).unwrap().output().unwrap()
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "PascalCase")]
struct Asked {
    start_time: Option<Timestamp>,
    max_results: Option<i32>,
    lookup_attributes: Option<Vec<Attribute>>,
    event_category: Option<Category>,
    next_token: Option<String>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "PascalCase")]
struct Attribute {
    attribute_key: String,
    attribute_value: String,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Category {
    Insight,
}

#[test]
fn a_handler_reads_its_own_type() {
    let attribute = Value::Structure(vec![
        ("AttributeKey", Value::String("EventName".to_owned())),
        ("AttributeValue", Value::String("PutObject".to_owned())),
    ]);
    let value = Value::Structure(vec![
        ("LookupAttributes", Value::List(vec![attribute])),
        ("StartTime", Value::Timestamp(Timestamp::from_ms(1_789_319_538_551))),
        ("EventCategory", Value::String("insight".to_owned())),
        ("MaxResults", Value::Integer(50)),
    ]);
    let read: Asked = from_value(&value).unwrap();
    assert_eq!(
        read,
        Asked {
            start_time: Some(Timestamp::from_ms(1_789_319_538_551)),
            max_results: Some(50),
            lookup_attributes: Some(vec![Attribute {
                attribute_key: "EventName".to_owned(),
                attribute_value: "PutObject".to_owned(),
            }]),
            event_category: Some(Category::Insight),
            next_token: None,
        }
    );
    assert!(from_value::<Attribute>(&value).is_err());
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Keys {
    next_token: Option<String>,
    public_key_list: Vec<Key>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Key {
    fingerprint: &'static str,
    value: Vec<u8>,
    validity_start_time: Timestamp,
}

#[test]
fn a_handler_writes_its_own_type_in_the_models_order() {
    let typed = Keys {
        next_token: None,
        public_key_list: vec![Key {
            fingerprint: "f",
            value: vec![1, 2],
            validity_start_time: Timestamp::from_ms(5),
        }],
    };
    let key = Value::Structure(vec![
        ("Value", Value::Blob(vec![1, 2])),
        ("ValidityStartTime", Value::Timestamp(Timestamp::from_ms(5))),
        ("Fingerprint", Value::String("f".to_owned())),
    ]);
    let expected = Value::Structure(vec![("PublicKeyList", Value::List(vec![key]))]);
    assert_eq!(to_value(&typed, output("cloudtrail", "ListPublicKeys")).unwrap(), expected);
}

#[test]
fn what_the_model_does_not_have_is_a_fault_of_the_program() {
    #[derive(Serialize)]
    struct Wrong {
        #[serde(rename = "Nonsense")]
        nonsense: bool,
    }
    #[derive(Serialize)]
    struct WrongKind {
        #[serde(rename = "MaxResults")]
        max_results: &'static str,
    }
    let shape = input("cloudtrail", "LookupEvents");
    let wrong = to_value(&Wrong { nonsense: true }, shape);
    assert!(matches!(wrong, Err(BridgeError::UnknownMember("Nonsense"))));
    let wrong = to_value(&WrongKind { max_results: "5" }, shape);
    assert!(matches!(wrong, Err(BridgeError::Kind { given: "string", wanted: "number" })));
}

#[test]
fn documents_and_decimals_keep_their_text() {
    let raw =
        RawValue::from_string(r#"{"b":1.10,"a":12345678901234567890123}"#.to_owned()).unwrap();
    let value = Value::Document(raw);
    let read: Box<RawValue> = from_value(&value).unwrap();
    assert_eq!(read.get(), r#"{"b":1.10,"a":12345678901234567890123}"#);
    let read: f64 = from_value(&Value::Decimal("0.12345678901234567890".into())).unwrap();
    assert!((read - 0.123_456_789_012_345_68).abs() < f64::EPSILON);
    let read: u64 = from_value(&Value::Decimal("18446744073709551615".into())).unwrap();
    assert_eq!(read, u64::MAX);
}

#[test]
fn a_blob_is_a_plain_vector_of_bytes() {
    let read: Vec<u8> = from_value(&Value::Blob(vec![0, 255])).unwrap();
    assert_eq!(read, [0, 255]);
}
