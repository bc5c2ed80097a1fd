"""How a message ended, read off the ledger, the queues and the AI Studio's log: what an operator could see, too."""

import json
from dataclasses import dataclass

from infra.local.environment import Environment
from infra.local.samples import Case, End
from infra.local.servers import Waiting
from infra.local.trigger_event import platform_id
from ledger import Keys, Row, Store
from ledger.row import FACTS, HELD, PARKED

FINAL = FACTS | {HELD}


@dataclass(frozen=True)
class Observed:
    """How a message ended, in the words of ``End``, and where it is now; ``end`` is None while it is on its way."""

    end: str | None = None
    outcome: str | None = None
    reason: str | None = None
    calls: int = 0
    where: str = "on its way"

    def differences(self, wanted: End) -> list[str]:
        """What is not as the sample says."""
        pairs = {name: (getattr(self, name), getattr(wanted, name)) for name in ("end", "outcome", "reason", "calls")}
        return [f"{name} is {is_}, not {should}" for name, (is_, should) in pairs.items() if is_ != should]


class Observer:
    """Looks at one environment. ``look`` once per round, then ``observe`` message by message."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._keys = Keys(environment.settings["HASH_KEY"])
        self._store = Store(environment.dynamodb, environment.ledger)
        self._dead: list[Waiting] = []
        self._copies: dict[str, list[Waiting]] = {}
        self._results: set[str] = set()
        self._calls: dict[str, int] = {}

    def row(self, function: str, key: str | None, message_id: str) -> Row:
        """The ledger's row of a business key, or of a message without a valid one."""
        name = self._keys.key(function, key) if key is not None else self._keys.key(f"{function}:message", message_id)
        return self._store.get(name)

    def look(self) -> None:
        """Read the queues and the AI Studio's log."""
        servers = self._environment.servers
        self._dead = servers.peek(self._environment.dead_letters)
        results = servers.peek(self._environment.results)
        self._results = {str(json.loads(result.body)["subject"]) for result in results}
        self._copies = {name: servers.peek(url) for name, url in self._environment.queues.items()}
        self._calls = {}
        for call in self._environment.studio.requests():
            self._calls[str(call["id"])] = self._calls.get(str(call["id"]), 0) + 1

    def observe(self, case: Case, index: int, message_id: str) -> Observed:
        """How the message ended, as of the last look. ``message_id`` is the one under which it was delivered."""
        key = case.sample.ends[index].key
        calls = self._calls.get(key, 0) if key is not None else 0
        moved = [letter for letter in self._dead if platform_id(letter.message_id) == message_id]
        if moved:
            return Observed("unsettled", calls=calls, where="dead letters, moved by the queue itself")
        row = self.row(case.function, key, message_id)
        first = _first_end(row, *case.numbers(index))
        parked = [letter for letter in self._dead if letter.attributes.get("key") == (key or message_id)]
        if parked and row.state == PARKED:
            reason = parked[-1].attributes["reason"]
            return Observed("parked" if first == "done" else first, None, reason, calls, f"dead letters: {reason}")
        if row.state in FINAL:
            if not {row.key, key} & self._results:
                return Observed(calls=calls, where="ledger, no result yet")
            return Observed(first, row.rest.get("outcome", row.state), None, calls, "ledger, results queue")
        waiting = [
            copy for copy in self._copies[case.function] if key is not None and copy.attributes.get("key") == key
        ]
        if waiting and not waiting[-1].visible:
            attempt, _ = case.numbers(index)
            counted = int(waiting[-1].attributes["attempt"]) > attempt
            return Observed("retry" if counted else "deferred", None, None, calls, "queue, as a copy")
        return Observed(calls=calls)


def _first_end(row: Row, attempt: int, seq: int) -> str:
    """How the first delivery ended, told by the numbers of the last one: copies raise seq, counted calls attempt."""
    if row.seq <= seq:
        return "done"
    return "retry" if row.attempt > attempt + 1 else "deferred"
