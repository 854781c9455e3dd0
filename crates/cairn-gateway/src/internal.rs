//! What is not an AWS call: our own pages, and paths that other servers own.

use std::time::Duration;

use cairn_api::Services;
use cairn_store::log::LogHealth;
use cairn_wire::RequestHead;
use cairn_wire::resolve::BaseDomains;
use http::{Method, Response, StatusCode};

use crate::body::{AnswerBody, full};
use crate::gateway::Gateway;

/// How long `/_cairn/ready` waits for history to show what is in the log.
const READY_MAX: Duration = Duration::from_secs(1);
/// Paths that are never an AWS call. Clients of other emulators probe some of them; taken for S3, a
/// probe would become a bucket named `moto-api`.
const RESERVED: [&str; 6] =
    ["/_cairn", "/moto-api", "/_localstack", "/_stackd", "/latest/meta-data", "/latest/api/token"];

/// Our own pages: no bucket can have this name, so a signature makes no call of it.
const OWN: &str = "/_cairn";

/// Whether a request is for a page here. One whose host names a bucket is for an object, and one
/// that is signed is a call, save for our own pages: calls are recorded, pages are not.
fn is_reserved(head: &RequestHead<'_>, hosts: &BaseDomains) -> bool {
    RESERVED.into_iter().any(|prefix| is_below(head, prefix))
        && hosts.bucket_of(head).is_none()
        && (is_below(head, OWN) || !is_signed(head))
}

