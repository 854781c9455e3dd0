//! The event sources of network activity events.

/// What every event source ends in.
const DOMAIN: &str = ".amazonaws.com";

/// Whether a service sends network activity events.
pub(super) fn sends_network_activity(source: &str) -> bool {
    source.strip_suffix(DOMAIN).is_some_and(|name| SERVICES.binary_search(&name).is_ok())
}

/// The services of the CloudTrail user guide, April 2026 (documented). In byte order.
#[rustfmt::skip]
const SERVICES: [&str; 76] = [
    "aco-automation", "appconfig", "application-signals", "appmesh", "athena", "b2bi",
    "backup-gateway", "bcm-data-exports", "bcm-pricing-calculator", "bedrock", "bedrock-agentcore",
    "billing", "cassandra", "ce", "cloudcontrolapi", "cloudformation", "cloudhsm",
    "cloudoptimization", "cloudtrail", "codedeploy", "comprehend", "comprehendmedical", "config",
    "ds", "dynamodb", "ec2", "ecs", "elasticfilesystem", "elasticloadbalancing", "events",
    "firehose", "frauddetector", "freetier", "fsx", "glue", "healthlake", "invoicing", "iot",
    "iotfleetwise", "iotsecuredtunneling", "kms", "lakeformation", "lambda", "license-manager",
    "lookoutequipment", "lookoutvision", "monitoring", "nova-act", "personalize", "qbusiness",
    "rds", "rekognition", "rolesanywhere", "s3", "sagemaker", "scheduler", "secretsmanager",
    "servicediscovery", "sns", "sqs", "ssm", "ssm-contacts", "storagegateway", "swf", "textract",
    "transcribe", "transcribestreaming", "transform", "transform-agents", "transform-custom",
    "translate", "user-subscriptions", "verifiedpermissions", "voiceid", "workmail",
    "workmailmessageflow",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_known_by_their_whole_name() {
        assert!(SERVICES.is_sorted_by(|one, next| one < next));
        assert!(sends_network_activity("s3.amazonaws.com"));
        assert!(sends_network_activity("workmailmessageflow.amazonaws.com"));
        for source in ["s3", "iam.amazonaws.com", "s3.amazonaws.com.", ".amazonaws.com", ""] {
            assert!(!sends_network_activity(source), "{source}");
        }
    }
}
