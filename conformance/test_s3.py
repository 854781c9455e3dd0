"""S3 on a local directory, by boto3 and by the AWS CLI."""

import hashlib
import http.client
import json
import os
import urllib.error
import urllib.parse
import urllib.request

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from server import credentials

MEBIBYTE = 1024 * 1024


def code(refused):
    return refused.value.response["Error"]["Code"]


@pytest.fixture(scope="module")
def s3(clients):
    return clients("s3")


@pytest.fixture(scope="module")
def bucket(s3):
    s3.create_bucket(Bucket="objects-of-tests")
    return "objects-of-tests"


@pytest.mark.evidence("documented", "PutObject, GetObject, HeadObject")
def test_an_object_comes_back_as_it_went(s3, bucket):
    body = os.urandom(100_000)
    put = s3.put_object(
        Bucket=bucket, Key="dir/object one.bin", Body=body, ContentType="application/x-test",
        Metadata={"Purpose": "Test"}, CacheControl="no-cache",
    )  # fmt: skip
    assert put["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
    got = s3.get_object(Bucket=bucket, Key="dir/object one.bin")
    assert got["Body"].read() == body
    assert got["ContentType"] == "application/x-test"
    assert got["CacheControl"] == "no-cache"
    assert got["Metadata"] == {"purpose": "Test"}
    assert got["ContentLength"] == len(body)
    part = s3.get_object(Bucket=bucket, Key="dir/object one.bin", Range="bytes=10-19")
    assert part["Body"].read() == body[10:20]
    assert part["ContentRange"] == f"bytes 10-19/{len(body)}"
    head = s3.head_object(Bucket=bucket, Key="dir/object one.bin")
    assert head["ETag"] == put["ETag"]


@pytest.mark.evidence("documented", "ListObjectsV2: UTF-8 binary order, delimiter, continuation")
def test_listing_is_in_byte_order(s3, bucket):
    keys = ["list/" + name for name in ["a", "a/b", "a-b", "B", "é", "z", "a/c", "😀"]]
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    expected = sorted(keys, key=lambda key: key.encode())
    listed = s3.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix="list/", PaginationConfig={"PageSize": 3}
    )
    assert [item["Key"] for page in listed for item in page.get("Contents", [])] == expected
    old = s3.get_paginator("list_objects").paginate(
        Bucket=bucket, Prefix="list/", PaginationConfig={"PageSize": 2}
    )
    assert [item["Key"] for page in old for item in page.get("Contents", [])] == expected
    tree = s3.list_objects_v2(Bucket=bucket, Prefix="list/", Delimiter="/")
    assert [item["Prefix"] for item in tree["CommonPrefixes"]] == ["list/a/"]
    assert "list/a/b" not in [item["Key"] for item in tree["Contents"]]


@pytest.mark.evidence("documented", "multipart upload")
def test_multipart_uploads(s3, bucket):
    parts = [os.urandom(5 * MEBIBYTE), os.urandom(5 * MEBIBYTE), b"tail"]
    upload = s3.create_multipart_upload(Bucket=bucket, Key="big", ContentType="text/x-big")["UploadId"]
    done = []
    for number, part in enumerate(parts, start=1):
        answer = s3.upload_part(Bucket=bucket, Key="big", UploadId=upload, PartNumber=number, Body=part)
        done.append({"PartNumber": number, "ETag": answer["ETag"]})
    listed = s3.list_parts(Bucket=bucket, Key="big", UploadId=upload)["Parts"]
    assert [part["Size"] for part in listed] == [len(part) for part in parts]
    finished = s3.complete_multipart_upload(
        Bucket=bucket, Key="big", UploadId=upload, MultipartUpload={"Parts": done}
    )
    digests = b"".join(hashlib.md5(part).digest() for part in parts)
    assert finished["ETag"] == f'"{hashlib.md5(digests).hexdigest()}-3"'
    got = s3.get_object(Bucket=bucket, Key="big")
    assert got["Body"].read() == b"".join(parts)
    assert got["ContentType"] == "text/x-big"
    with pytest.raises(ClientError) as refused:
        s3.list_parts(Bucket=bucket, Key="big", UploadId=upload)
    assert code(refused) == "NoSuchUpload"


