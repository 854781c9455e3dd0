"""`cairn validate` of trails that moved, that share a place, and that write no digests."""

import gzip
import json
import subprocess

import pytest
from conftest import eventually
from server import binary
from trails import Site, digest_keys, keys, log_keys, make_bucket, make_trail, policy


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    site = Site(tmp_path_factory.mktemp("places") / "data")
    yield site
    site.stop()


def cairn(site, *arguments):
    """Our own validator, as a user runs it; its exit code, findings and complaints."""
    done = subprocess.run(
        [binary(), "validate", "--json", *arguments],
        capture_output=True, text=True, env=site.server.client_environment(),
    )  # fmt: skip
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def invalid(lines):
    """The keys of what is wrong."""
    return [line["key"] for line in lines[:-1] if line["outcome"] == "INVALID"]


def move(site, arn, **place):
    """Stops a trail and lets it go on elsewhere, as one without a link to what was before."""
    cloudtrail = site.client("cloudtrail")
    cloudtrail.stop_logging(Name=arn)
    cloudtrail.update_trail(Name=arn, **place)
    cloudtrail.start_logging(Name=arn)


def tamper(s3, bucket, key, code, check):
    """Spoils an object, checks, and puts it back."""
    kept = s3.get_object(Bucket=bucket, Key=key)
    body, metadata = kept["Body"].read(), kept["Metadata"]
    s3.put_object(Bucket=bucket, Key=key, Body=body[:-40], Metadata=metadata)
    try:
        found, lines, errors = check()
        assert found == code, (lines, errors)
        assert key in invalid(lines), lines
    finally:
        s3.put_object(Bucket=bucket, Key=key, Body=body, Metadata=metadata)


@pytest.mark.evidence("assumed", "every place where a trail has delivered is checked, not only the last")
def test_a_trail_that_moved_is_checked_where_it_was(site):
    s3 = site.client("s3")
    make_bucket(s3, "moved-again")
    arn = make_trail(site, "moves", "moved", EnableLogFileValidation=True)
    both = [json.loads(policy("moved", prefix)) for prefix in ("", "p3")]
    statements = both[0]["Statement"] + [statement | {"Sid": "Below"} for statement in both[1]["Statement"][1:]]
    s3.put_bucket_policy(Bucket="moved", Policy=json.dumps(both[0] | {"Statement": statements}))
    site.client("sts").get_caller_identity()
    eventually(lambda: log_keys(s3, "moved") and len(digest_keys(s3, "moved")) > 2)
    first = digest_keys(s3, "moved")[0]
    move(site, arn, S3KeyPrefix="p3")
    tamper(s3, "moved", first, 1, lambda: cairn(site, "--trail-arn", arn))
    eventually(lambda: len(keys(s3, "moved", "p3/AWSLogs")) > 2)
    tamper(s3, "moved", first, 1, lambda: cairn(site, "--trail-arn", arn))
    move(site, arn, S3BucketName="moved-again", S3KeyPrefix="")
    eventually(lambda: digest_keys(s3, "moved-again"))
    tamper(s3, "moved", first, 1, lambda: cairn(site, "--trail-arn", arn))


@pytest.mark.evidence("assumed", "what a trail without log file validation delivers is no forgery")
def test_a_trail_without_digests_is_named_and_not_accused(site):
    s3, cloudtrail = site.client("s3"), site.client("cloudtrail")
    arn = make_trail(site, "proven", "shared", EnableLogFileValidation=True)
    plain = cloudtrail.create_trail(Name="plain", S3BucketName="shared")["TrailARN"]
    cloudtrail.start_logging(Name=plain)
    site.client("sts").get_caller_identity()
    eventually(lambda: len(log_keys(s3, "shared")) > 1 and len(digest_keys(s3, "shared")) > 2)
    for trail in (arn, plain):
        cloudtrail.stop_logging(Name=trail)

    # The final digest may be there before anybody could count those before it: what the validator says
    # of the whole is the only condition that holds from then on.
    def settled():
        code, lines, errors = cairn(site, "--trail-arn", arn)
        return code == 0 and any(plain in (line.get("why") or "") for line in lines[:-1])

    eventually(settled)
    code, lines, errors = cairn(site, "--trail-arn", plain)
    assert code == 3 and "without log file validation" in errors, (lines, errors)


@pytest.mark.evidence("assumed", "messages say what to do")
def test_what_cannot_be_checked_is_said_plainly(site):
    code, _, errors = cairn(site, "s3://")
    assert code == 2 and "names no bucket" in errors
    code, _, errors = cairn(site, "s3://nosuch")
    assert code == 3 and "s3://nosuch cannot be read" in errors, errors
    gone = "arn:aws:cloudtrail:us-east-1:123456789012:trail/gone"
    code, _, errors = cairn(site, "--trail-arn", gone)
    assert code == 3 and f"cairn validate s3://BUCKET --trail-arn {gone}" in errors, errors
    code, _, errors = cairn(site, "--data", str(site.server.data))
    assert code == 3 and "--trail-arn" in errors, errors


@pytest.mark.evidence("assumed", "what was delivered and is gone is not said to be undelivered")
@pytest.mark.parametrize("act", ["altered", "missing"])
def test_the_records_of_a_file_that_is_gone_say_where_they_were(tmp_path, act):
    own = Site(tmp_path / "data")
    s3 = own.client("s3")
    make_trail(own, "audit", "watched", EnableLogFileValidation=True)

    def named():
        own.client("sts").get_caller_identity()
        digests = [s3.get_object(Bucket="watched", Key=key)["Body"].read() for key in digest_keys(s3, "watched")]
        return sorted(file["s3Object"] for d in digests for file in json.loads(gzip.decompress(d))["logFiles"])

    eventually(lambda: len(named()) > 1)
    spoiled = named()[-1]
    if act == "missing":
        s3.delete_object(Bucket="watched", Key=spoiled)
    else:
        s3.put_object(Bucket="watched", Key=spoiled, Body=gzip.compress(b'{"Records":[]}'))
    own.stop()
    code, lines, errors = cairn(own, "--data", str(own.server.data))
    assert code == 1 and spoiled in invalid(lines), (lines, errors)
    told = [line["why"] for line in lines[:-1] if line["kind"] == "record"]
    assert told and all(
        why.endswith("is in no valid file: the one that should hold it was altered or is missing") for why in told
    ), told
