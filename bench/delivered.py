"""A bucket as a trail leaves it: log files, hourly digests that name them, and the key that signed these."""

import base64
import datetime
import gzip
import hashlib
import json
import re
import shutil
from pathlib import Path

import events
import rsa
from events import HOME

ACCOUNT, REGION, TRAIL, BUCKET = "111122223333", "us-east-1", "bench", "bench-trail"
ARN = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/{TRAIL}"
STARTED = datetime.datetime(2026, 1, 10, 0, 17, 28, tzinfo=datetime.timezone.utc)
HOUR = datetime.timedelta(hours=1)
LOG_BYTES = 500_000
PREVIOUS = ("S3Bucket", "S3Object", "HashValue", "HashAlgorithm", "Signature")
NONE = {f"previousDigest{name}": None for name in PREVIOUS}


def iso(time: datetime.datetime) -> str:
    """As records and digests write a time."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def contents(count: int):
    """The content of so many log files, of one account and region."""
    region, account = f'"awsRegion":"{REGION}"', f'"recipientAccountId":"{ACCOUNT}"'
    records, size = [], 0
    with gzip.open(events.parts(events.PART_RECORDS)[0], "rt") as lines:
        for line in lines:
            line = re.sub(r'"awsRegion":"[^"]*"', region, line.rstrip("\n"))
            line = re.sub(r'"recipientAccountId":"[^"]*"', account, line)
            records.append(line)
            size += len(line) + 1
            if size >= LOG_BYTES:
                yield ('{"Records":[' + ",".join(records) + "]}").encode()
                records, size, count = [], 0, count - 1
                if count == 0:
                    return
    raise RuntimeError("there are not enough records")


def bucket(logs: int, digests: int) -> Path:
    """A directory with `bucket/`, laid out as the bucket, metadata beside the digests, and `keys.json`; made once."""
    home = HOME / f"delivered-{logs}-{digests}"
    if (home / "keys.json").exists():
        return home
    shutil.rmtree(home, ignore_errors=True)
    print(f"making {logs:,} log files and {digests} digests (once)", flush=True)
    public, private = rsa.newkeys(2048)
    der = public.save_pkcs1("DER")
    fingerprint = hashlib.md5(der).hexdigest()
    source, previous = contents(logs), NONE
    for number in range(digests):
        end = STARTED + number * HOUR
        files = []
        # The first digest covers the hour before the start, in which there was nothing.
        share = 0 if number == 0 else logs * number // (digests - 1) - logs * (number - 1) // (digests - 1)
        for one in range(share):
            files.append(log(home, end - HOUR + (one + 1) * HOUR / (share + 1), number, one, next(source)))
        previous = digest(home, end, files, previous, fingerprint, private)
    key = {
        "Value": base64.b64encode(der).decode(),
        "Fingerprint": fingerprint,
        "ValidityStartTime": (STARTED - 24 * HOUR).timestamp(),
        "ValidityEndTime": (STARTED + 29 * 24 * HOUR).timestamp(),
    }
    (home / "keys.json").write_text(json.dumps({"PublicKeyList": [key]}))
    return home


def write(home: Path, key: str, content: bytes) -> None:
    """An object, compressed."""
    path = home / "bucket" / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(content, 6, mtime=0))


def log(home: Path, time: datetime.datetime, hour: int, number: int, content: bytes) -> dict:
    """Writes a log file; what its digest says of it."""
    slot = datetime.datetime.fromtimestamp((time.timestamp() // 300 + 1) * 300, datetime.timezone.utc)
    key = (
        f"AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/{slot:%Y/%m/%d}/"
        f"{ACCOUNT}_CloudTrail_{REGION}_{slot:%Y%m%dT%H%M}Z_{hour:08}{number:08}.json.gz"
    )
    write(home, key, content)
    return {
        "s3Bucket": BUCKET,
        "s3Object": key,
        "hashValue": hashlib.sha256(content).hexdigest(),
        "hashAlgorithm": "SHA-256",
        "newestEventTime": iso(time),
        "oldestEventTime": iso(time),
    }


def digest(home: Path, end, files: list, previous: dict, fingerprint: str, private) -> dict:
    """Writes a digest; what the next one says of it."""
    key = (
        f"AWSLogs/{ACCOUNT}/CloudTrail-Digest/{REGION}/{end:%Y/%m/%d}/"
        f"{ACCOUNT}_CloudTrail-Digest_{REGION}_{TRAIL}_{REGION}_{end:%Y%m%dT%H%M%S}Z.json.gz"
    )
    document = {
        "awsAccountId": ACCOUNT,
        "digestStartTime": iso(end - HOUR),
        "digestEndTime": iso(end),
        "digestS3Bucket": BUCKET,
        "digestS3Object": key,
        "digestPublicKeyFingerprint": fingerprint,
        "digestSignatureAlgorithm": "SHA256withRSA",
        "newestEventTime": max((file["newestEventTime"] for file in files), default=None),
        "oldestEventTime": min((file["oldestEventTime"] for file in files), default=None),
        **previous,
        "logFiles": files,
    }
    content = json.dumps(document, separators=(",", ":")).encode()
    hashed = hashlib.sha256(content).hexdigest()
    before = previous["previousDigestSignature"] or "null"
    text = f"{iso(end)}\n{BUCKET}/{key}\n{hashed}\n{before}"
    signature = rsa.sign(text.encode(), private, "SHA-256").hex()
    write(home, key, content)
    metadata = {"signature": signature, "signature-algorithm": "SHA256withRSA"}
    (home / "bucket" / f"{key}.metadata.json").write_text(json.dumps(metadata))
    return {
        "previousDigestS3Bucket": BUCKET,
        "previousDigestS3Object": key,
        "previousDigestHashValue": hashed,
        "previousDigestHashAlgorithm": "SHA-256",
        "previousDigestSignature": signature,
    }
