//! Browser uploads to S3 that an upstream serves: the fields before the file say who posts it, and
//! under which key. The upstream verifies them; here they are only read.

use cairn_iam::{AccessKeyId, Principal};
use cairn_wire::codec::{BrowserForm, FORM_FIELDS_BYTES_MAX, browser_form};
use cairn_wire::resolve::CredentialScope;
use http::header::CONTENT_TYPE;

use super::Call;
use super::authenticate::Identity;
use super::heard::{self, Subject};
use crate::forward::tee::Passed;

/// The start of a body that holds the fields, with room for what stands between them.
pub(super) const START_BYTES_MAX: usize = 2 * FORM_FIELDS_BYTES_MAX;

/// Whether a call is one.
pub(super) fn is_one(subject: &Subject) -> bool {
    let operation = subject.operation();
    operation.is_some_and(|call| call.service().id() == "s3" && call.name() == "PostObject")
}

/// The key that it posts to, if its form came by.
pub(super) fn key(call: &Call<'_>, subject: &Subject, passed: &Passed) -> Option<String> {
    form(call, subject, passed)?.key()
}

/// Who posts, by the key that the form names; that it is theirs was not shown to us.
pub(super) fn identity(call: &Call<'_>, subject: &Subject, passed: &Passed) -> Option<Identity> {
    let form = form(call, subject, passed)?;
    let access_key = CredentialScope::of_form(|name| form.field(name))?.access_key;
    let key = AccessKeyId::foreign(&access_key);
    let account = heard::account(call, &access_key, key.as_ref());
    let identity = Identity::unproven(Principal::UnknownKey { account }, key, None);
    Some(if heard::is_ours(call, &access_key) { identity.in_doubt() } else { identity })
}

fn form(call: &Call<'_>, subject: &Subject, passed: &Passed) -> Option<BrowserForm> {
    if !is_one(subject) {
        return None;
    }
    let media_type = call.parts.headers.get(CONTENT_TYPE)?.to_str().ok()?;
    browser_form(media_type, &passed.start())?.ok()
}
