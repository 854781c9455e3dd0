//! The ways to name a key.

use cairn_event::trail::TrailArn;
use cairn_event::{AccountId, Region};

use super::KmsError;

/// How aliases begin.
pub const ALIAS_PREFIX: &str = "alias/";
/// How aliases begin that only the service itself makes.
pub const RESERVED_ALIAS_PREFIX: &str = "alias/aws/";
const ALIAS_BYTES_MAX: usize = 256;

/// A key, as a caller names it: `1234abcd-…`, `arn:…:key/1234abcd-…`, `alias/name` or
/// `arn:…:alias/name`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyReference {
    /// The account: the caller's, or that of the ARN.
    pub account: AccountId,
    /// The region.
    pub region: Region,
    /// What is named there.
    pub target: Target,
}

/// What a reference names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A key, by its id.
    Key(String),
    /// An alias, by its name, `alias/` included.
    Alias(String),
}

impl KeyReference {
    /// Reads a reference that is made in an account and a region. An ARN of another region is
    /// refused, as AWS does; one of another account is for the key's policy to judge.
    pub fn parse(text: &str, account: &AccountId, region: &Region) -> Result<Self, KmsError> {
        let malformed = || KmsError::MalformedReference { reference: text.to_owned() };
        let (account, region, name) = match text.strip_prefix("arn:") {
            None => (account.clone(), region.clone(), text),
            Some(rest) => {
                let (owner, place, name) = of_arn(rest).ok_or_else(malformed)?;
                if place != *region {
                    return Err(KmsError::RegionForeign { region: place.to_string() });
                }
                (owner, place, name)
            }
        };
        let target = match (text.starts_with("arn:"), name.strip_prefix("key/")) {
            (true, Some(id)) if is_id(id) => Target::Key(id.to_ascii_lowercase()),
            (false, None) if is_id(name) => Target::Key(name.to_ascii_lowercase()),
            (_, None) if is_alias(name) => Target::Alias(name.to_owned()),
            _ => return Err(malformed()),
        };
        Ok(Self { account, region, target })
    }

    /// The ARN of what is named.
    pub fn arn(&self) -> String {
        match &self.target {
            Target::Key(id) => key_arn(&self.account, &self.region, id),
            Target::Alias(name) => alias_arn(&self.account, &self.region, name),
        }
    }
}

fn of_arn(rest: &str) -> Option<(AccountId, Region, &str)> {
    let mut parts = rest.splitn(5, ':');
    let (partition, service) = (parts.next()?, parts.next()?);
    let (region, account, name) = (parts.next()?, parts.next()?, parts.next()?);
    let (account, region) = (AccountId::parse(account).ok()?, Region::parse(region).ok()?);
    let fits = service == "kms" && partition == TrailArn::partition_of(&region);
    fits.then_some((account, region, name))
}

/// The ARN of a key.
pub fn key_arn(account: &AccountId, region: &Region, id: &str) -> String {
    format!("arn:{}:kms:{region}:{account}:key/{id}", TrailArn::partition_of(region))
}

/// The ARN of an alias, whose name begins with `alias/`.
pub fn alias_arn(account: &AccountId, region: &Region, name: &str) -> String {
    format!("arn:{}:kms:{region}:{account}:{name}", TrailArn::partition_of(region))
}

/// Whether a text can be the name of an alias (documented).
pub fn is_alias(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/_-".contains(&byte);
    name.len() <= ALIAS_BYTES_MAX
        && name
            .strip_prefix(ALIAS_PREFIX)
            .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(plain))
}

/// A UUID, or the id of a key of several regions (documented).
fn is_id(text: &str) -> bool {
    let is_hex = |text: &str, digits: usize| {
        text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    if let Some(digits) = text.strip_prefix("mrk-") {
        return is_hex(digits, 32);
    }
    let groups: Vec<&str> = text.split('-').collect();
    groups.len() == 5 && groups.iter().zip([8, 4, 4, 4, 12]).all(|(group, len)| is_hex(group, len))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

    fn parse(text: &str) -> Result<KeyReference, KmsError> {
        let account = AccountId::parse("111122223333").unwrap();
        KeyReference::parse(text, &account, &Region::parse("us-east-1").unwrap())
    }

    #[test]
    fn every_form_names_its_key() {
        for (text, arn) in [
            (ID, format!("arn:aws:kms:us-east-1:111122223333:key/{ID}")),
            ("alias/a/b_c-d", "arn:aws:kms:us-east-1:111122223333:alias/a/b_c-d".into()),
            (
                "arn:aws:kms:us-east-1:444455556666:alias/x",
                "arn:aws:kms:us-east-1:444455556666:alias/x".into(),
            ),
            (
                "arn:aws:kms:us-east-1:444455556666:key/1234ABCD-12ab-34cd-56ef-1234567890ab",
                format!("arn:aws:kms:us-east-1:444455556666:key/{ID}"),
            ),
        ] {
            assert_eq!(parse(text).unwrap().arn(), arn, "{text}");
        }
    }

    #[test]
    fn what_names_no_key_is_refused() {
        let key = format!("key/{ID}");
        let alias_key = format!("arn:aws:kms:us-east-1:111122223333:{ID}");
        for text in [
            "",
            "x",
            "alias/",
            "alias/a b",
            "alias/é",
            &key,
            &ID[1..],
            &alias_key,
            "arn:aws:kms:us-east-1:111122223333",
            "arn:aws:kms:us-east-1:111122223333:key/x",
            "arn:aws:s3:us-east-1:111122223333:alias/x",
            "arn:aws-cn:kms:us-east-1:111122223333:alias/x",
            "arn:aws:kms:us-east-1:1:alias/x",
        ] {
            assert!(matches!(parse(text), Err(KmsError::MalformedReference { .. })), "{text}");
        }
        let foreign = parse("arn:aws:kms:us-west-2:111122223333:alias/x");
        assert!(
            matches!(foreign, Err(KmsError::RegionForeign { region }) if region == "us-west-2")
        );
    }
}
