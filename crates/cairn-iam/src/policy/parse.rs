//! From JSON to a policy: what is not of the language is refused.

use std::collections::HashSet;

use super::condition::Condition;
use super::node::Node;
use super::pattern::Reach;
use super::principal::{Name, Principals};
use super::text::{Reading, Text};
use super::{
    Effect, Patterns, Policy, PolicyFault, STATEMENTS_MAX, Statement, excerpt, is_condition_key,
};

/// What a policy belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// A bucket, a key, a topic.
    Resource,
    /// A user, a group, a role.
    Identity,
}

/// Members of an object, by name.
struct Members {
    members: Vec<(String, Node)>,
}

impl Members {
    /// Refuses names that occur twice (documented) or that are not known.
    fn new(members: Vec<(String, Node)>, known: &[&str]) -> Result<Self, PolicyFault> {
        let mut seen = HashSet::new();
        for (name, _) in &members {
            if !known.contains(&name.as_str()) {
                return Err(PolicyFault::UnknownElement { name: excerpt(name) });
            }
            if !seen.insert(name.as_str()) {
                return Err(PolicyFault::DuplicateElement { name: excerpt(name) });
            }
        }
        Ok(Self { members })
    }

    fn take(&mut self, name: &str) -> Option<Node> {
        let at = self.members.iter().position(|(known, _)| known == name)?;
        Some(self.members.swap_remove(at).1)
    }

    /// An optional text.
    fn text(&mut self, name: &'static str) -> Result<Option<String>, PolicyFault> {
        match self.take(name) {
            None => Ok(None),
            Some(Node::Text(text)) => Ok(Some(text)),
            Some(_) => Err(PolicyFault::WrongType { name, expected: "a string" }),
        }
    }

    /// An element or its negation, not both; whether it is the negation.
    fn either(
        &mut self,
        name: &'static str,
        not: &'static str,
    ) -> Result<Option<(bool, Node)>, PolicyFault> {
        match (self.take(name), self.take(not)) {
            (None, None) => Ok(None),
            (Some(node), None) => Ok(Some((false, node))),
            (None, Some(node)) => Ok(Some((true, node))),
            (Some(_), Some(_)) => Err(PolicyFault::Conflict { name }),
        }
    }
}

const POLICY_ELEMENTS: [&str; 3] = ["Version", "Id", "Statement"];
const STATEMENT_ELEMENTS: [&str; 9] = [
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
];

/// Reads a document.
pub(super) fn policy(text: &str, owner: Owner) -> Result<Policy, PolicyFault> {
    let mut document = Members::new(Node::parse_object(text)?, &POLICY_ELEMENTS)?;
    let variables = match document.take("Version") {
        // documented: without a version, it is the older one.
        None => false,
        Some(Node::Text(version)) if version == "2012-10-17" => true,
        Some(Node::Text(version)) if version == "2008-10-17" => false,
        Some(_) => return Err(PolicyFault::InvalidVersion),
    };
    let id = document.text("Id")?;
    if id.is_some() && owner == Owner::Identity {
        return Err(PolicyFault::NotInIdentityPolicy { name: "policy id" });
    }
    let statements = match document.take("Statement") {
        None => return Err(PolicyFault::MissingElement { name: "Statement" }),
        Some(Node::List(statements)) => statements,
        Some(one) => vec![one],
    };
    if statements.is_empty() {
        return Err(PolicyFault::Empty { name: "Statement" });
    }
    if statements.len() > STATEMENTS_MAX {
        return Err(PolicyFault::TooMany { name: "statements", max: STATEMENTS_MAX });
    }
    let statements: Vec<Statement> = statements
        .into_iter()
        .map(|node| statement(node, owner, variables))
        .collect::<Result<_, _>>()?;
    // documented for identities; resources may repeat them.
    let mut sids = HashSet::new();
    let mut unique = statements.iter().filter_map(Statement::sid).map(|sid| sids.insert(sid));
    if owner == Owner::Identity && !unique.all(|is_new| is_new) {
        return Err(PolicyFault::DuplicateSid);
    }
    Ok(Policy { statements })
}

