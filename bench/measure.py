"""What is measured, one function each. Every figure comes with a peer's on the same work."""

import json
import re
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

import boto3
import duckdb
import sdk
from botocore.config import Config
from events import HOME
from processes import BENCH, CAIRN, Process, command, free_address, serve

CONNECTIONS = 16
CALLS = 20_000
MOTO_CALLS = 1_500


def tree_bytes(directory: Path, pattern: str = "**/*") -> int:
    """The length of all files."""
    return sum(path.stat().st_size for path in directory.glob(pattern) if path.is_file())


def database() -> duckdb.DuckDBPyConnection:
    """DuckDB on the machine's cores, with its defaults."""
    return duckdb.connect()


def columns_of(part: Path) -> str:
    """The records as DuckDB reads them: nested parts as JSON, as its users keep CloudTrail."""
    return (
        f"read_json('{part}', format='newline_delimited', maximum_object_size=16777216, columns={{"
        "eventVersion:'VARCHAR',userIdentity:'JSON',eventTime:'VARCHAR',eventSource:'VARCHAR',eventName:'VARCHAR',"
        "awsRegion:'VARCHAR',sourceIPAddress:'VARCHAR',userAgent:'VARCHAR',errorCode:'VARCHAR',errorMessage:'VARCHAR',"
        "requestParameters:'JSON',responseElements:'JSON',additionalEventData:'JSON',requestID:'VARCHAR',"
        "eventID:'VARCHAR',readOnly:'BOOLEAN',resources:'JSON',eventType:'VARCHAR',apiVersion:'VARCHAR',"
        "managementEvent:'BOOLEAN',recipientAccountId:'VARCHAR',sharedEventID:'VARCHAR',vpcEndpointId:'VARCHAR',"
        "serviceEventDetails:'JSON',eventCategory:'VARCHAR',tlsDetails:'JSON'})"
    )


def importing(part: Path) -> dict:
    """One part into an empty directory, and into Parquet by DuckDB."""
    data = HOME / "import"
    shutil.rmtree(data, ignore_errors=True)
    done = command(CAIRN, "import", "--data", data, "--json", part)
    report = json.loads(done["output"].splitlines()[-1])
    assert report["files_broken"] == 0 and report["duplicates"] == 0, report
    target = HOME / "duckdb.parquet"
    begun = time.monotonic()
    database().execute(f"COPY (SELECT * FROM {columns_of(part)}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)")
    duckdb_seconds = time.monotonic() - begun
    six = subprocess.run(
        ["bash", "-o", "pipefail", "-c", f"gunzip -c {part} | gzip -6 | wc -c"], capture_output=True, check=True
    )
    records, raw = report["records_imported"], report["bytes"]
    return {
        "records": records,
        "raw_bytes": raw,
        "rate": records / done["seconds"],
        "seconds": done["seconds"],
        "peak_bytes": done["peak_bytes"],
        "duckdb_rate": records / duckdb_seconds,
        "history_share": tree_bytes(data / "history") / raw,
        "log_share": tree_bytes(data / "log") / raw,
        "duckdb_share": target.stat().st_size / raw,
        "gzip_share": int(six.stdout) / raw,
    }


def filled(parts: list[Path]) -> tuple[Path, dict | None]:
    """A directory with all parts; made once."""
    data = HOME / f"all-{len(parts)}"
    if (data / "done").exists():
        return data, json.loads((data / "done").read_text())
    shutil.rmtree(data, ignore_errors=True)
    done = command(CAIRN, "import", "--data", data, "--json", *parts)
    report = json.loads(done["output"].splitlines()[-1])
    report["peak_bytes"], report["seconds"] = done["peak_bytes"], done["seconds"]
    (data / "done").write_text(json.dumps(report))
    return data, report


def settle(data: Path, account: str) -> None:
    """Lets a server merge what the import left, until it has nothing to do; and once more, for at its end it may close
    what came in last."""
    for _ in range(2):
        with serve(data, "--account-id", account) as server:
            used, quiet = server.cpu_seconds(), 0
            while quiet < 3:
                time.sleep(2)
                now = server.cpu_seconds()
                used, quiet = now, quiet + 1 if now - used < 0.1 else 0


def load(address: str, credentials: Path, kind: str, calls: int, connections: int, **more) -> dict:
    """Signed calls from the load generator, which shares the machine."""
    arguments = [f"--{name.replace('_', '-')}={value}" for name, value in more.items()]
    done = command(
        BENCH, "load", "--address", address, "--credentials", credentials, "--kind", kind, "--calls", calls,
        "--connections", connections, *arguments,
    )  # fmt: skip
    report = json.loads(done["output"])
    assert report["failed"] == 0, report
    return report


