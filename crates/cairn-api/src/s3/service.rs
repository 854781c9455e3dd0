//! The list of S3's operations that are served, as the codec calls them. What is not here answers
//! `NotImplemented`.

use async_trait::async_trait;
use s3s::{S3Request, S3Response, S3Result, dto};

use super::answer;
use super::call::Call;
use super::error::S3Fault;
use super::{
    buckets, default_encryption, defaults, lifecycle, list, object, ownership, settings, upload,
};

/// What the codec calls.
#[derive(Debug)]
pub(super) struct Service;

macro_rules! operations {
    ($( $method:ident($input:ident) -> $output:ident = $handler:path; )*) => {
        /// What is served, by the names of the inputs.
        const INPUTS: &[&str] = &[$(stringify!($input)),*];

        #[async_trait]
        impl s3s::S3 for Service {
            $(
                async fn $method(
                    &self,
                    request: S3Request<dto::$input>,
                ) -> S3Result<S3Response<dto::$output>> {
                    let (call, input) = arrive(request).map_err(refuse)?;
                    let done = match call.admit(operation_of(stringify!($input))) {
                        Ok(()) => $handler(&call, input).await,
                        Err(fault) => Err(fault),
                    };
                    let output = done.map_err(|fault| {
                        call.note_refused(&fault);
                        refuse(fault)
                    })?;
                    Ok(S3Response::with_headers(output, call.take_answer_headers()))
                }
            )*
        }
    };
}

/// Whether an operation is served.
pub(super) fn serves(operation: &str) -> bool {
    INPUTS.iter().any(|input| operation_of(input) == operation)
}

/// An input is named after its operation, in the codec as in the model.
fn operation_of(input: &str) -> &str {
    input.strip_suffix("Input").unwrap_or(input)
}

fn arrive<I>(mut request: S3Request<I>) -> Result<(Call, I), S3Fault> {
    Ok((Call::of(request.headers, &mut request.extensions)?, request.input))
}

fn refuse(fault: S3Fault) -> s3s::S3Error {
    answer::log(&fault);
    fault.into()
}

