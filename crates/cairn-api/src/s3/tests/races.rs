//! Calls that meet each other.

use std::convert::Infallible;
use std::ops::Bound;
use std::time::Duration;

use bytes::Bytes;
use cairn_store::ListQuery;
use cairn_store::testkit::Moment;
use futures_util::future::join_all;
use futures_util::stream;
use http_body::Frame;
use http_body_util::StreamBody;
use tokio::sync::mpsc::{Sender, channel};

use super::Client;
use crate::testing::World;

/// A body that a test sends piece by piece, and ends by dropping the sender.
fn open_body() -> (Sender<Bytes>, impl http_body::Body<Data = Bytes, Error = Infallible>) {
    let (sender, receiver) = channel::<Bytes>(1);
    let frames = stream::unfold(receiver, async |mut receiver| {
        let bytes = receiver.recv().await?;
        Some((Ok::<_, Infallible>(Frame::data(bytes)), receiver))
    });
    (sender, StreamBody::new(Box::pin(frames)))
}

#[tokio::test]
async fn no_object_is_born_into_a_bucket_that_is_gone() {
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    let (sender, body) = open_body();
    let put = client.call_with("PUT /bkt/key", "", body);
    let meanwhile = async {
        sender.send(Bytes::from_static(b"half")).await.unwrap();
        client.call("DELETE /bkt", "", "").await.is(204);
        drop(sender);
    };
    let (put, ()) = tokio::join!(put, meanwhile);
    put.is(404).fails("NoSuchBucket");
    client.call("PUT /bkt", "", "").await.is(200);
    assert!(client.call("GET /bkt", "", "").await.all("Key").is_empty());
}

#[tokio::test]
async fn one_of_many_creates() {
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    let puts = (0..8).map(|n| client.call("PUT /bkt/key", "if-none-match: *", format!("{n}")));
    let replies = join_all(puts).await;
    let winners: Vec<_> =
        replies.iter().enumerate().filter(|(_, reply)| reply.status == 200).collect();
    assert_eq!(winners.len(), 1);
    assert!(replies.iter().all(|reply| reply.status == 200 || reply.status == 412));
    assert_eq!(client.call("GET /bkt/key", "", "").await.text(), winners[0].0.to_string());
}

#[tokio::test]
async fn a_part_that_ends_after_its_upload_is_refused() {
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    let upload = client.call("POST /bkt/key?uploads", "", "").await.is(200);
    let id = upload.one("UploadId");
    let (sender, body) = open_body();
    let line = format!("PUT /bkt/key?partNumber=1&uploadId={id}");
    let put = client.call_with(&line, "", body);
    let meanwhile = async {
        sender.send(Bytes::from_static(b"half")).await.unwrap();
        client.call(&format!("DELETE /bkt/key?uploadId={id}"), "", "").await.is(204);
        drop(sender);
    };
    let (put, ()) = tokio::join!(put, meanwhile);
    put.is(404).fails("NoSuchUpload");
    client.call("DELETE /bkt", "", "").await.is(204);
}

#[tokio::test]
async fn a_part_does_not_outlive_its_upload() {
    const PART: &str = "<CompleteMultipartUpload><Part><ETag>ETAG</ETag>\
        <PartNumber>1</PartNumber></Part></CompleteMultipartUpload>";
    for moment in [Moment::Before, Moment::After] {
        for ends_with in ["DELETE", "POST"] {
            let (world, _, objects) = World::faulty();
            let client = Client::with_bucket(&world).await;
            let id = client.call("POST /bkt/key?uploads", "", "").await.is(200);
            let id = id.one("UploadId");
            let line = format!("PUT /bkt/key?partNumber=1&uploadId={id}");
            let first = client.call(&line, "", "one").await.is(200);
            let completion = PART.replace("ETAG", first.header("etag"));
            let mut pause = objects.pause(moment);
            // It has looked for the upload, and found it.
            let line = format!("PUT /bkt/key?partNumber=2&uploadId={id}");
            let late = client.call(&line, "", "two");
            let meanwhile = async {
                pause.reached().await;
                let body = if ends_with == "POST" { completion } else { String::new() };
                let end =
                    client.call(&format!("{ends_with} /bkt/key?uploadId={id}"), "", body).await;
                assert!(end.status < 300, "{end:?}");
                pause.end();
            };
            let (late, ()) = tokio::join!(late, meanwhile);
            late.is(404).fails("NoSuchUpload");
            let left = ListQuery { prefix: b".parts/".to_vec(), from: Bound::Unbounded, limit: 9 };
            let left = world.services.objects.list(&left).await.unwrap();
            assert!(left.is_empty(), "{moment:?} {ends_with}: {left:?}");
        }
    }
}

const TAGS: &str = "<Tagging><TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet></Tagging>";

#[tokio::test]
async fn a_deletion_leaves_the_tags_of_a_newer_object() {
    let (world, _, objects) = World::faulty();
    let client = Client::with_bucket(&world).await;
    client.call("PUT /bkt/key", "", "old").await.is(200);
    client.call("PUT /bkt/key?tagging", "", TAGS).await.is(200);
    let mut pause = objects.pause(Moment::After);
    let meanwhile = async {
        pause.reached().await;
        client.call("PUT /bkt/key", "", "new").await.is(200);
        client.call("PUT /bkt/key?tagging", "", TAGS).await.is(200);
        pause.end();
    };
    let (deleted, ()) = tokio::join!(client.call("DELETE /bkt/key", "", ""), meanwhile);
    deleted.is(204);
    let tags = client.call("GET /bkt/key?tagging", "", "").await.is(200);
    assert_eq!(tags.all("Key"), ["k"]);
    // Those of one that is gone go with it.
    client.call("DELETE /bkt/key", "", "").await.is(204);
    let key = super::super::name::tags_keys("bkt");
    assert!(world.services.meta.list(&key, None, 9).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_deletion_on_condition_takes_what_it_looked_at_or_nothing() {
    let (world, _, objects) = World::faulty();
    let client = Client::with_bucket(&world).await;
    let old = client.call("PUT /bkt/key", "", "old").await.is(200);
    let condition = format!("if-match: {}", old.header("etag"));
    for (newer, status) in [("new", 412), ("old", 204)] {
        client.call("PUT /bkt/key", "", "old").await.is(200);
        let mut pause = objects.pause(Moment::Before);
        let meanwhile = async {
            pause.reached().await;
            client.call("PUT /bkt/key", "", newer).await.is(200);
            pause.end();
        };
        let delete = client.call("DELETE /bkt/key", &condition, "");
        let (deleted, ()) = tokio::join!(delete, meanwhile);
        deleted.is(status);
        let there = client.call("GET /bkt/key", "", "").await;
        assert_eq!(there.status == 200, status == 412, "{there:?}");
    }
}

#[tokio::test]
async fn a_deletion_on_condition_waits_for_nobody_else() {
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    let put = client.call("PUT /bkt/key", "", "old").await.is(200);
    // As held by an upload that takes its name, in whichever bucket.
    let _writing = world.services.gate.read().await;
    let condition = format!("if-match: {}", put.header("etag"));
    let delete = client.call("DELETE /bkt/key", &condition, "");
    let deleted = tokio::time::timeout(Duration::from_mins(1), delete).await;
    deleted.expect("it waits for the gate").is(204);
}
