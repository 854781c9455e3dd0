//! The root principal: made at the first start, kept in the meta store, written out for AWS's
//! tools.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use bytes::Bytes;
use cairn_event::AccountId;
use cairn_gateway::Entropy;
use cairn_iam::{
    AccessKeyId, Credential, KeyKind, Keyring, Principal, ProfileKeys, SecretKey,
    render_credentials,
};
use cairn_store::durable::{NewFile, make_private};
use cairn_store::{Key, MetaStore};
use serde::{Deserialize, Serialize};

const KEY: &str = "root";
/// The account of a directory whose owner named none: the one of AWS's own examples.
pub(crate) const DEFAULT_ACCOUNT: &str = "123456789012";

/// The account of a directory; `None` if nobody has served it yet.
pub(crate) async fn account_of(meta: &dyn MetaStore) -> anyhow::Result<Option<AccountId>> {
    Ok(Root::find(meta).await?.map(|root| root.account))
}

/// What the meta store keeps of the root.
#[derive(Debug, Serialize, Deserialize)]
struct Stored {
    account: String,
    access_key: String,
    secret: String,
}

/// The root of a data directory.
#[derive(Clone, Debug)]
pub(crate) struct Root {
    pub(crate) account: AccountId,
    key: AccessKeyId,
    secret: SecretKey,
}

impl Root {
    /// Finds the root, or makes one. The account of a directory never changes: its records carry
    /// it.
    pub(crate) async fn find_or_make(
        meta: &dyn MetaStore,
        wanted: Option<&AccountId>,
        entropy: &Entropy,
    ) -> anyhow::Result<Self> {
        let name = Key::parse(KEY)?;
        if let Some(root) = Self::find(meta).await? {
            if let Some(wanted) = wanted.filter(|wanted| **wanted != root.account) {
                anyhow::bail!(
                    "this data directory belongs to account {}, not to {wanted}: leave --account-id out, or take \
                     another --data",
                    root.account
                );
            }
            return Ok(root);
        }
        let account = wanted.cloned().map_or_else(|| AccountId::parse(DEFAULT_ACCOUNT), Ok)?;
        let (mut for_key, mut for_secret) = ([0; 8], [0; 30]);
        entropy(&mut for_key);
        entropy(&mut for_secret);
        let key = AccessKeyId::mint(KeyKind::LongTerm, &account, for_key);
        let root = Self { account, key, secret: SecretKey::mint(for_secret) };
        let stored = Stored {
            account: root.account.to_string(),
            access_key: root.key.to_string(),
            secret: root.secret.expose().to_owned(),
        };
        meta.swap(&name, None, Bytes::from(serde_json::to_vec(&stored)?)).await?;
        Ok(root)
    }

    async fn find(meta: &dyn MetaStore) -> anyhow::Result<Option<Self>> {
        let Some(found) = meta.get(&Key::parse(KEY)?).await? else { return Ok(None) };
        let stored = serde_json::from_slice(&found.value).context("the stored root is damaged")?;
        Self::of(&stored).map(Some)
    }

    fn of(stored: &Stored) -> anyhow::Result<Self> {
        Ok(Self {
            account: AccountId::parse(&stored.account)?,
            key: AccessKeyId::parse(&stored.access_key)?,
            secret: SecretKey::parse(&stored.secret)?,
        })
    }

    /// Whether this is its access key.
    pub(crate) fn has_key(&self, text: &str) -> bool {
        self.key.as_str() == text
    }

    /// A keyring that knows the root and nobody else.
    pub(crate) fn keyring(&self) -> Keyring {
        let principal = Arc::new(Principal::Root { account: self.account.clone() });
        let secret = self.secret.clone();
        Keyring::new([Credential { key: self.key.clone(), secret, session: None, principal }])
    }

    /// Writes the credentials file, readable by its owner only. The region is for the AWS CLI,
    /// which reads it there.
    pub(crate) fn write_credentials(&self, path: &Path, region: &str) -> anyhow::Result<()> {
        let keys =
            ProfileKeys { key: self.key.clone(), secret: self.secret.clone(), session_token: None };
        let text = format!("{}region = {region}\n", render_credentials("default", &keys));
        if std::fs::read_to_string(path).is_ok_and(|written| written == text) {
            // It may have come here by a copy.
            return make_private(path).with_context(|| format!("cannot hide {}", path.display()));
        }
        let write = || {
            let mut file = NewFile::create_private(path)?;
            file.write_all(text.as_bytes())?;
            file.publish()
        };
        write().with_context(|| format!("cannot write {}", path.display()))
    }
}
