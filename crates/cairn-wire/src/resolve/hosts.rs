//! What a host name tells: a bucket, or a service.

use crate::RequestHead;

/// The domains below which a label is a bucket: `bucket.localhost`, `bucket.s3.localhost`.
#[derive(Clone, Debug)]
pub struct BaseDomains {
    domains: Vec<String>,
}

impl Default for BaseDomains {
    fn default() -> Self {
        Self::new(["localhost".to_owned()])
    }
}

impl BaseDomains {
    /// Domains without a leading dot and without a port, in lower case.
    pub fn new(domains: impl IntoIterator<Item = String>) -> Self {
        Self { domains: domains.into_iter().map(|domain| domain.to_ascii_lowercase()).collect() }
    }

    /// The bucket that the host of a request names. `WriteGetObjectResponse` has a route there.
    pub fn bucket_of(&self, head: &RequestHead<'_>) -> Option<String> {
        let routed = head.headers.contains_key("x-amz-request-route");
        self.bucket(head.host().unwrap_or_default()).filter(|_| !routed)
    }

    /// The bucket that a host names; `None` for a path-style request.
    pub fn bucket(&self, host: &str) -> Option<String> {
        let host = without_port(host).to_ascii_lowercase();
        for domain in &self.domains {
            if let Some(label) = host.strip_suffix(domain.as_str()).and_then(|rest| rest.strip_suffix('.')) {
                return bucket_label(label);
            }
        }
        let rest = host.strip_suffix(".amazonaws.com").or_else(|| host.strip_suffix(".amazonaws.com.cn"))?;
        // `bucket.s3.eu-west-1`, `bucket.s3-eu-west-1`, `my.bucket.s3`: the last `.s3` ends the bucket.
        let end = rest.rfind(".s3")?;
        let after = rest.get(end.checked_add(3)?..)?;
        let is_endpoint = after.is_empty() || after.starts_with(['.', '-']) || after.starts_with("express");
        rest.get(..end).filter(|bucket| is_endpoint && !bucket.is_empty()).map(str::to_owned)
    }
}

/// `s3` alone, or `s3.eu-west-1`, is the endpoint itself; `bucket.s3` is a bucket.
fn bucket_label(label: &str) -> Option<String> {
    if label == "s3" || label.starts_with("s3.") || label.is_empty() {
        return None;
    }
    let bucket = label.split(".s3.").next().unwrap_or(label);
    let bucket = bucket.strip_suffix(".s3").unwrap_or(bucket);
    Some(bucket.to_owned())
}

/// Whether the host begins with the endpoint of a service: `sts.eu-west-1.…`, `sts.amazonaws.com`.
pub(super) fn names(host: &str, endpoint_prefix: &str) -> bool {
    let rest = without_port(host).strip_prefix(endpoint_prefix);
    rest.is_some_and(|rest| rest.starts_with('.'))
}

fn without_port(host: &str) -> &str {
    let end = host.rfind(':').filter(|colon| !host.get(*colon..).is_some_and(|rest| rest.contains(']')));
    end.and_then(|end| host.get(..end)).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_name_buckets() {
        let hosts = BaseDomains::default();
        for (host, bucket) in [
            ("pictures.localhost:4580", Some("pictures")),
            ("my.bucket.s3.localhost", Some("my.bucket")),
            ("pictures.s3.eu-west-1.localhost", Some("pictures")),
            ("s3.localhost", None),
            ("localhost:4580", None),
            ("127.0.0.1:4580", None),
            ("[::1]:4580", None),
            ("b.s3.amazonaws.com", Some("b")),
            ("b.c.s3.eu-west-1.amazonaws.com", Some("b.c")),
            ("b.s3-eu-west-1.amazonaws.com", Some("b")),
            ("s3.amazonaws.com", None),
        ] {
            assert_eq!(hosts.bucket(host).as_deref(), bucket, "{host}");
        }
    }
}
