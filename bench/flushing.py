"""What the disk alone asks for a record: 2 KB written and flushed, one after the other, into blocks that are there."""

import os
import time

from events import HOME

BYTES = 2_048
FLUSHES = 2_000


def flushing() -> dict:
    """Times of a bare write and flush, with nothing beside it."""
    path = HOME / "flushed"
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(file, bytes(BYTES * FLUSHES))
        os.fsync(file)
        block, times, begun = os.urandom(BYTES), [], os.times()
        for place in range(FLUSHES):
            start = time.monotonic()
            os.pwrite(file, block, place * BYTES)
            os.fdatasync(file)
            times.append(time.monotonic() - start)
        ended = os.times()
    finally:
        os.close(file)
        path.unlink()
    times.sort()
    cpu = ended.user + ended.system - begun.user - begun.system
    return {
        "p50_us": times[FLUSHES // 2] * 1e6,
        "p99_us": times[FLUSHES * 99 // 100] * 1e6,
        "cpu_us": cpu / FLUSHES * 1e6,
    }
