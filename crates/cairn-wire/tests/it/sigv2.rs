//! Signature Version 2: AWS's own examples hold, and nothing that was bent afterwards does.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cairn_event::Timestamp;
use cairn_wire::RequestHead;
use cairn_wire::sigv2::{Claim, Expectation, read, verify};
use cairn_wire::sigv4::{EMPTY_SHA256, Family, PayloadClaim, SignatureError, check_token};
use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;

const KEY: &str = "AKIAIOSFODNN7EXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

/// 27 March 2007, 20:30 UTC, in the middle of AWS's examples.
const NOW_MS: i64 = 1_175_027_400_000;
const BUCKET: Option<&str> = Some("awsexamplebucket1");

#[derive(Clone, Debug)]
struct Request {
    method: &'static str,
    bucket: Option<&'static str>,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    now_ms: i64,
    body: Option<[u8; 32]>,
}

impl Request {
    fn new(method: &'static str, bucket: Option<&'static str>, target: &str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let (path, query) = (path.to_owned(), query.to_owned());
        Self { method, bucket, path, query, headers: Vec::new(), now_ms: NOW_MS, body: None }
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    fn date(self, date: &str) -> Self {
        let now = Self { now_ms: seconds(date) * 1000, ..self };
        now.with("date", date)
    }

    fn signed(self, signature: &str) -> Self {
        self.with("authorization", &format!("AWS {KEY}:{signature}"))
    }

    /// Signed over this text, whatever the request says.
    fn signed_over(self, text: &str) -> Self {
        self.signed(&signature(text))
    }

    /// A presigned URL over this text, which ends at the second that its fourth line names.
    fn presigned_over(mut self, text: &str) -> Self {
        let expires = text.lines().nth(3).unwrap();
        let signature = signature(text).replace('+', "%2B").replace('=', "%3D");
        let added = format!("AWSAccessKeyId={KEY}&Expires={expires}&Signature={signature}");
        let between = if self.query.is_empty() { "" } else { "&" };
        self.query = format!("{}{between}{added}", self.query);
        self
    }

    fn and(mut self, pair: &str) -> Self {
        self.query = format!("{}&{pair}", self.query);
        self
    }

    fn check(&self) -> Result<Claim, SignatureError> {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let (method, path, query) = (self.method, self.path.as_str(), self.query.as_str());
        let head = RequestHead { method, path, query, headers: &headers };
        let claim = read(&head)?.ok_or(SignatureError::Missing)?;
        assert_eq!(claim.access_key, KEY);
        let expected = Expectation { bucket: self.bucket, body: self.body };
        verify(&claim, &head, SECRET, Timestamp::from_ms(self.now_ms), &expected)?;
        Ok(claim)
    }

    fn holds(&self) {
        self.check().unwrap_or_else(|error| panic!("{error:?}: {self:?}"));
    }

    /// What it is refused for: code and text of S3.
    fn refused(&self) -> (&'static str, u16, String) {
        let answer = self.check().expect_err("it is forged").answer(Family::S3);
        (answer.code, answer.status, answer.message)
    }

    fn mismatches(&self) {
        let (code, status, _) = self.refused();
        assert_eq!((code, status), ("SignatureDoesNotMatch", 403), "{self:?}");
    }
}

fn signature(text: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, SECRET.as_bytes());
    STANDARD.encode(hmac::sign(&key, text.as_bytes()))
}

/// The times of AWS's examples.
fn seconds(date: &str) -> i64 {
    let clock = |text: &str| {
        let parts: Vec<i64> = text.split(':').map(|part| part.parse().unwrap()).collect();
        parts[0] * 3600 + parts[1] * 60 + parts[2]
    };
    let words: Vec<&str> = date.split(' ').collect();
    // Midnight of 27 March 2007.
    1_174_953_600 + (words[1].parse::<i64>().unwrap() - 27) * 86_400 + clock(words[4])
}

fn get() -> Request {
    let request = Request::new("GET", BUCKET, "/photos/puppy.jpg");
    request.date("Tue, 27 Mar 2007 19:36:42 +0000").signed("qgk2+6Sv9/oM7G3qLEjTH1a1l1g=")
}

