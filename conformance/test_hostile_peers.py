"""Callers who try to take the server's memory, its connections, or the words of its records."""

import json
import resource
import socket
import threading
import time

import pytest
from server import Server, records_of
from signed import LOOKUP, Raw

MIB = 1024 * 1024
RESIDENT_BYTES_MAX = 300 * MIB
FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
AGENT = {"User-Agent": "hostile"}


def resident_bytes(server):
    for line in open(f"/proc/{server.process.pid}/status"):
        if line.startswith("VmRSS"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmRSS")


@pytest.fixture()
def own(tmp_path):
    """A server of the test's own, and the requests it takes."""
    server = Server(tmp_path / "data", "--region", "us-east-1").start()
    yield server, Raw(server)
    if server.process.poll() is None:
        server.stop()


def post_without_end(host, size, answers):
    """A form of which the last byte never comes; what the server says meanwhile."""
    address, port = host.split(":")
    peer = socket.create_connection((address, int(port)))
    peer.settimeout(3)
    lines = ["POST / HTTP/1.1", f"Host: {host}", f"Content-Length: {size}"]
    lines += [f"{name}: {value}" for name, value in FORM.items()]
    head = "\r\n".join([*lines, "", ""])
    try:
        peer.sendall(head.encode() + b"A" * (size - 1))
        answers.append((peer, peer.recv(4096)))
    except (TimeoutError, ConnectionError):
        answers.append((peer, b""))


@pytest.mark.evidence("assumed", "the bodies of all callers together have a limit: ServiceUnavailable")
def test_bodies_of_strangers_leave_room_for_others(own):
    server, raw = own
    answers = []
    sizes = [5 * MIB] * 60
    senders = [threading.Thread(target=post_without_end, args=(raw.host, size, answers)) for size in sizes]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert resident_bytes(server) < RESIDENT_BYTES_MAX
    # Some were told so; a sender who was still writing may have lost the answer.
    assert any(b" 503 " in text and b"ServiceUnavailable" in text for _, text in answers)
    body = b'{"MaxResults": 1, "NextToken": "' + b"x" * (5 * MIB) + b'"}'
    assert raw.send(*raw.json_call("cloudtrail", LOOKUP, body))[0] == 400
    assert raw.send(*raw.json_call("cloudtrail", LOOKUP, b"{}"))[0] == 200
    for peer, _ in answers:
        peer.close()


def refused_accepts(server):
    return [line for line in server.stderr().splitlines() if "could not be accepted" in line]


@pytest.mark.evidence("assumed", "a server out of descriptors waits, and says so now and then")
def test_no_descriptors_left(own):
    server, raw = own
    limits = resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (60, limits[1]))
    name, port = raw.host.split(":")
    peers = [socket.create_connection((name, int(port))) for _ in range(100)]
    # A flood is thousands of lines by the time that the first one is seen.
    deadline = time.monotonic() + 20
    while not (lines := refused_accepts(server)):
        assert time.monotonic() < deadline
    assert len(lines) <= 2
    for peer in peers:
        peer.close()
    resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, limits)
    assert raw.send(*raw.json_call("cloudtrail", LOOKUP, b"{}"))[0] == 200


def connected(raw, first):
    name, port = raw.host.split(":")
    peer = socket.create_connection((name, int(port)))
    peer.sendall(first)
    return peer


HTTP_2 = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"


@pytest.mark.evidence("assumed", "a connection without a call is closed after half a minute")
def test_silent_connections(server):
    raw = Raw(server)
    starts = [b"", b"PRI * HT", b"G", b"GET / HTTP/1.1\r\n", HTTP_2]
    peers = [connected(raw, start) for start in starts]
    for start, peer in zip(starts, peers, strict=True):
        peer.settimeout(40)
        try:
            while peer.recv(4096):
                pass
        except ConnectionResetError:
            pass
        except TimeoutError:
            pytest.fail(f"still open after {start!r}")


