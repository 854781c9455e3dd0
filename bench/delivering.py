"""What delivery to trails costs: a backlog, many trails, and the time from a call's answer to its file."""

import datetime
import gzip
import json
import re
import shutil
import time

import boto3
import events
import measure
from botocore.config import Config
from events import HOME
from processes import BENCH, command, serve

INTERVAL_SECONDS = 10
CALLS_PER_SECOND = 2_000
CALLS = 60_000
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "cloudtrail.amazonaws.com"},
            "Action": ["s3:GetBucketAcl", "s3:PutObject"],
            "Resource": ["arn:aws:s3:::bench", "arn:aws:s3:::bench/*"],
        }
    ],
}


def epoch(text: str) -> float:
    """The seconds of a record's time."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def backlog() -> dict:
    """A million committed records to one trail, beside libdeflater alone on the same bytes."""
    done = command(BENCH, "backlog", events.parts(events.PART_RECORDS)[0])
    return json.loads(done["output"].splitlines()[-1])


def selectors() -> dict:
    """What matching a record costs with one trail and with a thousand, without writing."""
    return json.loads(command(BENCH, "selectors")["output"].splitlines()[-1])


def clients(address: str, credentials):
    """S3 and CloudTrail of the server."""
    text = credentials.read_text()
    key, secret = (re.search(rf"{name}\s*=\s*(\S+)", text).group(1) for name in ("key_id", "access_key"))
    keys = {"aws_access_key_id": key, "aws_secret_access_key": secret, "region_name": "us-east-1"}
    config = Config(s3={"addressing_style": "path"})
    made = [boto3.client(name, endpoint_url=f"http://{address}", config=config, **keys) for name in ("s3", "cloudtrail")]
    return tuple(made)


def latency() -> dict:
    """From the second of a call to its file in the bucket, under load."""
    data = HOME / "delivering"
    shutil.rmtree(data, ignore_errors=True)
    with serve(data, "--delivery-interval", f"{INTERVAL_SECONDS}s") as server:
        s3, cloudtrail = clients(server.address, data / "credentials")
        s3.create_bucket(Bucket="bench")
        s3.put_bucket_policy(Bucket="bench", Policy=json.dumps(POLICY))
        cloudtrail.create_trail(Name="bench", S3BucketName="bench")
        cloudtrail.start_logging(Name="bench")
        calls = {"calls_per_second": CALLS_PER_SECOND, "warm_up": 0}
        found = measure.load(server.address, data / "credentials", "sts", CALLS, measure.CONNECTIONS, **calls)
        cloudtrail.stop_logging(Name="bench")
        seconds, known = [], set()
        while True:
            stopped = False
            pages = s3.get_paginator("list_objects_v2").paginate(Bucket="bench")
            for entry in (entry for page in pages for entry in page.get("Contents", [])):
                if entry["Key"] in known or not entry["Key"].endswith(".gz"):
                    continue
                known.add(entry["Key"])
                body = gzip.decompress(s3.get_object(Bucket="bench", Key=entry["Key"])["Body"].read())
                for record in json.loads(body)["Records"]:
                    stopped |= record["eventName"] == "StopLogging"
                    if record["eventName"] == "GetCallerIdentity":
                        seconds.append(entry["LastModified"].timestamp() - epoch(record["eventTime"]))
            if stopped:
                break
            time.sleep(0.5)
    assert len(seconds) == CALLS, f"{len(seconds)} of {CALLS} calls were delivered"
    seconds.sort()
    return {
        "rate": found["calls_per_second"],
        "p50": seconds[len(seconds) // 2],
        "p99": seconds[len(seconds) * 99 // 100],
        "interval": INTERVAL_SECONDS,
    }
