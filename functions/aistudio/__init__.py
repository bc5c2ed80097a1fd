"""The client of Yandex AI Studio: one call, one deadline, and what the answer says about the world.

Realtime is in `aistudio.realtime`, which alone needs a WebSocket library.
"""

from aistudio.api import API
from aistudio.config import Config, RealtimeTransport
from aistudio.exceptions import (
    APIError,
    Forbidden,
    OutcomeUnknown,
    Rejected,
    Throttled,
    Trace,
    Unauthorized,
    Unavailable,
)
from aistudio.responses import Absent, Deletion, Existence, InputItems, Response, ResponseId, Responses

__all__ = [
    "API",
    "APIError",
    "Absent",
    "Config",
    "Deletion",
    "Existence",
    "Forbidden",
    "InputItems",
    "OutcomeUnknown",
    "RealtimeTransport",
    "Rejected",
    "Response",
    "ResponseId",
    "Responses",
    "Throttled",
    "Trace",
    "Unauthorized",
    "Unavailable",
]
