//! How a bucket and a key become an address.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use cairn_event::Region;

use super::destination::{Destination, DestinationFault};

/// What stays as it is in a signed path or query.
const STRICT: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const PATH: AsciiSet = STRICT.remove(b'/');

/// Where a store is.
#[derive(Clone, Debug)]
pub(super) struct Address {
    /// Without a slash at its end; AWS if there is none.
    endpoint: Option<String>,
    path_style: bool,
}

impl Address {
    pub(super) fn of(destination: &Destination) -> Result<Self, DestinationFault> {
        let endpoint = destination.endpoint.as_deref().map(|text| text.trim_end_matches('/'));
        if let Some(endpoint) = endpoint
            && Url::parse(endpoint).is_err()
        {
            return Err(DestinationFault::Endpoint { endpoint: endpoint.to_owned() });
        }
        Ok(Self {
            endpoint: endpoint.map(str::to_owned),
            path_style: destination.path_style.unwrap_or(endpoint.is_some()),
        })
    }

    /// Whether the store is AWS.
    pub(super) fn is_aws(&self) -> bool {
        self.endpoint.is_none()
    }

    /// The address of a bucket, of an object in it, or of a question about it; `None` if there can
    /// be none: an address loses `.` and `..` between slashes, so such keys cannot be asked for.
    pub(super) fn to(
        &self,
        region: &Region,
        bucket: &str,
        key: Option<&str>,
        query: &[(&str, &str)],
    ) -> Option<String> {
        if key.is_some_and(|key| key.split('/').any(|part| matches!(part, "." | ".."))) {
            return None;
        }
        let endpoint = self.endpoint.clone().unwrap_or_else(|| aws(region));
        // A bucket with a dot has no certificate as a host of AWS.
        let in_path = self.path_style || (self.is_aws() && bucket.contains('.'));
        let mut text = if in_path {
            format!("{endpoint}/{bucket}")
        } else {
            let (scheme, host) = endpoint.split_once("://")?;
            format!("{scheme}://{bucket}.{host}")
        };
        if let Some(key) = key {
            text.push('/');
            text.extend(utf8_percent_encode(key, &PATH));
        } else if !in_path {
            text.push('/');
        }
        let mut mark = '?';
        for (name, value) in query {
            text.push(mark);
            text.extend(utf8_percent_encode(name, &STRICT));
            text.push('=');
            text.extend(utf8_percent_encode(value, &STRICT));
            mark = '&';
        }
        // The client takes for granted that this can be read.
        Url::parse(&text).ok().map(String::from)
    }
}

fn aws(region: &Region) -> String {
    let china = if region.as_str().starts_with("cn-") { ".cn" } else { "" };
    format!("https://s3.{region}.amazonaws.com{china}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(destination: &Destination, bucket: &str, key: Option<&str>) -> Option<String> {
        let region = Region::parse("eu-west-1").unwrap();
        Address::of(destination).unwrap().to(&region, bucket, key, &[])
    }

    #[test]
    fn aws_has_buckets_in_the_host() {
        let aws = Destination::default();
        let object = to(&aws, "audit", Some("AWSLogs/a b+c/"));
        assert_eq!(object.unwrap(), "https://audit.s3.eu-west-1.amazonaws.com/AWSLogs/a%20b%2Bc/");
        assert_eq!(
            to(&aws, "my.audit", None).unwrap(),
            "https://s3.eu-west-1.amazonaws.com/my.audit"
        );
        let china = Region::parse("cn-north-1").unwrap();
        let there = Address::of(&aws).unwrap().to(&china, "audit", None, &[("list-type", "2")]);
        assert_eq!(there.unwrap(), "https://audit.s3.cn-north-1.amazonaws.com.cn/?list-type=2");
    }

    #[test]
    fn other_stores_have_them_in_the_path() {
        let mut store = Destination {
            endpoint: Some("http://[::1]:9000/s3/".to_owned()),
            ..Destination::default()
        };
        let key = Some("a//b~%2e/ü");
        assert_eq!(
            to(&store, "audit", key).unwrap(),
            "http://[::1]:9000/s3/audit/a//b~%252e/%C3%BC"
        );
        store.path_style = Some(false);
        store.endpoint = Some("https://s3.example.org".to_owned());
        assert_eq!(to(&store, "audit", None).unwrap(), "https://audit.s3.example.org/");
    }

    #[test]
    fn what_an_address_would_change_is_refused() {
        let aws = Destination::default();
        for key in ["a/../b", "./a", "..", "a/."] {
            assert_eq!(to(&aws, "audit", Some(key)), None, "{key}");
        }
        for key in ["a/...", ".a/b", "a\\..\\b", "%2e%2e/a"] {
            assert!(to(&aws, "audit", Some(key)).is_some(), "{key}");
        }
        for endpoint in ["https://1.2.3.456", "https://", "nowhere"] {
            let store =
                Destination { endpoint: Some(endpoint.to_owned()), ..Destination::default() };
            assert!(Address::of(&store).is_err(), "{endpoint}");
        }
    }
}
