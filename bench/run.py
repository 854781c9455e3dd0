"""`make bench`: every figure of docs/benchmarks.md, each beside a peer on the same work in the same run.

The records are made once (bench/events.py) and kept below target/bench. With --write the table goes to
docs/benchmarks.md. CAIRN_BENCH_RECORDS sets the size of the large directory (10,000,000).
"""

import argparse
import datetime
import os
import platform
import subprocess
from pathlib import Path

import delivering
import events
import flushing
import ingesting
import measure
import passing
import sdk
import validating
from events import ROOT
from stolen import Stolen

RECORDS = int(os.environ.get("CAIRN_BENCH_RECORDS", "10000000"))
PART = events.PART_RECORDS
NEEDLES_PER_PART = 1_000


def mb(count: float) -> str:
    """Bytes as megabytes."""
    return f"{count / 1e6:,.0f} MB"


def ms(microseconds: float) -> str:
    """Microseconds as milliseconds."""
    return f"{microseconds / 1e3:.2f} ms"


def percent(share: float) -> str:
    """A share as per cent."""
    return f"{share * 100:.1f} %"


def row(what: str, ours: str, peer: str, target: str, is_met: bool) -> tuple:
    """A line of the table."""
    return what, ours, peer, target, "yes" if is_met else "no"


def importing(done: dict) -> list:
    """Rows for the import and for sizes on disk."""
    return [
        row(
            f"import of {done['records']:,} records, gzip, to durable and searchable",
            f"{done['rate']:,.0f} records/s",
            f"DuckDB to Parquet (not durable, no index): {done['duckdb_rate']:,.0f} records/s",
            "≥ 100,000/s",
            done["rate"] >= 100_000,
        ),
        row(
            "memory of that import, peak", mb(done["peak_bytes"]), "–", "≤ 1 GB", done["peak_bytes"] <= 1e9
        ),
        row(
            f"history with its index, of {mb(done['raw_bytes'])} raw JSON",
            percent(done["history_share"]),
            f"DuckDB's Parquet (zstd) {percent(done['duckdb_share'])}; gzip -6 {percent(done['gzip_share'])}",
            "≤ 22 %",
            done["history_share"] <= 0.22,
        ),
        row("the log beside it", percent(done["log_share"]), "–", "–", True),
    ]


def ingest(done: dict, peer: dict) -> list:
    """Rows for records that come in bulk into a running server."""
    return [
        row(
            f"PutRecords, {done['records']:,} records, zstd, over HTTP, to durable and searchable",
            f"{done['rate']:,.0f} records/s",
            f"DuckDB to Parquet, from gzip (not durable, no index): {peer['duckdb_rate']:,.0f} records/s",
            "≥ 80,000/s",
            done["rate"] >= 80_000,
        ),
        row(
            "the same again: all known; and the server's peak memory",
            f"{done['repeat_rate']:,.0f} records/s, {mb(done['peak_bytes'])}",
            "–",
            "–",
            True,
        ),
    ]


def lookups(done: dict, peer: dict, records: int) -> list:
    """Rows for LookupEvents."""
    rows = []
    for key, name in (("EventId", "event id"), ("AccessKeyId", "access key")):
        one, many = done[key]["one"], done[key]["many"]
        beside = f"DuckDB on our Parquet {peer['parquet_p50_ms']:,.0f} ms, on the raw JSON {peer['raw_ms']:,.0f} ms"
        rows.append(
            row(
                f"LookupEvents by {name}, signed, over HTTP, {records:,} records, one caller",
                f"p50 {ms(one['p50_us'])}, p99 {ms(one['p99_us'])}",
                beside if key == "EventId" else "as above",
                "p50 ≤ 2 ms, p99 ≤ 10 ms",
                one["p50_us"] <= 2_000 and one["p99_us"] <= 10_000,
            )
        )
        rows.append(
            row(
                f"the same, {measure.CONNECTIONS} callers on the same machine",
                f"{many['calls_per_second']:,.0f} requests/s, p50 {ms(many['p50_us'])}, p99 {ms(many['p99_us'])}",
                f"DuckDB: {1e3 / peer['parquet_p50_ms']:,.1f} queries/s" if key == "EventId" else "as above",
                "≥ 3,000/s",
                many["calls_per_second"] >= 3_000,
            )
        )
    rows.append(
        row(
            "start to ready", f"{done['start_seconds']:.2f} s", "–", "≤ 0.5 s", done["start_seconds"] <= 0.5
        )
    )
    rows.append(
        row(
            f"memory, idle after the start / after {3 * measure.CALLS:,} lookups or so",
            f"{mb(done['idle_bytes'])} / {mb(done['busy_bytes'])}",
            "–",
            "idle ≤ 50 MB",
            done["idle_bytes"] <= 50e6,
        )
    )
    return rows


