"""POST /v1/responses/{response_id}/cancel: stops a response that was created in the background.

https://yandex.cloud/en/docs/ai-studio/responses/cancelResponse
"""

from aistudio.answers import Answer, Failure, error_of
from aistudio.errors import APIError, OutcomeUnknown
from aistudio.responses.absence import absence
from aistudio.responses.get import got
from aistudio.responses.response import Absent, Response

REFUSALS = (400, 409)
"""What a cancel may be refused with where there is nothing more to cancel; undocumented, so the response is asked."""


def cancelled(outcome: Answer | Failure, response_id: str) -> Response | Absent | APIError:
    """Say how a response stands after a cancel: cancelled, or as it was where it was over, or still on its way there."""
    error = absence(outcome, response_id) or error_of(outcome, idempotent=True)
    if isinstance(outcome, Answer) and outcome.status == 409 and not isinstance(error, Absent):
        return OutcomeUnknown("HTTP 409", outcome.trace)  # it may be between two states: asked again, it will tell
    return got(outcome, response_id) if error is None else error


def was_refused(outcome: Answer | Failure) -> bool:
    """Tell whether the service refused the cancel for what may be the response's own state."""
    return isinstance(outcome, Answer) and outcome.status in REFUSALS


def settled(refusal: APIError, response: Response | Absent) -> Response | Absent | APIError:
    """Say what a refused cancel comes to, given how the response stands: over is an end, whoever brought it about.

    Only what runs in the background can be cancelled: where it did not, the refusal is the producer's to see.
    """
    if isinstance(response, Absent):
        return response
    return response if response.over and response.body.get("background") is not False else refusal
