"""Calls that an upstream serves: passed on untouched, recorded faithfully, whatever the upstream does."""

import hashlib
import http.client
import json
import socket
import threading

import pytest
from botocore.exceptions import ClientError
from server import credentials
from upstreams import KEY, Raw, client, gateway, moto, own_client, records

pytestmark = pytest.mark.evidence("assumed", "gateway-facts 4 and 6: what a recording gateway does")

LARGE_BYTES = 24 << 20


@pytest.fixture(scope="module")
def emulator():
    with moto() as url:
        yield url


@pytest.fixture
def front(tmp_path, emulator):
    with gateway(tmp_path / "data", "--upstream", emulator) as server:
        yield server


def test_a_call_is_answered_by_the_upstream_and_recorded_here(front):
    tables = client("dynamodb", front.url)
    made = tables.create_table(
        TableName="stones",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    assert made["TableDescription"]["TableArn"].endswith(":table/stones")
    with pytest.raises(ClientError) as refused:
        tables.describe_table(TableName="nothing")
    assert refused.value.response["Error"]["Code"] == "ResourceNotFoundException"
    # The trail itself stays here, and shows the calls at once.
    events = own_client("cloudtrail", front).lookup_events(
        LookupAttributes=[{"AttributeKey": "EventSource", "AttributeValue": "dynamodb.amazonaws.com"}]
    )["Events"]
    names = [event["EventName"] for event in events]
    assert sorted(names) == ["CreateTable", "DescribeTable"]
    found = {record["eventName"]: record for record in records(front)}
    created = found["CreateTable"]
    assert created["requestParameters"]["tableName"] == "stones"
    assert created["responseElements"]["tableDescription"]["tableStatus"] == "ACTIVE"
    assert created["requestID"] == made["ResponseMetadata"]["RequestId"]
    assert created["userIdentity"] == {"type": "IAMUser", "accountId": created["recipientAccountId"], "accessKeyId": KEY}
    assert found["DescribeTable"]["errorCode"] == "ResourceNotFoundException"


def test_a_trail_cannot_deliver_through_an_upstream_and_the_log_says_what_can(front):
    client("s3", front.url).create_bucket(Bucket="behind-only")
    with pytest.raises(ClientError) as refused:
        own_client("cloudtrail", front).create_trail(Name="away", S3BucketName="behind-only")
    assert refused.value.response["Error"]["Code"] == "S3BucketDoesNotExistException"
    told = [line for line in front.stderr().splitlines() if "there is no bucket behind-only" in line]
    assert len(told) == 1 and "needs a [[destination]]" in told[0]


def test_streams_pass_in_both_directions_and_only_their_length_is_kept(front):
    store = client("s3", front.url)
    store.create_bucket(Bucket="stones")
    content = hashlib.sha256(b"seed").digest() * (LARGE_BYTES // 32)
    store.put_object(Bucket="stones", Key="large/object", Body=content)
    got = store.get_object(Bucket="stones", Key="large/object")["Body"].read()
    assert hashlib.sha256(got).digest() == hashlib.sha256(content).digest()
    found = {record["eventName"]: record for record in records(front)}
    assert found["PutObject"]["additionalEventData"]["bytesTransferredIn"] == LARGE_BYTES
    assert found["GetObject"]["additionalEventData"]["bytesTransferredOut"] == LARGE_BYTES
    assert found["GetObject"]["requestParameters"]["key"] == "large/object"


def test_an_upstream_that_is_down_is_an_error_in_the_protocol_of_the_caller(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        nobody = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with gateway(tmp_path / "data", "--upstream", nobody) as server:
        for service, call in [
            ("dynamodb", lambda c: c.list_tables()),
            ("sqs", lambda c: c.list_queues()),
            ("iam", lambda c: c.list_users()),
            ("ec2", lambda c: c.describe_vpcs()),
            ("s3", lambda c: c.list_buckets()),
            ("lambda", lambda c: c.list_functions()),
        ]:
            with pytest.raises(ClientError) as refused:
                call(client(service, server.url, *credentials(server.data)))
            answer = refused.value.response
            assert answer["ResponseMetadata"]["HTTPStatusCode"] == 502, service
            assert answer["Error"]["Code"] == "ServiceUnavailable", service
        written = records(server)
    # EC2 says whose fault an error is.
    codes = [record["errorCode"].removeprefix("Server.") for record in written]
    assert codes == ["ServiceUnavailable"] * 6
    # Also where the signature covers a body that nobody has fetched.
    assert [record["userIdentity"]["type"] for record in written] == ["Root"] * 6
    assert not any("cairn" in (record.get("additionalEventData") or {}) for record in written)


def test_our_own_callers_are_named_and_forgers_are_not(front):
    key, secret = credentials(front.data)
    client("sns", front.url, key, secret).list_topics()
    client("sns", front.url, key, "forged/secret/forged/secret/forged/secre").list_topics()
    client("sns", front.url, "111122223333", "x").list_topics()
    ours, forged, other = records(front)
    assert ours["userIdentity"]["type"] == "Root"
    # Nobody has shown that they hold the key: the record has the key, and no name.
    assert forged["userIdentity"] == {"type": "IAMUser", "accountId": ours["recipientAccountId"], "accessKeyId": key}
    assert other["userIdentity"]["accountId"] == "111122223333"


def raw_call(url, request: bytes) -> bytes:
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(request)
        connection.settimeout(20)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
        return answer


HEAD = (
    b"POST /a%2Fb//c?x=%7E&y HTTP/1.1\r\nHost: tables.example:1234\r\nX-Amz-Target: DynamoDB_20120810.ListTables\r\n"
    b"CONTENT-type: application/x-amz-json-1.0\r\nX-Own: 1\r\nx-own: 2\r\nContent-Length: 2\r\n"
    b"Connection: close, x-hop\r\nX-Hop: 1\r\n\r\n{}"
)


def test_what_the_caller_sent_goes_on_as_it_was_sent(tmp_path):
    def answer(head, connection):
        connection.sendall(
            b"HTTP/1.1 200 OK\r\nx-AMZN-RequestId: 4f\r\nContent-Type: application/x-amz-json-1.0\r\n"
            b'Content-Length: 17\r\nX-Two: a\r\nX-Two: b\r\n\r\n{"TableNames":[]}'
        )

    upstream = Raw(answer)
    with gateway(tmp_path / "data", "--upstream", upstream.url) as server:
        answered = raw_call(server.url, HEAD)
        [record] = records(server)
    [head] = upstream.requests
    lines = head.split(b"\r\n\r\n")[0].split(b"\r\n")
    # Path, query, Host, names and their case, order, repeats: all as sent. Only the hop's own lines are off.
    assert lines[0] == b"POST /a%2Fb//c?x=%7E&y HTTP/1.1"
    assert lines[1:] == [
        b"Host: tables.example:1234",
        b"X-Amz-Target: DynamoDB_20120810.ListTables",
        b"CONTENT-type: application/x-amz-json-1.0",
        b"X-Own: 1",
        b"x-own: 2",
        b"Content-Length: 2",
    ]
    assert b"x-AMZN-RequestId: 4f\r\n" in answered and b"X-Two: a\r\nX-Two: b\r\n" in answered
    assert answered.endswith(b'{"TableNames":[]}')
    assert record["requestID"] == "4f" and record["eventName"] == "ListTables"
    upstream.close()


def test_the_upstream_decides_whether_a_body_is_wanted(tmp_path):
    asked = threading.Event()

    def refuse(head, connection):
        connection.settimeout(20)
        assert b"expect: 100-continue" in head.lower()
        connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        # Not one byte of the body may have come.
        assert connection.recv(1) == b""
        asked.set()

    upstream = Raw(refuse)
    with gateway(tmp_path / "data", "--upstream", upstream.url) as server:
        host, port = server.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(
                b"PUT /bucket/key HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 5000000\r\n\r\n"
            )
            connection.settimeout(20)
            assert connection.recv(12) == b"HTTP/1.1 403"
        assert asked.wait(20)
        [record] = records(server)
    assert record["eventName"] == "PutObject" and record["additionalEventData"]["httpStatusCode"] == 403
    upstream.close()


def test_a_caller_who_hangs_up_does_not_escape_its_record(tmp_path):
    came, gone = threading.Event(), threading.Event()

    def answer(head, connection):
        came.set()
        assert gone.wait(20)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: 2\r\n\r\n{}")

    upstream = Raw(answer)
    with gateway(tmp_path / "data", "--upstream", upstream.url) as server:
        host, port = server.url.removeprefix("http://").split(":")
        connection = socket.create_connection((host, int(port)))
        connection.sendall(HEAD.replace(b"ListTables", b"DeleteTable").replace(b"Connection: close, x-hop\r\n", b""))
        assert came.wait(20)
        connection.close()
        gone.set()
        written = records(server)
    assert [record["eventName"] for record in written] == ["DeleteTable"]
    upstream.close()


def test_a_broken_answer_is_no_success(tmp_path):
    def answer(head, connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")

    upstream = Raw(answer)
    with gateway(tmp_path / "data", "--upstream", upstream.url) as server:
        answered = raw_call(server.url, HEAD)
        [record] = records(server)
    assert answered.startswith(b"HTTP/1.1 502")
    assert record["errorCode"] == "ServiceUnavailable"
    upstream.close()


def test_a_connection_that_switches_protocols_is_a_tunnel(tmp_path):
    def answer(head, connection):
        assert b"upgrade: websocket" in head.lower() and b"connection: upgrade" in head.lower()
        connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        while piece := connection.recv(100):
            connection.sendall(piece[::-1])

    upstream = Raw(answer)
    with gateway(tmp_path / "data", "--upstream", upstream.url) as server:
        host, port = server.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as connection:
            connection.settimeout(20)
            connection.sendall(
                b"GET /tunnel HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
            )
            head = b""
            while b"\r\n\r\n" not in head:
                head += connection.recv(1)
            assert head.startswith(b"HTTP/1.1 101")
            for word in [b"cairn", b"stone"]:
                connection.sendall(word)
                assert connection.recv(100) == word[::-1]
    upstream.close()


def test_services_are_told_apart(tmp_path, emulator):
    with gateway(tmp_path / "data", "--upstream", emulator, "--upstream", "s3=local") as server:
        key, secret = credentials(server.data)
        client("s3", server.url, key, secret).create_bucket(Bucket="here")
        with pytest.raises(ClientError) as refused:
            client("s3", server.url).list_buckets()
        assert refused.value.response["Error"]["Code"] == "InvalidAccessKeyId"
        client("sqs", server.url).list_queues()
        names = [bucket["Name"] for bucket in client("s3", emulator).list_buckets()["Buckets"]]
        assert "here" not in names
        assert [record["eventName"] for record in records(server)] == ["CreateBucket", "ListQueues"]


@pytest.mark.parametrize("loss", ["after", "shed"])
def test_records_may_follow_their_answers(tmp_path, emulator, loss):
    config = f'[upstreams]\nsqs = {{ url = "{emulator}", loss = "{loss}" }}\n'
    with gateway(tmp_path / "data", config=config) as server:
        queues = client("sqs", server.url)
        for _ in range(50):
            queues.list_queues()
        assert len(records(server)) == 50


def test_an_unknown_setting_is_refused_before_the_start(tmp_path):
    for upstream, says in [("moto:5000", "is no upstream"), ("dynamo=http://127.0.0.1:1", "no AWS service is called")]:
        with pytest.raises(RuntimeError, match=says):
            with gateway(tmp_path / "data", "--upstream", upstream):
                pass


def test_a_request_that_is_no_call_is_passed_on_and_counted(front):
    answered = http.client.HTTPConnection(front.url.removeprefix("http://"))
    answered.request("GET", "/moto-api/data.json")
    answer = answered.getresponse()
    assert answer.status == 200 and isinstance(json.loads(answer.read()), dict)
