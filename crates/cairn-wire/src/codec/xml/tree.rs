//! XML bodies as a flat tree: elements in one vector, linked by index, so that neither building
//! nor dropping it recurses. Namespaces are ignored, as AWS ignores them.

use quick_xml::{
    Reader, XmlVersion,
    events::{BytesStart, Event},
};

use crate::codec::{
    DecodeError,
    limits::{DEPTH_MAX, ELEMENTS_MAX},
};

/// Attributes of one element; AWS's models have one at most.
const ATTRIBUTES_MAX: usize = 16;

#[derive(Default)]
struct Node {
    /// With its prefix.
    name: String,
    text: String,
    attributes: Vec<(String, String)>,
    first: Option<usize>,
    last: Option<usize>,
    next: Option<usize>,
}

/// A parsed body.
pub(super) struct Tree {
    nodes: Vec<Node>,
}

/// One element of a parsed body.
#[derive(Clone, Copy)]
pub(super) struct Element<'t> {
    tree: &'t Tree,
    node: &'t Node,
}

impl Tree {
    /// Parses a body with one root; `None` if it is empty.
    pub(super) fn parse(body: &[u8]) -> Result<Option<Self>, DecodeError> {
        let text = simdutf8::basic::from_utf8(body)
            .map_err(|_| syntax("text that is not UTF-8".to_owned(), 0))?;
        let text = text.trim_start_matches('\u{feff}');
        let mut reader = Reader::from_str(text);
        reader.config_mut().expand_empty_elements = true;
        let mut building = Building { nodes: Vec::new(), open: Vec::new() };
        loop {
            let at = reader.buffer_position() as usize;
            match reader.read_event() {
                Ok(Event::Eof) => break,
                Ok(event) => building.take(event).map_err(|error| located(error, at))?,
                Err(error) => return Err(syntax(error.to_string(), at)),
            }
        }
        if !building.open.is_empty() {
            return Err(syntax("an element that is not closed".to_owned(), text.len()));
        }
        Ok((!building.nodes.is_empty()).then_some(Self { nodes: building.nodes }))
    }

    /// The root element.
    pub(super) fn root(&self) -> Option<Element<'_>> {
        self.element(0)
    }

    fn element(&self, index: usize) -> Option<Element<'_>> {
        self.nodes.get(index).map(|node| Element { tree: self, node })
    }
}

impl<'t> Element<'t> {
    /// The name without its prefix.
    pub(super) fn name(self) -> &'t str {
        local(&self.node.name)
    }

    /// All character data directly inside, in order.
    pub(super) fn text(self) -> &'t str {
        &self.node.text
    }

    /// An attribute by its full name (`xsi:type`), or by the part after the prefix.
    pub(super) fn attribute(self, name: &str) -> Option<&'t str> {
        let by = |same: &dyn Fn(&str) -> bool| {
            let mut attributes = self.node.attributes.iter();
            attributes.find(|(key, _)| same(key)).map(|(_, value)| value.as_str())
        };
        by(&|key| key == name).or_else(|| by(&|key| local(key) == local(name)))
    }

    /// The elements directly inside, in order.
    pub(super) fn children(self) -> impl Iterator<Item = Element<'t>> {
        let tree = self.tree;
        let first = self.node.first.and_then(|index| tree.element(index));
        std::iter::successors(first, move |element| {
            element.node.next.and_then(|index| tree.element(index))
        })
    }

    /// The first element directly inside with this name.
    pub(super) fn child(self, name: &str) -> Option<Element<'t>> {
        self.children().find(|child| child.name() == name)
    }
}

fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

fn syntax(why: String, at: usize) -> DecodeError {
    DecodeError::Syntax { syntax: "XML", why, at }
}

fn located(error: DecodeError, position: usize) -> DecodeError {
    match error {
        DecodeError::Syntax { syntax, why, .. } => {
            DecodeError::Syntax { syntax, why, at: position }
        }
        other => other,
    }
}

struct Building {
    nodes: Vec<Node>,
    open: Vec<usize>,
}

impl Building {
    fn take(&mut self, event: Event<'_>) -> Result<(), DecodeError> {
        match event {
            Event::Start(start) | Event::Empty(start) => self.start(&start),
            Event::End(_) => {
                self.open.pop();
                Ok(())
            }
            Event::Text(text) => {
                let text = text.xml10_content().map_err(|error| syntax(error.to_string(), 0))?;
                self.text(&text)
            }
            Event::CData(data) => {
                let text = data.xml10_content().map_err(|error| syntax(error.to_string(), 0))?;
                self.text(&text)
            }
            Event::GeneralRef(reference) => {
                let bad = |error: quick_xml::Error| syntax(error.to_string(), 0);
                if let Some(character) = reference.resolve_char_ref().map_err(bad)? {
                    return self.text(character.encode_utf8(&mut [0; 4]));
                }
                let name = reference.decode().map_err(|error| syntax(error.to_string(), 0))?;
                match quick_xml::escape::resolve_xml_entity(&name) {
                    Some(text) => self.text(text),
                    None => Err(syntax(format!("the unknown entity `{name}`"), 0)),
                }
            }
            // No body of AWS has one, and entities of their own are how XML attacks start.
            Event::DocType(_) => Err(syntax("a document type".to_owned(), 0)),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::Eof => Ok(()),
        }
    }

    fn start(&mut self, start: &BytesStart<'_>) -> Result<(), DecodeError> {
        if self.open.len() >= DEPTH_MAX {
            return Err(DecodeError::TooDeep);
        }
        if self.nodes.len() >= ELEMENTS_MAX {
            return Err(DecodeError::TooMany(ELEMENTS_MAX));
        }
        let index = self.nodes.len();
        match self.open.last() {
            Some(parent) => self.link(*parent, index),
            None if index > 0 => return Err(syntax("a second root".to_owned(), 0)),
            None => {}
        }
        let mut node = Node {
            name: String::from_utf8_lossy(start.name().as_ref()).into_owned(),
            ..Node::default()
        };
        for attribute in start.attributes().with_checks(false) {
            let attribute = attribute.map_err(|error| syntax(error.to_string(), 0))?;
            if node.attributes.len() == ATTRIBUTES_MAX {
                return Err(DecodeError::TooMany(ATTRIBUTES_MAX));
            }
            let name = String::from_utf8_lossy(attribute.key.as_ref()).into_owned();
            let value = attribute
                .normalized_value(XmlVersion::Implicit1_0)
                .map_err(|error| syntax(error.to_string(), 0))?;
            node.attributes.push((name, value.into_owned()));
        }
        self.nodes.push(node);
        self.open.push(index);
        Ok(())
    }

    fn link(&mut self, parent: usize, child: usize) {
        let Some(parent) = self.nodes.get_mut(parent) else {
            return;
        };
        parent.first.get_or_insert(child);
        if let Some(last) = parent.last.replace(child)
            && let Some(last) = self.nodes.get_mut(last)
        {
            last.next = Some(child);
        }
    }

    fn text(&mut self, text: &str) -> Result<(), DecodeError> {
        match self.open.last().and_then(|index| self.nodes.get_mut(*index)) {
            Some(node) => {
                node.text.push_str(text);
                Ok(())
            }
            None if text.trim().is_empty() => Ok(()),
            None => Err(syntax("text outside the root".to_owned(), 0)),
        }
    }
}
