"""`cairn validate` beside `aws cloudtrail validate-logs`, on the same files in the same S3."""

import http.server
import json
import os
import re
import resource
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import boto3
import delivered
from botocore.config import Config
from events import HOME
from processes import CAIRN, environment, serve

LOGS, DIGESTS = 2_000, 48
UPLOADS = 8


class Keys(http.server.BaseHTTPRequestHandler):
    """Answers ListPublicKeys, and nothing else: the keys are not those of the server that holds the files."""

    answer = b""

    def do_POST(self):  # noqa: N802
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        is_keys = self.headers.get("X-Amz-Target", "").endswith("ListPublicKeys")
        self.send_response(200 if is_keys else 400)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.end_headers()
        self.wfile.write(self.answer if is_keys else b'{"__type":"TrailNotFoundException","message":""}')

    def log_message(self, *_):
        """Nothing to say."""


def timed(*arguments, **variables) -> dict:
    """Runs a validator that must find nothing wrong: its seconds, and those of its processor."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(
        [str(a) for a in arguments], capture_output=True, text=True, env={**environment(), **variables}
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0, (arguments, done.stdout, done.stderr)
    assert f"{LOGS}/{LOGS} log files valid" in done.stdout or f'"logs":{{"valid":{LOGS}' in done.stdout, done.stdout
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"seconds": time.monotonic() - begun, "cpu_seconds": cpu}


def upload(home: Path, address: str, credentials: Path) -> None:
    """Puts the files into a bucket of a server."""
    text = credentials.read_text()
    key, secret = (re.search(rf"{name}\s*=\s*(\S+)", text).group(1) for name in ("key_id", "access_key"))
    client = boto3.client(
        "s3", region_name=delivered.REGION, endpoint_url=f"http://{address}", aws_access_key_id=key,
        aws_secret_access_key=secret, config=Config(s3={"addressing_style": "path"}, max_pool_connections=UPLOADS),
    )  # fmt: skip
    client.create_bucket(Bucket=delivered.BUCKET)
    root = home / "bucket"

    def put(path: Path) -> None:
        beside = path.with_name(f"{path.name}.metadata.json")
        metadata = json.loads(beside.read_text()) if beside.exists() else {}
        key = str(path.relative_to(root))
        client.put_object(Bucket=delivered.BUCKET, Key=key, Body=path.read_bytes(), Metadata=metadata)

    with ThreadPoolExecutor(UPLOADS) as pool:
        list(pool.map(put, [path for path in root.rglob("*.json.gz")]))


def validating() -> dict:
    """Both over S3, ours on a directory as well; each twice, the better one counts."""
    home = delivered.bucket(LOGS, DIGESTS)
    raw = json.loads(subprocess.run(
        [CAIRN, "validate", "--json", home / "bucket", "--public-keys", home / "keys.json"],
        capture_output=True, check=True,
    ).stdout.splitlines()[-1])["bytes"]  # fmt: skip
    Keys.answer = (home / "keys.json").read_bytes()
    keys = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Keys)
    threading.Thread(target=keys.serve_forever, daemon=True).start()
    data = HOME / "validating"
    subprocess.run(["rm", "-rf", str(data)], check=True)
    with serve(data, "--account-id", delivered.ACCOUNT) as server:
        upload(home, server.address, data / "credentials")
        variables = {
            "AWS_ENDPOINT_URL_S3": f"http://{server.address}",
            "AWS_ENDPOINT_URL_CLOUDTRAIL": f"http://127.0.0.1:{keys.server_address[1]}",
            "AWS_SHARED_CREDENTIALS_FILE": str(data / "credentials"),
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_DEFAULT_REGION": delivered.REGION,
        }
        end = delivered.STARTED + DIGESTS * delivered.HOUR
        until = ("--end-time", delivered.iso(end - delivered.HOUR))
        aws = Path(sys.executable).parent / "aws"
        runs = {
            "s3": [(CAIRN, "validate", f"s3://{delivered.BUCKET}", *until)] * 2,
            "aws": [
                (aws, "cloudtrail", "validate-logs", "--trail-arn", delivered.ARN, "--s3-bucket", delivered.BUCKET,
                 "--start-time", delivered.iso(delivered.STARTED - delivered.HOUR), *until)
            ] * 2,
            "directory": [(CAIRN, "validate", home / "bucket", "--public-keys", home / "keys.json")] * 2,
        }  # fmt: skip
        found = {
            name: min((timed(*run, **variables) for run in twice), key=lambda one: one["seconds"])
            for name, twice in runs.items()
        }
    keys.shutdown()
    return {"raw_bytes": raw, **found}
