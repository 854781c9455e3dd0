//! Names for keys.

use bytes::Bytes;
use cairn_event::trail::TrailArn;
use cairn_event::{AccountId, Region};

use super::{KeyOwner, Kms, KmsAlias, KmsError, KmsKey, NewKey, alias_arn};
use crate::meta::{Key, KeyPrefix, LIST_ENTRIES_MAX, MetaError, Version};

/// The most aliases of one key (documented).
pub const ALIASES_MAX: usize = 50;

fn prefix(account: &AccountId, region: &Region) -> String {
    format!("kms/alias/{account}/{region}/")
}

fn place(account: &AccountId, region: &Region, name: &str) -> Result<Key, KmsError> {
    Ok(Key::parse(&format!("{}{name}", prefix(account, region)))?)
}

impl Kms {
    /// Names a key of the same account and region.
    pub async fn create_alias(&self, name: &str, key: &KmsKey) -> Result<KmsAlias, KmsError> {
        let (account, region) = (&key.account, &key.region);
        let exists = || KmsError::AliasExists { arn: alias_arn(account, region, name) };
        match self.load_alias(account, region, name).await {
            Ok(_) => return Err(exists()),
            Err(KmsError::AliasNotFound { .. }) => {}
            Err(error) => return Err(error),
        }
        self.refuse_many_aliases(key).await?;
        let now = self.now();
        let alias = KmsAlias {
            account: account.clone(),
            region: region.clone(),
            name: name.to_owned(),
            key_id: key.id.clone(),
            created: now,
            updated: now,
        };
        match self.meta.swap(&place(account, region, name)?, None, text_of(&alias)?).await {
            Ok(_) => Ok(alias),
            Err(MetaError::Conflict { .. }) => Err(exists()),
            Err(error) => Err(error.into()),
        }
    }

    /// Moves an alias to another key of the same account and region.
    pub async fn update_alias(&self, name: &str, key: &KmsKey) -> Result<KmsAlias, KmsError> {
        let (account, region) = (&key.account, &key.region);
        let (mut alias, version) = self.load_alias(account, region, name).await?;
        if alias.key_id != key.id {
            self.refuse_many_aliases(key).await?;
        }
        alias.key_id.clone_from(&key.id);
        alias.updated = self.now();
        let place = place(account, region, name)?;
        self.meta.swap(&place, Some(version), text_of(&alias)?).await?;
        Ok(alias)
    }

    /// Takes a name away. The key stays.
    pub async fn delete_alias(
        &self,
        account: &AccountId,
        region: &Region,
        name: &str,
    ) -> Result<(), KmsError> {
        let (_, version) = self.load_alias(account, region, name).await?;
        Ok(self.meta.remove(&place(account, region, name)?, version).await?)
    }

    /// An alias.
    pub async fn alias(
        &self,
        account: &AccountId,
        region: &Region,
        name: &str,
    ) -> Result<KmsAlias, KmsError> {
        Ok(self.load_alias(account, region, name).await?.0)
    }

    async fn load_alias(
        &self,
        account: &AccountId,
        region: &Region,
        name: &str,
    ) -> Result<(KmsAlias, Version), KmsError> {
        let arn = || alias_arn(account, region, name);
        let found = self.meta.get(&place(account, region, name)?).await?;
        let found = found.ok_or_else(|| KmsError::AliasNotFound { arn: arn() })?;
        Ok((read(&arn, &found.value)?, found.version))
    }

    /// The aliases in an account and region after a name, in the order of their names, those of one
    /// key if one is given, and whether there are more.
    pub async fn list_aliases(
        &self,
        account: &AccountId,
        region: &Region,
        of: Option<&KmsKey>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<KmsAlias>, bool), KmsError> {
        let prefix = KeyPrefix::new(&prefix(account, region));
        let mut after = after.map(|name| place(account, region, name)).transpose()?;
        let mut aliases = Vec::new();
        loop {
            let page = self.meta.list(&prefix, after.as_ref(), LIST_ENTRIES_MAX).await?;
            let is_last = page.len() < LIST_ENTRIES_MAX;
            for (place, found) in page {
                let alias: KmsAlias = read(&|| place.as_str().to_owned(), &found.value)?;
                after = Some(place);
                if of.is_some_and(|key| key.id != alias.key_id) {
                    continue;
                }
                if aliases.len() == limit {
                    return Ok((aliases, true));
                }
                aliases.push(alias);
            }
            if is_last {
                return Ok((aliases, false));
            }
        }
    }

