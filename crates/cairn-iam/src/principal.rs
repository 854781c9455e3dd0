//! Who a call is made by.

use cairn_event::AccountId;

/// An IAM user.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct User {
    /// The account that owns the user.
    pub account: AccountId,
    /// The path, `/` or `/division/team/`.
    pub path: String,
    /// The name.
    pub name: String,
    /// The unique id, `AIDA…`.
    pub id: String,
}

impl User {
    fn arn(&self) -> String {
        format!("arn:aws:iam::{}:user{}{}", self.account, self.path, self.name)
    }
}

/// An IAM role.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Role {
    /// The account that owns the role.
    pub account: AccountId,
    /// The path, `/` or `/service-role/`.
    pub path: String,
    /// The name.
    pub name: String,
    /// The unique id, `AROA…`.
    pub id: String,
}

impl Role {
    /// The ARN of the role itself, with its path; sessions leave the path out.
    pub fn arn(&self) -> String {
        format!("arn:aws:iam::{}:role{}{}", self.account, self.path, self.name)
    }
}

/// Who a call is made by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Principal {
    /// The owner of an account.
    Root {
        /// The account.
        account: AccountId,
    },
    /// A user with keys of their own.
    User(User),
    /// A session of a role.
    AssumedRole {
        /// The role.
        role: Role,
        /// The session's name.
        session_name: String,
    },
    /// A session that a user or a root asked for in the name of somebody else
    /// (`GetFederationToken`).
    FederatedUser {
        /// The name given.
        name: String,
        /// Whose permissions the session has.
        issuer: Issuer,
    },
    /// Another account, known by no more than its number: how the owner's copy of a record shows a
    /// foreign caller.
    Account {
        /// The caller's account.
        account: AccountId,
        /// The caller's principal id.
        principal_id: String,
    },
    /// Whoever holds an access key that we do not know, or cannot check: no more is known than the
    /// account that the key belongs to.
    UnknownKey {
        /// The key's account.
        account: AccountId,
    },
    /// A service of AWS, acting by itself.
    Service {
        /// Its name, `cloudtrail.amazonaws.com`.
        name: String,
    },
    /// Nobody: a call without a signature.
    Anonymous,
}

/// Who can ask for a federated session.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Issuer {
    /// The owner of an account.
    Root(AccountId),
    /// A user.
    User(User),
}

impl Issuer {
    /// The issuer as a principal of its own.
    pub fn principal(&self) -> Principal {
        match self {
            Self::Root(account) => Principal::Root { account: account.clone() },
            Self::User(user) => Principal::User(user.clone()),
        }
    }

    fn account(&self) -> &AccountId {
        match self {
            Self::Root(account) => account,
            Self::User(user) => &user.account,
        }
    }
}

impl Principal {
    /// The account that the principal belongs to; services and anonymous callers have none.
    pub fn account(&self) -> Option<&AccountId> {
        match self {
            Self::Root { account }
            | Self::Account { account, .. }
            | Self::UnknownKey { account } => Some(account),
            Self::User(user) => Some(&user.account),
            Self::AssumedRole { role, .. } => Some(&role.account),
            Self::FederatedUser { issuer, .. } => Some(issuer.account()),
            Self::Service { .. } | Self::Anonymous => None,
        }
    }

    /// The ARN by which policies and records name the principal.
    pub fn arn(&self) -> Option<String> {
        match self {
            Self::Root { account } => Some(format!("arn:aws:iam::{account}:root")),
            Self::User(user) => Some(user.arn()),
            Self::AssumedRole { role, session_name } => {
                let (account, name) = (&role.account, &role.name);
                Some(format!("arn:aws:sts::{account}:assumed-role/{name}/{session_name}"))
            }
            Self::FederatedUser { name, issuer } => {
                Some(format!("arn:aws:sts::{}:federated-user/{name}", issuer.account()))
            }
            Self::Account { .. }
            | Self::UnknownKey { .. }
            | Self::Service { .. }
            | Self::Anonymous => None,
        }
    }

    /// The unique id: `principalId` of a record and `UserId` of `GetCallerIdentity`, empty for
    /// those who have none.
    pub fn principal_id(&self) -> String {
        match self {
            Self::Root { account } => account.to_string(),
            Self::User(user) => user.id.clone(),
            Self::AssumedRole { role, session_name } => format!("{}:{session_name}", role.id),
            Self::FederatedUser { name, issuer } => format!("{}:{name}", issuer.account()),
            Self::Account { principal_id, .. } => principal_id.clone(),
            Self::UnknownKey { .. } | Self::Service { .. } | Self::Anonymous => String::new(),
        }
    }

    /// `UserId` as `sts:GetCallerIdentity` answers it (documented: the same as the principal id).
    pub fn user_id(&self) -> String {
        self.principal_id()
    }

    /// The name that `LookupEvents` finds a record by: the user's, or the session's for a role.
    pub fn user_name(&self) -> Option<&str> {
        match self {
            Self::User(user) => Some(&user.name),
            Self::AssumedRole { session_name, .. } => Some(session_name),
            Self::FederatedUser { name, .. } => Some(name),
            _ => None,
        }
    }

    /// How the record in the owner's account of a resource shows a caller from another account: no
    /// more than the account and the principal id (observed).
    #[must_use]
    pub fn seen_from_another_account(&self) -> Self {
        match self.account() {
            Some(account) => {
                Self::Account { account: account.clone(), principal_id: self.principal_id() }
            }
            None => self.clone(),
        }
    }
}
