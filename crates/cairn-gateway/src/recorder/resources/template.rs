//! `tables/resources.txt`, read once, and its templates filled in.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use cairn_wire::value::Value;

use crate::recorder::services::lines;

/// One line of the table.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) kind: Option<&'static str>,
    pub(super) has_owner: bool,
    templates: Vec<Vec<Piece>>,
}

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(&'static str),
    Region,
    Account,
    Place { is_request: bool, path: Vec<&'static str>, filter: Filter },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Filter {
    None,
    AfterLastSlash,
    WithoutLeadingSlash,
    NotStarting(&'static str),
    Or(&'static str),
}

/// Where templates find their values.
pub(super) struct Places<'a> {
    pub(super) region: &'a str,
    pub(super) account: &'a str,
    pub(super) input: Option<&'a Value>,
    pub(super) output: Option<&'a Value>,
}

type Operations = HashMap<&'static str, Vec<Line>>;

static TABLE: LazyLock<HashMap<&'static str, Operations>> =
    LazyLock::new(|| read(include_str!("../tables/resources.txt")));

/// The lines for an operation.
pub(super) fn lines_of(service: &str, operation: &str) -> &'static [Line] {
    let operations = TABLE.get(service);
    operations
        .and_then(|o| o.get(operation).or_else(|| o.get("*")))
        .map(Vec::as_slice)
        .unwrap_or_default()
}

impl Line {
    /// The ARNs of the first template that works; one empty text for a type alone.
    pub(super) fn values(&self, places: &Places<'_>) -> Vec<String> {
        if self.templates.is_empty() {
            return vec![String::new()];
        }
        let filled = self.templates.iter().map(|template| fill(template, places));
        filled.into_iter().find(|values| !values.is_empty()).unwrap_or_default()
    }
}

/// All ways to fill a template: one for every value of its place.
fn fill(template: &[Piece], places: &Places<'_>) -> Vec<String> {
    let place = template.iter().find_map(|piece| match piece {
        Piece::Place { is_request, path, filter } => Some((*is_request, path, *filter)),
        _ => None,
    });
    let Some((is_request, path, filter)) = place else {
        return vec![join(template, places, "").unwrap_or_default()];
    };
    let mut values = found(places, is_request, path);
    if let (true, Filter::Or(default)) = (values.is_empty(), filter) {
        values.push(Cow::Borrowed(default));
    }
    let is_bare = template.len() == 1;
    let arn = |value: Cow<'_, str>| {
        if value.starts_with("arn:") {
            return Some(value.into_owned());
        }
        let value = filtered(&value, filter).filter(|_| !is_bare)?;
        join(template, places, value)
    };
    values.into_iter().filter_map(arn).collect()
}

fn filtered(value: &str, filter: Filter) -> Option<&str> {
    match filter {
        Filter::None | Filter::Or(_) => Some(value),
        Filter::AfterLastSlash => value.rsplit('/').next(),
        Filter::WithoutLeadingSlash => Some(value.strip_prefix('/').unwrap_or(value)),
        Filter::NotStarting(prefix) => (!value.starts_with(prefix)).then_some(value),
    }
}

/// A template with `value` at its first place; every other place has one value, or there is no ARN.
fn join(template: &[Piece], places: &Places<'_>, value: &str) -> Option<String> {
    let mut first = Some(value);
    let text = |piece: &Piece| match piece {
        Piece::Text(text) => Some((*text).to_owned()),
        Piece::Region => Some(places.region.to_owned()),
        Piece::Account => Some(places.account.to_owned()),
        Piece::Place { is_request, path, filter } => {
            if let Some(value) = first.take() {
                return Some(value.to_owned());
            }
            let values = found(places, *is_request, path);
            filtered(values.first()?, *filter).map(str::to_owned)
        }
    };
    template.iter().map(text).collect()
}

/// The texts at a place.
fn found<'a>(places: &Places<'a>, is_request: bool, path: &[&str]) -> Vec<Cow<'a, str>> {
    let mut values = Vec::new();
    if let Some(value) = if is_request { places.input } else { places.output } {
        collect(value, path, &mut values);
    }
    values
}

/// The texts at a path, through lists.
fn collect<'a>(value: &'a Value, path: &[&str], found: &mut Vec<Cow<'a, str>>) {
    match (path.split_first(), value) {
        (_, Value::List(items)) => items.iter().for_each(|item| collect(item, path, found)),
        (None, Value::String(text)) => found.push(Cow::Borrowed(text)),
        (Some((&"*", [])), Value::Map(entries)) => {
            found.extend(entries.iter().map(|(key, _)| Cow::Borrowed(key.as_str())));
        }
        (Some((name, rest)), _) => {
            if let Some(inner) = value.get(name) {
                collect(inner, rest, found);
            }
        }
        (None, _) => {}
    }
}

