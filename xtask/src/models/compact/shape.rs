//! Shapes and members as they are written.

use anyhow::bail;

use crate::models::json::Json;
use crate::models::writer::Writer;

const KINDS: [&str; 13] = [
    "structure",
    "list",
    "map",
    "string",
    "blob",
    "boolean",
    "integer",
    "long",
    "float",
    "double",
    "timestamp",
    "bigInteger",
    "bigDecimal",
];
const FORMATS: [&str; 3] = ["iso8601", "rfc822", "unixTimestamp"];
const LOCATIONS: [&str; 5] = ["header", "headers", "querystring", "uri", "statusCode"];

/// One shape.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Shape {
    kind: u64,
    flags: u64,
    format: u64,
    min: Option<String>,
    max: Option<String>,
    pattern: Option<String>,
    enums: Vec<String>,
    namespace: Option<(String, Option<String>)>,
    error: Option<(String, Option<String>, Option<String>)>,
    payload: Option<String>,
    /// Members of a structure, the element of a list, key and value of a map.
    pub members: Vec<Member>,
}

impl Shape {
    /// Reads everything but the members.
    pub fn of(name: &str, given: &Json) -> anyhow::Result<Self> {
        let kind = given.text("type").unwrap_or_default();
        let kind = match kind {
            "character" => "string",
            "short" | "byte" => "integer",
            other => other,
        };
        let Some(kind) = KINDS.iter().position(|known| *known == kind) else {
            bail!("the kind {kind} of {name}")
        };
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let error = given.get("error");
        let is_exception = given.flag("exception") || error.is_some();
        let flags = [
            given.flag("sensitive"),
            given.flag("flattened"),
            given.flag("document"),
            given.flag("union"),
            given.flag("streaming"),
            given.flag("eventstream"),
            given.flag("wrapper"),
            given.flag("sparse"),
            given.flag("fault")
                || error.is_some_and(|error| error.get("senderFault") == Some(&Json::Bool(false))),
        ];
        Ok(Self {
            kind: kind as u64,
            flags: bits(&flags),
            format: place(&FORMATS, given.text("timestampFormat")),
            min: owned(given.text("min")),
            max: owned(given.text("max")),
            pattern: owned(given.text("pattern")),
            enums: given
                .items("enum")
                .iter()
                .filter_map(Json::as_text)
                .map(str::to_owned)
                .collect(),
            namespace: namespace(given),
            error: is_exception.then(|| {
                let code = owned(error.and_then(|error| error.text("code")));
                (name.to_owned(), code, owned(error.and_then(|error| error.text("httpStatusCode"))))
            }),
            payload: owned(given.text("payload")),
            members: Vec::new(),
        })
    }

    /// Whether the shape is told by its traits alone.
    pub fn is_scalar(&self) -> bool {
        self.kind > 2
    }

    /// Writes the shape.
    pub fn write(&self, out: &mut Writer) {
        out.number(self.kind);
        out.number(self.flags);
        let present = [
            self.format != 0,
            self.min.is_some(),
            self.max.is_some(),
            self.pattern.is_some(),
            !self.enums.is_empty(),
            self.namespace.is_some(),
            self.error.is_some(),
            self.payload.is_some(),
        ];
        out.number(bits(&present));
        if self.format != 0 {
            out.number(self.format);
        }
        for text in [&self.min, &self.max, &self.pattern].into_iter().flatten() {
            out.text(text);
        }
        if !self.enums.is_empty() {
            out.number(self.enums.len() as u64);
            self.enums.iter().for_each(|name| out.text(name));
        }
        write_namespace(out, self.namespace.as_ref());
        if let Some((name, code, status)) = &self.error {
            out.text(name);
            out.text(code.as_deref().unwrap_or_default());
            out.text(status.as_deref().unwrap_or_default());
        }
        if let Some(payload) = &self.payload {
            out.text(payload);
        }
        out.number(self.members.len() as u64);
        self.members.iter().for_each(|member| member.write(out));
    }
}

/// One member.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Member {
    name: String,
    wire: Option<String>,
    flags: u64,
    location: u64,
    query_name: Option<String>,
    namespace: Option<(String, Option<String>)>,
    shape: u64,
}

impl Member {
    /// Reads a member whose shape has an index already.
    pub fn of(name: &str, given: &Json, shape: u64, is_required: bool) -> Self {
        let wire = given.text("locationName").filter(|wire| *wire != name);
        let flags = [
            is_required,
            given.flag("flattened"),
            given.flag("xmlAttribute"),
            given.flag("streaming"),
            given.flag("jsonvalue"),
            given.flag("idempotencyToken"),
            given.flag("hostLabel"),
        ];
        Self {
            name: name.to_owned(),
            wire: wire.map(str::to_owned),
            flags: bits(&flags),
            location: place(&LOCATIONS, given.text("location")),
            query_name: given.text("queryName").map(str::to_owned),
            namespace: namespace(given),
            shape,
        }
    }

    fn write(&self, out: &mut Writer) {
        out.text(&self.name);
        out.number(self.shape);
        out.number(self.flags);
        let present = [
            self.wire.is_some(),
            self.location != 0,
            self.query_name.is_some(),
            self.namespace.is_some(),
        ];
        out.number(bits(&present));
        if let Some(wire) = &self.wire {
            out.text(wire);
        }
        if self.location != 0 {
            out.number(self.location);
        }
        if let Some(name) = &self.query_name {
            out.text(name);
        }
        write_namespace(out, self.namespace.as_ref());
    }
}

/// What a shape holds: name, description, whether it is required.
pub fn places(given: &Json) -> Vec<(&str, &Json, bool)> {
    let required: Vec<_> = given.items("required").iter().filter_map(Json::as_text).collect();
    let mut places = Vec::new();
    if let Some(members) = given.get("members") {
        let members = members.entries().iter();
        places.extend(
            members
                .map(|(name, member)| (name.as_str(), member, required.contains(&name.as_str()))),
        );
    }
    for name in ["member", "key", "value"] {
        places.extend(
            given
                .get(name)
                .filter(|_| given.text("type") != Some("structure"))
                .map(|m| (name, m, false)),
        );
    }
    places
}

/// The first is the lowest bit.
pub fn bits(flags: &[bool]) -> u64 {
    flags.iter().enumerate().map(|(place, flag)| u64::from(*flag) << place).sum()
}

/// 0 for absent, else the place in the list and one.
fn place(known: &[&str], given: Option<&str>) -> u64 {
    given
        .and_then(|given| known.iter().position(|name| *name == given))
        .map_or(0, |place| place as u64 + 1)
}

fn namespace(given: &Json) -> Option<(String, Option<String>)> {
    match given.get("xmlNamespace")? {
        Json::Text(uri) => Some((uri.clone(), None)),
        other => Some((other.text("uri")?.to_owned(), other.text("prefix").map(str::to_owned))),
    }
}

fn write_namespace(out: &mut Writer, namespace: Option<&(String, Option<String>)>) {
    if let Some((uri, prefix)) = namespace {
        out.text(uri);
        out.text(prefix.as_deref().unwrap_or_default());
    }
}
