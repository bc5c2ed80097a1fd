"""What a measured program tells: seconds, seconds of CPU, and peak memory. It needs the standard library alone."""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

WARM_UP = 100
"""Deletions before those that are measured: a whole batch, so that imports and first connections are not counted."""

FEW = 3
"""Of which the first is what is measured."""


def tell(work: Callable[[int], object], count: int, warm_up: int = WARM_UP) -> None:
    """Do the work for so many messages, after a warm-up where there are more than a few, and print what it took."""
    if count > FEW:
        work(warm_up)
    began, used = time.perf_counter(), time.process_time()
    work(count)
    seconds, cpu = time.perf_counter() - began, time.process_time() - used
    # The kernel's own count: getrusage() begins with the memory of the process that started this one.
    lines = Path("/proc/self/status").read_text().splitlines()
    peak, left = (int(line.split()[1]) / 1024 for name in ("VmHWM", "VmRSS") for line in lines if line.startswith(name))
    sys.stdout.write(json.dumps({"seconds": seconds, "cpu": cpu, "peak": peak, "left": left}) + "\n")
