use super::{Document, Root, error_fields, read};
use crate::{
    codec::{
        DecodeError,
        limits::{DEPTH_MAX, ELEMENTS_MAX},
    },
    model::{self, Shape},
    value::Value,
};

fn input(operation: &str, payload: &str) -> Shape<'static> {
    let operation = model::service("s3").unwrap().find_operation(operation).unwrap();
    operation.input().unwrap().member(payload).unwrap().shape()
}

#[test]
fn flattened_lists_entities_and_namespaces() {
    let body = "<?xml version=\"1.0\"?><!-- c --><s:Delete xmlns:s=\"u\"><s:Object><s:Key>a&lt;&#38;\
                <![CDATA[<b>]]> é</s:Key></s:Object><s:Quiet>true</s:Quiet><s:Object><s:Key> x </s:Key>\
                </s:Object></s:Delete>\n";
    let shape = input("DeleteObjects", "Delete");
    let value = read(shape, body.as_bytes(), Root::Itself).unwrap();
    let keys: Vec<_> = value.get("Objects").unwrap().as_list().unwrap().iter().collect();
    assert_eq!(keys[0].get("Key"), Some(&Value::String("a<&<b> é".to_owned())));
    assert_eq!(keys[1].get("Key"), Some(&Value::String(" x ".to_owned())));
    assert_eq!(value.get("Quiet"), Some(&Value::Bool(true)));
    let mut document = Document::bare(true);
    document.payload("Delete", None, shape, &value);
    assert_eq!(read(shape, &document.finish(), Root::Itself), Ok(value));
}

#[test]
fn attributes_with_their_prefix() {
    let body = r#"<AccessControlPolicy><AccessControlList><Grant><Grantee
        xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser"><ID>1</ID>
        </Grantee></Grant></AccessControlList></AccessControlPolicy>"#;
    let shape = input("PutBucketAcl", "AccessControlPolicy");
    let value = read(shape, body.as_bytes(), Root::Itself).unwrap();
    let grantee = value.get("Grants").unwrap().as_list().unwrap()[0].get("Grantee").unwrap();
    assert_eq!(grantee.get("Type"), Some(&Value::String("CanonicalUser".to_owned())));
}

#[test]
fn control_characters_travel_as_references() {
    let shape = input("DeleteObjects", "Delete");
    let key = Value::Structure(vec![("Key", Value::String("a\u{1}\r\n\"'".to_owned()))]);
    let value = Value::Structure(vec![("Objects", Value::List(vec![key]))]);
    let mut document = Document::bare(true);
    document.payload("Delete", None, shape, &value);
    assert_eq!(read(shape, &document.finish(), Root::Itself), Ok(value));
}

#[test]
fn attacks_are_refused() {
    let shape = input("DeleteObjects", "Delete");
    let refused = |body: &str| read(shape, body.as_bytes(), Root::Itself).unwrap_err();
    let bomb = "<!DOCTYPE x [<!ENTITY a \"b\">]><Delete>&a;</Delete>";
    assert!(matches!(refused(bomb), DecodeError::Syntax { .. }));
    assert!(matches!(refused("<Delete>&a;</Delete>"), DecodeError::Syntax { .. }));
    assert_eq!(refused(&"<a>".repeat(DEPTH_MAX + 1)), DecodeError::TooDeep);
    let wide = format!("<Delete>{}</Delete>", "<a/>".repeat(ELEMENTS_MAX));
    assert_eq!(refused(&wide), DecodeError::TooMany(ELEMENTS_MAX));
    let attributes = " a=\"\"".repeat(100);
    assert!(matches!(refused(&format!("<a{attributes}/>")), DecodeError::TooMany(_)));
    for body in ["<a>", "<a></b>", "<a/><b/>", "x", "<a/>x", "<a b></a>", "<", "&", "<a>\u{0}"] {
        let _ = read(shape, body.as_bytes(), Root::Itself);
    }
    assert!(matches!(refused("<a></b>"), DecodeError::Syntax { .. }));
    assert!(matches!(refused("<a/><b/>"), DecodeError::Syntax { .. }));
    assert_eq!(read(shape, b" ", Root::Itself), Ok(Value::Null));
}

#[test]
fn errors_in_all_their_wrappings() {
    for body in [
        "<ErrorResponse><Error><Type>Sender</Type><Code>C</Code></Error></ErrorResponse>",
        "<Response><Errors><Error><Code>C</Code></Error></Errors></Response>",
        "<Error><Code>C</Code><HostId>h</HostId></Error>",
    ] {
        let fields = error_fields(body.as_bytes());
        assert!(fields.contains(&("Code".to_owned(), "C".to_owned())), "{body} {fields:?}");
    }
    assert!(error_fields(b"<html>").is_empty());
}
