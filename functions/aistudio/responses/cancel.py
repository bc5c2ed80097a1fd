"""POST /v1/responses/{response_id}/cancel: stops a response that was created in the background.

https://yandex.cloud/en/docs/ai-studio/responses/cancelResponse
"""

from aistudio.answers import Answer, Failure, error_of
from aistudio.exceptions import OF_THE_MESSAGE, APIError, OutcomeUnknown, Rejected
from aistudio.responses.get import got
from aistudio.responses.not_found_texts import absence
from aistudio.responses.response import Absent, Response

REFUSALS = (400, 409)
"""Statuses that may mean "nothing to cancel". They are undocumented, so the response is fetched to find out."""


def cancelled(outcome: Answer | Failure, response_id: str) -> Response | Absent | APIError:
    """Read the answer to a cancel: the response cancelled, over before, or still being cancelled."""
    error = absence(outcome, response_id) or error_of(outcome, idempotent=True)
    if isinstance(outcome, Answer) and outcome.status == 409 and not isinstance(error, Absent):
        return OutcomeUnknown("HTTP 409", outcome.trace)  # it may be between two states: a later call finds out
    return got(outcome, response_id) if error is None else error


def was_refused(outcome: Answer | Failure) -> bool:
    """Return whether the service refused the cancel, perhaps because of the response's state."""
    return isinstance(outcome, Answer) and outcome.status in REFUSALS


def settled(refusal: APIError, response: Response | Absent, *, where_possible: bool) -> Response | Absent | APIError:
    """Decide what a refused cancel means, from the response as it was fetched after it.

    A response that is over is the wanted end. Only a response that runs in the background can be cancelled: for any
    other the refusal stands, so that the producer sees it, unless it was to be cancelled only `where_possible`.
    """
    if isinstance(response, Absent):
        return response
    if response.body.get("background") is False:
        why = f"{refusal.detail}; the response does not run in the background"
        return response if where_possible else Rejected(why, refusal.trace, fingerprint=OF_THE_MESSAGE)
    return response if response.over else refusal
