//! S3: the bucket first, then the object or the prefix of a listing (observed).

use cairn_wire::model::Operation;

use super::Resource;
use crate::recorder::Call;

const BUCKET: &str = "AWS::S3::Bucket";
const OBJECT: &str = "AWS::S3::Object";

/// Calls that touch many objects of a bucket.
const LISTINGS: [&str; 5] =
    ["ListObjects", "ListObjectsV2", "ListObjectVersions", "ListMultipartUploads", "DeleteObjects"];

/// Calls that read another object.
const COPIES: [&str; 2] = ["CopyObject", "UploadPartCopy"];

/// What stands for the owner of somebody else's bucket.
const HIDDEN: &str = "HIDDEN_DUE_TO_SECURITY_REASONS";

pub(super) fn resources(call: &Call<'_>, operation: Operation<'static>) -> Vec<Resource> {
    let name = operation.name();
    let Some(names) = call.s3 else { return Vec::new() };
    // Observed: the bucket that is made is no resource yet.
    let Some(bucket) = names.bucket.filter(|_| name != "CreateBucket") else { return Vec::new() };
    let owner = match names.owner {
        Some(owner) if owner != call.account => HIDDEN,
        _ => call.account.as_str(),
    };
    let mut found = vec![Resource {
        account: Some(owner.to_owned()),
        kind: Some(BUCKET),
        arn: Some(format!("arn:aws:s3:::{bucket}")),
        arn_prefix: None,
    }];
    if let Some(key) = names.key {
        found.push(object(format!("arn:aws:s3:::{bucket}/{key}")));
    } else if LISTINGS.contains(&name) {
        let arn_prefix = Some(format!("arn:aws:s3:::{bucket}/"));
        found.push(Resource { kind: Some(OBJECT), arn_prefix, ..Resource::default() });
    }
    // Others get the header, too, and do not read it.
    if COPIES.contains(&name)
        && let Some(source) = copy_source(call)
    {
        found.push(object(format!("arn:aws:s3:::{source}")));
    }
    found
}

fn object(arn: String) -> Resource {
    Resource { kind: Some(OBJECT), arn: Some(arn), ..Resource::default() }
}

/// `bucket/key` of the object that is copied, without its version.
fn copy_source(call: &Call<'_>) -> Option<String> {
    let header = call.head.headers.get("x-amz-copy-source")?.to_str().ok()?;
    let path = header.split('?').next().unwrap_or_default();
    let source = percent_encoding::percent_decode_str(path).decode_utf8_lossy();
    Some(source.strip_prefix('/').unwrap_or(&source).to_owned())
}
