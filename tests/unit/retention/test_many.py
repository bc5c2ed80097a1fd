"""A person with ten thousand responses, a hold on them, and chains of thousands: all end, within deadlines."""

from collections.abc import Callable
from typing import Any

import erase_subject
import legal_hold
from ledger import Keys, Ledger, Record, RecordKey, Write
from ledger.agenda import due, text_of
from ledger.registration import Registration
from ledger.states import DELETED, HELD
from retention.hold_orders import Action
from retention.registering import registered
from retention.successors import MOST_COUNTED, ask
from tests.simulation.expressions import Item
from tests.support.clock import FakeClock
from tests.support.memory_table import MemoryTable
from worker import Desk, Message, Outcome
from worker.clock import Deadline
from worker.queue_handler import Handler
from worker.settings import Settings

MANY = 10_000


class Scene:
    """The erasure of one person on a table whose every request takes a while."""

    def __init__(self, request: float) -> None:
        self.clock = FakeClock()
        self.keys = Keys("a secret")
        self.table = MemoryTable(lambda: self.clock.advance(request))
        self.sent_at = round(self.clock.now() * 1000)

    def register(self, number: int) -> None:
        """Put so many records of the person on the table, all for later."""
        created, subject = text_of(self.clock.now() - 100), self.keys.key("subject", "alice")
        store: Ledger = Ledger(self.table, "ledger")  # type: ignore[arg-type]  # as far as it is asked
        plain = [self.keys.key("response", f"resp_{each}") for each in range(number)]
        ahead = self.clock.now() + 864_000
        store.write_all(
            [Write(key, due(key, "r", ahead) | {"subject": subject, "created_at": created}) for key in plain]  # type: ignore[arg-type]  # an id
        )

    def change(self, make: Callable[[Item], Item]) -> None:
        """Change each item beside all requests."""
        self.table.items = {key: make(item) for key, item in self.table.items.items()}

    def erase(self) -> tuple[Outcome, float]:
        """One look of the person's erasure, and how many seconds it took."""
        return self._call(erase_subject.handler, erase_subject.EraseSubject(subject="alice"))

    def release(self) -> tuple[Outcome, float]:
        """One delivery of the order that releases the person's hold, and how many seconds it took."""
        order = legal_hold.LegalHold(action=Action.RELEASE, case="case-1", subject="alice")
        return self._call(legal_hold.handler, order)

    def _call(self, handler: Handler, message: Message) -> tuple[Outcome, float]:
        begun, deadline = self.clock.monotonic(), Deadline.after(60, self.clock)
        desk: Any = Desk(
            store=Ledger(self.table, "ledger", self.clock.sleep, deadline.budget()),  # type: ignore[arg-type]  # the same
            keys=self.keys,
            clock=self.clock,
            deadline=deadline,
            record_key=RecordKey("erase_subject#1"),
            sent_at=self.sent_at,
            origin="message-1",
            body_hash="h",
            identity="message-1",
            learn=lambda _: None,
            settings=Settings.model_validate({"ERASE_SETTLE": "1s"}),
        )
        outcome = handler.function.call(message, None, 15.0, desk)
        return outcome, self.clock.monotonic() - begun


def test_ten_thousand_are_asked_and_counted_within_deadlines() -> None:
    scene = Scene(0.25)
    scene.register(MANY)
    took: list[float] = []
    while True:
        outcome, seconds = scene.erase()
        took.append(seconds)
        if outcome.later is None:
            break
        scene.clock.advance(outcome.later.seconds)
        for key, item in scene.table.items.items():
            if "asked" in item:  # what is asked is deleted meanwhile
                left = {name: value for name, value in item.items() if not name.startswith("due_")}
                scene.table.items[key] = left | {"state": {"S": DELETED}}

    assert outcome.result is not None
    assert (outcome.result["found"], outcome.result["deleted"], outcome.result["pending"]) == (MANY, MANY, 0)
    assert max(took) < 60, "no invocation is cut off"
    assert len(took) < 12


def test_a_release_makes_ten_thousand_due_once_each_within_deadlines() -> None:
    scene = Scene(0.25)
    scene.register(MANY)
    person = scene.keys.key("subject", "alice")
    scene.change(lambda item: {**item, "held_by": {"S": person}, "state": {"S": HELD}})
    took, made = list[float](), 0
    while True:
        outcome, seconds = scene.release()
        took.append(seconds)
        assert outcome.result is not None
        made += outcome.result["due"]
        assert made <= MANY, "each is made due once"
        if outcome.later is None:
            break
        assert made == MANY or outcome.later.seconds == 1
        scene.clock.advance(outcome.later.seconds)
        now, claimed = text_of(scene.clock.now()), {"due_at": {"S": text_of(scene.clock.now() + 3_600)}}
        scene.change(lambda item: {**item, **claimed} if "due_at" in item and item["due_at"]["S"] <= now else item)  # noqa: B023 - called at once

    assert (made, outcome.result["outcome"]) == (MANY, "released")
    assert max(took) < 60, "no invocation is cut off"
    assert len(took) < 12


def test_of_a_thousand_successors_and_more_a_receipt_says_that_there_are_a_thousand() -> None:
    scene, asked = Scene(0), list[int]()
    scene.register(3 * MOST_COUNTED)
    parent = scene.keys.key("response", "resp_p")
    scene.change(lambda item: {**item, "parent": {"S": parent}})
    table = MemoryTable(lambda: asked.append(1))
    table.items = scene.table.items
    store: Ledger = Ledger(table, "ledger")  # type: ignore[arg-type]  # the same

    told = ask(Record(parent, registered_sent_at=1), frozenset(), store, scene.clock.now())

    assert (told, len(asked)) == ({"successors": MOST_COUNTED}, MOST_COUNTED // 100)


def test_a_chain_of_a_thousand_is_gone_through_a_link_at_a_time() -> None:
    scene = Scene(0)
    store: Ledger = Ledger(scene.table, "ledger")  # type: ignore[arg-type]  # the same
    names = [f"resp_{number}" for number in range(1_000)]
    for name, previous in zip(names, [None, *names], strict=False):
        registered(Registration(name, scene.sent_at, "h", previous=previous), store, scene.keys, scene.clock.now())

    for name in names[:-1]:
        told = ask(store.get(scene.keys.key("response", name)), frozenset({"manual"}), store, scene.clock.now())
        assert told == {"cascaded": 1}

    asked = [name for name in names if store.get(scene.keys.key("response", name)).asked]
    assert asked == names[1:]
