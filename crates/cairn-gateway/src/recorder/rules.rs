//! Members that records hide, rename or leave out: `tables/members.txt`, read once.

use std::collections::HashMap;
use std::sync::LazyLock;

use cairn_wire::value::Value;

use super::services::lines;
use super::text::{Object, lower_first};

/// The half of a call that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Request,
    Response,
}

/// What happens to a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Hide,
    HideItems,
    Text(&'static str),
    Omit,
    /// The token of a session.
    Token,
    Empty,
    Keep,
    Rename(&'static str),
    Null,
    Add(&'static str),
    /// The value of a member beside it, or else JSON.
    Copy(&'static str, &'static str),
    Show,
}

#[derive(Debug)]
struct Rule {
    operations: Vec<&'static str>,
    side: Option<Side>,
    path: Vec<&'static str>,
    is_any_depth: bool,
    action: Action,
}

static RULES: LazyLock<HashMap<&'static str, Vec<Rule>>> =
    LazyLock::new(|| read(include_str!("tables/members.txt")));

/// Whether records show the tokens of sessions that STS and Cognito have made, as those of AWS do
/// (observed). A token stands for somebody as long as it is good, and a record cannot be taken back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SessionTokens {
    /// They are left out.
    #[default]
    Withheld,
    /// They are shown.
    Shown,
}

/// A key that the service adds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Added {
    pub(super) key: &'static str,
    /// The member beside it that it says again, if the caller has said that one.
    like: Option<&'static str>,
    json: &'static str,
}

impl Added {
    /// Adds the key to the object of these members, unless they have it.
    pub(super) fn push(self, object: &mut Object<'_>, members: &[(&'static str, Value)]) {
        if members.iter().any(|(name, _)| lower_first(name) == self.key) {
            return;
        }
        let said = |like: &str| members.iter().find(|(name, _)| *name == like);
        match self.like.and_then(said) {
            Some((_, Value::String(text))) => object.text(self.key, text),
            _ => object.raw(self.key, self.json),
        }
    }
}

/// The rules for one side of one operation.
#[derive(Debug, Default)]
pub(super) struct Rules {
    rules: Vec<&'static Rule>,
    tokens: SessionTokens,
}

impl Rules {
    pub(super) fn of(service: &str, operation: &str, side: Side) -> Self {
        let applies = |rule: &&Rule| {
            rule.side.is_none_or(|s| s == side)
                && rule.operations.iter().any(|name| *name == "*" || *name == operation)
        };
        let rules = RULES.get(service).map(Vec::as_slice).unwrap_or_default();
        Self { rules: rules.iter().filter(applies).collect(), tokens: SessionTokens::default() }
    }

    pub(super) fn with(self, tokens: SessionTokens) -> Self {
        Self { tokens, ..self }
    }

    /// What happens to the member at the end of `path`, which goes by the model's names.
    pub(super) fn at(&self, path: &[&str]) -> Option<Action> {
        let matches = |rule: &&&Rule| {
            if rule.is_any_depth {
                path.last().is_some_and(|name| rule.path == [*name])
            } else {
                rule.path == path
            }
        };
        self.rules.iter().find(matches).map(|rule| match (rule.action, self.tokens) {
            (Action::Token, SessionTokens::Withheld) => Action::Omit,
            (Action::Token, SessionTokens::Shown) => Action::Keep,
            (action, _) => action,
        })
    }

    /// What the service adds to the structure at `path` where the caller has not said it.
    pub(super) fn added<'r>(&'r self, path: &'r [&str]) -> impl Iterator<Item = Added> + 'r {
        self.rules.iter().filter_map(move |rule| {
            let (key, outer) = rule.path.split_last()?;
            let (like, json) = match rule.action {
                Action::Add(json) => (None, json),
                Action::Copy(member, json) => (Some(member), json),
                _ => return None,
            };
            (outer == path).then_some(Added { key, like, json })
        })
    }

    /// Whether the service adds anything at all.
    pub(super) fn adds(&self) -> bool {
        self.rules.iter().any(|rule| matches!(rule.action, Action::Add(_) | Action::Copy(..)))
    }
}

fn read(text: &'static str) -> HashMap<&'static str, Vec<Rule>> {
    let mut table: HashMap<&'static str, Vec<Rule>> = HashMap::new();
    for line in lines(text) {
        if let Some((service, rule)) = read_line(line) {
            table.entry(service).or_default().push(rule);
        }
    }
    table
}

fn read_line(line: &'static str) -> Option<(&'static str, Rule)> {
    let [service, operations, place, action] = line.splitn(4, ' ').collect::<Vec<_>>()[..] else {
        return None;
    };
    let mut words = place.split('.');
    let side = match words.next()? {
        "rq" => Some(Side::Request),
        "rs" => Some(Side::Response),
        "any" => None,
        _ => return None,
    };
    let mut path: Vec<_> = words.collect();
    let is_any_depth = path.first() == Some(&"**");
    if is_any_depth {
        path.remove(0);
    }
    let action = match action.split_once(':') {
        Some(("text", text)) => Action::Text(text),
        Some(("rename", name)) => Action::Rename(name),
        Some(("add", json)) => Action::Add(json),
        Some(("copy", source)) => {
            let (member, json) = source.split_once('|')?;
            Action::Copy(member, json)
        }
        Some(_) => return None,
        None => match action {
            "hide" => Action::Hide,
            "hide-items" => Action::HideItems,
            "omit" => Action::Omit,
            "token" => Action::Token,
            "empty" => Action::Empty,
            "keep" => Action::Keep,
            "null" => Action::Null,
            "show" => Action::Show,
            _ => return None,
        },
    };
    let operations = operations.split(',').collect();
    Some((service, Rule { operations, side, path, is_any_depth, action }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_wire::model;

    #[test]
    fn every_line_names_what_the_model_has() {
        for line in lines(include_str!("tables/members.txt")) {
            let (service, rule) =
                read_line(line).unwrap_or_else(|| panic!("{line}: not understood"));
            let service = model::service(service).unwrap_or_else(|| panic!("{line}: no service"));
            for name in rule.operations.iter().filter(|name| **name != "*") {
                assert!(service.find_operation(name).is_some(), "{line}: no operation {name}");
            }
        }
    }

    #[test]
    fn rules_match_by_path_or_at_any_depth() {
        let rules = Rules::of("sns", "Publish", Side::Request);
        assert_eq!(rules.at(&["Message"]), Some(Action::Hide));
        assert_eq!(rules.at(&["Other", "Message"]), None);
        assert_eq!(rules.at(&["TopicArn"]), None);
        let rules = Rules::of("sts", "AssumeRole", Side::Response);
        assert_eq!(rules.at(&["Credentials", "SecretAccessKey"]), Some(Action::Omit));
        assert_eq!(rules.at(&["Credentials", "SessionToken"]), Some(Action::Omit));
        let rules = rules.with(SessionTokens::Shown);
        assert_eq!(rules.at(&["Credentials", "SecretAccessKey"]), Some(Action::Omit));
        assert_eq!(rules.at(&["Credentials", "SessionToken"]), Some(Action::Keep));
        let rules = Rules::of("sts", "AssumeRoot", Side::Response).with(SessionTokens::Shown);
        assert_eq!(rules.at(&["Credentials", "SessionToken"]), Some(Action::Omit));
        assert_eq!(Rules::of("sns", "Publish", Side::Response).at(&["Message"]), None);
    }
}
