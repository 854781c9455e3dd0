"""Nobody acts unidentified: each forgery is refused with AWS's error code, in the caller's protocol."""

import datetime
import json
import socket

import pytest
from server import Server, records_of
from signed import LOOKUP, Raw

FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
IDENTITY = b"Action=GetCallerIdentity&Version=2011-06-15"


@pytest.fixture(scope="module")
def raw(server):
    return Raw(server)


def json_code(answer):
    return json.loads(answer[2])["__type"].split("#")[-1]


@pytest.mark.evidence("documented", "the request as botocore signs it")
def test_the_unbent_requests_pass(raw):
    assert raw.send(*raw.json_call("cloudtrail", LOOKUP, b"{}"))[0] == 200
    assert raw.send(*raw.signed("POST", "/", "sts", IDENTITY, FORM))[0] == 200
    assert raw.send(*raw.signed("GET", "/", "s3"))[0] == 200


@pytest.mark.evidence("documented", "InvalidSignatureException of the JSON services")
@pytest.mark.parametrize("part", ["body", "target", "signature", "secret", "date"])
def test_json_forgeries(raw, part):
    secret = "x" * 40 if part == "secret" else None
    method, path, headers, body = raw.json_call("cloudtrail", LOOKUP, b'{"MaxResults": 1}', secret=secret)
    if part == "body":
        body = b'{"MaxResults": 2}'
    if part == "target":
        headers["X-Amz-Target"] = LOOKUP.replace("LookupEvents", "ListTrails")
    if part == "signature":
        end = headers["Authorization"][-1]
        headers["Authorization"] = headers["Authorization"][:-1] + ("0" if end != "0" else "1")
    if part == "date":
        headers["X-Amz-Date"] = headers["X-Amz-Date"][:-2] + ("1Z" if headers["X-Amz-Date"][-2] == "0" else "0Z")
    answer = raw.send(method, path, headers, body)
    assert answer[0] in (400, 403)
    assert json_code(answer) in ("InvalidSignatureException", "SignatureDoesNotMatch")


@pytest.mark.evidence("documented", "UnrecognizedClientException, InvalidClientTokenId, InvalidAccessKeyId")
def test_unknown_keys(raw):
    answer = raw.send(*raw.json_call("cloudtrail", LOOKUP, b"{}", key="AKIAABCDEFGHIJKLMNOP"))
    assert json_code(answer) == "UnrecognizedClientException"
    answer = raw.send(*raw.signed("POST", "/", "sts", IDENTITY, FORM, key="AKIAABCDEFGHIJKLMNOP"))
    assert answer[0] == 403 and b"<Code>InvalidClientTokenId</Code>" in answer[2]
    answer = raw.send(*raw.signed("GET", "/", "s3", key="AKIAABCDEFGHIJKLMNOP"))
    assert answer[0] == 403 and b"<Code>InvalidAccessKeyId</Code>" in answer[2]


@pytest.mark.evidence("documented", "MissingAuthenticationToken, AccessDenied for anonymous S3 callers")
def test_no_signature_at_all(raw):
    _, path, headers, body = raw.json_call("cloudtrail", LOOKUP, b"{}")
    del headers["Authorization"]
    answer = raw.send("POST", path, headers, body)
    assert json_code(answer) in ("MissingAuthenticationTokenException", "MissingAuthenticationToken")
    answer = raw.send("POST", "/", {"Host": raw.host, **FORM}, IDENTITY)
    assert b"<Code>MissingAuthenticationToken</Code>" in answer[2]
    answer = raw.send("GET", "/anybody/key", {"Host": raw.host}, b"")
    assert answer[0] == 403 and b"<Code>AccessDenied</Code>" in answer[2]


@pytest.mark.evidence("documented", "15 minutes of clock skew")
def test_old_and_future_requests(raw, monkeypatch):
    import botocore.auth
    import botocore.compat

    real = datetime.datetime.now(datetime.timezone.utc)
    for minutes in (-16, 16):
        moved = real + datetime.timedelta(minutes=minutes)
        monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *_, **__: moved, raising=False)
        request = raw.signed("GET", "/", "s3")
        monkeypatch.undo()
        answer = raw.send(*request)
        assert answer[0] == 403 and b"<Code>RequestTimeTooSkewed</Code>" in answer[2], answer


