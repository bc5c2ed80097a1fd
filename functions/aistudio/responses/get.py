"""GET /v1/responses/{response_id}: reads a stored response, or whether it exists.

https://yandex.cloud/en/docs/ai-studio/responses/getResponse
"""

from dataclasses import dataclass

from aistudio.answers import Answer, Failure, error_of
from aistudio.exceptions import APIError, OutcomeUnknown, Trace
from aistudio.responses.not_found_texts import absence
from aistudio.responses.response import Absent, Response, is_response


@dataclass(frozen=True, slots=True)
class Existence:
    """Whether the API has this response stored."""

    exists: bool
    trace: Trace


def existence(outcome: Answer | Failure, response_id: str) -> Existence | APIError:
    """Return whether a response is stored, or the error."""
    error = absence(outcome, response_id) or error_of(outcome, idempotent=True)
    if isinstance(error, Absent):
        return Existence(exists=False, trace=outcome.trace)
    if error is not None or isinstance(outcome, Failure):
        return error or OutcomeUnknown("no answer", outcome.trace)
    said = outcome.said
    if outcome.status != 200 or said is None or said.get("id", response_id) != response_id:
        return OutcomeUnknown(f"HTTP {outcome.status}, but the body is not this response", outcome.trace)
    return Existence(exists=True, trace=outcome.trace)


def got(outcome: Answer | Failure, response_id: str) -> Response | Absent | APIError:
    """Return a stored response, Absent where there is none, or the error."""
    error = absence(outcome, response_id) or error_of(outcome, idempotent=True)
    if error is not None or isinstance(outcome, Failure):
        return error or OutcomeUnknown("no answer", outcome.trace)
    said = outcome.said
    if outcome.status != 200 or said is None or said.get("id", response_id) != response_id or not is_response(said):
        return OutcomeUnknown(f"HTTP {outcome.status}, but the body is not this response", outcome.trace)
    return Response(said, outcome.trace)
