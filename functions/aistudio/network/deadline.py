"""One deadline for a whole exchange.

With a timeout for each read, a peer that sends a byte at a time keeps a call open for ever. A deadline ends it.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True)
class Exchange:
    """One physical request: its deadline, in seconds of `monotonic`, and what has passed over the wire.

    `sent` says whether any byte of the request has left. It is None until a transport that knows this takes the
    request.
    """

    deadline: float
    monotonic: Callable[[], float] = time.monotonic
    sent: bool | None = None
    received: bool = False

    def left(self) -> float:
        """Return the seconds left, always more than zero. Raises TimeoutError: none are left."""
        seconds = self.deadline - self.monotonic()
        if seconds <= 0:
            raise TimeoutError("the call's time is over")
        return seconds
