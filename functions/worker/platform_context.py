"""Read the invocation's context: the service account's token, and the time left.

https://yandex.cloud/en/docs/functions/lang/python/context
"""

from collections.abc import Mapping
from math import isfinite
from typing import Any

from worker.clock import Clock

LONGEST = 3_600.0
"""Seconds: no invocation may last longer, whatever its context says
(https://yandex.cloud/en/docs/functions/concepts/limits)."""


class Token:
    """The service account's IAM token, renewed from every invocation's context.

    `problem` says what is wrong with the context's token where there is none to use.
    """

    def __init__(self) -> None:
        self._value = ""
        self.problem = ""

    def renew(self, context: Any) -> None:
        """Take the invocation's token. A version without a service account has none."""
        token = getattr(context, "token", None)
        value = token.get("access_token") if isinstance(token, Mapping) else None
        self._value = value if isinstance(value, str) else ""
        known = not token or isinstance(token, Mapping)
        self.problem = "is empty" if known else f"is a {type(token).__name__}, not an object with access_token"

    def __call__(self) -> str:
        """Return the token; empty where there is none."""
        return self._value


def seconds_left(context: Any, clock: Clock) -> float:
    """Return the seconds that the invocation has left. Raises ValueError: the context does not say it."""
    ask = getattr(context, "get_remaining_time_in_millis", None)
    try:
        left = float(ask()) / 1000 if callable(ask) else float(context.deadline_ms) / 1000 - clock.now()
    except (AttributeError, TypeError, ValueError, OverflowError):
        left = float("nan")
    if not isfinite(left):
        message = "context: neither get_remaining_time_in_millis() nor deadline_ms says how long there is"
        raise ValueError(message)
    return min(left, LONGEST)
