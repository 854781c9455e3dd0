"""A trail from its bucket to its proof, by the unmodified AWS CLI: what docs/guides/prove.md walks through."""

import gzip
import json

import pytest
from conftest import eventually
from trails import Site, digest_keys, log_keys, make_trail, records

VALIDATE = ("cloudtrail", "validate-logs", "--start-time", "2020-01-01T00:00:00Z", "--verbose", "--trail-arn")


@pytest.fixture
def site(tmp_path):
    made = Site(tmp_path / "data")
    yield made
    made.stop()


def delivered(site, bucket, wanted):
    """Awaits that log files hold all these event names."""
    s3 = site.client("s3")

    def have():
        names = {record["eventName"] for record in records(s3, bucket)}
        return wanted <= names

    eventually(have)


def digested(site, bucket):
    """Awaits that every log file is named by a digest; the digests."""
    s3 = site.client("s3")

    def covered():
        named, digests = set(), digest_keys(s3, bucket)
        for key in digests:
            body = gzip.decompress(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
            named |= {file["s3Object"] for file in json.loads(body)["logFiles"]}
        return digests if named and set(log_keys(s3, bucket)) <= named else None

    return eventually(covered)


@pytest.mark.evidence("documented", "AWS CLI reference, cloudtrail validate-logs")
def test_the_aws_cli_validates_what_a_trail_delivered_until_it_is_tampered_with(site):
    arn = make_trail(site, "audit", "proof", EnableLogFileValidation=True)
    site.client("s3").create_bucket(Bucket="watched")
    site.client("sts", "eu-west-1").get_caller_identity()
    delivered(site, "proof", {"StartLogging", "CreateBucket"})
    site.client("cloudtrail").stop_logging(Name=arn)
    delivered(site, "proof", {"StopLogging"})
    digested(site, "proof")

    done = site.aws(*VALIDATE, arn)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "INVALID" not in done.stdout + done.stderr
    assert "digest files valid" in done.stdout and "log files valid" in done.stdout

    s3 = site.client("s3")
    key = log_keys(s3, "proof")[0]
    body = gzip.decompress(s3.get_object(Bucket="proof", Key=key)["Body"].read())
    s3.put_object(Bucket="proof", Key=key, Body=gzip.compress(body.replace(b"root", b"nobd")))
    done = site.aws(*VALIDATE, arn)
    assert done.returncode == 1
    assert f"Log file\ts3://proof/{key}\tINVALID: hash value doesn't match" in done.stderr


@pytest.mark.evidence("documented", "facts 4.1: one trail never mixes regions in a file")
def test_several_regions_a_restart_a_kill_and_a_stop_are_one_valid_story(site):
    arn = make_trail(site, "wide", "regions", EnableLogFileValidation=True, IsMultiRegionTrail=True)
    regions = ["us-east-1", "eu-west-1", "ap-south-1"]
    for turn in range(3):
        for region in regions:
            for _ in range(20):
                site.client("sts", region).get_caller_identity()
        eventually(lambda: len(log_keys(site.client("s3"), "regions")) > turn)
        site.restart(kill=turn == 1)
    site.client("cloudtrail").stop_logging(Name=arn)
    delivered(site, "regions", {"StopLogging"})
    digested(site, "regions")

    s3 = site.client("s3")
    found = records(s3, "regions")
    ids = [record["eventID"] for record in found]
    assert len(ids) == len(set(ids)), "a record was delivered twice"
    for region in regions:
        calls = [r for r in found if r["awsRegion"] == region and r["eventName"] == "GetCallerIdentity"]
        assert len(calls) == 60, region
        done = site.aws(*VALIDATE, arn, "--region", region, region=region)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "INVALID" not in done.stdout + done.stderr
