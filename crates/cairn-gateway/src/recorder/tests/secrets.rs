//! Secrets by their names: what is hidden, what stays, and what was looked through by eye.

use std::collections::BTreeSet;

use cairn_event::RecordHead;
use cairn_wire::model::{self, Shape, ShapeKind};
use serde_json::{Value as Json, json};

use super::cases::{Case, render};
use super::fidelity::lines as records;
use crate::recorder::rules::{Action, Rules, Side};
use crate::recorder::secrets::{member_is_hidden, text_without_secrets};
use crate::recorder::services::lines;

const MASK: &str = "HIDDEN_DUE_TO_SECURITY_REASONS";

/// `requestParameters` of a call with these parameters.
fn request(service: &str, operation: &str, params: &Json) -> Json {
    let case = json!({
        "about": "", "service": service, "operation": operation, "params": params, "record": {},
    });
    let case: Case = serde_json::from_str(&case.to_string()).unwrap();
    let record: Json = serde_json::from_str(&render(&case)).unwrap();
    record["requestParameters"].clone()
}

/// Every call here carries `SEKRET` in the places that must not show it.
fn calls_with_secrets() -> Vec<(&'static str, &'static str, Json)> {
    let s = "SEKRET";
    vec![
        ("elasticache", "CreateUser", json!({"UserId": "u", "Passwords": [s, s]})),
        ("elasticache", "CreateReplicationGroup", json!({"AuthToken": s})),
        ("memorydb", "CreateUser", json!({"AuthenticationMode": {"Passwords": [s]}})),
        ("mq", "CreateBroker", json!({"Users": [{"Username": "u", "Password": s}]})),
        (
            "glue",
            "CreateConnection",
            json!({"ConnectionInput": {"ConnectionProperties": {"PASSWORD": s, "HOST": "h"}}}),
        ),
        (
            "sns",
            "CreatePlatformApplication",
            json!({"Name": "n", "Attributes": {"PlatformCredential": s}}),
        ),
        ("apigateway", "CreateApiKey", json!({"name": "n", "value": s})),
        ("sso-oidc", "CreateToken", json!({"clientSecret": s, "deviceCode": s, "code": s})),
        ("amplify", "CreateApp", json!({"name": "a", "environmentVariables": {"COLOR": s}})),
        ("sts", "AssumeRole", json!({"RoleArn": "arn:r", "TokenCode": s})),
        ("emr", "RunJobFlow", json!({"KerberosAttributes": {"KdcAdminPassword": s}})),
        ("neptune", "CreateDBCluster", json!({"MasterUserPassword": s})),
        (
            "elbv2",
            "CreateListener",
            json!({"DefaultActions": [
            {"Type": "authenticate-oidc", "AuthenticateOidcConfig": {"ClientSecret": s}}]}),
        ),
        ("pinpoint", "UpdateApnsChannel", json!({"APNSChannelRequest": {"PrivateKey": s}})),
        ("lambda", "CreateFunction", json!({"Environment": {"Variables": {"COLOR": s}}})),
        ("iam", "EnableMFADevice", json!({"UserName": "u", "AuthenticationCode1": s})),
        (
            "chime-sdk-voice",
            "UpdateSipMediaApplicationCall",
            json!({"SipMediaApplicationId": "a", "TransactionId": "t", "Arguments": {s: "v"}}),
        ),
        ("sagemaker", "CreateModel", json!({"PrimaryContainer": {"Environment": {"A": s}}})),
    ]
}

/// The same in lists of names and values.
fn pairs_with_secrets() -> Vec<(&'static str, &'static str, Json)> {
    let pair = |key: &str, value: &str, name: &str| json!({key: name, value: "SEKRET"});
    vec![
        (
            "batch",
            "SubmitJob",
            json!({"containerOverrides": {"environment": [pair("name", "value", "COLOR")]}}),
        ),
        (
            "ecs",
            "RegisterTaskDefinition",
            json!({"containerDefinitions": [{"environment": [pair("name", "value", "COLOR")]}]}),
        ),
        (
            "elasticbeanstalk",
            "CreateEnvironment",
            json!({"OptionSettings": [
                pair("OptionName", "Value", "DBPassword"),
                {"Namespace": "aws:elasticbeanstalk:application:environment", "OptionName": "X",
                 "Value": "SEKRET"},
            ]}),
        ),
        (
            "cloudformation",
            "CreateStack",
            json!({"Parameters": [pair("ParameterKey", "ParameterValue", "DBPassword")]}),
        ),
        ("ec2", "CreateTags", json!({"Tags": [pair("Key", "Value", "db-password")]})),
        (
            "datapipeline",
            "ActivatePipeline",
            json!({"pipelineId": "p", "parameterValues":
            [pair("id", "stringValue", "myPassword")]}),
        ),
    ]
}

