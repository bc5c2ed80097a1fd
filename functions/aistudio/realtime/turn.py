"""Read a Realtime turn: server events in, one result out, over a WebSocket as over an HTTP stream."""

from collections.abc import Collection, Mapping
from typing import Any

from aistudio.exceptions import APIError, OutcomeUnknown, Trace, Unavailable
from aistudio.realtime.error_events import Complaint
from aistudio.realtime.output import Output
from aistudio.realtime.results import RealtimeResult, Transport
from aistudio.responses.response import BEGUN, OVER

Event = Mapping[str, Any]

_ENDS = {f"response.{status}": status for status in OVER}

DOUBT = 5.0
"""Seconds: how long something that may be the end of a turn waits for what says otherwise."""

DOUBT_OF_ONE_THAT_GOES_ON = 30.0
"""Seconds: how long a turn waits for its next event after an error that named no event, and more of the response; and
after an end that names another response, or none, and may be ours."""


class Turn:
    """Collects the events that follow a response.create, until it is over.

    `event_id` is the id of our response.create, `earlier` those of the frames before it, `foreign` the ids of responses
    that were there before it. Without an `event_id` the stream answers one request alone. In a session only our request
    is outstanding: what comes after it is about it, unless it names something else. Where that isn't certain (an error
    that names no event, an end without a beginning) the turn is over if nothing more comes within its `patience`.
    """

    def __init__(
        self, event_id: str | None = None, earlier: Collection[str] = (), foreign: Collection[str] = ()
    ) -> None:
        self._event_id = event_id
        self._earlier = earlier
        self._foreign = foreign
        self._created = False
        self._ours: str | None = None
        self._outputs: dict[str | None, Output] = {}
        self._end: dict[str, Any] | None = None
        self._perhaps_ends: dict[str | None, dict[str, Any]] = {}
        self._unclear_end = False
        self._complaint: Complaint | None = None
        self._perhaps: Complaint | None = None
        self._doubt_at = 0
        self.heard = 0
        """Events of responses so far, without those of responses that were there before we asked."""

    def read(self, event: Event) -> None:
        """Take an event; an unknown event changes nothing."""
        kind = event.get("type")
        if kind == "error":
            self._read_complaint(Complaint.read(event))
        elif isinstance(kind, str) and kind.startswith("response.") and response_id_of(event) not in self._foreign:
            self.heard += 1
            self._read_response(kind, event)

    def _read_complaint(self, complaint: Complaint) -> None:
        ours = self._event_id is None or complaint.about == self._event_id
        if ours or complaint.about in self._earlier:
            self._complaint = self._complaint or complaint
        else:
            self._perhaps = self._perhaps or complaint
            self._doubt_at = self.heard

    def _read_response(self, kind: str, event: Event) -> None:
        response, response_id = event.get("response"), response_id_of(event)
        if kind == "response.created":
            if not self._created:
                self._created, self._ours = True, response_id
                early, self._perhaps_ends = self._perhaps_ends, {}
                for each in early.values():
                    self._read_end(each, _id(each))
        elif isinstance(response, dict) and (
            kind == "response.done" or (kind in _ENDS and response.get("status") not in BEGUN)
        ):
            self._read_end(response, response_id)
        elif kind in _ENDS and response_id in (None, self._ours):
            ended = {"id": response_id or self._ours, "object": "realtime.response", "status": _ENDS[kind]}
            self._perhaps_ends.setdefault(response_id, {**ended, "output": []})
        elif kind == "response.done":
            self._read_bare_end(response_id)
        else:
            self._outputs.setdefault(response_id or self._ours, Output()).take(event)

    def _read_bare_end(self, response_id: str | None) -> None:
        """Take an end that does not hold its response: it counts where something was said before it."""
        if response_id in (None, self._ours) and (response_id or self._ours) in self._outputs:
            ended: dict[str, Any] = {"id": response_id or self._ours, "object": "realtime.response", "output": []}
            self._perhaps_ends.setdefault(response_id, ended)
        else:
            self._unclear_end = True

    def _read_end(self, response: dict[str, Any], response_id: str | None) -> None:
        if self._created or self._event_id is None:
            if None in (self._ours, response_id) or response_id == self._ours:
                self._end = self._end or response
            else:
                self._unclear_end = True
        else:
            self._perhaps_ends.setdefault(response_id, response)

    @property
    def over(self) -> bool:
        """Whether there is nothing more to wait for."""
        ended = self._end is not None or self._complaint is not None
        return ended or (self._event_id is None and len(self._perhaps_ends) > 0)

    @property
    def patience(self) -> float | None:
        """Seconds for which the next event is worth waiting; None: until the deadline."""
        if self._perhaps_ends:
            return DOUBT
        if self._perhaps is None:
            return DOUBT_OF_ONE_THAT_GOES_ON if self._unclear_end else None
        return DOUBT if self.heard == self._doubt_at else DOUBT_OF_ONE_THAT_GOES_ON

    @property
    def begun(self) -> bool:
        """Whether our response is being given, as far as is known."""
        return self._created

    @property
    def response_id(self) -> str | None:
        """The id of our response, as far as it is known."""
        heard = next((named for named in self._outputs if named is not None), None)
        return self._ours or heard

    def result(self, transport: Transport, trace: Trace, cut: str = "") -> RealtimeResult:
        """Return the result of the turn. `cut` says what ended the reading, where the turn itself did not.

        Raises APIError: what an `error` event says; OutcomeUnknown where the turn is not over.
        """
        perhaps = None if self._complaint else next(iter(self._perhaps_ends.values()), None)
        response = self._end or perhaps
        if response is None:
            raise self.error(trace, cut or "no response.done")
        output = (
            self._outputs.get(_id(response)) or self._outputs.get(None) or self._outputs.get(self._ours) or Output()
        )
        told = response if response.get("output") or not output.items() else {**response, "output": output.items()}
        transcript = output.say("transcript", {})
        audio, damaged = output.audio()
        usage = response.get("usage")
        return RealtimeResult(
            transport,
            trace,
            response=told,
            text=output.say("text", response) or output.say("transcript", response),
            transcript=transcript,
            audio=audio,
            audio_damaged=damaged,
            usage=usage if isinstance(usage, dict) else None,
        )

    def error(self, trace: Trace, what: str) -> APIError:
        """Make the error of a turn without a result. `what` ended the turn, where no `error` event did."""
        complaint = self._complaint or self._perhaps
        if complaint is None:
            return OutcomeUnknown(f"response.create sent, then {what}", trace, response_id=self.response_id)
        # A turn that goes on without what it should have begun with is not the one that was asked for.
        too_late = complaint.about is not None and complaint.about in self._earlier
        kind = OutcomeUnknown if too_late or self._begun(complaint.kind) else complaint.kind
        return complaint.as_error(kind, trace, self.response_id)

    def _begun(self, error: type[APIError]) -> bool:
        """Return whether our response has begun, or may have: from then on no error makes it not have happened.

        It begins with a response.created, but any other of its events says that a model ran. In a session they may be
        of another response, and are, where the error says that one is active.
        """
        another = self._event_id is not None and error is Unavailable
        return self._created or (self.heard > 0 and not another)


def response_id_of(event: Event) -> str | None:
    """Return the id of the response that an event is about; None where it names none."""
    response = event.get("response")
    return _id(response) if isinstance(response, Mapping) else _text(event.get("response_id"))


def _id(response: Mapping[str, Any]) -> str | None:
    return _text(response.get("id"))


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
