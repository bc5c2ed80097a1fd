"""The results of a response.create, and of a script of client events."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from aistudio.exceptions import APIError, Trace

Transport = Literal["http", "websocket"]


@dataclass(frozen=True, slots=True)
class RealtimeResult:
    """The result of a response.create.

    `accepted`: the service took it and sent no finished response, which is all that it may do over HTTP; `response` is
    then what it said instead. Else `response` is the API's object of response.done, whatever its status, with the items
    that were heard where it holds none. `text` is what it says (a transcript where it only speaks), `audio` the bytes
    in the session's format, in order; `audio_damaged`: some of it could not be decoded, and is missing. `usage` is the
    API's count of tokens, `model` the model of the session, which by POST only the service knows.
    """

    transport: Transport
    trace: Trace
    accepted: bool = False
    response: dict[str, Any] | None = None
    text: str | None = None
    transcript: str | None = None
    audio: bytes | bytearray | None = None
    audio_damaged: bool = False
    usage: dict[str, Any] | None = None
    model: str | None = None

    @property
    def status(self) -> str | None:
        """The response's own status: completed, cancelled, failed or incomplete; None where it has none."""
        status = (self.response or {}).get("status")
        return status if isinstance(status, str) else None

    def document(self) -> dict[str, Any]:
        """Return the API's object, and beside it what it says; `audio` as bytes."""
        told: dict[str, Any] = {"text": self.text, "transcript": self.transcript, "usage": self.usage}
        told["audio"] = self.audio
        told["audio_damaged"] = self.audio_damaged or None  # some of it was not base64, and is missing
        return dict(self.response or {}) | {name: value for name, value in told.items() if value is not None}


@dataclass(frozen=True, slots=True)
class EventResult:
    """What became of one client event. `answer` is the server event that acknowledged it.

    `acknowledged`; `sent`: nothing acknowledges it, or nothing did; `refused`: `error` holds the identifiers of the
    service's error; `unknown`: it was sent, and the session ended without its outcome; `not_sent`: the script had
    ended.
    """

    type: str
    event_id: str | None
    status: Literal["acknowledged", "sent", "refused", "unknown", "not_sent"]
    answer: Mapping[str, Any] | None = None
    error: str | None = None

    def document(self) -> dict[str, Any]:
        """Write it as results show it."""
        told = {"type": self.type, "event_id": self.event_id, "status": self.status}
        return told | {name: value for name, value in (("answer", self.answer), ("error", self.error)) if value}


@dataclass(frozen=True, slots=True)
class ScriptResult:
    """The result of client events: how each ended, and the responses, transcripts of sound and items that came.

    `accepted`: all that the service said is that it took the event. `ended_by` is what ended a script early that had
    been answered in part: a refusal behind an event that was billed, or a break behind an answer. `model` is the model
    of the session, which by POST only the service knows.
    """

    transport: Transport
    trace: Trace
    events: Sequence[EventResult]
    responses: Sequence[RealtimeResult] = ()
    transcriptions: Sequence[Mapping[str, Any]] = ()
    items: Sequence[Mapping[str, Any]] = ()
    accepted: bool = False
    ended_by: APIError | None = None
    model: str | None = None

    @property
    def status(self) -> str:
        """One word for all: why it ended early, else the first response that was not completed, else completed."""
        if self.ended_by is not None:
            return self.ended_by.reason
        ends = (response.status or "completed" for response in self.responses)
        return "accepted" if self.accepted else next((end for end in ends if end != "completed"), "completed")

    @property
    def usage(self) -> dict[str, Any] | None:
        """The tokens of all responses together."""
        total: dict[str, Any] = {}
        for response in self.responses:
            _add(total, response.usage or {})
        return total or None

    def document(self) -> dict[str, Any]:
        """Write it as results show it: what there is none of is left out."""
        told: dict[str, Any] = {
            "text": "\n".join(response.text for response in self.responses if response.text),
            "usage": self.usage,
            "responses": [response.document() for response in self.responses],
            "transcriptions": list(self.transcriptions),
            "items": list(self.items),
            "error": str(self.ended_by) if self.ended_by else None,
            "events": [event.document() for event in self.events],
        }
        return {"status": self.status} | {name: value for name, value in told.items() if value}


def _add(total: dict[str, Any], usage: Mapping[str, Any], levels: int = 3) -> None:
    """Add the counts of a usage object, nested ones too; whatever else a service may put there is left out."""
    for name, value in usage.items():
        known = total.get(name)
        if isinstance(value, Mapping) and levels > 1:
            total[name] = known if isinstance(known, dict) else {}
            _add(total[name], value, levels - 1)
        elif isinstance(value, int) and not isinstance(value, bool):
            total[name] = value + (known if isinstance(known, int) else 0)
