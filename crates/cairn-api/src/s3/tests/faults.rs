//! Every write of S3, broken in every way it can break, then tried again as clients do: what is
//! there afterwards is what was asked for, whole.

use cairn_store::testkit::Fault;

use super::{Client, Reply};
use crate::testing::World;

const FAULTS: [Fault; 4] = [Fault::Fails, Fault::Full, Fault::FailsUnknown, Fault::PersistsUnknown];
const POLICY: &str = r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"s3:*",
    "Resource":"arn:aws:s3:::bkt"}}"#;
const TAGS: &str = "<Tagging><TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet></Tagging>";

/// Which store is broken.
#[derive(Clone, Copy, Debug)]
enum Broken {
    Meta,
    Objects,
}

/// A call to break; `{id}` is an upload with one part.
struct Case {
    broken: Broken,
    line: &'static str,
    body: &'static str,
    /// What the second try may answer, where that is not simply success.
    again: &'static [&'static str],
    /// A call that shows the outcome, its status and a text in its body.
    shows: (&'static str, u16, &'static str),
}

const COMPLETION: &str = "<CompleteMultipartUpload><Part><ETag>5d41402abc4b2a76b9719d911017c592</ETag>\
    <PartNumber>1</PartNumber></Part></CompleteMultipartUpload>";

const CASES: &[Case] = &[
    Case {
        broken: Broken::Meta,
        line: "PUT /news",
        body: "",
        again: &[],
        shows: ("HEAD /news", 200, ""),
    },
    Case {
        broken: Broken::Meta,
        line: "PUT /bkt?policy",
        body: POLICY,
        again: &[],
        shows: ("GET /bkt?policy", 200, "s3:*"),
    },
    Case {
        broken: Broken::Meta,
        line: "DELETE /empty",
        body: "",
        again: &["NoSuchBucket"],
        shows: ("HEAD /empty", 404, ""),
    },
    Case {
        broken: Broken::Meta,
        line: "PUT /bkt/key?tagging",
        body: TAGS,
        again: &[],
        shows: ("GET /bkt/key?tagging", 200, "<Key>k</Key>"),
    },
    Case {
        broken: Broken::Objects,
        line: "PUT /bkt/key",
        body: "new",
        again: &[],
        shows: ("GET /bkt/key", 200, "new"),
    },
    Case {
        broken: Broken::Objects,
        line: "DELETE /bkt/key",
        body: "",
        again: &[],
        shows: ("GET /bkt/key", 404, "NoSuchKey"),
    },
    Case {
        broken: Broken::Objects,
        line: "PUT /bkt/up?partNumber=1&uploadId={id}",
        body: "hello",
        again: &[],
        shows: ("GET /bkt/up?uploadId={id}", 200, "<Size>5</Size>"),
    },
    Case {
        broken: Broken::Objects,
        line: "POST /bkt/up?uploadId={id}",
        body: COMPLETION,
        again: &[],
        shows: ("GET /bkt/up", 200, "hello"),
    },
    Case {
        broken: Broken::Meta,
        line: "POST /bkt/up?uploadId={id}",
        body: COMPLETION,
        again: &[],
        shows: ("GET /bkt/up", 200, "hello"),
    },
    Case {
        broken: Broken::Meta,
        line: "DELETE /bkt/up?uploadId={id}",
        body: "",
        again: &["NoSuchUpload"],
        shows: ("GET /bkt/up?uploadId={id}", 404, "NoSuchUpload"),
    },
];

#[tokio::test]
async fn every_write_survives_every_fault() {
    for case in CASES {
        for fault in FAULTS {
            let what = format!("{} under {fault:?} of {:?}", case.line, case.broken);
            let (world, meta, objects) = World::faulty();
            let client = Client::with_bucket(&world).await;
            client.call("PUT /empty", "", "").await.is(200);
            client.call("PUT /bkt/key", "", "old").await.is(200);
            let upload = client.call("POST /bkt/up?uploads", "", "").await.is(200);
            let id = upload.one("UploadId");
            let part = format!("PUT /bkt/up?partNumber=1&uploadId={id}");
            client.call(&part, "", "hello").await.is(200);

            match case.broken {
                Broken::Meta => meta.plan(Some(fault)),
                Broken::Objects => objects.plan(Some(fault)),
            }
            let line = case.line.replace("{id}", id);
            let broken = client.call(&line, "", case.body).await;
            let wanted = if fault == Fault::Full { FULL } else { BROKEN };
            assert_eq!(told(&broken), wanted, "{what}: {broken:?}");

            let again = client.call(&line, "", case.body).await;
            let code = again.facts.error.as_ref().map(|error| error.code.as_str());
            let right = code.is_none_or(|code| case.again.contains(&code));
            assert!(right, "{what}, again: {again:?}");
            let (line, status, text) = case.shows;
            let shown = client.call(&line.replace("{id}", id), "", "").await;
            assert_eq!(shown.status, status, "{what}, shown: {shown:?}");
            assert!(shown.text().contains(text), "{what}, shown: {shown:?}");
        }
    }
}

/// What a caller is told of a full disk: clients try again, and it is not their doing.
const FULL: (u16, &str, &str) = (503, "ServiceUnavailable", "Service is unable to handle request.");
const BROKEN: (u16, &str, &str) =
    (500, "InternalError", "We encountered an internal error. Please try again.");

/// All that the caller learns: nothing of the inside.
fn told(reply: &Reply) -> (u16, &str, &str) {
    let error = reply.facts.error.as_ref();
    let (code, text) = error.map_or(("", ""), |error| (&error.code, &error.message));
    (reply.status, code, text)
}
