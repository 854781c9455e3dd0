//! Requests that name two operations.

use super::*;

/// What a request says twice.
fn said(ask: &Ask<'_>) -> Option<Twofold> {
    let (method, target) = ask.line.split_once(' ').unwrap();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let headers = ask.header_map();
    let head = RequestHead { method, path, query, headers: &headers };
    let has_body = ask.form.is_some() || headers.contains_key("content-length");
    let readings: Vec<&[u8]> = ask.form.into_iter().collect();
    match ask.resolve() {
        Ok(Resolution::Call(found)) => twofold(&head, &readings, has_body, Ok(&found)),
        Err(ResolveError::UnknownOperation { protocol, .. }) => {
            twofold(&head, &readings, has_body, Err(protocol))
        }
        other => panic!("{}: {other:?}", ask.line),
    }
}

#[test]
fn two_subresources_are_two_calls() {
    for line in [
        "GET /b?acl&policy",
        "GET /b?policy=1&%61cl=",
        "PUT /b/k?tagging&uploadId=1&partNumber=1",
        "DELETE /b?cors&lifecycle",
        "POST /b/k?uploads&uploadId=1",
        "GET /b?list-type=2&acl&versions",
        "PUT /b/k?x-amz-copy-source=/a/b",
        "PUT /b/k?partNumber=1&uploadId=1&X-Amz-Copy-%53ource=/a/b",
    ] {
        let found = said(&ask(line).scope("s3"));
        assert!(matches!(found, Some(Twofold::Subresources(_))), "{line}: {found:?}");
    }
    let both = said(&ask("GET /b?policy&acl").scope("s3"));
    assert_eq!(both, Some(Twofold::Subresources(vec!["acl".to_owned(), "policy".to_owned()])));
}

#[test]
fn parameters_are_no_subresources() {
    for line in [
        "GET /b",
        "GET /b?acl&acl",
        "GET /b?versions&prefix=acl&delimiter=policy",
        "GET /b/k?tagging&versionId=1",
        "PUT /b/k?partNumber=1&uploadId=2&x-id=UploadPart",
        "POST /b/k?select&select-type=2",
        "GET /b/k?attributes&versionId=1",
        "DELETE /b?acl",
        "GET /b/k?response-content-type=acl",
        "GET /b?uploads&max-uploads=1",
        "PUT /b/k?x-amz-acl=private&x-amz-meta-x-amz-copy-source=1",
    ] {
        assert_eq!(said(&ask(line).scope("s3")), None, "{line}");
    }
}

#[test]
fn every_template_of_s3_is_one_call() {
    let service = crate::model::service("s3").unwrap();
    for operation in service.operations().filter(|operation| operation.name() != "PostObject") {
        let line = format!("{} {}", operation.method(), operation.uri());
        let line = line.replace("{Bucket}", "b").replace("{Key+}", "k");
        assert_eq!(said(&ask(&line).scope("s3")), None, "{line}");
    }
}

#[test]
fn two_actions_are_two_calls() {
    let twice = Some(Twofold::Action);
    let form = "Action=ListUsers&Version=2010-05-08&Action=DeleteUser";
    assert_eq!(said(&ask("POST /").scope("iam").form(form)), twice);
    let form = "Action=NoSuch&Version=2010-05-08&%41ction=DeleteUser";
    assert_eq!(said(&ask("POST /").scope("iam").form(form)), twice);
    let form = "Action=ListUsers&Version=2010-05-08";
    assert_eq!(said(&ask("POST /?Action=DeleteUser").scope("iam").form(form)), twice);
    assert_eq!(said(&ask("POST /?Action=ListUsers").scope("iam").form(form)), None);
    let form = "Action=ListUsers&Version=2010-05-08&PathPrefix=Action";
    assert_eq!(said(&ask("POST /").scope("iam").form(form)), None);
}

