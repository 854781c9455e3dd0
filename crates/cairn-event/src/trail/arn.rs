//! ARNs of trails.

use std::fmt;

use super::TrailName;
use crate::{AccountId, Region};

/// `arn:PARTITION:cloudtrail:REGION:ACCOUNT:trail/NAME`. Its text is [`fmt::Display`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TrailArn {
    /// `aws`, `aws-cn`, `aws-us-gov`.
    pub partition: String,
    /// The home region.
    pub region: Region,
    /// The owner.
    pub account: AccountId,
    /// The trail.
    pub name: TrailName,
}

/// Why a text is no ARN of a trail.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no ARN of a trail")]
pub struct ArnFault {
    /// The text.
    pub text: String,
}

impl TrailArn {
    /// Reads an ARN.
    pub fn parse(text: &str) -> Result<Self, ArnFault> {
        Self::read(text).ok_or_else(|| ArnFault { text: text.to_owned() })
    }

    fn read(text: &str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        let (arn, partition, service) = (parts.next()?, parts.next()?, parts.next()?);
        let (region, account, resource) = (parts.next()?, parts.next()?, parts.next()?);
        let plain = |b: u8| b.is_ascii_lowercase() || b == b'-';
        let is_partition = partition.starts_with("aws") && partition.bytes().all(plain);
        if arn != "arn" || service != "cloudtrail" || !is_partition {
            return None;
        }
        Some(Self {
            partition: partition.to_owned(),
            region: Region::parse(region).ok()?,
            account: AccountId::parse(account).ok()?,
            name: TrailName::parse(resource.strip_prefix("trail/")?).ok()?,
        })
    }

    /// The partition that a region is in, by its name (documented).
    pub fn partition_of(region: &Region) -> &'static str {
        match region.as_str() {
            name if name.starts_with("cn-") => "aws-cn",
            name if name.starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        }
    }
}

impl fmt::Display for TrailArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { partition, region, account, name } = self;
        write!(f, "arn:{partition}:cloudtrail:{region}:{account}:trail/{name}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_reads_and_writes() {
        let text = "arn:aws-cn:cloudtrail:cn-north-1:111122223333:trail/audit";
        let arn = TrailArn::parse(text).unwrap();
        assert_eq!(arn.to_string(), text);
        assert_eq!(TrailArn::partition_of(&arn.region), arn.partition);
        for wrong in [
            "audit",
            "arn:aws:cloudtrail:us-east-1:1111:trail/audit",
            "arn:aws:s3:us-east-1:111122223333:trail/audit",
            "arn:aws:cloudtrail:us-east-1:111122223333:channel/audit",
            "arn:aws:cloudtrail:us-east-1:111122223333:trail/a",
            "arn:other:cloudtrail:us-east-1:111122223333:trail/audit",
        ] {
            assert!(TrailArn::parse(wrong).is_err(), "{wrong}");
        }
    }
}
