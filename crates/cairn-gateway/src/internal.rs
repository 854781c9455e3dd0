//! What is not an AWS call: our own pages, and paths that other servers own.

use std::time::Duration;

use cairn_store::log::LogHealth;
use http::{Method, Response, StatusCode};

use crate::body::{AnswerBody, full};
use crate::gateway::Gateway;

/// How long `/_cairn/ready` waits for history to show what is in the log.
const READY_MAX: Duration = Duration::from_secs(1);
/// Paths that are never an AWS call. Clients of other emulators probe some of them; taken for S3, a
/// probe would become a bucket named `moto-api`.
const RESERVED: [&str; 6] =
    ["/_cairn", "/moto-api", "/_localstack", "/_stackd", "/latest/meta-data", "/latest/api/token"];

/// Whether a path belongs here.
pub(crate) fn is_reserved(path: &str) -> bool {
    RESERVED.iter().any(|prefix| {
        path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

impl Gateway {
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
            LogHealth::Open => (StatusCode::OK, "ready"),
            // Ready all the same: only a call that tries again finds out that there is room again.
            LogHealth::Full => (StatusCode::OK, "the disk is full"),
            LogHealth::Failed => (StatusCode::SERVICE_UNAVAILABLE, "the log failed; restart"),
            LogHealth::Closed => (StatusCode::SERVICE_UNAVAILABLE, "stopping"),
        };
        let next = log.committed();
        // A history that does not follow the log finds nothing new, and says so to whoever searches.
        let reached = stores.services.history.reached(next);
        let follows = tokio::time::timeout(READY_MAX, reached).await.is_ok();
        let (status, word) = match status {
            StatusCode::OK if !follows => {
                (StatusCode::SERVICE_UNAVAILABLE, "history does not follow the log")
            }
            _ => (status, word),
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

fn text(status: StatusCode, content_type: &'static str, body: &str) -> Response<AnswerBody> {
    let mut response = Response::new(full(body.to_owned()));
    *response.status_mut() = status;
    let value = http::HeaderValue::from_static(content_type);
    response.headers_mut().insert(http::header::CONTENT_TYPE, value);
    response
}

#[cfg(test)]
mod tests {
    use super::is_reserved;

    #[test]
    fn only_whole_segments_are_reserved() {
        for path in ["/_cairn", "/_cairn/health", "/moto-api/reset", "/latest/meta-data/iam"] {
            assert!(is_reserved(path), "{path}");
        }
        for path in ["/", "/_cairns/x", "/moto-apis", "/latest", "/latest/meta-database"] {
            assert!(!is_reserved(path), "{path}");
        }
    }
}
