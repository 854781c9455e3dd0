"""Upstreams that verify signatures: with the caller's Host kept, and signed anew with keys of the upstream's."""

import hashlib
import socket
import threading
import urllib.request

import boto3
import pytest
from botocore import UNSIGNED
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from botocore.httpsession import URLLib3Session
from chunked import upload
from server import Server, credentials
from conftest import eventually
from upstreams import Raw, client, gateway, records, resolve_localhost

pytestmark = pytest.mark.evidence("assumed", "gateway-facts 4: Host kept, or verified and signed anew")

PART = 5 << 20


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A second Cairn: it verifies every signature, hash and checksum."""
    server = Server(tmp_path_factory.mktemp("store") / "data").start()
    yield server
    assert server.stop() == 0, server.stderr()


@pytest.fixture
def kept(tmp_path, store):
    """Host kept: callers use the store's own keys."""
    with gateway(tmp_path / "data", "--upstream", f"s3={store.url}") as server:
        yield server, credentials(store.data)


@pytest.fixture
def anew(tmp_path, store):
    """Signed anew: callers use the gateway's keys, the store never sees them."""
    key, secret = credentials(store.data)
    config = (
        f'[upstreams]\ns3 = {{ url = "{store.url}", '
        f'resign = {{ access-key-id = "{key}", secret-access-key = "{secret}" }} }}\n'
        f'kms = {{ url = "{store.url}", '
        f'resign = {{ access-key-id = "{key}", secret-access-key = "{secret}", region = "eu-west-1" }} }}\n'
    )
    with gateway(tmp_path / "data", config=config) as server:
        yield server, credentials(server.data)


@pytest.fixture(params=["kept", "anew"])
def front(request):
    return request.getfixturevalue(request.param)