@pytest.mark.evidence("documented", "AbortMultipartUpload")
def test_an_aborted_upload_leaves_nothing(s3, bucket):
    upload = s3.create_multipart_upload(Bucket=bucket, Key="never")["UploadId"]
    s3.upload_part(Bucket=bucket, Key="never", UploadId=upload, PartNumber=1, Body=b"x")
    s3.abort_multipart_upload(Bucket=bucket, Key="never", UploadId=upload)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket, Prefix="never")
    with pytest.raises(ClientError) as refused:
        s3.head_object(Bucket=bucket, Key="never")
    assert code(refused) == "404"


@pytest.mark.evidence("documented", "CopyObject, DeleteObjects")
def test_copy_and_delete(s3, bucket):
    s3.put_object(Bucket=bucket, Key="from", Body=b"copied", Metadata={"a": "b"})
    s3.copy_object(Bucket=bucket, Key="to", CopySource={"Bucket": bucket, "Key": "from"})
    copied = s3.get_object(Bucket=bucket, Key="to")
    assert (copied["Body"].read(), copied["Metadata"]) == (b"copied", {"a": "b"})
    answer = s3.delete_objects(
        Bucket=bucket, Delete={"Objects": [{"Key": "from"}, {"Key": "to"}, {"Key": "absent"}]}
    )
    assert {item["Key"] for item in answer["Deleted"]} == {"from", "to", "absent"}
    with pytest.raises(ClientError) as refused:
        s3.get_object(Bucket=bucket, Key="to")
    assert code(refused) == "NoSuchKey"


@pytest.mark.evidence("documented", "bucket sub-resources")
def test_bucket_sub_resources(s3, bucket):
    with pytest.raises(ClientError) as refused:
        s3.get_bucket_policy(Bucket=bucket)
    assert code(refused) == "NoSuchBucketPolicy"
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "cloudtrail.amazonaws.com"},
                "Action": "s3:GetBucketAcl",
                "Resource": f"arn:aws:s3:::{bucket}",
            }
        ],
    }
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    assert json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"]) == policy
    s3.delete_bucket_policy(Bucket=bucket)
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [{"Key": "team", "Value": "audit"}]})
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == [{"Key": "team", "Value": "audit"}]
    assert s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] is None
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)


