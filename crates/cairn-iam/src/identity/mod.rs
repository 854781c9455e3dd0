//! The `userIdentity` of a record, keys in AWS's order.

use cairn_event::Timestamp;
use serde::Serialize;

use crate::principal::{Issuer, Role};
use crate::{AccessKeyId, Principal};

/// What is known of the session that temporary keys belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionFacts {
    /// When the keys were made.
    pub created: Timestamp,
    /// A second factor was shown when they were made.
    pub mfa_authenticated: bool,
    /// The identity that was set with the first role of a chain.
    pub source_identity: Option<String>,
}

/// A principal as it appears in one call.
#[derive(Clone, Copy, Debug)]
pub struct Caller<'a> {
    /// Who calls.
    pub principal: &'a Principal,
    /// The key that the call was signed with.
    pub access_key: Option<&'a AccessKeyId>,
    /// The session of temporary keys; `None` for long-term keys, whose records have no
    /// `sessionContext` (observed).
    pub session: Option<&'a SessionFacts>,
    /// The service that calls in the principal's name.
    pub invoked_by: Option<&'a str>,
}

impl Caller<'_> {
    /// The `userIdentity` object, compact.
    pub fn identity_json(&self) -> String {
        // The document holds strings only, so writing it cannot fail.
        serde_json::to_string(&self.document()).unwrap_or_else(|_| "{}".to_owned())
    }

    fn document(&self) -> Document<'_> {
        let principal = self.principal;
        let mut document = Document {
            kind: kind(principal),
            principal_id: Some(principal.principal_id()),
            arn: principal.arn(),
            account_id: principal.account().map(ToString::to_string),
            access_key_id: self.access_key.map(AccessKeyId::as_str),
            user_name: None,
            session_context: self.session_context(),
            invoked_by: self.invoked_by,
        };
        match principal {
            Principal::User(user) => document.user_name = Some(&user.name),
            // observed: an owner's copy of a foreign call has neither key nor session.
            Principal::Account { .. } => {
                document.access_key_id = None;
                document.session_context = None;
            }
            // assumed: nothing that would have to be guessed.
            Principal::UnknownKey { .. } => {
                document.principal_id = None;
                document.session_context = None;
            }
            // documented: S3 writes unsigned calls this way.
            Principal::Anonymous => document.account_id = Some("ANONYMOUS_PRINCIPAL".to_owned()),
            // observed: type and invokedBy, nothing else.
            Principal::Service { name } => {
                document.principal_id = None;
                document.access_key_id = None;
                document.session_context = None;
                document.invoked_by = Some(name);
            }
            Principal::Root { .. }
            | Principal::AssumedRole { .. }
            | Principal::FederatedUser { .. } => {}
        }
        document
    }

    fn session_context(&self) -> Option<SessionContext<'_>> {
        let issuer = match self.principal {
            Principal::AssumedRole { role, .. } => Some(SessionIssuer::of_role(role)),
            Principal::FederatedUser { issuer, .. } => Some(SessionIssuer::of(issuer)),
            _ => None,
        };
        let attributes = self.session.map(|session| Attributes {
            creation_date: session.created.iso_seconds(),
            mfa_authenticated: if session.mfa_authenticated { "true" } else { "false" },
        });
        if issuer.is_none() && attributes.is_none() {
            return None;
        }
        Some(SessionContext {
            session_issuer: issuer,
            attributes,
            source_identity: self.session.and_then(|session| session.source_identity.as_deref()),
        })
    }
}

fn kind(principal: &Principal) -> &'static str {
    match principal {
        Principal::Root { .. } => "Root",
        Principal::User(_) | Principal::UnknownKey { .. } => "IAMUser",
        Principal::AssumedRole { .. } => "AssumedRole",
        Principal::FederatedUser { .. } => "FederatedUser",
        Principal::Account { .. } | Principal::Anonymous => "AWSAccount",
        Principal::Service { .. } => "AWSService",
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_key_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_context: Option<SessionContext<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    invoked_by: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SessionContext<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    session_issuer: Option<SessionIssuer<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attributes: Option<Attributes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_identity: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Attributes {
    creation_date: String,
    mfa_authenticated: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SessionIssuer<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    principal_id: String,
    arn: String,
    account_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_name: Option<&'a str>,
}

impl<'a> SessionIssuer<'a> {
    fn of_role(role: &'a Role) -> Self {
        Self {
            kind: "Role",
            principal_id: role.id.clone(),
            arn: role.arn(),
            account_id: role.account.to_string(),
            user_name: Some(&role.name),
        }
    }

    fn of(issuer: &'a Issuer) -> Self {
        let principal = issuer.principal();
        let user_name = match issuer {
            Issuer::Root(_) => None,
            Issuer::User(user) => Some(user.name.as_str()),
        };
        Self {
            kind: kind(&principal),
            principal_id: principal.principal_id(),
            arn: principal.arn().unwrap_or_default(),
            account_id: principal.account().map(ToString::to_string).unwrap_or_default(),
            user_name,
        }
    }
}

#[cfg(test)]
mod tests;
