//! What a new bucket of AWS answers to questions about settings that cannot be changed here. Tools
//! ask all of them before they touch a bucket (Terraform asks each), so a refusal would stop them
//! (documented).

use s3s::dto;

use super::call::Call;
use super::error::S3Fault;
use super::name;

/// Answers for a setting that a new bucket does not have.
macro_rules! absent {
    ($( $handler:ident($input:ident) -> $output:ident = $code:literal, $text:literal; )*) => {
        $(
            pub(super) async fn $handler(
                call: &Call,
                input: dto::$input,
            ) -> Result<dto::$output, S3Fault> {
                call.bucket(&input.bucket).await?;
                Err(S3Fault::NotConfigured { code: $code, text: $text })
            }
        )*
    };
}

/// Answers for a setting that is empty in a new bucket.
macro_rules! empty {
    ($( $handler:ident($input:ident) -> $output:ident; )*) => {
        $(
            pub(super) async fn $handler(
                call: &Call,
                input: dto::$input,
            ) -> Result<dto::$output, S3Fault> {
                call.bucket(&input.bucket).await?;
                Ok(dto::$output::default())
            }
        )*
    };
}

absent! {
    cors(GetBucketCorsInput) -> GetBucketCorsOutput
        = "NoSuchCORSConfiguration", "The CORS configuration does not exist";
    replication(GetBucketReplicationInput) -> GetBucketReplicationOutput
        = "ReplicationConfigurationNotFoundError", "The replication configuration was not found";
    website(GetBucketWebsiteInput) -> GetBucketWebsiteOutput
        = "NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration";
    object_lock(GetObjectLockConfigurationInput) -> GetObjectLockConfigurationOutput
        = "ObjectLockConfigurationNotFoundError",
          "Object Lock configuration does not exist for this bucket";
}

empty! {
    accelerate(GetBucketAccelerateConfigurationInput) -> GetBucketAccelerateConfigurationOutput;
    logging(GetBucketLoggingInput) -> GetBucketLoggingOutput;
    notification(GetBucketNotificationConfigurationInput) -> GetBucketNotificationConfigurationOutput;
}

pub(super) async fn request_payment(
    call: &Call,
    input: dto::GetBucketRequestPaymentInput,
) -> Result<dto::GetBucketRequestPaymentOutput, S3Fault> {
    call.bucket(&input.bucket).await?;
    let payer = dto::Payer::from_static(dto::Payer::BUCKET_OWNER);
    Ok(dto::GetBucketRequestPaymentOutput { payer: Some(payer) })
}

pub(super) async fn bucket_acl(
    call: &Call,
    input: dto::GetBucketAclInput,
) -> Result<dto::GetBucketAclOutput, S3Fault> {
    call.bucket(&input.bucket).await?;
    let (owner, grants) = owners_acl(call);
    Ok(dto::GetBucketAclOutput { grants: Some(grants), owner: Some(owner) })
}

pub(super) async fn object_acl(
    call: &Call,
    input: dto::GetObjectAclInput,
) -> Result<dto::GetObjectAclOutput, S3Fault> {
    call.object(&input.bucket, &input.key, input.version_id.as_deref()).await?;
    let (owner, grants) = owners_acl(call);
    Ok(dto::GetObjectAclOutput { grants: Some(grants), owner: Some(owner), request_charged: None })
}

/// The owner, who may do everything.
fn owners_acl(call: &Call) -> (dto::Owner, Vec<dto::Grant>) {
    let id = Some(name::canonical_user(&call.ctx().account));
    let grantee = dto::Grantee {
        display_name: None,
        email_address: None,
        id: id.clone(),
        type_: dto::Type::from_static(dto::Type::CANONICAL_USER),
        uri: None,
    };
    let permission = Some(dto::Permission::from_static(dto::Permission::FULL_CONTROL));
    let grant = dto::Grant { grantee: Some(grantee), permission };
    (dto::Owner { display_name: None, id }, vec![grant])
}

pub(super) async fn put_object_acl(
    call: &Call,
    input: dto::PutObjectAclInput,
) -> Result<dto::PutObjectAclOutput, S3Fault> {
    call.object(&input.bucket, &input.key, input.version_id.as_deref()).await?;
    one_kind_of_acl(call)?;
    Err(S3Fault::AclNotSupported)
}

/// Log files of the bucket's own use are not written: there is nothing to turn off, and what is to
/// be turned on is refused.
pub(super) async fn put_logging(
    call: &Call,
    input: dto::PutBucketLoggingInput,
) -> Result<dto::PutBucketLoggingOutput, S3Fault> {
    call.bucket(&input.bucket).await?;
    match input.bucket_logging_status.logging_enabled {
        None => Ok(dto::PutBucketLoggingOutput {}),
        Some(_) => Err(S3Fault::NotImplemented),
    }
}

/// Refuses an ACL that is said twice, by its name and by its grants.
///
/// evidence: observed (the text, as other servers have it), assumed (that it comes first).
pub(super) fn one_kind_of_acl(call: &Call) -> Result<(), S3Fault> {
    let has_grants = call.headers.keys().any(|name| name.as_str().starts_with("x-amz-grant-"));
    if has_grants && call.header("x-amz-acl").is_some() {
        let why = "Specifying both Canned ACLs and Header Grants is not allowed";
        return Err(S3Fault::InvalidRequest { why });
    }
    Ok(())
}

/// Refuses an ACL that would give somebody else access to an object: ACLs are off. What says no
/// more than that the bucket's owner has control may come (documented).
pub(super) fn only_owners_acl(call: &Call) -> Result<(), S3Fault> {
    one_kind_of_acl(call)?;
    let grants = ["x-amz-grant-read", "x-amz-grant-read-acp", "x-amz-grant-write-acp"];
    let canned = call.header("x-amz-acl").unwrap_or("private");
    let has_grants = grants.iter().any(|grant| call.headers.contains_key(*grant));
    let owner = name::canonical_user(&call.ctx().account);
    let is_owner = |grantee: &str| {
        let id = grantee.trim().strip_prefix("id=");
        id.is_some_and(|id| id.trim_matches('"') == owner)
    };
    let mut full = call.headers.get_all("x-amz-grant-full-control").iter();
    let is_owners = full.all(|line| line.to_str().is_ok_and(|line| line.split(',').all(is_owner)));
    if matches!(canned, "private" | "bucket-owner-full-control") && !has_grants && is_owners {
        return Ok(());
    }
    Err(S3Fault::AclNotSupported)
}
