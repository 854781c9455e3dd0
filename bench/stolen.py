"""How much of the processors the machine below took away while something was measured.

A virtual machine runs when its host lets it. What it was refused stands in /proc/stat as `steal`
(proc_stat(5)): processors that had work and did not run. Where there is much of it, a rate says little beside
one of another day, and a time says less, since each wake of a thread waits for the host.
"""

import contextlib
from collections.abc import Iterator


def times() -> list[int]:
    """The ticks of all processors since the start: user, nice, system, idle, iowait, irq, softirq, steal."""
    with open("/proc/stat") as stat:
        return [int(field) for field in stat.readline().split()[1:9]]


class Stolen:
    """The share for each part, by name."""

    def __init__(self) -> None:
        self.shares: dict[str, float] = {}

    @contextlib.contextmanager
    def during(self, name: str) -> Iterator[None]:
        """Notes the share from here to the end of the block."""
        before = times()
        yield
        ticks = [end - start for start, end in zip(before, times())]
        self.shares[name] = ticks[-1] / max(1, sum(ticks))

    def text(self) -> str:
        """All parts in a sentence."""
        parts = ", ".join(f"{name} {share * 100:.0f} %" for name, share in self.shares.items())
        return f"The host took from the processors during: {parts}."
