//! The policy language: documents, and what they say of a request.
//!
//! ```
//! use cairn_iam::policy::{Caller, Context, Decision, Policy, Request};
//!
//! let policy = Policy::parse(
//!     r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
//!         "Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:GetBucketAcl",
//!         "Resource":"arn:aws:s3:::trails","Condition":{"StringEquals":
//!         {"aws:SourceAccount":"111122223333"}}}]}"#,
//! )?;
//! let context = Context::new().with("aws:SourceAccount", "111122223333");
//! let request = Request {
//!     principal: Caller::cloudtrail("eu-west-1"),
//!     action: "s3:GetBucketAcl",
//!     resource: "arn:aws:s3:::trails",
//!     context: &context,
//! };
//! assert_eq!(policy.decide(&request), Decision::Allow);
//! # Ok::<(), cairn_iam::policy::PolicyFault>(())
//! ```

mod caller;
mod cloudtrail_accounts;
mod condition;
mod context;
mod fault;
mod node;
mod parse;
mod pattern;
mod principal;
mod public;
mod text;

pub use caller::{AwsCaller, Caller, ServiceCaller};
pub use context::Context;
pub use fault::PolicyFault;

use self::condition::Condition;
use self::parse::Owner;
use self::principal::Principals;
use self::text::Text;

/// The longest document: KMS takes the longest (documented), each service has a limit of its own
/// below it.
pub const POLICY_BYTES_MAX: usize = 32 << 10;
/// How many statements a policy has at most; so many fill a document.
pub const STATEMENTS_MAX: usize = 512;
/// The longest name of a condition key (documented: 128 for the key of a tag, and what stands
/// before it).
const CONDITION_KEY_BYTES_MAX: usize = 512;
/// How much of a document a fault repeats.
const EXCERPT_CHARS_MAX: usize = 80;

/// What is asked.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// Who asks.
    pub principal: Caller<'a>,
    /// For what, `s3:PutObject`.
    pub action: &'a str,
    /// On what: an ARN, or `*` for actions that know no resource.
    pub resource: &'a str,
    /// What else is known.
    pub context: &'a Context,
}

/// What a policy says of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Decision {
    /// A statement allows it and none denies it.
    Allow,
    /// A statement denies it.
    Deny,
    /// No statement covers it; it is not allowed, unless another policy does.
    NotMentioned,
}

/// Whether statements allow or deny.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// They allow.
    Allow,
    /// They deny, whatever others allow.
    Deny,
}

/// A policy document, understood.
#[derive(Clone, Debug)]
pub struct Policy {
    statements: Vec<Statement>,
}

/// One statement of a policy.
#[derive(Clone, Debug)]
pub struct Statement {
    sid: Option<String>,
    effect: Effect,
    principals: Principals,
    actions: Patterns,
    resources: Patterns,
    conditions: Vec<Condition>,
}

/// `Action`, `Resource`, or the negation of one.
#[derive(Clone, Debug)]
struct Patterns {
    negated: bool,
    sources: Vec<String>,
    texts: Vec<Text>,
}

impl Policy {
    /// Reads a policy that belongs to a resource: a bucket, a key, a topic. Every statement names
    /// principals.
    pub fn parse(text: &str) -> Result<Self, PolicyFault> {
        Self::read(text, Owner::Resource)
    }

    /// Reads a policy that belongs to a user, group or role. No statement names principals, and
    /// the document has no id.
    pub fn parse_identity(text: &str) -> Result<Self, PolicyFault> {
        Self::read(text, Owner::Identity)
    }

    fn read(text: &str, owner: Owner) -> Result<Self, PolicyFault> {
        if text.len() > POLICY_BYTES_MAX {
            return Err(PolicyFault::TooLong);
        }
        parse::policy(text, owner)
    }

    /// What the policy says of a request. A statement that allows an account allows all of its
    /// principals; whether policies of their own limit them is not known here.
    pub fn decide(&self, request: &Request<'_>) -> Decision {
        let mut decision = Decision::NotMentioned;
        for statement in self.statements.iter().filter(|statement| statement.applies(request)) {
            match statement.effect {
                Effect::Deny => return Decision::Deny,
                Effect::Allow => decision = Decision::Allow,
            }
        }
        decision
    }

    /// The statements, in the document's order.
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }
}

impl Statement {
    /// Its `Sid`.
    pub fn sid(&self) -> Option<&str> {
        self.sid.as_deref()
    }

    /// Whether it allows or denies.
    pub fn effect(&self) -> Effect {
        self.effect
    }

    /// The patterns of `Action` or `NotAction`, as written.
    pub fn actions(&self) -> impl Iterator<Item = &str> {
        self.actions.sources.iter().map(String::as_str)
    }

    /// The patterns of `Resource` or `NotResource`, as written.
    pub fn resources(&self) -> impl Iterator<Item = &str> {
        self.resources.sources.iter().map(String::as_str)
    }

    fn applies(&self, request: &Request<'_>) -> bool {
        self.principals.cover(&request.principal, self.effect)
            && self.actions.cover(request.action, request.context, self.effect)
            && self.resources.cover(request.resource, request.context, self.effect)
            && self.conditions.iter().all(|c| c.holds(request.context, self.effect))
    }
}

impl Patterns {
    /// Whether the element covers a text. A variable without a value matches nothing; that is no
    /// reason for a negation to allow anything.
    fn cover(&self, subject: &str, context: &Context, effect: Effect) -> bool {
        let mut unknown = false;
        for text in &self.texts {
            match text.matches(subject, context) {
                Some(true) => return !self.negated,
                Some(false) => {}
                None => unknown = true,
            }
        }
        self.negated && (!unknown || effect == Effect::Deny)
    }
}

/// Whether a text names a condition key: `service:name`.
fn is_condition_key(text: &str) -> bool {
    text.len() <= CONDITION_KEY_BYTES_MAX
        && !text.contains(char::is_control)
        && text.split_once(':').is_some_and(|(service, name)| {
            let is_name =
                |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'/');
            !service.is_empty() && !name.is_empty() && service.bytes().all(is_name)
        })
}

/// The beginning of a text, for a fault.
fn excerpt(text: &str) -> String {
    text.chars().take(EXCERPT_CHARS_MAX).collect()
}
