//! What history keeps of a record beside its bytes: the columns and the keys.

use std::borrow::Cow;

use cairn_event::likeness::Traits;
use cairn_event::lookup_resource::{LookupResource, lookup_resources};
use cairn_event::{Category, Likeness, RecordHead};

use crate::key::{Class, Scope, ScopeHash};
use crate::{AttributeKey, Field, Filter, Match};

/// The columns that hold one text each, in the order in which they are stored.
pub(crate) const TEXT_FIELDS: [Field; TEXTS] = [
    Field::EventId,
    Field::EventName,
    Field::EventSource,
    Field::Region,
    Field::Account,
    Field::SourceIp,
    Field::UserAgent,
    Field::ErrorCode,
    Field::ErrorMessage,
    Field::EventType,
    Field::UserName,
    Field::UserType,
    Field::UserArn,
    Field::SessionIssuerArn,
    Field::InvokedBy,
    Field::AccessKeyId,
    Field::PrincipalId,
    Field::RequestId,
    Field::VpcEndpointId,
    Field::SharedEventId,
];
/// How many of them there are.
pub(crate) const TEXTS: usize = 20;

/// Where a field is among [`TEXT_FIELDS`]; `None` for those of another kind.
pub(crate) fn text_index(field: Field) -> Option<usize> {
    TEXT_FIELDS.iter().position(|known| *known == field)
}

/// The categories by the code that the column store uses.
pub(crate) const CATEGORIES: [(Category, &str); 5] = [
    (Category::Management, "Management"),
    (Category::Data, "Data"),
    (Category::Insight, "Insight"),
    (Category::NetworkActivity, "NetworkActivity"),
    (Category::Other, "Other"),
];

/// The columns of one record, borrowed from its head.
#[derive(Debug)]
pub(crate) struct Fields<'h> {
    pub texts: [Option<Cow<'h, str>>; TEXTS],
    pub resources: Vec<LookupResource<'h>>,
    pub category: Category,
    pub read_only: Option<bool>,
    pub event_time_ms: Option<i64>,
}

impl<'h> Fields<'h> {
    /// The columns of a parsed record.
    pub(crate) fn of(head: &'h RecordHead<'_>) -> Self {
        fn text<'t>(value: Option<&'t Cow<'_, str>>) -> Option<Cow<'t, str>> {
            value.map(|value| Cow::Borrowed(value.as_ref()))
        }
        let identity = &head.identity;
        Self {
            texts: [
                text(head.event_id.as_ref()),
                text(head.event_name.as_ref()),
                text(head.event_source.as_ref()),
                text(head.aws_region.as_ref()),
                head.account().map(Cow::Borrowed),
                text(head.source_ip_address.as_ref()),
                text(head.user_agent.as_ref()),
                text(head.error_code.as_ref()),
                text(head.error_message.as_ref()),
                text(head.event_type.as_ref()),
                head.username(),
                text(identity.kind.as_ref()),
                text(identity.arn.as_ref()),
                text(identity.session_issuer_arn.as_ref()),
                text(identity.invoked_by.as_ref()),
                text(identity.access_key_id.as_ref()),
                text(identity.principal_id.as_ref()),
                text(head.request_id.as_ref()),
                text(head.vpc_endpoint_id.as_ref()),
                text(head.shared_event_id.as_ref()),
            ],
            resources: lookup_resources(head),
            category: head.category(),
            read_only: head.read_only,
            event_time_ms: head.event_time.map(cairn_event::Timestamp::as_ms),
        }
    }

    /// The columns of a record, if it is a JSON object.
    pub(crate) fn of_any(head: Option<&'h RecordHead<'_>>) -> Self {
        head.map_or_else(Self::none, Self::of)
    }

    /// The columns of a record that is no JSON object: none. It is kept, and found by its text.
    fn none() -> Self {
        Self {
            texts: [const { None }; TEXTS],
            resources: Vec::new(),
            category: Category::Other,
            read_only: None,
            event_time_ms: None,
        }
    }
}

/// Parses a record once and hands its columns on.
pub(crate) fn with_fields<T>(record: &[u8], look: impl FnOnce(&Fields<'_>) -> T) -> T {
    let head = RecordHead::parse(record).ok();
    look(&Fields::of_any(head.as_ref()))
}

/// A row whose columns can be read, wherever they are kept.
pub(crate) trait Columns {
    /// The value of a column that holds one text.
    fn text(&self, index: usize) -> Option<&str>;
    fn category(&self) -> Category;
    fn read_only(&self) -> Option<bool>;
    /// Whether one of the resource types (or names) passes.
    fn any_resource(&self, names: bool, pass: &mut dyn FnMut(&str) -> bool) -> bool;
}

impl Columns for Fields<'_> {
    fn text(&self, index: usize) -> Option<&str> {
        self.texts.get(index)?.as_deref()
    }

    fn category(&self) -> Category {
        self.category
    }

    fn read_only(&self) -> Option<bool> {
        self.read_only
    }

    fn any_resource(&self, names: bool, pass: &mut dyn FnMut(&str) -> bool) -> bool {
        self.resources.iter().any(|resource| {
            if names {
                pass(&resource.resource_name)
            } else {
                resource.resource_type.as_deref().is_some_and(&mut *pass)
            }
        })
    }
}

/// `readOnly` as the attribute and the column spell it.
pub(crate) const fn read_only_text(read_only: bool) -> &'static str {
    if read_only { "true" } else { "false" }
}

