"""What the stand-in function can be told to do."""

import json
from typing import Any


def order(do: str, **what: Any) -> str:
    """A body for the stand-in function."""
    return json.dumps({"do": do, **what})


def event(*bodies: str) -> dict[str, Any]:
    """As much of a trigger event as the stand-in function reads."""
    return {"messages": [{"details": {"message": {"body": body}}} for body in bodies]}
