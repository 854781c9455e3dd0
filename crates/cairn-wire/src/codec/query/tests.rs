use super::{read_request, write_request};
use crate::{
    codec::DecodeError,
    model::{self, Operation, Protocol},
    value::Value,
};

fn operation(service: &str, name: &str) -> Operation<'static> {
    model::service(service).unwrap().find_operation(name).unwrap()
}

fn texts(list: Option<&Value>) -> Vec<&str> {
    list.and_then(Value::as_list).unwrap_or_default().iter().filter_map(Value::as_str).collect()
}

#[test]
fn lists_in_every_form() {
    let operation = operation("cloudwatch", "DescribeAlarms");
    for form in [
        "AlarmNames.member.1=a&AlarmNames.member.2=b",
        "AlarmNames.1=a&AlarmNames.2=b",
        "AlarmNames.member.2=b&AlarmNames.member.10=c&AlarmNames.member.1=a",
    ] {
        let value = read_request(operation, Protocol::Query, "", form.as_bytes()).unwrap();
        assert_eq!(texts(value.get("AlarmNames"))[..2], ["a", "b"], "{form}");
    }
    let empty = read_request(operation, Protocol::Query, "AlarmNames=", b"").unwrap();
    assert_eq!(empty.get("AlarmNames"), Some(&Value::List(Vec::new())));
}

#[test]
fn maps_in_every_form() {
    let operation = operation("sns", "SetEndpointAttributes");
    for form in [
        "Attributes.entry.1.key=k&Attributes.entry.1.value=v",
        "Attributes.1.key=k&Attributes.1.value=v",
        "Attributes.entry.1.Name=k&Attributes.entry.1.Value=v",
    ] {
        let value = read_request(operation, Protocol::Query, "", form.as_bytes()).unwrap();
        let wanted = Value::Map(vec![("k".to_owned(), Value::String("v".to_owned()))]);
        assert_eq!(value.get("Attributes"), Some(&wanted), "{form}");
    }
}

#[test]
fn names_of_ec2() {
    let operation = operation("ec2", "DescribeInstances");
    let form = "Action=DescribeInstances&InstanceId.1=i-1&Filter.1.Name=n&Filter.1.Value.1=v";
    let value = read_request(operation, Protocol::Ec2, "", form.as_bytes()).unwrap();
    assert_eq!(texts(value.get("InstanceIds")), ["i-1"]);
    let filter = &value.get("Filters").unwrap().as_list().unwrap()[0];
    assert_eq!(texts(filter.get("Values")), ["v"]);
    let written = write_request(operation, Protocol::Ec2, &value);
    assert!(written.contains("&Filter.1.Name=n&Filter.1.Value.1=v"), "{written}");
    assert!(written.contains("&InstanceId.1=i-1"), "{written}");
}

#[test]
fn wrong_values_are_told_with_their_key() {
    let operation = operation("ec2", "DescribeInstances");
    let error = read_request(operation, Protocol::Ec2, "MaxResults=x", b"").unwrap_err();
    assert_eq!(error.to_string(), "MaxResults: `x` is not a number");
    let error = read_request(operation, Protocol::Ec2, "MaxResults.1=5", b"").unwrap_err();
    assert!(matches!(error, DecodeError::Kind { .. }), "{error}");
}

#[test]
fn a_form_of_many_keys_is_refused_and_one_of_many_elements_is_not_slow() {
    let operation = operation("ec2", "DescribeInstances");
    let many = "a=&".repeat(30_000);
    let refused = read_request(operation, Protocol::Ec2, "", many.as_bytes());
    assert_eq!(refused, Err(DecodeError::TooMany(crate::codec::limits::PAIRS_MAX)));
    let ids: Vec<_> = (0..15_000).map(|number| format!("InstanceId.{number}=i")).collect();
    let value = read_request(operation, Protocol::Ec2, "", ids.join("&").as_bytes()).unwrap();
    assert_eq!(value.get("InstanceIds").unwrap().as_list().unwrap().len(), 15_000);
}
