//! A key, as callers see it.

use cairn_event::Timestamp;
use cairn_store::kms::{KeyOwner, KeyState, KmsKey};
use serde::Serialize;

use super::SYMMETRIC;

/// What `CreateKey` and `DescribeKey` say of a key.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Metadata {
    #[serde(rename = "AWSAccountId")]
    account: String,
    key_id: String,
    arn: String,
    creation_date: Timestamp,
    enabled: bool,
    description: String,
    key_usage: &'static str,
    key_state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    deletion_date: Option<Timestamp>,
    origin: &'static str,
    key_manager: &'static str,
    customer_master_key_spec: &'static str,
    key_spec: &'static str,
    encryption_algorithms: [&'static str; 1],
    multi_region: bool,
    current_key_material_id: String,
}

impl Metadata {
    pub(super) fn of(key: &KmsKey) -> Self {
        Self {
            account: key.account.to_string(),
            key_id: key.id.clone(),
            arn: key.arn(),
            creation_date: key.created,
            enabled: key.state == KeyState::Enabled,
            description: key.description.clone(),
            key_usage: "ENCRYPT_DECRYPT",
            key_state: key.state.as_str(),
            deletion_date: key.deletion(),
            origin: "AWS_KMS",
            key_manager: match key.managed_by {
                KeyOwner::Customer => "CUSTOMER",
                KeyOwner::Service => "AWS",
            },
            customer_master_key_spec: SYMMETRIC,
            key_spec: SYMMETRIC,
            encryption_algorithms: [SYMMETRIC],
            multi_region: false,
            current_key_material_id: key.material_id().to_owned(),
        }
    }
}
