//! A client of a running server's own service, `cairn`, and of CloudTrail, as any AWS client would
//! be one: the endpoint, the region and the credentials come from where AWS's tools take them.

mod environment;
mod transport;

use std::time::Duration;

use anyhow::Context as _;
use cairn_bucket::Destination;
use cairn_wire::sigv4::{PayloadClaim, Signer, SigningCredential, ToSign};
use http::header::{CONTENT_TYPE, HOST, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request, Uri};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::directory::wall_clock;
use crate::usage::OrUsage as _;

use environment::{Origin, Place};
use transport::{SendError, Transport};

/// A service of JSON 1.1, as its model names it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Service {
    signing_name: &'static str,
    /// The front of `X-Amz-Target`.
    target: &'static str,
    /// The end of the variable that names its endpoint.
    variable: &'static str,
    /// Whether AWS has it, too.
    is_at_aws: bool,
}

/// Our own service.
const CAIRN: Service = Service {
    signing_name: "cairn",
    target: "Cairn_20261125",
    variable: "CAIRN",
    is_at_aws: false,
};
/// `CloudTrail`: a server of ours, or AWS.
const CLOUDTRAIL: Service = Service {
    signing_name: "cloudtrail",
    target: "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101",
    variable: "CLOUDTRAIL",
    is_at_aws: true,
};
/// How long a call may take: a search does a bounded amount of work, a tail waits 20 s at most.
const CALL_MAX: Duration = Duration::from_secs(90);

/// The codes by which a caller's keys are refused (documented: the common errors).
const KEY_REFUSALS: [&str; 4] = [
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
];
/// What is said then, if the environment's keys were taken and a file has others.
const HIDES_FILE_TEXT: &str = " (hint: AWS_ACCESS_KEY_ID of the environment goes before the file that \
    AWS_SHARED_CREDENTIALS_FILE names; unset it, or name a --profile of the file)";
/// What is said then, if the environment's keys were taken.
const ENVIRONMENT_TEXT: &str = " (hint: the keys are those of AWS_ACCESS_KEY_ID and \
    AWS_SECRET_ACCESS_KEY of the environment)";

/// S3, as far as it is named like the others; its calls are not of JSON.
const S3: Service = Service { signing_name: "s3", target: "", variable: "S3", is_at_aws: true };

/// Where the server is and who calls it.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Server")]
pub(crate) struct ServerChoice {
    /// The server [default: `AWS_ENDPOINT_URL`]
    #[arg(long, value_name = "URL")]
    endpoint_url: Option<String>,
    /// A profile of the credentials file [default: `AWS_PROFILE`, or "default"]
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// The region that calls are signed for [default: `AWS_REGION`, or that of the profile]. It filters
    /// nothing: `cairn lookup --attribute AwsRegion=REGION` finds the records of a region
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
}

/// Why a call has no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    /// The server refused.
    #[error("{code}: {message}")]
    Refused {
        /// The error's code.
        code: String,
        /// Its text.
        message: String,
        /// Whether it may work later.
        is_passing: bool,
    },
    /// There is no server, or the connection to it broke.
    #[error("cannot reach {endpoint}: {why} (is `cairn serve` running there?)")]
    Unreachable {
        /// Where it should be.
        endpoint: String,
        /// What went wrong.
        why: String,
    },
    /// It is no server of ours, or of another version.
    #[error("{endpoint} did not answer as Cairn does: {why}")]
    Strange {
        /// Where it is.
        endpoint: String,
        /// What is wrong.
        why: String,
    },
}

impl CallError {
    /// Whether the same call may work in a while.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Self::Refused { is_passing, .. } => *is_passing,
            Self::Unreachable { .. } => true,
            Self::Strange { .. } => false,
        }
    }
}

impl ServerChoice {
    /// Its flags, for commands that can do without a server.
    pub(crate) const FLAGS: [&str; 3] = ["endpoint_url", "profile", "region"];

    /// A choice that was made elsewhere on the command line.
    pub(crate) fn of(
        endpoint_url: Option<String>,
        profile: Option<String>,
        region: Option<String>,
    ) -> Self {
        Self { endpoint_url, profile, region }
    }

    /// Checks what can be checked without a server.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        environment::check(self).or_usage()
    }

    /// How to reach a bucket where the command line and the environment say.
    pub(crate) fn destination(&self, bucket: &str) -> anyhow::Result<Destination> {
        environment::destination(self, bucket, &variable).or_usage()
    }
}

/// Calls operations of a service.
#[derive(Debug)]
pub(crate) struct Client {
    place: Place,
    service: Service,
    transport: Transport,
    runtime: tokio::runtime::Runtime,
}

impl Client {
    /// A client of our own service, as the command line and the environment say.
    pub(crate) fn new(choice: &ServerChoice) -> anyhow::Result<Self> {
        Self::of(choice, CAIRN)
    }

    /// A client of `CloudTrail`, ours or AWS's.
    pub(crate) fn cloudtrail(choice: &ServerChoice) -> anyhow::Result<Self> {
        Self::of(choice, CLOUDTRAIL)
    }