fn upload() -> Request {
    Request::new("PUT", Some("static.awsexamplebucket1.net"), "/db-backup.dat.gz")
        .date("Tue, 27 Mar 2007 21:06:08 +0000")
        .with("x-amz-acl", "public-read")
        .with("content-type", "application/x-download")
        .with("content-md5", "4gJE4saaMU4BqNR0kLY+lw==")
        .with("X-Amz-Meta-ReviewedBy", "joe@awsexamplebucket1.net")
        .with("X-Amz-Meta-ReviewedBy", "jane@awsexamplebucket1.net")
        .with("X-Amz-Meta-FileChecksum", "0x02661779")
        .with("X-Amz-Meta-ChecksumAlgorithm", "crc32")
        .with("content-disposition", "attachment; filename=database.dat")
        .with("content-encoding", "gzip")
        .with("content-length", "5913339")
        .signed("dKZcB+bz2EPXgSdXZp9ozGeOM4I=")
}

/// documented: "Authentication examples".
#[test]
fn the_examples_of_aws_hold() {
    get().holds();
    upload().holds();
    Request::new("PUT", BUCKET, "/photos/puppy.jpg")
        .date("Tue, 27 Mar 2007 21:15:45 +0000")
        .with("content-type", "image/jpeg")
        .with("content-length", "94328")
        .signed("iqRzw+ileNPu1fhspnRs8nOjjIA=")
        .holds();
    Request::new("GET", BUCKET, "/?prefix=photos&max-keys=50&marker=puppy")
        .date("Tue, 27 Mar 2007 19:42:41 +0000")
        .signed("m0WP8eCtspQl5Ahe6L1SozdX9YA=")
        .holds();
    Request::new("GET", BUCKET, "/?acl")
        .date("Tue, 27 Mar 2007 19:44:46 +0000")
        .signed("82ZHiFIjc+WbcwFKGUVEQspPn+0=")
        .holds();
    Request::new("GET", None, "/")
        .date("Wed, 28 Mar 2007 01:29:59 +0000")
        .signed("qGdzdERIC03wnaRNKh6OqZehG9s=")
        .holds();
    Request::new("GET", None, "/dictionary/fran%C3%A7ais/pr%c3%a9f%c3%a8re")
        .date("Wed, 28 Mar 2007 01:49:49 +0000")
        .signed("DNEZGsoieTZ92F3bUfSPQcbGmlM=")
        .holds();
    // The page has renamed the bucket and kept the signature.
    let signed = "AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D&\
                  Expires=1175139620";
    let query = Request::new("GET", Some("johnsmith"), &format!("/photos/puppy.jpg?{signed}"));
    let claim = query.check().unwrap();
    assert!(claim.presigned());
    assert_eq!(claim.payload, PayloadClaim::Unsigned);
}

/// documented: an `x-amz-date` leaves the line of the date empty, and is a line of its own. The example
/// for it (a DELETE) is signed over another text than its own rule gives.
#[test]
fn the_other_date_stands_for_the_date() {
    let date = "Tue, 27 Mar 2007 21:20:26 +0000";
    let request = Request::new("DELETE", None, "/awsexamplebucket1/photos/puppy.jpg")
        .date("Tue, 27 Mar 2007 21:20:27 +0000")
        .with("x-amz-date", date);
    let resource = "/awsexamplebucket1/photos/puppy.jpg";
    request.clone().signed_over(&format!("DELETE\n\n\n\nx-amz-date:{date}\n{resource}")).holds();
    request.signed_over(&format!("DELETE\n\n\n{date}\n{resource}")).mismatches();
}

#[test]
fn bent_headers_do_not_hold() {
    let mut other = get();
    other.method = "DELETE";
    other.mismatches();
    for path in ["/photos/puppy.jpe", "/photos/puppy%2Ejpg", "//photos/puppy.jpg"] {
        Request { path: path.to_owned(), ..get() }.mismatches();
    }
    for bucket in [None, Some("awsexamplebucket2"), Some("awsexamplebucket1/photos")] {
        Request { bucket, ..get() }.mismatches();
    }
    // A host that holds more than a bucket.
    let moved = "/puppy.jpg".to_owned();
    Request { bucket: Some("awsexamplebucket1/photos"), path: moved, ..get() }.mismatches();
    for query in ["acl", "versionId=v", "response-content-type=text%2Fhtml", "policy=", "%61cl"] {
        Request { query: query.to_owned(), ..get() }.mismatches();
    }
    for (name, value) in [("x-amz-acl", "public-read"), ("content-type", "a/b"), ("x-amz-a", "")] {
        get().with(name, value).mismatches();
    }
    for query in ["prefix=a", "list-type=2", "x-id=GetObject", "ACL"] {
        Request { query: query.to_owned(), ..get() }.holds();
    }
    let drop = |name: &str| {
        let mut request = upload();
        request.headers.retain(|header| !header.0.eq_ignore_ascii_case(name));
        request
    };
    for name in ["x-amz-acl", "content-md5", "content-type", "x-amz-meta-filechecksum"] {
        drop(name).mismatches();
    }
    drop("content-encoding").holds();
}

