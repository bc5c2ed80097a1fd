"""The invariants, looked at after every step of a world (for those of its end: `ending`)."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ledger.agenda import VERIFY
from tests.simulation.asked import ASKS
from tests.simulation.calls import Calls
from tests.simulation.expressions import Item
from tests.simulation.holds import HoldWatch
from tests.simulation.invocations import FUNCTIONS
from tests.simulation.plan import BEGUN, LONGEST_DELAY, QUEUE_KEEPS, record_key_of
from tests.simulation.queues import DEAD, OWN, RESULTS, Post
from tests.simulation.records import (
    ALREADY_ABSENT,
    CLAIMED,
    DEAD_LETTERED,
    FINAL_STATES,
    HELD,
    OPEN,
    number,
    retried,
    state_of,
    watermark,
)
from tests.simulation.registered import Registered
from tests.simulation.retained import Retained
from tests.simulation.retries import Retries

if TYPE_CHECKING:
    from tests.simulation.world import World

_GONE = ("deleted", ALREADY_ABSENT)
_NOTES = {"hold", "hold_at", "subjects", "asked", "noted_at"}
"""Attributes that say nothing of what was done, and may change beside a final outcome."""

_OF_VERIFICATION = {
    "receipts",
    "told",
    "messages",
    "verified_at",
    "resurrected",
    "response_id",
    "due_shard",
    "due_at",
    "due_for",
}
"""Attributes of a deletion's record that change while it is looked for."""

_WELL = {"acknowledged", "sent"}
_NO_CALL_COUNTED = {"throttled", "unavailable", "unauthorized", "forbidden"}
_BEFORE_THE_BREAKER = 2
"""Equal rejections that may be taken for their messages' own."""

_SKEW = 600.0
"""Seconds by which two machines' clocks may differ."""


def _goes_on(post: Post, item: Item, least: tuple[int, int]) -> bool:
    """Whether a message can go on: by its number, or since no retry message is known to stand for it."""
    begins = post.numbers.copy == 0 or post.numbers.redrive < watermark(item)[0]
    return post.number >= least or (begins and post.name not in retried(item))


