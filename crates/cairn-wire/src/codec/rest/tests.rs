use http::{HeaderMap, HeaderName, HeaderValue};

use super::read_request;
use crate::{
    RequestHead,
    model::{self, Operation, Protocol},
    value::Value,
};

fn operation(service: &str, name: &str) -> Operation<'static> {
    model::service(service).unwrap().find_operation(name).unwrap()
}

fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    let pair = |(name, value): &(&'static str, &'static str)| {
        (HeaderName::from_static(name), HeaderValue::from_static(value))
    };
    pairs.iter().map(pair).collect()
}

fn s3(
    name: &str,
    path: &str,
    query: &str,
    pairs: &[(&'static str, &'static str)],
    bucket: Option<&str>,
) -> Value {
    let headers = headers(pairs);
    let head = RequestHead { method: "PUT", path, query, headers: &headers };
    read_request(operation("s3", name), Protocol::RestXml, &head, b"", bucket).unwrap()
}

fn text<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value.get(name).and_then(Value::as_str)
}

#[test]
fn a_bucket_in_the_host() {
    let value = s3("PutObject", "/a/b%2Fc", "", &[("content-length", "3")], Some("bucket"));
    assert_eq!((text(&value, "Bucket"), text(&value, "Key")), (Some("bucket"), Some("a/b/c")));
    assert_eq!(value.get("Body"), Some(&Value::Stream));
}

#[test]
fn framing_is_no_parameter() {
    let chunked = |encoding| s3("PutObject", "/b/k", "", &[("content-encoding", encoding)], None);
    assert_eq!(text(&chunked("aws-chunked"), "ContentEncoding"), None);
    assert_eq!(text(&chunked("aws-chunked,gzip"), "ContentEncoding"), Some("gzip"));
    assert_eq!(text(&chunked("gzip"), "ContentEncoding"), Some("gzip"));
}

#[test]
fn metadata_by_its_prefix() {
    let pairs = [("x-amz-meta-one", "1"), ("x-amz-acl", "private"), ("x-amz-meta-two", "2")];
    let value = s3("PutObject", "/b/k", "", &pairs, None);
    assert!(matches!(value.get("Metadata"), Some(Value::Map(entries)) if entries.len() == 2));
    assert_eq!(text(&value, "ACL"), Some("private"));
}

#[test]
fn lists_in_headers_fall_apart_at_commas() {
    let attributes = [("x-amz-object-attributes", "ETag,ObjectSize"), ("x-amz-max-parts", "7")];
    let value = s3("GetObjectAttributes", "/b/k", "attributes", &attributes, None);
    assert_eq!(value.get("ObjectAttributes").unwrap().as_list().unwrap().len(), 2);
    assert_eq!(value.get("MaxParts"), Some(&Value::Integer(7)));
}

#[test]
fn a_query_map_takes_what_is_left() {
    let operation = operation("apigateway", "ImportRestApi");
    let headers = HeaderMap::new();
    let query = "mode=import&failonwarnings=true&endpointConfigurationTypes=REGIONAL&\
                 X-Amz-Signature=abc&X-Amz-Date=d";
    let head = RequestHead { method: "POST", path: "/restapis", query, headers: &headers };
    let value = read_request(operation, Protocol::RestJson, &head, b"{}", None).unwrap();
    let wanted =
        vec![("endpointConfigurationTypes".to_owned(), Value::String("REGIONAL".to_owned()))];
    assert_eq!(value.get("parameters"), Some(&Value::Map(wanted)));
    assert_eq!(value.get("failOnWarnings"), Some(&Value::Bool(true)));
    assert_eq!(value.get("body"), Some(&Value::Blob(b"{}".to_vec())));
}

#[test]
fn a_path_of_another_template_is_refused() {
    let headers = HeaderMap::new();
    let head = RequestHead { method: "GET", path: "/nothing", query: "", headers: &headers };
    let operation = operation("lambda", "GetFunction");
    assert!(read_request(operation, Protocol::RestJson, &head, b"", None).is_err());
}