#[test]
fn what_stands_in_the_query_as_a_header_is_signed_as_one() {
    let text = "PUT\n\n\n1175029000\nx-amz-acl:private\nx-amz-meta-a:b c\n/awsexamplebucket1/k";
    let put = |query| Request::new("PUT", BUCKET, &format!("/k{query}")).presigned_over(text);
    put("?x-amz-acl=private&x-amz-meta-a=b%20c").holds();
    put("?X-Amz-Meta-A=b+c&%78-amz-acl=private").holds();
    put("?x-amz-meta-a=b%20c").with("x-amz-acl", "private").holds();
    put("?x-amz-acl=private&x-amz-meta-a=b").mismatches();
    // Neither the header nor the query can be slipped in beside the other.
    put("?x-amz-acl=private&x-amz-meta-a=b%20c").with("x-amz-acl", "public-read").mismatches();
    put("?x-amz-acl=private&x-amz-meta-a=b%20c&x-amz-acl=public-read").mismatches();
    // Nor two lines in one value.
    put("?x-amz-acl=private%0ax-amz-meta-a:b%20c").mismatches();
}

#[test]
fn what_comes_twice_in_the_resource_is_signed_twice() {
    let text = "GET\n\n\n1175029000\n/awsexamplebucket1/k?acl&versionId=1";
    let get = |query| Request::new("GET", BUCKET, &format!("/k{query}")).presigned_over(text);
    get("?versionId=1&acl").holds();
    get("?acl=&versionId=%31&x-id=a").holds();
    get("?acl&versionId=1&versionId=2").mismatches();
    get("?acl&versionId=2&versionId=1").mismatches();
    get("?acl&acl&versionId=1").mismatches();
    get("?acl").mismatches();
}

/// botocore signs `/bucket/` and sends `/bucket`, where it names buckets in the path.
#[test]
fn a_bucket_is_signed_with_or_without_its_slash() {
    let list = |path: &str, signed: &str| {
        let text = format!("GET\n\n\n1175029000\n{signed}?acl");
        Request::new("GET", None, &format!("{path}?acl")).presigned_over(&text)
    };
    list("/bucket", "/bucket").holds();
    list("/bucket", "/bucket/").holds();
    list("/bucket/", "/bucket/").holds();
    list("/bucket/", "/bucket").mismatches();
    list("/bucket/key", "/bucket/key/").mismatches();
    list("/", "//").mismatches();
}

#[test]
fn a_url_is_good_until_its_end() {
    let text = "GET\n\n\n1175027400\n/awsexamplebucket1/k";
    let url = Request::new("GET", BUCKET, "/k").presigned_over(text);
    url.holds();
    let late = Request { now_ms: NOW_MS + 1, ..url.clone() };
    let (code, status, message) = late.refused();
    assert_eq!((code, status, message.as_str()), ("AccessDenied", 403, "Request has expired"));
    let answer = late.check().unwrap_err().answer(Family::S3);
    assert_eq!(answer.fields[0], ("Expires", "2007-03-27T20:30:00Z".to_owned()));
    assert_eq!(answer.fields[1].0, "ServerTime");
    let longer = url.query.replace("Expires=1175027400", "Expires=1175027401");
    Request { query: longer, ..url.clone() }.mismatches();
    // No skew is asked of it, and no week.
    Request { now_ms: 0, ..url }.holds();
}

#[test]
fn dates_of_headers_are_within_a_quarter_of_an_hour() {
    let (quarter, minute) = (900_000, 60_000);
    for (ms, code) in [
        (quarter, None),
        (-quarter, None),
        (quarter + minute, Some("RequestTimeTooSkewed")),
        (-quarter - minute, Some("RequestTimeTooSkewed")),
    ] {
        let now_ms = get().now_ms + ms;
        let request = Request { now_ms, ..get() };
        let refused = request.check().err().map(|error| error.answer(Family::S3).code);
        assert_eq!(refused, code, "{ms}");
    }
    let zoned = |date: &str| {
        let request = Request::new("GET", BUCKET, "/k").with("date", date);
        request.signed_over(&format!("GET\n\n\n{date}\n/awsexamplebucket1/k"))
    };
    for date in [
        "Tue, 27 Mar 2007 20:30:00 GMT",
        "Tue, 27 Mar 2007 22:30:00 +0200",
        "Tue, 27 Mar 2007 16:00:00 -0430",
        "20070327T203000Z",
    ] {
        zoned(date).holds();
    }
    for date in ["", "1175027400", "Tue, 27 Mar 2007 20:30:00", "Tue, 27 Mar 2007 20:30:00 +9"] {
        let (code, status, message) = zoned(date).refused();
        assert_eq!((code, status), ("AccessDenied", 403), "{date}");
        assert_eq!(message, "AWS authentication requires a valid Date or x-amz-date header");
    }
}

