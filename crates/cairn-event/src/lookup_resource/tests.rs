use super::*;

/// Each resource as `type name`, type `-` if there is none.
fn listed(source: &str, event: &str, rest: &str) -> Vec<String> {
    let text = format!(
        r#"{{"eventSource":"{source}.amazonaws.com","eventName":"{event}",{rest},"readOnly":false}}"#
    );
    let head = RecordHead::parse(text.as_bytes()).unwrap();
    lookup_resources(&head)
        .into_iter()
        .map(|r| format!("{} {}", r.resource_type.as_deref().unwrap_or("-"), r.resource_name))
        .collect()
}

#[test]
fn a_trail_appears_by_arn_and_name_with_its_bucket() {
    assert_eq!(
        listed(
            "cloudtrail",
            "CreateTrail",
            r#""requestParameters":{"name":"t","s3BucketName":"b"},
            "responseElements":{"name":"t","trailARN":"arn:t"}"#
        ),
        ["AWS::CloudTrail::Trail arn:t", "AWS::CloudTrail::Trail t", "AWS::S3::Bucket b"]
    );
    assert_eq!(
        listed("cloudtrail", "StopLogging", r#""requestParameters":{"name":"t"}"#),
        ["AWS::CloudTrail::Trail t"]
    );
    let lookup = r#""requestParameters":{"maxResults":1},"resources":[{"ARN":"arn:x"}]"#;
    assert_eq!(listed("cloudtrail", "LookupEvents", lookup), [""; 0]);
}

#[test]
fn a_role_appears_by_name_id_and_arn() {
    assert_eq!(
        listed(
            "iam",
            "CreateRole",
            r#""responseElements":{"role":{"roleName":"r","roleId":"AROAX","arn":"arn:r"}}"#
        ),
        ["AWS::IAM::Role r", "AWS::IAM::Role AROAX", "AWS::IAM::Role arn:r"]
    );
    assert_eq!(
        listed("iam", "PutRolePolicy", r#""requestParameters":{"roleName":"r","policyName":"p"}"#),
        ["AWS::IAM::Policy p", "AWS::IAM::Role r"]
    );
    assert_eq!(
        listed("iam", "GetRole", r#""readOnly":true,"requestParameters":{"roleName":"r"}"#).len(),
        1,
        "the last readOnly, false, counts"
    );
}

#[test]
fn reads_of_iam_and_denied_calls_list_nothing() {
    let text = br#"{"eventSource":"iam.amazonaws.com","eventName":"GetRole","readOnly":true,
        "requestParameters":{"roleName":"r"}}"#;
    assert_eq!(lookup_resources(&RecordHead::parse(text).unwrap()), []);
    let denied = r#""errorCode":"AccessDenied","resources":[{"ARN":"arn:x","type":"T"}]"#;
    assert_eq!(listed("kms", "Decrypt", denied), [""; 0]);
    assert_eq!(listed("ecr", "PutImage", denied), [""; 0]);
}

#[test]
fn keys_that_encrypt_have_no_type() {
    assert_eq!(
        listed("kms", "Encrypt", r#""requestParameters":{"keyId":"alias/a"}"#),
        ["- alias/a"]
    );
    assert_eq!(
        listed("kms", "GetKeyPolicy", r#""requestParameters":{"keyId":"1"}"#),
        ["AWS::KMS::Key 1"]
    );
    assert_eq!(listed("kms", "Decrypt", r#""requestParameters":null"#), [""; 0]);
}

#[test]
fn an_assumed_role_has_five_entries() {
    assert_eq!(
        listed(
            "sts",
            "AssumeRole",
            r#""requestParameters":{"roleArn":"arn:role","roleSessionName":"s"},
            "responseElements":{"credentials":{"accessKeyId":"ASIAX"},
            "assumedRoleUser":{"assumedRoleId":"AROAX:s","arn":"arn:session"}}"#
        ),
        [
            "AWS::IAM::AccessKey ASIAX",
            "AWS::STS::AssumedRole s",
            "AWS::STS::AssumedRole AROAX:s",
            "AWS::STS::AssumedRole arn:session",
            "AWS::IAM::Role arn:role",
        ]
    );
}

#[test]
fn names_are_found_at_any_depth_and_once() {
    assert_eq!(
        listed(
            "ec2",
            "TerminateInstances",
            r#""requestParameters":{"instancesSet":{"items":[{"instanceId":"i-1"}]}},
            "responseElements":{"instancesSet":{"items":[{"instanceId":"i-1"},{"vpcId":"v"}]}}"#
        ),
        ["AWS::EC2::Instance i-1", "AWS::EC2::VPC v"]
    );
}

#[test]
fn a_source_without_rules_lists_its_own_resources() {
    let rest = r#""resources":[{"ARN":"arn:1","type":"T"},{"ARNPrefix":"arn:2/"},{"type":"T"}]"#;
    assert_eq!(listed("glue", "X", rest), ["T arn:1", "- arn:2/"]);
}

#[test]
fn the_list_is_bounded() {
    let items: Vec<_> = (0..300).map(|i| format!("{{\"instanceId\":\"i-{i}\"}}")).collect();
    let rest = format!(r#""requestParameters":{{"items":[{}]}}"#, items.join(","));
    assert_eq!(listed("ec2", "StopInstances", &rest).len(), RESOURCES_MAX);
}