#[test]
fn secrets_are_hidden_by_their_names() {
    for (service, operation, params) in calls_with_secrets().into_iter().chain(pairs_with_secrets())
    {
        let text = request(service, operation, &params).to_string();
        assert!(!text.contains("SEKRET"), "{service} {operation}: {text}");
    }
}

#[test]
fn a_list_of_secrets_keeps_its_length_and_what_stands_beside_a_secret_stays() {
    let users =
        request("elasticache", "CreateUser", &json!({"UserId": "u", "Passwords": ["a", "b"]}));
    assert_eq!(users, json!({"userId": "u", "passwords": [MASK, MASK]}));
    let tags = json!({"Tags": [
        {"Key": "DBPassword", "Value": "x"},
        {"Key": "Color", "Value": "red"}]});
    assert_eq!(
        request("cloudformation", "CreateStack", &tags)["tags"],
        json!([{"key": "DBPassword", "value": MASK}, {"key": "Color", "value": "red"}])
    );
    let broker = json!({"Users": [{"Username": "u", "Password": "p"}]});
    assert_eq!(
        request("mq", "CreateBroker", &broker)["users"],
        json!([{"username": "u", "password": "***"}])
    );
}

/// Every text here stays in the record.
fn calls_without_secrets() -> Vec<(&'static str, &'static str, Json)> {
    let arn = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:SHOWN";
    vec![
        ("secretsmanager", "GetSecretValue", json!({"SecretId": "SHOWN", "VersionId": "SHOWN"})),
        ("secretsmanager", "CreateSecret", json!({"Name": "SHOWN", "ClientRequestToken": "SHOWN"})),
        ("rds-data", "BeginTransaction", json!({"secretArn": arn, "resourceArn": "SHOWN"})),
        ("iam", "DeleteAccessKey", json!({"UserName": "SHOWN", "AccessKeyId": "SHOWN"})),
        ("kms", "DescribeKey", json!({"KeyId": "SHOWN", "GrantTokens": ["SHOWN"]})),
        (
            "kms",
            "GenerateDataKey",
            json!({"KeyId": "SHOWN", "EncryptionContext": {"SecretARN": "SHOWN", "token": "SHOWN"}}),
        ),
        ("cloudtrail", "ListTrails", json!({"NextToken": "SHOWN"})),
        ("ec2", "DescribeInstances", json!({"NextToken": "SHOWN"})),
        ("ec2", "RunInstances", json!({"ClientToken": "SHOWN"})),
        ("apigateway", "DeleteApiKey", json!({"apiKey": "SHOWN"})),
        (
            "apigateway",
            "CreateAuthorizer",
            json!({"name": "SHOWN", "authorizerCredentials":
            "arn:aws:iam::111122223333:role/SHOWN"}),
        ),
        ("wafv2", "DeleteWebACL", json!({"LockToken": "SHOWN", "Name": "SHOWN"})),
        ("waf", "CreateRule", json!({"ChangeToken": "SHOWN"})),
        ("acm", "RequestCertificate", json!({"IdempotencyToken": "SHOWN"})),
        ("efs", "CreateFileSystem", json!({"CreationToken": "SHOWN"})),
        ("logs", "PutSubscriptionFilter", json!({"logGroupName": "SHOWN", "filterName": "SHOWN"})),
        ("appconfig", "GetConfiguration", json!({"Environment": "SHOWN"})),
        ("batch", "CreateComputeEnvironment", json!({"computeEnvironmentName": "SHOWN"})),
        ("pinpoint", "GetApps", json!({"Token": "SHOWN"})),
        ("codepipeline", "PutApprovalResult", json!({"token": "SHOWN", "stageName": "SHOWN"})),
        ("iam", "UpdateSAMLProvider", json!({"RemovePrivateKey": "SHOWN"})),
        ("ec2", "CreateTags", json!({"Tags": [{"Key": "Name", "Value": "SHOWN"}]})),
    ]
}

#[test]
fn names_versions_and_places_in_lists_stay() {
    for (service, operation, params) in calls_without_secrets() {
        let record = request(service, operation, &params).to_string();
        let count = |text: &str| text.matches("SHOWN").count();
        assert_eq!(count(&record), count(&params.to_string()), "{service} {operation}: {record}");
    }
}

/// Names of text members that hold one of these are looked through by eye.
const SOUNDS_SECRET: [&str; 12] = [
    "passw",
    "passp",
    "passc",
    "pwd",
    "secret",
    "token",
    "credential",
    "privatekey",
    "apikey",
    "authkey",
    "sharedkey",
    "webhook",
];

struct Review<'r> {
    found: &'r mut BTreeSet<String>,
    rules: Rules,
    path: Vec<&'static str>,
    /// Those looked at already: models are nested too deep to go every way.
    shapes: Vec<model::ShapeId>,
}

