"""The operation that a record names is what was done, or nothing was."""

import pytest
from server import Server, records_of
from signed import Raw

# Line, body, status, error code, and the event that is recorded with that code.
REFUSED = [
    ("DELETE", "/empty?metadataConfiguration=x", 501, "NotImplemented", "DeleteBucketMetadataConfiguration"),
    ("PUT", "/news?abac=x", 501, "NotImplemented", "PutBucketAbac"),
    ("PUT", "/bkt/enc?encryption=x", 501, "NotImplemented", "UpdateObjectEncryption"),
    ("GET", "/bkt?metadataConfiguration=x", 501, "NotImplemented", "GetBucketMetadataConfiguration"),
    ("PUT", "/bkt/key?uploads", 405, "MethodNotAllowed", "PutObject"),
    ("PUT", "/bkt/key?%75ploads=1", 405, "MethodNotAllowed", "PutObject"),
    ("PUT", "/bkt/key?restore", 405, "MethodNotAllowed", "PutObject"),
    ("DELETE", "/bkt/key?legal-hold", 405, "MethodNotAllowed", "DeleteObject"),
    ("DELETE", "/bkt/key?policy", 405, "MethodNotAllowed", "DeleteObject"),
    ("DELETE", "/empty?versioning", 405, "MethodNotAllowed", "DeleteBucket"),
    ("PUT", "/news?location", 405, "MethodNotAllowed", "CreateBucket"),
    ("PUT", "/bkt/new?uploadId=abc", 400, "InvalidArgument", "PutObject"),
    ("PUT", "/bkt/new?partNumber=1", 400, "InvalidArgument", "PutObject"),
    ("PUT", "/bkt/%zz", 400, "InvalidURI", "PutObject"),
    ("PUT", "/bkt%2Fdir/key", 400, "InvalidBucketName", "PutObject"),
]


# What is signed, where that is not what is sent: a query is signed decoded, a path by its bytes.
SIGNED = {
    "/bkt/key?%75ploads=1": "/bkt/key?uploads=1",
    "/bkt?%70olicy=1": "/bkt?policy=1",
    "/bkt/%zz": "/bkt/%25zz",
}


def call(raw, method, path, body=b""):
    """A signed call to S3, sent as it stands here."""
    _, _, headers, _ = raw.signed(method, SIGNED.get(path, path), "s3", body)
    return raw.send(method, path, headers, body)


def event(record):
    return record["eventName"], record.get("errorCode")


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """The answers by line, and the records of a server that got them all."""
    data = tmp_path_factory.mktemp("queries") / "data"
    server = Server(data).start()
    raw = Raw(server)
    for path in ["/bkt", "/empty", "/bkt/key"]:
        assert call(raw, "PUT", path, b"kept" if path.endswith("key") else b"")[0] == 200
    answers = {}
    for method, path, *_ in REFUSED:
        body = b"changed" if method == "PUT" else b""
        answers[method, path] = call(raw, method, path, body)
    # A host is signed too, but may hold what would be a query or two parts of a path.
    elsewhere = Raw(server)
    for host in ["bkt?acl=&a=.localhost", "bkt/dir.localhost", "bkt%2Fdir.localhost"]:
        elsewhere.host = host
        answers["PUT", host] = raw.send(*elsewhere.signed("PUT", "/key", "s3", b"changed"))
    answers["PUT", "/bkt?%70olicy=1"] = call(raw, "PUT", "/bkt?%70olicy=1", b"no policy")
    kept, listed, buckets = [call(raw, "GET", path) for path in ["/bkt/key", "/bkt", "/"]]
    assert server.stop() == 0, server.stderr()
    return answers, records_of(data), (kept, listed, buckets)


@pytest.mark.evidence("observed", "MethodNotAllowed, InvalidArgument, InvalidURI of S3")
@pytest.mark.parametrize("case", REFUSED, ids=lambda case: f"{case[0]} {case[1]}")
def test_a_query_that_an_operation_does_not_have(told, case):
    answers, records, _ = told
    method, path, status, code, name = case
    answer = answers[method, path]
    assert answer[0] == status and f"<Code>{code}</Code>".encode() in answer[2], answer
    assert (name, code) in [event(record) for record in records]


@pytest.mark.evidence("assumed", "a host names one bucket")
def test_a_host_is_one_bucket(told):
    answers, _, _ = told
    for host in ["bkt?acl=&a=.localhost", "bkt/dir.localhost", "bkt%2Fdir.localhost"]:
        answer = answers["PUT", host]
        assert answer[0] == 400 and b"<Code>InvalidBucketName</Code>" in answer[2], (host, answer)


@pytest.mark.evidence("documented", "a query is read decoded")
def test_an_escaped_name_is_recorded_as_what_was_done(told):
    answers, records, _ = told
    assert b"<Code>MalformedPolicy</Code>" in answers["PUT", "/bkt?%70olicy=1"][2]
    assert ("PutBucketPolicy", "MalformedPolicy") in [event(record) for record in records]


@pytest.mark.evidence("assumed", "what was refused left everything as it was")
def test_nothing_was_done(told):
    _, records, (kept, listed, buckets) = told
    assert kept[2] == b"kept"
    assert listed[2].count(b"<Key>") == 1
    assert buckets[2].count(b"<Bucket>") == 2
    done = sorted(record["eventName"] for record in records if "errorCode" not in record)
    assert done == ["CreateBucket", "CreateBucket", "GetObject", "ListBuckets", "ListObjects", "PutObject"]
