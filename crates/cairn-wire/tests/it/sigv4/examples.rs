//! The examples that AWS publishes in the S3 API reference (documented).

use super::{Request, SECRETS};
use crate::sigv4::chunks::decode;

const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn request(
    method: &str,
    path: &str,
    query: &str,
    headers: &[(&str, &str)],
    signature: &str,
) -> Request {
    let mut headers: Vec<(String, String)> = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .chain([
            ("host".to_owned(), "examplebucket.s3.amazonaws.com".to_owned()),
            ("x-amz-date".to_owned(), "20130524T000000Z".to_owned()),
        ])
        .collect();
    let mut names: Vec<&str> = headers.iter().map(|header| header.0.as_str()).collect();
    names.sort_unstable();
    let value = format!(
        "AWS4-HMAC-SHA256 Credential={}/20130524/us-east-1/s3/aws4_request,SignedHeaders={},Signature={signature}",
        SECRETS[0].0,
        names.join(";"),
    );
    headers.push(("authorization".to_owned(), value));
    Request {
        name: path.to_owned(),
        kind: "header".to_owned(),
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers,
        service: "s3".to_owned(),
        region: "us-east-1".to_owned(),
        cred: 0,
        time: 1_369_353_600_000,
        body: String::new(),
        decoded: String::new(),
        trailers: Vec::new(),
    }
}

#[test]
fn get_object() {
    let headers = [("range", "bytes=0-9"), ("x-amz-content-sha256", EMPTY)];
    let signature = "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41";
    request("GET", "/test.txt", "", &headers, signature).check().unwrap();
}

#[test]
fn put_object() {
    let headers = [
        ("date", "Fri, 24 May 2013 00:00:00 GMT"),
        ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
        (
            "x-amz-content-sha256",
            "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
        ),
    ];
    let signature = "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd";
    let request = request("PUT", "/test%24file.text", "", &headers, signature);
    request.check_at(request.now(), b"Welcome to Amazon S3.").unwrap();
}

#[test]
fn get_bucket_lifecycle_and_list_objects() {
    let headers = [("x-amz-content-sha256", EMPTY)];
    let signature = "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543";
    request("GET", "/", "lifecycle", &headers, signature).check().unwrap();
    let signature = "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7";
    request("GET", "/", "max-keys=2&prefix=J", &headers, signature).check().unwrap();
}

#[test]
fn presigned_get_object() {
    let query = "X-Amz-Algorithm=AWS4-HMAC-SHA256\
        &X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request\
        &X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host\
        &X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
    let mut request = request("GET", "/test.txt", query, &[], "");
    request.headers.retain(|header| header.0 == "host");
    request.check().unwrap();
}

fn stream(word: &str, length: &str, trailer: bool, signature: &str) -> Request {
    let mut headers = vec![
        ("content-encoding", "aws-chunked"),
        ("x-amz-content-sha256", word),
        ("x-amz-decoded-content-length", "66560"),
        ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
    ];
    headers.push(if trailer {
        ("x-amz-trailer", "x-amz-checksum-crc32c")
    } else {
        ("content-length", length)
    });
    let mut request = request("PUT", "/examplebucket/chunkObject.txt", "", &headers, signature);
    "s3.amazonaws.com".clone_into(request.header_mut("host"));
    request
}

fn wire(signatures: [&str; 3], end: &str) -> Vec<u8> {
    let mut wire = Vec::new();
    for (size, signature) in [65536_usize, 1024, 0].into_iter().zip(signatures) {
        wire.extend_from_slice(format!("{size:x};chunk-signature={signature}\r\n").as_bytes());
        wire.extend(std::iter::repeat_n(b'a', size));
        wire.extend_from_slice(if size > 0 { b"\r\n" } else { b"" });
    }
    wire.extend_from_slice(end.as_bytes());
    wire
}

#[test]
fn signed_chunks() {
    let signature = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9";
    let request = stream("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "66824", false, signature);
    let chunks = [
        "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
        "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
        "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
    ];
    let wire = wire(chunks, "\r\n");
    assert_eq!(wire.len(), 66824);
    let (decoded, trailers) = decode(&request, &wire, wire.len()).unwrap();
    assert!(decoded.len() == 66560 && decoded.iter().all(|byte| *byte == b'a'));
    assert!(trailers.is_empty());
}

#[test]
fn signed_chunks_with_a_signed_trailer() {
    let signature = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e";
    let request = stream("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", "", true, signature);
    let chunks = [
        "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
        "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
        "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
    ];
    let end = "x-amz-checksum-crc32c:sOO8/Q==\r\n\
        x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n";
    let (decoded, trailers) = decode(&request, &wire(chunks, end), 1000).unwrap();
    assert_eq!(decoded.len(), 66560);
    assert_eq!(trailers, [("x-amz-checksum-crc32c".to_owned(), "sOO8/Q==".to_owned())]);
}
