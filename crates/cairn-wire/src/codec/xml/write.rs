//! The tree into XML.

use std::fmt::Write;

use crate::{
    codec::{fault::Fault, query::names, scalar},
    model::{Location, Member, Shape, TimestampFormat, XmlNamespace},
    value::Value,
};

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// An XML body being written.
pub(in crate::codec) struct Document {
    text: String,
    /// Whether ISO 8601 keeps `.000` (S3, EC2) or not (query).
    ms_always: bool,
}

impl Document {
    /// A body that starts with the XML declaration.
    pub(in crate::codec) fn declared(ms_always: bool) -> Self {
        Self { text: DECLARATION.to_owned(), ms_always }
    }

    /// A body that starts with its root.
    pub(in crate::codec) const fn bare(ms_always: bool) -> Self {
        Self { text: String::new(), ms_always }
    }

    /// The finished body.
    pub(in crate::codec) fn finish(self) -> Vec<u8> {
        self.text.into_bytes()
    }

    /// Opens an element, in a namespace if there is one.
    pub(in crate::codec) fn open(&mut self, name: &str, namespace: Option<&str>) {
        self.text.push('<');
        self.text.push_str(name);
        if let Some(uri) = namespace {
            self.attribute("xmlns", uri);
        }
        self.text.push('>');
    }

    /// Closes an element.
    pub(in crate::codec) fn close(&mut self, name: &str) {
        self.text.push_str("</");
        self.text.push_str(name);
        self.text.push('>');
    }

    /// An element with text.
    pub(in crate::codec) fn leaf(&mut self, name: &str, text: &str) {
        self.open(name, None);
        escape(&mut self.text, text);
        self.close(name);
    }

    fn attribute(&mut self, name: &str, text: &str) {
        self.text.push(' ');
        self.text.push_str(name);
        self.text.push_str("=\"");
        escape(&mut self.text, text);
        self.text.push('"');
    }

    /// An element with a whole structure (or another value of a payload) as its content.
    pub(in crate::codec) fn payload(
        &mut self,
        name: &str,
        namespace: Option<&str>,
        shape: Shape<'static>,
        value: &Value,
    ) {
        let own = shape.xml_namespace().map(|namespace| namespace.uri);
        match value {
            Value::Structure(members) => {
                self.text.push('<');
                self.text.push_str(name);
                if let Some(uri) = namespace.or(own) {
                    self.attribute("xmlns", uri);
                }
                self.attributes(shape, members);
                self.text.push('>');
                self.members(shape, members);
                self.close(name);
            }
            other => {
                self.open(name, namespace.or(own));
                self.content(shape, None, other);
                self.close(name);
            }
        }
    }

    /// The body members of a structure, as elements.
    pub(in crate::codec) fn members(
        &mut self,
        shape: Shape<'static>,
        members: &[(&'static str, Value)],
    ) {
        for (name, value) in members {
            let Some(member) = shape.member(name) else {
                continue;
            };
            let elsewhere = member.location() != Location::Body || member.xml_attribute();
            if !elsewhere && !matches!(value, Value::Null | Value::Stream) {
                self.member(member, value);
            }
        }
    }

    fn attributes(&mut self, shape: Shape<'static>, members: &[(&'static str, Value)]) {
        for (name, value) in members {
            let member = shape.member(name).filter(|member| member.xml_attribute());
            if let Some(member) = member
                && let Some(text) = self.scalar(member.shape(), Some(member), value)
            {
                self.attribute(member.wire_name(), &text);
            }
        }
    }

    fn member(&mut self, member: Member<'static>, value: &Value) {
        let shape = member.shape();
        let flattened = names::is_flattened(member);
        match value {
            Value::List(items) if flattened => {
                let name = names::element_name(shape).unwrap_or(member.wire_name());
                for item in items {
                    self.element(name, shape.list_member(), item);
                }
            }
            Value::Map(entries) if flattened => {
                for entry in entries {
                    self.entry(member.wire_name(), shape, entry);
                }
            }
            _ => self.element(member.wire_name(), Some(member), value),
        }
    }

    fn element(&mut self, name: &str, member: Option<Member<'static>>, value: &Value) {
        let Some(member) = member else {
            return;
        };
        let shape = member.shape();
        self.text.push('<');
        self.text.push_str(name);
        if let Some(XmlNamespace { prefix, uri }) =
            member.xml_namespace().or_else(|| shape.xml_namespace())
        {
            match prefix {
                Some(prefix) => self.attribute(&format!("xmlns:{prefix}"), uri),
                None => self.attribute("xmlns", uri),
            }
        }
        if let Value::Structure(members) = value {
            self.attributes(shape, members);
        }
        self.text.push('>');
        self.content(shape, Some(member), value);
        self.close(name);
    }