@pytest.mark.evidence("assumed", "HTTP/2 has few streams and small windows: unread bodies wait at the sender")
def test_http_2_is_bounded(server):
    peer = connected(Raw(server), HTTP_2)
    peer.settimeout(10)
    reader = peer.makefile("rb")
    header = reader.read(9)
    assert header[3] == 4, "the first frame is SETTINGS"
    text = reader.read(int.from_bytes(header[:3], "big"))
    settings = {
        int.from_bytes(text[at : at + 2], "big"): int.from_bytes(text[at + 2 : at + 6], "big")
        for at in range(0, len(text), 6)
    }
    streams, window, head = settings[3], settings[4], settings[6]
    assert streams <= 64 and window <= 128 * 1024 and head <= 64 * 1024
    peer.close()


@pytest.mark.evidence("observed", "Credential should be scoped to correct service: 'cloudtrail'.")
@pytest.mark.parametrize("service", ["dynamodb", "s3", "nonsense"])
def test_a_scope_of_another_service(server, service):
    raw = Raw(server)
    status, _, text = raw.send(*raw.json_call(service, LOOKUP, b"{}"))
    assert status in (400, 403), text
    assert json.loads(text)["__type"].endswith("InvalidSignatureException")
    assert b"scoped to correct service: 'cloudtrail'" in text


@pytest.mark.evidence("documented", "AuthorizationHeaderMalformed; should be scoped to a valid region")
def test_a_scope_of_no_region(own):
    server, raw = own
    status, _, text = raw.send(*raw.signed("PUT", "/pictures-of-mars", "s3", region="mars"))
    assert status == 400, text
    assert b"AuthorizationHeaderMalformed" in text
    assert b"the region 'mars' is wrong; expecting 'us-east-1'" in text
    status, _, text = raw.send(*raw.json_call("cloudtrail", LOOKUP, b"{}", region="mars"))
    assert status in (400, 403) and b"scoped to a valid region" in text
    for region in ("eu-west-1", "us-gov-west-1", "eusc-de-east-1"):
        assert raw.send(*raw.json_call("cloudtrail", LOOKUP, b"{}", region=region))[0] == 200
    server.stop()
    assert "mars" not in {record["awsRegion"] for record in records_of(server.data)}


@pytest.mark.evidence("assumed", "a signed call is recorded, whatever other servers keep at its path")
def test_signed_calls_to_reserved_paths(own):
    server, raw = own
    assert raw.send(*raw.signed("PUT", "/moto-api", "s3"))[0] == 200
    assert raw.send(*raw.signed("PUT", "/moto-api/key", "s3", b"x"))[0] == 200
    assert raw.send("GET", "/_cairn/health", {"Host": raw.host}, b"")[0] == 200
    assert raw.send("GET", "/moto-api/key", {"Host": raw.host}, b"")[0] == 404
    bucket_host = f"moto-api.localhost:{raw.host.split(':')[1]}"
    url, raw.host = raw.host, bucket_host
    method, path, headers, body = raw.signed("PUT", "/_cairn/foo", "s3", b"x")
    raw.host = url
    assert raw.send(method, path, headers, body)[0] == 200
    server.stop()
    names = [record["eventName"] for record in records_of(server.data)]
    assert names.count("CreateBucket") == 1 and names.count("PutObject") == 2


@pytest.mark.evidence("assumed", "what cannot be an operation's name is not recorded as one")
def test_names_that_are_none(own):
    server, raw = own
    for action in (b"A" * 9000, b"GetCallerIdentity%0a%1b[31mX"):
        body = b"Action=" + action + b"&Version=2011-06-15"
        status, _, text = raw.send(*raw.signed("POST", "/", "sts", body, FORM | AGENT))
        assert status == 400 and b"InvalidAction" in text
    target = LOOKUP.replace("LookupEvents", "A" * 9000)
    status, _, text = raw.send(*raw.json_call("cloudtrail", target, b"{}"))
    assert status == 400 and b"UnknownOperationException" in text
    body = b"Action=DoSomethingNew&Version=2011-06-15"
    assert raw.send(*raw.signed("POST", "/", "sts", body, FORM))[0] == 400
    server.stop()
    assert [record["eventName"] for record in records_of(server.data)] == ["DoSomethingNew"]


@pytest.mark.evidence("documented", "AWS JSON is posted")
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_targets_are_posted(server, method):
    raw = Raw(server)
    headers = {"X-Amz-Target": LOOKUP, "Content-Type": "application/x-amz-json-1.1"}
    status, _, text = raw.send(*raw.signed(method, "/", "cloudtrail", b"{}", headers))
    assert status == 400 and b"UnknownOperationException" in text
