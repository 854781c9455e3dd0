"""Signature Version 2, with which boto3 and the AWS CLI still presign S3: what they make works, what is bent does not."""

import datetime
import json
import re
import urllib.error
import urllib.parse
import urllib.request

import botocore.auth
import pytest
from botocore.auth import HmacV1Auth, HmacV1QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from server import Server, credentials
from signed import Raw, changed, query_of
from upstreams import Raw as Upstream, client, gateway, own_client, records

pytestmark = pytest.mark.evidence("documented", "Signing and authenticating REST requests (user guide of S3)")

KEY = "a key/+&é%20~"
FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}


@pytest.fixture(scope="module")
def raw(server):
    return Raw(server)


@pytest.fixture(scope="module")
def s3(server):
    """As a newcomer makes it: nothing says how to sign."""
    return own_client("s3", server)


@pytest.fixture(scope="module")
def bucket(s3):
    s3.create_bucket(Bucket="old-signatures")
    s3.put_object(Bucket="old-signatures", Key=KEY, Body=b"content")
    return "old-signatures"


def presign(s3, call, seconds=60, **params):
    url = s3.generate_presigned_url(call, Params=params, ExpiresIn=seconds)
    assert "AWSAccessKeyId=" in url and "X-Amz-" not in url
    return url


def fetch(url, method="GET", body=None, headers=None):
    """Status and body of a plain request, as curl makes it."""
    request = urllib.request.Request(url, data=body, method=method, headers={"Content-Type": "", **(headers or {})})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def code(answer):
    found = re.search(rb"<Code>(\w+)</Code>", answer[1])
    return answer[0], found and found.group(1).decode()


def text(answer):
    return re.search(rb"<Message>(.*)</Message>", answer[1]).group(1).decode()


MISMATCH = (403, "SignatureDoesNotMatch")


def test_who_appends_to_a_url_does_not_say_what_it_was_for(s3, server):
    """Parameters that version 2 does not sign stay out of the way of what the record says."""
    s3.create_bucket(Bucket="named-once")
    url = presign(s3, "delete_bucket", Bucket="named-once")
    assert fetch(f"{url}&bucketName=victim&Host=elsewhere&key=other&free=text", "DELETE")[0] == 204
    trail = own_client("cloudtrail", server)
    asked = [{"AttributeKey": "ResourceName", "AttributeValue": "named-once"}]
    events = trail.lookup_events(LookupAttributes=asked)["Events"]
    record = next(event["CloudTrailEvent"] for event in events if event["EventName"] == "DeleteBucket")
    pairs = json.loads(record, object_pairs_hook=list)
    named = dict(pairs)["requestParameters"]
    names = [name for name, _ in named]
    assert sorted(names) == sorted(set(names)), named
    shown = dict(named)
    assert (shown["bucketName"], shown["free"]) == ("named-once", "text"), shown
    assert "key" not in shown and shown["Host"] != "elsewhere", shown


def test_urls_of_boto3_are_good(s3, bucket):
    assert fetch(presign(s3, "get_object", Bucket=bucket, Key=KEY)) == (200, b"content")
    put = presign(s3, "put_object", Bucket=bucket, Key="put")
    assert fetch(put, "PUT", b"by url")[0] == 200
    assert s3.get_object(Bucket=bucket, Key="put")["Body"].read() == b"by url"
    status, listed = fetch(presign(s3, "list_objects_v2", Bucket=bucket, Prefix="pu"))
    assert status == 200 and b"<Key>put</Key>" in listed
    assert fetch(presign(s3, "get_object_acl", Bucket=bucket, Key=KEY))[0] == 200
    named = {"ResponseContentType": "text/x-stone; a=b&c", "ResponseContentDisposition": 'attachment; filename="a b"'}
    url = presign(s3, "get_object", Bucket=bucket, Key=KEY, **named)
    with urllib.request.urlopen(url) as answer:
        assert answer.headers["Content-Type"] == named["ResponseContentType"]
    assert fetch(presign(s3, "delete_object", Bucket=bucket, Key="put"), "DELETE")[0] == 204
    assert code(fetch(presign(s3, "get_object", Bucket=bucket, Key="put"))) == (404, "NoSuchKey")


