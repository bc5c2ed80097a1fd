"""Sending many messages, ten a request, in a way that can be stopped at any time and gone on with."""

import json
import os
from collections.abc import Callable
from pathlib import Path

from infra.operate.ops.ending import misused
from infra.operate.ops.environments import Reach
from infra.operate.ops.files import text_of
from infra.operate.ops.messages import Given
from worker.clock import SystemClock
from worker.send.queue import AT_ONCE, Queue


class Confirmed:
    """The lines of a file that a queue confirmed, kept in a file beside it: `<file>.sent`."""

    def __init__(self, file: Path, function: str, environment: str, digest: str) -> None:
        self.path = file.with_name(file.name + ".sent")
        self._head = json.dumps({"function": function, "environment": environment, "sha256": digest})
        self.numbers: set[int] = set()
        if self.path.exists():
            head, *numbers = text_of(self.path).splitlines() or [""]
            if head != self._head:
                raise misused(f"{self.path} is about other content, another function or another place: delete it first")
            self.numbers = {int(number) for number in numbers if number.isdecimal()}
        else:
            self._append(self._head)

    def add(self, numbers: list[int]) -> None:
        """Keep these, on disk when it returns."""
        self.numbers |= set(numbers)
        self._append(*map(str, numbers))

    def _append(self, *lines: str) -> None:
        with self.path.open("a") as kept:
            kept.writelines(f"{line}\n" for line in lines)
            kept.flush()
            os.fsync(kept.fileno())


def send_lines(reach: Reach, function: str, given: Given, confirmed: Confirmed, progress: Callable[[int], None]) -> int:
    """Send the lines that are not confirmed yet; return how many the queue did not take."""
    queue, url = Queue(reach.sqs, SystemClock()), reach.queue(function)
    left = [number for number in range(len(given.messages)) if number not in confirmed.numbers]
    failed = 0
    for start in range(0, len(left), AT_ONCE):
        part = left[start : start + AT_ONCE]
        sure = queue.send(url, [given.messages[number].message for number in part])
        if not any(sure):
            return len(left) - start + failed
        confirmed.add([number for number, sent in zip(part, sure, strict=True) if sent])
        failed += len(part) - sum(sure)
        progress(len(confirmed.numbers))
    return failed
