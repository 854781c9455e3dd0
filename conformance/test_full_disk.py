"""A full disk: calls are refused with a proper error, nothing is corrupted, work goes on when there is room."""

import subprocess

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from server import Server, credentials, records_of, run_cairn

DISK_BYTES = 24 * 1024 * 1024


@pytest.fixture
def small_disk(tmp_path):
    """A file system of its own; making one needs root, which CI is."""
    mount = tmp_path / "disk"
    mount.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(mount)], check=True)
    yield mount
    subprocess.run(["umount", "--lazy", str(mount)], check=True)


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
    ballast = small_disk / "ballast"
    with open(ballast, "wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            pass
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
    with open(small_disk / "ballast", "wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            pass
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
