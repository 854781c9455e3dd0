//! The document that `ListObjectsV2` answers.

use cairn_event::Timestamp;
use percent_encoding::percent_decode_str;
use quick_xml::Reader;
use quick_xml::events::Event;

/// The deepest element that a listing has.
const DEPTH_MAX: usize = 16;

/// An object as a listing shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its key.
    pub key: String,
    /// Its length.
    pub bytes: u64,
    /// When it was written, if the store says it.
    pub modified: Option<Timestamp>,
}

/// A page of a listing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Objects in byte order of their keys.
    pub objects: Vec<Listed>,
    /// Whether there are more after the last one.
    pub more: bool,
}

/// Why an answer is no listing.
#[derive(Debug, thiserror::Error)]
pub(super) enum ListingFault {
    #[error("the listing is no XML")]
    Syntax(#[from] quick_xml::Error),
    #[error("the listing has text that cannot be read")]
    Encoding(#[from] quick_xml::encoding::EncodingError),
    #[error("the listing has an entity that is not XML's own")]
    Entity,
    #[error("the listing is too deep")]
    Deep,
    #[error("the answer is no listing")]
    Other,
    #[error("an object in the listing has no key or no length")]
    Object,
    #[error("a key in the listing is not UTF-8")]
    Key,
    #[error("the listing says that there are more objects, and shows none")]
    Endless,
    #[error("the listing does not go on where the one before ended")]
    Order,
}

/// What was read of a document so far.
#[derive(Default)]
struct Reading {
    path: Vec<Vec<u8>>,
    text: String,
    rooted: bool,
    encoded: bool,
    page: Page,
    object: Draft,
}

#[derive(Default)]
struct Draft {
    key: Option<String>,
    bytes: Option<u64>,
    modified: Option<Timestamp>,
}

/// Reads a listing.
pub(super) fn parse(document: &str) -> Result<Page, ListingFault> {
    let mut reader = Reader::from_str(document.trim_start_matches('\u{feff}'));
    reader.config_mut().expand_empty_elements = true;
    let mut reading = Reading::default();
    loop {
        match reader.read_event()? {
            Event::Start(start) => reading.open(start.local_name().as_ref())?,
            Event::End(_) => reading.close()?,
            Event::Text(text) => reading.text.push_str(&text.xml10_content()?),
            Event::CData(data) => reading.text.push_str(&data.xml10_content()?),
            Event::GeneralRef(reference) => {
                if let Some(character) = reference.resolve_char_ref()? {
                    reading.text.push(character);
                } else {
                    let text = quick_xml::escape::resolve_xml_entity(&reference.decode()?);
                    reading.text.push_str(text.ok_or(ListingFault::Entity)?);
                }
            }
            Event::DocType(_) => return Err(ListingFault::Entity),
            Event::Eof => break,
            Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
    }
    reading.finish()
}

impl Reading {
    fn open(&mut self, name: &[u8]) -> Result<(), ListingFault> {
        if self.path.len() >= DEPTH_MAX {
            return Err(ListingFault::Deep);
        }
        if self.path.is_empty() {
            if name != b"ListBucketResult" {
                return Err(ListingFault::Other);
            }
            self.rooted = true;
        }
        self.path.push(name.to_vec());
        self.text.clear();
        Ok(())
    }

    fn close(&mut self) -> Result<(), ListingFault> {
        let text = std::mem::take(&mut self.text);
        let names: Vec<&[u8]> = self.path.iter().skip(1).map(Vec::as_slice).collect();
        match names.as_slice() {
            [b"IsTruncated"] => self.page.more = text.trim() == "true",
            [b"EncodingType"] => self.encoded = text.trim() == "url",
            [b"Contents", b"Key"] => self.object.key = Some(text),
            [b"Contents", b"Size"] => self.object.bytes = text.trim().parse().ok(),
            [b"Contents", b"LastModified"] => {
                self.object.modified = Timestamp::parse_iso(text.trim());
            }
            [b"Contents"] => {
                let draft = std::mem::take(&mut self.object);
                let (Some(key), Some(bytes)) = (draft.key, draft.bytes) else {
                    return Err(ListingFault::Object);
                };
                self.page.objects.push(Listed { key, bytes, modified: draft.modified });
            }
            _ => {}
        }
        self.path.pop();
        Ok(())
    }

    fn finish(mut self) -> Result<Page, ListingFault> {
        if !self.rooted || !self.path.is_empty() {
            return Err(ListingFault::Other);
        }
        // Only now is it known: the element may come after the keys.
        if self.encoded {
            for object in &mut self.page.objects {
                let plus = object.key.replace('+', "%20");
                let key = percent_decode_str(&plus).decode_utf8();
                object.key = key.map_err(|_| ListingFault::Key)?.into_owned();
            }
        }
        if self.page.more && self.page.objects.is_empty() {
            return Err(ListingFault::Endless);
        }
        Ok(self.page)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_is_read() {
        let document = "<?xml version=\"1.0\"?>\n<ListBucketResult \
            xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>audit</Name><Prefix>a</Prefix>\
            <IsTruncated>true</IsTruncated><Contents><Key>a%2F+b%2Bc%C3%BC/</Key>\
            <LastModified>2026-11-25T17:13:14.000Z</LastModified><ETag>&quot;0&quot;</ETag>\
            <Size>0</Size><Owner><ID>x</ID><Key>not this</Key></Owner></Contents><Contents>\n\
            <Key>a&amp;b</Key><Size>12</Size></Contents><EncodingType>url</EncodingType>\
            </ListBucketResult>";
        let page = parse(document).unwrap();
        assert!(page.more);
        assert_eq!(page.objects[0].key, "a/ b+cü/");
        assert_eq!(page.objects[0].modified, Timestamp::parse_iso("2026-11-25T17:13:14Z"));
        assert_eq!(page.objects[1], Listed { key: "a&b".to_owned(), bytes: 12, modified: None });
        let plain = document.replace("<EncodingType>url</EncodingType>", "");
        assert_eq!(parse(&plain).unwrap().objects[0].key, "a%2F+b%2Bc%C3%BC/");
    }

    #[test]
    fn an_empty_bucket_has_an_empty_page() {
        assert_eq!(parse("<ListBucketResult/>").unwrap(), Page::default());
    }

    #[test]
    fn what_is_no_listing_is_refused() {
        for document in [
            "",
            "<html></html>",
            "not XML",
            "<ListBucketResult>",
            "<ListBucketResult><Contents><Key>a</Key></Contents></ListBucketResult>",
            "<ListBucketResult><Contents><Size>1</Size></Contents></ListBucketResult>",
            "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
            "<!DOCTYPE x [<!ENTITY e \"v\">]><ListBucketResult>&e;</ListBucketResult>",
            &format!("<ListBucketResult>{}", "<a>".repeat(100)),
        ] {
            assert!(parse(document).is_err(), "{document}");
        }
    }
}
