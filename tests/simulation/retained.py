"""R1 to R10: what holds of registered responses, whoever registers, holds, erases, sweeps and deletes them."""

import json
from collections import defaultdict
from datetime import date, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer

from ledger import Record
from ledger.agenda import DELETE, VERIFY, text_of
from ledger.sealable import SHARDS
from retention.evidence.seals import Seal, lines_of
from tests.simulation.expressions import Item
from tests.simulation.plan import BEGUN, DAY, HOLD_WINDOW, LONGEST_DELAY, SETTLING, record_key_of
from tests.simulation.queues import DEAD, RESULTS, Post
from tests.simulation.records import ALREADY_ABSENT, DEAD_LETTERED, HELD, number, state_of
from tests.simulation.table import LAG, Unstored

if TYPE_CHECKING:
    from tests.simulation.world import World

SWEEP_LEASE = 3600.0
_DESERIALIZE = TypeDeserializer().deserialize
_GONE = ("deleted", ALREADY_ABSENT)
_AGENDA = {"due_shard", "due_at", "due_for"}


def text(item: Item, name: str) -> str:
    """A text of the record, empty where it is not there."""
    return str(item.get(name, {"S": ""})["S"])


def names(item: Item, name: str) -> set[str]:
    """A set of the record."""
    return {*item.get(name, {"SS": ()})["SS"]}


