"""Reading a Realtime turn: server events in, one result out. The same for a WebSocket and for a stream over HTTP."""

import base64
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from aistudio.bodies import identifiers
from aistudio.errors import (
    APIError,
    Forbidden,
    OutcomeUnknown,
    Rejected,
    Throttled,
    Trace,
    Unauthorized,
    Unavailable,
)

Event = Mapping[str, Any]

# What an `error` event's code or type says; the code goes first. Anything else says nothing about the world.
_WORDS: dict[str, type[APIError]] = {
    "conversation_already_has_active_response": Unavailable,
    "rate_limit_exceeded": Throttled,
    "rate_limit_error": Throttled,
    "insufficient_quota": Throttled,
    "resource_exhausted": Throttled,
    "invalid_api_key": Unauthorized,
    "authentication_error": Unauthorized,
    "unauthenticated": Unauthorized,
    "permission_error": Forbidden,
    "permission_denied": Forbidden,
    "session_expired": OutcomeUnknown,  # its type says invalid_request_error
    "server_error": OutcomeUnknown,
    "invalid_request_error": Rejected,
    "invalid_argument": Rejected,
}


@dataclass(frozen=True, slots=True)
class RealtimeResult:
    """What came of a response.create.

    `accepted`: the service took it and sent no finished response, which is all that it may do over HTTP; `response` is
    then what it said instead. Else `response` is the API's object of response.done, whatever its status; `text` what it says (a transcript where it only speaks);
    `audio` the bytes in the session's format, in order; `usage` the API's count of tokens.
    """

    transport: Literal["http", "websocket"]
    trace: Trace
    accepted: bool = False
    response: dict[str, Any] | None = None
    text: str | None = None
    transcript: str | None = None
    audio: bytes | None = None
    usage: dict[str, Any] | None = None


def meaning_of_error(event: Event) -> tuple[type[APIError], str, str | None]:
    """Tell an `error` event's class, its identifiers, and the id of the client event that it is about."""
    error = event.get("error")
    if not isinstance(error, Mapping):  # on a stream of the Responses API's shape the fields stand in the event itself
        error = {name: event.get(name) for name in ("code", "message", "event_id")}
    words = [word.lower() for name in ("code", "type") if isinstance(word := error.get(name), str)]
    known = next((_WORDS[word] for word in words if word in _WORDS), OutcomeUnknown)
    about = error.get("event_id")
    detail = " ".join(filter(None, ["error event", identifiers({name: error.get(name) for name in ("code", "type")})]))
    return known, detail, about if isinstance(about, str) else None


@dataclass(slots=True)
class _Parts:
    """What has been heard of one response."""

    text: str | None = None
    text_pieces: list[str] = field(default_factory=list)
    transcript: str | None = None
    transcript_pieces: list[str] = field(default_factory=list)
    audio_pieces: list[str] = field(default_factory=list)

    def take(self, event: Event) -> None:
        piece, text, transcript = (_text(event.get(name)) for name in ("delta", "text", "transcript"))
        match event["type"]:
            case "response.output_text.delta":
                self.text_pieces.append(piece)
            case "response.output_text.done":
                self.text = text
            case "response.output_audio_transcript.delta":
                self.transcript_pieces.append(piece)
            case "response.output_audio_transcript.done":
                self.transcript = transcript
            case "response.output_audio.delta":
                self.audio_pieces.append(piece)


class Turn:
    """Collects the events that follow a response.create, until it is over.

    `event_id` is the id of our response.create, `earlier` those of the frames before it. Ours is the first response
    created after it; the end, text and audio of any other are not. Without an `event_id` the stream answers one
    request alone: a response.done needs no response.created before it there, and any error is about it.
    """

    def __init__(self, event_id: str | None = None, earlier: Collection[str] = ()) -> None:
        self._event_id = event_id
        self._earlier = earlier
        self._ours: str | None = None
        self._heard = False
        self._parts: dict[str | None, _Parts] = {}
        self._done: dict[str | None, dict[str, Any]] = {}
        self._error: tuple[type[APIError], str] | None = None

    def read(self, event: Event) -> None:
        """Take one event; an unknown one changes nothing."""
        kind, response = event.get("type"), event.get("response")
        if kind == "error" and self._error is None:
            known, detail, about = meaning_of_error(event)
            if self._event_id in {None, about}:
                self._error = (OutcomeUnknown if self._begun(known) else known, detail)
            elif about in self._earlier:  # the turn goes on without what it should have begun with
                self._error = (OutcomeUnknown, detail)
        elif isinstance(kind, str) and kind.startswith("response."):
            self._heard = True
            if kind == "response.created" and isinstance(response, dict):
                self._ours = self._ours or _id(response)
            elif kind == "response.done" and isinstance(response, dict):
                self._done.setdefault(_id(response), response)
            elif kind.startswith("response.output_"):
                response_id = event.get("response_id")
                self._parts.setdefault(response_id if isinstance(response_id, str) else None, _Parts()).take(event)

    @property
    def over(self) -> bool:
        """Is there nothing more to wait for?"""
        return self._error is not None or self._response() is not None

    def result(self, transport: Literal["http", "websocket"], trace: Trace) -> RealtimeResult:
        """Give what came of it.

        Raises:
            APIError: what an `error` event says; OutcomeUnknown where the turn is not over.
        """
        response = self._response()
        if response is None:
            known, detail = self._error or (OutcomeUnknown, "sent, then no response.done")
            raise known(detail, trace)
        parts = self._parts.get(_id(response)) or self._parts.get(None) or _Parts()
        transcript = parts.transcript or "".join(parts.transcript_pieces) or None
        text = parts.text or "".join(parts.text_pieces) or _spoken(response) or transcript
        usage = response.get("usage")
        return RealtimeResult(
            transport,
            trace,
            response=response,
            text=text,
            transcript=transcript,
            audio=_joined(parts.audio_pieces),
            usage=usage if isinstance(usage, dict) else None,
        )

    def _begun(self, error: type[APIError]) -> bool:
        """Whether our response has begun, or may have: from then on no word of an error makes it not have happened.

        It begins with a response.created, but any other of its events says that a model ran. In a session they may be
        of another response, and are, where the error says that one is active.
        """
        another = self._event_id is not None and error is Unavailable
        return self._ours is not None or (self._heard and not another)

    def _response(self) -> dict[str, Any] | None:
        if self._ours is None and self._event_id is None:
            return next(iter(self._done.values()), None)
        return self._done.get(self._ours) if self._ours is not None else None


def _id(response: Mapping[str, Any]) -> str | None:
    value = response.get("id")
    return value if isinstance(value, str) else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _spoken(response: Mapping[str, Any]) -> str | None:
    """Collect the text of a response.done, where a spoken answer, and at times a written one, is a transcript."""
    parts = [part for item in _dicts(response.get("output")) for part in _dicts(item.get("content"))]
    return "".join(_text(part.get("text")) or _text(part.get("transcript")) for part in parts) or None


def _dicts(values: object) -> list[dict[str, Any]]:
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []


def _joined(pieces: list[str]) -> bytes | None:
    """Join audio: each piece is base64 of its own, with its own padding; one that isn't is left out."""
    audio = bytearray()
    for piece in pieces:
        try:
            audio += base64.b64decode(piece)
        except ValueError:
            continue
    return bytes(audio) or None
