"""DELETE /v1/responses/{response_id}: what its answers mean.

https://yandex.cloud/en/docs/ai-studio/responses/deleteResponse
"""

from dataclasses import dataclass

from aistudio.answers import Answer, Failure, error_of
from aistudio.error_bodies import parse_object
from aistudio.errors import APIError, OutcomeUnknown, Trace
from aistudio.responses.absence import absence
from aistudio.responses.response import Absent


@dataclass(frozen=True, slots=True)
class Deletion:
    """What a deletion came to: the response is gone, or can't be deleted now.

    `absent`: the API answered that there is none, which doesn't say who deleted it or when. `conflict`: it answered 409,
    so the response is still there, and can be deleted later; perhaps it still runs.
    """

    absent: bool
    trace: Trace
    conflict: bool = False


def deletion(outcome: Answer | Failure, response_id: str) -> Deletion | APIError:
    """Say what a deletion came to, or which error stands in the way.

    The reference shows a deletion answered without a body, so none is asked for; one that comes has to agree.
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
    """Say why a 2xx is not a deletion; empty where it is one."""
    said = parse_object(answer.body) if answer.body.strip() else {}
    if said is None:
        return "body is not a JSON object"
    if said.get("id", response_id) != response_id:
        return "but about another id"
    if said.get("deleted") is True:
        return ""
    if "deleted" in said:
        return "but not deleted"
    if said.keys() - {"id", "object"}:  # the response itself, say: whoever answers that has deleted nothing
        return "but the body says something else"
    # 202 is a promise, and 206 or 207 speak of a part: the next DELETE tells whether it was kept.
    return "" if answer.status in (200, 203, 204, 205) else "which does not say that it is done"
