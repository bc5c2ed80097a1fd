"""Faults of HTTP answers."""

from typing import Annotated, Literal, Self

from pydantic import Field, JsonValue, model_validator

from infra.local.studio.faults.fault import Fault, Seconds
from infra.local.studio.wire.error_shapes import ErrorShape


class HttpFault(Fault):
    """A fault of an HTTP answer; a WebSocket's handshake is one too.

    `effect` says whether the call takes effect: before the answer, after it (late), or never. Without it a status of
    400 and more means never, anything else before. `delay` is seconds between the effect and the answer. `drop` cuts
    the connection before the effect, after it, or half way through the answer's body; with `reset` by RST, else by
    FIN. `slow_body` is seconds a byte. `shape` is that of the status's error, or without a status that of whatever
    error the answer is.
    """

    status: Annotated[int, Field(ge=200, le=599)] | None = None
    body: JsonValue = None
    headers: dict[str, str] = Field(default_factory=dict)
    html: bool = False
    shape: ErrorShape | None = None
    delay: Seconds = 0.0
    slow_body: Seconds = 0.0
    effect: Literal["before", "after", "none"] | None = None
    drop: Literal["before", "after", "body"] | None = None
    reset: bool = False

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.html and (self.status is None or self.has_body):
            raise ValueError("html brings its own body and needs a status")
        if self.shape is not None and (self.html or self.has_body):
            raise ValueError("shape makes the body: leave html and body out")
        if self.reset and self.drop is None:
            raise ValueError("reset says how to drop: it needs drop")
        if self.effect is not None and self.drop is not None:
            raise ValueError("drop already says whether the call takes effect: leave effect out")
        if self.effect in ("after", "none") and self.status is None and not self.has_body:
            raise ValueError("without the effect there is no answer: give a status or a body")
        if self.model_fields_set <= {"match", "times", "probability"}:
            raise ValueError("the fault does nothing: give it a status, body, shape, headers, delay, slow_body or drop")
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
