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
        // Nobody has shown that they hold the key.
        Principal::UnknownKey { .. } | Principal::Anonymous => "Anonymous",
    }
}

#[cfg(test)]
mod tests {
    use cairn_event::Timestamp;

    use super::super::Context;
    use super::*;
    use crate::{Issuer, Role, User};

    fn principals() -> [Principal; 7] {
        let account = AccountId::parse("111122223333").unwrap();
        let user = User {
            account: account.clone(),
            path: "/team/".to_owned(),
            name: "alice".to_owned(),
            id: "AIDAEXAMPLEEXAMPLE12".to_owned(),
        };
        let role = Role {
            account: account.clone(),
            path: "/".to_owned(),
            name: "ops".to_owned(),
            id: "AROAEXAMPLEEXAMPLE12".to_owned(),
        };
        [
            Principal::Root { account: account.clone() },
            Principal::User(user.clone()),
            Principal::AssumedRole { role, session_name: "mon".to_owned() },
            Principal::FederatedUser { name: "bob".to_owned(), issuer: Issuer::User(user) },
            Principal::Account { account, principal_id: "AIDAOTHER".to_owned() },
            Principal::Service { name: "config.amazonaws.com".to_owned() },
            Principal::Anonymous,
        ]
    }

    #[test]
    fn principals_are_callers() {
        let [root, user, session, federated, account, service, nobody] =
            principals().map(|principal| Caller::of(&principal));
        assert!(root.is_root() && !user.is_root() && !session.is_root() && !account.is_root());
        assert_eq!(root.account(), Some("111122223333"));
        assert_eq!(account.account(), Some("111122223333"));
        assert_eq!(service, Caller::service("config.amazonaws.com"));
        assert_eq!(nobody, Caller::Anonymous);
        let parts = |caller| match caller {
            Caller::Aws(aws) => (aws.arn, aws.role_arn, aws.id),
            other => panic!("{other:?}"),
        };
        let (arn, role, id) = parts(session);
        assert_eq!(arn, "arn:aws:sts::111122223333:assumed-role/ops/mon");
        assert_eq!(role.as_deref(), Some("arn:aws:iam::111122223333:role/ops"));
        assert_eq!(id.as_deref(), Some("AROAEXAMPLEEXAMPLE12:mon"));
        let (arn, role, id) = parts(user);
        assert_eq!(arn, "arn:aws:iam::111122223333:user/team/alice");
        assert_eq!((role, id.as_deref()), (None, Some("AIDAEXAMPLEEXAMPLE12")));
        assert_eq!(parts(federated).0, "arn:aws:sts::111122223333:federated-user/bob");
        assert_eq!(parts(account).0, "");
    }

    #[test]
    fn principals_have_a_context() {
        let contexts = principals().map(|one| Context::of(&one, Timestamp::from_seconds(1)));
        let values = |key: &str| contexts.each_ref().map(|context| context.get(key).join(","));
        let arn = |rest: &str| format!("arn:aws:{rest}");
        assert_eq!(
            values("aws:principalarn"),
            [
                arn("iam::111122223333:root"),
                arn("iam::111122223333:user/team/alice"),
                arn("iam::111122223333:role/ops"),
                arn("sts::111122223333:federated-user/bob"),
                String::new(),
                String::new(),
                String::new(),
            ]
        );
        assert_eq!(
            values("aws:principaltype"),
            [
                "Account",
                "User",
                "AssumedRole",
                "FederatedUser",
                "Account",
                "AssumedRole",
                "Anonymous"
            ]
        );
        assert_eq!(values("aws:username"), ["", "alice", "", "", "", "", ""]);
        assert_eq!(values("aws:principalservicename")[5], "config.amazonaws.com");
        assert_eq!(
            values("aws:principalisawsservice").map(|is| is == "true"),
            [false, false, false, false, false, true, false]
        );
        assert_eq!(values("aws:userid")[6], "anonymous");
        assert_eq!(values("aws:currenttime")[0], "1970-01-01T00:00:01Z");
        assert_eq!(values("aws:epochtime")[0], "1");
    }

    #[test]
    fn cloudtrail_has_had_an_account_in_each_region() {
        let account = |region| match Caller::cloudtrail(region) {
            Caller::Service(service) => service.account,
            other => panic!("{other:?}"),
        };
        assert_eq!(account("us-east-1").as_deref(), Some("086441151436"));
        assert_eq!(account("xx-west-1"), None);
    }
}
