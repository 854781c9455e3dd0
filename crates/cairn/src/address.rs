//! Addresses as the command line takes them.

use std::net::SocketAddr;

use http::Uri;

/// Reads where to listen. Names are not resolved: they may have several addresses.
pub(crate) fn to_listen(text: &str) -> Result<SocketAddr, String> {
    let wanted =
        || "write an IP address and a port, such as 127.0.0.1:4580 or [::]:4580".to_owned();
    text.parse().map_err(|_| wanted())
}

/// Whether the port of a URL is one, or there is none: the parser lets any digits pass.
pub(crate) fn has_sound_port(uri: &Uri) -> bool {
    let Some(authority) = uri.authority() else { return true };
    let rest = authority.as_str().rsplit_once('@').map_or(authority.as_str(), |(_, rest)| rest);
    rest == authority.host() || authority.port_u16().is_some_and(|port| port > 0)
}

#[cfg(test)]
mod tests {
    use super::{has_sound_port, to_listen};

    #[test]
    fn a_port_is_a_port_or_is_not_there() {
        for sound in ["http://a", "http://a:1", "https://[::1]", "http://[::1]:65535", "http://u@a"]
        {
            assert!(has_sound_port(&sound.parse().unwrap()), "{sound}");
        }
        for wrong in ["http://a:65536", "http://[::1]:0", "http://u@a:99999"] {
            assert!(!has_sound_port(&wrong.parse().unwrap()), "{wrong}");
        }
    }

    #[test]
    fn listening_takes_an_address_and_a_port() {
        for sound in ["127.0.0.1:0", "[::]:4580"] {
            assert!(to_listen(sound).is_ok(), "{sound}");
        }
        for wrong in ["localhost:4580", "4580", ":4580", "127.0.0.1", "127.0.0.1:65536", ""] {
            assert!(to_listen(wrong).unwrap_err().contains("127.0.0.1:4580"), "{wrong}");
        }
    }
}