def exercise(s3, bucket):
    """Get, put, copy, list, tags, policy, multipart and delete."""
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="a key/+&é%20", Body=b"stone", Metadata={"who": "me"})
    got = s3.get_object(Bucket=bucket, Key="a key/+&é%20")
    assert got["Body"].read() == b"stone" and got["Metadata"] == {"who": "me"}
    part = s3.get_object(Bucket=bucket, Key="a key/+&é%20", Range="bytes=1-2")["Body"].read()
    assert part == b"to"
    s3.put_object_tagging(Bucket=bucket, Key="a key/+&é%20", Tagging={"TagSet": [{"Key": "k", "Value": "v v"}]})
    upload = s3.create_multipart_upload(Bucket=bucket, Key="large")["UploadId"]
    bodies = [b"a" * PART, b"b" * 1000]
    parts = [
        {"PartNumber": n, "ETag": s3.upload_part(Bucket=bucket, Key="large", UploadId=upload, PartNumber=n, Body=b)["ETag"]}
        for n, b in enumerate(bodies, 1)
    ]
    s3.complete_multipart_upload(Bucket=bucket, Key="large", UploadId=upload, MultipartUpload={"Parts": parts})
    whole = s3.get_object(Bucket=bucket, Key="large")["Body"].read()
    assert hashlib.sha256(whole).digest() == hashlib.sha256(b"".join(bodies)).digest()
    s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "large"})
    assert [found["Key"] for found in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["a key/+&é%20", "copy", "large"]
    with pytest.raises(ClientError) as missing:
        s3.head_object(Bucket=bucket, Key="nothing")
    assert missing.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


@pytest.mark.parametrize("style", ["path", "virtual"])
def test_a_store_that_verifies_is_used_as_if_nobody_stood_in_front(front, style, request, monkeypatch):
    resolve_localhost(monkeypatch)
    server, (key, secret) = front
    url = server.url.replace("127.0.0.1", "localhost") if style == "virtual" else server.url
    s3 = client("s3", url, key, secret, s3={"addressing_style": style})
    exercise(s3, f"bucket-{style}-{request.node.callspec.params['front']}")
    written = [record["eventName"] for record in records(server)]
    assert written == [
        "CreateBucket",
        "PutObject",
        "GetObject",
        "GetObject",
        "PutObjectTagging",
        "CreateMultipartUpload",
        "UploadPart",
        "UploadPart",
        "CompleteMultipartUpload",
        "GetObject",
        "CopyObject",
        "ListObjects",
        "HeadObject",
    ]


def test_presigned_urls_work(front, request):
    server, (key, secret) = front
    s3 = client("s3", server.url, key, secret, signature_version="s3v4")
    bucket = f"presigned-{request.node.callspec.params['front']}"
    s3.create_bucket(Bucket=bucket)
    put = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "k"})
    sent = urllib.request.Request(put, data=b"by url", method="PUT", headers={"Content-Type": ""})
    assert urllib.request.urlopen(sent).status == 200
    got = urllib.request.urlopen(s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"}))
    assert got.read() == b"by url"
    found = [record for record in records(server) if record["eventName"] == "GetObject"]
    assert found[0]["additionalEventData"]["AuthenticationMethod"] == "QueryString"
    # No part of a signature is a parameter.
    assert not [name for name in found[0]["requestParameters"] if name in ("X-Amz-Signature", "X-Amz-Security-Token")]


@pytest.mark.parametrize("kind", ["signed", "signed-trailer", "trailer"])
def test_bodies_in_chunks_pass(front, kind, request):
    server, (key, secret) = front
    bucket = f"chunks-{kind}-{request.node.callspec.params['front']}"
    s3 = client("s3", server.url, key, secret)
    s3.create_bucket(Bucket=bucket)
    content = bytes(range(256)) * 1200
    how = {"trailer": "trailer" in kind, "signed": "signed" in kind}
    answer = upload(server.url, f"/{bucket}/k", content, key, secret, **how)
    assert answer.status == 200, answer.read()
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == content
    put = [record for record in records(server) if record["eventName"] == "PutObject"]
    assert put[0]["additionalEventData"]["bytesTransferredIn"] == len(content)


def test_a_forged_signature_goes_no_further(anew, store):
    server, (key, _) = anew
    with pytest.raises(ClientError) as refused:
        client("s3", server.url, key, "forged/secret/forged/secret/forged/secre").list_buckets()
    assert refused.value.response["Error"]["Code"] == "SignatureDoesNotMatch"
    with pytest.raises(ClientError) as refused:
        client("s3", server.url, *credentials(store.data)).list_buckets()
    assert refused.value.response["Error"]["Code"] == "InvalidAccessKeyId"
    anonymous = boto3.client(
        "s3", endpoint_url=server.url, region_name="us-east-1", config=Config(signature_version=UNSIGNED)
    )
    with pytest.raises(ClientError) as refused:
        anonymous.list_objects_v2(Bucket="bucket")
    assert refused.value.response["Error"]["Code"] == "AccessDenied"


def test_a_body_that_is_not_what_was_signed_never_becomes_an_object(anew):
    server, (key, secret) = anew
    s3 = client("s3", server.url, key, secret)
    s3.create_bucket(Bucket="forged-body")
    request = AWSRequest("PUT", f"{server.url}/forged-body/k", data=b"signed", headers={})
    S3SigV4Auth(Credentials(key, secret), "s3", "us-east-1").add_auth(request)
    sent = request.prepare()
    sent.body = b"forged"
    answer = URLLib3Session().send(sent)
    assert answer.status_code == 400, answer.content
    with pytest.raises(ClientError):
        s3.get_object(Bucket="forged-body", Key="k")


def test_documents_are_signed_anew_for_another_region(anew):
    server, (key, secret) = anew
    made = client("kms", server.url, key, secret).create_key(Description="of the upstream")
    assert made["KeyMetadata"]["Arn"].split(":")[3] == "eu-west-1"
    [record] = records(server)
    assert record["userIdentity"]["type"] == "Root" and record["userIdentity"]["accessKeyId"] == key
    assert record["eventName"] == "CreateKey" and record["responseElements"]["keyMetadata"]["enabled"] is True


def test_a_refusal_of_the_upstreams_for_the_signature_is_marked(kept):
    server, (key, _) = kept
    with pytest.raises(ClientError) as refused:
        client("s3", server.url, key, "forged/secret/forged/secret/forged/secre").list_buckets()
    assert refused.value.response["Error"]["Code"] == "SignatureDoesNotMatch"
    [record] = records(server)
    assert record["errorCode"] == "SignatureDoesNotMatch"
    assert record["additionalEventData"]["cairn"] == {"signature": "refused by the upstream"}


@pytest.mark.parametrize("length", [0, 1_000, 5_000_000])
def test_an_upload_that_a_crash_cuts_off_is_recorded_at_the_next_start(tmp_path, length):
    came, over = threading.Event(), threading.Event()

    def swallow(head, connection):
        came.set()
        over.wait(60)

    upstream = Raw(swallow)
    config = f'[upstreams]\ns3 = "{upstream.url}"\n'
    with gateway(tmp_path / "data", config=config) as server:
        host, port = server.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as connection:
            head = f"PUT /bucket/cut-off HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n"
            connection.sendall(head.encode() + b"x" * min(length, 1000))
            assert came.wait(20)
            server.kill()
        over.set()
        again = Server(tmp_path / "data", *server.arguments).start()
        eventually(lambda: "each is recorded" in again.stderr())
        [record] = records(again)
    assert record["eventName"] == "PutObject" and record["requestParameters"]["key"] == "cut-off"
    assert record["additionalEventData"]["cairn"] == {"outcome": "unknown"}
    third = Server(tmp_path / "data", *server.arguments).start()
    assert len(records(third)) == 1
    upstream.close()
