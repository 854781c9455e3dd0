//! What is known of a forwarded call once it is over: what was called, by whom, with which outcome.
//!
//! Who called is never guessed. A caller is named only if our own keyring has the key and the
//! signature holds; otherwise the record has the key and the account that it belongs to.

use std::borrow::Cow;
use std::sync::Arc;

use cairn_event::{AccountId, Region};
use cairn_iam::{AccessKeyId, Found, Principal};
use cairn_wire::codec::{WireError, decode_error};
use cairn_wire::model::{Operation, Protocol, Service};
use cairn_wire::resolve::Resolved;
use cairn_wire::sigv4::{self, PayloadClaim, SignatureError};
use cairn_wire::value::Value;
use http::{HeaderMap, Response, StatusCode};
use uuid::Uuid;

use super::authenticate::{Identity, prove};
use super::commit::Facts;
use super::forwarded::{announced, is_stream};
use super::signed::Claimed;
use super::unmodelled::is_name;
use super::{Call, browser_upload, refuse, s3, unmodelled};
use crate::body::AnswerBody;
use crate::forward::tee::Passed;
use crate::ids::Ids;
use crate::recorder::forwarded::{Heard as Decoded, hear};
use crate::recorder::{Doubt, Notes, Outcome, S3Names, Target};

/// What a forwarded request calls.
pub(super) struct Subject {
    pub(super) service: Option<&'static Service>,
    pub(super) protocol: Protocol,
    pub(super) resolved: Option<Arc<Resolved>>,
    /// The signing name and the operation's name, where the model knows no operation.
    named: Option<(String, String)>,
}

/// The operation of a record whose call has no name that we know; what was asked for is in its
/// parameters.
pub(crate) const UNNAMED_OPERATION: &str = "UnknownOperation";
/// Its service, where the signature names none.
const NO_SERVICE: &str = "unknown";

/// Whether a request is signed in any way that a server of AWS's kind could take.
pub(super) fn has_signature(call: &Call<'_>) -> bool {
    let head = call.head();
    let is_aws = |name: &str| {
        let name = name.to_ascii_lowercase();
        name.starts_with("x-amz-") || name == "awsaccesskeyid"
    };
    let mut names = head.query.split('&').filter_map(|pair| pair.split('=').next());
    head.headers.contains_key(http::header::AUTHORIZATION)
        || head.headers.keys().any(|name| is_aws(name.as_str()))
        || names.any(|name| is_aws(&percent_encoding::percent_decode_str(name).decode_utf8_lossy()))
}

/// A request that names nothing a record could name.
pub(super) struct Unnamed {
    service: Option<&'static Service>,
    protocol: Protocol,
    name: Option<String>,
}

impl Unnamed {
    pub(super) fn refuse(&self, call: &Call<'_>) -> Response<AnswerBody> {
        let unknown = unmodelled::unknown(self.protocol, self.name.as_deref());
        refuse::error(call, self.service, None, self.protocol, &unknown)
    }
}

impl Subject {
    /// An operation of the model.
    pub(super) fn modelled(resolved: Arc<Resolved>) -> Self {
        let (service, protocol) = (Some(resolved.service), resolved.protocol);
        Self { service, protocol, resolved: Some(resolved), named: None }
    }

    /// An operation that is newer than the model, if the request names it and its service.
    pub(super) fn unmodelled(
        call: &Call<'_>,
        service: Option<&'static Service>,
        protocol: Protocol,
        name: Option<String>,
    ) -> Result<Self, Unnamed> {
        // What is signed for says more than what is named.
        let signing_name = call.signed.service().map(str::to_owned);
        let named = || service.map(|service| service.signing_name().to_owned());
        let signing_name = signing_name.or_else(named);
        // What is signed is a call to somebody, whatever it is called; and behind S3 everything is.
        let is_call = has_signature(call) || call.gateway.settings.upstreams.forwards_s3();
        let signing_name = signing_name.filter(|name| is_name(name));
        let signing_name = signing_name.or_else(|| is_call.then(|| NO_SERVICE.to_owned()));
        match (signing_name, name.filter(|name| is_name(name))) {
            (Some(signing_name), Some(name)) => {
                Ok(Self { service, protocol, resolved: None, named: Some((signing_name, name)) })
            }
            (Some(signing_name), None) if is_call => {
                let named = Some((signing_name, UNNAMED_OPERATION.to_owned()));
                Ok(Self { service, protocol, resolved: None, named })
            }
            (_, name) => Err(Unnamed { service, protocol, name }),
        }
    }