/// The class that a category belongs to.
pub(crate) fn class_of(category: Category) -> Class {
    match category {
        Category::Management => Class::Management,
        Category::Insight => Class::Insight,
        _ => Class::Other,
    }
}

pub(crate) fn category_text(category: Category) -> &'static str {
    CATEGORIES.iter().find(|(known, _)| *known == category).map_or("Other", |(_, text)| text)
}

/// Whether a row is in a scope.
pub(crate) fn in_scope(row: &impl Columns, scope: &Scope) -> bool {
    class_of(row.category()) == scope.class
        && row.text(ACCOUNT).unwrap_or_default() == scope.account
        && row.text(REGION).unwrap_or_default() == scope.region
}

/// Whether an attribute of a row has a value.
pub(crate) fn has_attribute(row: &impl Columns, key: AttributeKey, value: &str) -> bool {
    passes(row, &Filter::equals(attribute_field(key), value))
}

/// The column in which an attribute is found.
pub(crate) const fn attribute_field(key: AttributeKey) -> Field {
    match key {
        AttributeKey::EventId => Field::EventId,
        AttributeKey::EventName => Field::EventName,
        AttributeKey::ReadOnly => Field::ReadOnly,
        AttributeKey::Username => Field::UserName,
        AttributeKey::ResourceType => Field::ResourceType,
        AttributeKey::ResourceName => Field::ResourceName,
        AttributeKey::EventSource => Field::EventSource,
        AttributeKey::AccessKeyId => Field::AccessKeyId,
    }
}

/// Whether a row passes a condition. A column of several values passes if one of them does.
pub(crate) fn passes(row: &impl Columns, filter: &Filter) -> bool {
    match filter.field {
        Field::ResourceType | Field::ResourceName => {
            let names = filter.field == Field::ResourceName;
            match &filter.value {
                Match::Absent => !row.any_resource(names, &mut |_| true),
                wanted => row.any_resource(names, &mut |value| value_passes(Some(value), wanted)),
            }
        }
        Field::ReadOnly => value_passes(row.read_only().map(read_only_text), &filter.value),
        Field::Category => value_passes(Some(category_text(row.category())), &filter.value),
        field => {
            let value = text_index(field).and_then(|index| row.text(index));
            value_passes(value, &filter.value)
        }
    }
}

/// Whether a value, or that there is none, is as wanted.
pub(crate) fn value_passes(value: Option<&str>, wanted: &Match) -> bool {
    match (wanted, value) {
        (Match::Absent, value) => value.is_none(),
        (_, None) => false,
        (Match::Present, Some(_)) => true,
        (Match::Equals(text), Some(value)) => value == text,
        (Match::Prefix(text), Some(value)) => value.starts_with(text.as_str()),
        (Match::Contains(text), Some(value)) => value.contains(text.as_str()),
    }
}

// Places in `TEXT_FIELDS`, for the columns that keys are made of and rows are arranged by.
const EVENT_ID: usize = 0;
const EVENT_NAME: usize = 1;
const EVENT_SOURCE: usize = 2;
const REGION: usize = 3;
const ACCOUNT: usize = 4;
const USER_NAME: usize = 10;
const USER_ARN: usize = 12;
const SESSION_ISSUER_ARN: usize = 13;
const ACCESS_KEY_ID: usize = 15;

/// What a row has in common with others, out of its text columns.
pub(crate) fn likeness<'t>(text: impl Fn(usize) -> Option<&'t str>) -> Likeness {
    Likeness::new(&Traits {
        account: text(ACCOUNT),
        session_issuer_arn: text(SESSION_ISSUER_ARN),
        access_key_id: text(ACCESS_KEY_ID),
        user_arn: text(USER_ARN),
        event_source: text(EVENT_SOURCE),
        event_name: text(EVENT_NAME),
    })
}

impl Fields<'_> {
    /// Where the record belongs.
    pub(crate) fn scope(&self) -> Scope {
        Scope {
            class: class_of(self.category),
            account: self.text(ACCOUNT).unwrap_or_default().to_owned(),
            region: self.text(REGION).unwrap_or_default().to_owned(),
        }
    }

    /// Adds the keys under which the record is listed, each once; returns the hash of its scope.
    pub(crate) fn keys(&self, keys: &mut Vec<u64>) -> ScopeHash {
        let first = keys.len();
        let scope = ScopeHash::new(
            class_of(self.category),
            self.text(ACCOUNT).unwrap_or_default(),
            self.text(REGION).unwrap_or_default(),
        );
        keys.push(scope.all_rows());
        for (index, attribute) in [
            (EVENT_ID, AttributeKey::EventId),
            (EVENT_NAME, AttributeKey::EventName),
            (EVENT_SOURCE, AttributeKey::EventSource),
            (USER_NAME, AttributeKey::Username),
            (ACCESS_KEY_ID, AttributeKey::AccessKeyId),
        ] {
            if let Some(value) = self.text(index) {
                keys.push(scope.key(attribute, value));
            }
        }
        if let Some(read_only) = self.read_only {
            keys.push(scope.key(AttributeKey::ReadOnly, read_only_text(read_only)));
        }
        for resource in &self.resources {
            if let Some(kind) = &resource.resource_type {
                push_once(keys, first, scope.key(AttributeKey::ResourceType, kind));
            }
            let name = scope.key(AttributeKey::ResourceName, &resource.resource_name);
            push_once(keys, first, name);
        }
        scope
    }
}

fn push_once(keys: &mut Vec<u64>, first: usize, key: u64) {
    if !keys[first..].contains(&key) {
        keys.push(key);
    }
}