@pytest.mark.evidence("observed", "what S3 answers to bucket policies that it does not take")
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Effect": "Maybe"}, "Invalid effect: Maybe"),
        ({"Principal": {"AWS": "arn:aws:iam::111122223333:user/*"}}, "Invalid principal in policy"),
        ({"Action": "ec2:RunInstances"}, "Policy has invalid action"),
        ({"Resource": "arn:aws:s3:::another-bucket/*"}, "Policy has invalid resource"),
        ({"Condition": {"StringMatches": {"aws:SourceArn": "x"}}}, None),
        ({"Condition": {"IpAddress": {"aws:SourceIp": "10.*"}}}, None),
        ({"Resources": "*"}, None),
    ],
)
def test_policies_that_are_none(s3, bucket, change, message):
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudtrail.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{bucket}/AWSLogs/*",
        **change,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    with pytest.raises(ClientError) as refused:
        s3.put_bucket_policy(Bucket=bucket, Policy=policy)
    assert code(refused) == "MalformedPolicy"
    assert message in (None, refused.value.response["Error"]["Message"])


@pytest.mark.evidence("documented", "S3 error codes")
def test_errors(s3, bucket):
    with pytest.raises(ClientError) as refused:
        s3.list_objects_v2(Bucket="there-is-none")
    assert code(refused) == "NoSuchBucket"
    with pytest.raises(ClientError) as refused:
        s3.create_bucket(Bucket="Not_A_Name")
    assert code(refused) == "InvalidBucketName"
    s3.put_object(Bucket=bucket, Key="keeps", Body=b"")
    with pytest.raises(ClientError) as refused:
        s3.delete_bucket(Bucket=bucket)
    assert code(refused) == "BucketNotEmpty"
    with pytest.raises(ClientError) as refused:
        s3.put_object(Bucket=bucket, Key="keeps", Body=b"", IfNoneMatch="*")
    assert code(refused) == "PreconditionFailed"


@pytest.mark.evidence("modelled", "an operation that is not built answers NotImplemented")
def test_what_is_not_built_says_so(s3, bucket):
    with pytest.raises(ClientError) as refused:
        s3.put_bucket_replication(
            Bucket=bucket,
            ReplicationConfiguration={
                "Role": "arn:aws:iam::123456789012:role/r",
                "Rules": [{"Status": "Enabled", "Destination": {"Bucket": "arn:aws:s3:::x"}, "Prefix": ""}],
            },
        )
    assert code(refused) == "NotImplemented"


@pytest.mark.evidence("documented", "virtual-hosted requests")
def test_virtual_hosts(server, bucket):
    port = server.url.rsplit(":", 1)[1]
    key, secret = credentials(server.data)
    virtual = boto3.client(
        "s3", region_name="us-east-1", endpoint_url=f"http://localhost:{port}",
        aws_access_key_id=key, aws_secret_access_key=secret,
        config=Config(s3={"addressing_style": "virtual"}, signature_version="s3v4"),
    )  # fmt: skip
    for method, call, body in [("PUT", "put_object", b"by host"), ("GET", "get_object", None)]:
        url = urllib.parse.urlsplit(
            virtual.generate_presigned_url(call, Params={"Bucket": bucket, "Key": "hosted"})
        )
        assert url.hostname == f"{bucket}.localhost"
        connection = http.client.HTTPConnection("127.0.0.1", int(port))
        connection.request(method, f"{url.path}?{url.query}", body=body, headers={"Host": url.netloc})
        answer = connection.getresponse()
        text = answer.read()
        assert answer.status == 200, text
    assert text == b"by host"


@pytest.mark.evidence("documented", "aws s3 sync and rm")
def test_the_cli_moves_a_tree(aws, tmp_path, s3):
    source = tmp_path / "source"
    (source / "sub").mkdir(parents=True)
    (source / "one.txt").write_text("one")
    (source / "sub" / "two.bin").write_bytes(os.urandom(9 * MEBIBYTE))
    aws("s3", "mb", "s3://moved-tree")
    aws("s3", "sync", str(source), "s3://moved-tree/t")
    back = tmp_path / "back"
    aws("s3", "sync", "s3://moved-tree/t", str(back))
    assert (back / "sub" / "two.bin").read_bytes() == (source / "sub" / "two.bin").read_bytes()
    assert (back / "one.txt").read_text() == "one"
    aws("s3", "rb", "s3://moved-tree", "--force")
    assert "moved-tree" not in aws("s3", "ls").stdout


@pytest.mark.evidence("documented", "presigned URLs")
def test_presigned_urls(clients, bucket):
    # Without this, botocore presigns with version 2 (test_signatures_v2.py).
    signer = clients("s3", signature_version="s3v4")
    url = signer.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "signed"}, ExpiresIn=60)
    request = urllib.request.Request(url, data=b"by url", method="PUT")
    assert urllib.request.urlopen(request).status == 200
    url = signer.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "signed"}, ExpiresIn=60)
    assert urllib.request.urlopen(url).read() == b"by url"
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(url.replace("signed?", "other?"))
    assert refused.value.code == 403
    assert b"SignatureDoesNotMatch" in refused.value.read()
