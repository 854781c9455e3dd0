//! Calls after which a trail writes a final digest, as the records of its log files tell of them.
//!
//! A final digest is often shorter than the others, but need not be: then only the call says that the
//! run ends there. Anybody can have the name of such a call written into a record, so nothing but
//! the call itself counts: made of this trail, and not refused.

use cairn_event::RecordHead;
use cairn_event::split::{SplitLimits, records};
use cairn_event::trail::TrailArn;
use memchr::memmem;
use serde::Deserialize;

use super::chain_name::ChainName;

/// The calls. Files that have none of these words are not parsed.
const CALLS: [&str; 3] = ["StopLogging", "DeleteTrail", "UpdateTrail"];
/// Where they are made.
const SOURCE: &str = "cloudtrail.amazonaws.com";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parameters {
    /// The name of the trail, or its ARN.
    name: String,
    enable_log_file_validation: Option<bool>,
    is_multi_region_trail: Option<bool>,
}

/// Whether the content of a log file has a call that ends the runs of a chain's trail.
pub(crate) fn ends(content: &[u8], chain: &ChainName) -> bool {
    CALLS.iter().any(|call| memmem::find(content, call.as_bytes()).is_some())
        && records(content, SplitLimits::default())
            .flatten()
            .any(|record| RecordHead::parse(&record).is_ok_and(|head| is_ending(&head, chain)))
}

fn is_ending(head: &RecordHead<'_>, chain: &ChainName) -> bool {
    let Some(call) = head.event_name.as_deref().filter(|name| CALLS.contains(name)) else {
        return false;
    };
    if head.event_source.as_deref() != Some(SOURCE)
        || head.error_code.is_some()
        || head.error_message.is_some()
    {
        return false;
    }
    let Some(Ok(parameters)) = head.request_parameters.map(serde_json::from_str::<Parameters>)
    else {
        return false;
    };
    // Other changes of a trail do not end what its digests reach.
    let ends = call != "UpdateTrail"
        || parameters.enable_log_file_validation == Some(false)
        || parameters.is_multi_region_trail == Some(false);
    ends && is_of(&parameters.name, head, chain)
}

/// Whether a call names the trail of a chain. A bare name is one of the region and account of the
/// call; the trail of an organization may be another account's.
fn is_of(name: &str, head: &RecordHead<'_>, chain: &ChainName) -> bool {
    let is_own = |account: &str| chain.organization.is_some() || account == chain.account;
    match TrailArn::parse(name) {
        Ok(arn) => {
            arn.name.as_str() == chain.trail
                && arn.region.as_str() == chain.home_region
                && is_own(arn.account.as_str())
        }
        Err(_) => {
            name == chain.trail
                && head.aws_region.as_deref() == Some(chain.home_region.as_str())
                && head.account().is_none_or(is_own)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(source: &str, call: &str, region: &str, parameters: &str, rest: &str) -> Vec<u8> {
        format!(
            "{{\"Records\":[{{\"eventSource\":\"{source}.amazonaws.com\",\"eventName\":\"{call}\",\
             \"awsRegion\":\"{region}\",\"recipientAccountId\":\"111122223333\",\
             \"requestParameters\":{parameters}{rest}}}]}}"
        )
        .into_bytes()
    }

    #[test]
    fn only_a_call_of_the_trail_ends_it() {
        let chain = ChainName {
            organization: None,
            account: "111122223333".to_owned(),
            region: "us-east-1".to_owned(),
            trail: "audit".to_owned(),
            home_region: "us-east-1".to_owned(),
            backfill: false,
        };
        let arn = |region: &str, account: &str, name: &str| {
            format!(r#"{{"name":"arn:aws:cloudtrail:{region}:{account}:trail/{name}"}}"#)
        };
        let own = arn("us-east-1", "111122223333", "audit");
        let (bare, home) = (r#"{"name":"audit"}"#, "us-east-1");
        let off = r#"{"name":"audit","enableLogFileValidation":false}"#;
        for (call, parameters) in [
            ("StopLogging", bare),
            ("StopLogging", &own),
            ("DeleteTrail", bare),
            ("UpdateTrail", off),
        ] {
            assert!(ends(&record("cloudtrail", call, home, parameters, ""), &chain), "{call}");
        }
        let told = r#"{"name":"audit","userAgent":"\"StopLogging\""}"#;
        for (source, call, region, parameters, rest) in [
            ("s3", "StopLogging", home, bare, ""),
            ("cloudtrail", "GetTrail", home, told, ",\"userAgent\":\"StopLogging\""),
            ("cloudtrail", "StopLogging", home, bare, ",\"errorCode\":\"AccessDenied\""),
            ("cloudtrail", "StopLogging", "eu-west-1", bare, ""),
            ("cloudtrail", "StopLogging", home, r#"{"name":"other"}"#, ""),
            ("cloudtrail", "StopLogging", home, "null", ""),
            ("cloudtrail", "StopLogging", home, &arn("eu-west-1", "111122223333", "audit"), ""),
            ("cloudtrail", "StopLogging", home, &arn(home, "444455556666", "audit"), ""),
            ("cloudtrail", "UpdateTrail", home, bare, ""),
        ] {
            let file = record(source, call, region, parameters, rest);
            assert!(!ends(&file, &chain), "{}", String::from_utf8_lossy(&file));
        }
    }
}
