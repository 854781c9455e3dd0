"""TLS in front, with a certificate that changes; TLS towards upstreams; callers that speak HTTP/2."""

import http.client
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import urllib.request

import pytest
from botocore.exceptions import ClientError
from certificates import Authority
from conftest import eventually
from upstreams import Raw, client, gateway, records

pytestmark = pytest.mark.evidence("assumed", "gateway-facts 4: TLS on both sides, HTTP/2 in front")

AMZ_JSON = "application/x-amz-json-1.0"
TABLES = b'{"TableNames":[]}'


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


def context(chain_and_key):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(*chain_and_key)
    return made


def tables(head, connection):
    """Answers one call of DynamoDB, or of S3."""
    connection.sendall(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\nConnection: close\r\n"
        b"Content-Length: %d\r\n\r\n%s" % (len(TABLES), TABLES)
    )


def connected(server, authority):
    """A TLS connection that stays, and the name in the certificate that it saw."""
    host = server.url.removeprefix("https://")
    connection = http.client.HTTPSConnection(host, context=ssl.create_default_context(cafile=authority.file))
    connection.connect()
    [[[_, name]]] = connection.sock.getpeercert()["subject"]
    return connection, name


def is_healthy(connection):
    connection.request("GET", "/_cairn/health")
    answer = connection.getresponse()
    return answer.status == 200 and b"ok" in answer.read()


def replace(pair, files):
    for new, old in zip(pair, files, strict=True):
        os.replace(new, old)


@pytest.mark.parametrize("told", [False, True], ids=["by itself", "at a signal"])
def test_the_certificate_is_read_again(tmp_path, authority, told):
    files = authority.issue("first", "127.0.0.1")
    arguments = ["--tls-cert", str(files[0]), "--tls-key", str(files[1])]
    arguments += ["--tls-check-interval", "1h" if told else "50ms"]

    def name_of(server):
        if told:
            server.process.send_signal(signal.SIGHUP)
        connection, name = connected(server, authority)
        connection.close()
        return name

    def complaints(server):
        return [line for line in server.stderr().splitlines() if "a new certificate is no good" in line]

    with gateway(tmp_path / "data", *arguments, authority=authority.file) as server:
        stays, name = connected(server, authority)
        assert name == "first" and is_healthy(stays)
        replace(authority.issue("second", "127.0.0.1"), files)
        eventually(lambda: name_of(server) == "second")
        # Half of a new pair is none, and no reason to stop; it is told once. The files of the second
        # pair may have been looked at between the two, too.
        told_before = len(complaints(server))
        third = authority.issue("third", "127.0.0.1")
        os.replace(third[0], files[0])
        eventually(lambda: name_of(server) == "second" and len(complaints(server)) > told_before)
        for _ in range(5):
            assert name_of(server) == "second"
        assert len(complaints(server)) == told_before + 1
        os.replace(third[1], files[1])
        eventually(lambda: name_of(server) == "third")
        files[1].unlink()
        eventually(lambda: name_of(server) == "third" and len(complaints(server)) == told_before + 2)
        for _ in range(5):
            assert name_of(server) == "third"
        assert len(complaints(server)) == told_before + 2
        # The connection of before has seen nothing of all this.
        assert is_healthy(stays)
        stays.close()


def test_what_is_no_certificate_is_refused_before_the_start(tmp_path, authority):
    chain, _ = authority.issue("first", "127.0.0.1")
    _, other = authority.issue("second", "127.0.0.1")
    with pytest.raises(RuntimeError, match="do not belong together"):
        with gateway(tmp_path / "data", "--tls-cert", str(chain), "--tls-key", str(other), authority=authority.file):
            pass


def test_an_upstream_is_trusted_by_its_authority(tmp_path, authority):
    upstream = Raw(tables, context(authority.issue("good", "127.0.0.1")))
    config = f'[upstreams]\ndynamodb = {{ url = "{upstream.url}", ca-file = "{authority.file}" }}\n'
    with gateway(tmp_path / "data", config=config) as server:
        assert client("dynamodb", server.url).list_tables()["TableNames"] == []
        [record] = records(server)
    assert record["eventName"] == "ListTables" and "errorCode" not in record
    upstream.close()


def test_an_upstream_is_trusted_by_the_system(tmp_path, authority, monkeypatch):
    # What the system trusts can be named to every program by this variable.
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    upstream = Raw(tables, context(authority.issue("good", "127.0.0.1")))
    with gateway(tmp_path / "data", "--upstream", upstream.url) as server:
        assert client("dynamodb", server.url).list_tables()["TableNames"] == []
        assert len(records(server)) == 1
    upstream.close()