    pub(super) fn operation(&self) -> Option<Operation<'static>> {
        self.resolved.as_deref().map(Resolved::call)
    }

    /// The name that the service is signed for with.
    pub(super) fn signing_name(&self) -> &str {
        match (&self.named, self.service) {
            (Some((signing_name, _)), _) => signing_name,
            (None, Some(service)) => service.signing_name(),
            (None, None) => "",
        }
    }

    /// Whether the request's body is content, which no record shows.
    pub(super) fn streams_in(&self) -> bool {
        is_stream(self.operation().and_then(Operation::input))
    }

    /// Whether the answer's body is.
    pub(super) fn streams_out(&self) -> bool {
        is_stream(self.operation().and_then(Operation::output))
    }

    fn is_s3(&self) -> bool {
        self.service.is_some_and(|service| service.id() == "s3")
    }

    fn target(&self) -> Target<'_> {
        match (self.operation(), &self.named) {
            (Some(operation), _) => Target::Modelled(operation),
            (None, Some((service, name))) => Target::Unmodelled { service, name },
            (None, None) => Target::Unmodelled { service: "", name: "" },
        }
    }

    /// What the record says before anything was heard.
    pub(super) fn facts<'a>(
        &'a self,
        call: &Call<'_>,
        identity: &'a Identity,
        outcome: Outcome<'a>,
    ) -> Owned<'a> {
        let resolved = self.resolved.as_deref();
        let named = resolved.and_then(|resolved| resolved.region.as_deref());
        let region = named.or(call.signed.region());
        Owned {
            target: self.target(),
            protocol: self.protocol,
            input: None,
            body: None,
            outcome,
            identity,
            account: call.account(identity),
            region: call.region(region),
            bytes_in: 0,
            bytes_out: 0,
            bucket: resolved.filter(|_| self.is_s3()).and_then(|found| found.bucket.as_deref()),
            key: resolved.filter(|_| self.is_s3()).and_then(|found| s3::key_of(call, found)),
            is_s3: self.is_s3(),
            notes: Notes::default(),
            event_id: None,
        }
    }

    /// An error of ours in the caller's protocol.
    pub(super) fn error(&self, call: &Call<'_>, error: &WireError) -> Response<AnswerBody> {
        refuse::error(call, self.service, self.operation(), self.protocol, error)
    }

    /// The log could not take the record.
    pub(super) fn unrecorded(&self, call: &Call<'_>) -> Response<AnswerBody> {
        refuse::unrecorded(call, self.service, self.operation(), self.protocol)
    }
}

/// The facts of a record, with what they own.
pub(super) struct Owned<'a> {
    target: Target<'a>,
    protocol: Protocol,
    input: Option<Cow<'a, Value>>,
    body: Option<Cow<'a, [u8]>>,
    outcome: Outcome<'a>,
    identity: &'a Identity,
    account: AccountId,
    region: Region,
    bytes_in: u64,
    bytes_out: u64,
    bucket: Option<&'a str>,
    key: Option<String>,
    is_s3: bool,
    pub(super) notes: Notes,
    pub(super) event_id: Option<Uuid>,
}

impl Owned<'_> {
    /// Adds what the request said, for a call without an answer.
    pub(super) fn read(&mut self, call: &Call<'_>, subject: &Subject, passed: &Passed) {
        let resolved = subject.resolved.as_deref();
        self.bytes_in = announced(resolved, call).unwrap_or_else(|| passed.bytes());
        self.body = passed.take_copy().map(Cow::Owned);
        self.key = browser_upload::key(call, subject, passed).or(self.key.take());
        let Some(resolved) = resolved else { return };
        // Nothing was answered; the answer's side is not looked at.
        let none = HeaderMap::new();
        let heard = hear(resolved, &call.head(), self.body.as_deref(), 502, &none, None);
        self.notes.is_body_unread = heard.input.is_none();
        self.notes.signature = doubt(&self.outcome, self.identity);
        self.input = heard.input.map(Cow::Owned);
    }

    pub(super) fn facts(&self) -> Facts<'_> {
        Facts {
            target: self.target,
            protocol: self.protocol,
            input: self.input.as_deref(),
            body: self.body.as_deref(),
            outcome: self.outcome,
            identity: self.identity,
            account: &self.account,
            region: &self.region,
            bytes_in: self.bytes_in,
            bytes_out: self.bytes_out,
            s3: self.is_s3.then_some(S3Names {
                bucket: self.bucket,
                key: self.key.as_deref(),
                owner: None,
            }),
            notes: self.notes,
            event_id: self.event_id,
        }
    }
}

