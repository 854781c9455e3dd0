//! S3 on the store's objects.
//!
//! ```text
//!   request ─► guard ─► intake ─► s3s ─► service ─► buckets, settings, list/, object/, upload/
//!                       count,    route,                           │
//!                       hash,     parse                            │
//!                       check                                      │
//!   answer  ◄─ S3's words for errors, ids, facts ◄─ s3s (print) ◄──┘
//! ```
//!
//! **One resolution rules.** The record names the operation that `cairn_wire::resolve` finds;
//! nothing else may be done under that name. `guard` refuses a query that the operation does not
//! have, and `service` refuses a call that the codec takes for another operation.
//!
//! The gateway has verified the signature, taken `Authorization`, the presigned query and
//! `aws-chunked` framing away, and rewritten virtual-host addresses to path style. `s3s` is codec
//! and dispatcher, no more: it runs without a key store, and `guard` keeps from it what it would
//! take for something else.
//!
//! What a user should know:
//!
//! - An object has one version. The versioning state of a bucket is kept and shown, but changes
//!   nothing: writing again replaces, deleting deletes.
//! - Bytes are stored as they come, unless a call or the bucket's default asks for `aws:kms`: then
//!   they are encrypted, see [`encryption`]. `AES256` is accepted and shown, since every bucket of
//!   AWS has it; encryption at rest is then the disk's. Keys of callers are refused as not
//!   implemented.
//! - ACLs are off, as in every new bucket of AWS; only the bucket's own account has access. Where
//!   ownership controls turn them on, the owner's own is the only one that can be set.
//! - Of lifecycle rules the expiration of objects is applied, see [`lifecycle`].
//! - A bucket answers whatever region a call was signed for, and shows the one in which it was
//!   made.

mod answer;
mod body;
mod bucket;
mod buckets;
mod call;
mod checksum;
mod default_encryption;
mod defaults;
mod encryption;
mod error;
mod guard;
mod intake;
mod lifecycle;
mod list;
mod name;
mod object;
mod ownership;
mod policy;
mod service;
mod settings;
mod tags;
mod time;
mod upload;

#[cfg(test)]
mod tests;

pub use answer::{S3Answer, S3Facts, S3Failure};
pub use body::{BodyRefusal, BoxError, S3Body};
pub use upload::PART_BYTES_MIN;

use std::fmt;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use cairn_wire::model::Operation;
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{Request, Version};
use s3s::config::{S3Config, StaticConfigProvider};
use s3s::service::{S3Service, S3ServiceBuilder};

use crate::Ctx;

use self::call::Companion;
use self::error::S3Fault;
use self::intake::{Claims, Intake, IntakeBody};

/// The largest object that one request writes or copies (documented).
pub const OBJECT_BYTES_MAX: u64 = 5 << 30;
/// The largest object that an upload in parts makes (documented).
pub const MULTIPART_OBJECT_BYTES_MAX: u64 = 50 << 40;
/// The largest XML or JSON body: a list of 10,000 parts, or of 1,000 keys to delete, fits twice.
pub const DOCUMENT_BYTES_MAX: usize = 4 << 20;

/// The S3 service. It holds no store: each call brings its own in its [`Ctx`].
#[derive(Clone)]
pub struct S3 {
    codec: S3Service,
}

impl fmt::Debug for S3 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3").finish_non_exhaustive()
    }
}

impl Default for S3 {
    fn default() -> Self {
        Self::new()
    }
}

impl S3 {
    /// The service.
    pub fn new() -> Self {
        let mut config = S3Config::default();
        config.xml_max_body_size = DOCUMENT_BYTES_MAX;
        let mut builder = S3ServiceBuilder::new(service::Service);
        builder.set_config(Arc::new(StaticConfigProvider::new(Arc::new(config))));
        Self { codec: builder.build() }
    }

    /// Answers one request, path style, that was resolved to be a call of `operation`: that one is
    /// done, or none. `host_id` is the `x-amz-id-2` of the answer.
    ///
    /// An uploaded body is read as it is stored, and a downloaded one as it is sent: neither is
    /// held. Trailer frames of the body are checked as `x-amz-trailer` announces them. If the body
    /// fails with a [`BodyRefusal`], that is the answer.
    pub async fn call<B>(
        &self,
        ctx: &Ctx,
        operation: Operation<'static>,
        host_id: &str,
        mut request: Request<B>,
    ) -> S3Answer
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let asked = answer::Asked::of(ctx, operation, host_id, &request);
        let aside = guard::strip(request.headers_mut());
        let claims = match Self::admit(operation, &request) {
            Ok(claims) => claims,
            Err(fault) => return asked.refuse(&fault, &Intake::default()),
        };
        let (parts, body) = request.into_parts();
        let (body, intake) = IntakeBody::new(Box::pin(body), claims);
        let notes = Arc::new(Mutex::default());
        let companion = Companion {
            ctx: Arc::new(ctx.clone()),
            operation: operation.name(),
            aside,
            intake: intake.clone(),
            notes: Arc::clone(&notes),
        };
        let mut request = Request::from_parts(parts, s3s::Body::http_body_unsync(body));
        request.extensions_mut().insert(companion);
        let answered = self.codec.call(request).await;
        match (intake.take_fault(), answered) {
            (Some(fault), _) => asked.refuse(&fault, &intake),
            (None, Ok(response)) => asked.answer(response, &intake, &notes).await,
            (None, Err(error)) => asked.refuse(&answer::codec_fault(error), &intake),
        }
    }

    fn admit<B>(operation: Operation<'static>, request: &Request<B>) -> Result<Claims, S3Fault> {
        if !service::serves(operation.name()) {
            return Err(S3Fault::NotImplemented);
        }
        guard::check(operation, request.method(), request.uri(), request.headers())?;
        let claims = Claims::of(operation, request.headers())?;
        // documented: an object without a length is refused, rather than taken for an empty one.
        // HTTP/2 needs none to tell where a body ends.
        let headers = request.headers();
        if claims.of_object()
            && request.version() < Version::HTTP_2
            && !headers.contains_key(CONTENT_LENGTH)
            && !headers.contains_key(TRANSFER_ENCODING)
        {
            return Err(S3Fault::MissingContentLength);
        }
        Ok(claims)
    }
}