fn is_below(head: &RequestHead<'_>, prefix: &str) -> bool {
    let rest = head.path.strip_prefix(prefix);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether a request carries a signature of AWS, in whatever form.
fn is_signed(head: &RequestHead<'_>) -> bool {
    let mut names = head.query.split('&').filter_map(|pair| pair.split('=').next());
    let in_query = |name: &str| {
        let name = percent_encoding::percent_decode_str(name).decode_utf8_lossy();
        ["X-Amz-Signature", "X-Amz-Credential", "AWSAccessKeyId"].contains(&name.as_ref())
    };
    let mut lines = head.headers.get_all(http::header::AUTHORIZATION).iter();
    lines.any(|line| line.as_bytes().starts_with(b"AWS")) || names.any(in_query)
}

impl Gateway {
    /// Whether a request is for a page here. The pages of other emulators are theirs when S3 is
    /// behind us: some of those paths can be buckets, and no bucket goes unrecorded.
    pub(crate) fn is_reserved(&self, head: &RequestHead<'_>) -> bool {
        let settings = &self.settings;
        let is_ours = !settings.upstreams.forwards_s3() || is_below(head, OWN);
        is_ours && is_reserved(head, &settings.hosts)
    }

    /// Answers a reserved path. Never recorded.
    pub(crate) async fn internal(&self, method: &Method, path: &str) -> Response<AnswerBody> {
        match (method, path) {
            (&Method::GET, "/_cairn/health") => {
                text(StatusCode::OK, "application/json", r#"{"status":"ok"}"#)
            }
            (&Method::GET, "/_cairn/ready") => self.ready().await,
            (&Method::GET, "/_cairn/metrics") => {
                text(StatusCode::OK, "text/plain; version=0.0.4", &(self.hooks.metrics)())
            }
            (&Method::POST, "/_cairn/test/reset" | "/moto-api/reset") => self.reset().await,
            _ => text(StatusCode::NOT_FOUND, "application/json", r#"{"error":"no such page"}"#),
        }
    }

    /// Ready: the log takes records. A log that stopped after a failed write says so here.
    async fn ready(&self) -> Response<AnswerBody> {
        let stores = self.stores.read().await;
        let log = &stores.services.log;
        let (status, word) = match log.health() {
            // Without room ready all the same: only a call that tries again finds out that there is
            // room again.
            LogHealth::Open | LogHealth::Full => (StatusCode::OK, "ready"),
            LogHealth::Failed => (StatusCode::SERVICE_UNAVAILABLE, "the log failed; restart"),
            LogHealth::Closed => (StatusCode::SERVICE_UNAVAILABLE, "stopping"),
        };
        let next = log.committed();
        // A history that does not follow the log finds nothing new, and says so to whoever searches.
        let history = &stores.services.history;
        let reached = tokio::time::timeout(READY_MAX, history.reached_unless_full(next)).await;
        let (status, word) = match status {
            StatusCode::OK if history.damage().is_some() => {
                (StatusCode::SERVICE_UNAVAILABLE, "a slice of history cannot be opened")
            }
            StatusCode::OK if matches!(reached, Ok(Err(_))) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "the disk is full; history does not follow the log",
            ),
            StatusCode::OK if reached.is_err() => {
                (StatusCode::SERVICE_UNAVAILABLE, "history does not follow the log")
            }
            _ => (status, word),
        };
        let lacking = lacking_room(&stores.services);
        let word = match status {
            StatusCode::OK if !lacking.is_empty() => {
                format!("the disk is full: no room for {lacking}")
            }
            _ => word.to_owned(),
        };
        text(status, "application/json", &format!(r#"{{"status":"{word}","committed":{next}}}"#))
    }

    /// Empties a test rig: waits for the calls under way, then puts fresh stores in place.
    async fn reset(&self) -> Response<AnswerBody> {
        let Some(reset) = &self.hooks.reset else {
            let body =
                r#"{"error":"only a server with --insecure-accept-any-credentials can be reset"}"#;
            return text(StatusCode::FORBIDDEN, "application/json", body);
        };
        let mut stores = self.stores.write().await;
        match reset().await {
            Ok(fresh) => {
                *stores = fresh;
                text(StatusCode::OK, "application/json", r#"{"status":"ok"}"#)
            }
            Err(error) => {
                tracing::error!(error = %error, "a reset failed");
                let body = r#"{"error":"the reset failed; see the log"}"#;
                text(StatusCode::INTERNAL_SERVER_ERROR, "application/json", body)
            }
        }
    }
}

/// What there is no room for, by name; empty if there is room for all of it.
fn lacking_room(services: &Services) -> String {
    let parts = [
        ("the log", services.log.health() == LogHealth::Full),
        ("history", services.history.lacks_room()),
        ("small state", services.meta.lacks_room()),
    ];
    let lacking: Vec<_> = parts.into_iter().filter(|part| part.1).map(|part| part.0).collect();
    lacking.join(", ")
}

fn text(status: StatusCode, content_type: &'static str, body: &str) -> Response<AnswerBody> {
    let mut response = Response::new(full(body.to_owned()));
    *response.status_mut() = status;
    let value = http::HeaderValue::from_static(content_type);
    response.headers_mut().insert(http::header::CONTENT_TYPE, value);
    response
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};

    use super::*;

    fn reserved(path: &str, query: &str, host: &'static str, authorization: &'static str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert("host", HeaderValue::from_static(host));
        if !authorization.is_empty() {
            headers.insert("authorization", HeaderValue::from_static(authorization));
        }
        let head = RequestHead { method: "GET", path, query, headers: &headers };
        is_reserved(&head, &BaseDomains::default())
    }

    #[test]
    fn only_whole_segments_are_reserved() {
        let reserved = |path| reserved(path, "", "localhost:4580", "");
        for path in ["/_cairn", "/_cairn/health", "/moto-api/reset", "/latest/meta-data/iam"] {
            assert!(reserved(path), "{path}");
        }
        for path in ["/", "/_cairns/x", "/moto-apis", "/latest", "/latest/meta-database"] {
            assert!(!reserved(path), "{path}");
        }
    }

    #[test]
    fn a_signed_request_is_a_call() {
        let signature = "AWS4-HMAC-SHA256 Credential=AKIAX/20261125/us-east-1/s3/aws4_request";
        assert!(!reserved("/moto-api/k", "", "localhost", signature));
        assert!(!reserved("/latest/meta-data/z", "X-Amz-Signature=0", "localhost", ""));
        assert!(!reserved("/moto-api/k", "a=1&X-Amz-Credential=x", "localhost", ""));
        assert!(reserved("/moto-api/k", "a=X-Amz-Signature", "localhost", "Basic x"));
        assert!(reserved("/_cairn/health", "", "localhost", signature));
    }

    #[test]
    fn an_object_of_a_bucket_is_no_page() {
        for path in ["/_cairn/foo", "/latest/meta-data/z"] {
            assert!(!reserved(path, "", "pictures.localhost:4580", ""), "{path}");
        }
    }
}
