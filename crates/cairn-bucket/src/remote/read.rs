//! Reading a bucket of another S3.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use http::{HeaderMap, Method, header};
use object_store::client::HttpError;

use super::client::{Call, Client, within};
use super::destination::{Destination, DestinationFault};
use super::listing::{self, Page};
use crate::BucketError;

/// The longest listing that is read; a thousand keys of the greatest length fit twice.
const LISTING_BYTES_MAX: usize = 16 << 20;

/// One bucket of another S3, to be read.
#[derive(Debug)]
pub struct RemoteBucket {
    name: Arc<str>,
    client: Client,
}

impl RemoteBucket {
    /// The bucket that a destination names. Nothing is asked of it yet.
    pub fn open(destination: &Destination) -> Result<Self, DestinationFault> {
        if destination.is_for_any() {
            return Err(DestinationFault::Bucket { bucket: destination.bucket.clone() });
        }
        Ok(Self { name: destination.bucket.as_str().into(), client: Client::of(destination)? })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A page of up to 1,000 objects whose keys begin so, in byte order of their keys, those after
    /// `after`. The next page is after the last key of this one.
    pub async fn list(&self, prefix: &str, after: Option<&str>) -> Result<Page, BucketError> {
        let mut query = vec![("encoding-type", "url"), ("list-type", "2"), ("prefix", prefix)];
        if let Some(after) = after {
            query.push(("start-after", after));
        }
        let answer = self.client.call(self.reading(None, &query)).await?;
        let body = answer.into_body().bytes_stream();
        let mut object = self.object(&HeaderMap::new(), body);
        let document = object.gather(LISTING_BYTES_MAX).await?;
        let broken = |source| BucketError::Unreadable { bucket: self.name.to_string(), source };
        let document = std::str::from_utf8(&document).map_err(|error| broken(error.into()))?;
        let page = listing::parse(document).map_err(|fault| broken(fault.into()))?;
        // A store that does not go on would be asked for ever.
        let goes_on = page.objects.first().is_none_or(|first| Some(first.key.as_str()) > after);
        let fault = listing::ListingFault::Order;
        if goes_on { Ok(page) } else { Err(broken(fault.into())) }
    }

    /// Opens an object; `None` if there is none of this key.
    pub async fn get(&self, key: &str) -> Result<Option<RemoteObject>, BucketError> {
        let answer = match self.client.call(self.reading(Some(key), &[])).await {
            Err(BucketError::Refused { code, .. }) if code == "NoSuchKey" => return Ok(None),
            other => other?,
        };
        let (head, body) = answer.into_parts();
        Ok(Some(self.object(&head.headers, body.bytes_stream())))
    }

    fn reading<'a>(&'a self, key: Option<&'a str>, query: &'a [(&'a str, &'a str)]) -> Call<'a> {
        Call {
            method: Method::GET,
            bucket: &self.name,
            key,
            query,
            headers: Vec::new(),
            body: Bytes::new(),
        }
    }

    fn object(&self, headers: &HeaderMap, body: Body) -> RemoteObject {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let metadata = headers.iter().filter_map(|(name, value)| {
            let name = name.as_str().strip_prefix("x-amz-meta-")?;
            Some((name.to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        });
        RemoteObject {
            metadata: metadata.collect(),
            bytes: text(header::CONTENT_LENGTH).and_then(|text| text.parse().ok()),
            bucket: Arc::clone(&self.name),
            timeout: self.client.timeout(),
            body,
        }
    }
}

type Body = BoxStream<'static, Result<Bytes, HttpError>>;

/// An object of another S3, on its way.
pub struct RemoteObject {
    /// User metadata; names in lower case, without `x-amz-meta-`.
    pub metadata: Vec<(String, String)>,
    /// Its length, if the store says it.
    pub bytes: Option<u64>,
    bucket: Arc<str>,
    timeout: Duration,
    body: Body,
}

impl std::fmt::Debug for RemoteObject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RemoteObject")
            .field("metadata", &self.metadata)
            .field("bytes", &self.bytes)
            .finish_non_exhaustive()
    }
}

impl RemoteObject {
    /// The next bytes; `None` at the end. A download that breaks off, or stands still for longer
    /// than a call may take, is an error.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, BucketError> {
        let bucket = &self.bucket;
        let next = async {
            let broken = |error: HttpError| BucketError::Unreachable {
                bucket: bucket.to_string(),
                source: error.into(),
            };
            self.body.next().await.transpose().map_err(broken)
        };
        within(self.timeout, bucket, next).await
    }

    /// All of it; `TooLarge` if it is longer than that.
    pub async fn read(mut self, bytes_max: usize) -> Result<Bytes, BucketError> {
        self.gather(bytes_max).await
    }

    async fn gather(&mut self, bytes_max: usize) -> Result<Bytes, BucketError> {
        let too_large = || BucketError::TooLarge { bytes_max };
        let announced =
            self.bytes.and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or_default();
        if announced > bytes_max {
            return Err(too_large());
        }
        let mut whole = Vec::with_capacity(announced);
        while let Some(chunk) = self.chunk().await? {
            if chunk.len() > bytes_max - whole.len() {
                return Err(too_large());
            }
            whole.extend_from_slice(&chunk);
        }
        Ok(whole.into())
    }
}