fn read(text: &'static str) -> HashMap<&'static str, Operations> {
    let mut table: HashMap<&'static str, Operations> = HashMap::new();
    for line in lines(text) {
        if let Some((service, operations, line)) = read_line(line) {
            for operation in operations.split(',') {
                let lines = table.entry(service).or_default().entry(operation).or_default();
                lines.push(line.clone());
            }
        }
    }
    table
}

fn read_line(line: &'static str) -> Option<(&'static str, &'static str, Line)> {
    let [service, operations, kind, owner, templates] = line.splitn(5, ' ').collect::<Vec<_>>()[..]
    else {
        return None;
    };
    let templates = match templates {
        "-" => Vec::new(),
        _ => templates.split(" ?? ").map(read_template).collect::<Option<_>>()?,
    };
    let kind = (kind != "-").then_some(kind);
    Some((service, operations, Line { kind, has_owner: owner == "owner", templates }))
}

fn read_template(text: &'static str) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (place, tail) = after.split_once('}')?;
        pieces.extend((!before.is_empty()).then_some(Piece::Text(before)));
        pieces.push(read_place(place)?);
        rest = tail;
    }
    pieces.extend((!rest.is_empty()).then_some(Piece::Text(rest)));
    Some(pieces)
}

fn read_place(place: &'static str) -> Option<Piece> {
    let (path, filter) = if let Some((path, prefix)) = place.split_once('!') {
        (path, Filter::NotStarting(prefix))
    } else if let Some((path, default)) = place.split_once('|') {
        (path, Filter::Or(default))
    } else if let Some(path) = place.strip_suffix('/') {
        (path, Filter::AfterLastSlash)
    } else if let Some(path) = place.strip_suffix('^') {
        (path, Filter::WithoutLeadingSlash)
    } else {
        (place, Filter::None)
    };
    let mut words = path.split('.');
    match words.next()? {
        "region" => Some(Piece::Region),
        "account" => Some(Piece::Account),
        "rq" => Some(Piece::Place { is_request: true, path: words.collect(), filter }),
        "rs" => Some(Piece::Place { is_request: false, path: words.collect(), filter }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_wire::model;

    #[test]
    fn every_line_is_understood_and_names_what_exists() {
        for line in lines(include_str!("../tables/resources.txt")) {
            let (service, operations, _) = read_line(line).unwrap_or_else(|| panic!("{line}"));
            let service = model::service(service).unwrap_or_else(|| panic!("{line}: no service"));
            for name in operations.split(',').filter(|name| *name != "*") {
                assert!(service.find_operation(name).is_some(), "{line}: no operation {name}");
            }
        }
    }

    #[test]
    fn templates_fill_in_by_the_first_that_works() {
        let text = |text: &str| Value::String(text.to_owned());
        let filled = |template: &'static str, input: &[(&'static str, Value)]| {
            let input = Value::Structure(input.to_vec());
            let places = Places { region: "r", account: "1", input: Some(&input), output: None };
            let line = read_line(template).unwrap().2;
            line.values(&places)
        };
        let key = "kms X T owner {rs.K} ?? arn:kms:{region}:{account}:key/{rq.K!alias/}";
        assert_eq!(filled(key, &[("K", text("abc"))]), ["arn:kms:r:1:key/abc"]);
        assert_eq!(filled(key, &[("K", text("arn:other"))]), ["arn:other"]);
        assert_eq!(filled(key, &[("K", text("alias/a"))]), [""; 0]);
        assert_eq!(filled("s X T owner {rq.K}", &[("K", text("no arn"))]), [""; 0]);
        assert_eq!(filled("s X T owner q:{rq.U/}", &[("U", text("http://h/1/n"))]), ["q:n"]);
        assert_eq!(filled("s X T owner p/{rq.N^}", &[("N", text("/a/b"))]), ["p/a/b"]);
        assert_eq!(filled("s X T owner b/{rq.B|default}", &[]), ["b/default"]);
        let two = "s X T owner t/{rq.D}/{rq.N}";
        assert_eq!(filled(two, &[("D", text("d")), ("N", text("n"))]), ["t/d/n"]);
        assert_eq!(filled(two, &[("D", text("d"))]), [""; 0]);
        let map = Value::Map(vec![("t1".into(), Value::Null), ("t2".into(), Value::Null)]);
        assert_eq!(filled("s X T owner t/{rq.M.*}", &[("M", map)]), ["t/t1", "t/t2"]);
        assert_eq!(filled("s X T bare -", &[]), [""]);
    }
}
