//! `userIdentity`: who called.

use std::borrow::Cow;

use crate::json;

/// The fields of `userIdentity` that are asked for; `None` where a field is missing or no text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IdentityHead<'a> {
    /// `type`; service events have none.
    pub kind: Option<Cow<'a, str>>,
    /// `principalId`.
    pub principal_id: Option<Cow<'a, str>>,
    /// `arn`.
    pub arn: Option<Cow<'a, str>>,
    /// `accountId`.
    pub account_id: Option<Cow<'a, str>>,
    /// `accessKeyId`, also where it is misspelt `accesKeyId`, as in AWS's own documents.
    pub access_key_id: Option<Cow<'a, str>>,
    /// `userName`.
    pub user_name: Option<Cow<'a, str>>,
    /// `invokedBy`: the service that called on somebody's behalf.
    pub invoked_by: Option<Cow<'a, str>>,
    /// `sessionContext.sessionIssuer.arn`.
    pub session_issuer_arn: Option<Cow<'a, str>>,
    /// `sessionContext.sessionIssuer.userName`.
    pub session_issuer_name: Option<Cow<'a, str>>,
}

impl<'a> IdentityHead<'a> {
    /// Reads the text of the `userIdentity` value; empty if it is no object.
    pub(super) fn read(text: &'a str) -> Self {
        let mut identity = Self::default();
        let mut misspelt_key = None;
        for (key, value) in json::members(text) {
            match key {
                "type" => identity.kind = json::string(value),
                "principalId" => identity.principal_id = json::string(value),
                "arn" => identity.arn = json::string(value),
                "accountId" => identity.account_id = json::string(value),
                "accessKeyId" => identity.access_key_id = json::string(value),
                "accesKeyId" => misspelt_key = json::string(value),
                "userName" => identity.user_name = json::string(value),
                "invokedBy" => identity.invoked_by = json::string(value),
                "sessionContext" => identity.read_issuer(value),
                _ => {}
            }
        }
        identity.access_key_id = identity.access_key_id.or(misspelt_key);
        identity
    }

    fn read_issuer(&mut self, context: &'a str) {
        let Some(issuer) = json::member(context, "sessionIssuer") else { return };
        for (key, value) in json::members(issuer) {
            match key {
                "arn" => self.session_issuer_arn = json::string(value),
                "userName" => self.session_issuer_name = json::string(value),
                _ => {}
            }
        }
    }

    pub(super) fn username(&self) -> Option<Cow<'_, str>> {
        if let Some(name) = self.user_name.as_deref().filter(|name| !name.is_empty()) {
            return Some(Cow::Borrowed(name));
        }
        match self.kind.as_deref()? {
            "Root" => Some(Cow::Borrowed("root")),
            "AssumedRole" | "FederatedUser" | "Role" => self.session_name().map(Cow::Borrowed),
            _ => None,
        }
    }

    /// What follows the role id or account in `principalId`, or else the end of the ARN.
    fn session_name(&self) -> Option<&str> {
        let of_id = self.principal_id.as_deref().and_then(|id| id.split_once(':')).map(|p| p.1);
        let of_arn = || self.arn.as_deref().and_then(|arn| arn.rsplit_once('/')).map(|p| p.1);
        of_id.or_else(of_arn).filter(|name| !name.is_empty())
    }
}
