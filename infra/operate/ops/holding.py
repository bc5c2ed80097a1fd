"""Orders about legal holds: given to the function that carries them out, or carried out from here, and waited for."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Any, TypeVar
from uuid import uuid4

from boto3.dynamodb.types import TypeDeserializer

from documents import TableUnavailable, Written
from infra.operate.ops.common import named
from infra.operate.ops.ending import wanting
from infra.operate.ops.environments import Reach
from infra.operate.ops.follow import EVERY, EVERY_LOCAL
from infra.operate.ops.ordering import checked, give, queue_there, timely
from infra.operate.ops.say import Voice
from ledger import HoldReport, Holds, HoldStatus, Record, RecordKey, Write
from ledger.states import DONE
from retention.hold_orders import LONGEST_INVOCATION, MOST_CASES, Action, Order, TooManyCases, carry_out, make_due

Told = TypeVar("Told")

LEGAL_HOLD = "legal_hold"
"""The function that carries out orders, keeps their history, and makes due what a release lets go."""


def holds_of(reach: Reach) -> Holds:
    """The holds, with the time after which they can be relied on: a window, the longest call, the clocks' skew."""
    return Holds(reach.ledger, reach.settings.hold_window + LONGEST_INVOCATION + reach.settings.lease_margin)


def key_of(reach: Reach, name: str, *, person: bool) -> RecordKey:
    """The record that holds are placed on; a record's own key is taken as it is. Raises Ended where the id is empty."""
    named(name)
    if "#" in name and " " not in name:
        return RecordKey(name)
    return reach.keys.key("subject" if person else "response", name)


@dataclass(frozen=True)
class Ordering:
    """An order for a hold. `patience`: seconds that its function may take longer than it should."""

    reach: Reach
    action: Action
    name: str
    case: str
    by: str
    person: bool
    patience: float
    voice: Voice

    @property
    def hint(self) -> str:
        """The command that shows how the hold stands."""
        return self.reach.hint("hold", "show", self.name, *(["--person"] if self.person else []))

    def give(self, *, to_the_end: bool) -> HoldReport:
        """Give it, and wait until it is on the record: a hold placed, or taken away; how it then stands.

        `to_the_end`: also wait until what it is for has come about, a hold that is effective, or all that it kept being
        due. Raises Ended where that is not in time, or another order counts.
        """
        key, holds, now = key_of(self.reach, self.name, person=self.person), holds_of(self.reach), time.time()
        timely(self.reach)
        holds.report(key, now)  # what can't be read must not be written
        noted = json.dumps({"order": self.action.value, "case": self.case, "by": self.by, "at": round(now, 3)})
        ordered: RecordKey | None = None
        if LEGAL_HOLD in self.reach.queues and self.name != key:  # a message names the id, and not the record's key
            about = "subject" if self.person else "response_id"
            order = {"action": self.action.value, "case": self.case, about: self.name, "ordered_by": self.by}
            message = checked(self.reach, LEGAL_HOLD, order)
            queue_there(self.reach, LEGAL_HOLD)
            self._note(key, noted)
            give(self.reach, LEGAL_HOLD, message)
            ordered = message.record_key
        else:
            self._note(key, noted)
            self._carry_out(Order(self.action, self.case, key, f"ops:{uuid4()}", round(now * 1000), self.by))
        wanted = self.action is Action.PLACE
        report = self._until(
            lambda: holds.report(key, time.time()), lambda told: (self.case in told.record.hold) == wanted
        )
        if to_the_end and wanted:
            settled = max(0.0, report.effective_at - time.time())
            report = self._until(
                lambda: holds.report(key, time.time()), lambda told: told.status is not HoldStatus.PLACED, settled
            )
        elif to_the_end and ordered:
            settled = float(self.reach.settings.erase_settle)
            self._until(lambda: self.reach.ledger.get(ordered), lambda told: told.state == DONE, settled)
        return report

    def _note(self, key: RecordKey, noted: str) -> None:
        if Written.YES is not self.reach.ledger.write(Write(key, sets={}, adds={"orders": {noted}})):
            raise TableUnavailable("the order could not be noted, and was not given")

    def _carry_out(self, order: Order) -> None:
        """Carry it out from here, as the function does. Raises TableUnavailable, and Ended where the order does not count.

        What a deletion under way writes down as held only afterwards comes due in 30 days.
        """
        now = time.time()
        try:
            if carry_out(order, self.reach.ledger, self.reach.keys, now) is None:
                raise wanting("a later order of this case stands")
        except TooManyCases:
            raise wanting(f"{MOST_CASES} other cases hold it already") from None
        if order.action is Action.RELEASE:
            make_due(order.target, self.reach.ledger, now, lambda: inf)

    def _until(self, look: Callable[[], Told], over: Callable[[Told], bool], should_take: float = 0.0) -> Told:
        """Look until it is over, for as long as it should take and the patience more. Raises Ended."""
        begun = time.monotonic()
        with self.voice.progress("seconds", round(should_take) or None) as bar:
            while not over(told := look()):
                if (passed := time.monotonic() - begun) > should_take + self.patience:
                    raise wanting(f"the order was sent, and is not carried out yet: {self.hint}")
                bar(round(passed))
                time.sleep(EVERY_LOCAL if self.reach.local else EVERY)
        return told


def held(reach: Reach, voice: Voice) -> list[Record]:
    """All records that are on hold; reads the whole table."""
    read, found, looked = TypeDeserializer().deserialize, list[Record](), 0
    pages = reach.dynamodb.get_paginator("scan").paginate(
        TableName=reach.table,
        ConsistentRead=True,
        FilterExpression="attribute_exists(#hold)",
        ExpressionAttributeNames={"#hold": "hold"},
    )
    with voice.progress("records", None) as bar:
        for page in pages:
            looked += page["ScannedCount"]
            bar(looked)
            items: list[dict[str, Any]] = [
                {name: read(value) for name, value in each.items()} for each in page["Items"]
            ]
            found += map(Record.read, items)
    return found
