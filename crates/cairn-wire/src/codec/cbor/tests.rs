use super::{Dialect, encode, structure};
use crate::{
    codec::{DecodeError, limits::DEPTH_MAX},
    model::{self, Shape},
    value::Value,
};

fn input(service: &str, operation: &str) -> Shape<'static> {
    let service = model::service(service).unwrap();
    service.find_operation(operation).unwrap().input().unwrap()
}

fn alarm(body: &[u8]) -> Result<Value, DecodeError> {
    structure(input("cloudwatch", "PutMetricAlarm"), body, Dialect::RpcV2)
}

fn number(body: &[u8], name: &str) -> Option<f64> {
    match alarm(body).unwrap().get(name) {
        Some(Value::Double(number)) => Some(*number),
        Some(Value::Integer(number)) => Some(*number as f64),
        _ => None,
    }
}

/// `{"Threshold": …}`
fn threshold(item: &[u8]) -> Option<f64> {
    let mut body = vec![0xa1, 0x69];
    body.extend_from_slice(b"Threshold");
    body.extend_from_slice(item);
    number(&body, "Threshold")
}

#[test]
fn every_width_of_number() {
    assert_eq!(threshold(&[0xf9, 0x3c, 0x00]), Some(1.0));
    assert_eq!(threshold(&[0xf9, 0xc0, 0x00]), Some(-2.0));
    assert_eq!(threshold(&[0xf9, 0x00, 0x01]), Some(2_f64.powi(-24)));
    assert_eq!(threshold(&[0xf9, 0x7c, 0x00]), Some(f64::INFINITY));
    assert_eq!(threshold(&[0xfa, 0x3f, 0xc0, 0, 0]), Some(1.5));
    assert_eq!(threshold(&[0xfb, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0]), Some(1.5));
    assert_eq!(threshold(&[0x18, 0xff]), Some(255.0));
    assert_eq!(threshold(&[0x38, 0x63]), Some(-100.0));
    // A decimal fraction: 15 * 10^-1.
    assert_eq!(threshold(&[0xc4, 0x82, 0x20, 0x0f]), Some(1.5));
    // Big numbers: 2^8 and -1 - 2^8.
    assert_eq!(threshold(&[0xc2, 0x42, 1, 0]), Some(256.0));
    assert_eq!(threshold(&[0xc3, 0x42, 1, 0]), Some(-257.0));
}

#[test]
fn indefinite_lengths() {
    // {_ "AlarmName": (_ "a", "b"), "OKActions": [_ "x"], "Unknown": {_ "k": [_ h'00']}}
    let mut body = vec![0xbf, 0x69];
    body.extend_from_slice(b"AlarmName");
    body.extend_from_slice(&[0x7f, 0x61, b'a', 0x61, b'b', 0xff, 0x69]);
    body.extend_from_slice(b"OKActions");
    body.extend_from_slice(&[0x9f, 0x61, b'x', 0xff, 0x67]);
    body.extend_from_slice(b"Unknown");
    body.extend_from_slice(&[0xbf, 0x61, b'k', 0x9f, 0x41, 0, 0xff, 0xff, 0xff]);
    let value = alarm(&body).unwrap();
    assert_eq!(value.get("AlarmName"), Some(&Value::String("ab".to_owned())));
    assert_eq!(value.get("OKActions"), Some(&Value::List(vec![Value::String("x".to_owned())])));
    for end in 1..body.len() {
        assert!(alarm(&body[..end]).is_err(), "{end}");
    }
}

#[test]
fn timestamps_of_both_dialects() {
    let shape = input("kinesis", "GetShardIterator");
    let body = |tag: &[u8], item: &[u8]| {
        let mut body = vec![0xa1, 0x69];
        body.extend_from_slice(b"Timestamp");
        body.extend_from_slice(tag);
        body.extend_from_slice(item);
        body
    };
    let read = |body: &[u8], dialect| {
        structure(shape, body, dialect).unwrap().get("Timestamp").unwrap().as_timestamp().unwrap()
    };
    let ms = [0x1b, 0, 0, 1, 0xa0, 0x9b, 0x5c, 0x3e, 0x17];
    let wanted = 0x0000_01a0_9b5c_3e17;
    assert_eq!(read(&body(&[0xc1], &ms), Dialect::Legacy).as_ms(), wanted);
    assert_eq!(read(&body(&[], &ms), Dialect::Legacy).as_ms(), wanted);
    let seconds = [0x1a, 0x6a, 0x60, 0x00, 0x00];
    assert_eq!(read(&body(&[0xc1], &seconds), Dialect::RpcV2).as_ms(), 0x6a60_0000 * 1_000);
    for dialect in [Dialect::RpcV2, Dialect::Legacy] {
        let value = structure(shape, &body(&[0xc1], &seconds), dialect).unwrap();
        assert_eq!(structure(shape, &encode(Some(shape), &value, dialect), dialect), Ok(value));
    }
}

#[test]
fn hostile_lengths_and_nesting() {
    assert!(alarm(&[0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]).is_err());
    assert!(alarm(&[0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]).is_err());
    let mut deep = vec![0xa1, 0x61, b'k'];
    deep.extend(vec![0x81; DEPTH_MAX + 10]);
    deep.push(0xf6);
    assert_eq!(alarm(&deep), Err(DecodeError::TooDeep));
    let mut tags = vec![0xa1, 0x69];
    tags.extend_from_slice(b"AlarmName");
    tags.extend(vec![0xc1; 100_000]);
    assert_eq!(alarm(&tags), Err(DecodeError::TooDeep));
    assert!(alarm(&[0xff]).is_err());
    assert!(alarm(&[0xa0, 0x00]).is_err());
    assert_eq!(alarm(&[]), Ok(Value::empty()));
}