def test_a_url_says_more_than_its_address(s3, bucket):
    url = presign(s3, "put_object", Bucket=bucket, Key="more", Metadata={"who": "m e"}, ContentType="text/plain")
    assert "x-amz-meta-who=m%20e" in url
    # The type is signed as a header, which the sender has to send.
    assert code(fetch(url, "PUT", b"x")) == MISMATCH
    assert fetch(url, "PUT", b"x", {"Content-Type": "text/plain"})[0] == 200
    made = s3.head_object(Bucket=bucket, Key="more")
    assert made["Metadata"] == {"who": "m e"} and made["ContentType"] == "text/plain"


def test_urls_of_the_cli_are_good(aws, s3, bucket):
    s3.put_object(Bucket=bucket, Key="cli", Body=b"by the cli")
    url = aws("s3", "presign", f"s3://{bucket}/cli", "--region", "us-east-1").stdout.strip()
    assert "AWSAccessKeyId=" in url
    assert fetch(url) == (200, b"by the cli")


def test_urls_end(s3, bucket):
    answer = fetch(presign(s3, "get_object", -60, Bucket=bucket, Key=KEY))
    assert code(answer) == (403, "AccessDenied") and text(answer) == "Request has expired"
    assert re.search(rb"<Expires>\d{4}-\d\d-\d\dT[\d:]{8}Z</Expires><ServerTime>", answer[1]), answer


@pytest.mark.parametrize(
    "old, new",
    [
        ("/a%20key/", "/other/"),
        ("old-signatures", "old-signature"),
        ("Expires=17", "Expires=18"),
        ("AWSAccessKeyId", "acl&AWSAccessKeyId"),
        ("AWSAccessKeyId", "%61cl&AWSAccessKeyId"),
        ("AWSAccessKeyId", "tagging&AWSAccessKeyId"),
        ("AWSAccessKeyId", "response-content-type=text%2Fhtml&AWSAccessKeyId"),
        ("AWSAccessKeyId", "versionId=null&AWSAccessKeyId"),
        ("AWSAccessKeyId", "x-amz-acl=public-read&AWSAccessKeyId"),
        ("Signature=", "Signature=A"),
    ],
)
def test_bent_urls_are_not(s3, bucket, old, new):
    assert code(fetch(changed(presign(s3, "get_object", Bucket=bucket, Key=KEY), old, new))) == MISMATCH


def test_urls_are_for_one_method_and_its_headers(s3, bucket):
    url = presign(s3, "get_object", Bucket=bucket, Key=KEY)
    assert code(fetch(url, "PUT", b"x")) == MISMATCH
    assert code(fetch(url, "DELETE")) == MISMATCH
    put = presign(s3, "put_object", Bucket=bucket, Key="never")
    for name in ["x-amz-meta-a", "x-amz-copy-source", "Content-MD5"]:
        assert code(fetch(put, "PUT", b"x", {name: "b"})) == MISMATCH
    assert code(fetch(presign(s3, "get_object", Bucket=bucket, Key="never"))) == (404, "NoSuchKey")


def test_a_url_for_a_copy_makes_no_object_of_another_kind(s3, bucket):
    url = presign(s3, "copy_object", Bucket=bucket, Key="copied", CopySource={"Bucket": bucket, "Key": KEY})
    assert "x-amz-copy-source=" in url
    assert fetch(url, "PUT", b"")[0] >= 400
    assert code(fetch(presign(s3, "get_object", Bucket=bucket, Key="copied"))) == (404, "NoSuchKey")


