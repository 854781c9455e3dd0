//! What a host name tells: a bucket, a service, a region.

use crate::RequestHead;

/// The letters of one part of a region's name: `northeast` has nine.
const LETTERS_MAX: usize = 12;

/// What may follow `s3-` in the name of an endpoint, beside a region.
const S3_ENDPOINTS: [&str; 8] = [
    "accelerate",
    "accesspoint",
    "control",
    "external-1",
    "fips",
    "object-lambda",
    "outposts",
    "website",
];

/// The domain of AWS.
const AWS: &str = ".amazonaws.com";

/// The endpoint of directory buckets that names no bucket.
const EXPRESS_CONTROL: &str = "s3express-control";

/// The domains below which a label is a bucket: `bucket.localhost`, `bucket.s3.localhost`.
#[derive(Clone, Debug)]
pub struct BaseDomains {
    /// The longest first, so that the closest one is taken off.
    domains: Vec<String>,
}

impl Default for BaseDomains {
    fn default() -> Self {
        Self::new(["localhost".to_owned()])
    }
}

impl BaseDomains {
    /// Domains without a leading dot and without a port.
    pub fn new(domains: impl IntoIterator<Item = String>) -> Self {
        let mut domains: Vec<_> =
            domains.into_iter().map(|domain| domain.to_ascii_lowercase()).collect();
        domains.sort_by_key(|domain| std::cmp::Reverse(domain.len()));
        Self { domains }
    }

    /// The bucket that the host of a request names. `WriteGetObjectResponse` has a route there.
    pub fn bucket_of(&self, head: &RequestHead<'_>) -> Option<String> {
        let routed = head.headers.contains_key("x-amz-request-route");
        self.bucket(head.host().unwrap_or_default()).filter(|_| !routed)
    }

    /// The bucket that a host names; `None` for a path-style request.
    pub fn bucket(&self, host: &str) -> Option<String> {
        let host = without_port(host).to_ascii_lowercase();
        // As a resolver of names writes it, whole.
        let host = host.strip_suffix('.').unwrap_or(&host);
        for domain in &self.domains {
            let Some(labels) = host.strip_suffix(domain.as_str()) else { continue };
            if labels.is_empty() {
                return None;
            }
            if let Some(labels) = labels.strip_suffix('.') {
                return bucket_below(labels);
            }
        }
        let (bucket, _) = split_endpoint_of_aws(host)?;
        real_bucket(bucket)
    }

    /// Whether some servers read a bucket in a host and others do not: it names an endpoint of S3 at AWS
    /// in a way that AWS does not.
    ///
    /// evidence: observed (moto takes what stands before the last `.s3` for the bucket).
    pub fn is_unclear(&self, host: &str) -> bool {
        let host = without_port(host).to_ascii_lowercase();
        let host = host.strip_suffix('.').unwrap_or(&host);
        let before_aws = host.split_once(AWS).map(|(before, _)| before);
        before_aws.is_some_and(|before| before.contains(".s3"))
            && split_endpoint_of_aws(host).is_none()
    }
}

/// Below a domain of ours whatever is no endpoint is a bucket.
fn bucket_below(labels: &str) -> Option<String> {
    match split_endpoint(labels) {
        Some((bucket, _)) => real_bucket(bucket),
        None => real_bucket(labels),
    }
}

/// The same for a host at AWS, where every `s3-…` is an endpoint, also one that is newer than the table.
fn split_endpoint_of_aws(host: &str) -> Option<(&str, &str)> {
    let labels = host.strip_suffix(AWS).or_else(|| host.strip_suffix(".cn")?.strip_suffix(AWS))?;
    split_endpoint(labels).or_else(|| {
        let (at, _) = labels.rmatch_indices(".s3-").next()?;
        let (bucket, endpoint) = (labels.get(..at)?, labels.get(at + 1..)?);
        is_placed(endpoint).then_some((bucket, endpoint))
    })
}

/// `bucket.s3.eu-west-1` into `bucket` and `s3.eu-west-1`; the bucket is empty where there is none.
fn split_endpoint(labels: &str) -> Option<(&str, &str)> {
    if is_endpoint(labels) {
        return Some(("", labels));
    }
    let mut dots = labels.rmatch_indices(".s3").map(|(at, _)| at);
    let at = dots.find(|at| labels.get(at + 1..).is_some_and(is_endpoint))?;
    Some((labels.get(..at)?, labels.get(at + 1..)?))
}

