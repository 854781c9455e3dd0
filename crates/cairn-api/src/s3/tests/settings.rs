use super::Client;
use crate::testing::World;

#[tokio::test]
async fn versioning_state_is_kept() {
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    let state = |status: &str| {
        format!("<VersioningConfiguration><Status>{status}</Status></VersioningConfiguration>")
    };
    assert!(client.call("GET /bkt?versioning", "", "").await.is(200).all("Status").is_empty());
    for status in ["Enabled", "Suspended"] {
        client.call("PUT /bkt?versioning", "", state(status)).await.is(200);
        assert_eq!(client.call("GET /bkt?versioning", "", "").await.one("Status"), status);
    }
    client.call("PUT /bkt?versioning", "", state("Off")).await.fails("MalformedXML");
    client.call("PUT /bkt?versioning", "", "").await.fails("MissingRequestBodyError");
}

#[tokio::test]
async fn answers_name_the_one_version_once_versioning_was_set() {
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    let named = async |line: &str, header: &str| {
        let answer = client.call(line, header, "").await.is(200);
        answer.headers.get("x-amz-version-id").map(|id| id.to_str().unwrap().to_owned())
    };
    assert_eq!(named("PUT /bkt/a", "").await, None);
    let enabled = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    client.call("PUT /bkt?versioning", "", enabled).await.is(200);
    let only = Some("null".to_owned());
    assert_eq!(named("PUT /bkt/a", "").await, only);
    assert_eq!(named("PUT /bkt/b", "x-amz-copy-source: /bkt/a").await, only);
    for line in ["GET /bkt/a", "HEAD /bkt/a", "GET /bkt/a?versionId=null"] {
        assert_eq!(named(line, "").await, only, "{line}");
    }
    let listed = client.call("GET /bkt?versions", "", "").await;
    assert_eq!(listed.all("VersionId"), ["null", "null"]);
    // What is named can be deleted by that name, and is gone.
    client.call("DELETE /bkt/a?versionId=null", "", "").await.is(204);
    let listed = client.call("GET /bkt?versions", "", "").await;
    assert_eq!((listed.all("Key"), listed.all("DeleteMarker").len()), (vec!["b"], 0));
}

