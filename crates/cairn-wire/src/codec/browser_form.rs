//! Browser uploads to S3: `multipart/form-data`, with the parameters and the signature as form
//! fields before the file.

use super::{DecodeError, limits::PAIRS_MAX};

/// Bytes of all fields before the file.
///
/// evidence: documented (20 KB for the form fields of a POST upload).
pub const FORM_FIELDS_BYTES_MAX: usize = 20 * 1024;

/// The fields of a browser upload, up to its file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BrowserForm {
    /// The fields in the order of the wire, names in lower case.
    pub fields: Vec<(String, String)>,
    /// The name that the browser gives the file.
    pub file_name: Option<String>,
    /// Where in the body the file starts; its end is the next boundary.
    pub file_at: Option<usize>,
    /// The boundary, with its leading dashes.
    pub boundary: String,
}

impl BrowserForm {
    /// A field by its name in lower case.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, text)| text.as_str())
    }

    /// The key of the object, with `${filename}` filled in.
    pub fn key(&self) -> Option<String> {
        let file_name = self.file_name.as_deref().unwrap_or_default();
        self.field("key").map(|key| key.replace("${filename}", file_name))
    }
}

/// Reads the fields of a browser upload and stops at the file. `None` if the media type is not
/// that of one. The body may be just its start, as long as the file begins in it.
pub fn browser_form(media_type: &str, body: &[u8]) -> Option<Result<BrowserForm, DecodeError>> {
    let (kind, parameters) = media_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let boundary = parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.trim().split_once('=')?;
        name.eq_ignore_ascii_case("boundary").then(|| value.trim_matches('"'))
    })?;
    Some(read(format!("--{boundary}"), body))
}

fn syntax(why: &str, at: usize) -> DecodeError {
    DecodeError::Syntax { syntax: "multipart/form-data", why: why.to_owned(), at }
}

fn find(body: &[u8], from: usize, needle: &[u8]) -> Option<usize> {
    memchr::memmem::find(body.get(from..)?, needle).map(|at| from + at)
}

fn read(boundary: String, body: &[u8]) -> Result<BrowserForm, DecodeError> {
    let mut form = BrowserForm { boundary, ..BrowserForm::default() };
    let first = find(body, 0, form.boundary.as_bytes());
    let mut at = first.ok_or_else(|| syntax("no boundary", 0))? + form.boundary.len();
    let separator = format!("\r\n{}", form.boundary);
    let mut kept = 0;
    loop {
        if body.get(at..).is_some_and(|rest| rest.starts_with(b"--")) {
            return Ok(form);
        }
        let head_end = find(body, at, b"\r\n\r\n").ok_or_else(|| syntax("no part", at))?;
        let head = String::from_utf8_lossy(body.get(at..head_end).unwrap_or_default());
        let (name, file_name) = disposition(&head);
        let name = name.ok_or_else(|| syntax("a part without a name", at))?;
        at = head_end + 4;
        if name == "file" || file_name.is_some() {
            form.file_name = file_name;
            form.file_at = Some(at);
            return Ok(form);
        }
        let end = find(body, at, separator.as_bytes())
            .ok_or_else(|| syntax("a part that does not end", at))?;
        let text = String::from_utf8_lossy(body.get(at..end).unwrap_or_default()).into_owned();
        kept += name.len() + text.len();
        if kept > FORM_FIELDS_BYTES_MAX {
            return Err(DecodeError::TooLarge(FORM_FIELDS_BYTES_MAX));
        }
        if form.fields.len() == PAIRS_MAX {
            return Err(DecodeError::TooMany(PAIRS_MAX));
        }
        form.fields.push((name, text));
        at = end + separator.len();
    }
}

/// Name and file name of a part, from its `Content-Disposition`.
fn disposition(head: &str) -> (Option<String>, Option<String>) {
    let line = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim().eq_ignore_ascii_case("content-disposition").then_some(value)
    });
    let parameter = |wanted: &str| {
        line?.split(';').find_map(|piece| {
            let (name, value) = piece.trim().split_once('=')?;
            name.eq_ignore_ascii_case(wanted).then(|| value.trim_matches('"').to_owned())
        })
    };
    let name = parameter("name").map(|name| name.to_ascii_lowercase());
    let file_name = parameter("filename")
        .map(|path| path.rsplit(['/', '\\']).next().unwrap_or_default().to_owned());
    (name, file_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = b"--B\r\nContent-Disposition: form-data; name=\"Key\"\r\n\r\n\
        user/${filename}\r\n--B\r\nContent-Disposition: form-data; name=\"X-Amz-Signature\"\r\n\r\n\
        abc\r\n--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"C:\\a.txt\"\r\n\
        Content-Type: text/plain\r\n\r\nhello\r\n--B--\r\n";

    #[test]
    fn fields_before_the_file() {
        let form = browser_form("multipart/form-data; boundary=B", BODY).unwrap().unwrap();
        assert_eq!(form.key().as_deref(), Some("user/a.txt"));
        assert_eq!(form.field("x-amz-signature"), Some("abc"));
        assert!(BODY[form.file_at.unwrap()..].starts_with(b"hello\r\n--B"));
    }

    #[test]
    fn no_part_of_a_form_panics() {
        for end in 0..BODY.len() {
            let _ = browser_form("multipart/form-data; boundary=B", &BODY[..end]);
        }
        assert!(browser_form("application/json", BODY).is_none());
        assert!(browser_form("multipart/form-data; boundary=B", b"x").unwrap().is_err());
    }
}
