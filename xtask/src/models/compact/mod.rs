//! One service as a table of numbers; `cairn-wire`'s `model::load` reads what this writes, field by
//! field.
//!
//! Shapes are addressed by index. Structures, lists and maps appear once each by name; scalars are
//! the same shape when they have the same traits. Names of shapes are not kept, except those of
//! exceptions, which travel.

use std::collections::HashMap;

use anyhow::Context;

use super::json::Json;
use super::patches::Patches;
use super::source::Source;
use super::writer::Writer;

mod shape;

use shape::{Member, Shape};

/// Writes a service.
pub fn service(source: &Source, patches: &Patches) -> anyhow::Result<Vec<u8>> {
    let mut table = Table {
        model: &source.model,
        shapes: Vec::new(),
        by_name: HashMap::new(),
        scalars: HashMap::new(),
    };
    let operations = source.model.get("operations").context("operations")?;
    let mut rows = Vec::new();
    for (name, operation) in operations.entries() {
        rows.push((name.as_str(), table.operation(name, operation, &source.id, patches)?));
    }
    rows.sort_by_key(|(name, _)| *name);
    let mut out = Writer::default();
    optional(&mut out, source.metadata("jsonVersion"));
    optional(&mut out, source.metadata("xmlNamespace").or_else(|| namespace_uri(&source.model)));
    let metadata = source.model.get("metadata").context("metadata")?;
    out.number(u64::from(metadata.get("awsQueryCompatible").is_some()));
    out.number(table.shapes.len() as u64);
    for shape in &table.shapes {
        shape.write(&mut out);
    }
    out.number(rows.len() as u64);
    for (_, row) in &rows {
        row.write(&mut out);
    }
    Ok(out.finish())
}

fn namespace_uri(model: &Json) -> Option<&str> {
    model.get("metadata")?.get("xmlNamespace")?.text("uri")
}

/// An absent text is 0; a present one is 1 and the reference.
fn optional(out: &mut Writer, text: Option<&str>) {
    out.number(u64::from(text.is_some()));
    if let Some(text) = text {
        out.text(text);
    }
}

struct Operation {
    name: String,
    method: String,
    uri: String,
    flags: u64,
    input: u64,
    output: u64,
    errors: Vec<u64>,
    root: Option<String>,
    root_namespace: Option<String>,
    result_wrapper: Option<String>,
    host_prefix: Option<String>,
    response_code: Option<String>,
}

impl Operation {
    fn write(&self, out: &mut Writer) {
        out.text(&self.name);
        out.text(&self.method);
        out.text(&self.uri);
        out.number(self.flags);
        out.number(self.input);
        out.number(self.output);
        out.number(self.errors.len() as u64);
        for error in &self.errors {
            out.number(*error);
        }
        for text in [
            &self.root,
            &self.root_namespace,
            &self.result_wrapper,
            &self.host_prefix,
            &self.response_code,
        ] {
            optional(out, text.as_deref());
        }
    }
}

struct Table<'a> {
    model: &'a Json,
    shapes: Vec<Shape>,
    by_name: HashMap<String, u64>,
    scalars: HashMap<Shape, u64>,
}

impl Table<'_> {
    fn operation(
        &mut self,
        name: &str,
        operation: &Json,
        service: &str,
        patches: &Patches,
    ) -> anyhow::Result<Operation> {
        let http = operation.get("http").context("http")?;
        let input = operation.get("input");
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let mut errors = Vec::new();
        for error in operation.items("errors") {
            errors.push(self.shape(error.text("shape").context("error")?)?);
        }
        let flags = [
            patches.read_only(service, name, operation.flag("readonly")),
            patches.data_event(service, name),
            is_unsigned(operation),
            patches.ec2_legacy(service, name),
            operation.flag("deprecated"),
            operation.flag("idempotent"),
        ];
        Ok(Operation {
            name: name.to_owned(),
            method: http.text("method").context("method")?.to_owned(),
            uri: http.text("requestUri").context("requestUri")?.to_owned(),
            flags: shape::bits(&flags),
            input: self.reference(input)?,
            output: self.reference(operation.get("output"))?,
            errors,
            root: owned(input.and_then(|input| input.text("locationName"))),
            root_namespace: owned(input.and_then(|input| input.get("xmlNamespace")?.text("uri"))),
            result_wrapper: owned(
                operation.get("output").and_then(|output| output.text("resultWrapper")),
            ),
            host_prefix: owned(
                operation.get("endpoint").and_then(|endpoint| endpoint.text("hostPrefix")),
            ),
            response_code: owned(http.text("responseCode")),
        })
    }

    /// 0 for none, else the shape's index and one.
    fn reference(&mut self, place: Option<&Json>) -> anyhow::Result<u64> {
        match place.and_then(|place| place.text("shape")) {
            Some(name) => Ok(self.shape(name)? + 1),
            None => Ok(0),
        }
    }

    fn shape(&mut self, name: &str) -> anyhow::Result<u64> {
        if let Some(index) = self.by_name.get(name) {
            return Ok(*index);
        }
        let model = self.model;
        let given = model
            .get("shapes")
            .and_then(|shapes| shapes.get(name))
            .with_context(|| name.to_owned())?;
        let mut shape = Shape::of(name, given)?;
        if shape.is_scalar() {
            let next = self.shapes.len() as u64;
            let index = *self.scalars.entry(shape.clone()).or_insert(next);
            if index == next {
                self.shapes.push(shape);
            }
            self.by_name.insert(name.to_owned(), index);
            return Ok(index);
        }
        // The place is taken before the members are walked: shapes refer to themselves.
        let index = self.shapes.len() as u64;
        self.by_name.insert(name.to_owned(), index);
        self.shapes.push(shape.clone());
        for (member_name, member, is_required) in shape::places(given) {
            let target = self.shape(member.text("shape").context("member")?)?;
            shape.members.push(Member::of(member_name, member, target, is_required));
        }
        if let Some(place) = self.shapes.get_mut(index as usize) {
            *place = shape;
        }
        Ok(index)
    }
}

/// Whether an operation needs no signature.
pub fn is_unsigned(operation: &Json) -> bool {
    let by_type = operation.text("authtype") == Some("none");
    by_type
        || operation.items("auth").iter().any(|auth| auth.as_text() == Some("smithy.api#noAuth"))
}
