//! Who is called: hosts, scopes, siblings, signatures in the query, no signature at all.

use super::*;
use crate::model::Shape;

#[test]
fn hosts_and_paths_name_the_bucket() {
    let virtual_host = [("host", "pictures.localhost:4580")];
    let found = ask("GET /a/b").scope("s3").headers(&virtual_host).is("s3:GetObject");
    assert_eq!((found.bucket.as_deref(), found.virtual_host), (Some("pictures"), true));
    let found = ask("GET /").scope("s3").headers(&virtual_host).is("s3:ListObjects");
    assert!(found.virtual_host);
    let found = ask("GET /pi%63tures/k").scope("s3").is("s3:GetObject");
    assert_eq!((found.bucket.as_deref(), found.virtual_host), (Some("pictures"), false));
    let slash = ask("GET //").scope("s3").headers(&virtual_host).is("s3:GetObject");
    assert_eq!(slash.bucket.as_deref(), Some("pictures"));
}

#[test]
fn an_anonymous_bucket_may_be_called_as_a_service_is() {
    for host in ["sts.localhost", "pictures.localhost", "kms.localhost:4580"] {
        let found = ask("GET /k").headers(&[("host", host)]).is("s3:GetObject");
        assert!(found.virtual_host, "{host}");
    }
    let sts = [("host", "sts.localhost")];
    let form = ask("POST /").headers(&sts).form("Action=GetCallerIdentity&Version=2011-06-15");
    form.is("sts:GetCallerIdentity");
}

#[test]
fn directory_buckets() {
    let session = ask("GET /?session").scope("s3express").headers(&[("host", "b--x-s3.localhost")]);
    session.is("s3:CreateSession");
    ask("GET /").scope("s3express").is("s3:ListDirectoryBuckets");
    let control = [("host", "s3express-control.us-east-1.amazonaws.com")];
    ask("GET /").scope("s3").headers(&control).is("s3:ListDirectoryBuckets");
    ask("PUT /b--use1-az4--x-s3").scope("s3express").headers(&control).is("s3:CreateBucket");
    ask("GET /").scope("s3").is("s3:ListBuckets");
}

#[test]
fn other_scopes_of_s3() {
    ask("GET /b/k").scope("s3-outposts").is("s3:GetObject");
    let outposts = ask("GET /S3Outposts/ListEndpoints").scope("s3-outposts");
    outposts.is("s3outposts:ListEndpoints");
    ask("GET /b/k").scope("s3-object-lambda").is("s3:GetObject");
}

#[test]
fn services_that_share_a_signing_name() {
    let account = [("x-amz-account-id", "123456789012")];
    ask("GET /v20180820/accesspoint")
        .scope("s3")
        .headers(&account)
        .is("s3control:ListAccessPoints");
    ask("GET /2021-01-01/domain").scope("es").is("opensearch:ListDomainNames");
    ask("GET /2015-01-01/domain").scope("es").is("es:ListDomainNames");
    ask("POST /v2/email/outbound-emails").scope("ses").is("sesv2:SendEmail");
    ask("POST /foundation-model/x/invoke").scope("bedrock").refused();
    ask("POST /model/x/invoke").scope("bedrock").is("bedrock-runtime:InvokeModel");
}

#[test]
fn identical_wires_are_told_by_agent_then_host_then_name() {
    let line = "GET /2017-03-31/tags/arn%3Aaws%3Alambda%3Aeu-west-1%3A1%3Afunction%3Af";
    ask(line).scope("lambda").is("lambda:ListTags");
    let agent = [("user-agent", "aws-sdk-js/3.9 api/lambda-microvms#3.9")];
    ask(line).scope("lambda").headers(&agent).is("lambda-microvms:ListTags");

    let clusters =
        || ask("POST /").scope("rds").form("Action=DescribeDBClusters&Version=2014-10-31");
    clusters().is("rds:DescribeDBClusters");
    let go = [("user-agent", "aws-sdk-go-v2/1.30 api/neptune#1.2.3")];
    clusters().headers(&go).is("neptune:DescribeDBClusters");
    let cli = [("user-agent", "aws-cli/2.17 md/command#docdb.describe-db-clusters")];
    clusters().headers(&cli).is("docdb:DescribeDBClusters");

    let imports = || ask("POST /imports/").scope("lex");
    imports().is("lexv2-models:ListImports");
    let host = [("host", "models.lex.us-east-1.amazonaws.com")];
    imports().headers(&host).is("lex-models:StartImport");
}

#[test]
fn host_prefixes_of_operations_change_nothing() {
    let account = [("host", "123456789012.localhost:4566"), ("x-amz-account-id", "123456789012")];
    let points = ask("GET /v20180820/accesspoint").scope("s3").headers(&account);
    points.is("s3control:ListAccessPoints");
    let route =
        [("host", "route.localhost"), ("x-amz-request-route", "r"), ("x-amz-request-token", "t")];
    let answer = ask("POST /WriteGetObjectResponse").scope("s3-object-lambda").headers(&route);
    let found = answer.is("s3:WriteGetObjectResponse");
    assert_eq!((found.bucket, found.virtual_host), (None, false));
}