def floor(bare: dict) -> str:
    """What the disk alone takes, as a peer of what waits for it."""
    return f"a bare write and flush: p50 {ms(bare['p50_us'])}, p99 {ms(bare['p99_us'])}"


def recording(done: dict, bare: dict) -> list:
    """Rows for what recording costs."""
    rows = [
        row(
            "a write of 2 KB and its flush on this disk, alone",
            f"p50 {ms(bare['p50_us'])}, p99 {ms(bare['p99_us'])}, {bare['cpu_us']:,.0f} µs of processor",
            "–",
            "–",
            True,
        )
    ]
    for kind, name in (("sts", "STS GetCallerIdentity"), ("put", "S3 PutObject, 1 KB")):
        found = done[kind]
        with_log, without, moto = found["recorded"], found["forgotten"], found["moto"]
        cost = 1 - with_log["calls_per_second"] / without["calls_per_second"]
        rows.append(
            row(
                f"{name}, {measure.CONNECTIONS} callers: recorded, and with a log that forgets",
                f"{with_log['calls_per_second']:,.0f} and {without['calls_per_second']:,.0f} calls/s: "
                f"recording costs {percent(cost)}",
                f"moto server {moto['calls_per_second']:,.0f} calls/s (keeps no record)",
                "< 10 %",
                cost < 0.10,
            )
        )
        commit = found["commit"]
        rows.append(
            row(
                f"{name}: building the record and making it durable",
                f"{commit['mean_us']:,.0f} µs on average, {percent(commit['within_1ms'])} of calls within 1 ms",
                f"the whole call: p99 {ms(with_log['p99_us'])}, without the log {ms(without['p99_us'])}, "
                f"moto {ms(moto['p99_us'])}; {floor(bare)}",
                "99 % within 1 ms",
                commit["within_1ms"] >= 0.99,
            )
        )
    found = done["sdk"]
    cost = 1 - found["recorded"] / found["forgotten"]
    rows.append(
        row(
            f"STS GetCallerIdentity by boto3, {sdk.PROCESSES * sdk.THREADS} callers: recorded, and with a log that forgets",
            f"{found['recorded']:,.0f} and {found['forgotten']:,.0f} calls/s: recording costs {percent(cost)}",
            f"moto server {found['moto']:,.0f} calls/s (keeps no record)",
            "< 10 %",
            cost < 0.10,
        )
    )
    return rows


def validation(done: dict) -> list:
    """Rows for validating what was delivered."""
    raw, aws = done["raw_bytes"], done["aws"]

    def beside(one):
        return f"{one['seconds']:.2f} s, {raw / one['seconds'] / 1e6:,.0f} MB/s, {one['cpu_seconds']:.2f} CPU s"

    what = f"validate {validating.LOGS:,} log files ({mb(raw)} raw) and {validating.DIGESTS} digests"
    peer = f"`aws cloudtrail validate-logs`, the same bucket: {beside(aws)}"
    rows = []
    for name, where in (("directory", "in a directory"), ("s3", "over S3, from `cairn serve` on the same machine")):
        ratio = aws["seconds"] / done[name]["seconds"]
        rows.append(row(f"{what}, {where}", beside(done[name]), f"{peer} ({ratio:.1f} times)", "≥ 5 times", ratio >= 5))
    return rows


def delivery(backlog: dict, selectors: dict, latency: dict) -> list:
    """Rows for what trails cost."""
    levels = (
        f"level {backlog['level']} {backlog['libdeflater_mb_per_second']:,.0f} MB/s, "
        f"level {backlog['level_behind']} {backlog['libdeflater_behind_mb_per_second']:,.0f} MB/s"
    )
    first, last = selectors["rows"][0], selectors["rows"][-1]
    bound = latency["interval"] + 2
    return [
        row(
            f"delivery of {backlog['records']:,} records to one trail, a backlog",
            f"{backlog['rate']:,.0f} records/s, {backlog['raw_mb_per_second']:,.0f} MB/s",
            f"libdeflater alone on one core, the same bytes: {levels}",
            "≥ 120,000/s",
            backlog["rate"] >= 120_000,
        ),
        row(
            f"what a record costs with {last['trails']:,} trails of distinct selectors, without writing",
            f"{last['record_ns']:,.0f} ns",
            f"with one trail: {first['record_ns']:,.0f} ns ({selectors['record_ratio']:.2f} times)",
            "< 1.3 times",
            selectors["record_ratio"] < 1.3,
        ),
        row(
            f"from a call's answer to its file, {latency['rate']:,.0f} calls/s, interval {latency['interval']} s",
            f"p50 {latency['p50']:.1f} s, p99 {latency['p99']:.1f} s",
            "AWS: 5 minutes on average (documented)",
            f"p99 ≤ {bound} s",
            latency["p99"] <= bound,
        ),
    ]


