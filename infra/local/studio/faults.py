"""The faults that can be asked for.

A fault strikes the requests that its `match` names, `times` times (once unless told otherwise, null: always), with its
`probability`.
"""

import re
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter, model_validator

Seconds = Annotated[float, Field(ge=0, le=3600)]
Step = Literal["connect", "session.update", "conversation.item.create", "response.create"]


class Strict(BaseModel):
    """A model that refuses unknown fields: a misspelt fault would pass a test by never firing."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Match(Strict):
    """Which requests: `method` exactly, `path` as a regular expression found in it, `id` a response or event id."""

    method: str | None = None
    path: re.Pattern[str] | None = None
    id: str | None = None

    def fits(self, method: str, path: str, subject: str | None) -> bool:
        """Whether the request is one of these."""
        return (
            self.method in (None, method)
            and (self.path is None or self.path.search(path) is not None)
            and self.id in (None, subject)
        )


class Fault(Strict):
    """What every fault has: whom it hits, how often, and how likely."""

    match: Match = Match()
    times: Annotated[int, Field(ge=1)] | None = 1
    probability: Annotated[float, Field(gt=0, le=1)] = 1.0


class HttpFault(Fault):
    """A fault of an HTTP answer; a WebSocket's handshake is one too.

    `effect` says whether the call takes effect: before the answer, after it (late), or never. Without it a status of
    400 and more means never, anything else before. `delay` is seconds between the effect and the answer. `drop` cuts
    the connection before the effect, after it, or half way through the answer's body; with `reset` by RST, else by
    FIN. `slow_body` is seconds a byte.
    """

    status: Annotated[int, Field(ge=200, le=599)] | None = None
    body: JsonValue = None
    headers: dict[str, str] = {}
    html: bool = False
    delay: Seconds = 0.0
    slow_body: Seconds = 0.0
    effect: Literal["before", "after", "none"] | None = None
    drop: Literal["before", "after", "body"] | None = None
    reset: bool = False

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.html and (self.status is None or self.has_body):
            raise ValueError("html brings its own body and needs a status")
        if self.reset and self.drop is None:
            raise ValueError("reset says how to drop: it needs drop")
        if self.effect is not None and self.drop is not None:
            raise ValueError("drop already says whether the call takes effect: leave effect out")
        if self.effect in ("after", "none") and self.status is None and not self.has_body:
            raise ValueError("without the effect there is no answer: give a status or a body")
        if self.model_fields_set <= {"match", "times", "probability"}:
            raise ValueError("the fault does nothing: give it a status, body, headers, delay, slow_body or drop")
        return self

    @property
    def has_body(self) -> bool:
        """Whether the fault brings a body; null is one, as JSON."""
        return "body" in self.model_fields_set

    @property
    def takes_effect(self) -> Literal["before", "after", "none"]:
        """When the call takes effect."""
        if self.drop is not None:
            return "none" if self.drop == "before" else "before"
        return self.effect or ("none" if self.status is not None and self.status >= 400 else "before")


PARAMETERS: dict[str, set[str]] = {
    "no_session_created": set(),
    "close_before": {"at", "close_code"},
    "close_after": {"close_code", "after_events"},
    "error_event": {"at", "error_type", "error_code", "billed"},
    "foreign_done": set(),
    "slow": {"delay"},
    "unknown_events": set(),
    "audio_although_text": set(),
    "two_dones": set(),
    "done_status": {"done_status"},
    "session_updated_missing": set(),
}


class RealtimeFault(Fault):
    """A fault inside a Realtime session.

    `match.id` is the `event_id` of the client event at hand; there is none yet when a session connects.
    A `close_code` of 1006 cuts the connection without a close frame. `after_events` is how many events of the
    response go out before the connection closes, `delay` the seconds before each of them.
    """

    realtime: Literal[
        "no_session_created",
        "close_before",
        "close_after",
        "error_event",
        "foreign_done",
        "slow",
        "unknown_events",
        "audio_although_text",
        "two_dones",
        "done_status",
        "session_updated_missing",
    ]
    at: Step | None = None
    close_code: Annotated[int, Field(ge=1000, le=4999)] = 1006
    after_events: Annotated[int, Field(ge=0)] = 0
    error_type: str = "server_error"
    error_code: str | None = None
    billed: bool = False
    delay: Seconds = 0.2
    done_status: Literal["failed", "incomplete", "cancelled"] = "failed"

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        given = self.model_fields_set - {"match", "times", "probability", "realtime"}
        if wrong := given - PARAMETERS[self.realtime]:
            raise ValueError(f"{self.realtime} has no {', '.join(sorted(wrong))}")
        if self.realtime == "close_before" and self.at == "response.create":
            raise ValueError("after the response.create frame it is close_after")
        if self.step == "connect" and self.match.id is not None:
            raise ValueError("no event id is known when a session connects: leave match.id out, or say at")
        return self

    @property
    def step(self) -> Step:
        """What the session is doing when the fault strikes."""
        if self.realtime == "close_before":
            return self.at or "connect"
        if self.realtime == "error_event":
            return self.at or "response.create"
        if self.realtime == "session_updated_missing":
            return "session.update"
        return "connect" if self.realtime == "no_session_created" else "response.create"


def parse(document: object) -> Fault:
    """One fault from its JSON object; raises pydantic's ValidationError, which names what is wrong."""
    realtime = isinstance(document, dict) and "realtime" in document
    return TypeAdapter[Fault](RealtimeFault if realtime else HttpFault).validate_python(document)
