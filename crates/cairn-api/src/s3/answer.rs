//! The answer: S3's words for errors, the ids that every answer carries, and facts for the record.

use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use cairn_event::{AccountId, Region};
use cairn_wire::model::{Operation, Shape};
use http::header::{CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use percent_encoding::percent_decode_str;

use crate::{Ctx, Internal};

use super::body::S3Body;
use super::call::Notes;
use super::error::{S3Fault, default_text};
use super::intake::Intake;

/// Operations that S3 answers with 204, where the model has 200 (observed).
const NO_CONTENT: [&str; 1] = ["PutBucketTagging"];

/// An answer, and what a record says of the call beyond it.
#[derive(Debug)]
pub struct S3Answer {
    /// The answer, complete with `x-amz-request-id` and `x-amz-id-2`.
    pub response: Response<S3Body>,
    /// What the recorder wants to know.
    pub facts: S3Facts,
}

/// What a record says of an S3 call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct S3Facts {
    /// Body bytes that were read from the caller.
    pub bytes_in: u64,
    /// Body bytes of the answer, as announced by its length.
    pub bytes_out: u64,
    /// The code and message of a failed call, `HEAD` included (whose answer has no body).
    pub error: Option<S3Failure>,
    /// Who owns the bucket that the call names, if there is one.
    pub bucket_owner: Option<AccountId>,
    /// Where that bucket is, whatever region the call was signed for.
    pub bucket_region: Option<Region>,
    /// The size of the object that was written or read.
    pub object_bytes: Option<u64>,
}

/// The code and message of a failed call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct S3Failure {
    /// Such as `NoSuchKey`.
    pub code: String,
    /// Its text.
    pub message: String,
}

/// What an answer repeats of its request.
#[derive(Debug)]
pub(super) struct Asked {
    request_id: String,
    host_id: String,
    path: String,
    query: String,
    head: bool,
    /// Whether a successful answer is a document, not the bytes of an object.
    document: bool,
    operation: &'static str,
}

/// The codec failed to write an answer.
pub(super) fn codec_fault(error: s3s::HttpError) -> S3Fault {
    let source: s3s::StdError = error.into();
    S3Fault::Internal(Internal::new("write an answer", source))
}

impl Asked {
    pub(super) fn of<B>(
        ctx: &Ctx,
        operation: Operation<'static>,
        host_id: &str,
        request: &Request<B>,
    ) -> Self {
        let payload = operation.output().and_then(Shape::payload);
        let streams =
            payload.is_some_and(|payload| payload.streaming() || payload.shape().streaming());
        Self {
            document: !streams,
            operation: operation.name(),
            request_id: ctx.request_id.clone(),
            host_id: host_id.to_owned(),
            path: request.uri().path().to_owned(),
            query: request.uri().query().unwrap_or_default().to_owned(),
            head: request.method() == Method::HEAD,
        }
    }

    /// A refusal.
    pub(super) fn refuse(&self, fault: &S3Fault, intake: &Intake) -> S3Answer {
        log(fault);
        let (text, members) = (fault.to_string(), fault.members());
        let mut response = self.error(fault.status(), fault.code(), &text, &members);
        let facts = S3Facts {
            bytes_in: intake.bytes(),
            bytes_out: self.finish(&mut response),
            error: Some(S3Failure { code: fault.code().to_owned(), message: fault.to_string() }),
            ..S3Facts::default()
        };
        S3Answer { response, facts }
    }

    /// What the codec has answered, in S3's words.
    pub(super) async fn answer(
        &self,
        response: Response<s3s::Body>,
        intake: &Intake,
        notes: &Mutex<Notes>,
    ) -> S3Answer {
        let notes = std::mem::take(&mut *notes.lock().unwrap_or_else(PoisonError::into_inner));
        let (mut parts, body) = response.into_parts();
        let failed = parts.status.is_client_error() || parts.status.is_server_error();
        let mut failure = None;
        let mut response = if failed || parts.status == StatusCode::NOT_MODIFIED {
            // Errors are short and in memory; they cannot break off.
            let bytes =
                body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
            let text = String::from_utf8_lossy(&bytes);
            let code = element(&text, "Code").unwrap_or_else(|| "InternalError".to_owned());
            let message = match element(&text, "Message") {
                _ if code == "NotImplemented" => S3Fault::NotImplemented.to_string(),
                Some(message) if notes.refused && !message.is_empty() => message,
                _ => default_text(&code).to_owned(),
            };
            let mut response = self.error(parts.status, &code, &message, &notes.members);
            response.headers_mut().extend(parts.headers.into_iter().filter(|(name, _)| {
                !matches!(name, Some(name) if name == CONTENT_LENGTH || name == CONTENT_TYPE)
            }));
            failure = failed.then_some(S3Failure { code, message });
            response
        } else {
            let document =
                body.bytes().filter(|bytes| self.document && bytes.starts_with(b"<?xml"));
            let document = document.as_deref().and_then(|document| {
                if self.operation == "GetObjectAttributes" {
                    Some(with_bare_etag(document))
                } else {
                    referenced(document)
                }
            });
            let body = match document {
                Some(document) => {
                    parts.headers.remove(CONTENT_LENGTH);
                    S3Body::full(document)
                }
                None => S3Body::from_s3s(body),
            };
            let mut response = Response::from_parts(parts, body);
            // The codec knows of parts of an object for GET, not for HEAD.
            if response.headers().contains_key(CONTENT_RANGE) {
                *response.status_mut() = StatusCode::PARTIAL_CONTENT;
            } else if NO_CONTENT.contains(&self.operation) {
                *response.status_mut() = StatusCode::NO_CONTENT;
            }
            response
        };
        let bytes_out = self.finish(&mut response);
        let facts = S3Facts {
            bytes_in: intake.bytes(),
            bytes_out,
            error: failure,
            bucket_owner: notes.bucket_owner,
            bucket_region: notes.bucket_region,
            object_bytes: notes.object_bytes,
        };
        S3Answer { response, facts }
    }

