"""A full disk: calls are refused with a proper error, nothing is corrupted, work goes on when there is room."""

import json
import subprocess
import urllib.request

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from server import Server, credentials, records_of, run_cairn
from signed import Raw
from trails import policy

DISK_BYTES = 24 * 1024 * 1024


@pytest.fixture
def small_disk(tmp_path):
    """A file system of its own; making one needs root, which CI is."""
    mount = tmp_path / "disk"
    mount.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(mount)], check=True)
    yield mount
    subprocess.run(["umount", "--lazy", str(mount)], check=True)


def fill(disk):
    """Leaves no room; the file to take away again."""
    ballast = disk / "ballast"
    with open(ballast, "wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            pass
    return ballast


def ready(server) -> str:
    """What the page for probes says."""
    return json.load(urllib.request.urlopen(f"{server.url}/_cairn/ready"))["status"]


@pytest.mark.evidence("documented", "ServiceUnavailable is a common error of every service")
def test_a_full_disk_refuses_and_recovers(small_disk):
    data = small_disk / "data"
    server = Server(data, "--log-segment-bytes-max", "1048576").start()
    key, secret = credentials(data)
    sts = boto3.client(
        "sts", region_name="us-east-1", endpoint_url=server.url, aws_access_key_id=key,
        aws_secret_access_key=secret, config=Config(retries={"max_attempts": 0}),
    )  # fmt: skip
    answered = [sts.get_caller_identity()["ResponseMetadata"]["RequestId"]]
    ballast = fill(small_disk)
    refused = None
    for _ in range(5000):
        try:
            answered.append(sts.get_caller_identity()["ResponseMetadata"]["RequestId"])
        except ClientError as error:
            refused = error
            break
    assert refused is not None, "the disk never filled"
    assert refused.response["Error"]["Code"] == "ServiceUnavailable"
    assert refused.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    assert "disk is full" in refused.response["Error"]["Message"]
    assert ready(server).startswith("the disk is full: no room for the log")
    ballast.unlink()
    answered.append(sts.get_caller_identity()["ResponseMetadata"]["RequestId"])
    assert server.stop() == 0
    checked = run_cairn("fsck", str(data), check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    kept = [record["requestID"] for record in records_of(data)]
    assert sorted(answered) == sorted(set(kept) & set(answered))
    assert len(kept) == len(set(kept))


@pytest.mark.evidence("assumed", "design, promise 1: nothing is done that could not be recorded")
def test_nothing_is_changed_without_a_record(small_disk):
    data = small_disk / "data"
    server = Server(data, "--log-segment-bytes-max", "1048576").start()
    key, secret = credentials(data)
    s3 = boto3.client(
        "s3", region_name="us-east-1", endpoint_url=server.url, aws_access_key_id=key,
        aws_secret_access_key=secret, config=Config(retries={"max_attempts": 0}),
    )  # fmt: skip
    s3.create_bucket(Bucket="there")
    fill(small_disk)
    refused = 0
    for number in range(3000):
        try:
            s3.create_bucket(Bucket=f"b-{number}") if number % 2 else s3.delete_bucket(Bucket=f"b-{number - 1}")
        except ClientError as error:
            refused += error.response["Error"]["Code"] == "ServiceUnavailable"
            assert "request rate" not in error.response["Error"]["Message"]
        if refused > 20:
            break
    assert refused > 20, "the disk never filled"
    (small_disk / "ballast").unlink()
    there = {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}
    assert server.stop() == 0
    made, gone = {"there"}, set()
    for record in reversed(records_of(data)):
        if record.get("errorCode") is None and record["eventName"] in ("CreateBucket", "DeleteBucket"):
            bucket = record["requestParameters"]["bucketName"]
            (made if record["eventName"] == "CreateBucket" else gone).add(bucket)
    assert there == made - gone


@pytest.mark.evidence("assumed", "design, promise 1: the log goes on as long as it can, small state is refused")
def test_small_state_without_room_says_so(small_disk):
    data = small_disk / "data"
    server = Server(data).start()
    key, secret = credentials(data)
    kms, cloudtrail, s3 = (
        boto3.client(
            service, region_name="us-east-1", endpoint_url=server.url, aws_access_key_id=key,
            aws_secret_access_key=secret, config=Config(retries={"max_attempts": 0}),
        )
        for service in ("kms", "cloudtrail", "s3")
    )  # fmt: skip
    s3.create_bucket(Bucket="logs")
    s3.put_bucket_policy(Bucket="logs", Policy=policy("logs"))
    made = kms.create_key()["KeyMetadata"]["KeyId"]
    cloudtrail.create_trail(Name="audit", S3BucketName="logs")
    store = cloudtrail.list_event_data_stores()["EventDataStores"][0]["EventDataStoreArn"]
    ballast = fill(small_disk)
    target = {"Type": "EVENT_DATA_STORE", "Location": store}
    calls = [
        lambda: kms.create_key(),
        lambda: kms.tag_resource(KeyId=made, Tags=[{"TagKey": "a", "TagValue": "b"}]),
        lambda: kms.create_alias(AliasName="alias/a", TargetKeyId=made),
        lambda: kms.schedule_key_deletion(KeyId=made),
        lambda: cloudtrail.start_logging(Name="audit"),
        lambda: cloudtrail.create_trail(Name="other", S3BucketName="logs"),
        lambda: cloudtrail.create_channel(Name="app", Source="Custom", Destinations=[target]),
    ]
    for number, call in enumerate(calls):
        with pytest.raises(ClientError) as refused:
            call()
        answer = refused.value.response
        assert answer["Error"]["Code"] == "ServiceUnavailable", number
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 503, number
        assert "disk is full" in answer["Error"]["Message"], number
        assert ready(server) == "the disk is full: no room for small state", number
    raw = Raw(server)
    headers = {"X-Amz-Target": "Cairn_20261125.PutRecords", "X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"}
    line = b'{"eventVersion":"1.11","eventName":"A","eventID":"2b2b8b5e-6a39-4b0c-8d2c-6a0c8f6a9c11"}\n'
    status, _, text = raw.send(*raw.signed("POST", "/", "cairn", line, headers))
    assert status == 503 and b"disk is full" in text, text
    ballast.unlink()
    kms.create_key()
    assert ready(server) == "ready"
    assert server.stop() == 0
    checked = run_cairn("fsck", str(data), check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
