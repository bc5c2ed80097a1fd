"""A script in its session: one client event after the other, each until it is acknowledged, or its response is over.

Until a frame is written whose effect is billed nothing has happened: what else a session changes ends with it. From
then on the outcome is unknown, until all that was sent is answered.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from aistudio.exceptions import APIError, Forbidden, OutcomeUnknown, Rejected, Trace, Unauthorized, Unavailable
from aistudio.realtime.client_events import COMMIT, ITEM_CREATE, RESPONSE_CANCEL, RESPONSE_CREATE, SESSION_UPDATE
from aistudio.realtime.error_events import Complaint
from aistudio.realtime.frames import Wire
from aistudio.realtime.heard import Heard, asks_for_transcripts, item_id_of, shows_another
from aistudio.realtime.opening import PREPARED_WITHIN
from aistudio.realtime.results import RealtimeResult, ScriptResult
from aistudio.realtime.steps import Step, cancel_refused_by
from aistudio.realtime.turn import DOUBT, Turn
from aistudio.realtime.waiting import read_transcripts, read_turn

# Before our first frame with effect a close concerns the deployment. 1008 is seen for a model URI that the service
# doesn't take; 3000 and 3003 are registered: https://www.iana.org/assignments/websocket
_CLOSES: dict[int | None, type[APIError]] = {1008: Forbidden, 3000: Unauthorized, 3003: Forbidden}


class Script:
    """The steps of one session, and how far they got. `given`: the session carries something of the message's."""

    def __init__(self, steps: Sequence[Step], *, given: bool) -> None:
        self.trace = Trace()
        self._steps = steps
        self._given = given
        self._heard = Heard()
        self._responses: list[RealtimeResult] = []
        self._pending: list[Step] = []
        self._turn: Turn | None = None
        self._perhaps: Complaint | None = None

    def run(self, wire: Wire) -> None:
        """Go through all steps.

        Raises APIError.
        Raises TimeoutError: when the time is over, as all that `wire` raises.
        """
        self._begin(wire)
        waiting = deque(self._steps)
        while waiting:
            step = waiting.popleft()
            if self._pending and not step.type == self._pending[-1].type == ITEM_CREATE:
                self._settle(wire, last=False)
            if step.type == RESPONSE_CREATE:
                follows = bool(waiting) and waiting[0].type == RESPONSE_CANCEL
                self._respond(wire, step, waiting.popleft() if follows else None)
            else:
                self._send(wire, step)
                step.over = not step.kind.acknowledged_by
                self._pending += [] if step.over else [step]
        self._settle(wire, last=True)
        if any(asks_for_transcripts(step.event) for step in self._steps):
            committed = (step.answer for step in self._steps if step.type == COMMIT and step.answer is not None)
            read_transcripts(wire, self._heard, {item_id_of(answer) for answer in committed})

    def result(self, error: APIError | None) -> ScriptResult:
        """Return the script's result. `error` ended it early: it is raised, unless it would hide what was had.

        That is a refusal behind another event that was billed, and a break behind an answer: neither is repeated.
        """
        if error is not None:
            others = any(step.billed and step.refusal is None for step in self._steps)
            answered = self._responses or self._heard.transcriptions
            if not (answered if isinstance(error, OutcomeUnknown) else others):
                raise error
        return ScriptResult(
            "websocket",
            self.trace,
            [step.result() for step in self._steps if step.given],
            self._responses,
            self._heard.transcriptions,
            [step.item for step in self._steps if step.item is not None],
            ended_by=error,
        )

    def failure(self, what: str) -> APIError:
        """Say what it means that the session ended here. `what` ended it."""
        if self._turn is not None:
            return self._turn.error(self.trace, what)
        if self._perhaps is not None:
            return self._refusal(self._perhaps, self._pending[0])
        if self._effect:
            sent = next(step.type for step in reversed(self._steps) if step.sent)
            return OutcomeUnknown(f"{sent} sent, then {what}", self.trace)
        return Unavailable(f"before anything took effect: {what}", self.trace)

    def closed(self, code: int | None) -> APIError:
        """Say what it means that the service closed the session with this code."""
        if code in _CLOSES and not self._effect:
            return _CLOSES[code](f"closed {code} before anything took effect", self.trace)
        return self.failure(f"closed {code or 1006}")

    @property
    def _effect(self) -> bool:
        return any(step.billed for step in self._steps)

    def _begin(self, wire: Wire) -> None:
        until = wire.now() + PREPARED_WITHIN
        event: Mapping[str, Any] = {}
        while event.get("type") != "session.created":
            try:
                event = wire.receive(until - wire.now())
            except TimeoutError:
                raise self.failure("no session.created in time") from None
            self._read(event)

    def _send(self, wire: Wire, step: Step) -> None:
        code = wire.closed_with()
        if code is not None:
            raise self.closed(code)
        wire.left()
        self._given = self._given or step.given
        step.sent = True
        for frame in step.frames:
            wire.send(frame)

    def _settle(self, wire: Wire, *, last: bool) -> None:
        """Wait until all that was sent is acknowledged, so that a refusal is known before anything more is billed."""
        until = wire.now() + max((step.kind.within for step in self._pending), default=0.0)
        try:
            while self._pending:
                doubted = self._perhaps or self._pending[0].answer
                self._read(wire.receive((min(until, wire.now() + DOUBT) if doubted else until) - wire.now()))
        except TimeoutError:
            needed = last or any(step.type != ITEM_CREATE for step in self._pending)
            if self._perhaps or (needed and self._pending[0].answer is None):
                raise self.failure(f"no {self._pending[0].kind.acknowledged_by[0]} in time") from None
            for step in self._pending:
                step.over = True
            self._pending.clear()
        self._perhaps = None

    def _read(self, event: Mapping[str, Any]) -> None:
        """Take one event outside of a turn."""
        if event.get("type") == "error":
            self._complain(Complaint.read(event))
            return
        step = next((each for each in self._pending if each.acknowledged_by(event, self._heard.items)), None)
        self._heard.note(event)
        if step is not None and step.type == SESSION_UPDATE and self._heard.unchanged:
            step = None if shows_another(event, step.event) else step  # it was not taken, or not yet
        if step is not None:
            step.answer, step.over = event, not (step.type == SESSION_UPDATE and self._heard.told_again)
            self._pending = [each for each in self._pending if not each.over]

    def _complain(self, complaint: Complaint) -> None:
        """Take an error. Before any effect it ends the script; then only one that names a step does so at once."""
        if not self._effect:
            kind = Unavailable if complaint.kind is OutcomeUnknown else complaint.kind
            if kind is Rejected and not self._given:  # what was refused so far are our settings
                kind = Forbidden
            raise complaint.as_error(kind, self.trace, before="before anything took effect: ")
        step = next((each for each in self._steps if each.sent and complaint.about in each.ids), None)
        if step is None:
            self._perhaps = self._perhaps or complaint
            return
        error = self._refusal(complaint, step)
        if step.type != RESPONSE_CANCEL:  # a response that can't be cancelled goes on to its end
            raise error
        self._pending = [each for each in self._pending if each is not step]

    def _refusal(self, complaint: Complaint, step: Step) -> APIError:
        if complaint.kind is not OutcomeUnknown:
            step.refusal = complaint.detail
        return complaint.as_error(complaint.kind, self.trace)

    def _respond(self, wire: Wire, step: Step, cancel: Step | None) -> None:
        earlier = {name for each in self._steps if each.sent and each.type != RESPONSE_CANCEL for name in each.ids}
        self._send(wire, step)
        self._turn = turn = Turn(str(step.event["event_id"]), earlier, frozenset(self._heard.responses))
        ended = read_turn(wire, turn, partial(self._hear, wire, turn, cancel))
        try:
            result = turn.result("websocket", self.trace, ended)
        except APIError as error:
            step.refusal = None if isinstance(error, OutcomeUnknown) else error.detail
            raise
        self._turn, step.over = None, True
        self._responses.append(result)
        if cancel is not None and cancel.sent:
            cancel.over = True
            cancel.answer = {"type": "response.done"} if result.status == "cancelled" else None

    def _hear(self, wire: Wire, turn: Turn, cancel: Step | None, event: Mapping[str, Any]) -> None:
        self._heard.note(event)
        complaint = Complaint.read(event) if event.get("type") == "error" else None
        refused = complaint and cancel_refused_by(complaint, self._steps, cancel)
        if refused and complaint:  # then the response goes on
            refused.refusal = complaint.detail
        else:
            turn.read(event)
        if cancel is not None and not cancel.sent and turn.begun and not turn.over:
            self._send(wire, cancel)