def test_callers_that_nobody_knows(raw, s3, bucket):
    url = presign(s3, "get_object", Bucket=bucket, Key=KEY)
    answer = fetch(changed(url, raw.key, "AKIAABCDEFGHIJKLMNOP"))
    assert code(answer) == (403, "InvalidAccessKeyId")
    forged = client("s3", raw.server.url, raw.key, "x" * 40)
    answer = fetch(presign(forged, "get_object", Bucket=bucket, Key=KEY))
    assert code(answer) == MISMATCH
    # As at AWS, the caller can compare what was signed.
    assert re.search(rb"<StringToSign>GET\n\n\n\d+\n/old-signatures/[^<]+</StringToSign>", answer[1]), answer


def test_a_url_has_three_parts(s3, bucket):
    url = urllib.parse.urlsplit(presign(s3, "get_object", Bucket=bucket, Key=KEY))
    pairs = url.query.split("&")
    for name in ["AWSAccessKeyId", "Expires"]:
        query = "&".join(pair for pair in pairs if not pair.startswith(f"{name}="))
        answer = fetch(url._replace(query=query).geturl())
        assert code(answer) == (403, "AccessDenied")
        assert text(answer) == (
            "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters"
        )
        answer = fetch(url._replace(query=f"{url.query}&{name}=1").geturl())
        assert answer[0] == 400, answer
    query = "&".join(pair for pair in pairs if not pair.startswith("Signature="))
    answer = fetch(url._replace(query=query).geturl())
    assert code(answer) == (403, "AccessDenied") and text(answer) == "Access Denied"


