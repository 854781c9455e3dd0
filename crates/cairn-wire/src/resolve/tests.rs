//! One case for each trap that a request can show; the inverse oracle covers the breadth.

use http::HeaderMap;

use super::*;

struct Ask<'a> {
    line: &'a str,
    scope: &'a str,
    headers: &'a [(&'static str, &'a str)],
    form: Option<&'a str>,
}

fn ask(line: &str) -> Ask<'_> {
    Ask { line, scope: "", headers: &[], form: None }
}

impl<'a> Ask<'a> {
    fn scope(self, scope: &'a str) -> Self {
        Self { scope, ..self }
    }

    fn headers(self, headers: &'a [(&'static str, &'a str)]) -> Self {
        Self { headers, ..self }
    }

    fn form(self, form: &'a str) -> Self {
        Self { form: Some(form), ..self }
    }

    fn resolve(&self) -> Result<Resolution, ResolveError> {
        let (method, target) = self.line.split_once(' ').unwrap();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut headers = HeaderMap::new();
        headers.insert("host", "127.0.0.1:4580".parse().unwrap());
        if !self.scope.is_empty() {
            let credential = format!(
                "AWS4-HMAC-SHA256 Credential=AKIAX/20261125/eu-west-1/{}/aws4_request, SignedHeaders=host, Signature=0",
                self.scope
            );
            headers.insert("authorization", credential.parse().unwrap());
        }
        if self.form.is_some() {
            headers.insert("content-type", "application/x-www-form-urlencoded; charset=utf-8".parse().unwrap());
        }
        for (name, value) in self.headers {
            headers.insert(*name, value.parse().unwrap());
        }
        let head = RequestHead { method, path, query, headers: &headers };
        resolve(&head, self.form.map(str::as_bytes), &BaseDomains::default())
    }

    #[track_caller]
    fn is(&self, expected: &str) -> Resolved {
        match self.resolve() {
            Ok(Resolution::Call(found)) => {
                assert_eq!(format!("{:?}", found.call()), expected, "{}", self.line);
                found
            }
            other => panic!("{}: {other:?}, not {expected}", self.line),
        }
    }
}

#[test]
fn targets_are_split_at_the_last_dot_and_have_two_spellings() {
    for target in [
        "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents",
        "CloudTrail_20131101.LookupEvents",
    ] {
        ask("POST /").scope("cloudtrail").headers(&[("x-amz-target", target)]).is("cloudtrail:LookupEvents");
    }
    let other = ask("POST /").scope("cloudtrail").headers(&[("x-amz-target", "Other.v1.LookupEvents")]).resolve();
    let Err(ResolveError::UnknownOperation { service, name, .. }) = other else { panic!("{other:?}") };
    assert_eq!((service.unwrap().id(), name.as_deref()), ("cloudtrail", Some("LookupEvents")));
}

#[test]
fn a_known_target_wins_over_a_wrong_scope() {
    let target = [("x-amz-target", "secretsmanager.ListSecrets")];
    ask("POST /").scope("s3").headers(&target).is("secretsmanager:ListSecrets");
}

#[test]
fn query_calls_keep_their_operation_in_the_form() {
    let identity = "Action=GetCallerIdentity&Version=2011-06-15";
    ask("POST /").scope("sts").form(identity).is("sts:GetCallerIdentity");
    ask("GET /?Action=GetCallerIdentity&Version=2011-06-15").scope("sts").is("sts:GetCallerIdentity");
    let head = [("content-type", "application/x-www-form-urlencoded")];
    assert!(matches!(ask("POST /").scope("sts").headers(&head).resolve(), Ok(Resolution::NeedsForm)));
    ask("POST /").form("Action=DescribeDBInstances&Version=2014-10-31").scope("rds").is("rds:DescribeDBInstances");
    ask("POST /123456789012/queue").scope("sqs").form("Action=SendMessage&Version=2012-11-05").is("sqs:SendMessage");
}

#[test]
fn one_action_of_several_services_is_told_by_the_version() {
    ask("POST /").form("Action=CreateTags&Version=2016-11-15").scope("ec2").is("ec2:CreateTags");
    ask("POST /").form("Action=GetCallerIdentity&Version=2011-06-15").is("sts:GetCallerIdentity");
}

#[test]
fn cbor_paths_name_service_and_operation() {
    let cbor = [("smithy-protocol", "rpc-v2-cbor")];
    let line = "POST /service/GraniteServiceVersion20100801/operation/PutMetricData";
    let found = ask(line).scope("monitoring").headers(&cbor).is("cloudwatch:PutMetricData");
    assert_eq!(found.protocol, Protocol::RpcV2Cbor);
}

