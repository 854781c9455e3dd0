//! The models of all AWS services, as tables that are decoded when a service is first asked for.
//!
//! `cargo xtask models` makes one compressed blob a service from botocore, and the index in
//! `generated.rs`, which holds what the resolver needs of every service. A blob becomes a
//! [`Service`]: rows of numbers, addressed by index, with every text stored once. [`Operation`],
//! [`Shape`] and [`Member`] are handles: a row and its service. A decoded service stays for the
//! life of the program.

use std::fmt;
use std::sync::OnceLock;

mod generated;
mod load;
mod operation;
mod rows;
mod shape;
#[cfg(test)]
mod tests;

pub use operation::{Operation, OperationId};
pub use shape::{Location, Member, Shape, ShapeId, ShapeKind, TimestampFormat, XmlNamespace};

use load::Tables;

/// A wire protocol, as the models name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// `Action=…&Version=…` in a form, XML back.
    Query,
    /// The older form of it that EC2 keeps.
    Ec2,
    /// JSON 1.0 and 1.1, the operation in `X-Amz-Target`.
    Json,
    /// Method and path tell the operation, JSON bodies.
    RestJson,
    /// Method and path tell the operation, XML bodies.
    RestXml,
    /// CBOR, the operation in the path.
    RpcV2Cbor,
}

/// What is known of a service without decoding its model.
#[derive(Debug)]
pub struct ServiceHead {
    /// The name of the model: `cloudtrail`.
    pub id: &'static str,
    /// `CloudTrail`, as user agents and CBOR paths spell it.
    pub service_id: &'static str,
    /// What signatures are scoped to.
    pub signing_name: &'static str,
    /// The first label of its host names.
    pub endpoint_prefix: &'static str,
    /// What stands before the last dot of `X-Amz-Target`.
    pub target_prefix: Option<&'static str>,
    /// `2013-11-01`: the `Version` of query calls.
    pub api_version: &'static str,
    /// `cloudtrail.amazonaws.com`, as records name it.
    pub event_source: &'static str,
    /// The protocols it speaks, the preferred first.
    pub protocols: &'static [Protocol],
    /// Whether some of its operations need no signature.
    pub has_unsigned: bool,
    blob_bytes: usize,
    blob: &'static [u8],
}

/// One service, decoded.
pub struct Service {
    head: &'static ServiceHead,
    tables: Tables,
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Service({})", self.head.id)
    }
}

/// The heads of all services, in the order of their ids.
pub fn services() -> impl Iterator<Item = &'static ServiceHead> {
    generated::SERVICES.iter()
}

/// The service with this id, decoded on first use.
pub fn service(id: &str) -> Option<&'static Service> {
    static LOADED: OnceLock<Vec<OnceLock<Option<Service>>>> = OnceLock::new();
    let place = generated::SERVICES.binary_search_by(|head| head.id.cmp(id)).ok()?;
    let head = generated::SERVICES.get(place)?;
    let cells =
        LOADED.get_or_init(|| generated::SERVICES.iter().map(|_| OnceLock::new()).collect());
    cells.get(place)?.get_or_init(|| Service::decode(head)).as_ref()
}

impl ServiceHead {
    /// The service behind this head.
    pub fn service(&self) -> Option<&'static Service> {
        service(self.id)
    }
}

impl Service {
    fn decode(head: &'static ServiceHead) -> Option<Self> {
        let blob = zstd::bulk::decompress(head.blob, head.blob_bytes).ok()?;
        Some(Self { head, tables: Tables::read(&blob)? })
    }

    /// The head of the service.
    pub fn head(&self) -> &'static ServiceHead {
        self.head
    }

    /// The name of the model: `cloudtrail`.
    pub fn id(&self) -> &'static str {
        self.head.id
    }

    /// `CloudTrail`.
    pub fn service_id(&self) -> &'static str {
        self.head.service_id
    }

    /// What signatures are scoped to.
    pub fn signing_name(&self) -> &'static str {
        self.head.signing_name
    }

    /// The first label of its host names.
    pub fn endpoint_prefix(&self) -> &'static str {
        self.head.endpoint_prefix
    }

    /// What stands before the last dot of `X-Amz-Target`.
    pub fn target_prefix(&self) -> Option<&'static str> {
        self.head.target_prefix
    }

    /// `1.0` or `1.1`.
    pub fn json_version(&self) -> Option<&'static str> {
        self.tables.texts.optional(self.tables.json_version)
    }

    /// `2013-11-01`.
    pub fn api_version(&self) -> &'static str {
        self.head.api_version
    }

    /// The namespace of XML bodies.
    pub fn xml_namespace(&self) -> Option<&'static str> {
        self.tables.texts.optional(self.tables.xml_namespace)
    }

    /// The protocols it speaks, the preferred first.
    pub fn protocols(&self) -> &'static [Protocol] {
        self.head.protocols
    }

    /// Whether JSON answers carry the code of the query protocol it once spoke.
    pub fn query_compatible(&self) -> bool {
        self.tables.query_compatible
    }

    /// `cloudtrail.amazonaws.com`, as records name it.
    pub fn event_source(&self) -> &'static str {
        self.head.event_source
    }

    /// All operations, in the order of their names.
    pub fn operations(&self) -> impl Iterator<Item = Operation<'_>> {
        self.tables
            .operations
            .iter()
            .enumerate()
            .map(|(index, row)| Operation::new(self, row, index))
    }

    /// The operation with this id.
    ///
    /// Ids come from this service's own handles; one of another service gives some other
    /// operation, never a panic.
    pub fn operation(&self, id: OperationId) -> Operation<'_> {
        let row = self.tables.operations.get(id.index()).unwrap_or(&self.tables.no_operation);
        Operation::new(self, row, id.index())
    }

    /// The operation with this name.
    pub fn find_operation(&self, name: &str) -> Option<Operation<'_>> {
        let texts = &self.tables.texts;
        let rows = &self.tables.operations;
        let index = rows.binary_search_by(|row| texts.get(row.name).cmp(name)).ok()?;
        self.tables.operations.get(index).map(|row| Operation::new(self, row, index))
    }

    /// The shape with this id; ids come from this service's own handles.
    pub fn shape(&self, id: ShapeId) -> Shape<'_> {
        let row = self.tables.shapes.get(id.index()).unwrap_or(&self.tables.no_shape);
        Shape::new(self, row, id)
    }
}
