//! With which keys calls are signed.

use super::*;

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

fn file_with(key: &str, token: Option<&str>) -> String {
    let token = token.map_or(String::new(), |token| format!("aws_session_token = {token}\n"));
    format!(
        "[default]\naws_access_key_id = AKIADEFAULT\naws_secret_access_key = x\n\
         [trails]\naws_access_key_id = {key}\naws_secret_access_key = {SECRET}\n{token}"
    )
}

#[tokio::test]
async fn a_file_is_read_again_for_each_call() {
    let store = Store::start().await;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("credentials");
    let from_file = Destination {
        access_key: None,
        secret: None,
        credentials_file: Some(path.clone()),
        profile: Some("trails".to_owned()),
        ..destination(&store)
    };
    let there = buckets(from_file);
    let failed = there.put(&log_file()).await.unwrap_err();
    assert!(matches!(failed, BucketError::Unreachable { .. }), "{failed:?}");
    for (key, token) in [("AKIAFIRST", None), ("AKIASECOND", Some("a-token"))] {
        std::fs::write(&path, file_with(key, token)).unwrap();
        there.put(&log_file()).await.unwrap();
        let headers = store.seen().pop().unwrap().headers;
        assert!(headers["authorization"].contains(&format!("Credential={key}/")));
        assert_eq!(headers.get("x-amz-security-token").map(String::as_str), token);
    }
}

#[test]
fn secrets_are_not_shown() {
    let shown = Destination {
        secret: Some(SECRET.to_owned()),
        session_token: Some("a-token".to_owned()),
        ..Destination::default()
    };
    let text = format!("{shown:?}");
    assert!(!text.contains(SECRET) && !text.contains("a-token"), "{text}");
    let built = RemoteBuckets::new(vec![Destination {
        bucket: BUCKET.to_owned(),
        access_key: Some("AKIA".to_owned()),
        ..shown
    }]);
    let text = format!("{:?}", built.unwrap());
    assert!(!text.contains(SECRET) && !text.contains("a-token"), "{text}");
}

#[test]
fn settings_are_read_and_checked() {
    let read = |text: &str| toml::from_str::<Destination>(text);
    let full = read(
        "bucket = '*'\nendpoint = 'http://127.0.0.1:9000'\nregion = 'garage'\nallow-http = true\n\
         access-key = 'AKIA'\nsecret = 's'\nsession-token = 't'\npath-style = false\nacl = false\n\
         sse = 'AES256'\nchecksum = 'md5'\nconnect-timeout-ms = 10\nrequest-timeout-ms = 20\n",
    );
    full.unwrap().check().unwrap();
    let least = read("bucket = 'audit'\ncredentials-file = '/etc/cairn/aws'\n").unwrap();
    least.check().unwrap();
    assert!(least.acl && least.path_style.is_none());
    assert!(read("bucket = 'audit'\nsecert = 'x'\n").is_err());

    let wrong = |change: fn(&mut Destination)| {
        let mut destination = Destination {
            bucket: "audit".to_owned(),
            access_key: Some("AKIA".to_owned()),
            secret: Some("s".to_owned()),
            ..Destination::default()
        };
        destination.check().unwrap();
        change(&mut destination);
        destination.check().unwrap_err().to_string()
    };
    for (change, part) in [
        ((|d| d.bucket = "a/b".to_owned()) as fn(&mut Destination), "no name of a bucket"),
        (|d| d.bucket = "..a".to_owned(), "no name of a bucket"),
        (|d| d.endpoint = Some("s3.example.org".to_owned()), "no address"),
        (|d| d.endpoint = Some("https://u:p@s3.example.org".to_owned()), "no address"),
        (|d| d.endpoint = Some("http://s3.example.org".to_owned()), "allow-http = true"),
        (|d| d.region = Some("US East".to_owned()), "no region"),
        (|d| d.secret = None, "needs one of"),
        (|d| d.access_key = None, "needs one of"),
        (|d| d.instance_role = true, "needs one of"),
        (|d| d.profile = Some("default".to_owned()), "needs one of"),
        (|d| d.connect_timeout_ms = 0, "connect-timeout-ms"),
        (|d| d.request_timeout_ms = 3_600_000, "request-timeout-ms"),
    ] {
        let fault = wrong(change);
        assert!(fault.contains(part), "{fault}");
    }
}
