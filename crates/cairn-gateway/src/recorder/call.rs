//! What the chain knows of a call when it is over.

use std::net::IpAddr;

use super::notes::Notes;
use super::rules::SessionTokens;
use cairn_event::{AccountId, Region, Timestamp};
use cairn_iam::{AccessKeyId, Principal, SessionFacts};
use cairn_wire::RequestHead;
use cairn_wire::model::{Operation, Protocol};
use cairn_wire::value::Value;
use http::HeaderMap;

/// One call, from its first byte to its answer. Everything is borrowed: a record is built and the
/// call forgotten.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// What was called.
    pub target: Target<'a>,
    /// The protocol the caller spoke.
    pub protocol: Protocol,
    /// The request as it came in.
    pub head: RequestHead<'a>,
    /// The decoded parameters; `None` if the body could not be decoded or was not held.
    pub input: Option<&'a Value>,
    /// The structured body as it came in (XML of S3, JSON of an operation without a model); `None`
    /// if it was not held. Never the content of an object.
    pub body: Option<&'a [u8]>,
    /// How it ended.
    pub outcome: Outcome<'a>,
    /// Who called.
    pub principal: &'a Principal,
    /// The key that the call was signed with.
    pub credential: Option<CallCredential<'a>>,
    /// The account that the record belongs to.
    pub account: &'a AccountId,
    /// The Region that the call was made in; global services are recorded in their home.
    pub region: &'a Region,
    /// The address that the call came from.
    pub source_ip: IpAddr,
    /// The TLS session, if we ended it.
    pub tls: Option<TlsDetails<'a>>,
    /// The id that the answer carries.
    pub request_id: &'a str,
    /// The second id that S3 and STS give (`x-amz-id-2`).
    pub extended_request_id: Option<&'a str>,
    /// When the head of the request had come in.
    pub started: Timestamp,
    /// When the answer was ready: the time of the record.
    pub finished: Timestamp,
    /// Bytes of the request's body, without the framing of `aws-chunked`.
    pub bytes_in: u64,
    /// Bytes of the answer's body.
    pub bytes_out: u64,
    /// How the call was signed.
    pub signature: Option<SignatureFacts>,
    /// The bucket and key of a call to S3.
    pub s3: Option<S3Names<'a>>,
    /// What is odd about it.
    pub notes: Notes,
    /// Whether the record shows the tokens of sessions.
    pub session_tokens: SessionTokens,
}

/// What was called.
#[derive(Clone, Copy, Debug)]
pub enum Target<'a> {
    /// An operation of the model.
    Modelled(Operation<'static>),
    /// Something newer than the model: recorded with the name that the caller used and, if the body
    /// is JSON, with the body as it is.
    Unmodelled {
        /// The signing name, such as `glue`.
        service: &'a str,
        /// The operation's name as the caller gave it.
        name: &'a str,
    },
}

/// How a call ended.
#[derive(Clone, Copy, Debug)]
pub enum Outcome<'a> {
    /// With an answer.
    Success {
        /// The decoded answer; `None` if there is none or it was not held.
        output: Option<&'a Value>,
        /// The HTTP status.
        status: u16,
        /// The headers of the answer.
        headers: &'a HeaderMap,
    },
    /// With an error.
    Failure {
        /// The code as it goes over the wire.
        code: &'a str,
        /// The text for people.
        message: Option<&'a str>,
        /// The HTTP status.
        status: u16,
    },
}

impl Outcome<'_> {
    /// The HTTP status of the answer.
    pub const fn status(&self) -> u16 {
        match self {
            Self::Success { status, .. } | Self::Failure { status, .. } => *status,
        }
    }
}

/// The key that a call was signed with, and the session it belongs to.
#[derive(Clone, Copy, Debug)]
pub struct CallCredential<'a> {
    /// The access key id.
    pub access_key: &'a AccessKeyId,
    /// The session of a temporary key.
    pub session: Option<&'a SessionFacts>,
    /// The service that called on the principal's behalf.
    pub invoked_by: Option<&'a str>,
}

/// The TLS session of a call.
#[derive(Clone, Copy, Debug)]
pub struct TlsDetails<'a> {
    /// `TLSv1.2` or `TLSv1.3`.
    pub version: &'a str,
    /// `TLS_AES_128_GCM_SHA256`.
    pub cipher_suite: &'a str,
    /// `x25519` and the like.
    pub key_exchange: Option<&'a str>,
}

/// How a call was signed, as S3 writes it down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignatureFacts {
    /// The version of the signature.
    pub version: SignatureVersion,
    /// The signature was in the query and not in a header.
    pub in_query: bool,
}

/// The versions of signatures that S3 tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureVersion {
    /// The first, HMAC-SHA1.
    V2,
    /// The current one.
    V4,
    /// The current one over several Regions.
    V4A,
}

impl SignatureVersion {
    /// The value of `SignatureVersion`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V2 => "SigV2",
            Self::V4 => "SigV4",
            Self::V4A => "SigV4A",
        }
    }
}

/// The bucket and key that a call to S3 names.
#[derive(Clone, Copy, Debug)]
pub struct S3Names<'a> {
    /// The bucket, from the host or the path; `None` for calls on the account.
    pub bucket: Option<&'a str>,
    /// The key, decoded.
    pub key: Option<&'a str>,
    /// The owner of the bucket, if known.
    pub owner: Option<&'a AccountId>,
}