def gateway(done: dict, bare: dict) -> list:
    """Rows for calls that an upstream serves."""
    cairn, nginx, straight, forgets = (done[name] for name in ("cairn", "nginx", "straight", "forgets"))
    rows = []
    for load, what, least in (("small", "1 KB", 0.6), ("large", "10 MB", 0.9)):
        ratio = cairn[load]["calls_per_second"] / nginx[load]["calls_per_second"]
        others = [("without recording", forgets)] + ([("mitmproxy", done["mitmproxy"])] if "mitmproxy" in done else [])
        beside = ", ".join(f"{name} {of[load]['calls_per_second']:,.0f}/s" for name, of in others)
        rows.append(
            row(
                f"GetObject of {what} through the gateway, recorded durably, {passing.CONNECTIONS} callers",
                f"{cairn[load]['calls_per_second']:,.0f} calls/s",
                f"nginx as the proxy {nginx[load]['calls_per_second']:,.0f}/s ({percent(ratio)} of it), {beside}",
                f"≥ {least:.0%} of nginx",
                ratio >= least,
            )
        )
    added = {p: cairn["rate"][f"{p}_us"] - straight["rate"][f"{p}_us"] for p in ("p50", "p99")}
    by_nginx = {p: nginx["rate"][f"{p}_us"] - straight["rate"][f"{p}_us"] for p in ("p50", "p99")}
    rows.append(
        row(
            f"what the gateway adds to a call at {passing.RATE:,} calls/s",
            f"p50 {ms(added['p50'])}, p99 {ms(added['p99'])}",
            f"nginx as the proxy, no record: p50 {ms(by_nginx['p50'])}, p99 {ms(by_nginx['p99'])}; {floor(bare)}",
            "p50 ≤ 0.2 ms, p99 ≤ 1 ms",
            added["p50"] <= 200 and added["p99"] <= 1_000,
        )
    )
    return rows


def table(rows: list) -> str:
    """The table in Markdown."""
    lines = ["| what | Cairn | beside it, same run | target | met |", "| --- | --- | --- | --- | --- |"]
    return "\n".join(lines + [f"| {' | '.join(row)} |" for row in rows])


def machine() -> str:
    """What it was measured on."""
    model = [line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")]
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=ROOT)
    return (
        f"{datetime.date.today()}, commit {commit.stdout.strip()}, {os.cpu_count()} cores ({model[0]}), Linux "
        f"{platform.release().split('-')[0]}; the load generator, the servers and the peers share the machine."
    )


def main() -> None:
    """Measures, prints, and writes if asked."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--write", action="store_true", help="put the table into docs/benchmarks.md")
    is_written = arguments.parse_args().write
    build = ["cargo", "build", "--release", "--locked", "-p", "cairn", "-p", "cairn-bench"]
    subprocess.run(build, check=True)
    stolen = Stolen()
    with stolen.during("import"):
        imported = measure.importing(events.parts(PART)[0])
    with stolen.during("PutRecords"):
        ingested = ingesting.ingesting(events.parts(PART)[0])
    rows = importing(imported) + ingest(ingested, imported)
    print(table(rows), flush=True)
    parts = events.parts(RECORDS)
    data, filled = measure.filled(parts)
    records = filled["records_imported"]
    found = events.needles(parts, NEEDLES_PER_PART)
    with stolen.during("lookups"):
        looked_up = measure.lookups(data, found)
    rows += lookups(looked_up, measure.duckdb_lookups(data, found, parts), records)
    print(table(rows), flush=True)
    rows.insert(
        2,
        row(
            f"memory of an import of {records:,} records, peak ({records / filled['seconds']:,.0f} records/s)",
            mb(filled["peak_bytes"]),
            "–",
            "≤ 1 GB",
            filled["peak_bytes"] <= 1e9,
        ),
    )
    with stolen.during("recording"):
        rows += recording(measure.recording(), flushing.flushing())
    with stolen.during("delivery"):
        rows += delivery(delivering.backlog(), delivering.selectors(), delivering.latency())
    with stolen.during("validation"):
        rows += validation(validating.validating())
    with stolen.during("gateway"):
        rows += gateway(passing.passing(), flushing.flushing())
    text = f"{table(rows)}\n\n{machine()} {stolen.text()}\n"
    print(text)
    if is_written:
        path = Path(ROOT / "docs" / "benchmarks.md")
        head, _, rest = path.read_text().partition("<!-- table -->\n")
        _, _, tail = rest.partition("<!-- end of table -->\n")
        path.write_text(f"{head}<!-- table -->\n{text}<!-- end of table -->\n{tail}")


if __name__ == "__main__":
    main()
