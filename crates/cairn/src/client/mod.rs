//! A client of a running server's own service, `cairn`, as any AWS client would be one: the
//! endpoint, the region and the credentials come from where AWS's tools take them.

mod environment;
mod transport;

use std::time::Duration;

use anyhow::Context as _;
use cairn_wire::sigv4::{PayloadClaim, Signer, SigningCredential, ToSign};
use http::header::{CONTENT_TYPE, HOST, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request, Uri};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::directory::wall_clock;

use environment::Place;
use transport::Transport;

/// The service's signing name, and the front of `X-Amz-Target`, as in the model.
const SERVICE: &str = "cairn";
const TARGET: &str = "Cairn_20261125";
/// How long a call may take: a search does a bounded amount of work, a tail waits 20 s at most.
const CALL_MAX: Duration = Duration::from_secs(90);

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
    /// The region [default: `AWS_REGION`, or that of the profile]
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

/// Calls operations of the service `cairn`.
#[derive(Debug)]
pub(crate) struct Client {
    place: Place,
    transport: Transport,
    runtime: tokio::runtime::Runtime,
}

impl Client {
    /// A client as the command line and the environment say.
    pub(crate) fn new(choice: &ServerChoice) -> anyhow::Result<Self> {
        let get = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let place = Place::find(choice, &get)?;
        let transport = Transport::new(get("AWS_CA_BUNDLE").as_deref())?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self { place, transport, runtime })
    }

    /// Calls one operation.
    pub(crate) fn call<O: DeserializeOwned>(
        &self,
        operation: &str,
        input: &impl Serialize,
    ) -> Result<O, CallError> {
        let strange = |why: String| CallError::Strange { endpoint: self.endpoint(), why };
        let body = serde_json::to_vec(input).map_err(|error| strange(error.to_string()))?;
        let request = self.signed(operation, body).map_err(|error| strange(error.to_string()))?;
        let sent = async { tokio::time::timeout(CALL_MAX, self.transport.send(request)).await };
        let unreachable = |why| CallError::Unreachable { endpoint: self.endpoint(), why };
        let (status, answer) = self
            .runtime
            .block_on(sent)
            .map_err(|_| unreachable(format!("no answer within {} s", CALL_MAX.as_secs())))?
            .map_err(unreachable)?;
        if status.is_success() {
            return serde_json::from_slice(&answer).map_err(|error| strange(error.to_string()));
        }
        Err(refusal(status, &answer).unwrap_or_else(|| strange(format!("status {status}"))))
    }

    fn endpoint(&self) -> String {
        self.place.endpoint.to_string()
    }

    fn signed(&self, operation: &str, body: Vec<u8>) -> anyhow::Result<Request<Vec<u8>>> {
        let place = &self.place;
        let authority = place.endpoint.authority().context("the endpoint has no host")?;
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_str(authority.as_str())?);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.1"));
        headers.insert("x-amz-target", HeaderValue::from_str(&format!("{TARGET}.{operation}"))?);
        headers.insert(
            USER_AGENT,
            HeaderValue::from_static(concat!("cairn-cli/", env!("CARGO_PKG_VERSION"))),
        );
        let credential = SigningCredential {
            access_key: &place.keys.key,
            secret: &place.keys.secret,
            session_token: place.keys.session_token.as_deref(),
        };
        let signer = Signer::new(credential, &place.region, SERVICE, (*wall_clock())());
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
        let mut uri = place.endpoint.clone().into_parts();
        uri.path_and_query = Some(http::uri::PathAndQuery::from_static("/"));
        let mut request = Request::new(body);
        *request.method_mut() = Method::POST;
        *request.uri_mut() = Uri::from_parts(uri)?;
        *request.headers_mut() = headers;
        Ok(request)
    }
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
