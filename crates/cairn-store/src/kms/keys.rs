//! Making, finding and changing keys.

use bytes::Bytes;
use std::fmt::Write as _;

use cairn_event::trail::TrailArn;
use cairn_event::{AccountId, Region, Timestamp};
use uuid::Uuid;

use super::key::Material;
use super::{KeyReference, KeyState, Kms, KmsError, KmsKey, NewKey, Rotation, Target, key_arn};
use crate::meta::{Key, KeyPrefix, LIST_ENTRIES_MAX, MetaError, Version};

/// All keys.
const KEYS: &str = "kms/key/";
/// How often a change is tried again because somebody else was first.
const TRIES_MAX: usize = 64;
pub(super) const DAY_MS: i64 = 86_400_000;
/// The length of a key's secret.
pub(super) const MATERIAL_BYTES: usize = 32;
/// The length of the number from which the id of a material is made.
const MATERIAL_ID_BYTES: usize = 32;

/// The policy of a key for which nobody wrote one: the account may do everything (documented).
pub fn default_policy(account: &AccountId, region: &Region) -> String {
    let partition = TrailArn::partition_of(region);
    format!(
        r#"{{
  "Version" : "2012-10-17",
  "Id" : "key-default-1",
  "Statement" : [ {{
    "Sid" : "Enable IAM User Permissions",
    "Effect" : "Allow",
    "Principal" : {{
      "AWS" : "arn:{partition}:iam::{account}:root"
    }},
    "Action" : "kms:*",
    "Resource" : "*"
  }} ]
}}"#
    )
}

fn prefix(account: &AccountId, region: &Region) -> String {
    format!("{KEYS}{account}/{region}/")
}

fn place(account: &AccountId, region: &Region, id: &str) -> Result<Key, KmsError> {
    Ok(Key::parse(&format!("{}{id}", prefix(account, region)))?)
}

/// For what a material is sealed.
pub(super) fn seal_context(key: &KmsKey, number: usize) -> Vec<u8> {
    format!("{}{}#{number}", prefix(&key.account, &key.region), key.id).into_bytes()
}

impl Kms {
    /// Makes a key. It serves at once.
    pub async fn create(&self, new: NewKey) -> Result<KmsKey, KmsError> {
        let NewKey { account, region, description, policy, tags, managed_by } = new;
        let mut random = [0; 16];
        (self.entropy)(&mut random);
        let id = uuid::Builder::from_random_bytes(random).into_uuid().hyphenated().to_string();
        let mut key = KmsKey {
            policy: policy.unwrap_or_else(|| default_policy(&account, &region)),
            account,
            region,
            id,
            created: self.now(),
            description,
            state: KeyState::Enabled,
            managed_by,
            tags,
            rotation: None,
            materials: Vec::new(),
        };
        self.add_material(&mut key)?;
        self.meta.swap(&place(&key.account, &key.region, &key.id)?, None, text_of(&key)?).await?;
        Ok(key)
    }

    /// Gives a key a new secret, which it encrypts with from now on.
    pub(super) fn add_material(&self, key: &mut KmsKey) -> Result<(), KmsError> {
        use base64::Engine as _;
        let secret = self.random(MATERIAL_BYTES);
        let context = seal_context(key, key.materials.len());
        let sealed = self.master.seal(&context, secret.as_bytes());
        let sealed = sealed.map_err(|_| KmsError::Refused)?;
        let id = self.random(MATERIAL_ID_BYTES);
        let id = hex(id.as_bytes());
        let sealed = base64::engine::general_purpose::STANDARD.encode(sealed);
        key.materials.push(Material { id, sealed });
        Ok(())
    }

    /// The key that a caller names.
    pub async fn find(
        &self,
        reference: &str,
        account: &AccountId,
        region: &Region,
    ) -> Result<KmsKey, KmsError> {
        self.get(&KeyReference::parse(reference, account, region)?).await
    }