def test_a_client_that_signs_its_headers(server, bucket):
    s3 = own_client("s3", server, signature_version="s3")
    seen = []
    s3.meta.events.register("before-send.s3", lambda request, **_: seen.append(request.headers["Authorization"]))
    s3.create_bucket(Bucket="old-headers")
    s3.put_object(Bucket="old-headers", Key=KEY, Body=b"stone", Metadata={"who": "me"}, ContentType="text/plain")
    got = s3.get_object(Bucket="old-headers", Key=KEY)
    assert got["Body"].read() == b"stone" and got["Metadata"] == {"who": "me"}
    s3.copy_object(Bucket="old-headers", Key="copy", CopySource={"Bucket": "old-headers", "Key": KEY})
    s3.put_object_tagging(Bucket="old-headers", Key="copy", Tagging={"TagSet": [{"Key": "k", "Value": "v v"}]})
    upload = s3.create_multipart_upload(Bucket="old-headers", Key="parts")["UploadId"]
    part = {"Bucket": "old-headers", "Key": "parts", "UploadId": upload, "PartNumber": 1}
    etag = s3.upload_part(**part, Body=b"part")["ETag"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": etag}]}
    s3.complete_multipart_upload(Bucket="old-headers", Key="parts", UploadId=upload, MultipartUpload=parts)
    listed = s3.list_objects_v2(Bucket="old-headers")["Contents"]
    assert [found["Key"] for found in listed] == [KEY, "copy", "parts"]
    assert [found["Name"] for found in s3.list_buckets()["Buckets"]].count("old-headers") == 1
    keys = {"Objects": [{"Key": found["Key"]} for found in listed]}
    assert len(s3.delete_objects(Bucket="old-headers", Delete=keys)["Deleted"]) == 3
    s3.delete_bucket(Bucket="old-headers")
    assert seen and all(str(header).replace("b'", "").startswith("AWS ") for header in seen), seen


def header_signed(raw, method, path, headers=None, secret=None, key=None):
    request = AWSRequest(method=method, url=f"{raw.server.url}{path}", headers=dict(headers or {}))
    HmacV1Auth(Credentials(key or raw.key, secret or raw.secret)).add_auth(request)
    return method, path, {"Host": raw.host, **dict(request.headers.items())}, b""


def sent(raw, request):
    status, _, body = raw.send(*request)
    return code((status, body))


def test_bent_headers_are_not_good(raw, bucket, monkeypatch):
    path = f"/{bucket}/{urllib.parse.quote(KEY)}"
    assert sent(raw, header_signed(raw, "GET", path))[0] == 200
    for change in [
        {"path": f"/{bucket}/other"},
        {"method": "DELETE"},
        {"path": f"{path}?acl"},
        {"headers": {"Date": "Thu, 26 Nov 2026 00:00:00 GMT"}},
        {"headers": {"x-amz-meta-a": "b"}},
    ]:
        method, signed_path, headers, body = header_signed(raw, "GET", path)
        headers |= change.get("headers", {})
        bent = change.get("method", method), change.get("path", signed_path), headers, body
        assert sent(raw, bent) in (MISMATCH, (403, "RequestTimeTooSkewed")), change
    assert sent(raw, header_signed(raw, "GET", path, secret="x" * 40)) == MISMATCH
    assert sent(raw, header_signed(raw, "GET", path, key="AKIAABCDEFGHIJKLMNOP")) == (403, "InvalidAccessKeyId")
    _, _, headers, _ = header_signed(raw, "GET", path)
    del headers["Date"]
    assert sent(raw, ("GET", path, headers, b"")) == (403, "AccessDenied")
    real = datetime.datetime.now(datetime.timezone.utc)
    for minutes in (-16, 16):
        moved = (real + datetime.timedelta(minutes=minutes)).strftime("%a, %d %b %Y %H:%M:%S GMT")
        monkeypatch.setattr(botocore.auth, "formatdate", lambda **_: moved)
        assert sent(raw, header_signed(raw, "GET", path)) == (403, "RequestTimeTooSkewed")
        monkeypatch.undo()


def test_a_body_is_what_its_digest_says(s3, raw, bucket):
    path = f"/{bucket}/digest"
    method, path, headers, _ = header_signed(raw, "PUT", path, {"Content-MD5": "XUFAKrxLKna5cZ2REBfFkg=="})
    assert sent(raw, (method, path, headers, b"hellO")) == (400, "BadDigest")
    assert sent(raw, (method, path, headers, b"hello"))[0] == 200


def test_a_url_by_virtual_host(server, bucket):
    port = server.url.rsplit(":", 1)[1]
    key, secret = credentials(server.data)
    request = AWSRequest("GET", f"http://{bucket}.localhost:{port}/{urllib.parse.quote(KEY)}")
    request.auth_path = f"/{bucket}/{urllib.parse.quote(KEY)}"
    HmacV1QueryAuth(Credentials(key, secret), expires=60).add_auth(request)
    raw = Raw(server)
    host = f"{bucket}.localhost:{port}"
    assert raw.send("GET", query_of(request.url), {"Host": host}, b"")[2] == b"content"
    status, _, body = raw.send("GET", query_of(request.url), {"Host": f"other.localhost:{port}"}, b"")
    assert code((status, body)) == MISMATCH


@pytest.mark.evidence("observed", "services other than S3 know version 4 only")
def test_other_services_do_not_take_it(raw):
    body = b"Action=GetCallerIdentity&Version=2011-06-15"
    _, _, headers, _ = header_signed(raw, "POST", "/", FORM)
    answer = raw.send("POST", "/", headers, body)
    assert answer[0] >= 400 and b"<Error" in answer[2], answer
    target = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents"
    json = {"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.1"}
    answer = raw.send(*header_signed(raw, "POST", "/", json)[:3], b"{}")
    assert answer[0] == 400 and b"IncompleteSignatureException" in answer[2], answer
    control = header_signed(raw, "GET", "/v20180820/configuration/publicAccessBlock", {"x-amz-account-id": "1" * 12})
    assert raw.send(*control)[0] >= 400


@pytest.mark.evidence("observed", "records of S3 with SigV2 in the documentation of CloudTrail")
def test_records_say_how_they_were_signed(tmp_path):
    server = Server(tmp_path / "data").start()
    key, _ = credentials(server.data)
    s3 = own_client("s3", server, signature_version="s3")
    s3.create_bucket(Bucket="recorded")
    put = presign(s3, "put_object", Bucket="recorded", Key="k", Metadata={"who": "me"})
    assert fetch(put, "PUT", b"x")[0] == 200
    assert code(fetch(changed(put, "Expires=17", "Expires=18"), "PUT", b"x")) == MISMATCH
    created, written = records(server)
    for record, name, method in [(created, "CreateBucket", "AuthHeader"), (written, "PutObject", "QueryString")]:
        assert record["eventName"] == name
        assert record["additionalEventData"]["SignatureVersion"] == "SigV2"
        assert record["additionalEventData"]["AuthenticationMethod"] == method
        assert record["userIdentity"]["type"] == "Root" and record["userIdentity"]["accessKeyId"] == key
    shown = written["requestParameters"]
    assert "Signature" not in shown and "AWSAccessKeyId" not in shown
    assert shown["x-amz-meta-who"] == "me" and "Expires" in shown


def test_an_upstream_that_is_signed_for_anew(tmp_path):
    behind = Server(tmp_path / "behind").start()
    key, secret = credentials(behind.data)
    keys = f'{{ access-key-id = "{key}", secret-access-key = "{secret}" }}'
    config = f'[upstreams]\ns3 = {{ url = "{behind.url}", resign = {keys} }}\n'
    with gateway(tmp_path / "data", config=config) as server:
        s3 = own_client("s3", server, signature_version="s3")
        s3.create_bucket(Bucket="anew")
        put = presign(s3, "put_object", Bucket="anew", Key=KEY, Metadata={"who": "me"})
        assert fetch(put, "PUT", b"by url")[0] == 200
        assert s3.head_object(Bucket="anew", Key=KEY)["Metadata"] == {"who": "me"}
        assert fetch(presign(s3, "get_object", Bucket="anew", Key=KEY)) == (200, b"by url")
        assert code(fetch(changed(put, "who=me", "who=you"), "PUT", b"forged")) == MISMATCH
        # An upstream that reads headers in a query would copy, and the record would say that it did not.
        copy = presign(s3, "copy_object", Bucket="anew", Key="copy", CopySource={"Bucket": "anew", "Key": KEY})
        assert code(fetch(copy, "PUT", b"")) == (400, "InvalidArgument")
        assert code(fetch(presign(s3, "get_object", -1, Bucket="anew", Key=KEY))) == (403, "AccessDenied")
        with pytest.raises(ClientError) as refused:
            client("s3", server.url, key, secret, signature_version="s3").list_buckets()
        assert refused.value.response["Error"]["Code"] == "InvalidAccessKeyId"
        written = records(server)
    assert [record["eventName"] for record in written] == ["CreateBucket", "PutObject", "HeadObject", "GetObject"]
    assert {record["additionalEventData"]["SignatureVersion"] for record in written} == {"SigV2"}
    assert {record["userIdentity"]["type"] for record in written} == {"Root"}
    served = records(behind)
    assert {record["additionalEventData"]["SignatureVersion"] for record in served} == {"SigV4"}


def test_an_upstream_that_verifies_itself(tmp_path):
    def answer(head, connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    upstream = Upstream(answer)
    with gateway(tmp_path / "data", "--upstream", f"s3={upstream.url}") as server:
        key, _ = credentials(server.data)
        url = presign(own_client("s3", server), "get_object", Bucket="b", Key="k")
        for asked in [url, changed(url, "Expires=17", "Expires=18"), changed(url, f"={key}", "=stranger")]:
            assert fetch(asked)[0] == 200
        twice = fetch(f"{url}&Signature=s")
        assert twice[0] == 400 and len(upstream.requests) == 3
        ours, bent, other = records(server)
    upstream.close()
    assert ours["userIdentity"]["type"] == "Root" and ours["userIdentity"]["accessKeyId"] == key
    # Nobody has shown that they hold the key: the record has the key, and no name.
    assert bent["userIdentity"]["type"] == "IAMUser" and "arn" not in bent["userIdentity"]
    assert bent["additionalEventData"]["cairn"] == {"signature": "not verified"}
    assert other["userIdentity"]["accessKeyId"] == "stranger"
    for record in (ours, bent, other):
        assert record["additionalEventData"]["SignatureVersion"] == "SigV2"
        assert record["additionalEventData"]["AuthenticationMethod"] == "QueryString"
