"""What answers of S3 say beyond the essential, as boto3 shows it: members of errors, facts of objects."""

import uuid

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def s3(clients):
    return clients("s3")


@pytest.fixture
def bucket(s3):
    name = f"answers-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="key", Body=b"hello")
    return name


def error(call, **parameters):
    """The error with which a call is refused, with all its members."""
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    return refused.value.response["Error"]


@pytest.mark.evidence("observed", "PreconditionFailed has a Condition")
def test_a_condition_that_fails_is_named(s3, bucket):
    there = {"Bucket": bucket, "Key": "key"}
    other = '"00000000000000000000000000000000"'
    assert error(s3.put_object, **there, Body=b"", IfNoneMatch="*")["Condition"] == "If-None-Match"
    assert error(s3.get_object, **there, IfMatch=other)["Condition"] == "If-Match"
    etag = s3.head_object(**there)["ETag"]
    copy = {"Bucket": bucket, "Key": "to", "CopySource": there}
    refused = error(s3.copy_object, **copy, CopySourceIfNoneMatch=etag)
    assert refused["Condition"] == "x-amz-copy-source-If-None-Match"


@pytest.mark.evidence("observed", "NoSuchKey of a copy, InvalidRange")
def test_what_is_not_there_is_named(s3, bucket):
    missing = {"Bucket": bucket, "Key": "missing"}
    assert error(s3.copy_object, Bucket=bucket, Key="to", CopySource=missing)["Key"] == "missing"
    refused = error(s3.get_object, Bucket=bucket, Key="key", Range="bytes=5-9")
    assert (refused["RangeRequested"], refused["ActualObjectSize"]) == ("bytes=5-9", "5")
    whole = s3.get_object(Bucket=bucket, Key="key", Range="bytes=-")
    assert (whole["ResponseMetadata"]["HTTPStatusCode"], whole["Body"].read()) == (200, b"hello")


@pytest.mark.evidence("observed", "tags: BadRequest for too many, no content for a bucket's")
def test_tags(s3, bucket):
    def tags(count):
        return {"TagSet": [{"Key": f"k{number}", "Value": "v"} for number in range(count)]}

    assert error(s3.put_object_tagging, Bucket=bucket, Key="key", Tagging=tags(11))["Code"] == "BadRequest"
    done = s3.put_bucket_tagging(Bucket=bucket, Tagging=tags(2))
    assert done["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert s3.get_bucket_tagging(Bucket=bucket) | {"ResponseMetadata": None} == tags(2) | {"ResponseMetadata": None}


@pytest.mark.evidence("observed", "GetObjectAttributes: an ETag without quotes, names that must be given")
def test_attributes(s3, bucket):
    there = {"Bucket": bucket, "Key": "key"}
    attributes = s3.get_object_attributes(**there, ObjectAttributes=["ETag", "ObjectSize"])
    assert (attributes["ETag"], attributes["ObjectSize"]) == ("5d41402abc4b2a76b9719d911017c592", 5)
    assert error(s3.get_object_attributes, **there, ObjectAttributes=[])["Code"] == "InvalidRequest"


@pytest.mark.evidence("documented", "S3 Bucket Keys: shown for objects that have one")
def test_keys_of_buckets(s3, bucket):
    put = {"Bucket": bucket, "Key": "sealed", "Body": b"x", "ServerSideEncryption": "aws:kms"}
    assert s3.put_object(**put, BucketKeyEnabled=True)["BucketKeyEnabled"] is True
    assert s3.head_object(Bucket=bucket, Key="sealed")["BucketKeyEnabled"] is True
    assert "BucketKeyEnabled" not in s3.put_object(**put)


@pytest.mark.evidence("observed", "CreateBucket: us-east-1 is no constraint for others; HeadBucket has a type")
def test_buckets_of_regions(clients, s3, bucket):
    west = clients("s3", "us-west-2")
    wish = {"CreateBucketConfiguration": {"LocationConstraint": "us-east-1"}}
    refused = error(west.create_bucket, Bucket=f"{bucket}-w", **wish)
    assert refused["Code"] == "IllegalLocationConstraintException"
    wish = {"CreateBucketConfiguration": {"LocationConstraint": "us-west-2"}}
    west.create_bucket(Bucket=f"{bucket}-w", **wish)
    refused = error(s3.create_bucket, Bucket=f"{bucket}-w")
    assert (refused["Code"], refused["BucketName"]) == ("BucketAlreadyOwnedByYou", f"{bucket}-w")
    head = s3.head_bucket(Bucket=bucket)["ResponseMetadata"]["HTTPHeaders"]
    assert head["content-type"] == "application/xml"
