//! The principals that a statement names.

use std::borrow::Cow;

use super::caller::Caller;
use super::{Effect, PolicyFault};

/// Whom a statement is about.
#[derive(Clone, Debug)]
pub(super) enum Principals {
    /// Nobody is named: the policy belongs to an identity, which is whom it is about.
    Unnamed,
    /// `Principal`.
    These(Vec<Name>),
    /// `NotPrincipal`.
    AllBut(Vec<Name>),
}

/// A principal as a policy names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Name {
    Everyone,
    /// An account, by number or by the ARN of its root, which mean the same (documented).
    Account(String),
    /// A user, role or session.
    Arn(String),
    /// The unique id of a user or role; AWS shows it in place of an ARN that is gone.
    Id(String),
    Service(String),
    Federated(String),
    CanonicalUser(String),
}

impl Principals {
    /// Whether a statement is about a caller.
    ///
    /// `NotPrincipal` spares whom it names. A denial spares only the one who is named itself: that
    /// a list also holds the account (as AWS asks for) does not spare all of the account. What is
    /// allowed, on the other hand, leaves out everybody whom a name covers.
    pub(super) fn cover(&self, caller: &Caller<'_>, effect: Effect) -> bool {
        match (self, effect) {
            (Self::Unnamed, _) => true,
            (Self::These(names), _) => names.iter().any(|name| name.covers(caller)),
            (Self::AllBut(names), Effect::Allow) => !names.iter().any(|name| name.covers(caller)),
            (Self::AllBut(names), Effect::Deny) => !names.iter().any(|name| name.is(caller)),
        }
    }
}

impl Principals {
    /// Whether a statement is about everybody, or about all but some.
    pub(super) fn are_everybody(&self) -> bool {
        match self {
            Self::Unnamed => false,
            Self::These(names) => names.contains(&Name::Everyone),
            Self::AllBut(_) => true,
        }
    }
}

impl Name {
    /// Whether the name is the caller's, or that of a group the caller belongs to: everyone, its
    /// account, its role.
    fn covers(&self, caller: &Caller<'_>) -> bool {
        if self.is(caller) {
            return true;
        }
        match (self, caller) {
            (Self::Account(account), Caller::Aws(caller)) => *account == caller.account,
            (Self::Arn(arn), Caller::Aws(caller)) => {
                caller.role_arn.as_deref().is_some_and(|role| role == arn)
            }
            (Self::Id(id), Caller::Aws(caller)) => {
                let role = caller.id.as_deref().and_then(|id| id.split_once(':'));
                role.is_some_and(|(role, _)| role == id)
            }
            (Self::CanonicalUser(id), Caller::Aws(caller)) => {
                caller.canonical_user.as_deref().is_some_and(|user| user == id)
            }
            _ => false,
        }
    }

    /// Whether the name is the caller's own.
    fn is(&self, caller: &Caller<'_>) -> bool {
        let same = |known: &Option<Cow<'_, str>>, name: &str| known.as_deref() == Some(name);
        match (self, caller) {
            (Self::Everyone, _) => true,
            (Self::Account(account), Caller::Aws(aws)) => {
                caller.is_root() && *account == aws.account
            }
            (Self::CanonicalUser(id), Caller::Aws(aws)) => {
                caller.is_root() && same(&aws.canonical_user, id)
            }
            (Self::Account(account), Caller::Service(service)) => same(&service.account, account),
            (Self::Arn(arn), Caller::Aws(aws)) => *arn == aws.arn,
            (Self::Id(id), Caller::Aws(aws)) => same(&aws.id, id),
            (Self::Service(name), Caller::Service(service)) => *name == service.name,
            (Self::Federated(name), Caller::Federated { provider }) => name == provider,
            _ => false,
        }
    }

    /// Reads a name of one of the four kinds.
    pub(super) fn parse(kind: &str, name: &str) -> Result<Self, PolicyFault> {
        let parsed = match kind {
            "AWS" => aws(name),
            "Service" => service(name).then(|| Self::Service(name.to_owned())),
            "Federated" => federated(name).then(|| Self::Federated(name.to_owned())),
            "CanonicalUser" => canonical(name).then(|| Self::CanonicalUser(name.to_owned())),
            _ => None,
        };
        parsed.ok_or_else(|| PolicyFault::InvalidPrincipal { principal: super::excerpt(name) })
    }
}

fn aws(name: &str) -> Option<Name> {
    if name == "*" {
        return Some(Name::Everyone);
    }
    if is_account(name) {
        return Some(Name::Account(name.to_owned()));
    }
    if is_unique_id(name) {
        return Some(Name::Id(name.to_owned()));
    }
    let mut fields = name.splitn(6, ':');
    let mut field = || fields.next();
    let (arn, partition, service) = (field()?, field()?, field()?);
    let (region, account, resource) = (field()?, field()?, field()?);
    // documented: a name is whole, a wildcard is no part of it.
    if arn != "arn" || !is_partition(partition) || !region.is_empty() || name.contains(['*', '?']) {
        return None;
    }
    // documented: how a distribution of CloudFront is named that reads a bucket.
    if account == "cloudfront" {
        return (service == "iam" && resource.starts_with("user/"))
            .then(|| Name::Arn(name.to_owned()));
    }
    if !is_account(account) {
        return None;
    }
    let (kind, rest) = resource.split_once('/').unwrap_or((resource, ""));
    let good = match (service, kind) {
        ("iam", "root") => return (resource == "root").then(|| Name::Account(account.to_owned())),
        ("iam", "user" | "role") | ("sts", "federated-user") => {
            !rest.is_empty() && !rest.ends_with('/')
        }
        ("sts", "assumed-role") => rest.split_once('/').is_some_and(|(role, session)| {
            !role.is_empty() && !session.is_empty() && !session.contains('/')
        }),
        // documented: groups are no principals.
        _ => false,
    };
    good.then(|| Name::Arn(name.to_owned()))
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_partition(text: &str) -> bool {
    text.starts_with("aws") && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
}

fn is_unique_id(text: &str) -> bool {
    (16..=128).contains(&text.len())
        && ["AIDA", "AROA"].iter().any(|prefix| text.starts_with(prefix))
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// The longest name of a service, such as `delivery.logs.amazonaws.com`.
const SERVICE_BYTES_MAX: usize = 128;

fn service(name: &str) -> bool {
    name.len() <= SERVICE_BYTES_MAX
        && name.contains('.')
        && name.split('.').all(|label| {
            !label.is_empty()
                && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        })
}

fn federated(name: &str) -> bool {
    !name.is_empty()
        && !name.contains(['*', '?'])
        && name.bytes().all(|byte| byte.is_ascii_graphic())
}

fn canonical(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}