/// What came of an answer, before it is passed on.
pub(super) struct Come {
    pub(super) headers: HeaderMap,
    pub(super) status: StatusCode,
    /// Bytes that were read.
    pub(super) bytes: usize,
    /// The whole body, if it was held.
    pub(super) body: Option<Vec<u8>>,
}

/// Both sides of a call, decoded as far as a record needs them.
pub(super) struct Heard {
    decoded: Option<Decoded>,
    /// How a call ended that the model does not know.
    unmodelled: Option<(u16, WireError)>,
    body: Option<Vec<u8>>,
    bytes_in: u64,
    bytes_out: u64,
    /// The key of a browser upload.
    posted_key: Option<String>,
    /// Those of an answer that the model does not know.
    headers: HeaderMap,
}

impl Heard {
    pub(super) fn new(call: &Call<'_>, subject: &Subject, passed: &Passed, come: &Come) -> Self {
        let (copy, whole) = (passed.take_copy(), come.body.as_deref());
        let status = come.status.as_u16();
        let length = come.headers.get(http::header::CONTENT_LENGTH);
        let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
        let is_head = call.parts.method == http::Method::HEAD;
        let known = whole.map(|whole| whole.len() as u64);
        let bytes_out = if is_head { Some(0) } else { known.or(length) };
        let resolved = subject.resolved.as_deref();
        let decoded = resolved.map(|resolved| {
            hear(resolved, &call.head(), copy.as_deref(), status, &come.headers, whole)
        });
        let unmodelled = (resolved.is_none() && status >= 300).then(|| {
            let text = whole.unwrap_or_default();
            let (service, protocol) = (subject.service, subject.protocol);
            (status, decode_error(service, None, protocol, status, &come.headers, text))
        });
        Self {
            decoded,
            unmodelled,
            body: copy,
            posted_key: browser_upload::key(call, subject, passed),
            bytes_in: announced(resolved, call).unwrap_or_else(|| passed.bytes()),
            bytes_out: bytes_out.unwrap_or(come.bytes as u64),
            headers: if resolved.is_none() { come.headers.clone() } else { HeaderMap::new() },
        }
    }

    /// The call with the ids that the upstream gave it; a second id is never made up.
    pub(super) fn call<'a>(&self, call: &Call<'a>) -> Call<'a> {
        let decoded = self.decoded.as_ref();
        let request = decoded.and_then(Decoded::request_id).unwrap_or(&call.ids.request);
        let extended = decoded.and_then(Decoded::extended_request_id).unwrap_or_default();
        let ids = Ids { request: request.to_owned(), extended: extended.to_owned() };
        Call { ids, ..*call }
    }

    /// What the record says.
    pub(super) fn facts<'a>(
        &'a self,
        subject: &'a Subject,
        call: &Call<'_>,
        identity: &'a Identity,
    ) -> Owned<'a> {
        let mut facts = subject.facts(call, identity, self.outcome());
        let input = self.decoded.as_ref().and_then(Decoded::input);
        facts.input = input.map(Cow::Borrowed);
        facts.body = self.body.as_deref().map(Cow::Borrowed);
        facts.key = self.posted_key.clone().or(facts.key);
        facts.bytes_in = self.bytes_in;
        facts.bytes_out = self.bytes_out;
        facts.notes = Notes {
            signature: doubt(&facts.outcome, identity),
            is_body_unread: self.decoded.as_ref().is_some_and(|decoded| decoded.input.is_none()),
            is_outcome_unknown: false,
        };
        facts
    }

    fn outcome(&self) -> Outcome<'_> {
        match (&self.decoded, &self.unmodelled) {
            (Some(decoded), _) => decoded.outcome(),
            (None, Some((status, error))) => Outcome::Failure {
                code: &error.code,
                message: Some(error.message.as_str()).filter(|text| !text.is_empty()),
                status: *status,
            },
            (None, None) => Outcome::Success { output: None, status: 200, headers: &self.headers },
        }
    }
}

