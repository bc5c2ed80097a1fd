"""A delivery that stops in the middle of its call."""

import threading

from tests.support.bench import Bench, Delivered
from tests.support.messages import Entry


class Paused:
    """A delivery in a thread of its own, that stops in the middle of its call until it is let go."""

    def __init__(self, bench: Bench, *entries: Entry, after: bool = True) -> None:
        self._reached, self._go = threading.Event(), threading.Event()
        (bench.hooks.after if after else bench.hooks.before).append(self._stop)
        self._delivered: list[Delivered] = []
        self._thread = threading.Thread(target=lambda: self._delivered.append(bench.deliver(*entries)))

    def __enter__(self) -> "Paused":
        self._thread.start()
        assert self._reached.wait(10), "the delivery never came to its call"
        return self

    def __exit__(self, *_: object) -> None:
        self.finish()

    def finish(self) -> Delivered:
        """Let it go on, and wait for its end."""
        self._go.set()
        self._thread.join(10)
        assert self._delivered, "the delivery did not end"
        return self._delivered[0]

    def _stop(self) -> None:
        self._reached.set()
        self._go.wait(10)
