//! XML to JSON by the rules of org.json, which S3 uses: attributes are keys, one child is a value
//! and several of a name are an array, text is typed, text beside attributes is `content`.

use std::collections::HashMap;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::recorder::text::{Array, Object, push_org_json};

/// The deepest nesting that is read; S3's own documents stay below ten.
const DEPTH_MAX: usize = 32;

/// An element with what stands in it.
#[derive(Debug, Default)]
pub(super) struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    children: Vec<Element>,
    text: String,
}

/// Reads a document; `None` if it is not well formed or nests too deep.
pub(super) fn parse(text: &str) -> Option<Element> {
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Element> = Vec::new();
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                if open.len() >= DEPTH_MAX {
                    return None;
                }
                open.push(begin(&start)?);
            }
            Event::Empty(start) => {
                let element = begin(&start)?;
                match open.last_mut() {
                    Some(parent) => parent.children.push(element),
                    None => return Some(element),
                }
            }
            Event::End(_) => {
                let element = open.pop()?;
                match open.last_mut() {
                    Some(parent) => parent.children.push(element),
                    None => return Some(element),
                }
            }
            Event::Text(piece) => {
                if let Some(element) = open.last_mut() {
                    element.text.push_str(&piece.decode().ok()?);
                }
            }
            Event::CData(piece) => {
                if let Some(element) = open.last_mut() {
                    element.text.push_str(&piece.decode().ok()?);
                }
            }
            Event::GeneralRef(reference) => {
                let element = open.last_mut()?;
                match reference.resolve_char_ref().ok()? {
                    Some(character) => element.text.push(character),
                    None => element.text.push_str(named(&reference.decode().ok()?)?),
                }
            }
            Event::Eof => return None,
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
}

fn named(reference: &str) -> Option<&'static str> {
    quick_xml::escape::resolve_predefined_entity(reference)
}

fn begin(start: &BytesStart<'_>) -> Option<Element> {
    let name = std::str::from_utf8(start.name().into_inner()).ok()?.to_owned();
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.ok()?;
        let key = std::str::from_utf8(attribute.key.into_inner()).ok()?.to_owned();
        let raw = std::str::from_utf8(&attribute.value).ok()?;
        attributes.push((key, quick_xml::escape::unescape(raw).ok()?.into_owned()));
    }
    Some(Element { name, attributes, ..Element::default() })
}

impl Element {
    /// The name, with its prefix if it has one.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Writes the value of the element.
    pub(super) fn push(&self, out: &mut Vec<u8>) {
        let text = self.text.trim();
        if self.attributes.is_empty() && self.children.is_empty() {
            push_org_json(out, text);
            return;
        }
        let mut object = Object::begin(out);
        for (name, same) in self.by_name(text) {
            if let [only] = same.as_slice() {
                only.push(object.key(name));
                continue;
            }
            let mut array = Array::begin(object.key(name));
            for part in same {
                part.push(array.element());
            }
            array.end();
        }
        object.end();
    }

    /// All parts under their names, in the order in which a name comes first: attributes, the text,
    /// children. A name comes once, whatever it names.
    fn by_name<'e>(&'e self, text: &'e str) -> Vec<(&'e str, Vec<Part<'e>>)> {
        let attributes =
            self.attributes.iter().map(|(name, value)| (name.as_str(), Part::Text(value)));
        let text = (!text.is_empty()).then_some(("content", Part::Text(text)));
        let children = self.children.iter().map(|child| (child.name(), Part::Element(child)));
        let mut places: HashMap<&str, usize> = HashMap::new();
        let mut groups: Vec<(&str, Vec<Part<'_>>)> = Vec::new();
        for (name, part) in attributes.chain(text).chain(children) {
            let place = *places.entry(name).or_insert(groups.len());
            match groups.get_mut(place) {
                Some((_, same)) => same.push(part),
                None => groups.push((name, vec![part])),
            }
        }
        groups
    }
}

/// What stands in an element.
#[derive(Clone, Copy)]
enum Part<'e> {
    Text(&'e str),
    Element(&'e Element),
}

impl Part<'_> {
    fn push(self, out: &mut Vec<u8>) {
        match self {
            Self::Text(text) => push_org_json(out, text),
            Self::Element(element) => element.push(out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Option<String> {
        let root = parse(text)?;
        let mut out = Vec::new();
        root.push(&mut out);
        Some(format!("{}={}", root.name(), String::from_utf8(out).unwrap()))
    }

    #[test]
    fn no_name_comes_twice() {
        let written = json(r#"<A x="1" content="2">3<x>4</x><content>5</content></A>"#);
        assert_eq!(written.as_deref(), Some(r#"A={"x":[1,4],"content":[2,3,5]}"#));
    }

    #[test]
    fn one_child_is_a_value_and_several_are_an_array() {
        let tag = |k: &str| format!("<Tag><Key>{k}</Key><Value>1</Value></Tag>");
        let tagging = |tags: &str| {
            format!(
                "<?xml version=\"1.0\"?><Tagging xmlns=\"http://s3/\"><TagSet>{tags}</TagSet></Tagging>"
            )
        };
        assert_eq!(
            json(&tagging(&tag("a"))).unwrap(),
            r#"Tagging={"xmlns":"http://s3/","TagSet":{"Tag":{"Key":"a","Value":1}}}"#
        );
        assert_eq!(
            json(&tagging(&(tag("a") + &tag("b")))).unwrap(),
            concat!(
                r#"Tagging={"xmlns":"http://s3/","TagSet":{"Tag":"#,
                r#"[{"Key":"a","Value":1},{"Key":"b","Value":1}]}}"#
            )
        );
    }

    #[test]
    fn attributes_text_and_entities_follow_org_json() {
        assert_eq!(
            json("<G><E xsi:type=\"Group\">a &amp; b&#33;</E><F>true</F><H/></G>").unwrap(),
            r#"G={"E":{"xsi:type":"Group","content":"a & b!"},"F":true,"H":""}"#
        );
        assert_eq!(json("<A> <![CDATA[<x>]]> </A>").unwrap(), "A=\"<x>\"");
    }

    #[test]
    fn what_is_not_well_formed_is_nothing() {
        for text in ["", "text", "<a>", "<a></b>", "<a>&unknown;</a>", "<a b></a>"] {
            assert_eq!(json(text), None, "{text}");
        }
        let deep = "<a>".repeat(40) + &"</a>".repeat(40);
        assert_eq!(json(&deep), None);
    }
}