/// The codes by which services say that a signature does not hold (documented: the common errors,
/// the errors of S3 and of EC2).
const SIGNATURE_REFUSALS: [&str; 13] = [
    "AuthFailure",
    "AuthorizationHeaderMalformed",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "IncompleteSignatureException",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "InvalidToken",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
];

fn doubt(outcome: &Outcome<'_>, identity: &Identity) -> Doubt {
    match outcome {
        Outcome::Failure { code, .. } if SIGNATURE_REFUSALS.contains(code) => Doubt::Refused,
        _ if identity.is_unproven() => Doubt::Unproven,
        _ => Doubt::None,
    }
}

/// Whether the body has to be hashed on its way: a caller of ours has signed over it.
pub(super) fn needs_hash(call: &Call<'_>, subject: &Subject) -> bool {
    let claim = call.signed.well_formed(subject.service);
    claim.is_some_and(|claim| covers_body(claim, subject) && is_ours(call, claim.access_key()))
}

/// Whether a signature says which bytes the body has. Outside S3 it always does.
fn covers_body(claim: &Claimed, subject: &Subject) -> bool {
    let is_s3 = sigv4::is_s3(subject.signing_name());
    !is_s3 || matches!(claim.payload(), PayloadClaim::Hash(_) | PayloadClaim::Body)
}

/// Whether a key is one of our own.
pub(super) fn is_ours(call: &Call<'_>, access_key: &str) -> bool {
    matches!(call.stores.keyring.find(access_key), Found::Known(_))
}

/// A call whose signature, if there is one, does not say whose key it is. An upstream may have read
/// one all the same, be it ours.
fn nameless(call: &Call<'_>, subject: &Subject) -> Identity {
    let is_signed = match call.signed.claim(subject.service) {
        Ok(claim) => claim.is_some(),
        // Not AWS's way to sign, so it is under no key at all; but for one that is older than the
        // second version.
        Err(SignatureError::UnsupportedScheme) => {
            call.head().header("authorization").is_some_and(|text| text.starts_with("AWS3"))
        }
        Err(_) => true,
    };
    let nobody = Identity::anonymous();
    if is_signed && !call.stores.keyring.accepts_any() { nobody.in_doubt() } else { nobody }
}

/// Who called. `body` is the hash of the body, once it has passed to its end: a signature over bytes
/// that nobody has seen proves nothing.
pub(super) fn identity(call: &Call<'_>, subject: &Subject, body: Option<[u8; 32]>) -> Identity {
    let claim = call.signed.well_formed(subject.service);
    let Some(scope) = call.signed.scope() else { return nameless(call, subject) };
    if let Some(claim) = claim
        && (body.is_some() || !covers_body(claim, subject))
        && let Found::Known(credential) = call.stores.keyring.find(claim.access_key())
        && let Ok(identity) = prove(call, subject.signing_name(), claim.clone(), credential, body)
    {
        return identity;
    }
    let key = AccessKeyId::foreign(&scope.access_key);
    let account = account(call, &scope.access_key, key.as_ref());
    let identity = Identity::unproven(Principal::UnknownKey { account }, key, claim.cloned());
    // Also where the rest of the signature cannot be read: an upstream may be less strict.
    if is_ours(call, &scope.access_key) { identity.in_doubt() } else { identity }
}

/// The account of a key that we do not know: written in the key, or the key itself, or set, or
/// else our own.
pub(super) fn account(call: &Call<'_>, text: &str, key: Option<&AccessKeyId>) -> AccountId {
    let settings = &call.gateway.settings;
    let in_key = key.and_then(AccessKeyId::account);
    let is_key = || AccountId::parse(text).ok();
    let set = || settings.key_accounts.get(text).cloned();
    in_key.or_else(is_key).or_else(set).unwrap_or_else(|| settings.account.clone())
}
