//! Signed calls to another S3.
//!
//! What is used of `object_store` is its client, its signer and its ways to keys, and not its
//! store: that one cannot name a key that ends in a slash, as the marker of a trail does, cannot
//! bind an encryption context to one call, and hides what the other side answers.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use cairn_event::Region;
use http::{HeaderName, HeaderValue, Method, StatusCode};
use object_store::aws::AwsAuthorizer;
use object_store::client::{
    HttpClient, HttpConnector as _, HttpRequest, HttpResponse, ReqwestConnector,
};
use object_store::{Certificate, ClientOptions};

use super::address::Address;
use super::answer;
use super::credentials::Credentials;
use super::destination::{Destination, DestinationFault};
use crate::BucketError;

/// The region of stores that have none.
const REGION_DEFAULT: &str = "us-east-1";
/// How AWS tells where a bucket is.
const REGION_HEADER: &str = "x-amz-bucket-region";
const USER_AGENT: &str = concat!("cairn/", env!("CARGO_PKG_VERSION"));

/// One call.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub(super) method: Method,
    pub(super) bucket: &'a str,
    pub(super) key: Option<&'a str>,
    pub(super) query: &'a [(&'a str, &'a str)],
    pub(super) headers: Vec<(HeaderName, String)>,
    pub(super) body: Bytes,
}

/// A store that can be called.
#[derive(Debug)]
pub(super) struct Client {
    http: HttpClient,
    address: Address,
    credentials: Credentials,
    region: Option<Region>,
    /// The regions of buckets of AWS that were asked for.
    found: Mutex<BTreeMap<String, Region>>,
    timeout: Duration,
}

impl Client {
    pub(super) fn of(destination: &Destination) -> Result<Self, DestinationFault> {
        destination.check()?;
        let region = destination.region.as_deref().map(Region::parse).transpose();
        let region = region.map_err(|_| DestinationFault::Region {
            region: destination.region.clone().unwrap_or_default(),
        })?;
        let mut options = ClientOptions::new()
            .with_user_agent(HeaderValue::from_static(USER_AGENT))
            .with_allow_http(destination.allow_http)
            .with_connect_timeout(Duration::from_millis(destination.connect_timeout_ms))
            .with_timeout_disabled();
        if let Some(path) = &destination.ca_file {
            let unreadable = |source| DestinationFault::Certificates { path: path.clone(), source };
            let pem = std::fs::read(path).map_err(|error| unreadable(error.into()))?;
            let trusted = Certificate::from_pem_bundle(&pem);
            for certificate in trusted.map_err(|error| unreadable(error.into()))? {
                options = options.with_root_certificate(certificate);
            }
        }
        let http = ReqwestConnector::default().connect(&options);
        Ok(Self {
            http: http.map_err(|error| DestinationFault::Client {
                bucket: destination.bucket.clone(),
                source: error.into(),
            })?,
            address: Address::of(destination)?,
            credentials: Credentials::of(destination)?,
            region,
            found: Mutex::default(),
            timeout: Duration::from_millis(destination.request_timeout_ms),
        })
    }

    /// How long a call may take, and a download stand still.
    pub(super) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Does a call; whatever is not a success is an error.
    pub(super) async fn call(&self, call: Call<'_>) -> Result<HttpResponse, BucketError> {
        let bucket = call.bucket;
        let work = async {
            let region = self.region_of(bucket).await?;
            let response = self.send(&region, call).await?;
            if response.status().is_success() {
                return Ok(response);
            }
            Err(answer::error_of(bucket, response).await)
        };
        within(self.timeout, bucket, work).await
    }

    /// Where a bucket is, as the store says it.
    pub(super) async fn find(&self, bucket: &str) -> Result<Region, BucketError> {
        let signed_for = self.region.clone().map_or_else(default_region, Ok)?;
        let response = within(self.timeout, bucket, self.head(&signed_for, bucket)).await?;
        if let Some(region) = region_in(&response) {
            return Ok(region);
        }
        // Who may write need not be allowed to look: a refusal shows that there is a bucket.
        if response.status().is_success() || response.status() == StatusCode::FORBIDDEN {
            return Ok(signed_for);
        }
        Err(answer::error_of(bucket, response).await)
    }

    /// The region that calls for a bucket are signed for.
    async fn region_of(&self, bucket: &str) -> Result<Region, BucketError> {
        if let Some(region) = &self.region {
            return Ok(region.clone());
        }
        let unknown = default_region()?;
        if !self.address.is_aws() {
            return Ok(unknown);
        }
        let known = self.found.lock().unwrap_or_else(PoisonError::into_inner).get(bucket).cloned();
        if let Some(region) = known {
            return Ok(region);
        }
        let response = self.head(&unknown, bucket).await?;
        if response.status() == StatusCode::NOT_FOUND {
            return Err(BucketError::NoSuchBucket { bucket: bucket.to_owned() });
        }
        let Some(region) = region_in(&response) else { return Ok(unknown) };
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.insert(bucket.to_owned(), region.clone());
        Ok(region)
    }

    async fn head(&self, region: &Region, bucket: &str) -> Result<HttpResponse, BucketError> {
        let call = Call {
            method: Method::HEAD,
            bucket,
            key: None,
            query: &[],
            headers: Vec::new(),
            body: Bytes::new(),
        };
        self.send(region, call).await
    }

    async fn send(&self, region: &Region, call: Call<'_>) -> Result<HttpResponse, BucketError> {
        let refuse = |code: &str| BucketError::Refused {
            bucket: call.bucket.to_owned(),
            code: code.to_owned(),
        };
        let unreachable =
            |source| BucketError::Unreachable { bucket: call.bucket.to_owned(), source };
        let address = self.address.to(region, call.bucket, call.key, call.query);
        let address = address.ok_or_else(|| refuse("InvalidURI"))?;
        let mut request = HttpRequest::new(call.body.clone().into());
        *request.method_mut() = call.method.clone();
        *request.uri_mut() = address.parse().map_err(|_| refuse("InvalidURI"))?;
        for (name, value) in &call.headers {
            // The signer takes UTF-8 for granted.
            let value = HeaderValue::from_str(value).map_err(|_| refuse("InvalidArgument"))?;
            request.headers_mut().insert(name.clone(), value);
        }
        let keys = self.credentials.now().await.map_err(|fault| unreachable(fault.into()))?;
        AwsAuthorizer::new(&keys, "s3", region.as_str())
            .try_authorize(&mut request, None)
            .map_err(|error| unreachable(error.into()))?;
        self.http.execute(request).await.map_err(|error| unreachable(error.into()))
    }
}

/// Does something in the time that it may take.
pub(super) async fn within<T>(
    limit: Duration,
    bucket: &str,
    work: impl Future<Output = Result<T, BucketError>>,
) -> Result<T, BucketError> {
    match tokio::time::timeout(limit, work).await {
        Ok(done) => done,
        Err(elapsed) => {
            Err(BucketError::Unreachable { bucket: bucket.to_owned(), source: elapsed.into() })
        }
    }
}

fn default_region() -> Result<Region, BucketError> {
    Region::parse(REGION_DEFAULT)
        .map_err(|error| BucketError::Unreachable { bucket: String::new(), source: error.into() })
}

fn region_in(response: &HttpResponse) -> Option<Region> {
    Region::parse(response.headers().get(REGION_HEADER)?.to_str().ok()?).ok()
}
