//! Headers that belong to one connection only (RFC 9110, section 7.6.1). All others go on as they
//! are.

use http::header::{CONNECTION, HeaderName, TE, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderMap, HeaderValue};

/// Those that a proxy takes off whether or not `Connection` names them.
const ONE_HOP: [HeaderName; 5] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    TRANSFER_ENCODING,
    UPGRADE,
];

/// Takes them off. A message that asks for another protocol keeps what it asks with if `upgrades`.
pub(crate) fn strip(headers: &mut HeaderMap, upgrades: bool) {
    let upgrade = headers.get(UPGRADE).cloned().filter(|_| upgrades);
    let wants_trailers =
        headers.get_all(TE).iter().any(|value| value.as_bytes().eq_ignore_ascii_case(b"trailers"));
    for name in named(headers) {
        headers.remove(name);
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

/// Whether a request asks to speak something else from now on.
pub(crate) fn asks_for_upgrade(headers: &HeaderMap) -> bool {
    let words = headers.get_all(CONNECTION).iter().filter_map(|value| value.to_str().ok());
    let asks = words
        .flat_map(|value| value.split(','))
        .any(|word| word.trim().eq_ignore_ascii_case("upgrade"));
    asks && headers.contains_key(UPGRADE)
}

/// What `Connection` names. What frames and addresses the message is not the sender's to take off.
fn named(headers: &HeaderMap) -> Vec<HeaderName> {
    let words = headers.get_all(CONNECTION).iter().filter_map(|value| value.to_str().ok());
    words
        .flat_map(|value| value.split(','))
        .filter_map(|word| word.trim().parse::<HeaderName>().ok())
        .filter(|name| {
            *name != http::header::HOST
                && *name != http::header::CONTENT_LENGTH
                && *name != http::header::AUTHORIZATION
                && !name.as_str().starts_with("x-amz-")
        })
        .collect()
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
            ("te", "trailers"),
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
    fn an_upgrade_is_asked_for_by_both_headers() {
        let mut headers = HeaderMap::new();
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        assert!(!asks_for_upgrade(&headers));
        headers.insert(CONNECTION, HeaderValue::from_static("keep-alive, Upgrade"));
        assert!(asks_for_upgrade(&headers));
        let pairs = [("connection", "Upgrade"), ("upgrade", "websocket")];
        assert_eq!(stripped(&pairs, true), ["connection: upgrade", "upgrade: websocket"]);
    }
}