    fn of(choice: &ServerChoice, service: Service) -> anyhow::Result<Self> {
        let place = Place::find(choice, service, &variable).or_usage()?;
        let transport = Transport::new(variable("AWS_CA_BUNDLE").as_deref()).or_usage()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self { place, service, transport, runtime })
    }

    /// Calls one operation.
    pub(crate) fn call<O: DeserializeOwned>(
        &self,
        operation: &str,
        input: &impl Serialize,
    ) -> Result<O, CallError> {
        self.call_in(&self.place.region, operation, input)
    }

    /// Calls one operation in a region.
    pub(crate) fn call_in<O: DeserializeOwned>(
        &self,
        region: &str,
        operation: &str,
        input: &impl Serialize,
    ) -> Result<O, CallError> {
        let endpoint = || {
            let endpoint = self.place.endpoint(region);
            endpoint.map_or_else(|_| region.to_owned(), |endpoint| endpoint.to_string())
        };
        let strange = |why: String| CallError::Strange { endpoint: endpoint(), why };
        let body = serde_json::to_vec(input).map_err(|error| strange(error.to_string()))?;
        let request =
            self.signed(region, operation, body).map_err(|error| strange(error.to_string()))?;
        let sent = async { tokio::time::timeout(CALL_MAX, self.transport.send(request)).await };
        let unreachable = |why| CallError::Unreachable { endpoint: endpoint(), why };
        let (status, answer) = self
            .runtime
            .block_on(sent)
            .map_err(|_| unreachable(format!("no answer within {} s", CALL_MAX.as_secs())))?
            .map_err(|error| match error {
                SendError::Broken(why) => unreachable(why),
                SendError::Plain => strange("it speaks no TLS; try http://".to_owned()),
            })?;
        if status.is_success() {
            return serde_json::from_slice(&answer).map_err(|error| strange(error.to_string()));
        }
        let refused = refusal(status, &answer).map(|refused| self.hinted(refused));
        Err(refused.unwrap_or_else(|| strange(format!("status {status}"))))
    }

    /// A refusal of the caller's keys says which were taken, where that is easily missed.
    fn hinted(&self, refused: CallError) -> CallError {
        let hint = match self.place.origin {
            Origin::File => "",
            Origin::Environment => ENVIRONMENT_TEXT,
            Origin::EnvironmentBeforeFile => HIDES_FILE_TEXT,
        };
        match refused {
            CallError::Refused { code, mut message, is_passing }
                if KEY_REFUSALS.contains(&code.as_str()) =>
            {
                message.push_str(hint);
                CallError::Refused { code, message, is_passing }
            }
            other => other,
        }
    }

    fn signed(
        &self,
        region: &str,
        operation: &str,
        body: Vec<u8>,
    ) -> anyhow::Result<Request<Vec<u8>>> {
        let place = &self.place;
        let endpoint = place.endpoint(region)?;
        let authority = endpoint.authority().context("the endpoint has no host")?;
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_str(authority.as_str())?);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.1"));
        let target = format!("{}.{operation}", self.service.target);
        headers.insert("x-amz-target", HeaderValue::from_str(&target)?);
        headers.insert(
            USER_AGENT,
            HeaderValue::from_static(concat!("cairn-cli/", env!("CARGO_PKG_VERSION"))),
        );
        let credential = SigningCredential {
            access_key: &place.keys.key,
            secret: &place.keys.secret,
            session_token: place.keys.session_token.as_deref(),
        };
        let now = (*wall_clock())();
        let signer = Signer::new(credential, region, self.service.signing_name, now);
        let to_sign = ToSign {
            method: "POST",
            path: "/",
            query: "",
            headers: &headers,
            payload: PayloadClaim::Body,
            body: &body,
        };
        for (name, value) in signer.headers(&to_sign).0 {
            headers.insert(name, HeaderValue::from_str(&value)?);
        }
        let mut uri = endpoint.into_parts();
        uri.path_and_query = Some(http::uri::PathAndQuery::from_static("/"));
        let mut request = Request::new(body);
        *request.method_mut() = Method::POST;
        *request.uri_mut() = Uri::from_parts(uri)?;
        *request.headers_mut() = headers;
        Ok(request)
    }
}

/// A variable of the environment that says something.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Reads an error of the JSON protocol.
fn refusal(status: http::StatusCode, answer: &[u8]) -> Option<CallError> {
    let error: serde_json::Value = serde_json::from_slice(answer).ok()?;
    let code = error.get("__type")?.as_str()?;
    let code = code.rsplit_once('#').map_or(code, |(_, code)| code).to_owned();
    let message = error.get("message").or_else(|| error.get("Message"));
    let message = message.and_then(|message| message.as_str()).unwrap_or_default().to_owned();
    Some(CallError::Refused { code, message, is_passing: status.is_server_error() })
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::{CallError, refusal};

    #[test]
    fn errors_of_the_protocol_are_read() {
        let body = br#"{"__type":"com.x#ThrottlingException","message":"slow down"}"#;
        let Some(CallError::Refused { code, message, is_passing }) =
            refusal(StatusCode::BAD_REQUEST, body)
        else {
            panic!("it is a refusal");
        };
        assert_eq!((code.as_str(), message.as_str()), ("ThrottlingException", "slow down"));
        assert!(!is_passing);
        assert!(refusal(StatusCode::BAD_GATEWAY, b"<html>").is_none());
        assert!(refusal(StatusCode::BAD_GATEWAY, br#"{"message":"x"}"#).is_none());
    }
}
