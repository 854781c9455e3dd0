//! The services by what a request says of them: made once, from the heads alone.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::model::{self, Protocol, ServiceHead};

type Heads = Vec<&'static ServiceHead>;

/// All services, by the words that name them.
pub(super) struct Index {
    by_signing_name: HashMap<&'static str, Heads>,
    by_target: HashMap<&'static str, Heads>,
    by_cbor: HashMap<String, Heads>,
    by_endpoint: HashMap<&'static str, Heads>,
    by_api: HashMap<String, &'static ServiceHead>,
    query: Heads,
    unsigned: Heads,
}

/// The index.
pub(super) fn index() -> &'static Index {
    static INDEX: OnceLock<Index> = OnceLock::new();
    INDEX.get_or_init(Index::make)
}

/// A service as user agents spell it: `lambda_microvms`, `lambda-microvms`, `Lambda Microvms`.
pub(super) fn plain(name: &str) -> String {
    let letters = name.chars().filter(|letter| !matches!(letter, ' ' | '_' | '-'));
    letters.map(|letter| letter.to_ascii_lowercase()).collect()
}

impl Index {
    fn make() -> Self {
        let mut index = Self {
            by_signing_name: HashMap::new(),
            by_target: HashMap::new(),
            by_cbor: HashMap::new(),
            by_endpoint: HashMap::new(),
            by_api: HashMap::new(),
            query: Vec::new(),
            unsigned: Vec::new(),
        };
        for head in model::services() {
            index.by_signing_name.entry(head.signing_name).or_default().push(head);
            index.by_endpoint.entry(head.endpoint_prefix).or_default().push(head);
            if let Some(prefix) = head.target_prefix {
                index.by_target.entry(prefix).or_default().push(head);
            }
            if head.protocols.contains(&Protocol::RpcV2Cbor) {
                index.name_cbor(head);
            }
            if query_protocol(head).is_some() {
                index.query.push(head);
            }
            if head.has_unsigned || head.id == "s3" {
                index.unsigned.push(head);
            }
            for name in [head.service_id, head.id] {
                index.by_api.entry(plain(name)).or_insert(head);
            }
        }
        index
    }

    /// A CBOR path names the service by its target prefix, or by its id where it has none.
    fn name_cbor(&mut self, head: &'static ServiceHead) {
        let prefix = head.target_prefix;
        let last = prefix.and_then(|prefix| prefix.rsplit('.').next());
        let squeezed = head.service_id.replace(' ', "");
        let mut names: Vec<&str> =
            [prefix, last, Some(head.service_id), Some(&squeezed)].into_iter().flatten().collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            self.by_cbor.entry(name.to_owned()).or_default().push(head);
        }
    }

    /// The services that signatures of this scope can be for.
    pub(super) fn signed_for(&self, signing_name: &str) -> &[&'static ServiceHead] {
        self.by_signing_name.get(signing_name).map_or(&[], Vec::as_slice)
    }

    /// The services with this target prefix.
    pub(super) fn with_target(&self, prefix: &str) -> &[&'static ServiceHead] {
        self.by_target.get(prefix).map_or(&[], Vec::as_slice)
    }

    /// The services that a CBOR path can mean.
    pub(super) fn with_cbor(&self, name: &str) -> &[&'static ServiceHead] {
        self.by_cbor.get(name).map_or(&[], Vec::as_slice)
    }

    /// The services whose endpoints begin with these labels.
    pub(super) fn with_endpoint(&self, prefix: &str) -> &[&'static ServiceHead] {
        self.by_endpoint.get(prefix).map_or(&[], Vec::as_slice)
    }

    /// The service that a user agent or a command names.
    pub(super) fn with_api(&self, name: &str) -> Option<&'static ServiceHead> {
        self.by_api.get(&plain(name)).copied()
    }

    /// The services that speak the query protocol or EC2's.
    pub(super) fn query(&self) -> &[&'static ServiceHead] {
        &self.query
    }

    /// The services that a request without a signature can be for.
    pub(super) fn unsigned(&self) -> &[&'static ServiceHead] {
        &self.unsigned
    }
}

/// The protocol with `Action` and `Version` that a service speaks, if it speaks one.
pub(super) fn query_protocol(head: &ServiceHead) -> Option<Protocol> {
    head.protocols
        .iter()
        .copied()
        .find(|protocol| matches!(protocol, Protocol::Query | Protocol::Ec2))
}
