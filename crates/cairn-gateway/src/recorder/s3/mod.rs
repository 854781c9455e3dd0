//! S3 writes its records from the HTTP request and answer, and not from the model.

mod additional;
pub(super) mod request;
mod xml;

pub(super) use additional::additional_event_data;

use cairn_wire::model::Operation;

use super::Call;
use super::call::Outcome;
use super::text::{Object, into_text};

/// The headers of an answer that `responseElements` shows (observed).
const SHOWN_HEADERS: [&str; 4] = [
    "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-expiration",
    "x-amz-version-id",
];

/// `responseElements`: a few headers of what was written.
pub(super) fn response_elements(call: &Call<'_>, operation: Operation<'static>) -> Option<String> {
    let Outcome::Success { headers, .. } = call.outcome else { return None };
    if operation.read_only() {
        return None;
    }
    let mut out = Vec::new();
    let mut object = Object::begin(&mut out);
    for name in SHOWN_HEADERS {
        if let Some(value) = headers.get(name).and_then(|value| value.to_str().ok()) {
            object.text(name, value);
        }
    }
    let is_empty = object.is_empty();
    object.end();
    (!is_empty).then(|| into_text(out))
}
