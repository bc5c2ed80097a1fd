"""What a sample says: what must be so before it, and how each of its messages must end."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from infra.local.studio.settings import PostMode

UNUSABLE = frozenset({"invalid_message", "key_reused"})
"""Reasons for which a message is dead-lettered under its message id: it has no valid key, or another message's."""

Transport = Literal["http", "websocket", "http, websocket"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class End(_Strict):
    """How one message ends.

    `end` is how its first delivery ends. Where that is a retry or a deferral, `outcome` or `reason` says how a
    later copy ends; with neither, a copy still waits in the queue. `outcome` is the one in the ledger, `reason`
    that of the dead letter. `key` is the business id; without one the message id is the key, or, of an unusable
    message, stands for one. `calls` is how many requests for it the AI Studio has seen when all is over (where the
    key is no response's id, of the response `about`), and `transport` how they came, in the order of first use (not looked at where it is left out). `result` says
    whether the result went whole, by way of Object Storage, or lightened: without what made it too large.
    """

    end: Literal["done", "retry", "deferred", "dead_lettered", "unsettled"]
    key: str | None = None
    about: str | None = None
    outcome: Literal["deleted", "already_absent", "held", "scheduled", "done", "accepted", "queued", "begun"] | None = (
        None
    )
    reason: str | None = None
    calls: Annotated[int, Field(ge=0)] = 0
    transport: Transport | None = None
    result: Literal["whole", "stored", "lightened"] | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if (self.end == "done") > (self.outcome is not None):
            raise ValueError("done: say with which outcome")
        if (self.end == "dead_lettered") > (self.reason is not None):
            raise ValueError("dead_lettered: say for which reason")
        if self.outcome is not None and self.reason is not None:
            raise ValueError("a message ends with an outcome or is dead-lettered, not both")
        if self.calls and self.reason in UNUSABLE:
            raise ValueError("what is unusable is not called")
        if self.result is not None and self.outcome is None:
            raise ValueError("only an outcome has a result")
        return self


class Sample(_Strict):
    """What the event shows, what must be so before it, and how each of its messages ends.

    `via`: the messages go through the queue, or the event is handed to the function as it is, as the platform's
    test console does: a form that no queue carries. `settings` are those of an instance of its own, which then gets
    the event handed over. `stored` are response ids that exist, `stored_as` others with fields of theirs, `holds` those under a legal hold,
    `deleted` those that were deleted and are to be looked for now, `faults` what
    the local AI Studio does wrong (`infra.local.studio.faults`), `realtime_post` how it answers the POST form of
    response.create to these events. `pad_to`: bytes to which spaces lengthen each body, so that no file has to be
    that long.
    """

    says: Annotated[str, Field(min_length=1, max_length=160)]
    via: Literal["queue", "invoke"] = "queue"
    stored: tuple[str, ...] = ()
    stored_as: dict[str, dict[str, JsonValue]] = {}
    holds: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    settings: dict[str, str] = {}
    faults: tuple[dict[str, JsonValue], ...] = ()
    realtime_post: PostMode | None = None
    pad_to: Annotated[int, Field(ge=1, le=262_144)] | None = None
    ends: tuple[End, ...]

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.via == "invoke" and any(end.end == "unsettled" for end in self.ends):
            raise ValueError("an unsettled message needs a queue to return to")
        if self.settings and self.via == "queue":
            raise ValueError("an instance with settings of its own serves no queue: via invoke")
        return self

    @property
    def returns(self) -> bool:
        """Whether a message stays unsettled, so that the queue itself has to move it in the end."""
        return any(end.end == "unsettled" for end in self.ends)

    @property
    def strikes_anyone(self) -> bool:
        """Whether a fault names neither id nor text: it strikes the next request, whoever sends it."""
        return any(not {"id", "text"} & dict(fault.get("match") or {}).keys() for fault in self.faults)  # type: ignore[arg-type]  # JSON
