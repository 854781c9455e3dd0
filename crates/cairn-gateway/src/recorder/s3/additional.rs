//! `additionalEventData` of S3, keys in the order of its records of 2026.

use cairn_wire::model::Operation;

use crate::recorder::Call;
use crate::recorder::call::Outcome;
use crate::recorder::text::{Object, into_text};

/// The operations whose records say how the object is encrypted (documented).
const ENCRYPTING: [&str; 3] = ["PutObject", "CopyObject", "CreateMultipartUpload"];

pub(in crate::recorder) fn additional_event_data(
    call: &Call<'_>,
    operation: Option<Operation<'static>>,
) -> String {
    let mut out = Vec::new();
    let mut object = Object::begin(&mut out);
    if let Some(signature) = call.signature {
        object.text("SignatureVersion", signature.version.as_str());
    }
    if let Some(tls) = call.tls {
        object.text("CipherSuite", tls.cipher_suite);
    }
    object.number("bytesTransferredIn", &call.bytes_in);
    let name = operation.map(cairn_wire::model::Operation::name).unwrap_or_default();
    if let Some(applied) = encryption(call).filter(|_| ENCRYPTING.contains(&name)) {
        object.text("SSEApplied", applied);
    }
    object.number("startTime", &call.started.as_ms());
    object.number("endTime", &call.finished.as_ms());
    if let Some(signature) = call.signature {
        let method = if signature.in_query { "QueryString" } else { "AuthHeader" };
        object.text("AuthenticationMethod", method);
    }
    if let Some(id) = call.extended_request_id {
        object.text("x-amz-id-2", id);
    }
    object.number("httpStatusCode", &call.outcome.status());
    object.number("bytesTransferredOut", &call.bytes_out);
    object.end();
    into_text(out)
}

/// What encrypted the object, and whether the caller asked for it.
fn encryption(call: &Call<'_>) -> Option<&'static str> {
    let Outcome::Success { headers, .. } = call.outcome else { return None };
    if headers.contains_key("x-amz-server-side-encryption-customer-algorithm") {
        return Some("SSE_C");
    }
    let applied = headers.get("x-amz-server-side-encryption")?.to_str().ok()?;
    let asked = call.head.headers.contains_key("x-amz-server-side-encryption");
    Some(match (applied, asked) {
        ("aws:kms", true) => "SSE_KMS",
        ("aws:kms", false) => "Default_SSE_KMS",
        ("aws:kms:dsse", true) => "DSSE_KMS",
        ("aws:kms:dsse", false) => "Default_DSSE_KMS",
        (_, true) => "SSE_S3",
        (_, false) => "Default_SSE_S3",
    })
}
