"""The function that stands behind the probe's queue: it does what its message says. It needs the standard library alone."""

import json
from typing import Any


def handler(event: Any, _context: object) -> Any:
    """Return what the message asks to be returned. Raises RuntimeError where it asks for that."""
    (message,) = event["messages"]
    asked = json.loads(message["details"]["message"]["body"])
    if asked.get("raise"):
        raise RuntimeError("the message asked for an error")
    return asked["return"]
