"""The promise, tried: the real process under load, killed at random moments.

Every call that was answered has exactly one record, `cairn fsck` is clean, and LookupEvents shows it.
CAIRN_KILL_ROUNDS sets the number of kills; CAIRN_KILL_SEED repeats a run.
"""

import os
import random
import threading
import time

import boto3
import pytest
from botocore.config import Config

from server import Server, credentials, records_of, run_cairn

ROUNDS = int(os.environ.get("CAIRN_KILL_ROUNDS", "4"))
SEED = int(os.environ.get("CAIRN_KILL_SEED", str(random.randrange(1 << 32))))
CLIENTS = 8


def client(server, service):
    key, secret = credentials(server.data)
    return boto3.client(
        service,
        region_name="us-east-1",
        endpoint_url=server.url,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=Config(retries={"max_attempts": 0}, connect_timeout=5, read_timeout=5),
    )


def call_until_it_dies(server, number, round_number, answered, lock):
    """Makes calls with names of their own; notes each one that was answered."""
    sts, s3 = client(server, "sts"), client(server, "s3")
    count = 0
    while True:
        try:
            if count % 3 == 0:
                identifier = s3.put_object(
                    Bucket="under-load", Key=f"{round_number}/{number}/{count}", Body=b"x" * 100
                )["ResponseMetadata"]["RequestId"]
            else:
                identifier = sts.get_caller_identity()["ResponseMetadata"]["RequestId"]
        except Exception:
            return
        with lock:
            answered.append(identifier)
        count += 1


def one_round(server, round_number, chance, answered):
    lock = threading.Lock()
    before = len(answered)
    threads = [
        threading.Thread(target=call_until_it_dies, args=(server, n, round_number, answered, lock))
        for n in range(CLIENTS)
    ]
    for thread in threads:
        thread.start()
    # The moment of the kill is random on purpose: it is what is being tested, not what is awaited.
    floor = time.monotonic() + 30
    while len(answered) < before + 20 and time.monotonic() < floor:
        time.sleep(0.01)
    time.sleep(chance.uniform(0.0, 1.0))
    server.kill()
    for thread in threads:
        thread.join()


@pytest.mark.evidence("assumed", "design, promises 1 and 3")
def test_nothing_acknowledged_is_lost(tmp_path):
    chance = random.Random(SEED)
    print(f"\nCAIRN_KILL_SEED={SEED} rounds={ROUNDS}")
    data = tmp_path / "data"
    answered = []
    server = Server(data).start()
    client(server, "s3").create_bucket(Bucket="under-load")
    for round_number in range(ROUNDS):
        one_round(server, round_number, chance, answered)
        checked = run_cairn("fsck", str(data), check=False)
        assert checked.returncode == 0, checked.stdout + checked.stderr
        server = Server(data).start()
    found = client(server, "cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "GetCallerIdentity"}]
    )
    assert found["Events"]
    assert server.stop() == 0
    kept = [record["requestID"] for record in records_of(data)]
    counts = {}
    for identifier in kept:
        counts[identifier] = counts.get(identifier, 0) + 1
    lost = [identifier for identifier in answered if counts.get(identifier, 0) != 1]
    print(f"answered {len(answered)}, kept {len(kept)}")
    assert len(answered) > 20 * ROUNDS
    assert lost == []
