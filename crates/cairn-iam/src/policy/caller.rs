//! Who asks, as policies see them.

use std::borrow::Cow;

use cairn_event::AccountId;

use super::cloudtrail_accounts;
use crate::Principal;

/// Who asks for something: what `Principal` and `NotPrincipal` are compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller<'a> {
    /// Nobody: a call without a signature.
    Anonymous,
    /// A service of AWS, acting by itself.
    Service(ServiceCaller<'a>),
    /// A principal of an account.
    Aws(AwsCaller<'a>),
    /// Somebody whom an identity provider vouches for, before a role is assumed.
    Federated {
        /// The provider, as policies name it: `accounts.google.com`, or the ARN of a SAML provider.
        provider: Cow<'a, str>,
    },
}

/// A service that asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceCaller<'a> {
    /// Its name, `cloudtrail.amazonaws.com`.
    pub name: Cow<'a, str>,
    /// The account that stood for the service before services had names; old policies still list
    /// it.
    pub account: Option<Cow<'a, str>>,
}

/// A principal of an account that asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AwsCaller<'a> {
    /// The ARN of the user, of the account's root, or of the session; empty if no more than the
    /// account is known.
    pub arn: Cow<'a, str>,
    /// The account, 12 digits.
    pub account: Cow<'a, str>,
    /// For a session: the ARN of its role.
    pub role_arn: Option<Cow<'a, str>>,
    /// The unique id, `AIDA…`, or `AROA…:session`.
    pub id: Option<Cow<'a, str>>,
    /// S3's id of the account: 64 hexadecimal digits.
    pub canonical_user: Option<Cow<'a, str>>,
}

impl<'a> Caller<'a> {
    /// A service of AWS, by its name.
    pub fn service(name: impl Into<Cow<'a, str>>) -> Self {
        Self::Service(ServiceCaller { name: name.into(), account: None })
    }

    /// `CloudTrail`, as it delivers in a region. It goes by its service name, and in policies that
    /// are older than that, by the account that stood for it in the region (documented; such
    /// policies still work).
    pub fn cloudtrail(region: &str) -> Self {
        let account = cloudtrail_accounts::of(region).map(Cow::Borrowed);
        Self::Service(ServiceCaller { name: Cow::Borrowed("cloudtrail.amazonaws.com"), account })
    }

    /// A user or the root of an account, by ARN.
    pub fn aws(arn: impl Into<Cow<'a, str>>, account: impl Into<Cow<'a, str>>) -> Self {
        Self::Aws(AwsCaller {
            arn: arn.into(),
            account: account.into(),
            role_arn: None,
            id: None,
            canonical_user: None,
        })
    }

    /// The root of an account.
    pub fn root(account: &AccountId) -> Self {
        Self::aws(format!("arn:aws:iam::{account}:root"), account.to_string())
    }

    /// The same caller, with the role that its session is of.
    #[must_use]
    pub fn in_role(mut self, role_arn: impl Into<Cow<'a, str>>) -> Self {
        if let Self::Aws(caller) = &mut self {
            caller.role_arn = Some(role_arn.into());
        }
        self
    }

    /// The same caller, with the id that S3 shows of its account.
    #[must_use]
    pub fn with_canonical_user(mut self, id: impl Into<Cow<'a, str>>) -> Self {
        if let Self::Aws(caller) = &mut self {
            caller.canonical_user = Some(id.into());
        }
        self
    }

    /// A principal as a caller.
    pub fn of(principal: &Principal) -> Caller<'static> {
        let (Some(arn), Some(account)) = (arn_of(principal), principal.account()) else {
            return match principal {
                Principal::Service { name } => Caller::service(name.clone()),
                _ => Caller::Anonymous,
            };
        };
        let role_arn = match principal {
            Principal::AssumedRole { role, .. } => Some(Cow::Owned(role.arn())),
            _ => None,
        };
        let id = principal.principal_id();
        Caller::Aws(AwsCaller {
            arn: Cow::Owned(arn),
            account: Cow::Owned(account.to_string()),
            role_arn,
            id: Some(Cow::Owned(id)).filter(|id: &Cow<'_, str>| !id.is_empty()),
            canonical_user: None,
        })
    }

    /// Whether the caller is the owner of its account.
    pub(super) fn is_root(&self) -> bool {
        matches!(self, Self::Aws(caller) if caller.arn.splitn(6, ':').nth(5) == Some("root"))
    }

    /// The account that the caller belongs to.
    pub fn account(&self) -> Option<&str> {
        match self {
            Self::Aws(caller) => Some(&caller.account),
            Self::Anonymous | Self::Service(_) | Self::Federated { .. } => None,
        }
    }
}

/// A caller of whom no more than the account is known goes by a name that no statement can have,
/// so that only statements about the account cover it.
fn arn_of(principal: &Principal) -> Option<String> {
    match principal {
        Principal::Account { .. } => Some(String::new()),
        _ => principal.arn(),
    }
}

/// `aws:PrincipalType` of a principal (documented).
pub(super) fn kind_of(principal: &Principal) -> &'static str {
    match principal {
        Principal::Root { .. } | Principal::Account { .. } => "Account",
        Principal::User(_) => "User",
        // observed: CloudTrail's own check of a bucket has this type.
        Principal::AssumedRole { .. } | Principal::Service { .. } => "AssumedRole",
        Principal::FederatedUser { .. } => "FederatedUser",
        Principal::Anonymous => "Anonymous",
    }
}