fn statement(node: Node, owner: Owner, variables: bool) -> Result<Statement, PolicyFault> {
    let Node::Object(members) = node else {
        return Err(PolicyFault::WrongType { name: "Statement", expected: "an object" });
    };
    let mut members = Members::new(members, &STATEMENT_ELEMENTS)?;
    let sid = members.text("Sid")?;
    let effect = match members.take("Effect") {
        None => return Err(PolicyFault::MissingElement { name: "Effect" }),
        Some(Node::Text(effect)) if effect == "Allow" => Effect::Allow,
        Some(Node::Text(effect)) if effect == "Deny" => Effect::Deny,
        Some(Node::Text(effect)) => {
            return Err(PolicyFault::InvalidEffect { effect: excerpt(&effect) });
        }
        Some(_) => return Err(PolicyFault::WrongType { name: "Effect", expected: "a string" }),
    };
    let principals = match (members.either("Principal", "NotPrincipal")?, owner) {
        (None, Owner::Identity) => Principals::Unnamed,
        (Some(_), Owner::Identity) => {
            return Err(PolicyFault::NotInIdentityPolicy { name: "principal" });
        }
        (None, Owner::Resource) => {
            return Err(PolicyFault::MissingElement { name: "Principal" });
        }
        (Some((false, node)), Owner::Resource) => Principals::These(names(node)?),
        (Some((true, node)), Owner::Resource) => Principals::AllBut(names(node)?),
    };
    let actions = patterns(&mut members, "Action", "NotAction", action)?;
    let resources =
        patterns(&mut members, "Resource", "NotResource", |text| resource(text, variables))?;
    let conditions = match members.take("Condition") {
        None => Vec::new(),
        Some(node) => conditions(node, variables)?,
    };
    Ok(Statement { sid, effect, principals, actions, resources, conditions })
}

fn names(node: Node) -> Result<Vec<Name>, PolicyFault> {
    let invalid = |what: &str| PolicyFault::InvalidPrincipal { principal: what.to_owned() };
    let kinds = match node {
        Node::Text(everyone) if everyone == "*" => return Ok(vec![Name::Everyone]),
        Node::Text(other) => return Err(invalid(&excerpt(&other))),
        Node::Object(kinds) => {
            Members::new(kinds, &["AWS", "Service", "Federated", "CanonicalUser"])
        }
        _ => return Err(invalid("")),
    };
    let kinds = kinds.map_err(|fault| match fault {
        PolicyFault::UnknownElement { name } => PolicyFault::InvalidPrincipal { principal: name },
        other => other,
    })?;
    let mut names = Vec::new();
    for (kind, node) in kinds.members {
        let listed = texts(node).ok_or_else(|| invalid(&kind))?;
        for name in &listed {
            names.push(Name::parse(&kind, name)?);
        }
    }
    if names.is_empty() { Err(invalid("")) } else { Ok(names) }
}

fn patterns(
    members: &mut Members,
    name: &'static str,
    not: &'static str,
    parse: impl Fn(&str) -> Result<Text, PolicyFault>,
) -> Result<Patterns, PolicyFault> {
    let Some((negated, node)) = members.either(name, not)? else {
        return Err(PolicyFault::MissingElement { name });
    };
    let sources = texts(node)
        .ok_or(PolicyFault::WrongType { name, expected: "a string or a list of strings" })?;
    if sources.is_empty() {
        return Err(PolicyFault::Empty { name });
    }
    let texts = sources.iter().map(|source| parse(source)).collect::<Result<_, _>>()?;
    Ok(Patterns { negated, sources, texts })
}

