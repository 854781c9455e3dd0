//! What the call names: targets, actions, paths, queries and headers.

use super::*;
use crate::codec::decode_resolved;
use crate::model::Shape;

#[test]
fn targets_are_split_at_the_last_dot_and_cloudtrail_has_two_spellings() {
    for target in [
        "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents",
        "CloudTrail_20131101.LookupEvents",
    ] {
        let target = [("x-amz-target", target)];
        ask("POST /").scope("cloudtrail").headers(&target).is("cloudtrail:LookupEvents");
    }
    let other = [("x-amz-target", "Other.v1.LookupEvents")];
    let refused = ask("POST /").scope("cloudtrail").headers(&other).refused();
    assert_eq!(refused, (Some("cloudtrail"), Protocol::Json, Some("LookupEvents".to_owned())));
}

#[test]
fn our_own_service_is_called_as_any_other() {
    for name in ["SearchRecords", "TailRecords"] {
        let target = format!("Cairn_20261125.{name}");
        let target = [("x-amz-target", target.as_str())];
        let found = ask("POST /").scope("cairn").headers(&target).is(&format!("cairn:{name}"));
        assert!(found.call().read_only());
    }
}

#[test]
fn a_known_target_wins_over_a_wrong_scope() {
    let target = [("x-amz-target", "secretsmanager.ListSecrets")];
    ask("POST /").scope("s3").headers(&target).is("secretsmanager:ListSecrets");
}

#[test]
fn one_target_prefix_of_two_services() {
    let write = [("x-amz-target", "Timestream_20181101.WriteRecords")];
    ask("POST /").scope("timestream").headers(&write).is("timestream-write:WriteRecords");
    let query = [("x-amz-target", "Timestream_20181101.Query")];
    ask("POST /").scope("timestream").headers(&query).is("timestream-query:Query");
    let both = [
        ("x-amz-target", "Timestream_20181101.TagResource"),
        ("user-agent", "aws-sdk-go-v2/1.30 api/timestreamwrite#1.29"),
    ];
    ask("POST /").scope("timestream").headers(&both).is("timestream-write:TagResource");
}

#[test]
fn query_calls_keep_their_operation_in_the_form() {
    let identity = "Action=GetCallerIdentity&Version=2011-06-15";
    ask("POST /").scope("sts").form(identity).is("sts:GetCallerIdentity");
    let head = [("content-type", "application/x-www-form-urlencoded")];
    assert!(matches!(
        ask("POST /").scope("sts").headers(&head).resolve(),
        Ok(Resolution::NeedsForm)
    ));
    let found = ask("POST /").form("Action=DescribeDBInstances&Version=2014-10-31");
    found.scope("rds").is("rds:DescribeDBInstances");
}

#[test]
fn query_calls_by_url_and_split_between_url_and_form() {
    let by_url = ask("GET /?Action=GetCallerIdentity&Version=2011-06-15").scope("sts");
    by_url.is("sts:GetCallerIdentity");
    let split = ask("POST /?Version=2011-06-15").scope("sts").form("Action=GetCallerIdentity");
    split.is("sts:GetCallerIdentity");
    // The form wins.
    let both = ask("POST /?Action=GetSessionToken&Version=2011-06-15").scope("sts");
    both.form("Action=GetCallerIdentity").is("sts:GetCallerIdentity");
    let escaped =
        ask("POST /").scope("sts").form("%41ction=GetCaller%49dentity&Version=2011-06-15");
    escaped.is("sts:GetCallerIdentity");
}

#[test]
fn a_bare_post_is_a_form_only_where_no_path_says_otherwise() {
    assert!(matches!(ask("POST /").scope("sts").resolve(), Ok(Resolution::NeedsForm)));
    assert!(matches!(ask("POST /").scope("ses").resolve(), Ok(Resolution::NeedsForm)));
    ask("POST /v2/email/outbound-emails").scope("ses").is("sesv2:SendEmail");
}

#[test]
fn one_action_of_several_services_is_told_by_the_version() {
    ask("POST /").form("Action=CreateTags&Version=2016-11-15").scope("ec2").is("ec2:CreateTags");
    ask("POST /").form("Action=GetCallerIdentity&Version=2011-06-15").is("sts:GetCallerIdentity");
    let events = "Action=DescribeEvents&Version=";
    ask("POST /").form(&format!("{events}2014-10-31")).is("rds:DescribeEvents");
    ask("POST /").form(&format!("{events}2012-12-01")).is("redshift:DescribeEvents");
    ask("POST /").form(&format!("{events}2015-02-02")).is("elasticache:DescribeEvents");
}

#[test]
fn an_older_version_still_names_the_operation() {
    let old = "Action=DescribeInstances&Version=2014-02-01";
    let found = ask("POST /").form(old).scope("ec2").is("ec2:DescribeInstances");
    assert_eq!(found.protocol, Protocol::Ec2);
    assert_eq!(ask("POST /").form(old).refused().0, None, "without a scope it may be anybody's");
}

