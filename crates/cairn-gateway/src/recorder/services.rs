//! What differs by service, read once from `tables/services.txt` and `tables/event_names.txt`.

use std::collections::HashMap;
use std::sync::LazyLock;

/// What stands for a secret unless the service has its own words (observed).
const MASK: &str = "HIDDEN_DUE_TO_SECURITY_REASONS";

/// How a service's parameters are named in records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Family {
    /// The model's names with a lower first letter; models that are lower already stay as they are.
    #[default]
    Lower,
    /// The names of the wire, and dates as they go over it.
    AsIs,
    /// EC2's two styles.
    Ec2,
    /// From the HTTP request itself.
    S3,
    /// The body under a name of its own.
    ApiGateway,
}

/// What a denied call still shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Denied {
    /// No parameters.
    #[default]
    Bare,
    /// Its parameters.
    Keep,
    /// Its parameters, and the message in `responseElements` instead of `errorMessage`.
    Message,
    /// The same for every error, and not only for denied calls.
    MessageAlways,
}

/// The facts of one service.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools)] // independent facts, one a line of the table
pub(super) struct ServiceFacts {
    pub(super) family: Family,
    pub(super) home: Option<&'static str>,
    pub(super) api_version: Option<&'static str>,
    pub(super) denied: Denied,
    /// What the message is called in `responseElements`.
    pub(super) message_key: &'static str,
    pub(super) bare_error: Option<&'static str>,
    pub(super) mask: &'static str,
    pub(super) has_key_exchange: bool,
    pub(super) has_no_tls: bool,
    pub(super) is_lifted: bool,
    pub(super) encodes_labels: bool,
    /// An answer shows which of its headers a browser may see.
    pub(super) exposes_headers: bool,
    /// Operations of the plain family among others that are as-is.
    pub(super) lower: Vec<&'static str>,
    /// The members of a body stand beside those of the path and the query.
    pub(super) is_inline: bool,
    /// `eventSource`, where it is not that of the model.
    pub(super) source: Option<&'static str>,
    /// Operations that are management events although the model has them as data events.
    pub(super) management: Vec<&'static str>,
    /// A member of `additionalEventData` that is always there.
    pub(super) additional: Option<(&'static str, &'static str)>,
}

impl ServiceFacts {
    /// How the parameters of an operation are named.
    pub(super) fn family_of(&self, operation: &str) -> Family {
        if self.lower.contains(&operation) { Family::Lower } else { self.family }
    }
}

static PLAIN: ServiceFacts = ServiceFacts {
    family: Family::Lower,
    home: None,
    api_version: None,
    denied: Denied::Bare,
    message_key: "message",
    bare_error: None,
    mask: MASK,
    has_key_exchange: false,
    has_no_tls: false,
    is_lifted: false,
    encodes_labels: false,
    exposes_headers: false,
    lower: Vec::new(),
    is_inline: false,
    source: None,
    management: Vec::new(),
    additional: None,
};

static FACTS: LazyLock<HashMap<&'static str, ServiceFacts>> =
    LazyLock::new(|| read_facts(include_str!("tables/services.txt")));

static EVENT_NAMES: LazyLock<HashMap<(&'static str, &'static str), &'static str>> =
    LazyLock::new(|| {
        lines(include_str!("tables/event_names.txt"))
            .filter_map(|line| match line.split_whitespace().collect::<Vec<_>>()[..] {
                [service, operation, event] => Some(((service, operation), event)),
                _ => None,
            })
            .collect()
    });

/// The facts of a service, by its folder in the model.
pub(super) fn facts(service: &str) -> &'static ServiceFacts {
    FACTS.get(service).unwrap_or(&PLAIN)
}

/// `eventName` of an operation.
pub(super) fn event_name<'a>(service: &'a str, operation: &'a str) -> &'a str {
    EVENT_NAMES.get(&(service, operation)).copied().unwrap_or(operation)
}

/// The lines of a table that say something.
pub(super) fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn read_facts(text: &'static str) -> HashMap<&'static str, ServiceFacts> {
    let mut table: HashMap<&'static str, ServiceFacts> = HashMap::new();
    for line in lines(text) {
        let mut words = line.splitn(3, ' ');
        let (Some(service), Some(fact)) = (words.next(), words.next()) else { continue };
        let value = words.next().unwrap_or_default();
        let facts = table.entry(service).or_insert_with(|| PLAIN.clone());
        match (fact, value) {
            ("family", "as-is") => facts.family = Family::AsIs,
            ("family", "ec2") => facts.family = Family::Ec2,
            ("family", "s3") => facts.family = Family::S3,
            ("family", "apigateway") => facts.family = Family::ApiGateway,
            ("home", region) => facts.home = Some(region),
            ("api-version", version) => facts.api_version = Some(version),
            ("denied", "keep") => facts.denied = Denied::Keep,
            ("denied", "message") => facts.denied = Denied::Message,
            ("errors", key) => (facts.denied, facts.message_key) = (Denied::MessageAlways, key),
            ("source", source) => facts.source = Some(source),
            ("management", operations) => facts.management = operations.split(',').collect(),
            ("additional", pair) => facts.additional = pair.split_once(' '),
            ("bare", code) => facts.bare_error = Some(code),
            ("mask", mask) => facts.mask = mask,
            ("key-exchange", _) => facts.has_key_exchange = true,
            ("no-tls", _) => facts.has_no_tls = true,
            ("lift", _) => facts.is_lifted = true,
            ("encode-labels", _) => facts.encodes_labels = true,
            ("exposes-headers", _) => facts.exposes_headers = true,
            ("lower", operations) => facts.lower = operations.split(',').collect(),
            ("inline", _) => facts.is_inline = true,
            _ => {}
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_wire::model;

    #[test]
    fn every_line_of_the_service_table_changes_something() {
        let whole = include_str!("tables/services.txt");
        for line in lines(whole) {
            let service = line.split(' ').next().unwrap();
            assert!(model::service(service).is_some(), "{line}: no such service");
            let facts = &read_facts(line)[service];
            assert_ne!(format!("{facts:?}"), format!("{PLAIN:?}"), "{line}: not understood");
        }
    }

    #[test]
    fn every_renamed_operation_exists() {
        for line in lines(include_str!("tables/event_names.txt")) {
            let [service, operation, event] = line.split_whitespace().collect::<Vec<_>>()[..]
            else {
                panic!("{line}: three words are needed");
            };
            let service = model::service(service).expect(line);
            assert!(service.find_operation(operation).is_some(), "{line}: no such operation");
            assert_ne!(operation, event);
        }
        assert_eq!(event_name("lambda", "GetFunction"), "GetFunction20150331v2");
        assert_eq!(event_name("lambda", "Invoke"), "Invoke");
    }
}
