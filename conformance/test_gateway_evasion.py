"""Ways to reach an upstream without a record, or with a record that says something else."""

import hashlib
import socket

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from server import credentials
from upstreams import Raw, gateway, records

pytestmark = pytest.mark.evidence("assumed", "nothing reaches an upstream unrecorded, nobody is named on trust")

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
FORGED = "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261126/us-east-1/{}/aws4_request, SignedHeaders=host, Signature=00"


@pytest.fixture
def upstream():
    server = Raw(lambda head, connection: connection.sendall(OK))
    yield server
    server.close()


def send(url, request: bytes) -> bytes:
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.settimeout(20)
        connection.sendall(request)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
        return answer


@pytest.mark.parametrize(
    "line, scope, more",
    [
        ("POST /bucket", "s3", ""),
        ("PATCH /bucket/k", "s3", ""),
        ("POST /minio/admin/v3/idp/builtin/policy/attach", "s3", ""),
        ("DELETE /bucket/k", "foo", ""),
        ("DELETE /bucket/k", "execute-api", ""),
        ("PUT /", "iam", "Content-Type: application/x-www-form-urlencoded\r\n"),
    ],
)
@pytest.mark.parametrize("route", ["{}", "s3={}"])
def test_what_is_signed_is_recorded_whatever_it_names(tmp_path, upstream, line, scope, more, route):
    with gateway(tmp_path / "data", "--upstream", route.format(upstream.url)) as server:
        head = f"{line} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {FORGED.format(scope)}\r\n{more}"
        send(server.url, f"{head}Connection: close\r\nContent-Length: 0\r\n\r\n".encode())
        written = records(server)
    if upstream.requests:
        [record] = written
        method, path = line.split()
        asked = record["requestParameters"]
        named = asked.get("httpMethod") == method and asked["path"] == path.split("?")[0]
        assert named or record["eventName"] != "UnknownOperation"
        assert record["userIdentity"]["type"] == "IAMUser"
    else:
        assert "=" in route


FORM = "Content-Type: application/x-www-form-urlencoded\r\n"
TWO_TARGETS = "X-Amz-Target: DynamoDB_20120810.ListTables\r\nX-Amz-Target: DynamoDB_20120810.DeleteTable\r\n"


@pytest.mark.parametrize(
    "line, scope, more, body, code",
    [
        ("GET /bucket?acl&policy", "s3", "", "", b"InvalidArgument"),
        ("DELETE /bucket?policy&%63ors", "s3", "", "", b"InvalidArgument"),
        ("PUT /bucket/k?tagging&uploadId=1&partNumber=1", "s3", "", "", b"InvalidArgument"),
        ("POST /", "iam", FORM, "Action=ListUsers&Action=DeleteUser", b"MalformedQueryString"),
        ("POST /?Action=DeleteUser", "iam", FORM, "Action=NoSuch", b"MalformedQueryString"),
        ("POST /", "ec2", FORM, "Action=TerminateInstances&InstanceId.1=a&InstanceId.1=b", b"MalformedQueryString"),
        ("POST /?InstanceId.1=a", "ec2", FORM, "Action=TerminateInstances&InstanceId.1=b", b"MalformedQueryString"),
        ("POST /?InstanceId.2=a", "ec2", FORM, "Action=TerminateInstances&InstanceId.1=b", b"MalformedQueryString"),
        ("GET /?Action=DeleteUser&UserName=a&UserN%61me=b", "iam", "", "", b"MalformedQueryString"),
        ("DELETE /bucket/k?versionId=1&version%49d=2", "s3", "", "", b"InvalidArgument"),
        ("DELETE /2015-03-31/functions/f?Qualifier=1&Qualifier=2", "lambda", "", "", b"MalformedQueryString"),
        ("POST /", "dynamodb", TWO_TARGETS, "{}", b"ValidationException"),
        ("PUT /?Action=ListUsers", "iam", FORM, "Action=DeleteUser", b"MalformedQueryString"),
        ("GET /?Action=ListUsers", "iam", FORM, "Action=DeleteUser", b"MalformedQueryString"),
        ("POST /?Action=ListUsers", "iam", "Content-Type: multipart/form-data\r\n", "x", b"MalformedQueryString"),
        ("GET /schedule-groups/g?Action=DeleteScheduleGroup", "scheduler", "", "", b"MalformedQueryString"),
        ("DELETE /2015-03-31/functions/f", "lambda", FORM, "Action=CreateFunction", b"MalformedQueryString"),
        ("POST /2015-03-31/functions", "lambda", "", "x=y&Action=DeleteFunction", b"MalformedQueryString"),
        ("PUT /", "dynamodb", "X-Amz-Target: DynamoDB_20120810.DeleteTable\r\n", "", b"ValidationException"),
        ("GET /bucket/k", "s3", "X-Amz-Target: DynamoDB_20120810.DeleteTable\r\n", "", b"ValidationException"),
        ("DELETE //bucket/k", "s3", "", "", b"InvalidURI"),
        ("PUT //?policy", "s3", "", "", b"InvalidURI"),
        ("PUT /%2Fbucket/k", "s3", "", "", b"InvalidURI"),
        ("DELETE //2015-03-31/functions/f", "lambda", "", "", b"InvalidURI"),
    ],
)
def test_a_request_that_names_two_operations_stays_here(tmp_path, upstream, line, scope, more, body, code):
    with gateway(tmp_path / "data", "--upstream", upstream.url) as server:
        head = f"{line} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {FORGED.format(scope)}\r\n{more}"
        head = f"{head}Connection: close\r\nContent-Length: {len(body)}\r\n"
        answer = send(server.url, f"{head}\r\n{body}".encode())
    assert answer.startswith(b"HTTP/1.1 400") and code in answer
    assert upstream.requests == []