    /// The key behind a reference.
    pub async fn get(&self, reference: &KeyReference) -> Result<KmsKey, KmsError> {
        let KeyReference { account, region, target } = reference;
        match target {
            Target::Key(id) => Ok(self.load(account, region, id).await?.0),
            Target::Alias(name) => {
                let alias = self.alias(account, region, name).await?;
                match self.load(account, region, &alias.key_id).await {
                    // The alias goes with its key.
                    Err(KmsError::KeyNotFound { .. }) => {
                        Err(KmsError::AliasNotFound { arn: reference.arn() })
                    }
                    other => Ok(other?.0),
                }
            }
        }
    }

    /// A key by its id. One whose time is over is destroyed and not found.
    pub(super) async fn load(
        &self,
        account: &AccountId,
        region: &Region,
        id: &str,
    ) -> Result<(KmsKey, Version), KmsError> {
        let arn = || key_arn(account, region, id);
        let found = self.meta.get(&place(account, region, id)?).await?;
        let found = found.ok_or_else(|| KmsError::KeyNotFound { arn: arn() })?;
        let key = read(&arn, &found.value)?;
        if self.is_over(&key) {
            self.destroy(&key, found.version).await?;
            return Err(KmsError::KeyNotFound { arn: arn() });
        }
        Ok((key, found.version))
    }

    /// The keys of an account in a region after an id, in the order of their ids, and whether there
    /// are more.
    pub async fn list(
        &self,
        account: &AccountId,
        region: &Region,
        after: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<KmsKey>, bool), KmsError> {
        let prefix = KeyPrefix::new(&prefix(account, region));
        let mut after = after.map(|id| place(account, region, id)).transpose()?;
        let mut keys = Vec::new();
        loop {
            let page = self.meta.list(&prefix, after.as_ref(), LIST_ENTRIES_MAX).await?;
            let is_last = page.len() < LIST_ENTRIES_MAX;
            for (place, found) in page {
                let key = read(&|| place.as_str().to_owned(), &found.value)?;
                after = Some(place);
                if self.is_over(&key) {
                    continue;
                }
                if keys.len() == limit {
                    return Ok((keys, true));
                }
                keys.push(key);
            }
            if is_last {
                return Ok((keys, false));
            }
        }
    }

    /// Changes a key as it is now. The change may be called several times.
    pub async fn update(
        &self,
        key: &KmsKey,
        change: impl Fn(&mut KmsKey) -> Result<(), KmsError> + Send + Sync,
    ) -> Result<KmsKey, KmsError> {
        let place = place(&key.account, &key.region, &key.id)?;
        let mut tries = 0;
        loop {
            let (mut current, version) = self.load(&key.account, &key.region, &key.id).await?;
            let before = current.clone();
            change(&mut current)?;
            if current == before {
                return Ok(current);
            }
            tries += 1;
            match self.meta.swap(&place, Some(version), text_of(&current)?).await {
                Err(MetaError::Conflict { .. }) if tries < TRIES_MAX => {}
                other => return Ok(other.map(|_| current)?),
            }
        }
    }

    /// Lets a key serve again.
    pub async fn enable(&self, key: &KmsKey) -> Result<KmsKey, KmsError> {
        self.set_state(key, KeyState::Enabled).await
    }

    /// Keeps a key from serving.
    pub async fn disable(&self, key: &KmsKey) -> Result<KmsKey, KmsError> {
        self.set_state(key, KeyState::Disabled).await
    }

    async fn set_state(&self, key: &KmsKey, state: KeyState) -> Result<KmsKey, KmsError> {
        self.update(key, |key| {
            key.lives()?;
            key.state = state;
            Ok(())
        })
        .await
    }

    /// Ends a key after some days. Until then it does not serve, and that can be called off.
    pub async fn schedule_deletion(&self, key: &KmsKey, days: u32) -> Result<KmsKey, KmsError> {
        let at = later(self.now(), days);
        self.update(key, |key| {
            key.lives()?;
            key.state = KeyState::PendingDeletion { at };
            Ok(())
        })
        .await
    }

