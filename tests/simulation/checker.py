"""The invariants, looked at after every step of a world and once more at its end."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ledger.deletions import QUEUE_RETENTION
from ledger.row import CLAIMED, FACTS, HELD, OPEN, PARKED
from tests.simulation.expressions import Item
from tests.simulation.invocations import FUNCTIONS, told
from tests.simulation.plan import BEGUN, CONTENT, HOLD_WINDOW, MAX_AGE, SECRET, SUBJECT, TOKEN, hold_row, row_key
from tests.simulation.process import Process
from tests.simulation.queues import DEAD, OWN, RESULTS, Post

if TYPE_CHECKING:
    from tests.simulation.world import World

_GONE = ("deleted", "already_absent")
_NOTES = {"hold", "hold_at", "subjects"}
"""Attributes that say nothing of what was done, and may change beside a fact."""

_NO_CALL_COUNTED = {"throttled", "unavailable", "unauthorized", "forbidden"}


class Checker:
    """Watches a world. Steps, not clocks, tell what came first."""

    def __init__(self, world: "World") -> None:
        self._world = world
        plan = world.plan
        function = FUNCTIONS[plan.function].name
        self._rows = {sent.body: row_key(function, sent.key) if sent.key else "" for sent in plan.messages}
        self._ids = {row_key(function, sent.key): sent.key for sent in plan.messages if sent.key}
        self._freely = {row_key(function, sent.key) for sent in plan.messages if sent.retries_unknown}
        self._touched: set[str] = set()
        self._ended: dict[str, int] = {}  # the step at which a row last became held or parked
        self._letters: dict[str, int] = {}  # the step of a row's last dead letter
        self._parkings: set[tuple[str, str]] = set()  # (row, reason) of every parking
        self._produced: Counter[str] = Counter()
        self._excuses = 0  # what may have doubled a message or a call
        self._held_since: dict[str, float] = {}
        # A deletion whose duplicate was held or parked, and acknowledged, meanwhile: nobody is left to publish a fact
        # whose writer died before it could. The result can be had from the row, or by redriving the dead letter.
        self._forgotten: set[str] = set()
        self._dropped: set[str] = set()
        self._overtook: set[str] = set()
        self.placed: set[str] = set()
        self.effective: set[str] = set()
        self.forced: set[tuple[str, int]] = set()
        self._results: set[str] = set()

    # What the fakes tell ---------------------------------------------------------------------------------------

    def row_of(self, body: str) -> str:
        """The row that a message's body names, empty for what can't be read."""
        return self._rows.get(body, "")

    def touch(self, row: str) -> None:
        """Something about this key has changed."""
        self._touched.add(row)

    def put(self, url: str, post: Post) -> None:
        """A message was put into a queue."""
        self.touch(post.row)
        if url == RESULTS:
            self._results.add(json.loads(post.body)["id"])
        elif url == DEAD:
            self._letters[post.body if post.reason == "key_reused" else post.row or post.body] = self._world.steps
            if post.row and post.reason != "key_reused" and (post.row, post.reason) not in self._parkings:
                self._broken(f"H14: a dead letter says {post.reason}, and the ledger never did")
        else:
            self._forgotten.discard(post.row)
            self._produced[post.row] += not post.attributes

    def forgotten(self, posts: "list[Post]") -> None:
        """The queue has dropped messages that it kept for as long as it keeps any."""
        self._forgotten |= {post.row for post in posts}
        self._dropped |= {post.row or post.body for post in posts}

    def moved(self, post: Post) -> None:
        """The queue's policy moved a message."""
        self.touch(post.row)
        self._letters[post.row or post.body] = self._world.steps
        if "moved" in self._world.plan.forbidden:
            self._broken("H23: the queue dead-lettered a healthy message")

    def returned(self, posts: "Sequence[Post]") -> None:
        """A batch returns."""
        self._excuses += 1

    def killed(self, process: Process) -> None:
        """A process is no more."""
        self._excuses += 1

    def written(self, key: str, old: Item, new: Item, *, stated: bool) -> None:
        """A row was written; ``stated``: with a state, be it the same."""
        self.touch(key)
        was, now = (item.get("state", {}).get("S") for item in (old, new))
        if was in FACTS and any(old.get(name) != new.get(name) for name in (old.keys() | new.keys()) - _NOTES):
            self._broken(f"I4: a fact was changed, from {was} to {now}")
        if "hold" in new and "hold" not in old:
            self._held_since[key] = self._world.t
            self.placed |= set(new["hold"]["SS"])
        elif "hold" not in new:
            self._held_since.pop(key, None)
        if was in (HELD, PARKED) and now in FACTS:
            self._overtook.add(key)
        if stated:
            self._entered(key, str(now), new)

    def _entered(self, key: str, state: str, new: Item) -> None:
        studio, business = self._world.studio, self._ids.get(key, "")
        if state in (HELD, PARKED):
            self._ended[key] = self._world.steps
        if state == PARKED:
            self._parked(key, new["reason"]["S"], new)
        elif state == "done" and f"{key}#{new['redrive']['N']}" not in self._results:
            self._broken("H13: done, and its result was never sent")
        elif state == "done" and not studio.billed[business]:
            self._broken("I4: done, and nothing was ever asked for")
        elif state in _GONE and business not in studio.gone:
            self._broken(f"I3: {state}, and it is still there")
        elif state == HELD and studio.gone_at_step.get(business, self._world.steps) < self._begun():
            self._broken("H16: held, and it was deleted before")

    def _begun(self) -> int:
        process = self._world.current.process
        return process.begun_at_step

    def _parked(self, key: str, reason: str, new: Item) -> None:
        self._parkings.add((key, reason))
        forbidden = self._world.plan.forbidden
        if reason in _NO_CALL_COUNTED and self._world.t < BEGUN + MAX_AGE - 600:
            self._broken(f"H22: parked as {reason} long before its time")
        if reason == "outcome_unknown" and "unknown" in forbidden:
            self._broken("H19: nobody knows what happened, though nothing went wrong")
        owner = new.get("owner", {}).get("S", "").partition("-")[0]
        writer = self._world.current.process.name
        if owner != writer and any(process.name == owner for process in self._world.processes):
            self._broken("H24: a caller that still runs was taken for dead")

    def billed(self, key: str) -> None:
        """The service has made a response."""
        row = next(row for row, business in self._ids.items() if business == key)
        forced = sum(1 for forced_row, _ in self.forced if forced_row == row)
        if self._world.studio.billed[key] > 1 + forced and row not in self._freely:
            self._broken("I2: a second response was made for one message")

    def begins(self, method: str, response_id: str) -> None:
        """A call begins."""
        if method != "DELETE":
            return
        since = self._held_since.get(hold_row(self._world.plan, response_id))
        if since is not None and self._world.t > since + HOLD_WINDOW + 1:
            self._broken("I5: a deletion was begun too long after a hold was placed")
        if self._world.t + 300 < min(sent.due for sent in self._world.plan.messages if sent.key == response_id):
            self._broken("a deletion was begun before its time")

    def deleted(self, response_id: str) -> None:
        """The service has deleted a response."""
        if hold_row(self._world.plan, response_id) in self.effective:
            self._broken("I5: deleted, though its hold had been reported effective")

    def acknowledged(self, post: Post) -> None:
        """A delivered message was deleted from its queue."""
        row = self._world.table.items.get(post.row, {})
        state = row.get("state", {}).get("S")
        self.touch(post.row)
        if state not in (HELD, PARKED) or self._alive(post.row, post.number):
            return
        # A deletion sent after the row's end runs; a create only where an operator redrove it.
        fresh = self._ended[post.row] < post.step
        redriven = post.redrive > int(row.get("redrive", {"N": "0"})["N"])
        answered = max(self._letters.get(post.row, -1), self._letters.get(post.body, -1)) > post.step
        if (fresh if self._world.plan.function == "delete" else redriven) and not answered:
            self._broken(f"H5, H15: acknowledged without an answer of its own: the row was {state} before it was sent")

    # The state, after each step --------------------------------------------------------------------------------

    def check(self) -> None:
        """Look at the keys that something happened to."""
        while self._touched:
            row = self._touched.pop()
            if row and self._produced[row]:
                self._alive_or_ended(row)

    def _alive(self, row: str, number: tuple[int, int]) -> bool:
        if row in self._forgotten:
            return True
        posts = self._world.queues.posts
        return any(post.row == row and post.number >= number for url in (OWN, DEAD) for post in posts[url])

    def _alive_or_ended(self, row: str) -> None:
        item = self._world.table.items.get(row, {})
        state = item.get("state", {}).get("S")
        mark = (int(item.get("redrive", {"N": "0"})["N"]), int(item.get("seq", {"N": "0"})["N"]))
        told = self._letters.get(row, -1) > self._ended.get(row, -1)
        if state == PARKED and (told or item["dlq"]["S"] == "sent"):
            # What the row says of its dead letter is best effort: only a false "sent" does harm.
            if not told:
                self._broken("H17: parked, its dead letter noted as sent, and it never was")
            if not self._alive(row, (mark[0], 0)):
                self._broken("I1: parked, and its dead letter is gone")
        elif state in (None, OPEN, CLAIMED, PARKED) and not self._alive(row, self._least(item, mark)):
            self._broken(f"I1: lost: the row is {state or 'not there'}, and no message lives that could go on")
        self._bounded(row)

    def _least(self, item: Item, mark: tuple[int, int]) -> tuple[int, int]:
        """The lowest number of a copy that can go on: the mark, while a queue can hold the copy that it stands for."""
        next_at = float(item.get("next_at", item.get("lease_until", {"N": "inf"}))["N"])
        return (0, 0) if "state" not in item or next_at + QUEUE_RETENTION < self._world.t + 300 else mark

    def _bounded(self, row: str) -> None:
        world = self._world
        live = sum(1 for post in world.queues.posts[OWN] if post.row == row)
        spent = world.plan.most - world.faults_left
        messages = self._produced[row] + world.plan.redrives + world.plan.forces
        most = 2 * (messages + spent + self._excuses)  # each may be there with its copy
        if live > most:
            self._broken(f"H20: {live} copies of one message live")

    # The end ---------------------------------------------------------------------------------------------------

    def final(self) -> None:
        """Everything has settled: nothing is lost, nothing is left over, nothing was told that must not be."""
        world = self._world
        if world.queues.posts[OWN]:
            self._broken("a message was never settled")
        for sent in world.plan.messages:
            row = self._rows[sent.body]
            if (row or sent.body) in self._dropped:
                continue
            state = world.table.items.get(row, {}).get("state", {}).get("S")
            if not row and sent.body not in self._letters:
                self._broken("a message that can't be used is not on the dead-letter queue")
            elif row and state not in (*FACTS, HELD, PARKED):
                self._broken(f"a message was never settled: its row is {state}")
            elif state in _GONE and f"{row}#{state}" not in self._results and row not in self._overtook:
                self._broken(f"{state}, and its result was never sent")
            elif row and not world.plan.faults and state in _GONE:
                self._in_time(sent.key)
        self._calls_within_budget()
        self._told_nothing()

    def _in_time(self, response_id: str) -> None:
        """Where nothing goes wrong, the first date of any message counts; the queue's longest delay is 15 minutes."""
        wanted = min(max(sent.due, BEGUN) for sent in self._world.plan.messages if sent.key == response_id)
        late = self._world.studio.gone_at.get(response_id, 0.0) - wanted - self._world.paused
        if late > 1_000:
            self._broken(f"deleted {late:.0f} s later than one of its messages wanted")

    def _calls_within_budget(self) -> None:
        plan, studio = self._world.plan, self._world.studio
        spare = self._excuses + plan.most + plan.attempts * (plan.redrives + plan.forces)
        for key, unknown in studio.unknown.items():
            produced = sum(1 for sent in plan.messages if sent.key == key)
            if unknown > 2 * (plan.attempts * produced + spare):
                self._broken(f"I6: {unknown} calls that counted, of a budget of {plan.attempts}")

    def _told_nothing(self) -> None:
        rows = repr(self._world.table.items)
        for place, text in (("the ledger", rows), ("the logs", told(self._world.lines))):
            for secret in (
                CONTENT,
                TOKEN,
                SECRET,
                SUBJECT,
                *(sent.key for sent in self._world.plan.messages if sent.key),
            ):
                if secret in text:
                    self._broken(f"I7: {place} hold {secret!r}")

    def _broken(self, what: str) -> None:
        self._world.violation(what)

    def digest(self) -> tuple[Any, ...]:
        """What later verdicts depend on."""
        return (
            tuple(sorted((row, self._letters.get(row, -1) > step) for row, step in self._ended.items())),
            frozenset(self._parkings),
            frozenset(self.effective),
            frozenset(self.placed),
            frozenset(self.forced),
            frozenset(self._results),
            frozenset(self._overtook),
        )
