"""Processes that are measured: a server with its memory and start, a command with its peak."""

import os
import re
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

from events import ROOT

CAIRN = ROOT / "target" / "release" / "cairn"
BENCH = ROOT / "target" / "release" / "cairn-bench"


def environment() -> dict:
    """No setting of the machine reaches what is measured."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "CAIRN_"))}


def command(*arguments) -> dict:
    """Runs a command to its end: its output, seconds and peak memory in bytes."""
    begun = time.monotonic()
    process = subprocess.Popen(
        [str(a) for a in arguments], stdout=subprocess.PIPE, text=True, env=environment()
    )
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        raise RuntimeError(f"{arguments} ended with {status}")
    return {"output": output, "seconds": time.monotonic() - begun, "peak_bytes": usage.ru_maxrss * 1024}


def free_address() -> str:
    """An address that nobody listens at now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


class Process:
    """A server that answers HTTP at an address."""

    def __init__(self, arguments: list, address: str, ready: str):
        self.address = address
        begun = time.monotonic()
        self.process = subprocess.Popen(
            [str(a) for a in arguments],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment(),
        )
        while True:
            if self.process.poll() is not None:
                raise RuntimeError(f"{arguments} did not start")
            try:
                urllib.request.urlopen(f"http://{address}{ready}", timeout=5).read()
                break
            except OSError:
                time.sleep(0.005)
        self.start_seconds = time.monotonic() - begun

    def memory_bytes(self) -> int:
        """Resident memory now."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) * 1024

    def cpu_seconds(self) -> float:
        """User and system time so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def page(self, path: str) -> str:
        """A page of the server's."""
        return urllib.request.urlopen(f"http://{self.address}{path}", timeout=30).read().decode()

    def stop(self) -> None:
        """Ends it."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def serve(data: Path, *arguments: str) -> Process:
    """`cairn serve` on a directory."""
    address = free_address()
    return Process([CAIRN, "serve", "--data", data, "--listen", address, *arguments], address, "/_cairn/ready")