class Checker:
    """Watches a world. Steps, not clocks, tell what came first."""

    def __init__(self, world: "World") -> None:
        self._world = world
        plan = world.plan
        function = FUNCTIONS[plan.function].namespace
        self.record_keys = {
            sent.body: record_key_of(function, sent.key) if sent.key else "" for sent in plan.messages if not sent.to
        }
        self._ids = {record_key_of(function, sent.key): sent.key for sent in plan.messages if sent.key and not sent.to}
        self.nameless = {
            sent.body for sent in plan.messages if sent.key == sent.name
        }  # their bodies alone are new messages
        self.registered = Registered(world)
        self.retained = Retained(world)
        self.calls = Calls(world, function)
        self.retries = Retries(world, self.record_keys)
        self.holds = HoldWatch(world)
        self._touched: set[str] = set()
        self._produced: set[str] = set()
        self._ended: dict[str, int] = {}  # the step at which a record last became held or dead-lettered
        self.dead_letters: dict[
            str, int
        ] = {}  # the step of a record's last dead letter; by body, of one that has no record
        self._reasons: set[tuple[str, str]] = set()  # (record, reason) of every dead-lettering on record
        self._found: set[tuple[str, str]] = set()  # (process, response) of every look that found it there
        self._marked_at: dict[str, float] = {}  # when a record last said that a message lives
        self._excused: set[str] = set()  # records whose messages a queue has dropped, until another one must go on
        self._dropped: set[str] = set()  # all of these that ever were
        self.lost: set[str] = set()  # bodies of messages that a queue has dropped
        self._stated_for: dict[str, int] = {}  # when the newest message came for which a record says its state
        self._began: dict[
            tuple[str, int], int
        ] = {}  # the first step of a redrive's chains, of which somebody was retried
        self._dead_letters_lost: set[str] = set()  # records whose dead letters a queue has dropped
        self.overtook: set[str] = set()  # records of which a final outcome came over another end
        self._rejected = 0  # messages that were dead-lettered as rejected
        self.results: dict[str, str] = {}  # the results that were sent, by their ids

    # What the fakes tell ---------------------------------------------------------------------------------------

    def named_by(self, body: str) -> str:
        """The record that a message's body names, empty for what can't be read."""
        return self.record_keys.get(body, "")

    def key_of(self, record_key: str) -> str:
        """The business key of a record."""
        return self._ids[record_key]

    def touch(self, record_key: str) -> None:
        """Something about this key has changed."""
        self._touched.add(record_key)

    def put(self, url: str, post: Post, *, confirmed: bool) -> None:
        """A message was put into a queue; `confirmed`: who sent it learns that."""
        self.touch(post.record_key)
        self.retained.put(url, post, confirmed=confirmed)
        if url in self._world.plan.beside:
            self.registered.put(post)
            return
        if url == RESULTS:
            self._published(post)
            return
        self._carries(post)
        if url == DEAD:
            self._dead_letter(post)
            return
        if self._must_go_on(post):
            self._excused.discard(post.record_key)
        self._produced.add(post.record_key)
        self.retries.put(post, confirmed=confirmed)

    def joined(self, post: Post, given: "Sequence[Post]") -> int:
        """The first step of the chains that a message of ours goes on with: also of that whose place it takes."""
        since = min(each.since for each in given)
        retry = post.home == OWN
        item = self._world.table.items.get(post.record_key, {})
        copy = post.numbers.copy - 1 if retry else watermark(item)[1]
        of = (post.record_key, post.numbers.redrive)
        if copy > 0 and (post.numbers.redrive, copy) > max(each.number for each in given):
            since = min(since, self._began.get(of, since))
        if retry:
            self._began[of] = min(since, self._began.get(of, since))
        return since

    def _published(self, post: Post) -> None:
        event = json.loads(post.body)
        self.registered.told(event, self._world.ports_of(self._world.current.process.url).name)
        held = f"#{HELD}" in event["id"]
        told = event["time"] if held else json.dumps(event["data"])
        if self._world.plan.function == "delete" and self.results.setdefault(event["id"], told) != told:
            self._broken("results: two outcomes have one id")
        self.results[event["id"]] = told
        if self._world.plan.function == "script" and "events" in event["data"]:
            self._tells_all(event["data"])
        if "dataref" in event and event["data"]["key"] not in self._world.bucket.stored:
            self._broken("results: a result names an object that was never stored")

    def _tells_all(self, told: Mapping[str, Any]) -> None:
        """Each response of a script has an end of its own; what has none, or was not sent, is said to be so."""
        given = [each["status"] for each in told["events"] if each["type"] == ASKS]
        ends = [response["status"] for response in told.get("responses", ())]
        if len(ends) != given.count("acknowledged") or not set(ends) <= {"completed", "cancelled"}:
            self._broken(f"results: responses that {given} end as {ends}")
        cut = {each["status"] for each in told["events"] if each["type"] != "response.cancel"} - _WELL
        if cut and "error" not in told:
            self._broken(f"results: an event is {cut}, and nothing says why")

    def _carries(self, post: Post) -> None:
        """A producer's own attributes travel along."""
        given = [each for each in self._world.current.process.posts if each.body == post.body]
        own = all("tenant" in each.attributes for each in given) and bool(given)
        if own and post.chain != post.name and "tenant" not in post.attributes:
            self._broken("a retry message or dead letter lacks an attribute of its producer's")

    def _dead_letter(self, post: Post) -> None:
        if self._world.current.process.url in self._world.plan.beside:
            return  # another function's
        if post.reason == "key_reused":
            self.dead_letters[post.body] = self._world.steps
            self._excused |= {post.record_key} & self._dropped  # it has come in vain: other content revives no chain
            return
        if not post.record_key:
            self.dead_letters[post.body] = self._world.steps
            return
        if post.numbers.redrive >= watermark(self._world.table.items[post.record_key])[0]:  # else an earlier end's
            self.dead_letters[post.record_key] = self._world.steps
        if (post.record_key, post.reason) not in self._reasons:
            self._broken(f"H14: a dead letter says {post.reason}, and the ledger never did")
        elif post.numbers.redrive > watermark(self._world.table.items[post.record_key])[0]:
            self._broken("a dead letter says a redrive that its record does not know")
        made = (
            self.calls.since(post.record_key, post.since)
            + self.retries.cut[post.record_key]
            + self.retries.faulty[post.record_key]
        )
        owner = self._world.table.items[post.record_key].get("owner", {"S": ""})["S"].partition("-")[0]
        if owner == self._world.current.process.name and post.numbers.attempt > made:  # else it repeats a dead letter
            self._broken(
                f"H21: a dead letter says {post.numbers.attempt} attempts, since it began anew there were {made}"
            )

    def _must_go_on(self, post: Post) -> bool:
        """Whether a message that follows dropped ones must be dealt with: it meets no watermark that counts."""
        marked = self._marked_at.get(post.record_key, 0.0)
        item = self._world.table.items.get(post.record_key, {})
        if state_of(item) == CLAIMED:
            marked = max(marked, number(item, "lease_until"))
        return self._world.t > marked + LONGEST_DELAY + QUEUE_KEEPS + _SKEW

    def dropped(self, url: str, posts: "list[Post]") -> None:
        """A queue has dropped messages that it kept for as long as it keeps any, or all that it had."""
        record_keys = {post.record_key for post in posts if post.record_key}
        self.lost |= {post.body for post in posts}
        if url == OWN:
            self._excused |= record_keys
            self._dropped |= record_keys
        else:
            self._dead_letters_lost |= record_keys

    def moved(self, post: Post) -> None:
        """The queue's policy moved a message."""
        self.touch(post.record_key)
        self.dead_letters[post.record_key or post.body] = self._world.steps
        if "moved" in self._world.plan.forbidden:
            self._broken("H23: the queue dead-lettered a healthy message")

    def lapsed(self, record_key: str) -> None:
        """A record has expired: nothing is known of its key any more."""
        self._ended.pop(record_key, None)
        self._excused.add(record_key)
        self.calls.lapsed(record_key)

    def written(self, key: str, old: Item, new: Item, *, stated: bool) -> None:
        """A record was written; `stated`: with a state, be it the same."""
        self.touch(key)
        self.retained.written(key, old, new)
        if key in self._ids:
            self.registered.written(key, new)
        if "expires_at" in old and number(old, "expires_at") < self._seen_time():
            self.lapsed(key)
            old = {}
        was, now = state_of(old), state_of(new)
        beside = _NOTES | _OF_VERIFICATION if old.get("due_for") == {"S": VERIFY} else _NOTES
        names = {name for name in old.keys() | new.keys() if not name.startswith("case_")} - beside
        if number(new, "expires_at") > number(old, "expires_at") > 0:
            names -= {"expires_at"}  # who read no record before that end, and is put off, lets it live a little longer
        changed = any(old.get(name) != new.get(name) for name in names)
        if was in FINAL_STATES and changed and was != ALREADY_ABSENT:
            self._broken(f"I4: a final outcome was changed, from {was} to {now}")
        if "receipt" in old and old["receipt"] != new.get("receipt"):
            self._broken("I4: the first receipt was changed")
        self.holds.written(key, old, new)
        if was in (HELD, DEAD_LETTERED, ALREADY_ABSENT) and now in FINAL_STATES:
            self.overtook.add(key)
        if stated and was == CLAIMED:
            self._taken_from(old["owner"]["S"].partition("-")[0])
        if watermark(old) != watermark(new) or (stated and now in (OPEN, CLAIMED)):
            self._marked_at[key] = self._world.t
        if stated:
            self._entered(key, str(now), new)

    def _taken_from(self, owner: str) -> None:
        others = (each.name for each in self._world.processes if each is not self._world.current.process)
        if owner in others:
            self._broken("H24: a caller that still runs was taken for dead")

    def _entered(self, key: str, state: str, new: Item) -> None:
        studio, business = self._world.studio, self._ids.get(key, "")
        given = [post.born for post in self._world.current.process.posts if post.record_key == key]
        self._stated_for[key] = max(given, default=self._world.steps)
        if state in (HELD, DEAD_LETTERED):
            self._ended[key] = self._world.steps
        if state == DEAD_LETTERED:
            self._dead_lettered(key, new["reason"]["S"])
            if business:
                self.calls.dead_lettered(business, int(new["attempt"]["N"]))
        elif state == "done" and business:
            self._done(key, business, new)
        elif state == ALREADY_ABSENT and business and self.calls.last_begun.get(business, -1) < 0:
            self._broken("I4: absent, and it was never asked for")
        elif state in _GONE and business and business not in studio.gone and not self._world.plan.appears:
            self._broken(f"I3: {state}, and it is still there")
        elif state == HELD and business and (self._world.current.process.name, business) not in self._found:
            self._broken("H16: held, and its writer never saw that it was still there")

    def _done(self, key: str, business: str, new: Item) -> None:
        redrive = new["redrive"]["N"]
        if new.get("outcome") in ({"S": "queued"}, {"S": "begun"}):
            if not self.registered.polled(key, redrive):
                self._broken("H13: its end was left to polls, and none was ever sent")
        elif f"{key}#{redrive}" not in self.results:
            self._broken("H13: done, and its result was never sent")
        if not self._world.studio.billed[business]:
            self._broken("I4: done, and nothing was ever asked for")

    def _dead_lettered(self, key: str, reason: str) -> None:
        self._reasons.add((key, reason))
        if reason == "rejected":
            self._rejected += 1
        refused = reason == "rejected" or reason in _NO_CALL_COUNTED
        if refused and key in self._ids and self.calls.may_have_happened(self._ids[key]):
            self._broken(f"I2: dead-lettered as {reason}, though it may have happened")
        if self._world.plan.retired and self._rejected > _BEFORE_THE_BREAKER:
            self._broken("the deployment is wrong, and its messages are dead-lettered one after the other")
        if (
            key in self._ids
            and reason in _NO_CALL_COUNTED
            and not self.calls.begun[self._ids[key]]
            and not self.retries.retried(key)
        ):
            self._broken(f"H22: dead-lettered as {reason}, and it was never called nor put off")
        if reason in _NO_CALL_COUNTED and self._seen_time() < BEGUN + self._world.plan.max_age:
            self._broken(f"H22: dead-lettered as {reason} long before its time")
        if reason == "outcome_unknown" and "unknown" in self._world.plan.forbidden:
            self._broken("H19: nobody knows what happened, though nothing went wrong")

    def _seen_time(self) -> float:
        return self._world.t + self._world.current.process.skew

    def begins(self, method: str, key: str, content: str) -> None:
        """A call begins."""
        self.calls.begins(method, key, content)
        record_key = self.calls.record_keys[key]
        if (
            record_key in self._world.current.process.superseded
            and state_of(self._world.table.items.get(record_key, {})) == OPEN
        ):
            self._broken("a message was called for, although a newer one of its key lives")
        if method == "DELETE":
            self.holds.begins(key)
            if self._seen_time() < min(sent.due for sent in self._world.plan.messages if sent.key == key):
                self._broken("a deletion was begun before its time")

    def superseded(self, posts: "Sequence[Post]") -> set[str]:
        """The records of delivered messages of which a newer one lives."""
        t = self._world.t
        record_keys = {post.record_key for post in posts if post.record_key}
        found = set()
        for record_key in record_keys:
            item = self._world.table.items.get(record_key, {})
            highest = watermark(item)
            alive = [
                post
                for post in self._world.queues.posts[OWN]
                if post.record_key == record_key and post.number >= highest
            ]
            counts = t < self._marked_at.get(record_key, 0.0) + QUEUE_KEEPS - _SKEW
            given = [post for post in posts if post.record_key == record_key]
            older = not any(_goes_on(post, item, highest) for post in given)
            if state_of(item) == OPEN and counts and alive and older:
                found.add(record_key)
        return found

    def found(self, response_id: str) -> None:
        """A look has found a response there."""
        self._found.add((self._world.current.process.name, response_id))

    def acknowledged(self, post: Post) -> None:
        """A delivered message was deleted from its queue."""
        self.retained.acknowledged(post)
        self.touch(post.record_key)
        self.holds.acknowledged(post)
        if not post.record_key or post.record_key in self._excused or self._alive(post.record_key, post.number):
            return
        item = self._world.table.items.get(post.record_key, {})
        state = state_of(item)
        self.calls.acknowledged(self._ids[post.record_key], state)
        unasked = self.calls.last_begun.get(self._ids[post.record_key], -1) < post.step
        if state == ALREADY_ABSENT and unasked and post.asked_at == int(post.sent_at * 1000):
            self._broken("acknowledged unasked: no call has begun since this was sent")
        told = max(self.dead_letters.get(post.record_key, -1), self.dead_letters.get(post.body, -1)) > post.born
        if state == ALREADY_ABSENT and number(item, "absent_sent_at") < post.asked_at and not told:
            self._broken("acknowledged unasked: a response was found absent before this was sent")
        # Whatever was sent after a record's end has to be dealt with, however it came there.
        answered = told or number(item, "absent_sent_at") >= post.asked_at  # absent since
        if state in (HELD, DEAD_LETTERED) and self._ended[post.record_key] < post.born and not answered:
            self._broken(
                f"H5, H15: acknowledged without an answer of its own: the record was {state} before it was sent"
            )

    # The state, after each step --------------------------------------------------------------------------------

    def check(self) -> None:
        """Look at the keys that something happened to."""
        while self._touched:
            record_key = self._touched.pop()
            if record_key and record_key in self._produced:
                self._alive_or_ended(record_key)

    def _alive(self, record_key: str, least: tuple[int, int]) -> bool:
        """Whether a message lives that could go on: what the queue's policy moved can, a dead letter has ended."""
        posts = self._world.queues.posts
        going = [*posts[OWN], *(post for post in posts[DEAD] if not post.reason)]
        item = self._world.table.items.get(record_key, {})
        return record_key in self._excused or any(
            post.record_key == record_key and _goes_on(post, item, least) for post in going
        )

    def _anew(self, record_key: str, item: Item) -> bool:
        """Whether a message lives that is none of those which the record's end answers."""
        answered = item.get("messages", {"SS": ()})["SS"]
        own = self._world.queues.posts[OWN]
        return any(post.record_key == record_key and not {post.name, post.chain} & {*answered} for post in own)

    def _stated_late(self, record_key: str) -> bool:
        """Whether a late delivery wrote the state: a dead letter that came after its message lies there, for both."""
        told = self.dead_letters.get(record_key, -1) > self._stated_for[record_key]
        return told and any(post.record_key == record_key and post.reason for post in self._world.queues.posts[DEAD])

    def _on_record(self, record_key: str, redrive: int) -> bool:
        """Whether the dead letter of a record is there, or what an operator or a script made of it."""
        posts, ended = self._world.queues.posts, self._ended.get(record_key, -1)
        return record_key in self._dead_letters_lost | self._excused or any(
            post.record_key == record_key and (post.numbers.redrive >= redrive or post.born > ended)
            for url in (OWN, DEAD)
            for post in posts[url]
        )

    def _alive_or_ended(self, record_key: str) -> None:
        item = self._world.table.items.get(record_key, {})
        state, highest = state_of(item), watermark(item)
        told = self.dead_letters.get(record_key, -1) > self._ended.get(record_key, -1)
        if state == DEAD_LETTERED and (told or item["dlq"]["S"] == "sent"):
            # What the record says of its dead letter is best effort: only a false "sent" does harm.
            if not told:
                self._broken("H17: dead-lettered, its dead letter noted as sent, and it never was")
            if not self._on_record(record_key, highest[0]):
                self._broken("I1: dead-lettered, and its dead letter is gone")
        elif state == DEAD_LETTERED and self._anew(record_key, item):
            return  # it is no message that this end answers: its delivery sees to the dead letter, or goes on
        elif state in (CLAIMED, DEAD_LETTERED) and self._stated_late(record_key):
            return
        elif state in (None, OPEN, CLAIMED, DEAD_LETTERED) and not self._alive(
            record_key, self._least(record_key, item, highest)
        ):
            self._broken(f"I1: lost: the record is {state or 'not there'}, and no message lives that could go on")

    def _least(self, record_key: str, item: Item, highest: tuple[int, int]) -> tuple[int, int]:
        """The lowest number that can go on: the watermark, while a queue can hold the message that it stands for."""
        marked = max(self._marked_at.get(record_key, 0.0), number(item, "lease_until"))
        counts = self._world.t < marked + LONGEST_DELAY + QUEUE_KEEPS + _SKEW
        return highest if state_of(item) and counts else (0, 0)

    def excused(self, record_key: str) -> bool:
        """Whether its messages were dropped by a queue, and nothing came after them."""
        return record_key in self._excused

    def _broken(self, what: str) -> None:
        self._world.violation(what)

    def digest(self) -> tuple[Any, ...]:
        """What later verdicts depend on."""
        posts = self._world.queues.posts
        return (
            tuple(
                sorted(
                    (record_key, self.dead_letters.get(record_key, -1) > step)
                    for record_key, step in self._ended.items()
                )
            ),
            tuple(
                (
                    post.born > self._ended.get(post.record_key, -1),
                    post.born < self.dead_letters.get(post.record_key, -1),
                )
                for url in (OWN, DEAD)
                for post in posts[url]
            ),
            frozenset(self._reasons),
            frozenset(self._found),
            frozenset(self.results),
            frozenset(self.overtook),
            self.calls.digest(),
            self.retries.digest(),
            self.holds.digest(),
            self.retained.digest(),
        )
