"""Settle messages with the product, from the unpacked archive: product.py ROOT FUNCTION MESSAGES BATCH."""

import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

sys.path.insert(0, sys.argv[1])
sys.path.append(str(Path(__file__).parents[3]))

from tests.benchmarks.programs.meter import tell

BODIES = {
    "delete_response": '{"response_id": "resp_%d"}',
    "create_response": '{"event_id": "event_%d", "model": "m", "input": "Hello"}',
    "realtime_response_create": '{"event_id": "event_%d", "type": "response.create"}',
}


class Context:
    """What the platform hands to a function."""

    aws_request_id = "1"
    token: dict[str, Any] = {"access_token": "t1.token", "expires_in": 42299, "token_type": "Bearer"}  # noqa: RUF012 - read only

    def get_remaining_time_in_millis(self) -> int:
        """The longest time that a function may take."""
        return 600_000


def entry(body: str, number: int) -> dict[str, Any]:
    """A message of the trigger's event."""
    sent = str(int(time.time() * 1000))
    message = {
        "message_id": f"message-{number}",
        "body": body % number,
        "attributes": {"SentTimestamp": sent, "ApproximateReceiveCount": "1"},
        "message_attributes": {},
    }
    return {"details": {"message": message}}


def main() -> None:
    """Settle so many messages, in batches."""
    function, count, batch = sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    handler = import_module(function).handler
    numbers = iter(range(10**9))

    def work(messages: int) -> None:
        for _ in range(0, messages, batch):
            body = BODIES[function]
            handler({"messages": [entry(body, next(numbers)) for _ in range(min(batch, messages))]}, Context())

    tell(work, count)


main()
