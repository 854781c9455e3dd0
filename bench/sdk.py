"""Calls by boto3, as applications make them: what recording costs them, beside what their client costs.

Run as a program, it is one of the processes that call: it says when it is ready, waits to be told to
begin, and prints how many calls it made and how long they took.
"""

import json
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import boto3
from botocore.config import Config

PROCESSES = 16
THREADS = 1
SECONDS = 6


def calls_per_second(address: str, credentials: Path) -> float:
    """`GetCallerIdentity` by 16 callers, with connections that stay.

    Each is a process: the threads of one would wait for each other more than for the server.
    """
    command = [sys.executable, __file__, address, str(credentials)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    callers = [subprocess.Popen(command, **pipes) for _ in range(PROCESSES)]
    for caller in callers:
        assert caller.stdout.readline() == "ready\n"
    for caller in callers:
        caller.stdin.write("begin\n")
        caller.stdin.flush()
    told = [json.loads(caller.communicate(timeout=120)[0]) for caller in callers]
    return sum(one["calls"] / one["seconds"] for one in told)


def main(address: str, credentials: str) -> None:
    """Calls from so many threads at once."""
    text = Path(credentials).read_text()
    key, secret = (re.search(rf"{name}\s*=\s*(\S+)", text).group(1) for name in ("key_id", "access_key"))
    client = boto3.client(
        "sts", region_name="us-east-1", endpoint_url=f"http://{address}", aws_access_key_id=key,
        aws_secret_access_key=secret, config=Config(max_pool_connections=THREADS),
    )  # fmt: skip
    client.get_caller_identity()
    print("ready", flush=True)
    sys.stdin.readline()
    counts, until, begun = [0] * THREADS, time.monotonic() + SECONDS, time.monotonic()

    def call(number: int) -> None:
        while time.monotonic() < until:
            client.get_caller_identity()
            counts[number] += 1

    threads = [threading.Thread(target=call, args=[number]) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps({"calls": sum(counts), "seconds": time.monotonic() - begun}))


if __name__ == "__main__":
    main(*sys.argv[1:])