def test_an_upstream_that_is_somebody_else_gets_nothing(tmp_path, authority):
    (tmp_path / "others").mkdir()
    stranger = Authority(tmp_path / "others", "another authority")
    wrong = {
        "dynamodb": authority.issue("elsewhere", "elsewhere.example"),
        "sqs": authority.issue("expired", "127.0.0.1", days=-1),
        "s3": stranger.issue("stranger", "127.0.0.1"),
    }
    upstreams = {service: Raw(tables, context(pair)) for service, pair in wrong.items()}
    lines = [f'{name} = {{ url = "{it.url}", ca-file = "{authority.file}" }}' for name, it in upstreams.items()]
    with gateway(tmp_path / "data", config="\n".join(["[upstreams]", *lines])) as server:
        for service, call in [
            ("dynamodb", lambda c: c.list_tables()),
            ("sqs", lambda c: c.list_queues()),
            ("s3", lambda c: c.list_buckets()),
        ]:
            with pytest.raises(ClientError) as refused:
                call(client(service, server.url))
            answer = refused.value.response
            assert answer["ResponseMetadata"]["HTTPStatusCode"] == 502
            assert answer["Error"]["Code"] == "ServiceUnavailable"
            assert "certificate" in answer["Error"]["Message"]
        page = urllib.request.urlopen(f"{server.url}/_cairn/metrics").read().decode()
        for upstream in upstreams.values():
            [line] = [line for line in page.splitlines() if upstream.url in line]
            assert line.startswith("cairn_gateway_upstream_failures_total") and 'reason="untrusted"' in line
            assert upstream.requests == []
            upstream.close()
        log = [line for line in server.stderr().splitlines() if "untrusted" in line]
        assert len(log) == 3
        for words in ["elsewhere.example", "xpired", "UnknownIssuer"]:
            assert any(words in line for line in log), (words, log)
        written = records(server)
    assert [record["errorCode"] for record in written] == ["ServiceUnavailable"] * 3


def has_curl_with_http2():
    curl = shutil.which("curl")
    return curl and "HTTP2" in subprocess.run([curl, "--version"], capture_output=True, text=True).stdout


@pytest.mark.skipif(not has_curl_with_http2(), reason="a curl that speaks HTTP/2 is the caller")
@pytest.mark.parametrize("way", ["ALPN", "prior knowledge"])
def test_callers_over_http_2_reach_an_upstream_over_http_1(tmp_path, authority, way):
    upstream = Raw(tables)
    arguments = ["--upstream", upstream.url]
    call = ["curl", "-sS", "-w", "\n%{http_version} %{http_code}", "-d", '{"Limit":7}']
    call += ["-H", "Host: tables.example:99", "-H", "X-Amz-Target: DynamoDB_20120810.ListTables"]
    call += ["-H", f"Content-Type: {AMZ_JSON}"]
    trust = None
    if way == "ALPN":
        chain, key = authority.issue("first", "127.0.0.1")
        arguments += ["--tls-cert", str(chain), "--tls-key", str(key)]
        call += ["--cacert", str(authority.file)]
        trust = authority.file
    else:
        call += ["--http2-prior-knowledge"]
    with gateway(tmp_path / "data", *arguments, authority=trust) as server:
        done = subprocess.run([*call, server.url], capture_output=True, text=True, timeout=30)
        [record] = records(server)
    body, about = done.stdout.rsplit("\n", 1)
    assert (json.loads(body), about) == ({"TableNames": []}, "2 200"), done.stderr
    [head] = upstream.requests
    lines = head.split(b"\r\n")
    assert lines[0] == b"POST / HTTP/1.1" and lines.count(b"host: tables.example:99") == 1
    assert record["eventName"] == "ListTables" and record["requestParameters"] == {"limit": 7}
    assert ("tlsDetails" in record) == (way == "ALPN")
    upstream.close()


def test_a_handshake_that_does_not_end_holds_nobody_up(tmp_path, authority):
    chain, key = authority.issue("first", "127.0.0.1")
    arguments = ["--tls-cert", str(chain), "--tls-key", str(key)]
    with gateway(tmp_path / "data", *arguments, authority=authority.file) as server:
        name, port = server.url.removeprefix("https://").split(":")
        silent = [socket.create_connection((name, int(port))) for _ in range(50)]
        for peer, word in zip(silent, [b"", b"\x16\x03\x01", b"GET / HTTP/1.1\r\n\r\n"] * 20):
            peer.sendall(word)
        connection, _ = connected(server, authority)
        assert is_healthy(connection)
        connection.close()
        for peer in silent:
            peer.close()
