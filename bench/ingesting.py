"""Bulk ingest into a running server: one `PutRecords` with zstd'ed NDJSON, to durable and searchable."""

import gzip
import http.client
import json
import re
import shutil
import time
from pathlib import Path

import zstandard
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from events import HOME
from processes import serve

PIECE = 1 << 20


def zstd_of(part: Path) -> Path:
    """The same records in zstd; made once."""
    packed = part.with_suffix("").with_suffix(".jsonl.zst")
    if not packed.exists():
        unfinished = packed.with_suffix(".unfinished")
        with gzip.open(part, "rb") as lines, open(unfinished, "wb") as out:
            zstandard.ZstdCompressor(level=3).copy_stream(lines, out)
        unfinished.rename(packed)
    return packed


def signed(address: str, credentials: Path) -> dict:
    """The headers of a call whose body is not signed."""
    found = dict(re.findall(r"(aws_\w+)\s*=\s*(\S+)", credentials.read_text()))
    headers = {
        "X-Amz-Target": "Cairn_20261125.PutRecords",
        "Content-Type": "application/x-ndjson",
        "Content-Encoding": "zstd",
        "X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD",
        "Host": address,
    }
    request = AWSRequest(method="POST", url=f"http://{address}/", headers=headers)
    keys = Credentials(found["aws_access_key_id"], found["aws_secret_access_key"])
    SigV4Auth(keys, "cairn", "us-east-1").add_auth(request)
    return dict(request.headers.items())


def put(address: str, credentials: Path, packed: Path) -> tuple[dict, float]:
    """The answer, and how long it took from the first byte."""
    connection = http.client.HTTPConnection(address, timeout=600)
    headers = signed(address, credentials)
    begun = time.monotonic()
    connection.putrequest("POST", "/", skip_host=True)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.putheader("Content-Length", str(packed.stat().st_size))
    connection.endheaders()
    with open(packed, "rb") as body:
        while piece := body.read(PIECE):
            connection.send(piece)
    answer = connection.getresponse()
    text = answer.read()
    seconds = time.monotonic() - begun
    assert answer.status == 200, text
    return json.loads(text), seconds


def ingesting(part: Path) -> dict:
    """One part into an empty server, and the same again, which brings nothing."""
    packed, data = zstd_of(part), HOME / "ingest"
    shutil.rmtree(data, ignore_errors=True)
    with serve(data) as server:
        first, seconds = put(server.address, data / "credentials", packed)
        assert first["Rejected"] == 0 and first["Duplicates"] == 0, first
        again, repeat_seconds = put(server.address, data / "credentials", packed)
        assert again["Accepted"] == 0, again
        status = Path(f"/proc/{server.process.pid}/status").read_text()
        peak = int(re.search(r"VmHWM:\s+(\d+)", status).group(1)) * 1024
        used = server.cpu_seconds()
    shutil.rmtree(data, ignore_errors=True)
    records = first["Accepted"]
    return {
        "records": records,
        "rate": records / seconds,
        "repeat_rate": records / repeat_seconds,
        "peak_bytes": peak,
        "cpu_seconds": used,
    }
