"""Bad input gets AWS's error, and the server keeps its memory and its head."""

import gzip
import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from signed import LOOKUP, Raw

PUT_METRIC = "/service/GraniteServiceVersion20100801/operation/PutMetricData"
RESIDENT_BYTES_MAX = 300 * 1024 * 1024
# Of each thread that serves, with room for what serves and works.
BLOCKING_THREADS_MAX = 128


@pytest.fixture(scope="module")
def raw(server):
    return Raw(server)


def resident_bytes(server):
    for line in open(f"/proc/{server.process.pid}/status"):
        if line.startswith("VmRSS"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmRSS")


@pytest.fixture(autouse=True)
def still_serves(raw, server):
    yield
    assert raw.send(*raw.json_call("cloudtrail", LOOKUP, b'{"MaxResults": 1}'))[0] == 200
    assert resident_bytes(server) < RESIDENT_BYTES_MAX


@pytest.mark.evidence("documented", "SerializationException for JSON that is none")
@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'{"MaxResults": "many"}',
        b'{"LookupAttributes": {}}',
        b'{"NextToken": "\xff\xfe"}',
        b"[" * 100_000,
        b'{"a":' * 50_000,
    ],
)
def test_broken_json(raw, body):
    status, _, text = raw.send(*raw.json_call("cloudtrail", LOOKUP, body))
    assert status == 400, text
    assert "__type" in json.loads(text)


@pytest.mark.evidence("assumed", "a structured body has a limit")
def test_a_body_over_the_limit(raw):
    body = b'{"NextToken": "' + b"x" * (20 * 1024 * 1024) + b'"}'
    status, _, text = raw.send(*raw.json_call("cloudtrail", LOOKUP, body))
    assert status in (400, 413), text
    assert "__type" in json.loads(text)


@pytest.mark.evidence("assumed", "a compressed body has a limit")
def test_a_zip_bomb(raw):
    bomb = gzip.compress(b"0" * (200 * 1024 * 1024))
    headers = {
        "Content-Encoding": "gzip", "Smithy-Protocol": "rpc-v2-cbor", "Content-Type": "application/cbor",
    }  # fmt: skip
    status, _, _ = raw.send(*raw.signed("POST", PUT_METRIC, "monitoring", bomb, headers))
    assert status in (400, 413)


@pytest.mark.evidence("assumed", "a truncated body is refused")
def test_truncated_gzip(raw):
    headers = {
        "Content-Encoding": "gzip", "Smithy-Protocol": "rpc-v2-cbor", "Content-Type": "application/cbor",
    }  # fmt: skip
    body = gzip.compress(b"\xa0" * 1000)[:20]
    status, _, _ = raw.send(*raw.signed("POST", PUT_METRIC, "monitoring", body, headers))
    assert status == 400


@pytest.mark.evidence("documented", "AttributeValue has at most 2000 characters")
def test_a_name_of_ten_thousand_characters(raw):
    body = {"LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": "x" * 10_000}]}
    status, _, text = raw.send(*raw.json_call("cloudtrail", LOOKUP, json.dumps(body).encode()))
    assert status == 400
    assert json.loads(text)["__type"] in ("InvalidLookupAttributesException", "ValidationException")


@pytest.mark.evidence("documented", "S3 keys have at most 1024 bytes")
def test_a_key_of_ten_thousand_characters(raw, clients):
    clients("s3").create_bucket(Bucket="long-keys")
    status, _, text = raw.send(*raw.signed("PUT", "/long-keys/" + "k" * 10_000, "s3", b"x"))
    assert status == 400 and b"<Code>KeyTooLongError</Code>" in text


@pytest.mark.evidence("documented", "UnknownOperationException; native-observations 2: HTTP 400")
def test_unknown_targets(raw):
    status, _, text = raw.send(*raw.json_call("cloudtrail", "CloudTrail_20131101.NoSuchThing", b"{}"))
    assert status == 400
    assert json.loads(text)["__type"].endswith("UnknownOperationException")


@pytest.mark.evidence("assumed", "paths of other servers are never AWS calls")
@pytest.mark.parametrize("path", ["/_cairn/nothing", "/moto-api/data.json", "/latest/meta-data/", "/_localstack/health"])
def test_reserved_paths(raw, path):
    status, _, _ = raw.send("GET", path, {"Host": raw.host}, b"")
    assert status == 404


@pytest.mark.evidence("assumed", "a test rig's reset is no operation of a real server")
def test_reset_is_refused_outside_test_rigs(raw):
    for path in ("/_cairn/test/reset", "/moto-api/reset"):
        assert raw.send("POST", path, {"Host": raw.host}, b"")[0] in (403, 404)


def threads(server):
    for line in open(f"/proc/{server.process.pid}/status"):
        if line.startswith("Threads"):
            return int(line.split()[1])
    raise AssertionError("no Threads")


@pytest.mark.evidence("assumed", "what callers choose does not choose the number of threads")
def test_many_delete_many(server, clients):
    callers, keys = 32, 900
    s3 = clients("s3", max_pool_connections=callers)
    s3.create_bucket(Bucket="deleted-by-many")
    peak, done = [0], threading.Event()

    def watch():
        while not done.wait(0.005):
            peak[0] = max(peak[0], threads(server))

    def delete(_):
        objects = [{"Key": f"key-{number}"} for number in range(keys)]
        answer = s3.delete_objects(Bucket="deleted-by-many", Delete={"Objects": objects})
        return [deleted["Key"] for deleted in answer["Deleted"]]

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        with ThreadPoolExecutor(callers) as pool:
            answers = list(pool.map(delete, range(callers)))
    finally:
        done.set()
        watcher.join()
    assert all(answer == [f"key-{number}" for number in range(keys)] for answer in answers)
    lanes = len(os.sched_getaffinity(server.process.pid))
    assert 0 < peak[0] < lanes * BLOCKING_THREADS_MAX + 64
