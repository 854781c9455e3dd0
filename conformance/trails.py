"""What tests of trails share: a bucket that CloudTrail may write to, a trail, what is in the bucket."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from server import Server, credentials

ACCOUNT = "123456789012"


class Site:
    """A server of its own with short intervals, and clients for it."""

    def __init__(self, data: Path, *arguments: str, delivery: str = "1s", digest: str = "2s"):
        intervals = ("--delivery-interval", delivery, "--digest-interval", digest)
        self.server = Server(data, *intervals, *arguments).start()

    def client(self, service: str, region: str = "us-east-1", **settings):
        """A boto3 client of the root."""
        key, secret = credentials(self.server.data)
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=self.server.url,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            config=Config(retries={"max_attempts": 0}, **settings),
        )

    def aws(self, *arguments: str, region: str = "us-east-1"):
        """The unmodified AWS CLI; the finished process, whatever its exit code."""
        environment = self.server.client_environment()
        environment["PATH"] = os.environ["PATH"]
        environment["AWS_DEFAULT_REGION"] = region
        executable = Path(sys.executable).parent / "aws"
        return subprocess.run([str(executable), *arguments], capture_output=True, text=True, env=environment)

    def restart(self, kill: bool = False) -> None:
        """The same data, a new process."""
        if kill:
            self.server.kill()
        else:
            assert self.server.stop() == 0, self.server.stderr()
        self.server = Server(self.server.data, *self.server.arguments).start()

    def stop(self) -> None:
        """A graceful stop."""
        assert self.server.stop() == 0, self.server.stderr()


def arn(name: str, region: str = "us-east-1") -> str:
    """The ARN of a trail of the account that tests use."""
    return f"arn:aws:cloudtrail:{region}:{ACCOUNT}:trail/{name}"


def refused(call, **arguments) -> tuple[str, str]:
    """The code and the text with which a call is refused."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    answer = caught.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400
    return answer["Error"]["Code"], answer["Error"]["Message"]


def clear(site: Site) -> None:
    """Deletes all trails, since a region has room for five."""
    for page in site.client("cloudtrail").get_paginator("list_trails").paginate():
        for trail in page["Trails"]:
            site.client("cloudtrail", trail["HomeRegion"]).delete_trail(Name=trail["TrailARN"])


def policy(bucket: str, prefix: str = "", account: str = ACCOUNT) -> str:
    """The bucket policy that AWS documents for a trail (facts 4.3), without conditions on one trail."""
    below = f"{prefix}/" if prefix else ""
    service = {"Service": "cloudtrail.amazonaws.com"}
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "AWSCloudTrailAclCheck20150319",
                    "Effect": "Allow",
                    "Principal": service,
                    "Action": "s3:GetBucketAcl",
                    "Resource": f"arn:aws:s3:::{bucket}",
                },
                {
                    "Sid": "AWSCloudTrailWrite20150319",
                    "Effect": "Allow",
                    "Principal": service,
                    "Action": "s3:PutObject",
                    "Resource": f"arn:aws:s3:::{bucket}/{below}AWSLogs/{account}/*",
                    "Condition": {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}},
                },
            ],
        }
    )


def make_bucket(s3, bucket: str, prefix: str = "") -> None:
    """A bucket that trails may write to."""
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(bucket, prefix))


def make_trail(site: Site, name: str, bucket: str, logging: bool = True, region: str = "us-east-1", **settings) -> str:
    """A bucket and a trail that delivers to it; the trail's ARN."""
    s3, cloudtrail = site.client("s3"), site.client("cloudtrail", region)
    make_bucket(s3, bucket, settings.get("S3KeyPrefix", ""))
    arn = cloudtrail.create_trail(Name=name, S3BucketName=bucket, **settings)["TrailARN"]
    if logging:
        cloudtrail.start_logging(Name=arn)
    return arn


def keys(s3, bucket: str, part: str = "") -> list[str]:
    """The keys of a bucket that have a text in them, in order; without the markers of folders."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    found = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
    return [key for key in found if part in key and not key.endswith("/")]


def log_keys(s3, bucket: str) -> list[str]:
    """The keys of log files."""
    return keys(s3, bucket, "/CloudTrail/")


def digest_keys(s3, bucket: str) -> list[str]:
    """The keys of digests."""
    return keys(s3, bucket, "/CloudTrail-Digest/")


def records(s3, bucket: str) -> list[dict]:
    """All records of all log files."""
    found = []
    for key in log_keys(s3, bucket):
        body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        found += json.loads(gzip.decompress(body))["Records"]
    return found