    /// Calls the end of a key off. It stays disabled (documented).
    pub async fn cancel_deletion(&self, key: &KmsKey) -> Result<KmsKey, KmsError> {
        self.update(key, |key| {
            if key.deletion().is_none() {
                return Err(KmsError::NotPendingDeletion { arn: key.arn() });
            }
            key.state = KeyState::Disabled;
            Ok(())
        })
        .await
    }

    /// Gives a key new material every so many days from now on, or never again.
    pub async fn set_rotation(
        &self,
        key: &KmsKey,
        period_days: Option<u32>,
    ) -> Result<KmsKey, KmsError> {
        let now = self.now();
        self.update(key, |key| {
            key.serves()?;
            let same = key.rotation.is_some_and(|known| Some(known.period_days) == period_days);
            if !same {
                let rotation =
                    |period_days| Rotation { period_days, next: later(now, period_days) };
                key.rotation = period_days.map(rotation);
            }
            Ok(())
        })
        .await
    }

    /// The key with the material that it has to encrypt with now.
    pub(super) async fn turned(&self, key: &KmsKey) -> Result<KmsKey, KmsError> {
        let now = self.now();
        let is_due = |key: &KmsKey| key.rotation.is_some_and(|rotation| rotation.next <= now);
        if !is_due(key) {
            return Ok(key.clone());
        }
        self.update(key, |key| {
            if is_due(key) {
                self.add_material(key)?;
                let next = |rotation: Rotation| Rotation {
                    next: later(now, rotation.period_days),
                    ..rotation
                };
                key.rotation = key.rotation.map(next);
            }
            Ok(())
        })
        .await
    }

    /// Destroys the keys whose time is over, and says how many those were. May be repeated.
    pub async fn destroy_due(&self) -> Result<usize, KmsError> {
        let prefix = KeyPrefix::new(KEYS);
        let (mut after, mut destroyed) = (None, 0);
        loop {
            let page = self.meta.list(&prefix, after.as_ref(), LIST_ENTRIES_MAX).await?;
            let is_last = page.len() < LIST_ENTRIES_MAX;
            for (place, found) in page {
                let key = read(&|| place.as_str().to_owned(), &found.value)?;
                after = Some(place);
                if self.is_over(&key) {
                    self.destroy(&key, found.version).await?;
                    destroyed += 1;
                }
            }
            if is_last {
                return Ok(destroyed);
            }
        }
    }

    /// Takes a key away with its aliases. The aliases go first, so that none is left behind.
    async fn destroy(&self, key: &KmsKey, version: Version) -> Result<(), KmsError> {
        self.forget_aliases(key).await?;
        match self.meta.remove(&place(&key.account, &key.region, &key.id)?, version).await {
            // Somebody else destroys it at the same time.
            Ok(()) | Err(MetaError::Conflict { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes back a key that was made a moment ago and that nobody has used.
    pub(super) async fn discard(&self, key: &KmsKey) -> Result<(), KmsError> {
        let (key, version) = self.load(&key.account, &key.region, &key.id).await?;
        self.destroy(&key, version).await
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn later(now: Timestamp, days: u32) -> Timestamp {
    Timestamp::from_ms(now.as_ms().saturating_add(i64::from(days) * DAY_MS))
}

fn text_of(key: &KmsKey) -> Result<Bytes, KmsError> {
    let text = serde_json::to_vec(key);
    Ok(text.map_err(|error| KmsError::Damaged { arn: key.arn(), source: error.into() })?.into())
}

fn read(arn: &dyn Fn() -> String, text: &[u8]) -> Result<KmsKey, KmsError> {
    let key: KmsKey = serde_json::from_slice(text)
        .map_err(|error| KmsError::Damaged { arn: arn(), source: error.into() })?;
    Uuid::try_parse(&key.id)
        .map_err(|error| KmsError::Damaged { arn: arn(), source: error.into() })?;
    Ok(key)
}
