"""Sweep what is due with the product, from the unpacked archive: sweep.py ROOT TICKS."""

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, sys.argv[1])
sys.path.append(str(Path(__file__).parents[3]))

from tests.benchmarks.programs.meter import tell

TICK: dict[str, Any] = {"event_metadata": {}, "details": {"trigger_id": "t", "payload": ""}}


class Context:
    """What the platform hands to a function."""

    aws_request_id = "1"
    token: dict[str, Any] = {"access_token": "t1.token", "expires_in": 42299, "token_type": "Bearer"}  # noqa: RUF012 - read only

    def get_remaining_time_in_millis(self) -> int:
        """The longest time that a function may take."""
        return 600_000


def main() -> None:
    """Sweep so often; the stand-in server has the same records due each time."""
    from retention_sweep import handler

    tell(lambda ticks: [handler({"messages": [TICK]}, Context()) for _ in range(ticks)], int(sys.argv[2]), warm_up=1)


main()