/// `s3`, `s3.eu-west-1`, `s3-eu-west-1`, `s3.dualstack.eu-west-1`, `s3-control.eu-west-1`,
/// `s3express-use1-az4.us-east-1`, but not `s3.backup`, which is part of a bucket's name.
fn is_endpoint(labels: &str) -> bool {
    let (first, _) = labels.split_once('.').unwrap_or((labels, ""));
    let is_known = first == "s3"
        || first.starts_with("s3express-")
        || first
            .strip_prefix("s3-")
            .is_some_and(|word| S3_ENDPOINTS.contains(&word) || is_region(word));
    is_known && is_placed(labels)
}

/// Whether the name of an endpoint ends here, or a region follows.
fn is_placed(labels: &str) -> bool {
    let next = labels.split('.').nth(1).unwrap_or_default();
    next.is_empty() || next == "dualstack" || is_region(next)
}

/// A VPC endpoint stands between the bucket and `s3`: `bucket.bucket.vpce-1a2b.s3.…`.
fn real_bucket(labels: &str) -> Option<String> {
    let bucket = match labels.split_once(".vpce-") {
        Some((before, _)) => before.rsplit_once('.').map_or("", |(bucket, _)| bucket),
        None => labels,
    };
    (!bucket.is_empty()).then(|| bucket.to_owned())
}

/// Whether the host is the control endpoint of directory buckets.
pub(super) fn is_express_control(host: &str) -> bool {
    host.split(['.', ':']).next() == Some(EXPRESS_CONTROL)
}

/// Whether the host begins with the endpoint of a service: `sts.eu-west-1.…`, also behind one label
/// that an operation puts in front (`123456789012.s3-control.…`).
pub(super) fn names(host: &str, endpoint_prefix: &str) -> bool {
    prefixes(host).any(|prefix| prefix == endpoint_prefix)
}

/// All label sequences that can be an endpoint prefix.
pub(super) fn prefixes(host: &str) -> impl Iterator<Item = &str> {
    let host = without_port(host);
    let behind = host.split_once('.').map(|(_, rest)| rest);
    [Some(host), behind]
        .into_iter()
        .flatten()
        .flat_map(|labels| labels.match_indices('.').filter_map(move |(dot, _)| labels.get(..dot)))
}

/// The region that a host names, after the endpoint: `sts.eu-west-1.amazonaws.com`.
pub(super) fn region(host: &str) -> Option<&str> {
    let host = without_port(host);
    let first = host.split('.').next().unwrap_or_default();
    // Labels before `s3` are a bucket's.
    let labels = host.rsplit('.').take_while(|label| *label != "s3");
    let found =
        labels.filter(|label| label.as_ptr() != first.as_ptr()).find(|label| is_region(label));
    found.or_else(|| {
        host.split('.').filter_map(|label| label.strip_prefix("s3-")).find(|word| is_region(word))
    })
}

/// Whether a text has the form of a region's name: `eu-west-1`, `us-gov-west-1`, `us-isob-east-1`,
/// `eusc-de-east-1`. Regions that are newer than this program have it as well.
///
/// evidence: documented (the names of all regions).
pub fn is_region(label: &str) -> bool {
    let mut parts = label.split('-');
    let (first, last) = (parts.next().unwrap_or_default(), parts.next_back().unwrap_or_default());
    let letters = |part: &str| {
        (1..=LETTERS_MAX).contains(&part.len())
            && part.bytes().all(|byte| byte.is_ascii_lowercase())
    };
    let digits = (1..=2).contains(&last.len()) && last.bytes().all(|byte| byte.is_ascii_digit());
    let middle = parts.clone().count();
    let is_place = first.len() == 2 || first == "eusc";
    is_place && letters(first) && digits && (1..=2).contains(&middle) && parts.all(letters)
}

