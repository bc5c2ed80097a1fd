"""What a realtime session is asked for that is billed, and what becomes of it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tests.simulation.calls import Call

if TYPE_CHECKING:
    from tests.simulation.world import World

ASKS, SOUND, COMMIT = "response.create", "input_audio_buffer.append", "input_audio_buffer.commit"
BILLED = frozenset({ASKS, SOUND, COMMIT})


class Asked:
    """The billed frames of one session, by their events' ids: sent, not answered yet, refused."""

    def __init__(self, world: "World", call: Call) -> None:
        self._world = world
        self._call = call
        self._sent: dict[str, None] = {}
        self._waiting: set[str] = set()
        self._refused: set[str] = set()
        self._wrong = ""  # an update that the service refused
        self.key = ""

    def sends(self, event: Mapping[str, Any]) -> None:
        """A billed frame is about to be sent: the first of them is where the call begins."""
        if self._wrong:
            self._world.violation("asked for although what the script says before it was refused")
        if not self._sent:
            content, self.key = _whose(event)
            self._world.checker.calls.begins("POST", self.key, content)
        self._sent[event["event_id"]] = None
        if event["type"] != SOUND:  # nothing answers it
            self._waiting.add(event["event_id"])

    def takes(self, event: Mapping[str, Any]) -> None:
        """The service does what a billed frame asks for."""
        self._world.studio.billed[self.key] += 1
        content, key = _whose(event)
        self._world.checker.calls.takes(key, content, event["event_id"])

    def refuses(self, event: Mapping[str, Any]) -> None:
        """The service refuses what is not billed, and what comes behind must not be asked for."""
        self._wrong = event["event_id"]

    def unheard(self) -> None:
        """What the service said comes later than the caller waits for it: an update counts as taken by then."""
        self._wrong = ""

    def answered(self, name: str) -> None:
        """The caller reads what answers one of the frames."""
        self._waiting.discard(name)

    def told(self, name: str) -> bool:
        """The caller reads that this was refused. Whether nothing else is open: then this ends the call."""
        if name in self._sent:
            self._refused.add(name)
            self._waiting.discard(name)
        elif not self._sent:
            self._world.checker.calls.tried(name.split(" ")[1])
        return not self._waiting

    def over(self, *, broken: bool) -> None:
        """The session is over: what was asked for, and not answered, may have happened."""
        if self._sent:
            refused = self._sent.keys() <= self._refused
            unknown = bool(self._waiting) or (broken and not refused)
            self._world.checker.calls.create_ended(self.key, refused=refused)
            self._world.checker.calls.counts(self.key, self._call, unknown=unknown)


def _whose(event: Mapping[str, Any]) -> tuple[str, str]:
    """What is asked, and by whom: a script's events are named by it, and a create alone says it in its instructions."""
    named = str(event["event_id"]).split(" ")
    content, key = named[:2] if len(named) > 1 else event["response"]["instructions"].split(" ")[2:]
    return content, key
