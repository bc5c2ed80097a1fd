"""GET /v1/responses/{response_id}: whether a response is stored.

https://yandex.cloud/en/docs/ai-studio/responses/getResponse
"""

from dataclasses import dataclass

from aistudio.answers import Answer, Failure, error_of
from aistudio.error_bodies import NOT_FOUND, parse_object
from aistudio.errors import APIError, OutcomeUnknown, Trace
from aistudio.responses.delete import says_not_found


@dataclass(frozen=True, slots=True)
class Existence:
    """Whether a response is stored, as the API says."""

    exists: bool
    trace: Trace


def existence(outcome: Answer | Failure, response_id: str) -> Existence | APIError:
    """Say whether a response is stored, or which error stands in the way of knowing."""
    if isinstance(outcome, Answer):
        if says_not_found(outcome, response_id):
            return Existence(exists=False, trace=outcome.trace)
        if outcome.status == NOT_FOUND and outcome.cut:
            return OutcomeUnknown(f"HTTP 404, body {outcome.cut}", outcome.trace)
    error = error_of(outcome, idempotent=True)
    if error is not None or isinstance(outcome, Failure):
        return error or OutcomeUnknown("no answer", outcome.trace)
    said = parse_object(outcome.body)
    if outcome.status != 200 or said is None or said.get("id", response_id) != response_id:
        return OutcomeUnknown(f"HTTP {outcome.status}, but the body is not this response", outcome.trace)
    return Existence(exists=True, trace=outcome.trace)
