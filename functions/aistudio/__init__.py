"""The client of Yandex AI Studio: one call, one deadline, and what the answer says about the world.

Realtime is in `aistudio.realtime`, which alone needs a WebSocket library.
"""

from aistudio.api import API
from aistudio.config import Config, RealtimeTransport
from aistudio.errors import (
    APIError,
    Forbidden,
    OutcomeUnknown,
    Rejected,
    Throttled,
    Trace,
    Unauthorized,
    Unavailable,
)
from aistudio.responses import Deletion, Existence, ResponseId, Responses

__all__ = [
    "API",
    "APIError",
    "Config",
    "Deletion",
    "Existence",
    "Forbidden",
    "OutcomeUnknown",
    "RealtimeTransport",
    "Rejected",
    "ResponseId",
    "Responses",
    "Throttled",
    "Trace",
    "Unauthorized",
    "Unavailable",
]
