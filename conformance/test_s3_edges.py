"""Where clients of S3 trip: headers that say half of something, answers that get lost, calls that are
not served."""

import json
import uuid

import pytest
import requests
from botocore.exceptions import ClientError
from server import run_cairn
from signed import Raw


@pytest.fixture
def s3(clients):
    return clients("s3")


@pytest.fixture
def bucket(s3):
    name = f"edges-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=name)
    return name


def refusal(call, **parameters):
    """Status and code with which a call is refused."""
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    answer = refused.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]


@pytest.mark.evidence("documented", "PUT Object: MissingContentLength")
def test_an_object_without_a_length_is_refused(server, s3, bucket):
    raw = Raw(server)
    status, _, text = raw.send(*raw.signed("PUT", f"/{bucket}/key", "s3"))
    assert (status, b"<Code>MissingContentLength</Code>" in text) == (411, True)
    assert refusal(s3.head_object, Bucket=bucket, Key="key") == (404, "404")
    s3.put_object(Bucket=bucket, Key="key", Body=b"")
    assert s3.get_object(Bucket=bucket, Key="key")["Body"].read() == b""
    # A body in chunks tells where it ends.
    method, path, headers, _ = raw.signed("PUT", f"/{bucket}/key", "s3", b"ab")
    chunked = {**headers, "Transfer-Encoding": "chunked"}
    assert raw.send(method, path, chunked, b"1\r\na\r\n1\r\nb\r\n0\r\n\r\n")[0] == 200
    assert s3.get_object(Bucket=bucket, Key="key")["Body"].read() == b"ab"


@pytest.mark.evidence("assumed", "what is not built says so, and is recorded")
def test_a_browsers_form_is_told_that_it_is_not_served(server, s3, bucket):
    form = s3.generate_presigned_post(bucket, "posted")
    answer = requests.post(form["url"], data=form["fields"], files={"file": b"abc"}, timeout=30)
    assert (answer.status_code, "<Code>NotImplemented</Code>" in answer.text) == (501, True)
    assert refusal(s3.head_object, Bucket=bucket, Key="posted") == (404, "404")
    asked = ["--attribute", "EventName=PostObject", "--text", bucket, "--json"]
    noted = run_cairn("lookup", *asked, environment=server.client_environment()).stdout.splitlines()
    assert [json.loads(record)["errorCode"] for record in noted] == ["NotImplemented"]


@pytest.mark.evidence("documented", "HeadObject: TagCount; Expires is any text")
def test_what_a_head_shows(server, s3, bucket):
    raw = Raw(server)
    raw.send(*raw.signed("PUT", f"/{bucket}/key", "s3", b"x", {"Expires": "0", "x-amz-tagging": "a=1&b=2"}))
    head = s3.head_object(Bucket=bucket, Key="key")
    assert (head["TagCount"], head["ExpiresString"]) == (2, "0")


@pytest.mark.evidence("documented", "CreateBucket: tags, and no ACL for others")
def test_a_bucket_is_made_as_it_was_asked_for(s3, bucket):
    wanted = [{"Key": "team", "Value": "red & blue"}]
    s3.create_bucket(Bucket=f"{bucket}-t", CreateBucketConfiguration={"Tags": wanted})
    assert s3.get_bucket_tagging(Bucket=f"{bucket}-t")["TagSet"] == wanted
    for asked in [{"ACL": "public-read"}, {"GrantRead": "id=abc"}, {"GrantWriteACP": "id=abc"}]:
        code = (400, "InvalidBucketAclWithObjectOwnership")
        assert refusal(s3.create_bucket, Bucket=f"{bucket}-a", **asked) == code
    assert refusal(s3.head_bucket, Bucket=f"{bucket}-a") == (404, "404")


@pytest.mark.evidence("observed", "Hadoop's contract tests: the id of an upload is not used up at once")
def test_a_lost_answer_to_a_completion_can_be_asked_for_again(s3, bucket):
    upload = {"Bucket": bucket, "Key": "key"}
    upload["UploadId"] = s3.create_multipart_upload(**upload)["UploadId"]
    etag = s3.upload_part(**upload, PartNumber=1, Body=b"part")["ETag"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": etag}]}
    first, again = (s3.complete_multipart_upload(**upload, MultipartUpload=parts) for _ in range(2))
    assert {**again, "ResponseMetadata": None} == {**first, "ResponseMetadata": None}
    s3.delete_object(Bucket=bucket, Key="key")
    refused = refusal(s3.complete_multipart_upload, **upload, MultipartUpload=parts)
    assert refused == (404, "NoSuchUpload")


@pytest.mark.evidence("assumed", "nothing is stored in the clear that was to be encrypted")
def test_half_of_a_callers_key_is_refused(server, s3, bucket):
    raw = Raw(server)
    for name in ["key", "key-md5", "algorithm"]:
        header = {f"x-amz-server-side-encryption-customer-{name}": "AES256"}
        assert raw.send(*raw.signed("PUT", f"/{bucket}/key", "s3", b"secret", header))[0] == 501, name
    assert refusal(s3.head_object, Bucket=bucket, Key="key") == (404, "404")


@pytest.mark.evidence("assumed", "nothing that was sent to be checked is stored unchecked")
def test_checksums_of_newer_kinds_are_refused(s3, bucket):
    for kind in ["SHA512", "MD5", "XXHASH64"]:
        put = {"Bucket": bucket, "Key": "key", "Body": b"x", f"Checksum{kind}": "AAAA"}
        assert refusal(s3.put_object, **put) == (501, "NotImplemented"), kind
    assert refusal(s3.head_object, Bucket=bucket, Key="key") == (404, "404")
