//! A bucket of any S3, a Cairn server's among them.

use std::io::{self, Read};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use cairn_bucket::{BucketError, Destination, RemoteBucket, RemoteObject};
use tokio::runtime::Runtime;

use super::{Admit, Bucket, Listed, Metadata, OBJECT_BYTES_MAX, Object, ReadError, Show};

/// Reads that are under way at once: each waits for its answer most of the time.
const READS_AT_ONCE: usize = 16;
/// How often a call is made that fails for a passing reason.
const ATTEMPTS_MAX: u32 = 4;
/// The pause before the second attempt; it doubles.
const PAUSE: Duration = Duration::from_millis(200);

/// A bucket of any S3.
#[derive(Debug)]
pub(crate) struct S3Bucket {
    bucket: RemoteBucket,
    destination: Destination,
    runtime: Arc<Runtime>,
}

impl S3Bucket {
    /// A bucket, which nobody asks anything yet.
    pub(crate) fn open(destination: Destination) -> anyhow::Result<Self> {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = Arc::new(runtime.worker_threads(1).enable_all().build()?);
        Ok(Self { bucket: RemoteBucket::open(&destination)?, destination, runtime })
    }

    /// Makes a call, again if it fails for a passing reason.
    fn call<T>(
        &self,
        mut call: impl AsyncFnMut(&RemoteBucket) -> Result<T, BucketError>,
    ) -> Result<T, ReadError> {
        let mut attempt = 1;
        loop {
            let error = match self.runtime.block_on(call(&self.bucket)) {
                Ok(answer) => return Ok(answer),
                Err(BucketError::TooLarge { .. }) => return Err(ReadError::TooLarge),
                Err(error) => error,
            };
            if attempt == ATTEMPTS_MAX || !is_passing(&error) {
                return Err(told(error));
            }
            thread::sleep(PAUSE * 2_u32.pow(attempt - 1));
            attempt += 1;
        }
    }
}

/// An object on its way.
struct Download {
    object: RemoteObject,
    chunk: Bytes,
    runtime: Arc<Runtime>,
}

impl Read for Download {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.chunk.is_empty() {
            match self.runtime.block_on(self.object.chunk()).map_err(io::Error::other)? {
                Some(chunk) => self.chunk = chunk,
                None => return Ok(0),
            }
        }
        let count = buffer.len().min(self.chunk.len());
        buffer[..count].copy_from_slice(&self.chunk.split_to(count));
        Ok(count)
    }
}

fn told(error: BucketError) -> ReadError {
    if error.is_without_role() { ReadError::Unnamed } else { ReadError::Failed(error.into()) }
}

/// Whoever has named no server may not know that AWS was asked.
fn at_aws(error: ReadError) -> ReadError {
    const AT_AWS: &str =
        "AWS was asked, as neither --endpoint-url nor AWS_ENDPOINT_URL names a server";
    match error {
        ReadError::Failed(error) => ReadError::Failed(error.context(AT_AWS)),
        other => other,
    }
}

fn is_passing(error: &BucketError) -> bool {
    match error {
        BucketError::Unreachable { .. } => true,
        BucketError::Refused { code, .. } => {
            matches!(
                &**code,
                "SlowDown" | "InternalError" | "ServiceUnavailable" | "RequestTimeout"
            )
        }
        _ => false,
    }
}

impl Bucket for S3Bucket {
    fn name(&self) -> Option<&str> {
        Some(self.bucket.name())
    }

    fn keeps_metadata(&self) -> bool {
        true
    }

    fn tells_time(&self) -> bool {
        true
    }

    fn reads_at_once(&self) -> usize {
        READS_AT_ONCE
    }

    fn list(&self, prefix: &str, show: &mut Show<'_>) -> Result<(), ReadError> {
        let mut after: Option<String> = None;
        loop {
            let page = self.call(async |bucket| bucket.list(prefix, after.as_deref()).await);
            let is_at_aws = self.destination.endpoint.is_none();
            let page = page.map_err(|error| if is_at_aws { at_aws(error) } else { error })?;
            let Some(last) = page.objects.last().map(|object| object.key.clone()) else {
                return Ok(());
            };
            for object in page.objects {
                let cairn_bucket::Listed { key, bytes, modified } = object;
                if show(Listed { key, bytes, modified }) == ControlFlow::Break(()) {
                    return Ok(());
                }
            }
            if !page.more {
                return Ok(());
            }
            after = Some(last);
        }
    }

    fn read_after(&self, key: &str, admit: &mut Admit<'_>) -> Result<Object, ReadError> {
        let found = self.call(async |bucket| {
            let Some(object) = bucket.get(key).await? else { return Ok(None) };
            let pairs = object.metadata.iter();
            let metadata = Metadata::of(pairs.map(|(name, value)| (name.as_str(), value.as_str())));
            // One that does not say its length may have any that is read.
            let bytes_max = OBJECT_BYTES_MAX as u64;
            admit(object.bytes.unwrap_or(bytes_max).min(bytes_max));
            let content = object.read(OBJECT_BYTES_MAX).await?;
            Ok(Some(Object { content: content.into(), metadata }))
        })?;
        found.ok_or(ReadError::Missing)
    }

    fn stream(&self, key: &str) -> Result<Box<dyn Read + Send>, ReadError> {
        let found = self.call(async |bucket| bucket.get(key).await)?;
        let object = found.ok_or(ReadError::Missing)?;
        let runtime = Arc::clone(&self.runtime);
        Ok(Box::new(Download { object, chunk: Bytes::new(), runtime }))
    }

    fn sibling(&self, name: &str) -> Option<Arc<dyn Bucket>> {
        let destination = Destination { bucket: name.to_owned(), ..self.destination.clone() };
        let bucket = RemoteBucket::open(&destination).ok()?;
        Some(Arc::new(Self { bucket, destination, runtime: Arc::clone(&self.runtime) }))
    }
}

#[cfg(test)]
mod tests {
    use cairn_bucket::BucketError;

    use super::{at_aws, told};

    #[test]
    fn a_bucket_that_was_looked_for_at_aws_says_so() {
        let missing = told(BucketError::NoSuchBucket { bucket: "audit".to_owned() });
        assert_eq!(
            at_aws(missing).to_string(),
            "cannot be read: AWS was asked, as neither --endpoint-url nor AWS_ENDPOINT_URL names a \
             server: there is no bucket audit"
        );
    }
}
