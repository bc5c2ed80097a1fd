"""A stand-in for a call that must not be repeated: each POST that the local AI Studio takes is billed."""

import json
from collections import deque
from collections.abc import Callable
from typing import Any, Literal

from aistudio import API, OutcomeUnknown, Responses, Trace
from aistudio.answers import success
from aistudio.responses import Deletion
from worker import Message, Outcome, queue_function

PATH = "/realtime/client-events/response.create"


class Hooks:
    """Things that happen while a call is under way: just before it is made, or just after it ended well."""

    def __init__(self) -> None:
        self.before: deque[Callable[[], object]] = deque()
        self.after: deque[Callable[[], object]] = deque()

    def reset(self) -> None:
        """Nothing happens."""
        self.before.clear()
        self.after.clear()


class WatchedResponses(Responses):
    """The real client, with things happening around its calls."""

    def __init__(self, api: API, hooks: Hooks) -> None:
        super().__init__(api)
        self._hooks = hooks

    def delete(self, response_id: str, timeout: float) -> Deletion:
        """Delete, as the real one does."""
        happen(self._hooks.before)
        deletion = super().delete(response_id, timeout)
        happen(self._hooks.after)
        return deletion


class Asking:
    """A client that asks for a response, once a message, by an ordinary POST."""

    def __init__(self, api: API, hooks: Hooks | None = None) -> None:
        self._api = api
        self._hooks = hooks or Hooks()

    def ask(self, body: dict[str, Any], timeout: float) -> tuple[dict[str, Any], Trace]:
        """The response object and the request's ids. Raises APIError."""
        happen(self._hooks.before)
        reply = success(self._api.call("POST", PATH, timeout=timeout, idempotent=False, body=body), idempotent=False)
        happen(self._hooks.after)
        try:
            told = json.loads(reply.body)
        except ValueError:
            told = None
        if not isinstance(told, dict) or "output" not in told:
            raise OutcomeUnknown(f"HTTP {reply.trace.status}, no response object in the body", reply.trace)
        return told, reply.trace


class Ask(Message, key="event_id", unknown="on_unknown"):
    """Ask once."""

    event_id: str | None = None
    text: str = "What is the weather like?"
    on_unknown: Literal["dead_letter", "retry"] = "dead_letter"


@queue_function(Ask, Asking, "test.asked", idempotent=False)
def handler(message: Ask, client: Asking, timeout: float) -> Outcome:
    """One POST."""
    body: dict[str, Any] = {"type": "response.create", "response": {"instructions": message.text}}
    if message.event_id is not None:
        body["event_id"] = message.event_id
    response, trace = client.ask(body, timeout)
    return Outcome("done", trace, {"response_id": response["id"]}, response.get("usage"))


def happen(events: deque[Callable[[], object]]) -> None:
    """Let the next one happen, if there is one."""
    if events:
        events.popleft()()
