//! Every way in which a signature can be refused.

use cairn_event::Timestamp;

/// Why a signature, or the body under it, was refused.
///
/// A variant carries what AWS's answer shows and no more; the text of `Display` is for our own log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The call needs a signature and has none.
    #[error("the request is not signed")]
    Missing,
    /// A header that decides about identity came more than once; two readers could see different
    /// ones.
    #[error("the header {name} came more than once")]
    RepeatedHeader {
        /// The header, in lower case.
        name: &'static str,
    },
    /// A query parameter of the signature came more than once.
    #[error("the query parameter {name} came more than once")]
    RepeatedParameter {
        /// The parameter as AWS spells it.
        name: &'static str,
    },
    /// Both the `Authorization` header and the query string carry a signature.
    #[error("more than one authentication mechanism")]
    SeveralMechanisms,
    /// An `Authorization` header of another kind (Basic, Bearer, …).
    #[error("unsupported authorization type")]
    UnsupportedScheme,
    /// Signature Version 2, which is S3's alone.
    #[error("signature version 2 is not accepted here")]
    SignatureV2,
    /// Signature Version 4A needs the caller's public key, which a shared secret does not give us.
    #[error("signature version 4A is not supported")]
    SignatureV4a,
    /// An `AWS4-…` algorithm that does not exist.
    #[error("unknown signature algorithm")]
    UnknownAlgorithm {
        /// The algorithm as sent.
        algorithm: String,
        /// The claim came in the query string.
        presigned: bool,
    },
    /// The `Authorization` header of Signature Version 2 is not `AWS key:signature`.
    #[error("the authorization header is not a key and a signature")]
    MalformedKeyAndSignature,
    /// A part of the `Authorization` header is not `name=value`, or comes twice, or is not text.
    #[error("the authorization header is malformed")]
    MalformedAuthorization {
        /// The part that is wrong; AWS answers with its hash only.
        part: String,
    },
    /// Parts of the `Authorization` header are missing.
    #[error("the authorization header lacks {parts:?}")]
    IncompleteAuthorization {
        /// The names of the missing parts.
        parts: Vec<&'static str>,
        /// Neither `x-amz-date` nor `date` came with it.
        no_date: bool,
        /// The whole header; AWS answers with its hash only.
        header: String,
    },
    /// Query parameters of a presigned URL are missing.
    #[error("the presigned URL lacks {name}")]
    IncompleteQuery {
        /// The first missing parameter.
        name: &'static str,
    },
    /// Query parameters of a presigned URL of Signature Version 2 are missing.
    #[error("the presigned URL lacks AWSAccessKeyId or Expires")]
    IncompleteOldQuery,
    /// The credential is not `key/date/region/service/aws4_request`.
    #[error("the credential is malformed")]
    MalformedCredential {
        /// The credential as sent.
        credential: String,
        /// The claim came in the query string.
        presigned: bool,
    },
    /// The signature is not 64 lower-case hexadecimal digits. No such signature can match.
    #[error("the signature is not 64 hexadecimal digits")]
    MalformedSignature,
    /// The list of signed headers is not lower case, sorted and free of repetition.
    #[error("the list of signed headers is malformed")]
    MalformedSignedHeaders {
        /// The claim came in the query string.
        presigned: bool,
    },
    /// No date, or one that is not in the basic ISO 8601 form.
    #[error("the date is missing or malformed")]
    MalformedDate {
        /// The date as sent; empty when there is none.
        date: String,
        /// The claim came in the query string.
        presigned: bool,
    },
    /// `X-Amz-Expires` is no number.
    #[error("X-Amz-Expires is not a number")]
    ExpiresNotANumber,
    /// `X-Amz-Expires` is negative.
    #[error("X-Amz-Expires is negative")]
    ExpiresNegative,
    /// `X-Amz-Expires` is over a week.
    #[error("X-Amz-Expires is more than a week")]
    ExpiresTooLong,
    /// `Expires`, of Signature Version 2, is no number of seconds that S3 takes for a date.
    #[error("Expires is not a date")]
    ExpiresNoDate {
        /// The value as sent.
        expires: String,
    },
    /// S3 wants `x-amz-content-sha256` on every signed request.
    #[error("x-amz-content-sha256 is missing")]
    ContentHashMissing,
    /// `x-amz-content-sha256` is neither a hash nor one of the known words.
    #[error("x-amz-content-sha256 is not valid")]
    ContentHashMalformed {
        /// The value as sent.
        value: String,
    },
    /// A streaming variant that needs Signature Version 4A, or one that does not exist.
    #[error("the streaming payload {value} is not supported")]
    StreamingUnsupported {
        /// The value as sent.
        value: String,
    },
    /// The date of the scope is not the day of the signature.
    #[error("the scope's date {scope} is not the day of {time}")]
    ScopeDate {
        /// The date in the scope.
        scope: String,
        /// The time of the signature, in the basic form.
        time: String,
        /// The claim came in the query string.
        presigned: bool,
    },
    /// The scope ends with another word than `aws4_request`.
    #[error("the scope ends with {terminator}")]
    ScopeTerminator {
        /// The word as sent.
        terminator: String,
        /// The claim came in the query string.
        presigned: bool,
    },
    /// The scope names another region than the one addressed.
    #[error("the scope's region is {region}, not {expected}")]
    ScopeRegion {
        /// The region in the scope.
        region: String,
        /// The region addressed.
        expected: String,
        /// The claim came in the query string.
        presigned: bool,
    },
    /// The scope names another service than the one addressed.
    #[error("the scope's service is {service}, not {expected}")]
    ScopeService {
        /// The service in the scope.
        service: String,
        /// The service addressed.
        expected: String,
        /// The claim came in the query string.
        presigned: bool,
    },
    /// `host` is not among the signed headers.
    #[error("the host header is not signed")]
    HostNotSigned,
    /// Headers that change what the call means came unsigned.
    #[error("the headers {names} are not signed")]
    HeadersNotSigned {
        /// Their names, separated by commas.
        names: String,
    },
    /// A header that is listed as signed did not come.
    #[error("the signed header {name} is missing")]
    SignedHeaderMissing {
        /// Its name.
        name: String,
    },
    /// The signature is older than the skew allows.
    #[error("signed at {time:?}, too long before {now:?}")]
    TooOld {
        /// When it was signed.
        time: Timestamp,
        /// Our time.
        now: Timestamp,
    },
    /// The signature is from further in the future than the skew allows.
    #[error("signed at {time:?}, too long after {now:?}")]
    TooNew {
        /// When it was signed.
        time: Timestamp,
        /// Our time.
        now: Timestamp,
    },
    /// A presigned URL has outlived its expiry.
    #[error("the presigned URL expired")]
    Expired {
        /// When it was signed.
        time: Timestamp,
        /// How long it was good, in seconds.
        expires_seconds: i64,
        /// Our time.
        now: Timestamp,
    },
    /// A presigned URL of Signature Version 2, which says when it ends, has ended.
    #[error("the presigned URL ended at {end:?}")]
    Ended {
        /// When it ended.
        end: Timestamp,
        /// Our time.
        now: Timestamp,
    },
    /// A presigned URL is from further in the future than the skew allows.
    #[error("the presigned URL is not valid yet")]
    NotYetValid,
    /// The signature is not the one that the secret gives.
    #[error("the signature does not match")]
    Mismatch(Box<Mismatch>),
    /// Nobody knows this access key, or it was made inactive.
    #[error("the access key is unknown")]
    UnknownAccessKey {
        /// The key as sent.
        access_key: String,
    },
    /// The session token is missing, superfluous or not the one that belongs to the key.
    #[error("the session token is not valid")]
    InvalidToken,
    /// The session has ended.
    #[error("the session token has expired")]
    ExpiredToken,
    /// The body's hash is not the one that the caller signed.
    #[error("the body is not the one that was signed")]
    BodyMismatch {
        /// The signed hash.
        claimed: [u8; 32],
        /// The hash of what came.
        computed: [u8; 32],
    },
    /// An aws-chunked body without `x-amz-decoded-content-length`.
    #[error("the decoded length is missing")]
    DecodedLengthMissing,
    /// The framing of an aws-chunked body is broken.
    #[error("the chunked body is malformed: {why}")]
    MalformedChunk {
        /// What is wrong with it.
        why: &'static str,
    },
    /// A chunk's or the trailer's signature does not match.
    #[error("the signature of a chunk does not match")]
    ChunkMismatch {
        /// The access key that signed the request.
        access_key: String,
    },
    /// The trailer of an aws-chunked body is broken, or holds what was not declared.
    #[error("the trailer is malformed")]
    MalformedTrailer,
    /// The body is shorter or longer than it said, or ends inside a chunk.
    #[error("the body does not have the length it declared")]
    IncompleteBody,
}

/// What S3 shows to a caller whose signature does not match, so that they can compare. It holds
/// nothing that the caller did not send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The access key as sent.
    pub access_key: String,
    /// The signature as sent.
    pub provided: String,
    /// The text that we would have signed.
    pub string_to_sign: String,
    /// The canonical request that we saw; Signature Version 2 has none.
    pub canonical_request: Option<String>,
}
