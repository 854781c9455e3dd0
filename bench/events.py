"""The records that everything is measured on: made once, kept below target/bench."""

import gzip
import json
import random
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / "target" / "bench"
PART_RECORDS = 1_000_000


def parts(records: int) -> list[Path]:
    """Gzipped JSONL files of a million records each, in the order of time."""
    directory = HOME / f"events-{records}"
    done = directory / "done"
    if not done.exists():
        directory.mkdir(parents=True, exist_ok=True)
        print(f"making {records:,} records (once; about a minute a million)", flush=True)
        command = (
            f"{sys.executable} {ROOT}/corpus/gen_events.py --events {records} --seed 7 --accounts 3 --days 90"
            " --start 2026-08-27T00:00:00Z --out -"
            f" | split -l {PART_RECORDS} -d --filter='gzip -1 > $FILE.jsonl.gz' - {directory}/part-"
        )
        subprocess.run(["bash", "-o", "pipefail", "-c", command], check=True, stderr=subprocess.DEVNULL)
        done.touch()
    return sorted(directory.glob("part-*.jsonl.gz"))


def needles(files: list[Path], per_part: int, seed: int = 1) -> dict:
    """Values to look for: of one account, of records that LookupEvents shows, from all parts."""
    chance = random.Random(seed)
    found, keys, account = {"EventId": [], "AccessKeyId": []}, set(), None
    for file in files:
        wanted = set(chance.sample(range(PART_RECORDS // 50), min(per_part * 8, PART_RECORDS // 50)))
        taken = 0
        with gzip.open(file, "rt") as lines:
            for number, line in enumerate(lines):
                if number >= PART_RECORDS // 50:
                    break
                if number not in wanted or taken >= per_part:
                    continue
                record = json.loads(line)
                account = account or record["recipientAccountId"]
                if record["recipientAccountId"] != account or record["eventCategory"] != "Management":
                    continue
                taken += 1
                found["EventId"].append((record["awsRegion"], "EventId", record["eventID"]))
                key = record["userIdentity"].get("accessKeyId")
                if key and (record["awsRegion"], key) not in keys:
                    keys.add((record["awsRegion"], key))
                    found["AccessKeyId"].append((record["awsRegion"], "AccessKeyId", key))
    for values in found.values():
        chance.shuffle(values)
    return {"account": account, **found}
