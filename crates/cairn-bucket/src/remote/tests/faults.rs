//! Stores that refuse, stall and break off.

use super::*;

async fn put_after(trick: Trick) -> (Store, Result<(), BucketError>) {
    let store = Store::start().await;
    store.plan(trick);
    let hasty = Destination { request_timeout_ms: 200, ..destination(&store) };
    let done = buckets(hasty).put(&log_file()).await;
    (store, done)
}

#[tokio::test]
async fn refusals_have_the_codes_of_s3_and_are_not_repeated() {
    for (status, document, code) in [
        (503, "<Error><Code>SlowDown</Code></Error>", "SlowDown"),
        (503, "", "ServiceUnavailable"),
        (500, "<Error><Code>InternalError</Code></Error>", "InternalError"),
        (403, "<Error><Code>AccessDenied</Code></Error>", "AccessDenied"),
        (403, "<Error><Code>InvalidAccessKeyId</Code></Error>", "InvalidAccessKeyId"),
        (404, "<Error><Code>NoSuchBucket</Code></Error>", "NoSuchBucket"),
        (400, "<Error><Code>KMS.DisabledException</Code></Error>", "KMS.DisabledException"),
        (301, "<Error><Code>PermanentRedirect</Code></Error>", "PermanentRedirect"),
    ] {
        let (store, done) = put_after(Trick::Answer(status, "", document)).await;
        assert_eq!(done.unwrap_err().code(), code);
        assert_eq!(store.seen().len(), 1, "{code}");
        assert_eq!(store.object(&log_file().key), None, "{code}");
    }
}

#[tokio::test]
async fn a_store_that_breaks_off_is_unreachable() {
    for trick in [Trick::Closes, Trick::Stalls] {
        let (store, done) = put_after(trick.clone()).await;
        let failed = done.unwrap_err();
        assert!(matches!(failed, BucketError::Unreachable { .. }), "{trick:?}: {failed:?}");
        assert_eq!(failed.code(), "ServiceUnavailable");
        assert_eq!(store.object(&log_file().key), None, "{trick:?}");
    }
    let (store, done) = put_after(Trick::ClosesPersisted).await;
    assert!(matches!(done, Err(BucketError::Unreachable { .. })));
    assert!(store.object(&log_file().key).is_some());
}

#[tokio::test]
async fn nobody_listening_is_unreachable() {
    let port = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap().port()
    };
    let store = Store::start().await;
    let nobody =
        Destination { endpoint: Some(format!("http://127.0.0.1:{port}")), ..destination(&store) };
    let failed = buckets(nobody).put(&log_file()).await.unwrap_err();
    assert!(matches!(failed, BucketError::Unreachable { .. }), "{failed:?}");
}

#[tokio::test]
async fn who_may_write_need_not_be_allowed_to_look() {
    let store = Store::start().await;
    store.plan(Trick::Answer(403, "", ""));
    let blind = Destination { region: Some("eu-north-1".to_owned()), ..destination(&store) };
    assert_eq!(buckets(blind).region(BUCKET).await.unwrap().as_str(), "eu-north-1");
    store.plan(Trick::Answer(400, "x-amz-bucket-region: ap-east-1\r\n", ""));
    let region = buckets(destination(&store)).region(BUCKET).await.unwrap();
    assert_eq!(region.as_str(), "ap-east-1");
    store.plan(Trick::Answer(404, "", ""));
    let missing = buckets(destination(&store)).region(BUCKET).await.unwrap_err();
    assert!(matches!(missing, BucketError::NoSuchBucket { .. }));
}

#[tokio::test]
async fn what_no_request_can_carry_is_refused() {
    let store = Store::start().await;
    let there = buckets(destination(&store));
    let mut object = log_file();
    object.key = "AWSLogs/../x".to_owned();
    assert_eq!(there.put(&object).await.unwrap_err().code(), "InvalidURI");
    object = log_file();
    object.metadata = vec![("name with spaces".to_owned(), "x".to_owned())];
    assert_eq!(there.put(&object).await.unwrap_err().code(), "InvalidArgument");
    object.metadata = vec![("name".to_owned(), "two\r\nlines".to_owned())];
    assert_eq!(there.put(&object).await.unwrap_err().code(), "InvalidArgument");
    assert_eq!(store.seen().len(), 0);
}
