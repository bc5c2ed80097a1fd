"""What holds of creates that are stored: each response whose id was learned is registered once, and its end is told."""

import json
from typing import TYPE_CHECKING, Any

from aistudio.responses.response import OVER
from tests.simulation.expressions import Item
from tests.simulation.plan import record_key_of
from tests.simulation.queues import DEAD, Post
from tests.simulation.records import ALREADY_ABSENT, state_of

if TYPE_CHECKING:
    from tests.simulation.world import World


class Registered:
    """Watches which ids were learned, and which polls were sent for them."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._causes: dict[str, set[str]] = {}  # names of the messages of each key
        for sent in world.plan.messages:
            self._causes.setdefault(sent.key, set()).add(sent.name)
        self.learned: dict[str, str] = {}  # the record of the create, by response id
        self._on_record: set[str] = set()
        self.polls: dict[str, str] = {}  # the response that each poll asks for, by the id of its event
        self._told: dict[str, list[dict[str, Any]]] = {}  # results that tell of a poll, by response id

    def written(self, key: str, new: Item) -> None:
        """A create's record was written."""
        if "response_id" in new:
            self.learned.setdefault(new["response_id"]["S"], key)
            self._on_record.add(new["response_id"]["S"])

    def put(self, post: Post) -> None:
        """A message went to another function."""
        event = json.loads(post.body)
        data = event.get("data", {})
        if data.get("until_over"):
            record_key = event["id"].partition("#poll")[0]
            self.polls[event["id"]] = data["response_id"]
            self.learned.setdefault(data["response_id"], record_key)

    def told(self, event: dict[str, Any], function: str) -> None:
        """A result was sent."""
        data = event["data"]
        response_id = (data.get("response") or {}).get("id")  # None too where it went by claim check
        if function == "respond" and response_id:
            self.learned.setdefault(response_id, event["id"].rpartition("#")[0])
        elif function == "get_response":
            self._told.setdefault(str(event.get("causationid")), []).append(data)

    def polled(self, record_key: str, redrive: str) -> bool:
        """Whether a poll was sent for a create."""
        return f"{record_key}#poll#{redrive}" in self.polls

    def final(self) -> None:
        """All is over."""
        items, stored = self._world.table.items, self._world.studio.stored.responses
        for response_id, create in self.learned.items():
            if response_id not in self._on_record and self._world.checker.retries.faulty[create]:
                continue  # the ledger could not be told of it: whoever reads the dead letter has to look it up
            item = items.get(record_key_of("response", response_id), {})
            if "registered_sent_at" not in item and state_of(item) not in ("deleted", ALREADY_ABSENT):
                self._world.violation("a stored response whose id was learned is not registered")
        made = {record_key_of("response", response_id) for response_id in stored}
        if {key for key, item in items.items() if "registered_sent_at" in item} - made:
            self._world.violation("a response is registered that was never made")
        for response_id in self.polls.values():
            self._tells(response_id)

    def _tells(self, response_id: str) -> None:
        """A response that goes on behind its create's end has one result, that names its create as the cause."""
        key = self._world.checker.key_of(self.learned[response_id])
        told = [data for cause in self._causes[key] for data in self._told.get(cause, [])]
        ended = any(each.get("status") in (*OVER, "absent") for each in told)
        given_up = any(response_id in post.body for post in self._world.queues.posts[DEAD])
        if not ended and not given_up:
            self._world.violation("a response was left to polls, and none has told how it ended")