#[test]
fn two_targets_are_two_calls() {
    let target = |name: &str| format!("DynamoDB_20120810.{name}").parse().unwrap();
    let mut headers = ask("POST /").scope("dynamodb").header_map();
    headers.insert("x-amz-target", target("ListTables"));
    headers.append("x-amz-target", target("ListTables"));
    let told = |headers: &HeaderMap| {
        let head = RequestHead { method: "POST", path: "/", query: "", headers };
        match resolve(&head, None, &BaseDomains::default()) {
            Ok(Resolution::Call(found)) => twofold(&head, &[], true, Ok(&found)),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(told(&headers), None);
    headers.append("x-amz-target", target("DeleteTable"));
    assert_eq!(told(&headers), Some(Twofold::Target));
}

#[test]
fn an_operation_is_named_in_one_protocol() {
    let action = Some(Twofold::Action);
    let target = [("x-amz-target", "DynamoDB_20120810.DescribeTable")];
    let both = ask("POST /?Action=DeleteTable").scope("dynamodb").headers(&target);
    assert_eq!(said(&both), action);
    assert_eq!(said(&ask("POST /").scope("dynamodb").headers(&target)), None);
    let groups = "GET /schedule-groups/g";
    assert_eq!(said(&ask(groups).scope("scheduler")), None);
    let twice = ask("GET /schedule-groups/g?%41ction=DeleteScheduleGroup").scope("scheduler");
    assert_eq!(said(&twice), action);
    let target = [("x-amz-target", "x.DeleteScheduleGroup")];
    assert_eq!(said(&ask(groups).scope("scheduler").headers(&target)), Some(Twofold::Target));
    let line = "?Action=ListUsers&Version=2010-05-08";
    let parts = [("content-type", "multipart/form-data; boundary=b"), ("content-length", "9")];
    assert_eq!(said(&ask(&format!("POST /{line}")).scope("iam").headers(&parts)), action);
    assert_eq!(said(&ask(&format!("GET /{line}")).scope("iam").headers(&parts[1..])), action);
    assert_eq!(said(&ask(&format!("GET /{line}")).scope("iam")), None);
}

#[test]
fn a_form_that_reads_in_two_ways_is_two_calls() {
    let head = RequestHead { method: "POST", path: "/", query: "", headers: &HeaderMap::new() };
    let said = |readings: &[&[u8]]| twofold(&head, readings, true, Err(Protocol::Query));
    let (packed, plain) = (&b"\x1f\x8b&Action=DeleteUser&"[..], &b"Action=ListUsers"[..]);
    assert_eq!(said(&[packed, plain]), Some(Twofold::Action));
    assert_eq!(said(&[b"\x1f\x8bbytes", plain]), None);
}

#[test]
fn a_target_belongs_to_post() {
    let target = [("x-amz-target", "DynamoDB_20120810.DeleteTable")];
    for line in ["PUT /", "GET /", "DELETE /b/k", "GET /b"] {
        for scope in ["dynamodb", "s3"] {
            let found = said(&ask(line).scope(scope).headers(&target));
            assert_eq!(found, Some(Twofold::Target), "{line} {scope}");
        }
    }
}

#[test]
fn slashes_that_may_be_merged_are_two_paths() {
    for line in ["DELETE //b/k", "PUT //?policy", "GET /%2Fb/k", "GET //"] {
        assert_eq!(said(&ask(line).scope("s3")), Some(Twofold::Slashes), "{line}");
    }
    assert_eq!(said(&ask("GET //2015-03-31/functions").scope("lambda")), Some(Twofold::Slashes));
    assert_eq!(said(&ask("GET /b//k//").scope("s3")), None);
    let in_host = [("host", "b.s3.amazonaws.com")];
    assert_eq!(said(&ask("GET //k").scope("s3").headers(&in_host)), None);
}

#[test]
fn a_form_beside_a_call_that_has_none_is_a_second_one() {
    let line = "DELETE /2015-03-31/functions/f";
    let named = ask(line).scope("lambda").form("Action=CreateFunction&x=y");
    assert_eq!(said(&named), Some(Twofold::Action));
    assert_eq!(said(&ask(line).scope("lambda").form("{}")), None);
}
