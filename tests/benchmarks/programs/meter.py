"""What a measured program tells: seconds, seconds of CPU, and peak memory. It needs the standard library alone."""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

WARM_UP = 100
"""Deletions before those that are measured: a whole batch, so that imports and first connections are not counted."""


def tell(work: Callable[[int], object], count: int) -> None:
    """Do the work for so many messages, after a warm-up where there are more than one, and print what it took."""
    if count > 1:
        work(WARM_UP)
    began, used = time.perf_counter(), time.process_time()
    work(count)
    seconds, cpu = time.perf_counter() - began, time.process_time() - used
    # The kernel's own count: getrusage() begins with the memory of the process that started this one.
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    peak = int(line.split()[1]) / 1024
    sys.stdout.write(json.dumps({"seconds": seconds, "cpu": cpu, "peak": peak}) + "\n")
