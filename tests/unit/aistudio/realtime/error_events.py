"""What an error event means by its type: before the response.create frame was sent, and after it."""

from aistudio import Forbidden, OutcomeUnknown, Rejected, Throttled, Unauthorized, Unavailable

ERRORS = [
    ({"type": "invalid_request_error", "code": None}, Rejected, Rejected),
    ({"type": "invalid_request_error", "code": "rate_limit_exceeded"}, Throttled, Throttled),
    ({"type": "rate_limit_error"}, Throttled, Throttled),
    ({"type": "authentication_error"}, Unauthorized, Unauthorized),
    ({"type": "permission_error"}, Forbidden, Forbidden),
    ({"type": "invalid_request_error", "code": "conversation_already_has_active_response"}, Unavailable, Unavailable),
    ({"type": "invalid_request_error", "code": "session_expired"}, Unavailable, OutcomeUnknown),
    ({"type": "server_error"}, Unavailable, OutcomeUnknown),
    ({"type": "something_new", "code": 13}, Unavailable, OutcomeUnknown),
    ({}, Unavailable, OutcomeUnknown),
]
