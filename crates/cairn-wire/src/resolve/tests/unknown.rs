//! What is no call, and what names no operation: the caller is still answered in its own protocol.

use super::*;

#[test]
fn data_behind_an_aws_address_is_no_operation() {
    let no_call = |ask: Ask<'_>| {
        let found = ask.resolve();
        assert!(matches!(found, Ok(Resolution::NotAws(NotAws::ExecuteApi))), "{found:?}");
    };
    no_call(ask("GET /prod/pets/1").scope("execute-api"));
    no_call(ask("GET /pets").scope("vpc-lattice-svcs"));
    let function = [("host", "abc.lambda-url.eu-west-1.on.aws")];
    no_call(ask("GET /pets").scope("lambda").headers(&function));
    ask("POST /@connections/abc")
        .scope("execute-api")
        .is("apigatewaymanagementapi:PostToConnection");
    let token = [("x-amz-bearer", "t")];
    ask("POST /participant/connection")
        .scope("execute-api")
        .headers(&token)
        .is("connectparticipant:CreateParticipantConnection");
}

#[test]
fn a_browsers_question_is_no_call() {
    let question = [("origin", "https://example.org"), ("access-control-request-method", "PUT")];
    let found = ask("OPTIONS /pictures/k").headers(&question).resolve();
    assert!(matches!(found, Ok(Resolution::NotAws(NotAws::Preflight))), "{found:?}");
    ask("OPTIONS /pictures/k").scope("s3").refused();
    ask("OPTIONS /").headers(&question).scope("iam").refused();
    for more in [("x-amz-target", "DynamoDB_20120810.DeleteTable"), ("content-length", "9")] {
        let headers = [question[0], question[1], more];
        ask("OPTIONS /").headers(&headers).refused();
    }
}

#[test]
fn operations_newer_than_the_model_keep_their_names() {
    let target = [("x-amz-target", "CloudTrail_20131101.DoSomethingNew")];
    let refused = ask("POST /").scope("cloudtrail").headers(&target).refused();
    assert_eq!(refused, (Some("cloudtrail"), Protocol::Json, Some("DoSomethingNew".to_owned())));
    let refused =
        ask("POST /").scope("iam").form("Action=DoSomethingNew&Version=2010-05-08").refused();
    assert_eq!(refused, (Some("iam"), Protocol::Query, Some("DoSomethingNew".to_owned())));
    let cbor = [("smithy-protocol", "rpc-v2-cbor")];
    let line = "POST /service/GraniteServiceVersion20100801/operation/DoSomethingNew";
    let refused = ask(line).scope("monitoring").headers(&cbor).refused();
    assert_eq!(
        refused,
        (Some("cloudwatch"), Protocol::RpcV2Cbor, Some("DoSomethingNew".to_owned()))
    );
}

#[test]
fn services_newer_than_the_model_are_answered_as_they_speak() {
    for (header, protocol) in [
        (("x-amz-target", "NewService_2027.Create"), Protocol::Json),
        (("content-type", "application/x-amz-json-1.1"), Protocol::Json),
        (("content-type", "application/json"), Protocol::RestJson),
        (("content-type", "application/xml"), Protocol::RestXml),
    ] {
        let refused = ask("POST /x").scope("new-service").headers(&[header]).refused();
        assert_eq!((refused.0, refused.1), (None, protocol), "{header:?}");
    }
    let cbor = [("smithy-protocol", "rpc-v2-cbor")];
    let refused = ask("POST /service/New/operation/Create").headers(&cbor).refused();
    assert_eq!(refused, (None, Protocol::RpcV2Cbor, Some("Create".to_owned())));
}

#[test]
fn rest_paths_of_nobody() {
    let refused = ask("GET /2015-03-31/nothing").scope("lambda").refused();
    assert_eq!(refused, (Some("lambda"), Protocol::RestJson, None));
    let refused = ask("PATCH /b/k").scope("s3").refused();
    assert_eq!(refused, (Some("s3"), Protocol::RestXml, None));
}

#[test]
fn a_scope_in_capitals_is_for_the_signature_check() {
    let refused = ask("PATCH /b/k").scope("S3").refused();
    assert_eq!(refused, (Some("s3"), Protocol::RestXml, None));
    let Ok(Resolution::Call(found)) = ask("DELETE /b/k").scope("S3").resolve() else { panic!() };
    assert_eq!(found.call().name(), "DeleteObject");
    assert!(!is_signed_for("s3", &found.credential.unwrap().service));
}

#[test]
fn hostile_requests_cost_little_and_never_panic() {
    let long = "/x".repeat(20_000);
    let wide = format!("GET /{}?{}", "%".repeat(9_000), "a&".repeat(9_000));
    let lines = [
        "GET ".to_owned() + &long,
        wide,
        "GET ".to_owned(),
        "GET ?".to_owned(),
        "POST ///".to_owned(),
        "POST /service//operation/".to_owned(),
        "\u{e9} /\u{e9}?\u{e9}=\u{e9}&=&&".to_owned(),
    ];
    let headers = [
        ("x-amz-target", "."),
        ("x-amz-target", "no-dot"),
        ("smithy-protocol", "rpc-v2-cbor"),
        ("content-type", "multipart/form-data"),
        ("authorization", "AWS4-HMAC-SHA256 Credential=////"),
        ("authorization", "AWS "),
        ("authorization", "Bearer x"),
        ("host", ":::"),
        ("host", "[::1"),
        ("host", "."),
        ("user-agent", "api/"),
    ];
    for line in &lines {
        for scope in ["", "s3", "apigateway", "execute-api", "iotdata", "no-such"] {
            for header in headers {
                let _ = ask(line).scope(scope).headers(&[header]).resolve();
            }
        }
    }
}

#[test]
fn targets_and_cbor_paths_are_posted() {
    let target = [("x-amz-target", "CloudTrail_20131101.LookupEvents")];
    for line in ["GET /", "PUT /", "DELETE /"] {
        let refused = ask(line).scope("cloudtrail").headers(&target).refused();
        assert_eq!(refused, (Some("cloudtrail"), Protocol::Json, None), "{line}");
    }
    ask("GET /").scope("s3").headers(&target).is("s3:ListBuckets");
    let cbor = [("smithy-protocol", "rpc-v2-cbor")];
    let line = "PUT /service/GraniteServiceVersion20100801/operation/PutMetricData";
    let refused = ask(line).scope("monitoring").headers(&cbor).refused();
    assert_eq!(refused.2, None);
}

#[test]
fn signing_names_that_one_service_has() {
    for (signing_name, scope) in [
        ("cloudtrail", "cloudtrail"),
        ("s3", "s3express"),
        ("s3", "s3-outposts"),
        ("iotdata", "iotdevicegateway"),
        ("newer-than-the-model", "newer-than-the-model"),
    ] {
        assert!(is_signed_for(signing_name, scope), "{signing_name} {scope}");
    }
    for scope in ["dynamodb", "s3", "nonsense", ""] {
        assert!(!is_signed_for("cloudtrail", scope), "{scope}");
    }
}

#[test]
fn a_region_set_cannot_name_what_is_no_region() {
    let region = |set| {
        let set = [("x-amz-region-set", set)];
        ask("GET /pictures/k").headers(&set).is("s3:GetObject").region
    };
    assert_eq!(region("eu-west-1").as_deref(), Some("eu-west-1"));
    assert_eq!(region("mars"), None);
}
