//! What a trail asks of a record besides its selectors: the switches `IncludeGlobalServiceEvents`
//! and `RecursiveLogging`.

use crate::{RecordHead, json};

/// Services without regions, by event source: their records carry the region of their home
/// (documented: IAM, CloudFront, Route 53, Organizations, WAF Classic, Shield, Support and Global
/// Accelerator; assumed: Route 53 Domains). In byte order.
const GLOBAL_SERVICES: [&str; 9] = [
    "cloudfront.amazonaws.com",
    "globalaccelerator.amazonaws.com",
    "iam.amazonaws.com",
    "organizations.amazonaws.com",
    "route53.amazonaws.com",
    "route53domains.amazonaws.com",
    "shield.amazonaws.com",
    "support.amazonaws.com",
    "waf.amazonaws.com",
];

/// Who delivers log files.
const CLOUDTRAIL: &str = "cloudtrail.amazonaws.com";

/// Whether a record comes from a service that has no regions, so that only trails with
/// `IncludeGlobalServiceEvents` take it.
///
/// STS has an endpoint in every region and one without; a call counts if its record says that the
/// latter answered: `endpointType` in `additionalEventData.RequestDetails` (observed). Records from
/// before that member existed count as regional: one too many is better than one too few.
pub fn is_global_service(record: &RecordHead<'_>) -> bool {
    match record.event_source.as_deref() {
        Some("sts.amazonaws.com") => record
            .additional_event_data
            .and_then(|data| json::at_path(data, &["RequestDetails", "endpointType"]))
            .is_some_and(|endpoint| endpoint == "\"global\""),
        Some(source) => GLOBAL_SERVICES.binary_search(&source).is_ok(),
        None => false,
    }
}

/// Whether a record tells of the delivery of a trail, so that a trail whose `RecursiveLogging` is
/// off leaves it out: an object that CloudTrail put, or log events (documented, exactly these two).
pub fn is_trail_delivery(record: &RecordHead<'_>) -> bool {
    record.identity.invoked_by.as_deref() == Some(CLOUDTRAIL)
        && matches!(
            (record.event_source.as_deref(), record.event_name.as_deref()),
            (Some("s3.amazonaws.com"), Some("PutObject"))
                | (Some("logs.amazonaws.com"), Some("PutLogEvents"))
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn global(record: &str) -> bool {
        is_global_service(&RecordHead::parse(record.as_bytes()).unwrap())
    }

    fn delivery(record: &str) -> bool {
        is_trail_delivery(&RecordHead::parse(record.as_bytes()).unwrap())
    }

    #[test]
    fn services_without_regions_are_known_by_source() {
        assert!(GLOBAL_SERVICES.is_sorted());
        for source in GLOBAL_SERVICES {
            assert!(global(&format!(r#"{{"eventSource":"{source}"}}"#)), "{source}");
        }
        for source in ["ec2", "wafv2", "waf-regional", "route53resolver", "signin", "IAM"] {
            assert!(!global(&format!(r#"{{"eventSource":"{source}.amazonaws.com"}}"#)), "{source}");
        }
        assert!(!global("{}"));
    }

    #[test]
    fn sts_is_global_where_its_global_endpoint_answered() {
        let call = |data: &str| {
            global(&format!(
                r#"{{"eventSource":"sts.amazonaws.com","additionalEventData":{data}}}"#
            ))
        };
        assert!(call(r#"{"RequestDetails":{"awsServingRegion":"x","endpointType":"global"}}"#));
        assert!(!call(r#"{"RequestDetails":{"awsServingRegion":"x","endpointType":"regional"}}"#));
        assert!(!call("null") && !call("\"global\"") && !call("{}"));
        assert!(!global(r#"{"eventSource":"sts.amazonaws.com"}"#));
    }

    #[test]
    fn only_the_two_calls_of_cloudtrail_are_deliveries() {
        let call = |by: &str, source: &str, name: &str| {
            delivery(&format!(
                r#"{{"userIdentity":{{"type":"AWSService","invokedBy":"{by}.amazonaws.com"}},
                    "eventSource":"{source}.amazonaws.com","eventName":"{name}"}}"#
            ))
        };
        assert!(call("cloudtrail", "s3", "PutObject"));
        assert!(call("cloudtrail", "logs", "PutLogEvents"));
        assert!(!call("cloudtrail", "s3", "GetBucketAcl"));
        assert!(!call("cloudtrail", "kms", "GenerateDataKey"));
        assert!(!call("cloudtrail", "logs", "PutObject"));
        assert!(!call("config", "s3", "PutObject"));
        assert!(!delivery(r#"{"eventSource":"s3.amazonaws.com","eventName":"PutObject"}"#));
    }
}