#[test]
fn s3_operations_of_one_uri_are_told_by_query_and_headers() {
    for (line, name) in [
        ("GET /", "ListBuckets"),
        ("PUT /b", "CreateBucket"),
        ("GET /b", "ListObjects"),
        ("GET /b/", "ListObjects"),
        ("GET /b?list-type=2", "ListObjectsV2"),
        ("GET /b?acl", "GetBucketAcl"),
        ("GET /b?acl=", "GetBucketAcl"),
        ("GET /b/k?acl", "GetObjectAcl"),
        ("GET /b?inventory&id=1", "GetBucketInventoryConfiguration"),
        ("GET /b?inventory", "ListBucketInventoryConfigurations"),
        ("PUT /b/k", "PutObject"),
        ("PUT /b/dir/", "PutObject"),
        ("GET /b//k", "GetObject"),
        ("PUT /b/k?partNumber=1&uploadId=u", "UploadPart"),
        ("POST /b/k?uploads", "CreateMultipartUpload"),
        ("POST /b/k?uploadId=u", "CompleteMultipartUpload"),
        ("POST /b?delete", "DeleteObjects"),
        ("GET /b/k?x-id=GetObject", "GetObject"),
        ("PUT /b?lifecycle", "PutBucketLifecycleConfiguration"),
    ] {
        ask(line).scope("s3").is(&format!("s3:{name}"));
    }
    let copy = [("x-amz-copy-source", "/a/b")];
    ask("PUT /b/k").scope("s3").headers(&copy).is("s3:CopyObject");
    ask("PUT /b/k?partNumber=1&uploadId=u").scope("s3").headers(&copy).is("s3:UploadPartCopy");
}

#[test]
fn hosts_and_paths_name_the_bucket() {
    let virtual_host = [("host", "pictures.localhost:4580")];
    let found = ask("GET /a/b").scope("s3").headers(&virtual_host).is("s3:GetObject");
    assert_eq!((found.bucket.as_deref(), found.virtual_host), (Some("pictures"), true));
    let found = ask("GET /").scope("s3").headers(&virtual_host).is("s3:ListObjects");
    assert!(found.virtual_host);
    let found = ask("GET /pi%63tures/k").scope("s3").is("s3:GetObject");
    assert_eq!((found.bucket.as_deref(), found.virtual_host), (Some("pictures"), false));
}

#[test]
fn services_that_share_a_signing_name() {
    ask("GET /v20180820/accesspoint").scope("s3").headers(&[("x-amz-account-id", "1")]).is("s3control:ListAccessPoints");
    ask("GET /2021-01-01/domain").scope("es").is("opensearch:ListDomainNames");
    ask("POST /v2/email/outbound-emails").scope("ses").is("sesv2:SendEmail");
    let agent = [("user-agent", "aws-sdk-js/3 api/lambda_microvms#3.1")];
    let line = "GET /2017-03-31/tags/arn%3Aaws%3Alambda%3Aeu-west-1%3A1%3Afunction%3Af";
    ask(line).scope("lambda").is("lambda:ListTags");
    let _ = ask(line).scope("lambda").headers(&agent).resolve();
}

#[test]
fn labels_keep_their_escapes_and_greedy_ones_their_slashes() {
    ask("GET /2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-west-1%3A1%3Afunction%3Af/policy")
        .scope("lambda")
        .is("lambda:GetPolicy");
    ask("GET /tags/arn%3Aaws%3Aeks%3Aeu-west-1%3A1%3Acluster%2Fx").scope("eks").is("eks:ListTagsForResource");
}

#[test]
fn presigned_calls_carry_their_scope_in_the_query() {
    let line = "GET /b/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAX%2F20261125%2Feu-west-1%2Fs3%2Faws4_request";
    let found = ask(line).is("s3:GetObject");
    assert!(found.presigned);
    assert_eq!(found.region.as_deref(), Some("eu-west-1"));
    ask("GET /b/k?AWSAccessKeyId=AKIAX&Signature=x&Expires=1").is("s3:GetObject");
}

#[test]
fn without_a_signature() {
    let target = [("x-amz-target", "AWSCognitoIdentityProviderService.InitiateAuth")];
    ask("POST /").headers(&target).is("cognito-idp:InitiateAuth");
    ask("GET /b/k").is("s3:GetObject");
}

#[test]
fn data_behind_an_api_gateway_is_no_operation() {
    let found = ask("GET /prod/pets/1").scope("execute-api").resolve();
    assert!(matches!(found, Ok(Resolution::NotAws(NotAws::ExecuteApi))), "{found:?}");
    ask("POST /@connections/abc").scope("execute-api").is("apigatewaymanagementapi:PostToConnection");
}