/// One text or a list of texts.
fn texts(node: Node) -> Option<Vec<String>> {
    let text = |node| if let Node::Text(text) = node { Some(text) } else { None };
    match node {
        Node::Text(text) => Some(vec![text]),
        Node::List(items) => items.into_iter().map(text).collect(),
        _ => None,
    }
}

/// An action: `*`, or `service:name`, whose case does not matter.
fn action(source: &str) -> Result<Text, PolicyFault> {
    let is_part = |text: &str, more: &[u8]| {
        !text.is_empty()
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || more.contains(&b))
    };
    let good = source == "*"
        || source.split_once(':').is_some_and(|(service, name)| {
            (service == "*" || is_part(service, b"")) && is_part(name, b"*?_.")
        });
    if !good {
        return Err(PolicyFault::InvalidAction { action: excerpt(source) });
    }
    let reading =
        Reading { variables: false, wildcards: true, ignore_case: true, reach: Reach::Text };
    Text::parse(source, reading)
}

/// A resource: `*`, or an ARN, with variables behind its fifth colon (documented).
fn resource(source: &str, variables: bool) -> Result<Text, PolicyFault> {
    let mut fields = source.splitn(6, ':');
    let mut field = || fields.next();
    let (arn, partition, service) = (field(), field(), field());
    let (region, account, name) = (field(), field(), field());
    let before = [partition, service, region, account].into_iter().flatten();
    let no_variable = !variables || before.clone().all(|field| !field.contains("${"));
    // documented: an ARN that ends early in a wildcard goes on in wildcards.
    let is_whole = name.is_some_and(|name| !name.is_empty()) || source.ends_with('*');
    // documented: the service is never a pattern. Incomplete ARNs end in one.
    let service_is_named = service.is_some_and(|service| {
        !service.is_empty()
            && (!service.contains(['*', '?']) || (region.is_none() && service == "*"))
    });
    let good = source == "*" || (arn == Some("arn") && no_variable && is_whole && service_is_named);
    if !good {
        return Err(PolicyFault::InvalidResource { resource: excerpt(source) });
    }
    let reading = Reading { variables, wildcards: true, ignore_case: false, reach: Reach::Arn };
    Text::parse(source, reading)
}

fn conditions(node: Node, variables: bool) -> Result<Vec<Condition>, PolicyFault> {
    let wrong = || PolicyFault::WrongType { name: "Condition", expected: "an object of objects" };
    let Node::Object(operators) = node else { return Err(wrong()) };
    let mut conditions = Vec::new();
    let mut seen = HashSet::new();
    for (operator, node) in operators {
        let Node::Object(keys) = node else { return Err(wrong()) };
        if !seen.insert((operator.clone(), None)) {
            return Err(PolicyFault::DuplicateElement { name: excerpt(&operator) });
        }
        for (key, node) in keys {
            if !is_condition_key(&key) {
                return Err(PolicyFault::InvalidConditionKey { key: excerpt(&key) });
            }
            // documented: names of keys have no case, so two that differ in it are one.
            if !seen.insert((operator.clone(), Some(key.to_ascii_lowercase()))) {
                return Err(PolicyFault::DuplicateElement { name: excerpt(&key) });
            }
            let values = values(node)?;
            let values: Vec<&str> = values.iter().map(String::as_str).collect();
            conditions.push(Condition::parse(&operator, &key, &values, variables)?);
        }
    }
    Ok(conditions)
}

/// The values of a condition, as text; numbers and truth values need no quotes (documented).
fn values(node: Node) -> Result<Vec<String>, PolicyFault> {
    let value = |node| match node {
        Node::Text(text) | Node::Number(text) => Some(text),
        Node::Bool(value) => Some(value.to_string()),
        Node::Null | Node::List(_) | Node::Object(_) => None,
    };
    let values = match node {
        Node::List(items) => items.into_iter().map(value).collect(),
        one => value(one).map(|value| vec![value]),
    };
    values.ok_or(PolicyFault::WrongType {
        name: "Condition",
        expected: "a value or a list of values",
    })
}