@pytest.mark.evidence("documented", "XAmzContentSHA256Mismatch")
def test_a_changed_object_body_is_refused_and_not_kept(raw, clients):
    s3 = clients("s3")
    s3.create_bucket(Bucket="forged")
    method, path, headers, _ = raw.signed("PUT", "/forged/key", "s3", b"signed body")
    answer = raw.send(method, path, headers, b"forged body")
    assert answer[0] == 400 and b"<Code>XAmzContentSHA256Mismatch</Code>" in answer[2], answer
    assert "Contents" not in s3.list_objects_v2(Bucket="forged")


@pytest.mark.evidence("assumed", "whoever is known has a record of what was refused")
def test_a_changed_document_of_a_known_caller_is_recorded(tmp_path):
    server = Server(tmp_path / "data").start()
    raw = Raw(server)
    try:
        assert raw.send(*raw.signed("PUT", "/forged", "s3"))[0] == 200
        method, path, headers, _ = raw.signed("PUT", "/forged?policy", "s3", b'{"Statement":[]}')
        answer = raw.send(method, path, headers, b'{"Statement":{}}')
        assert answer[0] == 400 and b"<Code>XAmzContentSHA256Mismatch</Code>" in answer[2], answer
    finally:
        server.stop()
    [record] = [one for one in records_of(server.data) if one["eventName"] == "PutBucketPolicy"]
    assert record["errorCode"] == "XAmzContentSHA256Mismatch" and record["userIdentity"]["type"] == "Root"


@pytest.mark.evidence("assumed", "at AWS a call is signed for the region of its bucket")
def test_a_caller_does_not_choose_the_region_of_a_bucket(tmp_path):
    server = Server(tmp_path / "data").start()
    raw = Raw(server)
    try:
        assert raw.send(*raw.signed("PUT", "/here", "s3"))[0] == 200
        assert raw.send(*raw.signed("PUT", "/here/key", "s3", b"x", region="xx-nowhere-1"))[0] == 200
        assert raw.send(*raw.signed("DELETE", "/here/key", "s3", region="eu-west-1"))[0] == 204
    finally:
        server.stop()
    regions = {one["eventName"]: one["awsRegion"] for one in records_of(server.data)}
    wanted = ("CreateBucket", "PutObject", "DeleteObject")
    assert {name: regions[name] for name in wanted} == dict.fromkeys(wanted, "us-east-1")


@pytest.mark.evidence("assumed", "a peer of IPv4 is one, whatever socket it comes to")
def test_a_peer_of_ipv4_is_recorded_as_one(tmp_path):
    if not socket.has_dualstack_ipv6():
        pytest.skip("this machine has no IPv6")
    server = Server(tmp_path / "data", "--listen", "[::]:0", "--trusted-proxy", "127.0.0.1").start()
    server.url = f"http://127.0.0.1:{server.url.rsplit(':', 1)[1]}"
    raw = Raw(server)
    try:
        assert raw.send(*raw.signed("GET", "/", "s3"))[0] == 200
        assert raw.send(*raw.signed("GET", "/", "s3", headers={"X-Forwarded-For": "192.0.2.7"}))[0] == 200
    finally:
        server.stop()
    sources = [one["sourceIPAddress"] for one in records_of(server.data) if one["eventName"] == "ListBuckets"]
    assert sorted(sources) == ["127.0.0.1", "192.0.2.7"]


@pytest.mark.evidence("assumed", "a request with two Host headers is nobody's")
def test_repeated_host_headers(raw):
    import socket

    method, path, headers, body = raw.signed("GET", "/", "s3")
    lines = [f"{method} {path} HTTP/1.1", f"Host: {raw.host}", "Host: other.example", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items() if name.lower() != "host"]
    address, port = raw.host.split(":")
    with socket.create_connection((address, int(port))) as connection:
        connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        answer = connection.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 400") or answer.startswith(b"HTTP/1.1 403")