    fn content(&mut self, shape: Shape<'static>, member: Option<Member<'static>>, value: &Value) {
        match value {
            Value::Structure(members) => self.members(shape, members),
            Value::List(items) => {
                let element = shape.list_member();
                let name = element.map_or(names::ELEMENT, |element| element.wire_name());
                for item in items {
                    self.element(name, element, item);
                }
            }
            Value::Map(entries) => {
                for entry in entries {
                    self.entry("entry", shape, entry);
                }
            }
            scalar => {
                if let Some(text) = self.scalar(shape, member, scalar) {
                    escape(&mut self.text, &text);
                }
            }
        }
    }

    fn entry(&mut self, name: &str, shape: Shape<'static>, (key, value): &(String, Value)) {
        let (key_name, value_name) = names::entry_names(shape);
        self.open(name, None);
        self.leaf(key_name, key);
        self.element(value_name, shape.map_value(), value);
        self.close(name);
    }

    fn scalar(
        &self,
        shape: Shape<'static>,
        member: Option<Member<'static>>,
        value: &Value,
    ) -> Option<String> {
        let format = member
            .and_then(Member::timestamp_format)
            .or_else(|| shape.timestamp_format())
            .unwrap_or(TimestampFormat::Iso8601);
        scalar::write(value, format, self.ms_always)
    }

    fn fields(&mut self, fault: &Fault<'_>) {
        // A few models list the parts of the wrapping as members.
        let wrapping = |name| matches!(name, "Code" | "Type" | "Resource" | "RequestId" | "HostId");
        for (name, member, value) in fault.fields().filter(|(name, ..)| !wrapping(*name)) {
            if let Some(member) = member {
                self.member(member, value);
            } else {
                let text = scalar::write(value, TimestampFormat::Iso8601, self.ms_always);
                self.leaf(name, &text.unwrap_or_default());
            }
        }
    }
}

/// `<ErrorResponse><Error><Type>Sender</Type><Code>…`: query, and rest-xml but S3.
///
/// evidence: documented.
pub(in crate::codec) fn error_query(
    fault: &Fault<'_>,
    namespace: Option<&str>,
    request_id: &str,
) -> Vec<u8> {
    let mut document = Document::bare(false);
    document.open("ErrorResponse", namespace);
    document.open("Error", None);
    document.leaf("Type", fault.side());
    document.leaf("Code", &fault.code);
    document.leaf("Message", &fault.error.message);
    document.fields(fault);
    document.close("Error");
    document.leaf("RequestId", request_id);
    document.close("ErrorResponse");
    document.finish()
}

/// `<Response><Errors><Error><Code>…`: ec2.
///
/// evidence: documented (with `RequestID`, unlike its answers).
pub(in crate::codec) fn error_ec2(fault: &Fault<'_>, request_id: &str) -> Vec<u8> {
    let mut document = Document::declared(true);
    document.open("Response", None);
    document.open("Errors", None);
    document.open("Error", None);
    document.leaf("Code", &fault.code);
    document.leaf("Message", &fault.error.message);
    document.close("Error");
    document.close("Errors");
    document.leaf("RequestID", request_id);
    document.close("Response");
    document.finish()
}

/// `<Error><Code>…<Message>…<Resource>…<RequestId>…<HostId>`: S3, without a wrapper.
///
/// evidence: documented.
pub(in crate::codec) fn error_s3(fault: &Fault<'_>, request_id: &str, host_id: &str) -> Vec<u8> {
    let mut document = Document::declared(true);
    document.open("Error", None);
    document.leaf("Code", &fault.code);
    document.leaf("Message", &fault.error.message);
    document.fields(fault);
    if let Some(resource) = &fault.error.resource {
        document.leaf("Resource", resource);
    }
    document.leaf("RequestId", request_id);
    document.leaf("HostId", host_id);
    document.close("Error");
    document.finish()
}

/// Escapes text for elements and attributes alike. Control characters become references, as S3
/// writes them, although XML 1.0 does not allow them.
fn escape(out: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' => out.push(character),
            control if control < ' ' => {
                // Writing to a string cannot fail.
                let _ = write!(out, "&#{};", u32::from(control));
            }
            other => out.push(other),
        }
    }
}
