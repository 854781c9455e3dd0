//! `userIdentity`: who called.

use std::borrow::Cow;

use crate::json::check::Member;

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

/// The objects of `userIdentity` whose members are looked at.
#[derive(Clone, Copy, Debug)]
pub(super) enum Scope {
    Identity,
    SessionContext,
    SessionIssuer,
}

impl<'a> IdentityHead<'a> {
    /// Whether to go into an object; of two of a name the last counts.
    pub(super) fn open(&mut self, scope: Scope, key: &str) -> Option<Scope> {
        match (scope, key) {
            (Scope::Identity, "sessionContext") => Some(Scope::SessionContext),
            (Scope::SessionContext, "sessionIssuer") => {
                (self.session_issuer_arn, self.session_issuer_name) = (None, None);
                Some(Scope::SessionIssuer)
            }
            _ => None,
        }
    }

    pub(super) fn set(&mut self, scope: Scope, member: Member<'_, 'a>) {
        match (scope, member.key) {
            (Scope::Identity, "type") => self.kind = member.text(),
            (Scope::Identity, "principalId") => self.principal_id = member.text(),
            (Scope::Identity, "arn") => self.arn = member.text(),
            (Scope::Identity, "accountId") => self.account_id = member.text(),
            (Scope::Identity, "accessKeyId") => self.access_key_id = member.text(),
            (Scope::Identity, "accesKeyId") if self.access_key_id.is_none() => {
                self.access_key_id = member.text();
            }
            (Scope::Identity, "userName") => self.user_name = member.text(),
            (Scope::Identity, "invokedBy") => self.invoked_by = member.text(),
            (Scope::SessionIssuer, "arn") => self.session_issuer_arn = member.text(),
            (Scope::SessionIssuer, "userName") => self.session_issuer_name = member.text(),
            _ => {}
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
