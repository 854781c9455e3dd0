//! What another S3 answers when it does not do what it was asked for.

use futures_util::StreamExt as _;
use http::StatusCode;
use object_store::client::HttpResponse;

use crate::BucketError;

/// How much of an error's document is read.
const DOCUMENT_BYTES_MAX: usize = 64 << 10;
/// The longest code that is taken for one.
const CODE_BYTES_MAX: usize = 64;

/// The error that an answer is.
pub(super) async fn error_of(bucket: &str, response: HttpResponse) -> BucketError {
    let status = response.status();
    let mut text = Vec::new();
    let mut body = response.into_body().bytes_stream();
    // What breaks off still has its status.
    while let Some(Ok(chunk)) = body.next().await {
        let room = DOCUMENT_BYTES_MAX - text.len();
        text.extend(chunk.iter().copied().take(room));
        if text.len() == DOCUMENT_BYTES_MAX {
            break;
        }
    }
    from(bucket, status, &String::from_utf8_lossy(&text))
}

fn from(bucket: &str, status: StatusCode, document: &str) -> BucketError {
    let bucket = bucket.to_owned();
    match code_in(document).unwrap_or_else(|| code_of(status)) {
        code if code == "NoSuchBucket" => BucketError::NoSuchBucket { bucket },
        code if code == "AccessDenied" => BucketError::AccessDenied { bucket },
        // documented: errors of the key service come through S3 with its name before them.
        code if code.starts_with("KMS.") => BucketError::Key { code },
        code => BucketError::Refused { bucket, code },
    }
}

/// The code in an error's document.
fn code_in(document: &str) -> Option<String> {
    let (_, rest) = document.split_once("<Code>")?;
    let (code, _) = rest.split_once("</Code>")?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let fits = (1..=CODE_BYTES_MAX).contains(&code.len()) && code.bytes().all(plain);
    fits.then(|| code.to_owned())
}

/// The code that S3 has for a status (documented), for answers without a document.
fn code_of(status: StatusCode) -> String {
    match status.as_u16() {
        301 => "PermanentRedirect".to_owned(),
        307 => "TemporaryRedirect".to_owned(),
        400 => "BadRequest".to_owned(),
        401 | 403 => "AccessDenied".to_owned(),
        404 => "NoSuchBucket".to_owned(),
        405 => "MethodNotAllowed".to_owned(),
        412 => "PreconditionFailed".to_owned(),
        429 => "SlowDown".to_owned(),
        500 => "InternalError".to_owned(),
        501 => "NotImplemented".to_owned(),
        503 => "ServiceUnavailable".to_owned(),
        other => format!("Http{other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16, document: &str) -> String {
        from("audit", StatusCode::from_u16(status).unwrap(), document).code().to_owned()
    }

    #[test]
    fn the_document_names_the_code() {
        let document =
            |code: &str| format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code></Error>");
        assert_eq!(of(503, &document("SlowDown")), "SlowDown");
        let denied = from("audit", StatusCode::FORBIDDEN, &document("AccessDenied"));
        assert!(matches!(denied, BucketError::AccessDenied { .. }));
        let gone = from("audit", StatusCode::NOT_FOUND, &document("NoSuchBucket"));
        assert!(matches!(gone, BucketError::NoSuchBucket { .. }));
        let key = from("audit", StatusCode::BAD_REQUEST, &document("KMS.DisabledException"));
        assert!(matches!(key, BucketError::Key { ref code } if code == "KMS.DisabledException"));
    }

    #[test]
    fn a_status_alone_has_a_code() {
        assert_eq!(of(403, ""), "AccessDenied");
        assert_eq!(of(404, "<html>not S3</html>"), "NoSuchBucket");
        assert_eq!(of(502, "<Code></Code>"), "Http502");
        assert_eq!(of(500, "<Code>a b</Code>"), "InternalError");
        assert_eq!(of(503, &format!("<Code>{}</Code>", "x".repeat(65))), "ServiceUnavailable");
    }
}
