//! What a signature was made for.

use std::borrow::Cow;

use super::index::index;
use crate::RequestHead;
use crate::model::ServiceHead;

/// The credential of a signature: who signed, when, and for what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialScope {
    /// The access key.
    pub access_key: String,
    /// `20261125`; empty for signatures of version 2.
    pub date: String,
    /// The region; `SigV4A` and version 2 have none.
    pub region: Option<String>,
    /// The signing name.
    pub service: String,
}

impl CredentialScope {
    /// Reads the credential from the `Authorization` header or from the query string.
    ///
    /// Nothing is verified here; text of another form gives `None`.
    pub fn read(head: &RequestHead<'_>) -> Option<Self> {
        if let Some(header) = head.header("authorization") {
            return Self::header(header);
        }
        if let Some(credential) = parameter(head, "X-Amz-Credential") {
            return Self::version_4(&credential);
        }
        parameter(head, "AWSAccessKeyId").map(|key| Self::version_2(&key))
    }

    /// Reads the credential of a browser upload from the fields of its form, by their names in lower
    /// case (documented: `x-amz-credential`, and `awsaccesskeyid` for signatures of version 2).
    pub fn of_form<'f>(field: impl Fn(&str) -> Option<&'f str>) -> Option<Self> {
        match field("x-amz-credential") {
            Some(credential) => Self::version_4(credential),
            None => field("awsaccesskeyid").map(Self::version_2),
        }
    }

    /// Whether the signature is of version 2, which has no scope; only S3 still has callers with
    /// it.
    pub(super) fn is_version_2(&self) -> bool {
        self.date.is_empty()
    }

    fn header(header: &str) -> Option<Self> {
        if let Some(pair) = header.strip_prefix("AWS ") {
            return pair.split_once(':').map(|(key, _)| Self::version_2(key));
        }
        let (_, parts) = header.trim().split_once(' ')?;
        let mut credential = None;
        for part in parts.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=')?;
            match name {
                "Credential" if credential.is_none() => credential = Some(value),
                "SignedHeaders" | "Signature" => {}
                // Readers that look for the word anywhere would find another one in it.
                _ => return None,
            }
        }
        Self::version_4(credential?.split(' ').next()?)
    }

    /// `KEY/20261125/eu-west-1/s3/aws4_request`; `SigV4A` leaves the region out. Keys may hold
    /// slashes.
    fn version_4(credential: &str) -> Option<Self> {
        let mut parts = credential.rsplit('/');
        if parts.next()? != "aws4_request" {
            return None;
        }
        let service = parts.next()?.to_owned();
        let last = parts.next()?;
        let is_date = last.len() == 8 && last.bytes().all(|byte| byte.is_ascii_digit());
        let (region, date) =
            if is_date { (None, last) } else { (Some(last.to_owned()), parts.next()?) };
        let mut key: Vec<_> = parts.collect();
        key.reverse();
        Some(Self { access_key: key.join("/"), date: date.to_owned(), region, service })
    }

    fn version_2(key: &str) -> Self {
        Self {
            access_key: key.to_owned(),
            date: String::new(),
            region: None,
            service: "s3".to_owned(),
        }
    }
}

/// Whether a signature of this scope can be for a service with this signing name. Some services are
/// signed for under several names.
pub fn is_signed_for(signing_name: &str, scope: &str) -> bool {
    signing_name == scope || services(scope).iter().any(|head| head.signing_name == signing_name)
}

/// The region that a signature without one in its scope is good for, if it is one region.
pub(super) fn region_set(head: &RequestHead<'_>) -> Option<String> {
    let set = head.header("x-amz-region-set").map(Cow::Borrowed);
    let set = set.or_else(|| parameter(head, "X-Amz-Region-Set"))?;
    (!set.is_empty() && !set.contains([',', '*'])).then(|| set.into_owned())
}

/// A parameter of the query string, decoded.
fn parameter<'a>(head: &RequestHead<'a>, name: &str) -> Option<Cow<'a, str>> {
    let decoded = |text: &'a str| percent_encoding::percent_decode_str(text);
    let mut pairs = head.query.split('&').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(key, _)| decoded(key).eq(name.bytes()))?;
    decoded(value).decode_utf8().ok()
}

/// The services that a signature of this scope can be for.
///
/// evidence: documented (S3 Express, Object Lambda, Outposts, the gateway of devices).
pub(super) fn services(scope: &str) -> Vec<&'static ServiceHead> {
    let index = index();
    let (own, others) = match scope {
        "s3express" | "s3-object-lambda" => ("s3", None),
        "s3-outposts" => ("s3-outposts", Some("s3")),
        "iotdevicegateway" => ("iotdata", None),
        other => (other, None),
    };
    let others = others.map(|other| index.signed_for(other)).unwrap_or_default();
    index.signed_for(own).iter().chain(others).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_names_one_signer_or_none() {
        let scope = "20261125/us-east-1/iam/aws4_request";
        let read = |text: &str| CredentialScope::header(text).map(|found| found.access_key);
        let plain =
            format!("AWS4-HMAC-SHA256 Credential=A/{scope}, SignedHeaders=host,Signature=0");
        assert_eq!(read(&plain).as_deref(), Some("A"));
        let apart =
            format!("AWS4-HMAC-SHA256 SignedHeaders=host, Credential=A/{scope} Signature=0");
        assert_eq!(read(&apart).as_deref(), Some("A"));
        for hidden in ["XCredential=B", "Credential=B", "x=Credential=B", "SignedHeaders"] {
            let text =
                format!("AWS4-HMAC-SHA256 {hidden}/{scope}, Credential=A/{scope}, Signature=0");
            assert_eq!(read(&text), None, "{hidden}");
        }
    }

    #[test]
    fn a_form_names_its_signer_in_either_version() {
        let read = |fields: &[(&str, &'static str)]| {
            let fields = fields.to_vec();
            CredentialScope::of_form(|name| {
                fields.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
            })
        };
        let new =
            read(&[("x-amz-credential", "AKIA1/20261125/eu-west-1/s3/aws4_request")]).unwrap();
        assert_eq!((new.access_key.as_str(), new.region.as_deref()), ("AKIA1", Some("eu-west-1")));
        let old = read(&[("awsaccesskeyid", "AKIA2")]).unwrap();
        assert_eq!((old.access_key.as_str(), old.service.as_str()), ("AKIA2", "s3"));
        assert_eq!(read(&[("x-amz-credential", "AKIA1/aws4_request")]), None);
        assert_eq!(read(&[("key", "stone")]), None);
    }
}
