"""DELETE /v1/responses/{response_id}: decides what the answers mean.

https://yandex.cloud/en/docs/ai-studio/responses/deleteResponse
"""

from dataclasses import dataclass

from aistudio.answers import Answer, Failure, error_of
from aistudio.exceptions import APIError, OutcomeUnknown, Trace
from aistudio.responses.not_found_texts import absence
from aistudio.responses.response import Absent


@dataclass(frozen=True, slots=True)
class Deletion:
    """The end of a deletion: the response is gone, or can't be deleted now.

    `absent`: it was gone before this call; who deleted it, and when, is not known. `conflict`: the API answered 409, so
    the response still exists and can be deleted later; it may still be running.
    """

    absent: bool
    trace: Trace
    conflict: bool = False


def deletion(outcome: Answer | Failure, response_id: str) -> Deletion | APIError:
    """Return how the deletion ended, or the error that keeps this from being certain.

    The reference shows an answer without a body, so none is required. A body that comes must not contradict.
    """
    if isinstance(outcome, Failure):
        return error_of(outcome, idempotent=True) or OutcomeUnknown("no answer", outcome.trace)
    gone = absence(outcome, response_id)
    if gone is not None:
        return Deletion(absent=True, trace=gone.trace) if isinstance(gone, Absent) else gone
    if outcome.status == 409:
        return Deletion(absent=False, trace=outcome.trace, conflict=True)
    error = error_of(outcome, idempotent=True)
    if error is not None:
        return error
    doubt = _doubt(outcome, response_id)
    if doubt:
        return OutcomeUnknown(f"HTTP {outcome.status}, {doubt}", outcome.trace)
    return Deletion(absent=False, trace=outcome.trace)


def _doubt(answer: Answer, response_id: str) -> str:
    """Return why a 2xx is not a deletion; empty where it is."""
    said = answer.said if answer.body.strip() else {}
    if said is None:
        return "body is not a JSON object"
    if said.get("id", response_id) != response_id:
        return "but about another id"
    if said.get("deleted") is True:
        return ""
    if "deleted" in said:
        return "but not deleted"
    if said.keys() - {"id", "object"}:  # such as the response itself: then nothing was deleted
        return "but the body says something else"
    # 202 promises a deletion, 206 and 207 report a part: the next DELETE shows whether it happened.
    return "" if answer.status in (200, 203, 204, 205) else "which does not say that it is done"
