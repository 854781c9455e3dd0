//! Whether a bucket's policy opens it to everybody, as S3 sees it.
//!
//! evidence: documented (the user guide of S3, "The meaning of public"), assumed (that whom
//! `NotPrincipal` does not name is everybody, and that a condition that holds without its key
//! narrows nothing).

use super::{Effect, Policy};

impl Policy {
    /// Whether a statement allows everybody something, held to no fixed value of a key that says
    /// who or from where.
    pub fn is_public(&self) -> bool {
        let mut allowing = self.statements.iter().filter(|it| it.effect == Effect::Allow);
        allowing.any(|statement| {
            statement.principals.are_everybody()
                && !statement.conditions.iter().any(super::Condition::narrows)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_public(inside: &str) -> bool {
        let statement =
            format!(r#"{{"Action":"s3:GetObject","Resource":"arn:aws:s3:::bkt/*",{inside}}}"#);
        let text = format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#);
        Policy::parse(&text).unwrap().is_public()
    }

    #[test]
    fn everybody_is_who_is_not_named() {
        for (principal, public) in [
            (r#""Principal":"*""#, true),
            (r#""Principal":{"AWS":"*"}"#, true),
            (r#""Principal":{"AWS":["111122223333","*"]}"#, true),
            (r#""NotPrincipal":{"AWS":"111122223333"}"#, true),
            (r#""Principal":{"AWS":"111122223333"}"#, false),
            (r#""Principal":{"Service":"cloudtrail.amazonaws.com"}"#, false),
        ] {
            assert_eq!(
                is_public(&format!(r#""Effect":"Allow",{principal}"#)),
                public,
                "{principal}"
            );
            assert!(!is_public(&format!(r#""Effect":"Deny",{principal}"#)), "{principal}");
        }
    }

    #[test]
    fn fixed_values_of_some_keys_narrow() {
        for (condition, public) in [
            (r#"{"StringEquals":{"aws:SourceVpc":"vpc-91237329"}}"#, false),
            (r#"{"StringEquals":{"aws:PrincipalOrgID":["o-1","o-2"]}}"#, false),
            (r#"{"StringLike":{"aws:SourceVpc":"vpc-*"}}"#, true),
            (r#"{"StringLike":{"aws:SourceVpc":["vpc-1","vpc-*"]}}"#, true),
            (r#"{"StringEquals":{"aws:SourceAccount":"${aws:PrincipalAccount}"}}"#, true),
            (r#"{"StringNotEquals":{"aws:SourceVpc":"vpc-91237329"}}"#, true),
            (r#"{"StringEqualsIfExists":{"aws:SourceVpc":"vpc-91237329"}}"#, true),
            (r#"{"ForAllValues:StringEquals":{"aws:SourceVpc":"vpc-91237329"}}"#, true),
            (r#"{"StringEquals":{"aws:Referer":"https://example.com"}}"#, true),
            (r#"{"ArnEquals":{"aws:SourceArn":"arn:aws:sns:us-east-1:111122223333:t"}}"#, false),
            (r#"{"ArnLike":{"aws:SourceArn":"arn:aws:sns:*:*:t"}}"#, true),
            (r#"{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}"#, false),
            (r#"{"IpAddress":{"aws:SourceIp":["203.0.113.0/24","0.0.0.0/0"]}}"#, true),
            (r#"{"IpAddress":{"aws:SourceIp":"2001:db8::/32"}}"#, false),
            (r#"{"IpAddress":{"aws:SourceIp":"2000::/3"}}"#, true),
            (r#"{"NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"}}"#, true),
            (r#"{"Bool":{"aws:SecureTransport":"true"}}"#, true),
        ] {
            let inside = format!(r#""Effect":"Allow","Principal":"*","Condition":{condition}"#);
            assert_eq!(is_public(&inside), public, "{condition}");
        }
    }
}