    fn error(
        &self,
        status: StatusCode,
        code: &str,
        message: &str,
        members: &[(&str, String)],
    ) -> Response<S3Body> {
        let bodiless = self.head || status == StatusCode::NOT_MODIFIED;
        let body = if bodiless {
            S3Body::empty()
        } else {
            S3Body::full(self.document(code, message, members))
        };
        let mut response = Response::new(body);
        *response.status_mut() = status;
        if !bodiless {
            response
                .headers_mut()
                .insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
        }
        response
    }

    /// The error document, with the members of the refusal, or else the element that S3 adds for some
    /// codes (observed).
    fn document(&self, code: &str, message: &str, members: &[(&str, String)]) -> String {
        let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>");
        put(&mut xml, "Code", code);
        put(&mut xml, "Message", message);
        let path = percent_decode_str(&self.path).decode_utf8_lossy();
        let path = path.strip_prefix('/').unwrap_or(&path);
        let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
        for (name, text) in members {
            put(&mut xml, name, text);
        }
        match code {
            _ if !members.is_empty() => {}
            "NoSuchKey" => put(&mut xml, "Key", key),
            "NoSuchUpload" => put(&mut xml, "UploadId", self.parameter("uploadId")),
            "NoSuchBucket"
            | "BucketNotEmpty"
            | "BucketAlreadyExists"
            | "BucketAlreadyOwnedByYou"
            | "NoSuchBucketPolicy"
            | "NoSuchTagSet"
            | "OwnershipControlsNotFoundError"
            | "InvalidBucketName" => {
                put(&mut xml, "BucketName", bucket);
            }
            _ => put(&mut xml, "Resource", &self.path),
        }
        put(&mut xml, "RequestId", &self.request_id);
        put(&mut xml, "HostId", &self.host_id);
        xml.push_str("</Error>");
        xml
    }

    fn parameter(&self, wanted: &str) -> &str {
        let pairs = self.query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.filter(|(name, _)| *name == wanted).map(|(_, value)| value).next().unwrap_or_default()
    }

    /// Adds the ids and the length; returns how many bytes the body has.
    fn finish(&self, response: &mut Response<S3Body>) -> u64 {
        let exact = response.body().size_hint().exact();
        let headers = response.headers_mut();
        set(headers, HeaderName::from_static("x-amz-request-id"), &self.request_id);
        set(headers, HeaderName::from_static("x-amz-id-2"), &self.host_id);
        let announced =
            headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        if let (None, Some(bytes), false) = (announced, exact, self.head) {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(bytes));
        }
        if self.head { 0 } else { announced.or(exact).unwrap_or(0) }
    }
}

/// Faults of ours go to the log with their causes; those of callers are in the record.
pub(super) fn log(fault: &S3Fault) {
    if let S3Fault::Internal(internal) | S3Fault::Unavailable(internal) = fault {
        tracing::error!(error = internal as &dyn std::error::Error, "an S3 call failed");
    }
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// The text of an element that the codec wrote.
fn element(xml: &str, name: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    let pairs = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")];
    Some(pairs.iter().fold(text.to_owned(), |text, (entity, plain)| text.replace(entity, plain)))
}

/// The document with its entity tag out of its quotes, which the codec always writes. It has no text
/// of a caller's.
///
/// evidence: observed (`GetObjectAttributes` of AWS has none, as public issues quote it).
fn with_bare_etag(document: &[u8]) -> Bytes {
    let text = String::from_utf8_lossy(document);
    let text = text.replace("<ETag>&quot;", "<ETag>").replace("&quot;</ETag>", "</ETag>");
    text.replace("<ETag>\"", "<ETag>").replace("\"</ETag>", "</ETag>").into()
}

/// The document with references in place of control characters, if it has any: the codec writes
/// them as they are, and a reader takes a return for a newline. XML 1.0 knows no reference to most
/// of them either; that is what `encoding-type=url` is for.
///
/// evidence: observed (`&#x1b;`, `&#x8;` in listings of AWS, as public issues quote them).
fn referenced(document: &[u8]) -> Option<Bytes> {
    let is_control = |byte: u8| byte < b' ' && byte != b'\t' && byte != b'\n';
    if !document.iter().any(|byte| is_control(*byte)) {
        return None;
    }
    let mut written = Vec::with_capacity(document.len() + 64);
    for byte in document {
        if is_control(*byte) {
            written.extend_from_slice(format!("&#x{byte:x};").as_bytes());
        } else {
            written.push(*byte);
        }
    }
    Some(written.into())
}

/// Adds an element. What XML 1.0 cannot hold, not even escaped, is left out.
fn put(xml: &mut String, name: &str, text: &str) {
    let _ = write!(xml, "<{name}>");
    for letter in text.chars() {
        match letter {
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '&' => xml.push_str("&amp;"),
            '\r' => xml.push_str("&#13;"),
            letter if letter < ' ' && letter != '\t' && letter != '\n' => {}
            letter => xml.push(letter),
        }
    }
    let _ = write!(xml, "</{name}>");
}