#[test]
fn what_is_not_whole_is_refused_in_the_words_of_s3() {
    let query = |query: &str| Request::new("GET", BUCKET, &format!("/k?{query}"));
    let missing = "Query-string authentication requires the Signature, Expires and AWSAccessKeyId \
                   parameters";
    for part in ["Signature=s", "Signature=s&Expires=1", "AWSAccessKeyId=A&Signature=s"] {
        let (code, status, message) = query(part).refused();
        assert_eq!((code, status, message.as_str()), ("AccessDenied", 403, missing), "{part}");
    }
    for unsigned in ["", "AWSAccessKeyId=A", "AWSAccessKeyId=A&Expires=1", "signature=s"] {
        assert_eq!(query(unsigned).check(), Err(SignatureError::Missing), "{unsigned}");
    }
    for expires in ["", "soon", "1e9", "2147483648", "1.5", "99999999999999999999"] {
        let url = format!("AWSAccessKeyId={KEY}&Signature=s&Expires={expires}");
        let (code, status, message) = query(&url).refused();
        assert_eq!((code, status), ("AccessDenied", 403));
        assert_eq!(message, format!("Invalid date (should be seconds since epoch): {expires}"));
    }
    for header in ["AWS", "AWS ", "AWS key", "AWS key:", "AWS key:a:b", "AWS  key:a"] {
        let request = Request::new("GET", BUCKET, "/k").with("authorization", header);
        let (code, status, message) = request.refused();
        assert_eq!((code, status), ("InvalidArgument", 400), "{header}");
        assert!(message.ends_with("Expected AwsAccessKeyId:signature"), "{message}");
    }
    for signature in ["", "x", "qgk2+6Sv9/oM7G3qLEjTH1a1l1g", "qgk2+6Sv9/oM7G3qLEjTH1a1l1h=", "="] {
        let url = format!("AWSAccessKeyId={KEY}&Signature={signature}&Expires=2000000000");
        query(&url).mismatches();
    }
}

#[test]
fn nobody_signs_twice() {
    let text = "GET\n\n\n1175029000\n/awsexamplebucket1/k";
    let url = Request::new("GET", BUCKET, "/k").presigned_over(text);
    for (pair, name) in [
        ("AWSAccessKeyId=B", "AWSAccessKeyId"),
        ("Expires=1", "Expires"),
        ("Sign%61ture=s", "Signature"),
    ] {
        let twice = url.clone().and(pair).check();
        assert_eq!(twice, Err(SignatureError::RepeatedParameter { name }));
    }
    let both = url.clone().signed("s").check();
    assert_eq!(both, Err(SignatureError::SeveralMechanisms));
    let tokens = url.clone().and("X-Amz-Security-Token=t").with("x-amz-security-token", "t");
    let name = "x-amz-security-token";
    assert_eq!(tokens.check(), Err(SignatureError::RepeatedHeader { name }));
    let types = url.with("content-type", "a").with("content-type", "b");
    let name = "content-type";
    assert_eq!(types.check(), Err(SignatureError::RepeatedHeader { name }));
}

#[test]
fn a_token_is_signed_and_belongs_to_its_key() {
    let text = "GET\n\n\n1175029000\nx-amz-security-token:to/k+en=\n/awsexamplebucket1/k";
    let url = Request::new("GET", BUCKET, "/k").presigned_over(text);
    let claim = url.clone().and("x-amz-security-token=to%2Fk%2Ben%3D").check().unwrap();
    assert_eq!(check_token(claim.session_token.as_deref(), Some("to/k+en=")), Ok(()));
    url.clone().with("x-amz-security-token", "to/k+en=").holds();
    url.clone().and("x-amz-security-token=other").mismatches();
    url.mismatches();
}