#[tokio::test]
async fn a_policy_comes_back_as_it_was_given() {
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    client.call("GET /bkt?policy", "", "").await.is(404).fails("NoSuchBucketPolicy");
    let policy = r#"{ "Version":"2012-10-17", "Statement": [{"Sid":"1","Effect":"Allow",
        "Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:GetBucketAcl",
        "Resource":"arn:aws:s3:::bkt"},{"Effect":"Allow","Principal":"*","Action":["s3:PutObject"],
        "Resource":["arn:aws:s3:::bkt/AWSLogs/*"],"Condition":{}}]}"#;
    client.call("PUT /bkt?policy", "", policy).await.is(204);
    assert_eq!(client.call("GET /bkt?policy", "", "").await.is(200).text(), policy);
    let statement =
        |fields: &str| format!(r#"{{"Version":"2012-10-17","Statement":[{{{fields}}}]}}"#);
    let wrong = [
        ("null".to_owned(), "first byte"),
        ("{".to_owned(), "invalid Json"),
        (r#"{"Version":"2012-10-17"}"#.to_owned(), "field Statement"),
        (r#"{"Version":"2026-01-01","Statement":[]}"#.to_owned(), "valid version"),
        (r#"{"Statement":[]}"#.to_owned(), "empty"),
        (statement(r#""Effect":"Maybe""#), "effect"),
        (statement(r#""Effect":"Allow""#), "field Principal"),
        (statement(r#""Effect":"Allow","Principal":"*""#), "field Action"),
        (statement(r#""Effect":"Allow","Principal":"*","Action":"s3:*""#), "field Resource"),
        (
            statement(
                r#""Effect":"Allow","Principal":"*","Action":"ec2:*","Resource":"arn:aws:s3:::bkt""#,
            ),
            "action",
        ),
        (
            statement(
                r#""Effect":"Allow","Principal":"*","Action":"*","Resource":"arn:aws:s3:::bkt2""#,
            ),
            "resource",
        ),
        (
            statement(
                r#""Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/*"},"Action":"s3:*","Resource":"arn:aws:s3:::bkt""#,
            ),
            "Invalid principal",
        ),
        (
            statement(
                r#""Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::bkt","Condition":{"IpAddress":{"aws:SourceIp":"10.*"}}"#,
            ),
            "condition",
        ),
        (statement(r#""Effect":"Deny","Effect":"Allow""#), "Duplicate"),
        (format!(" {policy}"), "first byte"),
        (format!("{{\"Statement\":\"{}\"}}", "x".repeat(21_000)), "exceeds"),
    ];
    for (text, why) in wrong {
        let reply =
            client.call("PUT /bkt?policy", "", text.clone()).await.is(400).fails("MalformedPolicy");
        assert!(reply.one("Message").contains(why), "{text}: {}", reply.text());
    }
    assert_eq!(client.call("GET /bkt?policy", "", "").await.text(), policy);
    client.call("DELETE /bkt?policy", "", "").await.is(204);
    client.call("GET /bkt?policy", "", "").await.fails("NoSuchBucketPolicy");
}

#[tokio::test]
async fn bucket_tags_are_kept() {
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    let tags = |pairs: &[(&str, &str)]| {
        let tags =
            pairs.iter().map(|(k, v)| format!("<Tag><Key>{k}</Key><Value>{v}</Value></Tag>"));
        let tags = tags.collect::<Vec<_>>().concat();
        format!("<Tagging><TagSet>{tags}</TagSet></Tagging>")
    };
    client.call("GET /bkt?tagging", "", "").await.is(404).fails("NoSuchTagSet");
    client
        .call("PUT /bkt?tagging", "", tags(&[("team", "red &amp; blue"), ("a", "")]))
        .await
        .is(204);
    let reply = client.call("GET /bkt?tagging", "", "").await.is(200);
    assert_eq!((reply.all("Key"), reply.all("Value")[0]), (vec!["team", "a"], "red &amp; blue"));
    for wrong in [tags(&[("a", ""), ("a", "")]), tags(&[("aws:a", "")]), tags(&[("", "")])] {
        client.call("PUT /bkt?tagging", "", wrong).await.is(400).fails("InvalidTag");
    }
    client.call("DELETE /bkt?tagging", "", "").await.is(204);
    client.call("GET /bkt?tagging", "", "").await.is(404);
}

#[tokio::test]
async fn a_policy_is_public_or_not() {
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    let line = "GET /bkt?policyStatus";
    client.call(line, "", "").await.is(404).fails("NoSuchBucketPolicy");
    for (principal, public) in [(r#"{"AWS":"111122223333"}"#, "false"), (r#""*""#, "true")] {
        let policy = format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{principal},
                "Action":"s3:GetObject","Resource":"arn:aws:s3:::bkt/*"}}]}}"#
        );
        client.call("PUT /bkt?policy", "", policy).await.is(204);
        let status = client.call(line, "", "").await.is(200);
        assert_eq!(status.one("IsPublic").to_lowercase(), public, "{principal}");
    }
}

#[tokio::test]
async fn an_acl_is_said_in_one_way() {
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    client.call("PUT /bkt/key", "", "x").await.is(200);
    let both = "x-amz-acl: bucket-owner-full-control\nx-amz-grant-full-control: id=\"x\"";
    let of_bucket = "x-amz-acl: private\nx-amz-grant-read: id=\"x\"";
    client
        .cases(&[
            ("PUT /bkt/key", both, "", 400, "InvalidRequest"),
            ("POST /bkt/key?uploads", both, "", 400, "InvalidRequest"),
            ("PUT /bkt/key?acl", both, "", 400, "InvalidRequest"),
            ("PUT /bkt?acl", of_bucket, "", 400, "InvalidRequest"),
            ("PUT /new", of_bucket, "", 400, "InvalidRequest"),
            ("PUT /bkt/key", "x-amz-acl: bucket-owner-full-control", "", 200, ""),
        ])
        .await;
}

#[tokio::test]
async fn control_is_granted_to_the_owner_alone() {
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    let owner = client.call("GET /", "", "").await.is(200).one("ID").to_owned();
    let to = |grantees: &str| format!("x-amz-grant-full-control: {grantees}");
    let (own, other) = (to(&format!("id=\"{owner}\"")), to("id=\"0\""));
    let (both, group) = (
        to(&format!("id=\"{owner}\", id=\"0\"")),
        to("uri=\"http://acs.amazonaws.com/groups/global/AllUsers\""),
    );
    let code = "AccessControlListNotSupported";
    client
        .cases(&[
            ("PUT /bkt/key", own.as_str(), "", 200, ""),
            ("PUT /bkt/key", other.as_str(), "", 400, code),
            ("PUT /bkt/key", both.as_str(), "", 400, code),
            ("POST /bkt/key?uploads", group.as_str(), "", 400, code),
        ])
        .await;
}

#[test]
fn a_header_that_is_no_text_is_not_taken_for_none() {
    let mut headers = http::HeaderMap::new();
    let value = http::HeaderValue::from_bytes(b"1234\xe9").unwrap();
    headers.insert("x-amz-meta-town", value.clone());
    assert!(crate::s3::guard::check_headers(&headers).is_ok());
    headers.insert("x-amz-expected-bucket-owner", value);
    assert!(crate::s3::guard::check_headers(&headers).is_err());
}

#[tokio::test]
async fn a_bucket_answers_as_a_new_one_of_aws() {
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    let acl = client.call("GET /bkt?acl", "", "").await.is(200);
    assert_eq!(acl.one("Permission"), "FULL_CONTROL");
    assert!(acl.text().contains("xsi:type=\"CanonicalUser\""), "{}", acl.text());
    let reply = client.call("GET /bkt?ownershipControls", "", "").await.is(200);
    assert_eq!(reply.one("ObjectOwnership"), "BucketOwnerEnforced");
    assert_eq!(
        client.call("GET /bkt?encryption", "", "").await.is(200).one("SSEAlgorithm"),
        "AES256"
    );
    assert_eq!(
        client.call("GET /bkt?requestPayment", "", "").await.is(200).one("Payer"),
        "BucketOwner"
    );
    client
        .cases(&[
            ("GET /bkt?logging", "", "", 200, ""),
            ("GET /bkt?notification", "", "", 200, ""),
            ("GET /bkt?accelerate", "", "", 200, ""),
            ("GET /bkt?cors", "", "", 404, "NoSuchCORSConfiguration"),
            ("GET /bkt?lifecycle", "", "", 404, "NoSuchLifecycleConfiguration"),
            ("GET /bkt?replication", "", "", 404, "ReplicationConfigurationNotFoundError"),
            ("GET /bkt?website", "", "", 404, "NoSuchWebsiteConfiguration"),
            ("GET /bkt?object-lock", "", "", 404, "ObjectLockConfigurationNotFoundError"),
            ("GET /none?cors", "", "", 404, "NoSuchBucket"),
            ("PUT /bkt?acl", "x-amz-acl: public-read", "", 400, "AccessControlListNotSupported"),
        ])
        .await;
}

#[tokio::test]
async fn the_public_access_block_is_kept() {
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    let switches = async || {
        let reply = client.call("GET /bkt?publicAccessBlock", "", "").await.is(200);
        let names =
            ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"];
        names.map(|name| reply.one(name) == "true")
    };
    assert_eq!(switches().await, [true; 4]);
    let body = "<PublicAccessBlockConfiguration><IgnorePublicAcls>true</IgnorePublicAcls>\
                </PublicAccessBlockConfiguration>";
    client.call("PUT /bkt?publicAccessBlock", "", body).await.is(200);
    assert_eq!(switches().await, [false, true, false, false]);
    client.call("DELETE /bkt?publicAccessBlock", "", "").await.is(204);
    client
        .call("GET /bkt?publicAccessBlock", "", "")
        .await
        .fails("NoSuchPublicAccessBlockConfiguration");
}

#[tokio::test]
async fn what_is_not_served_says_so_and_does_nothing() {
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    client
        .cases(&[
            ("PUT /bkt?notification", "", "<NotificationConfiguration/>", 501, "NotImplemented"),
            ("DELETE /bkt?cors", "", "", 501, "NotImplemented"),
            ("GET /bkt?inventory", "", "", 501, "NotImplemented"),
            ("PUT /news?abac", "", "<A/>", 501, "NotImplemented"),
            ("DELETE /bkt?abac", "", "", 405, "MethodNotAllowed"),
            ("PUT /bkt/key?renameObject", "", "x", 501, "NotImplemented"),
            ("GET /bkt/key?torrent", "", "", 501, "NotImplemented"),
            (
                "POST /bkt",
                "content-type: multipart/form-data; boundary=x",
                "--x--",
                501,
                "NotImplemented",
            ),
            (
                "PUT /bkt/key",
                "x-amz-server-side-encryption: aws:kms:dsse",
                "x",
                501,
                "NotImplemented",
            ),
            (
                "PUT /bkt/key",
                "x-amz-server-side-encryption-customer-algorithm: AES256",
                "x",
                501,
                "NotImplemented",
            ),
            // A secret is not stored in the clear because half of the headers are missing.
            (
                "PUT /bkt/key",
                "x-amz-server-side-encryption-customer-key: AAAA",
                "x",
                501,
                "NotImplemented",
            ),
            (
                "PUT /bkt/key",
                "x-amz-copy-source: bkt/other
                x-amz-copy-source-server-side-encryption-customer-key-md5: AAAA",
                "",
                501,
                "NotImplemented",
            ),
            ("PUT /bkt/key", "x-amz-server-side-encryption: rot13", "x", 400, "InvalidArgument"),
            ("GET /bkt/key", "x-amz-server-side-encryption: AES256", "", 400, "InvalidArgument"),
            ("PUT /bkt/key", "x-amz-object-lock-mode: GOVERNANCE", "x", 400, "InvalidRequest"),
            ("PUT /bkt/key", "x-amz-acl: public-read", "x", 400, "AccessControlListNotSupported"),
            ("PUT /bkt/key", "x-amz-storage-class: GLACIER", "x", 400, "InvalidStorageClass"),
            ("HEAD /news", "", "", 404, "NoSuchBucket"),
            ("HEAD /bkt", "", "", 200, ""),
            ("HEAD /bkt/key", "", "", 404, "NoSuchKey"),
        ])
        .await;
}