def lookups(data: Path, found: dict) -> dict:
    """LookupEvents for needles among all records; start and memory on the way."""
    result = {}
    settle(data, found["account"])
    with serve(data, "--account-id", found["account"]) as server:
        result["start_seconds"] = server.start_seconds
        time.sleep(3)
        result["idle_bytes"] = server.memory_bytes()
        for key in ("EventId", "AccessKeyId"):
            values = HOME / f"values-{key}"
            values.write_text("".join("\t".join(value) + "\n" for value in found[key]))
            calls = min(CALLS, 4 * len(found[key]))
            credentials = data / "credentials"
            one = load(server.address, credentials, "lookup", calls, 1, values=values, warm_up=200)
            many = load(server.address, credentials, "lookup", calls, CONNECTIONS, values=values, warm_up=200)
            result[key] = {"values": len(found[key]), "one": one, "many": many}
        result["busy_bytes"] = server.memory_bytes()
    return result


def duckdb_lookups(data: Path, found: dict, parts: list[Path], times: int = 12) -> dict:
    """The same needles by DuckDB: on our Parquet files, and on the raw records."""
    connection = database()

    def timed(query, values):
        seconds = []
        for value in values:
            begun = time.monotonic()
            connection.execute(query, [value]).fetchall()
            seconds.append(time.monotonic() - begun)
        return seconds

    parquet = f"SELECT record FROM read_parquet('{data}/history/*.parquet') WHERE event_id = ?"
    values = [value for _, _, value in found["EventId"][:times]]
    on_parquet = timed(parquet, values)
    files = "[" + ",".join(f"'{part}'" for part in parts) + "]"
    raw = f"SELECT count(*) FROM {columns_of('X')} WHERE eventID = ?".replace("'X'", files)
    on_raw = timed(raw, values[:1])
    return {"parquet_p50_ms": statistics.median(on_parquet) * 1e3, "raw_ms": on_raw[0] * 1e3}


def commits(page: str) -> dict:
    """How long building and committing a record took, by the server's own histogram."""
    buckets = {float(le): int(n) for le, n in re.findall(r'cairn_gateway_commit_seconds_bucket\{le="([\d.]+)"\} (\d+)', page)}
    total = int(re.search(r"cairn_gateway_commit_seconds_count (\d+)", page).group(1))
    seconds = float(re.search(r"cairn_gateway_commit_seconds_sum (\S+)", page).group(1))
    return {"buckets": buckets, "count": total, "sum": seconds}


def between(before: dict, after: dict) -> dict:
    """The calls between two looks: mean, and the share that took at most a millisecond."""
    count = after["count"] - before["count"]
    quick = after["buckets"][0.001] - before["buckets"].get(0.001, 0)
    return {"mean_us": (after["sum"] - before["sum"]) / count * 1e6, "within_1ms": quick / count}


def recording() -> dict:
    """STS and S3 calls with records, with a log that forgets, and at moto server."""
    data, result = HOME / "recording", {}
    shutil.rmtree(data, ignore_errors=True)
    with serve(data) as server:
        make_bucket(server.address, data / "credentials")
        for kind in ("sts", "put"):
            before = commits(server.page("/_cairn/metrics"))
            result[kind] = {"recorded": load(server.address, data / "credentials", kind, CALLS, CONNECTIONS)}
            result[kind]["commit"] = between(before, commits(server.page("/_cairn/metrics")))
        result["sdk"] = {"recorded": sdk.calls_per_second(server.address, data / "credentials")}
    forgets, address = HOME / "forgets", free_address()
    shutil.rmtree(forgets, ignore_errors=True)
    forgets.mkdir()
    arguments = [BENCH, "serve-without-log", "--data", forgets, "--listen", address, "--account-id", "123456789012"]
    with Process([*arguments, "--credentials", data / "credentials"], address, "/_cairn/ready"):
        make_bucket(address, data / "credentials")
        for kind in ("sts", "put"):
            result[kind]["forgotten"] = load(address, data / "credentials", kind, CALLS, CONNECTIONS)
        result["sdk"]["forgotten"] = sdk.calls_per_second(address, data / "credentials")
    address = free_address()
    moto = [Path(sys.executable).parent / "moto_server", "-H", "127.0.0.1", "-p", address.split(":")[1]]
    with Process(moto, address, "/moto-api/"):
        make_bucket(address, data / "credentials")
        for kind in ("sts", "put"):
            result[kind]["moto"] = load(address, data / "credentials", kind, MOTO_CALLS, CONNECTIONS, warm_up=50)
        result["sdk"]["moto"] = sdk.calls_per_second(address, data / "credentials")
    return result


def make_bucket(address: str, credentials: Path) -> None:
    """The bucket that objects go to."""
    text = credentials.read_text()
    key, secret = (re.search(rf"{name}\s*=\s*(\S+)", text).group(1) for name in ("key_id", "access_key"))
    client = boto3.client(
        "s3", region_name="us-east-1", endpoint_url=f"http://{address}", aws_access_key_id=key,
        aws_secret_access_key=secret, config=Config(s3={"addressing_style": "path"}),
    )  # fmt: skip
    client.create_bucket(Bucket="bench")