#[test]
fn bodies_are_not_covered_unless_their_hash_is_stated() {
    let text = |value: &str| {
        format!("PUT\n\n\n1175029000\nx-amz-content-sha256:{value}\n/awsexamplebucket1/k")
    };
    let put = |value: &str| {
        let put = Request::new("PUT", BUCKET, "/k").presigned_over(&text(value));
        put.with("x-amz-content-sha256", value)
    };
    let payload = |value: &str| put(value).check().map(|claim| claim.payload);
    let hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert!(matches!(payload(hash), Ok(PayloadClaim::Hash(_))));
    Request { body: Some(EMPTY_SHA256), ..put(hash) }.holds();
    let other = Request { body: Some([0; 32]), ..put(hash) };
    assert_eq!(other.refused().0, "XAmzContentSHA256Mismatch");
    assert_eq!(payload("UNSIGNED-PAYLOAD"), Ok(PayloadClaim::Unsigned));
    let trailer = PayloadClaim::Chunked { signed: false, trailer: true };
    assert_eq!(payload("STREAMING-UNSIGNED-PAYLOAD-TRAILER"), Ok(trailer));
    // It may stand in the query, as headers of its kind do, but not in both.
    let mut moved = Request::new("PUT", BUCKET, &format!("/k?X-Amz-Content-Sha256={hash}"));
    moved = moved.presigned_over(&text(hash));
    Request { body: Some(EMPTY_SHA256), ..moved.clone() }.holds();
    let other = Request { body: Some([0; 32]), ..moved.clone() };
    assert_eq!(other.refused().0, "XAmzContentSHA256Mismatch");
    let twice = moved.with("x-amz-content-sha256", hash).check();
    let name = "x-amz-content-sha256";
    assert_eq!(twice, Err(SignatureError::RepeatedHeader { name }));
    // Signatures in chunks chain to one of version 4.
    let value = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD".to_owned();
    assert_eq!(payload(&value.clone()), Err(SignatureError::StreamingUnsupported { value }));
}

#[test]
fn what_would_have_been_signed_is_shown() {
    let answer = Request { method: "HEAD", ..get() }.check().unwrap_err().answer(Family::S3);
    let names: Vec<&str> = answer.fields.iter().map(|field| field.0).collect();
    assert_eq!(names, ["AWSAccessKeyId", "StringToSign", "SignatureProvided", "StringToSignBytes"]);
    let text = "HEAD\n\n\nTue, 27 Mar 2007 19:36:42 +0000\n/awsexamplebucket1/photos/puppy.jpg";
    assert_eq!(answer.fields[1].1, text);
    assert_eq!(answer.fields[2].1, "qgk2+6Sv9/oM7G3qLEjTH1a1l1g=");
}

proptest! {
    #[test]
    fn nothing_panics_and_nothing_holds(
        method in "[A-Z]{0,7}",
        path in "(/|%|%[0-9a-fA-F]{1,2}|\\PC){0,20}",
        query in "((AWSAccessKeyId|Expires|Signature|x-amz-[a-z%]{0,9}|acl|versionId)=?\
            [A-Za-z0-9%+/=;.-]{0,20}&?){0,8}",
        authorization in proptest::option::of("AWS? ?[A-Z]{0,4}:?[A-Za-z0-9+/=:]{0,30}"),
        date in "([A-Z][a-z]{2}, )?[0-9]{0,2} (Mar )?[0-9]{4} [0-9:]{0,8} ([+-][0-9]{0,4}|GMT)",
        bucket in proptest::option::of("\\PC{0,8}"),
        now in any::<i64>(),
    ) {
        let mut headers = HeaderMap::new();
        let authorization = authorization.map(|value| HeaderValue::try_from(value).unwrap());
        headers.extend(authorization.map(|value| (http::header::AUTHORIZATION, value)));
        headers.insert("date", HeaderValue::try_from(date).unwrap());
        let head = RequestHead { method: &method, path: &path, query: &query, headers: &headers };
        let error = match read(&head) {
            Ok(None) => return Ok(()),
            Err(error) => error,
            Ok(Some(claim)) => {
                {
                    let expected = Expectation { bucket: bucket.as_deref(), body: None };
                    verify(&claim, &head, SECRET, Timestamp::from_ms(now), &expected).unwrap_err()
                }
            }
        };
        for family in [Family::S3, Family::Query, Family::Json] {
            let answer = error.answer(family);
            prop_assert!((400..600).contains(&answer.status) && !answer.message.is_empty());
        }
    }
}
