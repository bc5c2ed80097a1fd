"""How a message ended, read off the ledger, the queues and the AI Studio's log: what an operator could see, too."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from infra.local.catalog import namespace_of
from infra.local.cloud.servers import Waiting
from infra.local.cloud.trigger_event import platform_id
from infra.local.environment import Environment
from infra.local.samples.case import Case
from infra.local.samples.model import UNUSABLE, End
from ledger import Keys, Ledger, Record
from ledger.states import DEAD_LETTERED, FINAL_STATES, HELD, SCHEDULED, WAITING
from worker.message_attributes import NAME, unverified

FINAL = FINAL_STATES | {HELD, WAITING}
POLLED = "yandex.aistudio.response.fetched"
"""The type of results that polls bring."""
OWN_QUEUE = "its own queue"
CANCELS = "cancel_response"


@dataclass(frozen=True)
class Observed:
    """How a message ended, in the words of `End`, and where it is now; `end` is None while it is on its way.

    `where` names a queue; what is done or dead-lettered stands in the ledger, too.
    """

    end: str | None = None
    outcome: str | None = None
    reason: str | None = None
    calls: int = 0
    transport: str | None = None
    result: str | None = None
    where: str = "on its way"

    @property
    def over(self) -> bool:
        """Whether nothing more will become of the message by itself."""
        return self.end is not None and self.where != OWN_QUEUE

    def differences(self, wanted: End) -> list[str]:
        """What is not as the sample says."""
        names = ["end", "outcome", "reason", "calls"]
        names += [name for name in ("transport", "result") if getattr(wanted, name) is not None]
        pairs = {name: (getattr(self, name), getattr(wanted, name)) for name in names}
        return [f"{name} is {is_}, not {should}" for name, (is_, should) in pairs.items() if is_ != should]


class Observer:
    """Looks at one environment. `look` once per round, then `observe` message by message."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._keys = Keys(environment.settings["HASH_KEY"])
        self._store = Ledger(environment.dynamodb, environment.ledger)
        self._dead: list[Waiting] = []
        self._copies: dict[str, list[Waiting]] = {}
        self._results: dict[str, Mapping[str, Any]] = {}
        self._polled: dict[str, Mapping[str, Any]] = {}
        self._calls: dict[str, list[str]] = {}
        self._calls_and_cancels: dict[str, list[str]] = {}

    def look(self) -> None:
        """Read the queues and the AI Studio's log."""
        servers = self._environment.servers
        self._dead = servers.peek(self._environment.dead_letters)
        results = [json.loads(result.body) for result in servers.peek(self._environment.results)]
        self._results = {str(result["subject"]): result for result in results}
        self._polled = {str(result["causationid"]): result for result in results if result["type"] == POLLED}
        self._copies = {name: servers.peek(url) for name, url in self._environment.queues.items()}
        log = self._environment.studio.requests()
        self._calls_and_cancels = _calls(log)
        # A deletion that meets a 409 leaves the cancel to another function.
        self._calls = _calls(call for call in log if not call["path"].endswith("/cancel"))

    def observe(self, case: Case, index: int, message_id: str) -> Observed:
        """How the message ended, as of the last look. `message_id` is the one under which it was delivered."""
        wanted = case.sample.ends[index]
        name = wanted.key or message_id
        record = self._record(case.function, name, usable=wanted.reason not in UNUSABLE)
        # An event without an id of its own is known by that of the request, which the ledger keeps.
        calls = self._calls_and_cancels if case.function == CANCELS else self._calls
        came = calls.get(wanted.about or name) or calls.get(str(record.rest.get("client_request_id"))) or []
        seen = Observed(calls=len(came), transport=", ".join(dict.fromkeys(came)) or None)
        if any(platform_id(dead.message_id) == message_id for dead in self._dead):
            return replace(seen, end="unsettled", where="dead letters, by the queue")
        first = _first_end(record, *case.numbers(index))
        dead_letters = [dead for dead in self._dead if _said(dead).get("key") == name]
        if dead_letters and record.state == DEAD_LETTERED:
            reason = dead_letters[-1].attributes["reason"]
            end = "dead_lettered" if first == "done" else first
            return replace(seen, end=end, reason=reason, where="dead letters")
        if record.state in FINAL:
            result = self._results.get(record.key) or self._results.get(name) or self._polled.get(message_id)
            if result is None:
                return replace(seen, where="no result yet")
            size, where = _size(result)
            outcome = SCHEDULED if record.state == WAITING else record.rest.get("outcome", record.state)
            return replace(seen, end=first, outcome=outcome, result=size, where=where)
        waiting = [copy for copy in self._copies[case.function] if _said(copy).get("key") == name]
        if waiting and not waiting[-1].visible:
            attempt, _ = case.numbers(index)
            counted = int(_said(waiting[-1])["attempt"]) > attempt
            return replace(seen, end="retry" if counted else "deferred", where=OWN_QUEUE)
        return seen

    def _record(self, function: str, name: str, *, usable: bool) -> Record:
        """The ledger's record of a key, or of a message that can't be used."""
        return self._store.get(self._keys.key(namespace_of(function) if usable else f"{function}:message", name))


def _said(message: Waiting) -> Mapping[str, Any]:
    """What its function said of it when it sent it."""
    return unverified(message.attributes.get(NAME, "{}"))


def _calls(log: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    """The transport of each call, by its id and by its request's; a handshake is not a call, but its frames are."""
    found: dict[str, list[str]] = {}
    for call in log:
        if call["transport"] == "http" or call["method"] == "WS":
            for name in {call["id"], call["headers"].get("x-client-request-id")} - {None}:
                found.setdefault(name, []).append(call["transport"])
    return found


def _size(result: Mapping[str, Any]) -> tuple[str, str]:
    """What became of a result that may have been too large for a queue, and where it is."""
    if "dataref" in result:
        return "stored", "results, bucket"
    if "omitted" in result["data"]:
        return "lightened", f"results without {', '.join(result['data']['omitted'])}"
    return "whole", "results"


def _first_end(record: Record, attempt: int, copy: int) -> str:
    """How the first delivery ended, told by the numbers of the last one: retry messages raise copy, counted calls attempt."""
    if record.copy <= copy:
        return "done"
    return "retry" if record.attempt > attempt + 1 else "deferred"
