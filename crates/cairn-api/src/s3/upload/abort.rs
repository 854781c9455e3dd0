//! `AbortMultipartUpload`: forgets an upload and its parts. A part that is still being uploaded is
//! refused when it ends.

use s3s::dto;

use super::super::call::Call;
use super::super::error::S3Fault;
use super::complete::forget;
use super::state::Upload;

pub(crate) async fn abort(
    call: &Call,
    input: dto::AbortMultipartUploadInput,
) -> Result<dto::AbortMultipartUploadOutput, S3Fault> {
    let upload = Upload::find(call, &input.bucket, &input.key, &input.upload_id).await?;
    forget(call, &upload).await?;
    Ok(dto::AbortMultipartUploadOutput::default())
}
