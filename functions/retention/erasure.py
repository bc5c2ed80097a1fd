"""Erasures: what is registered for a person is asked to go, and looked at until nothing is pending.

`erased_at` on the person's record is the greatest bound of all erasures: what is registered later, and was created up
to it, is asked to go at once (retention/registering.py). The summary is written once, on the erasure's record: what is
published is what the record says.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from documents import Index
from ledger import Ledger, Record, RecordKey, Write
from ledger.agenda import DELETE, text_of
from ledger.sealable import settled
from ledger.states import ALREADY_ABSENT, DEAD_LETTERED, DELETED, ERASURE, HELD
from retention.erasure_record import Erasure, Place, Walk, kept, written

SUBJECT = Index("subject", "subject", "created_at")
"""What is registered for a person, by when it was created."""

LONGEST = 7 * 86_400
"""Seconds after which an erasure ends with what is pending."""

SOONEST, LATEST = 60, 900
"""Seconds between two looks, twice as long each time."""

MOST_CASES, MOST_CONVERSATIONS = 100, 1_000
"""How many a summary names, and counts, at the most: a record has room for 400 KB."""

COMPLETE, INCOMPLETE = "complete", "incomplete"
"""How an erasure ends: every record found has an end, or some are pending after its longest time."""

PENDING = "pending"

SKEWED = 900
"""Seconds by which a sweep's claim may lie ahead: another machine's clock made it, maybe during a look."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a look goes by: the time, the sweep's lease, for how long it is looked at the least (seconds)."""

    now: float
    lease: float
    settle: float
    may_go_on: Callable[[], bool]


def look(erasure: Erasure, store: Ledger, terms: Terms) -> Erasure:
    """Ask all to go that is found, count how each stands, and write the record: as far as this came, or the summary.

    A look that has no time left goes on from where it was. Raises TableUnavailable.
    """
    if erasure.summary is not None:
        return erasure
    walk, over = _walked(erasure, erasure.walk or Walk(terms.now), store, terms)
    if not over:
        return written(erasure, store, {"walk": kept(walk)})
    since = walk.at - erasure.begun_at
    if since >= LONGEST or (since >= terms.settle and not walk.ends.get(PENDING)):
        told = {"kind": "erasure", "of": erasure.subject, **_summary(erasure, walk, terms.now)}
        return written(erasure, store, {"history": told, **settled(erasure.record_key, terms.now)}, ["walk"])
    return written(erasure, store, {"looks": erasure.looks + 1}, ["walk"])


def wait(erasure: Erasure) -> float:
    """Return the seconds until the next look, or a moment where this one has to go on."""
    return 1.0 if erasure.walk is not None else min(LATEST, SOONEST * 2.0 ** (erasure.looks - 1))


def _walked(erasure: Erasure, walk: Walk, store: Ledger, terms: Terms) -> tuple[Walk, bool]:
    """Go through what the index shows, as far as there is time; whether that was all."""
    # What may be the last look must not go by an index, which follows its table with a delay.
    consistently = walk.at - erasure.begun_at >= terms.settle
    for page in store.query(SUBJECT, erasure.subject, until=erasure.bound, after=walk.after):
        if not page:
            continue
        records = list(store.get_many(RecordKey(each.key) for each in page).values()) if consistently else page
        mine = [each for each in records if each.subject == erasure.subject]
        asks = [_ask(each, erasure.subject, terms.now) for each in mine if _open(each) and ERASURE not in each.asked]
        store.write_all(asks)  # one that is refused or lost is pending: the next look asks again
        walk = _counted(walk, mine, (page[-1].key, str(page[-1].created_at)), store, terms)
        if not terms.may_go_on():
            return walk, False
    return walk, True


def _open(record: Record) -> bool:
    """Return whether the response is to be deleted yet. A deleted one can be on the agenda too, to be looked for."""
    return record.due_for == DELETE


def _ask(record: Record, subject: RecordKey, now: float) -> Write:
    """Ask the response to go, due now, where the record is as it was read: else the next look asks."""
    since = {} if record.asked else {"asked_at": text_of(now)}
    return Write(
        record.key,
        sets={"due_at": text_of(now)} | since,
        adds={"asked": {ERASURE}},
        condition="#due_at = :seen AND #due_for = :delete AND #subject = :subject",
        given={"seen": record.due_at, "delete": DELETE, "subject": subject},
    )


def _end_of(record: Record, terms: Terms) -> str:
    """Say how a record stands. What keeps a response is its end only where no later try is near or under way."""
    if record.state == DELETED:
        return DELETED
    if not _open(record):
        return ALREADY_ABSENT if record.state == ALREADY_ABSENT else PENDING
    rests = ERASURE in record.asked and str(record.due_at) > text_of(terms.now + terms.lease + SKEWED)
    return str(record.state) if rests and record.state in (HELD, DEAD_LETTERED) else PENDING


def _counted(walk: Walk, records: Sequence[Record], after: Place, store: Ledger, terms: Terms) -> Walk:
    ends = dict(walk.ends)
    keepers: set[RecordKey] = set()
    for record in records:
        end = _end_of(record, terms)
        ends[end] = ends.get(end, 0) + 1
        keepers |= {record.held_by or RecordKey(record.key)} if end == HELD else set()
    cases = [case for keeper in store.get_many(keepers).values() for case in keeper.hold]
    talks = [each.conversation for each in records if each.conversation is not None]
    return Walk(
        at=walk.at,
        after=after,
        ends=ends,
        cases=_with(walk.cases, cases, MOST_CASES),
        conversations=_with(walk.conversations, talks, MOST_CONVERSATIONS),
    )


def _with(known: tuple[str, ...], more: Iterable[str], most: int) -> tuple[str, ...]:
    return tuple(sorted({*known, *more})[:most])


def _summary(erasure: Erasure, walk: Walk, now: float) -> dict[str, Any]:
    counts = {end: walk.ends.get(end, 0) for end in (DELETED, ALREADY_ABSENT, HELD, DEAD_LETTERED, PENDING)}
    return {
        "outcome": INCOMPLETE if counts[PENDING] else COMPLETE,
        "until": erasure.bound,
        "found": sum(counts.values()),
        **counts,
        "cases": list(walk.cases),
        "conversations": len(walk.conversations),
        "ended_at": text_of(now),
    }
