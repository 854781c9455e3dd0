"""`--insecure-accept-any-credentials`: for test rigs, on loopback only."""

import subprocess
import urllib.request

import boto3
import pytest
from botocore.config import Config

from server import Server, binary


def client(url, service):
    return boto3.client(
        service, region_name="us-east-1", endpoint_url=url, aws_access_key_id="test",
        aws_secret_access_key="anything", config=Config(retries={"max_attempts": 0}),
    )  # fmt: skip


@pytest.fixture(scope="module")
def rig(tmp_path_factory):
    running = Server(
        tmp_path_factory.mktemp("rig") / "data",
        "--insecure-accept-any-credentials", "--account-id", "210987654321",
    ).start()  # fmt: skip
    yield running
    assert running.stop() == 0


@pytest.mark.evidence("assumed", "any key is the root of --account-id")
def test_any_key_is_root(rig):
    identity = client(rig.url, "sts").get_caller_identity()
    assert identity["Account"] == "210987654321"
    assert identity["Arn"] == "arn:aws:iam::210987654321:root"


@pytest.mark.evidence("assumed", "a rig checks no signature, of version 2 neither, which boto3 still makes for URLs")
def test_a_presigned_url_of_version_2_is_good(rig):
    s3 = client(rig.url, "s3")
    s3.create_bucket(Bucket="presigned")
    s3.put_object(Bucket="presigned", Key="k", Body=b"content")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": "presigned", "Key": "k"})
    assert "AWSAccessKeyId=" in url
    assert urllib.request.urlopen(url).read() == b"content"


@pytest.mark.evidence("assumed", "as moto's /moto-api/reset")
@pytest.mark.parametrize("path", ["/_cairn/test/reset", "/moto-api/reset"])
def test_reset_empties_the_server(rig, path):
    s3, trail = client(rig.url, "s3"), client(rig.url, "cloudtrail")
    s3.create_bucket(Bucket="to-be-gone")
    assert trail.lookup_events()["Events"]
    request = urllib.request.Request(f"{rig.url}{path}", data=b"", method="POST")
    assert urllib.request.urlopen(request).status == 200
    names = [event["EventName"] for event in trail.lookup_events()["Events"]]
    assert "CreateBucket" not in names
    assert s3.list_buckets()["Buckets"] == []
    s3.create_bucket(Bucket="to-be-gone")


@pytest.mark.evidence("assumed", "design 4: refuses to listen beyond loopback")
def test_it_refuses_to_listen_beyond_loopback(tmp_path):
    refused = subprocess.run(
        [binary(), "serve", "--data", str(tmp_path / "d"), "--listen", "0.0.0.0:0",
         "--insecure-accept-any-credentials"],
        capture_output=True, text=True, timeout=30,
    )  # fmt: skip
    assert refused.returncode != 0
    assert "loopback" in refused.stderr


@pytest.mark.evidence("assumed", "design 3: one process per data directory")
def test_one_process_per_data_directory(rig):
    refused = subprocess.run(
        [binary(), "serve", "--data", str(rig.data), "--listen", "127.0.0.1:0"],
        capture_output=True, text=True, timeout=30,
    )  # fmt: skip
    assert refused.returncode != 0
    assert str(rig.process.pid) in refused.stderr