fn without_port(host: &str) -> &str {
    let is_port = |colon: &usize| !host.get(*colon..).is_some_and(|rest| rest.contains(']'));
    host.rfind(':').filter(is_port).and_then(|end| host.get(..end)).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_name_buckets() {
        let hosts = BaseDomains::default();
        for (host, bucket) in [
            ("pictures.localhost:4580", Some("pictures")),
            ("Pictures.LOCALHOST", Some("pictures")),
            ("my.bucket.s3.localhost", Some("my.bucket")),
            ("my.s3.backup.localhost", Some("my.s3.backup")),
            ("my.s3.backup.s3.localhost", Some("my.s3.backup")),
            ("s3-pictures.localhost", Some("s3-pictures")),
            ("pictures.s3.eu-west-1.localhost", Some("pictures")),
            ("s3.localhost", None),
            ("s3.eu-west-1.localhost", None),
            ("s3express-control.us-east-1.localhost", None),
            ("localhost:4580", None),
            ("notlocalhost", None),
            ("127.0.0.1:4580", None),
            ("[::1]:4580", None),
            ("b.s3.amazonaws.com", Some("b")),
            ("b.c.s3.eu-west-1.amazonaws.com", Some("b.c")),
            ("b.s3-eu-west-1.amazonaws.com", Some("b")),
            ("b.s3.dualstack.eu-west-1.amazonaws.com", Some("b")),
            ("b.s3.cn-north-1.amazonaws.com.cn", Some("b")),
            ("ap-123456789012.s3-accesspoint.eu-west-1.amazonaws.com", Some("ap-123456789012")),
            (
                "b--use1-az4--x-s3.s3express-use1-az4.us-east-1.amazonaws.com",
                Some("b--use1-az4--x-s3"),
            ),
            ("s3express-control.us-east-1.amazonaws.com", None),
            ("b.bucket.vpce-1a2b-3c.s3.us-east-1.vpce.amazonaws.com", Some("b")),
            ("bucket.vpce-1a2b-3c.s3.us-east-1.vpce.amazonaws.com", None),
            ("s3.amazonaws.com", None),
            ("sts.eu-west-1.amazonaws.com", None),
        ] {
            assert_eq!(hosts.bucket(host).as_deref(), bucket, "{host}");
        }
    }

    #[test]
    fn an_endpoint_that_aws_does_not_have_is_unclear() {
        let hosts = BaseDomains::default();
        for (host, bucket, is_unclear) in [
            ("b.s3-foo.amazonaws.com", Some("b"), false),
            ("a.accesspoint.s3-global.amazonaws.com", Some("a.accesspoint"), false),
            ("my.s3-old.s3.amazonaws.com", Some("my.s3-old"), false),
            ("s3-foo.amazonaws.com", None, false),
            ("b.s3.amazonaws.com.", Some("b"), false),
            ("b.s3.foo.amazonaws.com", None, true),
            ("b.s3-foo.bar.amazonaws.com:80", None, true),
            ("B.S3X.AMAZONAWS.COM", None, true),
            ("b.s3.amazonaws.com.localhost", Some("b.s3.amazonaws.com"), true),
            ("sts.eu-west-1.amazonaws.com", None, false),
            ("s3tables.eu-west-1.amazonaws.com", None, false),
        ] {
            assert_eq!(hosts.bucket(host).as_deref(), bucket, "{host}");
            assert_eq!(hosts.is_unclear(host), is_unclear, "{host}");
        }
    }

    #[test]
    fn the_longest_domain_is_taken_off() {
        let hosts = BaseDomains::new(["example.org".to_owned(), "trail.example.org".to_owned()]);
        assert_eq!(hosts.bucket("b.trail.example.org").as_deref(), Some("b"));
        assert_eq!(hosts.bucket("trail.example.org"), None);
        assert_eq!(hosts.bucket("b.example.org").as_deref(), Some("b"));
    }

    #[test]
    fn hosts_name_regions() {
        for (host, found) in [
            ("sts.eu-west-1.amazonaws.com", Some("eu-west-1")),
            ("s3.us-gov-west-1.amazonaws.com:443", Some("us-gov-west-1")),
            ("b.s3-ap-southeast-2.amazonaws.com", Some("ap-southeast-2")),
            ("my.eu-west-1.s3.us-east-1.amazonaws.com", Some("us-east-1")),
            ("my.eu-west-1.s3.localhost", None),
            ("eu-west-1.localhost", None),
            ("sts.amazonaws.com", None),
            ("127.0.0.1:4580", None),
        ] {
            assert_eq!(region(host), found, "{host}");
        }
    }

    #[test]
    fn regions_have_one_form() {
        for name in ["us-east-1", "ap-southeast-12", "us-gov-west-1", "eusc-de-east-1"] {
            assert!(is_region(name), "{name}");
        }
        for name in ["", "mars", "us-east", "us--1", "US-EAST-1", "us-east-1x", "us-east-111"] {
            assert!(!is_region(name), "{name}");
        }
        assert!(!is_region(&format!("us-{}-1", "e".repeat(100))));
    }

    #[test]
    fn hosts_name_services() {
        assert!(names("sts.eu-west-1.amazonaws.com", "sts"));
        assert!(names("123456789012.s3-control.eu-west-1.amazonaws.com", "s3-control"));
        assert!(names("models-v2-lex.localhost:4580", "models-v2-lex"));
        assert!(names("api.ecr.eu-west-1.amazonaws.com", "api.ecr"));
        assert!(!names("pictures.localhost", "pi"));
        assert!(!names("sts", "sts"));
    }
}