impl Review<'_> {
    fn look(&mut self, shape: Shape<'static>) {
        if shape.sensitive() || self.shapes.contains(&shape.id()) {
            return;
        }
        self.shapes.push(shape.id());
        match shape.kind() {
            ShapeKind::Structure => {
                for member in shape.members().filter(|member| !member.sensitive()) {
                    self.path.push(member.name());
                    self.look_at(member.name(), member.shape());
                    self.path.pop();
                }
            }
            ShapeKind::List => self.look(shape.list_member().unwrap().shape()),
            ShapeKind::Map => self.look(shape.map_value().unwrap().shape()),
            _ => {}
        }
    }

    fn look_at(&mut self, name: &str, shape: Shape<'static>) {
        let rule = self.rules.at(&self.path);
        let lower = name.to_ascii_lowercase();
        let is_shown = match rule {
            Some(Action::Keep | Action::Rename(_)) => true,
            Some(_) => return,
            None => !member_is_hidden(name),
        };
        if is_shown && is_text(shape) && SOUNDS_SECRET.iter().any(|word| lower.contains(word)) {
            self.found.insert(lower);
        }
        self.look(shape);
    }
}

fn is_text(shape: Shape<'static>) -> bool {
    match shape.kind() {
        ShapeKind::List => is_text(shape.list_member().unwrap().shape()),
        ShapeKind::Map => is_text(shape.map_value().unwrap().shape()),
        kind => kind == ShapeKind::String && !shape.sensitive(),
    }
}

#[test]
fn every_name_that_sounds_secret_and_is_shown_was_looked_at() {
    let mut found = BTreeSet::new();
    for head in model::services() {
        let service = model::service(head.id).unwrap();
        for operation in service.operations() {
            for (side, shape) in
                [(Side::Request, operation.input()), (Side::Response, operation.output())]
            {
                if side == Side::Response && operation.read_only() {
                    continue;
                }
                let rules = Rules::of(service.id(), operation.name(), side);
                let mut review =
                    Review { found: &mut found, rules, path: Vec::new(), shapes: Vec::new() };
                if let Some(shape) = shape {
                    review.look(shape);
                }
            }
        }
    }
    let known: BTreeSet<String> =
        lines(include_str!("shown_names.txt")).map(str::to_owned).collect();
    let new: Vec<_> = found.difference(&known).collect();
    let gone: Vec<_> = known.difference(&found).collect();
    assert!(new.is_empty() && gone.is_empty(), "not looked at: {new:?}\nno more there: {gone:?}");
}

/// How the texts begin that AWS puts in the place of secrets.
const MASKS: [&str; 4] = ["*", "HIDDEN", "[PROTECTED]", "Value hidden"];

/// What AWS wrote and we would hide: `event source:name .path`.
/// AWS's samples show a device code, and STS its session tokens: both open doors, so we hide the
/// first and leave out the second.
const SHOWN_BY_AWS: [&str; 4] = [
    "sso.amazonaws.com:CreateToken deviceCode",
    "sts.amazonaws.com:AssumeRole credentials",
    "sts.amazonaws.com:GetFederationToken credentials",
    "sts.amazonaws.com:GetSessionToken credentials",
];

#[test]
fn what_published_records_show_stays() {
    let mut found = BTreeSet::new();
    for line in records() {
        let head = RecordHead::parse(line.as_bytes()).unwrap();
        for text in [head.request_parameters, head.response_elements].into_iter().flatten() {
            let Some(ours) = text_without_secrets(text, MASK) else { continue };
            let event = format!(
                "{}:{}",
                head.event_source.as_deref().unwrap_or_default(),
                head.event_name.as_deref().unwrap_or_default()
            );
            let theirs: Json = serde_json::from_str(text).unwrap();
            let ours: Json = serde_json::from_str(&ours).unwrap();
            hidden_only_by_us(&theirs, &ours, &event, &mut found);
        }
    }
    let known: BTreeSet<String> = SHOWN_BY_AWS.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(found, known);
}

fn hidden_only_by_us(theirs: &Json, ours: &Json, path: &str, found: &mut BTreeSet<String>) {
    match (theirs, ours) {
        (Json::Object(theirs), Json::Object(ours)) => {
            for (key, value) in theirs {
                hidden_only_by_us(value, &ours[key], &format!("{path} {key}"), found);
            }
        }
        (Json::Array(theirs), Json::Array(ours)) => {
            for (theirs, ours) in theirs.iter().zip(ours) {
                hidden_only_by_us(theirs, ours, path, found);
            }
        }
        (Json::String(text), _) if MASKS.iter().any(|mask| text.starts_with(mask)) => {}
        _ if theirs == ours => {}
        _ => {
            found.insert(path.to_owned());
        }
    }
}
