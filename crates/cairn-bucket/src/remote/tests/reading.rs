//! What is read.

use super::*;

fn open(store: &Store) -> RemoteBucket {
    let hasty = Destination { request_timeout_ms: 500, ..destination(store) };
    store.put("a/1", b"one");
    store.put("a/ü +&<2", b"");
    store.put("a//3/", b"three");
    store.put("b", &vec![7; 300_000]);
    RemoteBucket::open(&hasty).unwrap()
}

#[tokio::test]
async fn a_listing_goes_through_all_keys_in_order() {
    let store = Store::start().await;
    let bucket = open(&store);
    let (mut keys, mut after) = (Vec::new(), None);
    loop {
        let page = bucket.list("a", after.as_deref()).await.unwrap();
        keys.extend(page.objects.into_iter().map(|object| (object.key, object.bytes)));
        if !page.more {
            break;
        }
        after = keys.last().map(|(key, _)| key.clone());
    }
    let key = |key: &str, bytes| (key.to_owned(), bytes);
    assert_eq!(keys, [key("a//3/", 5), key("a/1", 3), key("a/ü +&<2", 0)]);
    assert_eq!(store.seen().len(), 2);
    assert_eq!(bucket.list("c", None).await.unwrap(), crate::Page::default());
}

#[tokio::test]
async fn a_store_that_begins_again_is_not_followed() {
    let store = Store::start().await;
    let bucket = open(&store);
    let stuck = "<ListBucketResult><IsTruncated>true</IsTruncated><Contents><Key>a/1</Key>\
                 <Size>3</Size></Contents></ListBucketResult>";
    store.plan(Trick::Answer(200, "", stuck));
    let failed = bucket.list("a", Some("a/1")).await.unwrap_err();
    assert!(matches!(failed, BucketError::Unreadable { .. }));
    store.plan(Trick::Answer(200, "", "<html>a login page</html>"));
    let failed = bucket.list("a", None).await.unwrap_err();
    assert!(matches!(failed, BucketError::Unreadable { .. }));
}

#[tokio::test]
async fn objects_come_whole() {
    let store = Store::start().await;
    let bucket = open(&store);
    buckets(destination(&store)).put(&log_file()).await.unwrap();
    let object = bucket.get(&log_file().key).await.unwrap().unwrap();
    assert_eq!(object.metadata, log_file().metadata);
    assert_eq!(object.bytes, Some(9));
    assert_eq!(object.read(9).await.unwrap(), log_file().body);
    let mut streamed = bucket.get("b").await.unwrap().unwrap();
    let mut bytes = 0;
    while let Some(chunk) = streamed.chunk().await.unwrap() {
        bytes += chunk.len();
    }
    assert_eq!(bytes, 300_000);
    for key in ["a//3/", "a/ü +&<2"] {
        assert!(bucket.get(key).await.unwrap().is_some(), "{key}");
    }
    assert!(bucket.get("a/3/").await.unwrap().is_none());
}

#[tokio::test]
async fn what_is_too_long_or_not_whole_is_an_error() {
    let store = Store::start().await;
    let bucket = open(&store);
    let object = bucket.get("b").await.unwrap().unwrap();
    let failed = object.read(299_999).await.unwrap_err();
    assert!(matches!(failed, BucketError::TooLarge { bytes_max: 299_999 }));
    for trick in [Trick::ClosesHalfway, Trick::StallsHalfway] {
        store.plan(trick.clone());
        let object = bucket.get("b").await.unwrap().unwrap();
        let failed = object.read(1 << 20).await.unwrap_err();
        assert!(matches!(failed, BucketError::Unreachable { .. }), "{trick:?}: {failed:?}");
    }
    store.plan(Trick::Answer(403, "", "<Error><Code>AccessDenied</Code></Error>"));
    assert!(matches!(bucket.get("b").await, Err(BucketError::AccessDenied { .. })));
}

#[tokio::test]
async fn all_buckets_are_no_bucket() {
    let store = Store::start().await;
    let any = Destination { bucket: "*".to_owned(), ..destination(&store) };
    assert!(RemoteBucket::open(&any).is_err());
}