#[test]
fn sqs_still_speaks_its_older_protocol() {
    let line = "POST /123456789012/orders";
    let form = "Action=SendMessage&Version=2012-11-05&MessageBody=hi\
                &MessageAttribute.1.Name=colour&MessageAttribute.1.Value.DataType=String\
                &MessageAttribute.1.Value.StringValue=red";
    let call = ask(line).scope("sqs").form(form);
    let found = call.is("sqs:SendMessage");
    assert_eq!(found.protocol, Protocol::Query);
    let headers = call.header_map();
    let head =
        RequestHead { method: "POST", path: "/123456789012/orders", query: "", headers: &headers };
    let input = decode_resolved(&found, &head, form.as_bytes()).unwrap();
    let attributes = input.get("MessageAttributes").unwrap();
    let colour = attributes.get("colour").unwrap();
    assert_eq!(colour.get("StringValue").and_then(|value| value.as_str()), Some("red"));
    assert!(input.get("QueueUrl").is_some(), "from the path");
    let error = found
        .service
        .operations()
        .flat_map(Operation::errors)
        .find(|error| error.error_name() == Some("QueueDoesNotExist"));
    assert_eq!(error.unwrap().error_code(), Some("AWS.SimpleQueueService.NonExistentQueue"));
}

#[test]
fn one_service_in_three_protocols() {
    let cbor = [("smithy-protocol", "rpc-v2-cbor")];
    let line = "POST /service/GraniteServiceVersion20100801/operation/PutMetricData";
    let found = ask(line).scope("monitoring").headers(&cbor).is("cloudwatch:PutMetricData");
    assert_eq!(found.protocol, Protocol::RpcV2Cbor);
    let target = [
        ("x-amz-target", "GraniteServiceVersion20100801.PutMetricData"),
        ("content-type", "application/x-amz-json-1.0"),
    ];
    let found = ask("POST /").scope("monitoring").headers(&target).is("cloudwatch:PutMetricData");
    assert_eq!(found.protocol, Protocol::Json);
    let form = ask("POST /").scope("monitoring").form("Action=PutMetricData&Version=2010-08-01");
    assert_eq!(form.is("cloudwatch:PutMetricData").protocol, Protocol::Query);
    // Kinesis and DynamoDB also have CBOR of an older kind, which is a JSON call but for its body.
    let older = [
        ("x-amz-target", "Kinesis_20131202.PutRecord"),
        ("content-type", "application/x-amz-cbor-1.1"),
    ];
    assert_eq!(
        ask("POST /").scope("kinesis").headers(&older).is("kinesis:PutRecord").protocol,
        Protocol::Json
    );
}

#[test]
fn cbor_paths_may_have_a_prefix() {
    let cbor = [("smithy-protocol", "rpc-v2-cbor")];
    let line = "POST /stage/x/service/GraniteServiceVersion20100801/operation/ListMetrics";
    ask(line).scope("monitoring").headers(&cbor).is("cloudwatch:ListMetrics");
}

#[test]
fn s3_operations_of_one_uri_are_told_by_query_and_headers() {
    for (line, name) in [
        ("GET /", "ListBuckets"),
        ("PUT /b", "CreateBucket"),
        ("GET /b", "ListObjects"),
        ("GET /b?list-type=2", "ListObjectsV2"),
        ("GET /b?list-type=1", "ListObjects"),
        ("GET /b?acl", "GetBucketAcl"),
        ("GET /b?acl=", "GetBucketAcl"),
        // Whoever serves the call reads the decoded query.
        ("GET /b?%61cl=1", "GetBucketAcl"),
        ("PUT /b/k?a%63l", "PutObjectAcl"),
        ("DELETE /b?%70olicy=1", "DeleteBucketPolicy"),
        ("PUT /b/k?part%4Eumber=1&uploadI%64=x", "UploadPart"),
        ("GET /b?list%2Dtype=%32", "ListObjectsV2"),
        ("DELETE /b?%2570olicy=1", "DeleteBucket"),
        ("GET /b/k?acl", "GetObjectAcl"),
        ("GET /b?inventory&id=1", "GetBucketInventoryConfiguration"),
        ("GET /b?inventory", "ListBucketInventoryConfigurations"),
        ("GET /b?analytics&id=1", "GetBucketAnalyticsConfiguration"),
        ("GET /b?metrics", "ListBucketMetricsConfigurations"),
        ("GET /b?intelligent-tiering&id=1", "GetBucketIntelligentTieringConfiguration"),
        ("PUT /b/k", "PutObject"),
        ("PUT /b/k?partNumber=1&uploadId=u", "UploadPart"),
        ("POST /b/k?uploads", "CreateMultipartUpload"),
        ("POST /b/k?uploadId=u", "CompleteMultipartUpload"),
        ("DELETE /b/k?uploadId=u", "AbortMultipartUpload"),
        ("POST /b?delete", "DeleteObjects"),
        ("PUT /b?lifecycle", "PutBucketLifecycleConfiguration"),
        ("HEAD /b", "HeadBucket"),
        ("HEAD /b/k", "HeadObject"),
    ] {
        ask(line).scope("s3").is(&format!("s3:{name}"));
    }
    let copy = [("x-amz-copy-source", "/a/b")];
    ask("PUT /b/k").scope("s3").headers(&copy).is("s3:CopyObject");
    ask("PUT /b/k?partNumber=1&uploadId=u").scope("s3").headers(&copy).is("s3:UploadPartCopy");
}