    async fn refuse_many_aliases(&self, key: &KmsKey) -> Result<(), KmsError> {
        let of = Some(key);
        let (have, _) = self.list_aliases(&key.account, &key.region, of, None, ALIASES_MAX).await?;
        if have.len() >= ALIASES_MAX {
            return Err(KmsError::LimitReached { what: "aliases of a key", limit: ALIASES_MAX });
        }
        Ok(())
    }

    /// Takes all names of a key away.
    pub(super) async fn forget_aliases(&self, key: &KmsKey) -> Result<(), KmsError> {
        let (account, region) = (&key.account, &key.region);
        let (aliases, _) = self.list_aliases(account, region, Some(key), None, usize::MAX).await?;
        for alias in aliases {
            match self.delete_alias(account, region, &alias.name).await {
                Ok(())
                | Err(
                    KmsError::AliasNotFound { .. } | KmsError::Meta(MetaError::Conflict { .. }),
                ) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// The key that a service uses for an account that names none: the one behind
    /// `alias/aws/SERVICE`, made when it is first needed (documented).
    pub async fn service_key(
        &self,
        account: &AccountId,
        region: &Region,
        service: &str,
    ) -> Result<KmsKey, KmsError> {
        let name = format!("{}{service}", super::RESERVED_ALIAS_PREFIX);
        match self.alias(account, region, &name).await {
            Ok(alias) => return Ok(self.load(account, region, &alias.key_id).await?.0),
            Err(KmsError::AliasNotFound { .. }) => {}
            Err(error) => return Err(error),
        }
        let key = self
            .create(NewKey {
                account: account.clone(),
                region: region.clone(),
                description: format!(
                    "Default key that protects my {} objects when no other key is defined",
                    service.to_ascii_uppercase()
                ),
                policy: Some(service_policy(account, region, service)),
                tags: Vec::new(),
                managed_by: KeyOwner::Service,
            })
            .await?;
        match self.create_alias(&name, &key).await {
            Ok(_) => Ok(key),
            // Somebody else made it at the same time.
            Err(KmsError::AliasExists { .. }) => {
                self.discard(&key).await?;
                let alias = self.alias(account, region, &name).await?;
                Ok(self.load(account, region, &alias.key_id).await?.0)
            }
            Err(error) => Err(error),
        }
    }
}

/// The policy of a service's own key: for whoever calls the service in the account (documented).
fn service_policy(account: &AccountId, region: &Region, service: &str) -> String {
    let (partition, caps) = (TrailArn::partition_of(region), service.to_ascii_uppercase());
    format!(
        r#"{{
  "Version" : "2012-10-17",
  "Id" : "auto-{service}-2",
  "Statement" : [ {{
    "Sid" : "Allow access through {caps} for all principals in the account that are authorized to use {caps}",
    "Effect" : "Allow",
    "Principal" : {{
      "AWS" : "*"
    }},
    "Action" : [ "kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey" ],
    "Resource" : "*",
    "Condition" : {{
      "StringEquals" : {{
        "kms:CallerAccount" : "{account}",
        "kms:ViaService" : "{service}.{region}.amazonaws.com"
      }}
    }}
  }}, {{
    "Sid" : "Allow direct access to key metadata to the account",
    "Effect" : "Allow",
    "Principal" : {{
      "AWS" : "arn:{partition}:iam::{account}:root"
    }},
    "Action" : [ "kms:Describe*", "kms:Get*", "kms:List*" ],
    "Resource" : "*"
  }} ]
}}"#
    )
}

fn text_of(alias: &KmsAlias) -> Result<Bytes, KmsError> {
    let text = serde_json::to_vec(alias);
    Ok(text.map_err(|error| KmsError::Damaged { arn: alias.arn(), source: error.into() })?.into())
}

fn read(arn: &dyn Fn() -> String, text: &[u8]) -> Result<KmsAlias, KmsError> {
    serde_json::from_slice(text)
        .map_err(|error| KmsError::Damaged { arn: arn(), source: error.into() })
}
