//! Requests that two servers could take for two different ones are answered here and go no further.
//!
//! The HTTP library settles most of it: it refuses what has two lengths, and what it lets through is
//! framed anew on its way. What is left is who a request is addressed to, and methods that are not
//! for a server that others stand behind.

use http::header::{CONNECTION, HOST, TRANSFER_ENCODING};
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode, Version};

use crate::body::{AnswerBody, full};
use crate::limits::{HOST_BYTES_MAX, QUERY_PARAMETERS_MAX};
use crate::metric;

/// Why a request goes no further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// `CONNECT`, which asks for a tunnel, `TRACE`, which shows what others added, and what is a method
    /// only to some.
    Method,
    /// No host, two, one that is not the target's, or one that is too long to be one.
    Host,
    /// A target that is no path.
    Target,
    /// A query of more parameters than anybody has.
    Query,
    /// A coding of the body other than `chunked`.
    Coding,
}

/// Looks at a head as it came.
pub(super) fn fault(parts: &Parts) -> Option<Fault> {
    // Methods have cases (RFC 9110, section 9.1); some servers do not mind.
    let is_lower = parts.method.as_str().bytes().any(|byte| byte.is_ascii_lowercase());
    if is_lower || parts.method == Method::CONNECT || parts.method == Method::TRACE {
        return Some(Fault::Method);
    }
    if !parts.uri.path().starts_with('/') {
        return Some(Fault::Target);
    }
    let query = parts.uri.query().unwrap_or_default();
    if query.len() > QUERY_PARAMETERS_MAX
        && query.bytes().filter(|byte| *byte == b'&').count() >= QUERY_PARAMETERS_MAX
    {
        return Some(Fault::Query);
    }
    let mut codings = parts.headers.get_all(TRANSFER_ENCODING).iter();
    let is_known = |coding: &HeaderValue| coding.as_bytes().eq_ignore_ascii_case(b"chunked");
    if codings.next().is_some_and(|coding| !is_known(coding)) || codings.next().is_some() {
        return Some(Fault::Coding);
    }
    let mut hosts = parts.headers.get_all(HOST).iter();
    let (host, second) = (hosts.next(), hosts.next());
    let authority = parts.uri.authority().map(|authority| authority.as_str().as_bytes());
    let is_one = match (host, authority) {
        (Some(host), Some(authority)) => host.as_bytes().eq_ignore_ascii_case(authority),
        (None, None) => parts.version == Version::HTTP_10,
        _ => true,
    };
    let is_long = |host: &[u8]| host.len() > HOST_BYTES_MAX;
    let is_long =
        authority.is_some_and(is_long) || host.is_some_and(|host| is_long(host.as_bytes()));
    (second.is_some() || !is_one || is_long).then_some(Fault::Host)
}

/// Says so, to nobody in particular: such a request has no protocol.
pub(super) fn refuse(parts: &Parts, fault: Fault) -> Response<AnswerBody> {
    metrics::counter!(metric::REFUSALS_TOTAL, "reason" => "framing").increment(1);
    tracing::debug!(?fault, "a request was refused for its head");
    let (status, text) = match fault {
        Fault::Method => (StatusCode::METHOD_NOT_ALLOWED, "This method is not served here.\n"),
        Fault::Host => (StatusCode::BAD_REQUEST, "The request does not name one host.\n"),
        Fault::Target => (StatusCode::BAD_REQUEST, "The target of the request is no path.\n"),
        Fault::Query => (StatusCode::URI_TOO_LONG, "The query has too many parameters.\n"),
        Fault::Coding => (StatusCode::NOT_IMPLEMENTED, "The body has an unknown coding.\n"),
    };
    let mut response = Response::new(full(text));
    *response.status_mut() = status;
    if parts.version < Version::HTTP_2 {
        // Whatever follows on the connection is not to be trusted either.
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(target: &str, version: Version, headers: &[(&'static str, &str)]) -> Option<Fault> {
        let mut request = http::Request::builder().uri(target).version(version);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        fault(&request.body(()).unwrap().into_parts().0)
    }

    #[test]
    fn a_request_has_one_host() {
        let (one, two) = (Version::HTTP_11, Version::HTTP_2);
        assert_eq!(found("/", one, &[("host", "a")]), None);
        assert_eq!(found("http://A:1/x", one, &[("host", "a:1")]), None);
        assert_eq!(found("http://a/x", two, &[]), None);
        assert_eq!(found("/", Version::HTTP_10, &[]), None);
        let long = "a".repeat(HOST_BYTES_MAX);
        assert_eq!(found("/", one, &[("host", &long)]), None);
        let longer = format!("{long}a");
        assert_eq!(found(&format!("http://{longer}/"), two, &[]), Some(Fault::Host));
        for (target, version, hosts) in [
            ("/", one, &[("host", longer.as_str())][..]),
            ("/", one, &[]),
            ("/", one, &[("host", "a"), ("host", "a")]),
            ("http://b/x", one, &[("host", "a")]),
            ("http://b/x", two, &[("host", "a")]),
        ] {
            assert_eq!(found(target, version, hosts), Some(Fault::Host), "{target} {hosts:?}");
        }
    }

    #[test]
    fn only_one_coding_is_known() {
        let of = |codings: &[(&'static str, &str)]| {
            let host = [("host", "a")];
            found("/", Version::HTTP_11, &[&host, codings].concat())
        };
        assert_eq!(of(&[("transfer-encoding", "Chunked")]), None);
        assert_eq!(of(&[("transfer-encoding", "gzip, chunked")]), Some(Fault::Coding));
        let twice = [("transfer-encoding", "chunked"), ("transfer-encoding", "chunked")];
        assert_eq!(of(&twice), Some(Fault::Coding));
    }

    #[test]
    fn a_method_has_capitals() {
        let of = |method: &str| {
            let request = http::Request::builder().method(method).uri("/").header("host", "a");
            fault(&request.body(()).unwrap().into_parts().0)
        };
        assert_eq!((of("PROPFIND"), of("M-SEARCH")), (None, None));
        for method in ["delete", "Post", "TRACE"] {
            assert_eq!(of(method), Some(Fault::Method), "{method}");
        }
    }

    #[test]
    fn a_target_is_a_path() {
        assert_eq!(found("*", Version::HTTP_11, &[("host", "a")]), Some(Fault::Target));
        let of = |parameters: usize| {
            let target = format!("/?{}", vec!["a"; parameters].join("&"));
            found(&target, Version::HTTP_11, &[("host", "a")])
        };
        assert_eq!((of(1), of(QUERY_PARAMETERS_MAX)), (None, None));
        assert_eq!(of(QUERY_PARAMETERS_MAX + 1), Some(Fault::Query));
    }
}
