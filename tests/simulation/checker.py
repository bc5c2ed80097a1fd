"""The invariants, looked at after every step of a world (for those of its end: ``ending``)."""

import json
from typing import TYPE_CHECKING, Any

from ledger.record import CLAIMED, DEAD_LETTERED, FINAL_STATES, HELD, OPEN
from tests.simulation.budgets import Budgets
from tests.simulation.expressions import Item
from tests.simulation.invocations import FUNCTIONS
from tests.simulation.plan import BEGUN, HOLD_WINDOW, MAX_AGE, QUEUE_RETENTION, SETTLING, SUBJECT, hold_row, row_key
from tests.simulation.queues import DEAD, OWN, RESULTS, Post

if TYPE_CHECKING:
    from tests.simulation.world import World

_GONE = ("deleted", "already_absent")
_NOTES = {"hold", "hold_at", "subjects", "noted_at"}
"""Attributes that say nothing of what was done, and may change beside a fact."""

_NO_CALL_COUNTED = {"throttled", "unavailable", "unauthorized", "forbidden"}


class Checker:
    """Watches a world. Steps, not clocks, tell what came first."""

    def __init__(self, world: "World") -> None:
        self._world = world
        plan = world.plan
        function = FUNCTIONS[plan.function].namespace
        self.rows = {sent.body: row_key(function, sent.key) if sent.key else "" for sent in plan.messages}
        self._ids = {row_key(function, sent.key): sent.key for sent in plan.messages if sent.key}
        self.budgets = Budgets(world, function)
        self._touched: set[str] = set()
        self._produced: set[str] = set()
        self._ended: dict[str, int] = {}  # the step at which a row last became held or parked
        self.letters: dict[str, int] = {}  # the step of a row's last dead letter
        self._parkings: set[tuple[str, str]] = set()  # (row, reason) of every parking
        self._found: set[tuple[str, str]] = set()  # (process, response) of every look that found it there
        self._held_since: dict[str, float] = {}
        self._named_since: dict[str, float] = {}  # when a message that names the subject had first ended, by row
        if all(SUBJECT in sent.body for sent in plan.messages):
            self._named_since = dict.fromkeys(self._ids, BEGUN)
        self._forgotten: set[str] = set()  # rows whose messages a queue has dropped, until another one comes
        self.dropped: set[str] = set()  # all of these, and the bodies of such as have no row
        self.overtook: set[str] = set()  # rows of which a fact came over held or parked
        self.placed: set[str] = set()  # the holds that are there
        self.effective: set[str] = set()  # rows whose hold was reported effective
        self.results: set[str] = set()  # the ids of the results that were sent

    # What the fakes tell ---------------------------------------------------------------------------------------

    def row_of(self, body: str) -> str:
        """The row that a message's body names, empty for what can't be read."""
        return self.rows.get(body, "")

    def touch(self, row: str) -> None:
        """Something about this key has changed."""
        self._touched.add(row)

    def put(self, url: str, post: Post) -> None:
        """A message was put into a queue."""
        self.touch(post.row)
        if url == RESULTS:
            self.results.add(json.loads(post.body)["id"])
        elif url == DEAD and post.reason == "key_reused":
            self.letters[post.body] = self._world.steps
            self._forgotten |= {post.row} & self.dropped  # it has come in vain: other content revives nothing
        elif url == DEAD:
            self.letters[post.row or post.body] = self._world.steps
            if post.row and (post.row, post.reason) not in self._parkings:
                self._broken(f"H14: a dead letter says {post.reason}, and the ledger never did")
        else:
            self._forgotten.discard(post.row)
            self._produced.add(post.row)
            self.budgets.put(post)

    def forgotten(self, posts: "list[Post]") -> None:
        """The queue has dropped messages that it kept for as long as it keeps any."""
        self._forgotten |= {post.row for post in posts}
        self.dropped |= {post.row or post.body for post in posts}

    def moved(self, post: Post) -> None:
        """The queue's policy moved a message."""
        self.touch(post.row)
        self.letters[post.row or post.body] = self._world.steps
        if "moved" in self._world.plan.forbidden:
            self._broken("H23: the queue dead-lettered a healthy message")

    def written(self, key: str, old: Item, new: Item, *, stated: bool) -> None:
        """A row was written; ``stated``: with a state, be it the same."""
        self.touch(key)
        was, now = (item.get("state", {}).get("S") for item in (old, new))
        if was in FINAL_STATES and any(old.get(name) != new.get(name) for name in (old.keys() | new.keys()) - _NOTES):
            self._broken(f"I4: a fact was changed, from {was} to {now}")
        if "hold" in new and "hold" not in old:
            self._held_since[key] = self._world.t
            self.placed |= set(new["hold"]["SS"])
        elif "hold" not in new:
            self._held_since.pop(key, None)
        if was in (HELD, DEAD_LETTERED) and now in FINAL_STATES:
            self.overtook.add(key)
        if stated and was == CLAIMED:
            self._taken_from(old["owner"]["S"].partition("-")[0])
        if stated:
            self._entered(key, str(now), new)

    def _taken_from(self, owner: str) -> None:
        others = (each.name for each in self._world.processes if each is not self._world.current.process)
        if owner in others:
            self._broken("H24: a caller that still runs was taken for dead")

    def _entered(self, key: str, state: str, new: Item) -> None:
        studio, business = self._world.studio, self._ids.get(key, "")
        if state in (HELD, DEAD_LETTERED):
            self._ended[key] = self._world.steps
        if state == DEAD_LETTERED:
            self._parked(key, new["reason"]["S"])
            if business:
                self.budgets.parked(business, int(new["attempt"]["N"]))
        elif state == "done" and f"{key}#{new['redrive']['N']}" not in self.results:
            self._broken("H13: done, and its result was never sent")
        elif state == "done" and not studio.billed[business]:
            self._broken("I4: done, and nothing was ever asked for")
        elif state in _GONE and business not in studio.gone:
            self._broken(f"I3: {state}, and it is still there")
        elif state == HELD and (self._world.current.process.name, business) not in self._found:
            self._broken("H16: held, and its writer never saw that it was still there")

    def _parked(self, key: str, reason: str) -> None:
        self._parkings.add((key, reason))
        forbidden = self._world.plan.forbidden
        if reason in _NO_CALL_COUNTED and self._seen_time() < BEGUN + MAX_AGE:
            self._broken(f"H22: parked as {reason} long before its time")
        if reason == "outcome_unknown" and "unknown" in forbidden:
            self._broken("H19: nobody knows what happened, though nothing went wrong")

    def _seen_time(self) -> float:
        return self._world.t + self._world.current.process.skew

    def begins(self, method: str, key: str) -> None:
        """A call begins."""
        self.budgets.begins(key)
        if method == "POST":
            self.budgets.create_begins(key)
        elif method == "DELETE":
            self._deletion_begins(key)

    def _deletion_begins(self, response_id: str) -> None:
        world = self._world
        since = self._held_since.get(hold_row(world.plan, response_id))
        if since is not None and world.t > max(since, self._known(response_id)) + HOLD_WINDOW:
            self._broken("I5: a deletion was begun too long after a hold was placed")
        if self._seen_time() < min(sent.due for sent in world.plan.messages if sent.key == response_id):
            self._broken("a deletion was begun before its time")

    def found(self, response_id: str) -> None:
        """A look has found a response there."""
        self._found.add((self._world.current.process.name, response_id))

    def deleted(self, response_id: str) -> None:
        """The service has deleted a response."""
        settled = self._known(response_id) + SETTLING < self._world.t
        if settled and hold_row(self._world.plan, response_id) in self.effective:
            self._broken("I5: deleted, though its hold had been reported effective")

    def _known(self, response_id: str) -> float:
        """Since when it is known whom a response concerns; a hold of its own concerns it at once."""
        row = row_key("response", response_id)
        return self._named_since.get(row, float("inf")) if self._world.plan.hold_subject else BEGUN

    def acknowledged(self, post: Post) -> None:
        """A delivered message was deleted from its queue."""
        row = self._world.table.items.get(post.row, {})
        state = row.get("state", {}).get("S")
        self.touch(post.row)
        if SUBJECT in post.body:
            self._named_since.setdefault(post.row, self._world.t)
        if state not in (HELD, DEAD_LETTERED) or self._alive(post.row, post.number):
            return
        # A deletion sent after the row's end runs; a create only where an operator redrove it.
        fresh = self._ended[post.row] < post.step
        redriven = post.redrive > int(row.get("redrive", {"N": "0"})["N"])
        answered = max(self.letters.get(post.row, -1), self.letters.get(post.body, -1)) > post.step
        if (fresh if self._world.plan.function == "delete" else redriven) and not answered:
            self._broken(f"H5, H15: acknowledged without an answer of its own: the row was {state} before it was sent")

    # The state, after each step --------------------------------------------------------------------------------

    def check(self) -> None:
        """Look at the keys that something happened to."""
        while self._touched:
            row = self._touched.pop()
            if row and row in self._produced:
                self._alive_or_ended(row)

    def _alive(self, row: str, number: tuple[int, int]) -> bool:
        """Whether a message lives that could go on: what the queue's policy moved can, what was parked has ended."""
        posts = self._world.queues.posts
        going = [*posts[OWN], *(post for post in posts[DEAD] if not post.reason)]
        return row in self._forgotten or any(post.row == row and post.number >= number for post in going)

    def _on_record(self, row: str, redrive: int) -> bool:
        """Whether the dead letter of a parking is there, or what an operator made of it."""
        posts = self._world.queues.posts
        return row in self.dropped or any(
            post.row == row and post.redrive >= redrive for url in (OWN, DEAD) for post in posts[url]
        )

    def _alive_or_ended(self, row: str) -> None:
        item = self._world.table.items.get(row, {})
        state = item.get("state", {}).get("S")
        mark = (int(item.get("redrive", {"N": "0"})["N"]), int(item.get("copy", {"N": "0"})["N"]))
        told = self.letters.get(row, -1) > self._ended.get(row, -1)
        if state == DEAD_LETTERED and (told or item["dlq"]["S"] == "sent"):
            # What the row says of its dead letter is best effort: only a false "sent" does harm.
            if not told:
                self._broken("H17: parked, its dead letter noted as sent, and it never was")
            if not self._on_record(row, mark[0]):
                self._broken("I1: parked, and its dead letter is gone")
        elif state in (None, OPEN, CLAIMED, DEAD_LETTERED) and not self._alive(row, self._least(item, mark)):
            self._broken(f"I1: lost: the row is {state or 'not there'}, and no message lives that could go on")

    def _least(self, item: Item, mark: tuple[int, int]) -> tuple[int, int]:
        """The lowest number of a copy that can go on: the mark, while a queue can hold the copy that it stands for."""
        marked_at = float(item.get("marked_at", {"N": "inf"})["N"])
        return (0, 0) if "state" not in item or marked_at + 900 + QUEUE_RETENTION < self._world.t + 300 else mark

    def _broken(self, what: str) -> None:
        self._world.violation(what)

    def digest(self) -> tuple[Any, ...]:
        """What later verdicts depend on."""
        posts = self._world.queues.posts
        return (
            tuple(sorted((row, self.letters.get(row, -1) > step) for row, step in self._ended.items())),
            tuple(
                (post.step > self._ended.get(post.row, -1), post.step < self.letters.get(post.row, -1))
                for url in (OWN, DEAD)
                for post in posts[url]
            ),
            frozenset(self._parkings),
            frozenset(self._found),
            frozenset(self.effective),
            frozenset(self._named_since.items()),
            frozenset(self.placed),
            frozenset(self.results),
            frozenset(self.overtook),
            self.budgets.digest(),
        )
