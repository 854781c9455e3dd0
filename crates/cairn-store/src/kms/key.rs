//! What is kept of a key.

use cairn_event::{AccountId, Region, Timestamp};
use serde::{Deserialize, Serialize};

use super::KmsError;
use super::reference::{alias_arn, key_arn};

/// A key, without its material.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KmsKey {
    /// The owner.
    pub account: AccountId,
    /// Where it is.
    pub region: Region,
    /// A UUID.
    pub id: String,
    /// When it was made.
    pub created: Timestamp,
    /// What its owner says of it.
    pub description: String,
    /// Whether it serves.
    pub state: KeyState,
    /// Who looks after it.
    pub managed_by: KeyOwner,
    /// The text of its policy.
    pub policy: String,
    /// Its tags, by name.
    pub tags: Vec<(String, String)>,
    /// Whether it gets new material from time to time; `None` for never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotation: Option<Rotation>,
    /// What it encrypts with, oldest first; the last one is in use, the others only decrypt.
    pub(super) materials: Vec<Material>,
}

/// Whether a key serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub enum KeyState {
    /// It encrypts and decrypts.
    Enabled,
    /// It does neither until it is enabled.
    Disabled,
    /// It does neither, and will be gone.
    PendingDeletion {
        /// From when on.
        at: Timestamp,
    },
}

/// Who looks after a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub enum KeyOwner {
    /// Its account.
    Customer,
    /// The service that made it for the account.
    Service,
}

/// New material from time to time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotation {
    /// How often.
    pub period_days: u32,
    /// When next.
    pub next: Timestamp,
}

/// One secret of a key, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Material {
    /// 64 hexadecimal digits that tell it from others.
    pub(super) id: String,
    /// The secret, sealed by the master key, in base64.
    pub(super) sealed: String,
}

impl KmsKey {
    /// Its ARN.
    pub fn arn(&self) -> String {
        key_arn(&self.account, &self.region, &self.id)
    }

    /// The id of the material that encrypts now.
    pub fn material_id(&self) -> &str {
        self.materials.last().map_or("", |material| &material.id)
    }

    /// When it will be gone, if it waits for that.
    pub fn deletion(&self) -> Option<Timestamp> {
        match self.state {
            KeyState::PendingDeletion { at } => Some(at),
            KeyState::Enabled | KeyState::Disabled => None,
        }
    }

    /// Whether its time is over.
    pub(super) fn is_over(&self, now: Timestamp) -> bool {
        self.deletion().is_some_and(|at| at <= now)
    }

    /// Refuses a key that does not encrypt and decrypt.
    pub fn serves(&self) -> Result<(), KmsError> {
        match self.state {
            KeyState::Enabled => Ok(()),
            KeyState::Disabled => Err(KmsError::Disabled { arn: self.arn() }),
            KeyState::PendingDeletion { .. } => self.lives(),
        }
    }

    /// Refuses a key that waits for its end: most of what is said of a key can then not be changed
    /// (documented).
    pub fn lives(&self) -> Result<(), KmsError> {
        match self.deletion() {
            None => Ok(()),
            Some(_) => Err(KmsError::PendingDeletion { arn: self.arn() }),
        }
    }
}

impl KeyState {
    /// As `DescribeKey` shows it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enabled => "Enabled",
            Self::Disabled => "Disabled",
            Self::PendingDeletion { .. } => "PendingDeletion",
        }
    }
}

/// A name for a key that can be moved to another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KmsAlias {
    /// The owner.
    pub account: AccountId,
    /// Where it is.
    pub region: Region,
    /// Its name, `alias/` included.
    pub name: String,
    /// The id of the key that it names.
    pub key_id: String,
    /// When it was made.
    pub created: Timestamp,
    /// When it was moved.
    pub updated: Timestamp,
}

impl KmsAlias {
    /// Its ARN.
    pub fn arn(&self) -> String {
        alias_arn(&self.account, &self.region, &self.name)
    }
}

/// A key that is to be made.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// The owner.
    pub account: AccountId,
    /// Where.
    pub region: Region,
    /// What its owner says of it.
    pub description: String,
    /// The text of its policy; `None` for the one that gives the account to the account.
    pub policy: Option<String>,
    /// Its tags.
    pub tags: Vec<(String, String)>,
    /// Who looks after it.
    pub managed_by: KeyOwner,
}
