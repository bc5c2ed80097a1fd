"""One deadline for a whole exchange.

A timeout for each read can be outlived for ever by a peer that sends a byte at a time; a deadline can't.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True)
class Exchange:
    """One physical request: when it must be over, on `monotonic`'s scale, and what has passed over the wire for it.

    `sent` (has any of the request left?) is None until a transport that can tell has taken it.
    """

    deadline: float
    monotonic: Callable[[], float] = time.monotonic
    sent: bool | None = None
    received: bool = False

    def left(self) -> float:
        """Return the seconds left, always more than zero.

        Raises:
            TimeoutError: when there are none.
        """
        seconds = self.deadline - self.monotonic()
        if seconds <= 0:
            raise TimeoutError("the call's time is over")
        return seconds