def test_a_form_beside_a_call_that_is_none_goes_on(tmp_path, upstream):
    with gateway(tmp_path / "data", "--upstream", upstream.url) as server:
        head = f"POST /2015-03-31/functions HTTP/1.1\r\nHost: localhost\r\nAuthorization: {FORGED.format('lambda')}\r\n"
        body = '{"FunctionName":"f"}'
        send(server.url, f"{head}{FORM}Connection: close\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
        [record] = records(server)
    assert record["eventName"].startswith("CreateFunction") and len(upstream.requests) == 1
    assert record["requestParameters"]["functionName"] == "f"


def test_what_connection_takes_off_a_call_is_not_in_its_record(tmp_path, upstream):
    with gateway(tmp_path / "data", "--upstream", upstream.url) as server:
        head = f"POST / HTTP/1.1\r\nHost: localhost\r\nAuthorization: {FORGED.format('iam')}\r\n{FORM}"
        body = "Action=DeleteUser&UserName=bob&Version=2010-05-08"
        line = f"User-Agent: seen\r\nConnection: close, User-Agent\r\nContent-Length: {len(body)}\r\n"
        send(server.url, f"{head}{line}\r\n{body}".encode())
        [record] = records(server)
    assert b"seen" not in upstream.requests[0] and record["eventName"] == "DeleteUser"
    assert "seen" not in str(record)


@pytest.mark.parametrize("line", ["delete /bucket/k", "Post /", "put /bucket"])
def test_a_method_in_small_letters_is_none(tmp_path, upstream, line):
    with gateway(tmp_path / "data", "--upstream", upstream.url) as server:
        head = f"{line} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {FORGED.format('s3')}\r\n"
        answer = send(server.url, f"{head}Connection: close\r\nContent-Length: 0\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 405") and upstream.requests == []


@pytest.mark.parametrize(
    "host, bucket",
    [
        ("b.s3-foo.amazonaws.com", "b"),
        ("a.accesspoint.s3-global.amazonaws.com", "a.accesspoint"),
        ("s3-foo.amazonaws.com", "k"),
        ("b.s3.foo.amazonaws.com", None),
        ("b.s3x.amazonaws.com", None),
        ("b.s3.amazonaws.com.localhost", None),
    ],
)
def test_a_host_names_the_bucket_that_an_upstream_reads_in_it(tmp_path, upstream, host, bucket):
    with gateway(tmp_path / "data", "--upstream", upstream.url) as server:
        head = f"DELETE /k/l HTTP/1.1\r\nHost: {host}\r\nAuthorization: {FORGED.format('s3')}\r\n"
        answer = send(server.url, f"{head}Connection: close\r\nContent-Length: 0\r\n\r\n".encode())
        written = records(server)
    if bucket is None:
        assert answer.startswith(b"HTTP/1.1 400") and b"InvalidURI" in answer and upstream.requests == []
    else:
        assert [record["requestParameters"]["bucketName"] for record in written] == [bucket]


CREDENTIAL = "X-Amz-Credential=AKIAIOSFODNN7EXAMPLE/20261126/us-east-1/{}/aws4_request"


@pytest.mark.parametrize(
    "query, more, code",
    [
        (f"{CREDENTIAL.format('s3')}&{CREDENTIAL.format('iam')}", "", b"AuthorizationQueryParametersError"),
        (f"{CREDENTIAL.format('s3')}&{CREDENTIAL.format('s3').replace('ent', '%65nt')}", "", b"AuthorizationQuery"),
        ("AWSAccessKeyId=A&AWSAccessKeyId=B&Signature=s", "", b"AuthorizationQuery"),
        (CREDENTIAL.format("s3"), f"Authorization: {FORGED.format('iam')}\r\n", b"may carry a signature"),
    ],
)
def test_a_request_of_two_callers_stays_here(tmp_path, upstream, query, more, code):
    with gateway(tmp_path / "data", "--upstream", upstream.url) as server:
        head = f"DELETE /bucket/k?{query} HTTP/1.1\r\nHost: localhost\r\n{more}Connection: close\r\n"
        answer = send(server.url, f"{head}Content-Length: 0\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 4") and code in answer and upstream.requests == [], answer


def test_a_browsers_question_is_no_cover_for_a_call(tmp_path, upstream):
    question = "OPTIONS / HTTP/1.1\r\nHost: localhost\r\nAccess-Control-Request-Method: POST\r\nConnection: close\r\n"
    body = "Action=CreateAccessKey&Version=2010-05-08&UserName=ghost"
    signed = f"Authorization: {FORGED.format('iam')}\r\n"
    with gateway(tmp_path / "data", "--upstream", upstream.url) as server:
        for more in (signed, "", "X-Amz-Target: DynamoDB_20120810.DeleteTable\r\n"):
            answer = send(server.url, f"{question}{more}Content-Length: {len(body)}\r\n\r\n{body}".encode())
        assert answer.startswith(b"HTTP/1.1 400")
        send(server.url, f"{question}\r\n".encode())
        assert len(records(server)) == 2
    assert len(upstream.requests) == 3


def test_a_header_that_names_two_callers_goes_no_further(tmp_path, upstream):
    twice = "AWS4-HMAC-SHA256 AKIAIOSFODNN7EXAMPLE/20261126/us-east-1/iam/aws4_request, " + FORGED.format("sqs")[17:]
    with gateway(tmp_path / "data", "--upstream", upstream.url) as server:
        head = f"POST / HTTP/1.1\r\nHost: localhost\r\nAuthorization: {twice}\r\n{FORM}Connection: close\r\n"
        answer = send(server.url, f"{head}Content-Length: 17\r\n\r\nAction=DeleteUser".encode())
    assert answer.startswith(b"HTTP/1.1 4") and upstream.requests == []


def test_a_call_that_contradicts_its_signature_goes_no_further(tmp_path, upstream):
    with gateway(tmp_path / "data", "--upstream", upstream.url) as server:
        for scope, head in [
            ("s3", "POST /bucket?delete HTTP/1.1\r\nX-Amz-Target: DynamoDB_20120810.ListTables\r\n"),
            ("iam", "POST / HTTP/1.1\r\nX-Amz-Target: DynamoDB_20120810.ListTables\r\n"),
            ("iam", "POST / HTTP/1.1\r\nX-Amz-Target: DynamoDB_20120810.NewOperation\r\n"),
            ("S3", "DELETE /bucket/k HTTP/1.1\r\n"),
            ("S3", "PATCH /bucket/k HTTP/1.1\r\n"),
            ("Lambda", "DELETE /2015-03-31/functions/f HTTP/1.1\r\n"),
        ]:
            lines = f"{head}Host: localhost\r\nAuthorization: {FORGED.format(scope)}\r\nConnection: close\r\n"
            answer = send(server.url, f"{lines}Content-Length: 2\r\n\r\n{{}}".encode())
            assert answer.startswith(b"HTTP/1.1 403"), answer
    assert upstream.requests == []


@pytest.mark.parametrize("end", [b"0\r\n\r\n", b"0\r\nx: y\r\n\r\n"])
@pytest.mark.parametrize("body", [b'{"TableName":"harmless"}', b'{"TableName":"precious"}'])
def test_nobody_is_named_for_a_body_that_was_not_signed(tmp_path, upstream, end, body):
    with gateway(tmp_path / "data", "--upstream", upstream.url) as server:
        signed = b'{"TableName":"harmless"}'
        request = AWSRequest("POST", f"{server.url}/", data=signed)
        request.headers["X-Amz-Target"] = "DynamoDB_20120810.DeleteTable"
        request.headers["X-Amz-Content-SHA256"] = hashlib.sha256(signed).hexdigest()
        request.headers["Host"] = server.url.removeprefix("http://")
        SigV4Auth(Credentials(*credentials(server.data)), "dynamodb", "us-east-1").add_auth(request)
        lines = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
        lines += "Content-Type: application/x-amz-json-1.0\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n"
        framed = b"%x\r\n%b\r\n%b" % (len(body), body, end)
        send(server.url, f"POST / HTTP/1.1\r\n{lines}\r\n".encode() + framed)
        [record] = records(server)
    assert record["requestParameters"] == {"tableName": body.decode().split('"')[3]}
    if body == signed:
        assert record["userIdentity"]["type"] == "Root"
    else:
        assert record["userIdentity"]["type"] == "IAMUser" and "arn" not in record["userIdentity"]
        assert record["additionalEventData"]["cairn"] == {"signature": "not verified"}


@pytest.mark.parametrize(
    "old, new, has_key",
    [
        ("Signature=", "Signature=zz", True),
        ("SignedHeaders=", "SignedHeaders=Host;", True),
        ("/aws4_request", "/aws4_Request", False),
        ("/us-east-1/", "/", True),
    ],
)
def test_a_signature_that_cannot_be_read_names_nobody(tmp_path, upstream, old, new, has_key):
    with gateway(tmp_path / "data", "--upstream", upstream.url) as server:
        body = b'{"TableName":"precious"}'
        request = AWSRequest("POST", f"{server.url}/", data=body)
        request.headers["X-Amz-Target"] = "DynamoDB_20120810.DeleteTable"
        request.headers["Host"] = server.url.removeprefix("http://")
        key, secret = credentials(server.data)
        SigV4Auth(Credentials(key, secret), "dynamodb", "us-east-1").add_auth(request)
        signed = request.headers["Authorization"]
        assert old in signed
        del request.headers["Authorization"]
        request.headers["Authorization"] = signed.replace(old, new)
        lines = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
        lines += f"Content-Type: application/x-amz-json-1.0\r\nContent-Length: {len(body)}\r\nConnection: close\r\n"
        send(server.url, f"POST / HTTP/1.1\r\n{lines}\r\n".encode() + body)
        [record] = records(server)
    assert len(upstream.requests) == 1
    identity = record["userIdentity"]
    assert "arn" not in identity and "userName" not in identity and identity["type"] != "Root", identity
    assert identity.get("accessKeyId") == (key if has_key else None), identity
    assert record["additionalEventData"]["cairn"] == {"signature": "not verified"}


@pytest.mark.parametrize("hidden", ["XCredential=AKIAVICTIMVICTIMVICT/20261126/us-east-1/iam/aws4_request", "Signed=x"])
def test_a_header_in_which_readers_could_see_two_signers_stays_here(tmp_path, upstream, hidden):
    with gateway(tmp_path / "data", "--upstream", upstream.url) as server:
        forged = FORGED.format("iam").replace(" ", f" {hidden}, ", 1)
        body = "Action=DeleteUser&UserName=bob&Version=2010-05-08"
        head = f"POST / HTTP/1.1\r\nHost: localhost\r\nAuthorization: {forged}\r\n{FORM}"
        answer = send(server.url, f"{head}Connection: close\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
    assert answer.startswith(b"HTTP/1.1 4") and upstream.requests == []


def test_a_token_of_another_kind_is_no_signature(tmp_path, upstream):
    with gateway(tmp_path / "data", "--upstream", upstream.url) as server:
        lines = "Host: localhost\r\nX-Amz-Target: DynamoDB_20120810.ListTables\r\nAuthorization: Bearer x\r\n"
        lines += "Content-Type: application/x-amz-json-1.0\r\nContent-Length: 2\r\nConnection: close\r\n"
        send(server.url, f"POST / HTTP/1.1\r\n{lines}\r\n{{}}".encode())
        [record] = records(server)
    assert "cairn" not in record.get("additionalEventData", {})