class Retained:
    """Watches the records of responses, the holds on them, and the messages that ask for their deletion."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._versions: dict[str, list[tuple[float, Item]]] = {}
        self._ids = {record_key_of("response", name): name for name in world.plan.stores}
        self._known: dict[tuple[str, str], float] = {}  # since when a record names a person
        self._held: dict[str, float] = {}  # since when a record has a hold
        self._effective: set[tuple[str, str]] = set()  # (record, case) of holds that were reported effective
        self._claims: dict[str, float] = {}  # when a sweep last claimed a record, unless others made it due since
        self._claimants: set[tuple[str, str]] = set()  # (process, record) of all claims
        self._dead_letters: defaultdict[str, list[float]] = defaultdict(list)  # of deletions, by record
        self._stirred: set[str] = (
            set()
        )  # records that others than sweeps and dead-letterings made due since their last one
        self._summaries: dict[str, str] = {}  # of erasures, by the ids of their results
        self._registrations: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)  # that ended, by record
        self._released: dict[str, float] = {}  # when the last hold of a record went
        self._orders: dict[tuple[str, str], tuple[int, bool]] = {}  # the last that ended, by (record, case)
        self._lost: set[str] = set()  # functions of which a message was dead-lettered
        self._keepers: dict[str, str] = {}  # by whose hold a record was kept last
        self._erased_since: dict[str, float] = {}  # when a person was first erased
        self._late: set[str] = set()  # records that were registered for a person who was erased before
        self._wanted: set[str] = set()  # records that messages asked for without regard to the date
        self._verified: dict[str, float] = {}  # when a record last said that its response stays away
        self.returned: dict[str, float] = {}  # when a deleted response was there again

    # What the fakes tell ---------------------------------------------------------------------------------------

    def written(self, key: str, old: Item, new: Item) -> None:
        """A record was written."""
        if not self._world.plan.lasts:
            return
        self._holds(key, old, new)
        if "erased_at" in new:
            self._erased_since.setdefault(key, self._world.t)
        if key.startswith("erasure#") and "history" in new and "history" not in old:
            self._added_up(old, new)
            self._summed_up(new)
        if key.count("#") > 1 and (_AGENDA | {"response_id"}) & new.keys():
            self._broken("R3: a raw id, or an agenda, beside the record that it is of")
        if key.startswith("response#") and key.count("#") == 1:
            self._changed(key, old, new)

    def _changed(self, key: str, old: Item, new: Item) -> None:
        """The record of a response was written."""
        self._versions.setdefault(key, []).append((self._world.t, new))
        for person in names(new, "subjects") - names(old, "subjects"):
            self._known.setdefault((key, person), self._world.t)
        if ("response_id" in new) != ("due_shard" in new) or len(_AGENDA & new.keys()) not in (0, 3):
            self._broken("R3: a record has a raw id and no agenda, or an agenda and no raw id")
        if number(new, "registered_sent_at") < number(old, "registered_sent_at"):
            self._broken("R6: an earlier registration stands in the place of a later one")
        if state_of(old) == "deleted" and state_of(new) != "deleted":
            self._broken("R6: something came over a deletion")
        if text(old, "subject") and not text(new, "subject"):
            self._broken("R6: the person of a registration is dropped")
        self._absent(new)
        if "held_by" in new:
            self._keepers[key] = text(new, "held_by")
        if names(old, "asked") - names(new, "asked"):
            self._broken("R1: who was asked to go is asked no more")
        if "verified_at" in new and "verified_at" not in old:
            self._verified[key] = self._world.t
        self._ended(key, old, new)
        self._claimed(key, old, new)

    def _absent(self, item: Item) -> None:
        """R6, R10: an absence takes what was registered before it off the agenda, and nothing else."""
        if state_of(item) != ALREADY_ABSENT or "registered_sent_at" not in item:
            return
        later = number(item, "registered_sent_at") > number(item, "absent_sent_at")
        if later and "due_shard" not in item:
            self._broken("R6: an absence came over a later registration")
        if not later and "due_shard" in item:
            self._broken("R10: it was not there, and it is to be deleted once more")

    def _holds(self, key: str, old: Item, new: Item) -> None:
        if "hold" in new:
            self._held.setdefault(key, self._world.t)
        elif self._held.pop(key, None) is not None:
            self._released[key] = self._world.t
        self._effective -= {(key, case) for case in names(old, "hold") - names(new, "hold")}

    def _ended(self, key: str, old: Item, new: Item) -> None:
        state, name = state_of(new), self._name(key, new)
        if state == state_of(old) or name not in self._world.studio.stored.responses:
            return
        gone = self._world.studio.stored.responses[name].gone
        if state in _GONE:
            self._cascaded(key, old)
        if state in _GONE and not gone and not self._world.plan.returns:
            self._broken(f"R6: its record says {state}, and the response is still there")
        if state == HELD and not text(new, "held_by"):
            self._broken("R5: kept, and nothing says by whose hold")

    def _cascaded(self, key: str, old: Item) -> None:
        """What continues a response that goes with it is asked to go before its receipt is written."""
        bodies = [_body(post) for post in self._world.current.process.posts]
        said = any(body.get("cascade") and record_key_of("response", body["response_id"]) == key for body in bodies)
        if not said and "cascades" not in old and old.get("cascade") != {"BOOL": True}:
            return
        for child, versions in self._versions.items():
            since = next((at for at, item in versions if text(item, "parent") == key), float("inf"))
            item = versions[-1][1]
            due = text(item, "due_for") == DELETE and child != key
            if due and since + 2 * LAG < self._world.t and not names(item, "asked"):
                self._broken("cascade: a response is gone, and what continues it was not asked to go")

    def _claimed(self, key: str, old: Item, new: Item) -> None:
        """R10: a record causes one message a lease, unless others make it due in between."""
        if old.get("due_at") == new.get("due_at"):
            return
        process = self._world.current.process
        if not process.timer:
            self._claims.pop(key, None)
            again = old.get("registered_sent_at") != new.get("registered_sent_at") and "due_shard" in old
            if again and old.get("delete_after") == new.get("delete_after") and old.get("asked") == new.get("asked"):
                self._broken("R10: registering the same date again makes due what a sweep has claimed")
            if new.get("dead_lettered_at") == old.get("dead_lettered_at"):
                self._stirred.add(key)
            return
        holder = self._keepers.get(key, "")
        released = self._released.get(holder) if holder not in self._held else None
        if state_of(old) == HELD and released is not None:
            held = next(at for at, item in reversed(self._versions[key][:-1]) if state_of(item) == HELD)
            if self._world.t > max(released, held) + DAY and "legal_hold" not in self._lost:
                self._broken("R5: what a release left comes due more than a day later")
        if state_of(new) == "deleted" and text(new, "due_for") != VERIFY:
            self._broken("R10: a sweep claims what has ended")
        if self._world.t < self._claims.get(key, 0.0) + SWEEP_LEASE - self._slack():
            self._broken("R10: a record was claimed twice in one lease")
        self._claims[key] = self._world.t
        self._claimants.add((process.name, key))

    def _slack(self) -> float:
        """Seconds by which two machines' clocks may differ here, and for how long one of them may be at work."""
        plan = self._world.plan
        return max(plan.skews) - min(plan.skews) + plan.timeout

    def begins(self, response_id: str) -> None:
        """A deletion begins."""
        if not self._world.plan.lasts:
            return
        key, t = record_key_of("response", response_id), self._world.t
        for holder, known in self._covering(key):
            since = self._held.get(holder)
            if since is not None and t > max(since, known) + HOLD_WINDOW:
                self._broken("R4: a deletion was begun too long after a hold was placed")
        if self._asked(key, response_id):
            return
        seen = t + self._world.current.process.skew
        dates = [text(item, "delete_after") for item in self._stood(key, t - HOLD_WINDOW)]
        if dates and all(dates) and text_of(seen) < min(dates):
            self._broken("R2: deleted before its date, and nobody has asked for it")

    def _asked(self, key: str, response_id: str) -> bool:
        """Whether anybody has asked for the deletion whatever the date is."""
        bodies = [_body(post) for post in self._world.current.process.posts]
        said = {body.get("reason", "retention") for body in bodies if body.get("response_id") == response_id}
        return bool(said - {"retention"}) or any(names(item, "asked") for _, item in self._versions.get(key, ()))

    def _stood(self, key: str, since: float) -> list[Item]:
        """The record as it was at a time, and all that it has been after that."""
        versions = self._versions.get(key, [])
        before = [item for at, item in versions if at <= since]
        return before[-1:] + [item for at, item in versions if at > since]

    def _covering(self, key: str) -> list[tuple[str, float]]:
        """The records whose hold covers a response, and since when the ledger knows that they do."""
        return [(key, BEGUN), *((person, since) for (of, person), since in self._known.items() if of == key)]

    def deleted(self, response_id: str) -> None:
        """The service has deleted a response."""
        key = record_key_of("response", response_id)
        effective = {holder for holder, _ in self._effective}
        for holder, known in self._covering(key):
            if holder in effective and known + SETTLING < self._world.t:
                self._broken("R4: deleted, though its hold had been reported effective")

    def put(self, url: str, post: Post, *, confirmed: bool) -> None:
        """A message was put into a queue."""
        if not self._world.plan.lasts:
            return
        process, body = self._world.current.process, _body(post)
        if process.timer and url in ("delete_response", "verify_deletion"):
            key = record_key_of("response", body["response_id"])
            if (process.name, key) not in self._claimants and confirmed:
                self._broken("R10: a sweep sends what it has not claimed")
        elif url == DEAD:
            self._lost.add(process.url)
        if url == RESULTS:
            self._told(json.loads(post.body), process.url)
        if url == DEAD and process.url == "delete_response":
            self._dead_letter(record_key_of("response", str(body.get("response_id"))), confirmed=confirmed)

    def _dead_letter(self, key: str, *, confirmed: bool) -> None:
        """R10: what can't be deleted makes one dead letter a week, where nobody asks besides and nothing goes wrong."""
        times = self._dead_letters[key]
        asked = any(sent.to in ("delete_response", "erase_subject") for sent in self._world.plan.messages)
        quiet = not self._world.used and not self._world.paused and not asked and key not in self._stirred
        if quiet and confirmed and times and self._world.t < times[-1] + 7 * DAY - self._slack():
            self._broken("R10: two dead letters of one record in a week")
        times.append(self._world.t)
        self._stirred.discard(key)

    def _told(self, event: dict[str, Any], url: str) -> None:
        """A result was published."""
        data = event["data"]
        if url == "legal_hold" and data["outcome"] == "effective":
            self._effective |= {
                (key, data["case"])
                for key, item in self._world.table.items.items()
                if data["case"] in names(item, "hold")
            }
        if url == "erase_subject":
            said = json.dumps(data, sort_keys=True)
            if self._summaries.setdefault(event["id"].partition("#")[2], said) != said:
                self._broken("R8: an erasure has two summaries")
            if data["found"] != sum(data[end] for end in ("deleted", *_ENDS)):
                self._broken("R8: a summary's counts do not add up to what was found")

    def _added_up(self, old: Item, record: Item) -> None:
        """R8: a summary counts each response of the person once, and none of other people."""
        person, told = record["of"]["S"], record["history"]["M"]
        began = self._world.current.process.ends - self._world.plan.timeout
        if "walk" in old:  # begun by another invocation, on another machine
            began = min(began, float(old["walk"]["M"]["at"]["N"]) - self._slack())
        least = most = 0
        for versions in self._versions.values():
            mine = [
                at
                for at, item in versions
                if text(item, "subject") == person and text(item, "created_at") <= told["until"]["S"]
            ]
            others = [at for at, item in versions if text(item, "subject") not in ("", person)]
            most += bool(mine)
            least += bool(mine) and mine[0] < began - LAG and not others
        if not least <= int(told["found"]["N"]) <= most:
            self._broken("R8: a summary counts a response twice, or leaves it out")

    def _summed_up(self, record: Item) -> None:
        """R7: an erasure says that nothing is pending."""
        told = record["history"]["M"]
        if int(told["pending"]["N"]) or "walk" in record:
            return
        began = self._world.current.process.ends - self._world.plan.timeout
        for key, versions in self._versions.items():
            item = versions[-1][1]
            concerned = [at for at, each in versions if text(each, "subject") == record["of"]["S"]]
            known = concerned and concerned[0] < began - LAG and text(item, "subject") == record["of"]["S"]
            if known and text(item, "created_at") <= told["until"]["S"] and not self._has_end(key, item):
                self._broken(f"R7: nothing is pending, and a response of the person is {state_of(item)}")

    def _has_end(self, key: str, item: Item) -> bool:
        gone = self._world.studio.stored.responses[self._name(key, item)].gone
        return gone or state_of(item) in (*_GONE, HELD, DEAD_LETTERED)

    def _name(self, key: str, item: Item) -> str:
        name = text(item, "response_id")
        return self._ids.setdefault(key, name) if name else self._ids.get(key, "")

    def acknowledged(self, post: Post) -> None:
        """A message has ended: a registration that stands is known from here on."""
        if post.home == "register_response":
            body = _body(post)
            key = record_key_of("response", body["response_id"])
            self._registrations[key].append((post.asked_at, body.get("delete_after", "")))
            if "subject" in body and "register_response" not in self._lost:
                self._named(key, record_key_of("subject", body["subject"]))
        if post.home == "delete_response":
            body = _body(post)
            key = record_key_of("response", body["response_id"])
            if _is_dated(post):
                self._registrations[key].append((post.asked_at, body["not_before"]))
            elif body.get("reason", "retention") != "retention":
                self._wanted.add(key)
        if post.home == "legal_hold":
            body = _body(post)
            of = ("response", body["response_id"]) if "response_id" in body else ("subject", body["subject"])
            last = (post.asked_at, body["action"] == "place")
            case = (record_key_of(*of), body["case"])
            self._orders[case] = max(last, self._orders.get(case, last))

    def _named(self, key: str, person: str) -> None:
        """A registration that names this person has ended."""
        self._known.setdefault((key, person), self._world.t)
        process, items = self._world.current.process, self._world.table.items
        erased = self._erased_since.get(person, float("inf")) < process.ends - self._world.plan.timeout
        if erased and text(items[key], "created_at") <= text(items[person], "erased_at"):
            self._late.add(key)

    # The end ---------------------------------------------------------------------------------------------------

    def final(self) -> None:
        """All is over: what was registered is gone, waits for its date, is held, or its deletion failed."""
        if not self._world.plan.lasts:
            return
        for key, versions in self._versions.items():
            item = self._world.table.items[key]
            self._registered(key, item)
            if "registered_sent_at" in item or any("due_shard" in each for _, each in versions):
                self._rests(key, item)
        for (key, case), (_, placed) in self._orders.items():
            if (case in names(self._world.table.items[key], "hold")) != placed and "legal_hold" not in self._lost:
                self._broken("R4: the last order of a case does not stand")
        if "erase_subject" not in self._lost:
            self._erased()
        if self._world.plan.seals:
            self._sealed()

    def _sealed(self) -> None:
        """R9: each receipt and piece of history is in one seal, as its record has it; the seals are one chain."""
        items, vault = self._world.table.items, self._world.vault
        seals = [Seal.read(json.loads(text(items[key], "seal"))) for key in sorted(items) if "seal" in items[key]]
        if any(after.previous != before.head for before, after in pairwise(seals)):
            self._broken("R9: the seals are no chain")
        if not seals:
            self._broken("R9: no day was sealed")
            return
        days = [date.fromisoformat(seal.day) for seal in seals]
        if any((after - before).days != 1 for before, after in pairwise(days)):
            self._broken("R9: a day has no seal")
        try:
            contents = [line for seal in seals for part in range(SHARDS) for line in lines_of(seal, part, vault.get)]
        except Unstored:
            return
        lines = list(map(json.loads, contents))
        sealed = {line["key"]: line for line in lines}
        if len(sealed) < len(lines):
            self._broken("R9: a line was sealed twice")
        for key, item in items.items():
            day = text(item, "settled_shard").partition("#")[0]
            if day and day < seals[-1].day and key not in sealed:
                self._broken("R9: a receipt, or a piece of history, was never sealed")
        for key, line in sealed.items():
            record = Record.read({name: _DESERIALIZE(value) for name, value in items[key].items()})
            told = line.get("receipt", {}).get("outcome") or line.get("history", {}).get("kind")
            if told != (record.receipt.get("outcome") or record.rest.get("history", {}).get("kind")):
                self._broken("R9: what was sealed is not what its record says")

    def _erased(self) -> None:
        """R7, R8: each erasure has its summary, and what was created before it has an end."""
        items = self._world.table.items
        unsent = sum(sent.to == "erase_subject" for sent in self._world.to_send)
        if sum(sent.to == "erase_subject" for sent in self._world.plan.messages) != len(self._summaries) + unsent:
            self._broken("R8: an erasure has no summary")
        for key, versions in self._versions.items():
            item = versions[-1][1]
            bound = text(items.get(text(item, "subject"), {}), "erased_at")
            created = min(text(each, "created_at") or "~" for _, each in versions)
            if (created <= bound or key in self._late) and not self._has_end(key, item):
                self._broken(f"R7: created before its person was erased, and it is {state_of(item)}")

    def _registered(self, key: str, item: Item) -> None:
        """R6: of a response that has not ended the latest registration stands."""
        if state_of(item) in _GONE or not self._registrations[key] or "register_response" in self._lost:
            return
        sent, until = max(self._registrations[key])
        rivals = [at for at, _ in self._registrations[key] if at == sent]
        stands = int(number(item, "registered_sent_at"))
        if stands < sent and sent > number(item, "absent_sent_at"):
            self._broken("R6: a later registration does not stand")
        if stands == sent and len(rivals) == 1 and until and text(item, "delete_after") != _utc(until):
            self._broken("R6: the date is not that of the latest registration")

    def _rests(self, key: str, item: Item) -> None:
        name = self._name(key, item)
        response = self._world.studio.stored.responses.get(name)
        if response is None or response.gone:
            return
        if state_of(item) in _GONE and name in self.returned:
            self._came_back(key, item, name)
            return
        state, now = state_of(item), text_of(self._world.t)
        dated = text(item, "delete_after") > now and not names(item, "asked") and key not in self._wanted
        if "due_shard" not in item:
            self._broken(f"R1: it is there, its record is {state}, and nothing will ever be called for it")
        elif state == HELD and text(item, "held_by") not in self._held:
            self._broken("R5: no hold keeps it any more, and it is not deleted")
        elif state not in (HELD, DEAD_LETTERED) and not dated:
            self._broken(f"R1: it is there, its record is {state}, and it waits for no date")
        elif state == DEAD_LETTERED and not self._dead_letters[key]:
            self._broken("R1: dead-lettered, and there is no dead letter")

    def _came_back(self, key: str, item: Item, name: str) -> None:
        """What was deleted and is there again is deleted again, and people are told, while it is looked for."""
        registered = state_of(item) == ALREADY_ABSENT and "due_shard" in item
        if registered and key in self._wanted and not names(item, "asked"):
            self._broken("R1: it was asked to go, and its next registration does not know it")
        looked = "verify_after" in item or key in self._verified
        if state_of(item) == ALREADY_ABSENT or not looked or self._lost & {"delete_response", "verify_deletion"}:
            return
        if self._verified.get(key, float("inf")) > self.returned[name] + DAY:
            self._broken("R1: deleted, and there again, and nobody has looked")

    def _broken(self, what: str) -> None:
        self._world.violation(what)

    def digest(self) -> tuple[Any, ...]:
        """What later verdicts depend on."""
        return (
            frozenset(self._known.items()),
            frozenset(self._held.items()),
            frozenset(self._effective),
            frozenset(self._claims.items()),
            frozenset(self._summaries.items()),
            frozenset(self._orders.items()),
            frozenset(self._keepers.items()),
            (frozenset(self._lost), frozenset(self._wanted), frozenset(self._late), frozenset(self._stirred)),
            tuple((key, tuple(times)) for key, times in self._dead_letters.items()),
        )


_ENDS = (ALREADY_ABSENT, HELD, DEAD_LETTERED, "pending")


def _is_dated(post: Post) -> bool:
    """Whether it is a deletion with a date so far ahead that it registers it."""
    until = _body(post).get("not_before")
    return until is not None and datetime.fromisoformat(until).timestamp() > post.asked_at / 1000 + LONGEST_DELAY


def _body(post: Post) -> dict[str, Any]:
    """What a message says, out of its envelope if it has one."""
    said = json.loads(post.body)
    body: dict[str, Any] = said.get("data", said) if isinstance(said, dict) else {}
    return body


def _utc(time: str) -> str:
    return text_of(datetime.fromisoformat(time).timestamp())
