"""Faults of the Responses API that are no matter of HTTP: how responses end, how fast, and how their streams break."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from infra.local.studio.faults.fault import Fault, Seconds

Operation = Literal["create", "stream", "cancel", "delete", "list"]
Name = Literal[
    "ends",
    "pace",
    "long_text",
    "empty_output_text",
    "text_in_summary",
    "unknown_items",
    "refusal",
    "no_usage",
    "other_id",
    "stream_breaks",
    "stream_stops",
    "stream_error",
    "stream_slow",
    "stream_unknown_events",
    "stream_sentinel",
    "stream_pieces",
    "cancel_loses",
    "cancel_slow",
    "cancel_refused",
    "delete_conflict",
    "delete_comes_back",
    "pages_repeat",
    "page_empty",
    "page_long",
]
PARAMETERS: dict[Name, set[str]] = {
    "ends": {"status", "error_code", "reason"},
    "pace": {"polls", "seconds"},
    "long_text": {"size"},
    "stream_breaks": {"after_events", "reset"},
    "stream_stops": {"after_events"},
    "stream_error": {"after_events", "error_code"},
    "stream_slow": {"delay"},
    "stream_pieces": {"size"},
    "cancel_slow": {"polls"},
    "delete_comes_back": {"polls"},
    "page_long": {"size"},
}


class ResponseFault(Fault):
    """A fault in the life of a response.

    When it is created: `ends` (with `status`, `error_code` of a failed one, `reason` of an incomplete one), `pace`
    (running until `polls` GETs have seen it, or for `seconds`, though it was not created in the background), `long_text`
    (`size` characters), `empty_output_text`, `text_in_summary`, `unknown_items`, `refusal`, `no_usage`, `other_id` (the
    answer names an id that is not stored).

    When it is streamed: `stream_breaks` (the connection is cut after so many events, by FIN or by `reset`),
    `stream_stops` (the body ends as if whole), `stream_error` (an `error` event, then the end), `stream_slow` (`delay`
    seconds before each event), `stream_unknown_events`, `stream_sentinel` (`[DONE]` at the end), `stream_pieces`
    (written `size` bytes at a time, through the middle of characters). The response itself goes on.

    `cancel_loses` (it completes while it is cancelled), `cancel_slow` (cancelled when `polls` GETs have seen it),
    `cancel_refused` (400 where it is over already). `delete_conflict` (409 while it runs), `delete_comes_back` (it runs,
    and after `polls` GETs that say 404 it is there again). `pages_repeat` (the same page again, with more to come),
    `page_empty` (no items, with more to come), `page_long` (the text of each item has `size` characters).
    """

    response: Name
    status: Literal["failed", "incomplete", "cancelled"] = "failed"
    error_code: str = "server_error"
    reason: Literal["max_output_tokens", "content_filter"] = "max_output_tokens"
    polls: Annotated[int, Field(ge=0)] | None = None
    seconds: Seconds | None = None
    size: Annotated[int, Field(ge=1, le=32 * 2**20)] = 1
    after_events: Annotated[int, Field(ge=0)] = 0
    delay: Seconds = 0.2
    reset: bool = False

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        given = self.model_fields_set - {"match", "times", "probability", "response"}
        if wrong := given - PARAMETERS.get(self.response, set()):
            raise ValueError(f"{self.response} has no {', '.join(sorted(wrong))}")
        if self.response == "pace" and (self.polls is None) == (self.seconds is None):
            raise ValueError("pace needs either polls or seconds")
        return self

    @property
    def operation(self) -> Operation:
        """What is done with the response when the fault strikes."""
        first = self.response.split("_")[0]
        if first in ("stream", "cancel", "delete"):
            return first  # type: ignore[return-value]  # mypy does not narrow a string by membership
        return "list" if first in ("pages", "page") else "create"
