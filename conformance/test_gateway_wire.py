"""Requests behind Cairn that no client library of today makes, or that it makes differently each time."""

import base64
import datetime
import gzip
import hashlib
import hmac
import http.client
import json
import logging
import struct
import threading
import zlib

import pytest
import test_gateway
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from gateway_runs import reset
from upstreams import KEY, SECRET, Raw, client, gateway, moto, records

pytestmark = pytest.mark.evidence("assumed", "gateway-facts 2.3: what routers and decoders trip over")

ANSWER_SECONDS_MAX = 20


@pytest.fixture(scope="module")
def emulator():
    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    with moto() as url:
        yield url
        # All motos of a process share their state.
        reset(url)


@pytest.fixture
def front(tmp_path, emulator):
    with gateway(tmp_path / "data", "--upstream", emulator) as server:
        yield server


def send(url, method, target, body=b"", headers=None):
    """Status, headers and body of the answer to a request that goes out as it is given."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=ANSWER_SECONDS_MAX)
    connection.putrequest(method, target, skip_accept_encoding=True)
    for name, value in (headers or {}).items():
        connection.putheader(name, value)
    if body:
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body or None)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, answer.headers, text


def signed(url, service, method, target, body=b"", headers=None, auth=SigV4Auth):
    """The headers of a request that is signed by botocore."""
    request = AWSRequest(method, f"{url}{target}", data=body, headers=dict(headers or {}))
    auth(Credentials(KEY, SECRET), service, "us-east-1").add_auth(request)
    return dict(request.headers.items())


def presigned(url, service, method, target, auth):
    """Path and query of a URL that carries its signature."""
    request = AWSRequest(method, f"{url}{target}")
    auth(Credentials(KEY, SECRET), service, "us-east-1", expires=60).add_auth(request)
    return request.url.removeprefix(url)


def named(server):
    """The records of a server by event name, each name once."""
    written = records(server)
    found = {record["eventName"]: record for record in written}
    assert len(found) == len(written), [record["eventName"] for record in written]
    return found


def test_presigned_urls(front):
    store = client("s3", front.url, s3={"addressing_style": "path"})
    store.create_bucket(Bucket="quarry")
    put = presigned(front.url, "s3", "PUT", "/quarry/a%20b", S3SigV4QueryAuth)
    assert send(front.url, "PUT", put, b"granite")[0] == 200
    got = presigned(front.url, "s3", "GET", "/quarry/a%20b", S3SigV4QueryAuth)
    assert send(front.url, "GET", got)[2] == b"granite"
    asked = "/?Action=GetCallerIdentity&Version=2011-06-15"
    # moto takes this for a call to S3; the record does not.
    assert send(front.url, "GET", presigned(front.url, "sts", "GET", asked, SigV4QueryAuth))[0] == 200
    found = named(front)
    assert sorted(found) == ["CreateBucket", "GetCallerIdentity", "GetObject", "PutObject"]
    for name in ["PutObject", "GetObject"]:
        record = found[name]
        assert record["requestParameters"]["key"] == "a b"
        assert record["additionalEventData"]["AuthenticationMethod"] == "QueryString"
        # What was signed may be shown, the signature itself never.
        assert "X-Amz-Expires" in record["requestParameters"]
        assert "X-Amz-Signature" not in json.dumps(record) and "X-Amz-Credential" not in json.dumps(record)
    assert found["GetCallerIdentity"]["userIdentity"]["accessKeyId"] == KEY
    assert found["GetCallerIdentity"]["requestParameters"] is None


def test_a_browser_posts_a_form(front):
    client("s3", front.url, s3={"addressing_style": "path"}).create_bucket(Bucket="quarry")
    day = datetime.datetime.now(datetime.timezone.utc)
    scope = f"{day:%Y%m%d}/us-east-1/s3/aws4_request"
    policy = {
        "expiration": f"{day + datetime.timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}",
        "conditions": [{"bucket": "quarry"}, ["starts-with", "$key", ""]],
    }
    encoded = base64.b64encode(json.dumps(policy).encode())
    key = f"AWS4{SECRET}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), hashlib.sha256)
    fields = {
        "key": "photos/stone",
        "x-amz-credential": f"{KEY}/{scope}",
        "x-amz-algorithm": "AWS4-HMAC-SHA256",
        "x-amz-date": f"{day:%Y%m%dT%H%M%SZ}",
        "policy": encoded.decode(),
        "x-amz-signature": hmac.new(key, encoded, hashlib.sha256).hexdigest(),
    }
    form = "".join(
        f'--line\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    form += (
        '--line\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\ngranite\r\n--line--\r\n'
    )
    headers = {"Content-Type": "multipart/form-data; boundary=line"}
    assert send(front.url, "POST", "/quarry", form.encode(), headers)[0] in (200, 204)
    record = named(front)["PostObject"]
    assert record["requestParameters"]["bucketName"] == "quarry"
    assert record["requestParameters"]["key"] == "photos/stone"
    assert record["userIdentity"]["accessKeyId"] == KEY
    # Neither what was posted nor what it was signed with.
    for secret in ["granite", fields["x-amz-signature"], fields["policy"]]:
        assert secret not in json.dumps(record)


def test_a_queue_is_named_by_its_path(front):
    queues = client("sqs", front.url)
    queues.create_queue(QueueName="stones")
    body = b"Action=SendMessage&Version=2012-11-05&MessageBody=no+record+shows+this&DelaySeconds=0"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    headers = signed(front.url, "sqs", "POST", "/123456789012/stones", body, headers)
    status, _, text = send(front.url, "POST", "/123456789012/stones", body, headers)
    assert status == 200 and b"<MessageId>" in text
    record = named(front)["SendMessage"]
    assert record["eventSource"] == "sqs.amazonaws.com"
    assert record["requestParameters"]["queueUrl"].endswith("/123456789012/stones")
    assert record["responseElements"]["messageId"].encode() in text
    assert "no record shows this" not in json.dumps(record)


def test_a_zipped_body_is_passed_on_zipped_and_recorded_plain(tmp_path):
    sent = []

    def answer(head, connection):
        head, _, body = head.partition(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        while len(body) < length:
            body += connection.recv(65536)
        sent.append((head, body))
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nx-amzn-RequestId: 4f\r\n\r\n")

    upstream = Raw(answer)
    points = [{"MetricName": f"crack-{n}", "Unit": "Count", "Value": n} for n in range(300)]
    with gateway(tmp_path / "data", "--upstream", upstream.url) as server:
        client("cloudwatch", server.url).put_metric_data(Namespace="Yard", MetricData=points)
        [record] = records(server)
    [(head, body)] = sent
    assert b"content-encoding: gzip" in head.lower() and b"crack-299" in gzip.decompress(body)
    names = [point["metricName"] for point in record["requestParameters"]["metricData"]]
    assert names == [point["MetricName"] for point in points]
    upstream.close()


# Keys as they travel, and as they are meant.
KEYS = {
    "a//b": "a//b",
    "/leading": "/leading",
    "a+b": "a+b",
    "a%2Bb%20c": "a+b c",
    "100%25": "100%",
    "%252F": "%2F",
    "%C3%BC/%E2%98%83": "ü/☃",
    "dir/": "dir/",
    "..%2F.": "../.",
}


@pytest.mark.parametrize("host", [None, "quarry.localhost"], ids=["path", "host"])
def test_keys_are_recorded_as_they_are_meant(tmp_path, host):
    upstream = Raw(lambda _, connection: connection.sendall(EMPTY))
    with gateway(tmp_path / "data", "--upstream", upstream.url) as server:
        for path in KEYS:
            target = f"/{path}" if host else f"/quarry/{path}"
            request = f"GET {target} HTTP/1.1\r\nHost: {host or 'localhost'}\r\nConnection: close\r\n\r\n"
            assert test_gateway.raw_call(server.url, request.encode()).startswith(b"HTTP/1.1 200")
        written = records(server)
    asked = [head.split(b" ")[1].decode() for head in upstream.requests]
    assert asked == [f"/{path}" if host else f"/quarry/{path}" for path in KEYS]
    assert [record["requestParameters"]["key"] for record in written] == list(KEYS.values())
    assert {record["requestParameters"]["bucketName"] for record in written} == {"quarry"}
    upstream.close()


EMPTY = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


def test_arns_in_paths(tmp_path):
    upstream = Raw(lambda _, connection: connection.sendall(EMPTY))
    function = "arn:aws:lambda:us-east-1:123456789012:function:carve"
    cluster = "arn%3Aaws%3Aeks%3Aus-east-1%3A123456789012%3Acluster%2Fhill"
    with gateway(tmp_path / "data", "--upstream", upstream.url) as server:
        for service, method, target in [
            ("lambda", "GET", f"/2015-03-31/functions/{function.replace(':', '%3A')}"),
            ("eks", "GET", f"/tags/{cluster}"),
        ]:
            headers = signed(server.url, service, method, target)
            assert send(server.url, method, target, headers=headers)[0] == 200
        found = named(server)
    assert found["GetFunction20150331v2"]["requestParameters"]["functionName"] == function
    # Observed: EKS shows labels as they stood in the path.
    assert found["ListTagsForResource"]["requestParameters"]["resourceArn"] == cluster
    assert f"/tags/{cluster} ".encode() in upstream.requests[1]
    upstream.close()


def test_chunks_and_trailers_pass_and_only_the_content_is_counted(tmp_path):
    content = b"granite" * 10_000
    checksum = base64.b64encode(struct.pack(">I", zlib.crc32(content))).decode()
    framed = b"".join(
        b"%x\r\n%s\r\n" % (len(piece), piece)
        for piece in [content[at : at + 16384] for at in range(0, len(content), 16384)]
    )
    framed += f"0\r\nx-amz-checksum-crc32:{checksum}\r\n\r\n".encode()
    came = []

    def answer(head, connection):
        head, _, body = head.partition(b"\r\n\r\n")
        while len(body) < len(framed):
            body += connection.recv(65536)
        came.append(body)
        connection.sendall(EMPTY)

    upstream = Raw(answer)
    headers = {
        "Content-Encoding": "aws-chunked",
        "X-Amz-Content-SHA256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "X-Amz-Decoded-Content-Length": str(len(content)),
        "X-Amz-Trailer": "x-amz-checksum-crc32",
    }
    with gateway(tmp_path / "data", "--upstream", upstream.url) as server:
        assert send(server.url, "PUT", "/quarry/stone", framed, headers)[0] == 200
        [record] = records(server)
    assert came == [framed]
    assert record["eventName"] == "PutObject"
    assert record["additionalEventData"]["bytesTransferredIn"] == len(content)
    assert "aws-chunked" not in json.dumps(record["requestParameters"])
    upstream.close()


def test_parts_that_wait_to_be_asked_for(front):
    store = client("s3", front.url, s3={"addressing_style": "path"})
    store.create_bucket(Bucket="quarry")
    upload = store.create_multipart_upload(Bucket="quarry", Key="wall")["UploadId"]
    parts = []
    for number, size in [(1, 6 << 20), (2, 1 << 20)]:
        # botocore sends these with `Expect: 100-continue`.
        part = store.upload_part(
            Bucket="quarry", Key="wall", UploadId=upload, PartNumber=number, Body=bytes([number]) * size
        )
        parts.append({"PartNumber": number, "ETag": part["ETag"]})
    store.complete_multipart_upload(
        Bucket="quarry", Key="wall", UploadId=upload, MultipartUpload={"Parts": parts}
    )
    assert store.get_object(Bucket="quarry", Key="wall")["ContentLength"] == 7 << 20
    written = records(front)
    sizes = [
        r["additionalEventData"]["bytesTransferredIn"] for r in written if r["eventName"] == "UploadPart"
    ]
    assert sizes == [6 << 20, 1 << 20]
    assert [record["eventName"] for record in written] == [
        "CreateBucket",
        "CreateMultipartUpload",
        "UploadPart",
        "UploadPart",
        "CompleteMultipartUpload",
        "GetObject",
    ]


def test_heads_have_lengths_and_no_bodies(front):
    store = client("s3", front.url, s3={"addressing_style": "path"})
    store.create_bucket(Bucket="quarry")
    store.put_object(Bucket="quarry", Key="stone", Body=b"granite")
    answers = []
    for target in ["/quarry/stone", "/quarry/none"]:
        headers = signed(front.url, "s3", "HEAD", target, auth=S3SigV4Auth)
        status, headers, body = send(front.url, "HEAD", target, headers=headers)
        answers.append((status, body))
        if status == 200:
            assert headers["Content-Length"] == "7"
    assert answers == [(200, b""), (404, b"")]
    heads = [record for record in records(front) if record["eventName"] == "HeadObject"]
    assert [record["additionalEventData"]["bytesTransferredOut"] for record in heads] == [0, 0]
    assert "errorCode" not in heads[0] and heads[1]["errorCode"]


def message(event, payload):
    """One message of an event stream."""
    headers = b""
    for name, value in [
        (":message-type", "event"),
        (":event-type", event),
        (":content-type", "application/json"),
    ]:
        headers += (
            struct.pack(">B", len(name)) + name.encode() + struct.pack(">BH", 7, len(value)) + value.encode()
        )
    start = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    start += struct.pack(">I", zlib.crc32(start))
    whole = start + headers + payload
    return whole + struct.pack(">I", zlib.crc32(whole))


def test_events_pass_as_they_come(tmp_path):
    seen = threading.Event()
    events = [message("initial-response", b"{}"), message("SubscribeToShardEvent", b'{"Records": []}')]

    def answer(head, connection):
        connection.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.amazon.eventstream\r\n"
            b"Transfer-Encoding: chunked\r\nx-amzn-RequestId: 4f\r\nConnection: close\r\n\r\n"
        )
        for event in events:
            connection.sendall(b"%x\r\n%s\r\n" % (len(event), event))
            # The next one is sent when this one was read at the other end: nothing is held back.
            assert seen.wait(ANSWER_SECONDS_MAX)
            seen.clear()
        connection.sendall(b"0\r\n\r\n")

    upstream = Raw(answer)
    consumer = "arn:aws:kinesis:us-east-1:123456789012:stream/gravel/consumer/sieve:1"
    body = json.dumps(
        {"ConsumerARN": consumer, "ShardId": "shardId-0", "StartingPosition": {"Type": "LATEST"}}
    ).encode()
    headers = {
        "X-Amz-Target": "Kinesis_20131202.SubscribeToShard",
        "Content-Type": "application/x-amz-json-1.1",
    }
    with gateway(tmp_path / "data", "--upstream", upstream.url) as server:
        connection = http.client.HTTPConnection(
            server.url.removeprefix("http://"), timeout=ANSWER_SECONDS_MAX
        )
        connection.request("POST", "/", body, signed(server.url, "kinesis", "POST", "/", body, headers))
        answered = connection.getresponse()
        for event in events:
            assert answered.read(len(event)) == event
            seen.set()
        assert answered.read() == b""
        [record] = records(server)
    assert record["eventName"] == "SubscribeToShard" and record["requestID"] == "4f"
    assert record["requestParameters"]["consumerARN"] == consumer
    assert record["requestParameters"]["startingPosition"] == {"type": "LATEST"}
    upstream.close()
