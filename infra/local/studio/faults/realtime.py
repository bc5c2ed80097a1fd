"""Faults inside a Realtime session."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from infra.local.studio.faults.fault import Fault, Seconds

Step = Literal[
    "connect",
    "session.update",
    "input_audio_buffer.append",
    "input_audio_buffer.commit",
    "input_audio_buffer.clear",
    "conversation.item.create",
    "conversation.item.retrieve",
    "conversation.item.truncate",
    "conversation.item.delete",
    "response.create",
    "response.cancel",
    "output_audio_buffer.clear",
]

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
    "unacknowledged": {"at"},
    "close_unacknowledged": {"at", "close_code"},
    "silent_refusal": {"at"},
    "late_transcription": set(),
    "no_transcription": set(),
    "cancel_illegal": set(),
    "cancel_too_late": set(),
}
_STEPS: dict[str, Step] = {
    "no_session_created": "connect",
    "close_before": "connect",
    "session_updated_missing": "session.update",
    "late_transcription": "input_audio_buffer.commit",
    "no_transcription": "input_audio_buffer.commit",
    "cancel_illegal": "response.cancel",
    "cancel_too_late": "response.cancel",
}
_EFFECTS = ("unacknowledged", "close_unacknowledged", "silent_refusal")


class RealtimeFault(Fault):
    """A fault inside a Realtime session.

    `match.id` is the `event_id` of the client event at hand; there is none yet when a session connects.
    A `close_code` of 1006 cuts the connection without a close frame. `after_events` is how many events of the
    response go out before the connection closes, `delay` the seconds before each of them. `at` is the client event's
    type. `unacknowledged`: it takes effect and is not answered; `close_unacknowledged`: it takes effect, then the
    connection closes; `silent_refusal`: it is refused without an error event. `late_transcription` comes behind the
    next response.done. `cancel_illegal` is an error; after `cancel_too_late` the response goes on.
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
        "unacknowledged",
        "close_unacknowledged",
        "silent_refusal",
        "late_transcription",
        "no_transcription",
        "cancel_illegal",
        "cancel_too_late",
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
        if self.realtime in _EFFECTS and self.at in (None, "connect", "response.create"):
            raise ValueError(f"{self.realtime} needs at, a client event that begins no response")
        if self.step == "connect" and self.match.id is not None:
            raise ValueError("no event id is known when a session connects: leave match.id out, or say at")
        return self

    @property
    def step(self) -> Step:
        """What the session is doing when the fault strikes."""
        return self.at or _STEPS.get(self.realtime, "response.create")
