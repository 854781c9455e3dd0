//! Bytes of a compact model: little numbers short, every text once.

use std::collections::HashMap;

/// Numbers and references to interned texts.
#[derive(Default)]
pub struct Writer {
    body: Vec<u8>,
    texts: Vec<String>,
    known: HashMap<String, u64>,
}

impl Writer {
    /// A number, seven bits a byte, the low ones first.
    pub fn number(&mut self, value: u64) {
        put(&mut self.body, value);
    }

    /// A reference to a text; the same text is stored once.
    pub fn text(&mut self, text: &str) {
        let next = self.texts.len() as u64;
        let index = *self.known.entry(text.to_owned()).or_insert(next);
        if index == next {
            self.texts.push(text.to_owned());
        }
        put(&mut self.body, index);
    }

    /// Texts first, then everything that refers to them.
    pub fn finish(self) -> Vec<u8> {
        let mut whole = Vec::new();
        put(&mut whole, self.texts.len() as u64);
        for text in &self.texts {
            put(&mut whole, text.len() as u64);
        }
        for text in &self.texts {
            whole.extend_from_slice(text.as_bytes());
        }
        whole.extend_from_slice(&self.body);
        whole
    }
}

fn put(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}
