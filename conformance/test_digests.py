"""Chains of digests as the unmodified AWS CLI walks them: keys that take over, gaps, moves, backfill."""

import gzip
import json
import re
from datetime import datetime

import pytest
from conftest import eventually
from trails import ACCOUNT, Site, digest_keys, log_keys, make_bucket, make_trail, policy

VALIDATE = ("cloudtrail", "validate-logs", "--start-time", "2020-01-01T00:00:00Z", "--verbose", "--trail-arn")


@pytest.fixture
def site(tmp_path):
    made = Site(tmp_path / "data", "--digest-key-validity", "9s")
    yield made
    made.stop()


def document(s3, bucket, key):
    """A digest."""
    return json.loads(gzip.decompress(s3.get_object(Bucket=bucket, Key=key)["Body"].read()))


def documents(s3, bucket):
    """All digests of a bucket, in order."""
    return [document(s3, bucket, key) for key in digest_keys(s3, bucket)]


def valid(site, arn, *arguments):
    """What the CLI prints once it has found nothing wrong."""
    done = site.aws(*VALIDATE, arn, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "INVALID" not in done.stdout + done.stderr
    return done.stdout + done.stderr


def seconds(digest):
    """How long the window of a digest is."""
    start, end = (datetime.fromisoformat(digest[name]) for name in ("digestStartTime", "digestEndTime"))
    return (end - start).total_seconds()


def all_named(s3, *buckets):
    """Whether digests name every log file."""
    named = {file["s3Object"] for bucket in buckets for d in documents(s3, bucket) for file in d["logFiles"]}
    logs = {key for bucket in buckets for key in log_keys(s3, bucket)}
    return logs and logs <= named


@pytest.mark.evidence("observed", "native-observations 44-51")
def test_a_starting_digest_is_as_aws_writes_it(site):
    make_trail(site, "audit", "first", EnableLogFileValidation=True)
    s3 = site.client("s3")
    key = eventually(lambda: digest_keys(s3, "first"))[0]
    found = s3.get_object(Bucket="first", Key=key)
    content = gzip.decompress(found["Body"].read())
    digest = json.loads(content)
    assert list(digest) == [
        "awsAccountId",
        "digestStartTime",
        "digestEndTime",
        "digestS3Bucket",
        "digestS3Object",
        "digestPublicKeyFingerprint",
        "digestSignatureAlgorithm",
        "newestEventTime",
        "oldestEventTime",
        "previousDigestS3Bucket",
        "previousDigestS3Object",
        "previousDigestHashValue",
        "previousDigestHashAlgorithm",
        "previousDigestSignature",
        "logFiles",
    ]
    nulls = ("newestEventTime", "oldestEventTime", *(name for name in digest if name.startswith("previous")))
    assert all(digest[name] is None for name in nulls) and digest["logFiles"] == []
    stamp = re.sub("[-:]", "", digest["digestEndTime"])
    assert key.endswith(f"/{ACCOUNT}_CloudTrail-Digest_us-east-1_audit_us-east-1_{stamp}.json.gz")
    assert set(found["Metadata"]) == {"signature", "signature-algorithm"}
    assert found["Metadata"]["signature-algorithm"] == "SHA256withRSA"
    assert re.fullmatch("[0-9a-f]{512}", found["Metadata"]["signature"])
    started = site.client("cloudtrail").get_trail_status(Name="audit")["StartLoggingTime"]
    assert digest["digestEndTime"] == started.strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.evidence("documented", "CloudTrail user guide, validating log file integrity")
def test_keys_take_over_and_a_gap_is_told(site):
    arn = make_trail(site, "audit", "gaps", EnableLogFileValidation=True)
    s3, cloudtrail = site.client("s3"), site.client("cloudtrail")
    eventually(lambda: len({d["digestPublicKeyFingerprint"] for d in documents(s3, "gaps")}) >= 2)
    cloudtrail.stop_logging(Name=arn)
    eventually(lambda: all_named(s3, "gaps"))
    cloudtrail.start_logging(Name=arn)
    eventually(lambda: [d["previousDigestSignature"] for d in documents(s3, "gaps")].count(None) == 2)
    cloudtrail.stop_logging(Name=arn)
    eventually(lambda: all_named(s3, "gaps"))
    found = documents(s3, "gaps")
    told = valid(site, arn)
    assert "No log files were delivered by CloudTrail between" in told
    sound, checked = re.search(r"(\d+)/(\d+) digest files valid", told).groups()
    assert sound == checked and int(sound) >= len(found)
    listed = cloudtrail.list_public_keys(StartTime=0, EndTime=4_000_000_000)["PublicKeyList"]
    prints = {key["Fingerprint"] for key in listed}
    assert {d["digestPublicKeyFingerprint"] for d in found} <= prints
    assert not cloudtrail.list_public_keys(StartTime=0, EndTime=1)["PublicKeyList"]


@pytest.mark.evidence("documented", "validate-logs follows a chain from bucket to bucket")
def test_a_chain_follows_its_trail_to_another_bucket(site):
    arn = make_trail(site, "audit", "here", EnableLogFileValidation=True)
    s3, cloudtrail = site.client("s3"), site.client("cloudtrail")
    eventually(lambda: len(digest_keys(s3, "here")) >= 2)
    make_bucket(s3, "there")
    cloudtrail.update_trail(Name=arn, S3BucketName="there")
    eventually(lambda: len(digest_keys(s3, "there")) >= 2)
    cloudtrail.stop_logging(Name=arn)
    eventually(lambda: all_named(s3, "here", "there"))
    first = document(s3, "there", digest_keys(s3, "there")[0])
    assert (first["previousDigestS3Bucket"], first["previousDigestS3Object"]) == (
        "here",
        digest_keys(s3, "here")[-1],
    )
    told = valid(site, arn)
    assert "s3://here/" in told and "s3://there/" in told


@pytest.mark.evidence("documented", "backfill digests; LatestDigestDeliveryError is S3's own code")
def test_what_comes_after_the_end_is_covered_by_a_backfill_digest(site):
    arn = make_trail(site, "audit", "late", EnableLogFileValidation=True)
    s3, cloudtrail = site.client("s3"), site.client("cloudtrail")
    refused = {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject"}
    below = f"arn:aws:s3:::late/AWSLogs/{ACCOUNT}"

    def refuse(folder):
        denied = json.loads(policy("late"))
        denied["Statement"].append({**refused, "Resource": f"{below}/{folder}/*"})
        s3.put_bucket_policy(Bucket="late", Policy=json.dumps(denied))

    def status():
        return cloudtrail.get_trail_status(Name=arn)

    eventually(lambda: log_keys(s3, "late"))
    # Digests are taken, log files are not.
    refuse("CloudTrail")
    eventually(lambda: status().get("LatestDeliveryError") == "AccessDenied")
    cloudtrail.stop_logging(Name=arn)
    # The final digest comes all the same, an interval later: its window is not a whole one.
    eventually(lambda: seconds(documents(s3, "late")[-1]) < 2)
    site.restart()
    s3, cloudtrail = site.client("s3"), site.client("cloudtrail")
    s3.put_bucket_policy(Bucket="late", Policy=policy("late"))
    backfill = eventually(lambda: [key for key in digest_keys(s3, "late") if "_backfill." in key])
    eventually(lambda: all_named(s3, "late"))
    stamp = s3.head_object(Bucket="late", Key=backfill[0])["Metadata"]["backfill-generation-timestamp"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", stamp)
    assert f"(backfill) Digest file\ts3://late/{backfill[0]}\tvalid" in valid(site, arn)
    # Log files are taken, digests are not.
    refuse("CloudTrail-Digest")
    cloudtrail.start_logging(Name=arn)
    eventually(lambda: status().get("LatestDigestDeliveryError") == "AccessDenied")
    s3.put_bucket_policy(Bucket="late", Policy=policy("late"))
    eventually(lambda: "LatestDigestDeliveryError" not in status())
    cloudtrail.stop_logging(Name=arn)
    eventually(lambda: all_named(s3, "late"))
    valid(site, arn)