operations! {
    list_buckets(ListBucketsInput) -> ListBucketsOutput = buckets::list;
    create_bucket(CreateBucketInput) -> CreateBucketOutput = buckets::create;
    head_bucket(HeadBucketInput) -> HeadBucketOutput = buckets::head;
    delete_bucket(DeleteBucketInput) -> DeleteBucketOutput = buckets::delete;
    get_bucket_location(GetBucketLocationInput) -> GetBucketLocationOutput = buckets::location;

    get_bucket_versioning(GetBucketVersioningInput) -> GetBucketVersioningOutput = settings::versioning;
    put_bucket_versioning(PutBucketVersioningInput) -> PutBucketVersioningOutput = settings::put_versioning;
    get_bucket_tagging(GetBucketTaggingInput) -> GetBucketTaggingOutput = settings::tagging;
    put_bucket_tagging(PutBucketTaggingInput) -> PutBucketTaggingOutput = settings::put_tagging;
    delete_bucket_tagging(DeleteBucketTaggingInput) -> DeleteBucketTaggingOutput = settings::delete_tagging;
    get_bucket_policy(GetBucketPolicyInput) -> GetBucketPolicyOutput = settings::policy;
    get_bucket_policy_status(GetBucketPolicyStatusInput) -> GetBucketPolicyStatusOutput
        = settings::policy_status;
    put_bucket_policy(PutBucketPolicyInput) -> PutBucketPolicyOutput = settings::put_policy;
    delete_bucket_policy(DeleteBucketPolicyInput) -> DeleteBucketPolicyOutput = settings::delete_policy;
    get_public_access_block(GetPublicAccessBlockInput) -> GetPublicAccessBlockOutput
        = settings::public_access;
    put_public_access_block(PutPublicAccessBlockInput) -> PutPublicAccessBlockOutput
        = settings::put_public_access;
    delete_public_access_block(DeletePublicAccessBlockInput) -> DeletePublicAccessBlockOutput
        = settings::delete_public_access;
    get_bucket_encryption(GetBucketEncryptionInput) -> GetBucketEncryptionOutput = default_encryption::get;
    put_bucket_encryption(PutBucketEncryptionInput) -> PutBucketEncryptionOutput = default_encryption::put;
    delete_bucket_encryption(DeleteBucketEncryptionInput) -> DeleteBucketEncryptionOutput
        = default_encryption::delete;
    get_bucket_lifecycle_configuration(GetBucketLifecycleConfigurationInput)
        -> GetBucketLifecycleConfigurationOutput = lifecycle::get;
    put_bucket_lifecycle_configuration(PutBucketLifecycleConfigurationInput)
        -> PutBucketLifecycleConfigurationOutput = lifecycle::put;
    delete_bucket_lifecycle(DeleteBucketLifecycleInput) -> DeleteBucketLifecycleOutput = lifecycle::delete;
    get_bucket_ownership_controls(GetBucketOwnershipControlsInput) -> GetBucketOwnershipControlsOutput
        = ownership::get;
    put_bucket_ownership_controls(PutBucketOwnershipControlsInput) -> PutBucketOwnershipControlsOutput
        = ownership::put;
    delete_bucket_ownership_controls(DeleteBucketOwnershipControlsInput)
        -> DeleteBucketOwnershipControlsOutput = ownership::delete;

    get_bucket_acl(GetBucketAclInput) -> GetBucketAclOutput = defaults::bucket_acl;
    put_bucket_acl(PutBucketAclInput) -> PutBucketAclOutput = ownership::put_bucket_acl;
    get_object_acl(GetObjectAclInput) -> GetObjectAclOutput = defaults::object_acl;
    put_object_acl(PutObjectAclInput) -> PutObjectAclOutput = defaults::put_object_acl;
    get_bucket_request_payment(GetBucketRequestPaymentInput) -> GetBucketRequestPaymentOutput
        = defaults::request_payment;
    get_bucket_accelerate_configuration(GetBucketAccelerateConfigurationInput)
        -> GetBucketAccelerateConfigurationOutput = defaults::accelerate;
    get_bucket_logging(GetBucketLoggingInput) -> GetBucketLoggingOutput = defaults::logging;
    put_bucket_logging(PutBucketLoggingInput) -> PutBucketLoggingOutput = defaults::put_logging;
    get_bucket_notification_configuration(GetBucketNotificationConfigurationInput)
        -> GetBucketNotificationConfigurationOutput = defaults::notification;
    get_bucket_cors(GetBucketCorsInput) -> GetBucketCorsOutput = defaults::cors;
    get_bucket_replication(GetBucketReplicationInput) -> GetBucketReplicationOutput = defaults::replication;
    get_bucket_website(GetBucketWebsiteInput) -> GetBucketWebsiteOutput = defaults::website;
    get_object_lock_configuration(GetObjectLockConfigurationInput) -> GetObjectLockConfigurationOutput
        = defaults::object_lock;

    list_objects(ListObjectsInput) -> ListObjectsOutput = list::v1::list;
    list_objects_v2(ListObjectsV2Input) -> ListObjectsV2Output = list::v2::list;
    list_object_versions(ListObjectVersionsInput) -> ListObjectVersionsOutput = list::versions::list;

    put_object(PutObjectInput) -> PutObjectOutput = object::put::put;
    get_object(GetObjectInput) -> GetObjectOutput = object::get::get;
    head_object(HeadObjectInput) -> HeadObjectOutput = object::get::head;
    get_object_attributes(GetObjectAttributesInput) -> GetObjectAttributesOutput = object::attributes::get;
    delete_object(DeleteObjectInput) -> DeleteObjectOutput = object::delete::one;
    delete_objects(DeleteObjectsInput) -> DeleteObjectsOutput = object::delete::many;
    copy_object(CopyObjectInput) -> CopyObjectOutput = object::copy::copy;
    get_object_tagging(GetObjectTaggingInput) -> GetObjectTaggingOutput = object::tagging::get;
    put_object_tagging(PutObjectTaggingInput) -> PutObjectTaggingOutput = object::tagging::put;
    delete_object_tagging(DeleteObjectTaggingInput) -> DeleteObjectTaggingOutput = object::tagging::delete;

    create_multipart_upload(CreateMultipartUploadInput) -> CreateMultipartUploadOutput
        = upload::create::create;
    upload_part(UploadPartInput) -> UploadPartOutput = upload::part::put;
    upload_part_copy(UploadPartCopyInput) -> UploadPartCopyOutput = upload::part::copy;
    complete_multipart_upload(CompleteMultipartUploadInput) -> CompleteMultipartUploadOutput
        = upload::complete::complete;
    abort_multipart_upload(AbortMultipartUploadInput) -> AbortMultipartUploadOutput = upload::abort::abort;
    list_parts(ListPartsInput) -> ListPartsOutput = upload::list::parts;
    list_multipart_uploads(ListMultipartUploadsInput) -> ListMultipartUploadsOutput = upload::list::uploads;
}
