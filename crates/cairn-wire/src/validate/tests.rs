use super::*;
use crate::{
    RequestHead,
    codec::decode_request,
    model::{self, Protocol},
};

fn operation(service: &str, name: &str) -> Operation<'static> {
    model::service(service).unwrap().find_operation(name).unwrap()
}

fn told(service: &str, name: &str, body: &str) -> String {
    let operation = operation(service, name);
    let headers = http::HeaderMap::new();
    let head = RequestHead { method: "POST", path: "/", query: "", headers: &headers };
    let input = decode_request(operation, Protocol::Json, &head, body.as_bytes()).unwrap();
    check(operation, &input).err().map(|found| message(&found)).unwrap_or_default()
}

#[test]
fn ranges_in_the_words_of_aws() {
    assert_eq!(
        told("cloudtrail", "LookupEvents", r#"{"MaxResults":51}"#),
        "1 validation error detected: Value '51' at 'maxResults' failed to satisfy constraint: \
         Member must have value less than or equal to 50"
    );
    assert_eq!(told("cloudtrail", "LookupEvents", r#"{"MaxResults":50}"#), "");
}

#[test]
fn required_and_enums_with_their_paths() {
    let body = r#"{"LookupAttributes":[{"AttributeKey":"Nope"}],"EventCategory":"x"}"#;
    let told = told("cloudtrail", "LookupEvents", body);
    assert!(told.starts_with("3 validation errors detected: "), "{told}");
    let value = "Value null at 'lookupAttributes.1.member.attributeValue' failed to satisfy \
                 constraint: Member must not be null";
    assert!(told.contains(value), "{told}");
    let key = "Value 'Nope' at 'lookupAttributes.1.member.attributeKey' failed to satisfy \
               constraint: Member must satisfy enum value set: [";
    assert!(told.contains(key), "{told}");
}

#[test]
fn elements_are_the_fault_of_their_list() {
    let long = "x".repeat(300);
    let body =
        format!(r#"{{"KeyId":"k","GrantTokens":["ok",""],"Plaintext":"eA==","X":"{long}"}}"#);
    let told = told("kms", "Encrypt", &body);
    let expected = "1 validation error detected: Value '[ok, ]' at 'grantTokens' failed to satisfy \
                    constraint: Member must satisfy constraint: [Member must have length less than \
                    or equal to 8192, Member must have length greater than or equal to 1]";
    assert_eq!(told, expected);
}

#[test]
fn a_list_holds_no_null() {
    let null = |path: &str| {
        format!("Value null at '{path}' failed to satisfy constraint: Member must not be null")
    };
    let one = "1 validation error detected: ";
    let body = r#"{"LookupAttributes":[null]}"#;
    let expected = format!("{one}{}", null("lookupAttributes.1.member"));
    assert_eq!(told("cloudtrail", "LookupEvents", body), expected);
    let body = r#"{"KeyId":"k","GrantTokens":["ok",null],"Plaintext":"eA=="}"#;
    assert_eq!(told("kms", "Encrypt", body), format!("{one}{}", null("grantTokens.2.member")));
}

#[test]
fn sensitive_values_are_not_repeated() {
    let told = told("secretsmanager", "CreateSecret", r#"{"Name":"n","SecretString":""}"#);
    let expected = "1 validation error detected: Value at 'secretString' failed to satisfy \
                    constraint: Member must have length greater than or equal to 1";
    assert_eq!(told, expected);
}

#[test]
fn patterns_match_as_a_whole() {
    let told = told("kms", "CreateAlias", r#"{"AliasName":"alias/a b","TargetKeyId":"k"}"#);
    assert!(told.contains("Member must satisfy regular expression pattern: "), "{told}");
    assert!(pattern::matches("[a-z]+", "abc"));
    assert!(!pattern::matches("[a-z]+", "abc1"));
    assert!(!pattern::matches("a|b", "ab"));
    // A look-ahead has no linear-time form: not checked.
    assert!(pattern::matches("(?!aws:).*", "aws:x"));
}

#[test]
fn the_number_of_violations_is_capped() {
    let bad = vec![r#"{"AttributeKey":"x"}"#; 1_000].join(",");
    let body = format!(r#"{{"LookupAttributes":[{bad}]}}"#);
    let told = told("cloudtrail", "LookupEvents", &body);
    assert!(told.starts_with("100 validation errors detected: "), "{told:.60}");
}