#[test]
fn what_sdks_add_to_the_query_changes_nothing() {
    ask("GET /b/k?x-id=GetObject").scope("s3").is("s3:GetObject");
    ask("GET /b?list-type=2&x-id=ListObjectsV2&prefix=p%2F").scope("s3").is("s3:ListObjectsV2");
}

#[test]
fn slashes_of_s3_keys_are_the_keys_own() {
    for (line, name) in [
        ("GET /b/", "ListObjects"),
        ("GET /b//", "GetObject"),
        ("GET /b//k", "GetObject"),
        ("PUT /b/dir/", "PutObject"),
        ("GET /b/a//b", "GetObject"),
        ("GET /b/%2F", "GetObject"),
    ] {
        let found = ask(line).scope("s3").is(&format!("s3:{name}"));
        assert_eq!(found.bucket.as_deref(), Some("b"), "{line}");
    }
    // An empty bucket is none.
    assert_eq!(ask("GET //k").scope("s3").refused().0, Some("s3"));
}

#[test]
fn labels_keep_their_escapes_and_greedy_ones_their_slashes() {
    let policy =
        "GET /2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-west-1%3A1%3Afunction%3Af/policy";
    ask(policy).scope("lambda").is("lambda:GetPolicy");
    let tags = "GET /tags/arn%3Aaws%3Aeks%3Aeu-west-1%3A1%3Acluster%2Fx";
    ask(tags).scope("eks").is("eks:ListTagsForResource");
    // A label takes one part, and not an empty one.
    assert_eq!(
        ask("GET /2015-03-31/functions//policy").scope("lambda").refused().0,
        Some("lambda")
    );
}

#[test]
fn a_greedy_label_may_have_a_suffix() {
    let suffix = greedy_with_suffix();
    assert!(!suffix.is_empty(), "no template has one any more");
    for operation in suffix {
        let path: Vec<_> =
            operation.uri().split(['?', '/']).filter(|part| !part.is_empty()).collect();
        let path: Vec<_> = path
            .iter()
            .map(|part| match (part.starts_with('{'), part.ends_with("+}")) {
                (true, true) => "a/b//c",
                (true, false) => "x",
                _ => part,
            })
            .collect();
        let line = format!("{} /{}", operation.method(), path.join("/"));
        let found = ask(&line).scope(operation.service().signing_name());
        found.is(&format!("{operation:?}"));
    }
}

/// Operations with a greedy label that is not the end of the path, and nothing else required.
fn greedy_with_suffix() -> Vec<Operation<'static>> {
    let all = crate::model::services().filter_map(ServiceHead::service);
    let all = all.flat_map(Service::operations);
    all.filter(|operation| {
        let after = operation.uri().split_once("+}").map(|(_, after)| after);
        let mut members = operation.input().into_iter().flat_map(Shape::members);
        let elsewhere = [crate::model::Location::Header, crate::model::Location::QueryString];
        let is_plain = !operation.uri().contains('?')
            && !members.any(|member| member.required() && elsewhere.contains(&member.location()));
        is_plain && after.is_some_and(|after| after.len() > 1)
    })
    .take(5)
    .collect()
}

#[test]
fn a_trailing_slash_is_taken_from_who_has_it() {
    ask("GET /2013-04-01/hostedzone").scope("route53").is("route53:ListHostedZones");
    ask("GET /2013-04-01/hostedzone/").scope("route53").is("route53:ListHostedZones");
}

#[test]
fn a_browsers_upload_is_told_by_its_form() {
    let form = [("content-type", "multipart/form-data; boundary=B")];
    let found = ask("POST /pictures").headers(&form).is("s3:PostObject");
    assert_eq!(found.bucket.as_deref(), Some("pictures"));
    assert!(found.call().data_event() && !found.call().read_only());
    let virtual_host = [form[0], ("host", "pictures.localhost")];
    ask("POST /").headers(&virtual_host).is("s3:PostObject");
    ask("POST /pictures").scope("s3").refused();
}
