"""Callers and upstreams that misbehave: bounded memory, one record for each call, and the server goes on."""

import os
import re
import resource
import socket
import threading
import urllib.request

import pytest
from by_hand import (
    ANSWER,
    ONCE,
    READ,
    WRITE,
    answer_of,
    connect,
    json_call,
    one_after_another,
    reset,
    say,
    whole,
)
from conftest import eventually
from server import binary
from upstreams import Raw, gateway, records

pytestmark = pytest.mark.evidence("assumed", "gateway-facts 4: every limit of a gateway")

MIB = 1 << 20
LARGE_BYTES = int(os.environ.get("CAIRN_LARGE_BYTES", 1 << 30))
IDLE_CONNECTIONS = 10_000
PIECE = bytes(MIB)


def memory(server, what):
    for line in open(f"/proc/{server.process.pid}/status"):
        if line.startswith(what):
            return int(line.split()[1]) * 1024
    raise AssertionError(what)


def is_healthy(server):
    return urllib.request.urlopen(f"{server.url}/_cairn/ready").status == 200


def test_ten_thousand_idle_connections(tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = IDLE_CONNECTIONS + 500
    if hard < wanted / 3 * 4:
        pytest.skip(f"this machine allows {hard} descriptors")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    with gateway(tmp_path / "data") as server:
        peers = []
        for _ in range(IDLE_CONNECTIONS):
            peer = connect(server)
            peer.sendall(b"GET /_cairn/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            peers.append(peer)
            if len(peers) % 100 == 0:
                for waiting in peers[-100:]:
                    assert waiting.recv(4096).startswith(b"HTTP/1.1 200")
        resident = memory(server, "VmHWM")
        print(f"{len(peers)} idle connections: {resident / MIB:.0f} MiB")
        assert resident < 300 * 10**6
        assert is_healthy(server)
        for peer in peers:
            peer.close()
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_connections_without_a_place_are_turned_away(tmp_path, monkeypatch):
    # The server raises its soft limit to the hard one, and keeps a quarter for itself.
    starved = tmp_path / "starved"
    starved.write_text(f'#!/bin/sh\nulimit -Sn 64; ulimit -Hn 200\nexec {binary()} "$@"\n')
    starved.chmod(0o755)
    monkeypatch.setenv("CAIRN_BINARY", str(starved))
    call = b"GET /_cairn/health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with gateway(tmp_path / "data") as server:
        peers, answers = [connect(server) for _ in range(200)], []
        for peer in peers:
            try:
                peer.sendall(call)
                answers.append(peer.recv(12))
            except OSError:
                answers.append(b"")
        # The probe of the start may have had a place for a moment.
        assert 148 <= answers.count(b"HTTP/1.1 200") <= 150
        assert answers.count(b"HTTP/1.1 503") >= 40
        lines = [line for line in server.stderr().splitlines() if "no room for connections" in line]
        assert 1 <= len(lines) <= 2
        for peer in peers:
            peer.close()
        last = call.replace(b"\r\n\r\n", b"\r\n" + ONCE + b"\r\n")
        eventually(lambda: say(server, last).startswith(b"HTTP/1.1 200"))


def large_store(head, connection):
    """Takes any upload, gives any download."""
    length = re.search(rb"(?i)content-length: (\d+)", head)
    if head.startswith(b"PUT"):
        left = int(length.group(1)) - len(head.partition(b"\r\n\r\n")[2])
        room = bytearray(MIB)
        while left > 0:
            left -= connection.recv_into(room)
        connection.sendall(b'HTTP/1.1 200 OK\r\nETag: "0"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
        return
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % LARGE_BYTES)
    for _ in range(LARGE_BYTES // MIB):
        connection.sendall(PIECE)


def test_large_objects_take_little_memory(tmp_path):
    upstream = Raw(large_store)
    with gateway(tmp_path / "data", "--upstream", upstream.url) as server:
        with connect(server) as connection:
            head = b"PUT /bucket/key HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
            connection.sendall(head % LARGE_BYTES)
            for _ in range(LARGE_BYTES // MIB):
                connection.sendall(PIECE)
            assert connection.recv(12) == b"HTTP/1.1 200"
        after_upload = memory(server, "VmHWM")
        with connect(server) as connection:
            connection.sendall(b"GET /bucket/key HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            room, got = bytearray(MIB), 0
            while count := connection.recv_into(room):
                got += count
        assert got > LARGE_BYTES
        peak = memory(server, "VmHWM")
        print(f"{LARGE_BYTES} bytes: {after_upload / MIB:.0f} MiB up, {peak / MIB:.0f} MiB down")
        put, get = records(server)
    assert peak < 100 * 10**6
    assert put["additionalEventData"]["bytesTransferredIn"] == LARGE_BYTES
    assert get["additionalEventData"]["bytesTransferredOut"] == LARGE_BYTES
    upstream.close()


def test_a_caller_who_has_said_all_still_gets_its_answer(tmp_path):
    gone = threading.Event()

    def answer(head, connection):
        assert gone.wait(20)
        connection.sendall(ANSWER)

    upstream = Raw(answer)
    with gateway(tmp_path / "data", "--upstream", upstream.url) as server:
        with connect(server) as connection:
            connection.sendall(READ)
            connection.shutdown(socket.SHUT_WR)
            eventually(lambda: upstream.requests)
            gone.set()
            assert whole(connection).endswith(b'{"TableNames":[]}')
        assert [record["eventName"] for record in records(server)] == ["ListTables"]
    upstream.close()


def test_resets_on_either_side(tmp_path):
    broken = threading.Event()

    def answer(head, connection):
        if head.startswith(b"PUT"):
            try:
                while connection.recv(65536):
                    pass
            except OSError:
                pass
            broken.set()
            return
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % LARGE_BYTES + PIECE)
        if b"/cut" in head:
            reset(connection)
            return
        try:
            while True:
                connection.sendall(PIECE)
        except OSError:
            broken.set()

    upstream = Raw(answer)
    with gateway(tmp_path / "data", "--upstream", upstream.url) as server:
        connection = connect(server)
        connection.sendall(b"PUT /bucket/up HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000000\r\n\r\n" + PIECE)
        eventually(lambda: upstream.requests)
        reset(connection)
        assert broken.wait(20), "the upstream is not told that its caller has gone"
        broken.clear()
        connection = connect(server)
        connection.sendall(b"GET /bucket/down HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert connection.recv(12) == b"HTTP/1.1 200"
        reset(connection)
        assert broken.wait(20), "the upstream goes on sending to nobody"
        cut = say(server, b"GET /bucket/cut HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert cut.startswith(b"HTTP/1.1 200") and len(cut) < LARGE_BYTES
        assert is_healthy(server)
        written = records(server)
    assert [(record["eventName"], record.get("errorCode")) for record in written] == [
        ("PutObject", "IncompleteBody"),
        ("GetObject", None),
        ("GetObject", None),
    ]
    upstream.close()


def test_events_are_passed_on_as_they_come(tmp_path):
    seen = threading.Semaphore(0)

    def answer(head, connection):
        connection.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.amazon.eventstream\r\n"
            b"Transfer-Encoding: chunked\r\nTrailer: x-sum\r\n\r\n"
        )
        for n in range(3):
            connection.sendall(b"6\r\nevent%d\r\n" % n)
            # The next one is sent only when the caller has this one.
            assert seen.acquire(timeout=20)
        connection.sendall(b"0\r\nx-sum: 3\r\n\r\n")

    upstream = Raw(answer)
    with gateway(tmp_path / "data", "--upstream", upstream.url) as server:
        body = b'{"ConsumerARN":"arn:aws:kinesis:us-east-1:1:stream/s/consumer/c:1","ShardId":"0"}'
        with connect(server) as connection:
            call = json_call(b"Kinesis_20131202.SubscribeToShard", body, b"TE: trailers\r\n" + ONCE)
            connection.sendall(call.replace(ONCE, b"Connection: close, te\r\n"))
            text = b""
            for n in range(3):
                while b"event%d" % n not in text:
                    text += connection.recv(65536)
                seen.release()
            text += whole(connection)
        assert text.endswith(b"0\r\nx-sum: 3\r\n\r\n"), text
        assert [record["eventName"] for record in records(server)] == ["SubscribeToShard"]
    upstream.close()


def test_heads_that_are_too_large_go_no_further(tmp_path):
    upstream = Raw(lambda head, connection: connection.sendall(ANSWER))
    with gateway(tmp_path / "data", "--upstream", upstream.url) as server:
        for more, status in [
            (b"X-Long: %s\r\n" % (b"x" * 70_000), b"431"),
            (b"".join(b"X-%d: 1\r\n" % n for n in range(200)), b"431"),
            (b"X Spaced: 1\r\n", b"400"),
        ]:
            assert say(server, READ.replace(b"Content-Type", more + b"Content-Type")).split(b" ")[1] == status
        target = say(server, b"GET /%s HTTP/1.1\r\nHost: localhost\r\n\r\n" % (b"x" * 70_000))
        assert target.split(b" ")[1] in (b"414", b"431")
        assert upstream.requests == [] and records(server) == []
    upstream.close()


TARGET = b"X-Amz-Target: DynamoDB_20120810.ListTables\r\n"
SMUGGLED = b"POST /smuggled HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"
CHUNKS = b"2\r\n{}\r\n0\r\n\r\n"


def bent(*lines, start=b"POST / HTTP/1.1", host=b"Host: localhost", body=b""):
    """A reading call with these lines in its head."""
    fixed = [TARGET[:-2], b"Content-Type: application/x-amz-json-1.0"]
    return b"\r\n".join([start, *([host] if host else []), *fixed, *lines, b"", body])


LENGTH, CODING = b"Content-Length: 2", b"Transfer-Encoding: chunked"
FRAMINGS = [
    # What is sent, with which status it is answered, and how often it reaches the upstream.
    (bent(LENGTH, CODING, body=CHUNKS + SMUGGLED), b"200", 1),
    (bent(CODING, LENGTH, body=CHUNKS + SMUGGLED), b"200", 1),
    (bent(LENGTH, b"Content-Length: 3", body=b"{}x"), b"400", 0),
    (bent(LENGTH, LENGTH, b"Connection: close", body=b"{}"), b"200", 1),
    (bent(b"Content-Length: +2", body=b"{}"), b"400", 0),
    (bent(b"Content-Length: 2, 2", body=b"{}"), b"400", 0),
    (bent(LENGTH, b"X-Folded: 1", b" 2", body=b"{}"), b"400", 0),
    (bent(CODING, b"Connection: close", body=b"2;sign=1\r\n{}\r\n0\r\n\r\n"), b"200", 1),
    (bent(CODING, b"Connection: close", body=b"2\n{}\r\n0\r\n\r\n"), b"400", 0),
    (bent(b"Transfer-Encoding: gzip, chunked", body=CHUNKS), b"501", 0),
    (bent(b"Transfer-Encoding: chunked, gzip", body=CHUNKS), b"400", 0),
    (bent(b"Transfer-Encoding: xchunked", body=CHUNKS), b"400", 0),
    (bent(b"Transfer-Encoding : chunked", body=CHUNKS), b"400", 0),
    (bent(CODING, start=b"POST / HTTP/1.0", body=CHUNKS), b"400", 0),
    (bent(CODING, ONCE[:-2], start=b"GET / HTTP/1.1", body=CHUNKS).replace(TARGET, b""), b"200", 1),
    (bent(LENGTH, b"Connection: close, host, content-length", body=b"{}"), b"200", 1),
    (bent(LENGTH, b"Connection: close, transfer-encoding", CODING, body=CHUNKS), b"200", 1),
    (bent(LENGTH, b"Connection: close, Upgrade", b"Upgrade: h2c", body=b"{}"), b"200", 1),
    (bent(LENGTH, b"Connection: close", start=b"POST http://LOCALHOST/ HTTP/1.1", body=b"{}"), b"200", 1),
    (bent(LENGTH, start=b"POST http://elsewhere/ HTTP/1.1", body=b"{}"), b"400", 0),
    (bent(LENGTH, b"Host: elsewhere", body=b"{}"), b"400", 0),
    (bent(LENGTH, host=None, body=b"{}"), b"400", 0),
    (bent(LENGTH, host=b"Host: a%s.localhost" % (b".s3" * 90), body=b"{}"), b"400", 0),
    (bent(LENGTH, b"X-Nul: a\0b", body=b"{}"), b"400", 0),
    (bent(LENGTH, b"X-Return: a\rb", body=b"{}"), b"400", 0),
    (bent(LENGTH, b"Connection: close", body=b"").replace(b"\r\n", b"\n") + b"{}", b"200", 1),
    (bent(start=b"CONNECT localhost:22 HTTP/1.1"), b"405", 0),
    (bent(start=b"TRACE / HTTP/1.1"), b"405", 0),
    (bent(start=b"OPTIONS * HTTP/1.1"), b"400", 0),
]


def test_a_request_is_one_request_or_none(tmp_path):
    seen = []
    upstream = Raw(one_after_another(seen))
    with gateway(tmp_path / "data", "--upstream", upstream.url) as server:
        for request, status, times in FRAMINGS:
            before = len(seen)
            answered = say(server, request)
            assert answered.split(b" ")[1:2] == [status], (request, answered)
            assert answered.count(b"HTTP/1.1 ") == 1, (request, answered)
            came = seen[before:]
            assert len(came) == times, (request, came)
            for start, head, body in came:
                assert start.endswith(b" / HTTP/1.1") and body == b"{}", (request, start, body)
                assert head.lower().count(b"\r\nhost: localhost") == 1 and b"pgrade" not in head, head
        assert is_healthy(server)
        written = records(server)
    # One body broke off on its way: that call had begun.
    failed = [record for record in written if "errorCode" in record]
    assert [record["errorCode"] for record in failed] == ["IncompleteBody"]
    assert len(written) == len(seen) + len(failed)
    upstream.close()


def until_gone(connection, piece):
    """Sends for ever, or nothing for ever, until the other side has had enough."""
    connection.settimeout(20)
    try:
        while piece:
            connection.sendall(piece)
        connection.recv(1)
    except OSError:
        pass


def head_of_answer(*lines):
    return b"\r\n".join([b"HTTP/1.1 200 OK", b"Content-Type: application/x-amz-json-1.0", *lines, b"", b""])


HINT = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
UPSTREAMS = {
    # What the upstream does, and how its caller is answered.
    "garbage": (lambda c: c.sendall(b"\0\1\2 this is no HTTP\r\n\r\n"), 502),
    "hints for ever": (lambda c: until_gone(c, HINT * 100), 504),
    "headers for ever": (lambda c: (c.sendall(b"HTTP/1.1 200 OK\r\n"), until_gone(c, b"X-A: b\r\n" * 99)), 502),
    "a header for ever": (lambda c: (c.sendall(b"HTTP/1.1 200 OK\r\nX: "), until_gone(c, b"x" * 9999)), 502),
    "two lengths": (lambda c: c.sendall(head_of_answer(b"Content-Length: 2", b"Content-Length: 3") + b"{}x"), 502),
    "too short": (lambda c: c.sendall(head_of_answer(b"Content-Length: 99") + b"{"), 502),
    "nothing": (lambda c: None, 502),
    "silence": (lambda c: until_gone(c, b""), 504),
    "half": (lambda c: (c.sendall(head_of_answer(b"Content-Length: 99") + b"{"), until_gone(c, b"")), 504),
    "a page": (lambda c: c.sendall(b"HTTP/1.1 503 Oops\r\nContent-Length: 6\r\n\r\n<html>"), 503),
}


def test_upstreams_that_misbehave(tmp_path):
    did = {"what": None}
    upstream = Raw(lambda head, connection: UPSTREAMS[did["what"]][0](connection))
    config = f'[upstreams]\ndefault = {{ url = "{upstream.url}", answer-timeout = "700ms" }}\n'
    with gateway(tmp_path / "data", config=config) as server:
        for what, (_, status) in UPSTREAMS.items():
            did["what"] = what
            before = len(upstream.requests)
            answered = say(server, WRITE.replace(b"Host", ONCE + b"Host"))
            assert answered.startswith(b"HTTP/1.1 %d " % status), (what, answered[:200])
            assert len(upstream.requests) == before + 1, what
        assert is_healthy(server) and memory(server, "VmHWM") < 300 * 10**6
        page = urllib.request.urlopen(f"{server.url}/_cairn/metrics").read().decode()
        reasons = set(re.findall(r'upstream_failures_total\{.*reason="(\w+)"', page))
        assert reasons == {"garbled", "too_slow", "broke_off", "closed", "stalled"}, page
        written = records(server)
    assert [record["eventName"] for record in written] == ["DeleteTable"] * len(UPSTREAMS)
    assert all("errorCode" in record for record in written)
    upstream.close()


def test_what_follows_an_answer_is_no_answer(tmp_path):
    forged = b'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged'
    seen = []

    def answer(head, connection):
        seen.append(head)
        if len(seen) == 1:
            connection.sendall(ANSWER + forged)
            until_gone(connection, b"")
        elif len(seen) == 2:
            # The coding counts; the length beside it is a trap for whoever reads it.
            both = head_of_answer(b"Content-Length: 3", b"Transfer-Encoding: chunked")
            connection.sendall(both + b"11\r\n" + ANSWER[-17:] + b"\r\n0\r\n\r\n")
        else:
            connection.sendall(ANSWER)

    upstream = Raw(answer)
    with gateway(tmp_path / "data", "--upstream", upstream.url) as server:
        with connect(server) as connection:
            for _ in range(3):
                connection.sendall(READ)
                assert answer_of(connection).endswith(b'{"TableNames":[]}')
        assert len(records(server)) == 3
    upstream.close()


def test_a_connection_that_ends_under_a_reading_call_is_no_failure(tmp_path):
    def answer(head, connection):
        connection.sendall(ANSWER)
        # The next request on this connection is read, and then the connection ends.
        if again := connection.recv(65536):
            upstream.requests.append(again)

    upstream = Raw(answer)
    with gateway(tmp_path / "data", "--upstream", upstream.url) as server:
        with connect(server) as connection:
            connection.sendall(READ)
            assert answer_of(connection).startswith(b"HTTP/1.1 200")
            connection.sendall(READ)
            assert answer_of(connection).startswith(b"HTTP/1.1 200")
            assert len(upstream.requests) == 3 and upstream.requests[1] == upstream.requests[2]
            # What changes something is made once, and whoever asked for it is told.
            connection.sendall(READ)
            assert answer_of(connection).startswith(b"HTTP/1.1 200")
            connection.sendall(WRITE)
            failed = answer_of(connection)
            assert failed.startswith(b"HTTP/1.1 502") and b"may have been made" in failed
            assert len([head for head in upstream.requests if b"DeleteTable" in head]) == 1
        page = urllib.request.urlopen(f"{server.url}/_cairn/metrics").read().decode()
        assert f'cairn_gateway_upstream_repeats_total{{upstream="{upstream.url}"}} 1' in page
        written = records(server)
    assert [(record["eventName"], record.get("errorCode")) for record in written] == [
        ("ListTables", None),
        ("ListTables", None),
        ("ListTables", None),
        ("DeleteTable", "ServiceUnavailable"),
    ]
    upstream.close()
