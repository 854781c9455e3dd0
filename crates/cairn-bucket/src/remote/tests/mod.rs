//! Calls to a small S3 of our own, which answers, refuses, stalls and breaks off as it is told.

mod credentials;
mod faults;
mod reading;
mod store;
mod writing;

use bytes::Bytes;

use self::store::{Store, Trick};
use super::{Destination, RemoteBucket, RemoteBuckets};
use crate::testkit::writer;
use crate::{BucketError, Buckets, TrailObject};

const BUCKET: &str = "audit-trails";

/// A destination for a store.
fn destination(store: &Store) -> Destination {
    Destination {
        bucket: BUCKET.to_owned(),
        endpoint: Some(store.endpoint()),
        access_key: Some("AKIAIOSFODNN7EXAMPLE".to_owned()),
        secret: Some("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned()),
        allow_http: true,
        ..Destination::default()
    }
}

fn buckets(destination: Destination) -> RemoteBuckets {
    RemoteBuckets::new(vec![destination]).unwrap()
}

fn log_file() -> TrailObject {
    TrailObject {
        writer: writer(),
        bucket: BUCKET.to_owned(),
        key: "AWSLogs/111122223333/x.json.gz".to_owned(),
        body: Bytes::from_static(b"123456789"),
        metadata: vec![("signature".to_owned(), "0a1b".to_owned())],
        kms_key_arn: None,
    }
}
