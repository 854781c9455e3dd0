//! Headers that belong to one connection only (RFC 9110, section 7.6.1). All others go on as they
//! are.

use http::header::{CONNECTION, CONTENT_LENGTH, HeaderName, TE, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderMap, HeaderValue, Request, Version};
use http_body::Body;

/// Those that a proxy takes off whether or not `Connection` names them.
const ONE_HOP: [HeaderName; 5] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    TRANSFER_ENCODING,
    UPGRADE,
];

/// The protocols that a connection may change to. Not HTTP/2: calls in such a tunnel would pass
/// unseen.
const UPGRADES: [&str; 1] = ["websocket"];

/// Takes them off. A message that asks for another protocol keeps what it asks with if `upgrades`.
pub(crate) fn strip(headers: &mut HeaderMap, upgrades: bool) {
    // Most messages have none of them.
    if !headers.keys().any(|name| *name == TE || ONE_HOP.contains(name)) {
        return;
    }
    let upgrade = headers.get(UPGRADE).cloned().filter(|_| upgrades);
    let wants_trailers = words(headers, TE).any(|word| word.eq_ignore_ascii_case(b"trailers"));
    for name in named(headers) {
        headers.remove(name);
    }
    // Of the two, the coding is what counts; a length that is passed on beside it would be believed by
    // somebody (RFC 9112, section 6.3).
    if headers.contains_key(TRANSFER_ENCODING) {
        headers.remove(CONTENT_LENGTH);
    }
    for name in ONE_HOP {
        headers.remove(name);
    }
    headers.remove(TE);
    if wants_trailers {
        headers.insert(TE, HeaderValue::from_static("trailers"));
    }
    if let Some(upgrade) = upgrade {
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, upgrade);
    }
}

/// Takes off what `Connection` names besides: it is no part of the call, so nobody may read it as one.
/// The record would say what an upstream never saw.
pub(crate) fn drop_named(headers: &mut HeaderMap) {
    if !headers.contains_key(CONNECTION) {
        return;
    }
    for name in named(headers) {
        if name != TE && !ONE_HOP.contains(&name) {
            headers.remove(name);
        }
    }
}

/// Frames a body of unknown length. The HTTP library does so by itself but for methods that seldom
/// have one, whose body it would leave behind.
pub(crate) fn frame<B: Body>(request: &mut Request<B>) {
    let is_framed = request.headers().contains_key(CONTENT_LENGTH)
        || request.body().is_end_stream()
        || request.body().size_hint().exact().is_some();
    if request.version() == Version::HTTP_11 && !is_framed {
        request.headers_mut().insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    }
}

/// Whether a request asks to speak something else from now on that may be spoken.
pub(crate) fn asks_for_upgrade(headers: &HeaderMap) -> bool {
    let asks = words(headers, CONNECTION).any(|word| word.eq_ignore_ascii_case(b"upgrade"));
    let mut lines = headers.get_all(UPGRADE).iter();
    let first = lines.next().filter(|_| lines.next().is_none());
    let is_known = |value: &HeaderValue| {
        UPGRADES.iter().any(|known| value.as_bytes().eq_ignore_ascii_case(known.as_bytes()))
    };
    asks && first.is_some_and(is_known)
}

/// What `Connection` names. What frames and addresses the message is not the sender's to take off.
fn named(headers: &HeaderMap) -> Vec<HeaderName> {
    words(headers, CONNECTION)
        .filter_map(|word| HeaderName::from_bytes(word).ok())
        .filter(|name| {
            *name != http::header::HOST
                && *name != CONTENT_LENGTH
                && *name != http::header::AUTHORIZATION
                && !name.as_str().starts_with("x-amz-")
        })
        .collect()
}

/// The words of all lines of a header. One that is no text hides no other.
fn words(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &[u8]> {
    let lines = headers.get_all(name).into_iter();
    lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b',')).map(<[u8]>::trim_ascii)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stripped(pairs: &[(&'static str, &'static str)], upgrades: bool) -> Vec<String> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_static(value));
        }
        strip(&mut headers, upgrades);
        let line = |(name, value): (&HeaderName, &HeaderValue)| {
            format!("{name}: {}", value.to_str().unwrap())
        };
        headers.iter().map(line).collect()
    }

    #[test]
    fn what_belongs_to_one_connection_stays_there() {
        let pairs = [
            ("connection", "close, x-mine"),
            ("x-mine", "1"),
            ("host", "a.localhost"),
            ("keep-alive", "timeout=5"),
            ("transfer-encoding", "chunked"),
            ("te", "deflate, trailers"),
            ("upgrade", "h2c"),
            ("x-amz-date", "now"),
        ];
        assert_eq!(
            stripped(&pairs, false),
            ["host: a.localhost", "x-amz-date: now", "te: trailers"]
        );
    }

    #[test]
    fn a_caller_cannot_take_off_what_its_call_is_made_of() {
        let pairs = [
            ("connection", "x-amz-content-sha256, host, authorization, content-length"),
            ("host", "a"),
            ("authorization", "AWS4"),
            ("content-length", "3"),
            ("x-amz-content-sha256", "0"),
        ];
        assert_eq!(stripped(&pairs, false).len(), 4);
    }

    #[test]
    fn what_connection_names_is_no_part_of_the_call() {
        let mut headers = HeaderMap::new();
        let line =
            HeaderValue::from_bytes(b"\xff, Content-Type,upgrade, x-amz-copy-source").unwrap();
        headers.append(CONNECTION, line);
        for name in ["content-type", "upgrade", "x-amz-copy-source", "user-agent"] {
            headers.insert(name, HeaderValue::from_static("1"));
        }
        drop_named(&mut headers);
        let mut left: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
        left.sort_unstable();
        assert_eq!(left, ["connection", "upgrade", "user-agent", "x-amz-copy-source"]);
    }

    #[test]
    fn a_length_beside_a_coding_goes_no_further() {
        let pairs = [("content-length", "3"), ("transfer-encoding", "chunked")];
        assert!(stripped(&pairs, false).is_empty());
    }

    #[test]
    fn a_body_of_unknown_length_is_framed_whatever_the_method() {
        let framed = |body: crate::body::AnswerBody, version| {
            let mut request = Request::new(body);
            *request.version_mut() = version;
            frame(&mut request);
            request.headers().contains_key(TRANSFER_ENCODING)
        };
        let unknown = || {
            let frames = futures_util::stream::iter([Ok(http_body::Frame::data("x".into()))]);
            http_body_util::BodyExt::boxed_unsync(http_body_util::StreamBody::new(frames))
        };
        assert!(framed(unknown(), Version::HTTP_11));
        assert!(!framed(unknown(), Version::HTTP_2));
        assert!(!framed(crate::body::full("x"), Version::HTTP_11));
        assert!(!framed(crate::body::full(""), Version::HTTP_11));
    }

    #[test]
    fn an_upgrade_is_asked_for_by_both_headers() {
        let mut headers = HeaderMap::new();
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        assert!(!asks_for_upgrade(&headers));
        headers.insert(CONNECTION, HeaderValue::from_static("keep-alive, Upgrade"));
        assert!(asks_for_upgrade(&headers));
        headers.insert(UPGRADE, HeaderValue::from_static("h2c"));
        assert!(!asks_for_upgrade(&headers));
        let pairs = [("connection", "Upgrade"), ("upgrade", "websocket")];
        assert_eq!(stripped(&pairs, true), ["connection: upgrade", "upgrade: websocket"]);
    }
}