#[test]
fn presigned_calls_carry_their_scope_in_the_query() {
    let scope = |service: &str| {
        format!(
            "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAX%2F20261125%2Feu-west-1%2F{service}%2Faws4_request"
        )
    };
    let line = format!("GET /b/k?{}", scope("s3"));
    let found = ask(&line).is("s3:GetObject");
    assert!(found.presigned);
    assert_eq!(found.region.as_deref(), Some("eu-west-1"));
    let line = format!("GET /?Action=GetCallerIdentity&Version=2011-06-15&{}", scope("sts"));
    assert!(ask(&line).is("sts:GetCallerIdentity").presigned);
    let line = format!("GET /v1/speech?OutputFormat=mp3&Text=hi&VoiceId=Joanna&{}", scope("polly"));
    assert_eq!(ask(&line).refused().0, Some("polly"), "GET is not in its model");
}

#[test]
fn signatures_of_version_2_are_of_s3_unless_there_is_an_action() {
    let found = ask("GET /b/k?AWSAccessKeyId=AKIAX&Signature=x&Expires=1").is("s3:GetObject");
    assert!(found.presigned && found.region.is_none());
    let header = [("authorization", "AWS AKIAX:c2ln")];
    assert!(!ask("PUT /b/k").headers(&header).is("s3:PutObject").presigned);
    let old =
        "GET /?Action=GetCallerIdentity&Version=2011-06-15&AWSAccessKeyId=AKIAX&SignatureVersion=2";
    ask(old).is("sts:GetCallerIdentity");
}

#[test]
fn regions_come_from_the_scope_the_set_or_the_host() {
    let region = |headers: &[(&'static str, &str)]| {
        ask("GET /b").headers(headers).is("s3:ListObjects").region
    };
    let v4a = "AWS4-ECDSA-P256-SHA256 Credential=AKIAX/20261125/s3/aws4_request, Signature=0";
    assert_eq!(region(&[("authorization", v4a)]), None);
    let one = [("authorization", v4a), ("x-amz-region-set", "eu-west-1")];
    assert_eq!(region(&one).as_deref(), Some("eu-west-1"));
    assert_eq!(region(&[("authorization", v4a), ("x-amz-region-set", "*")]), None);
    let host = [("host", "s3.eu-central-1.amazonaws.com")];
    assert_eq!(region(&host).as_deref(), Some("eu-central-1"));
    let scoped = ask("GET /b").scope("s3").headers(&host).is("s3:ListObjects");
    assert_eq!(scoped.region.as_deref(), Some("eu-west-1"), "the signature wins");
}

#[test]
fn without_a_signature() {
    let target = [("x-amz-target", "AWSCognitoIdentityProviderService.InitiateAuth")];
    ask("POST /").headers(&target).is("cognito-idp:InitiateAuth");
    ask("GET /b/k").is("s3:GetObject");
    let portal = "GET /federation/credentials?role_name=r&account_id=1";
    let token = [("x-amz-sso_bearer_token", "t")];
    ask(portal).headers(&token).is("sso:GetRoleCredentials");
    ask("GET /federation/credentials").is("s3:GetObject");
    let saml = "Action=AssumeRoleWithSAML&Version=2011-06-15";
    assert!(ask("POST /").form(saml).is("sts:AssumeRoleWithSAML").call().unsigned());
}

#[test]
fn every_unsigned_operation_is_found_without_a_signature() {
    let mut count = 0;
    for service in crate::model::services().filter_map(ServiceHead::service) {
        for operation in service.operations().filter(|operation| operation.unsigned()) {
            count += 1;
            assert!(unsigned(operation), "{operation:?}");
        }
    }
    assert!(count >= 49, "{count}");
}

/// Whether the bare operation, with what it requires in head and path, is found.
fn unsigned(operation: Operation<'static>) -> bool {
    let name = operation.name();
    let service = operation.service();
    let wanted = format!("{operation:?}");
    let resolved = match service.protocols().first() {
        Some(Protocol::Json | Protocol::RpcV2Cbor) => {
            let target = format!("{}.{name}", service.target_prefix().unwrap());
            ask("POST /").headers(&[("x-amz-target", &target)]).resolve()
        }
        Some(Protocol::Query) => {
            let form = format!("Action={name}&Version={}", service.api_version());
            ask("POST /").form(&form).resolve()
        }
        _ => {
            let members = || operation.input().into_iter().flat_map(Shape::members);
            let required = |location| {
                members().filter(move |member| member.required() && member.location() == location)
            };
            let query: Vec<_> = required(crate::model::Location::QueryString)
                .map(|member| format!("{}=x", member.wire_name()))
                .collect();
            let headers: Vec<_> = required(crate::model::Location::Header)
                .map(|member| (member.wire_name(), "x"))
                .collect();
            let mark = if operation.uri().contains('?') { '&' } else { '?' };
            let line =
                format!("{} {}{mark}{}", operation.method(), operation.uri(), query.join("&"));
            ask(&line).headers(&headers).resolve()
        }
    };
    matches!(resolved, Ok(Resolution::Call(found)) if format!("{:?}", found.call()) == wanted)
}
