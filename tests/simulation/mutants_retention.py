"""Holes in the protocol of retention: each breaks R1 to R10, or was in its first draft (tests/README.md)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from ledger.agenda import DELETE, shard_of, text_of
from tests.simulation.mutation import Mutant
from tests.simulation.plan import BEGUN, DAY

_A_DAY = timedelta(days=1)


def _for_good(original: Any) -> Any:
    return lambda record, _until: original(record, BEGUN + 3650 * DAY)


def _unconditional(original: Any) -> Any:
    return lambda *args: replace(original(*args), condition="", given={})


def _open_only(original: Any) -> Any:
    def claim(record: Any, until: float) -> Any:
        write = original(record, until)
        given = {**write.given, "deleted": "deleted"}
        open_ = "attribute_not_exists(#state) OR NOT #state IN (:deleted)"
        return replace(write, condition=f"({write.condition}) AND ({open_})", given=given)

    return claim


def _newest_reason(original: Any) -> Any:
    def stand_for(group: Any) -> Any:
        newest = max(group, key=lambda item: (*item.delivery.number, item.delivery.sent_at))
        return replace(original(group), asked=newest.asked, message=newest.message)

    return stand_for


def _without_reason(original: Any) -> Any:
    def concerning(standing: Any, **more: Any) -> Any:
        return original(replace(standing, asked=frozenset()), **more)

    return concerning


def _without_adds(original: Any) -> Any:
    return lambda *args, **more: replace(original(*args, **more), adds={})


def _without_id(original: Any) -> Any:
    return lambda standing, *args: original(replace(standing, response_id=None), *args)


def _without_person(original: Any) -> Any:
    def standing(registration: Any, *args: Any, **more: Any) -> Any:
        write = original(registration, *args, **more)
        return write if registration.subject else replace(write, removes=(*write.removes, "subject"))

    return standing


def _of_one_person(original: Any) -> Any:
    return lambda named, stands, store: original(stands or named, None, store)


def _due_again(original: Any) -> Any:
    def standing(registration: Any, record: Any, *args: Any, **more: Any) -> Any:
        write = original(registration, record, *args, **more)
        if "due_at" in write.sets or registration.delete_after is None:
            return write
        due_at = text_of(registration.delete_after)
        due = {"due_shard": shard_of(record.key), "due_at": due_at, "due_for": DELETE}
        return replace(write, sets={**write.sets, **due})

    return standing


def _unchained(original: Any) -> Any:
    def seal(*args: Any) -> Any:
        write = original(*args)
        return replace(write, condition="", beside=())

    return seal


def _without_the_first(original: Any) -> Any:
    return lambda day, shard, lines, vault: original(day, shard, lines[1:], vault)


def _whatever_it_says(original: Any) -> Any:
    def write(key: Any, sets: Any, condition: str = "", *args: Any) -> Any:
        return original(key, sets) if "#step" in condition else original(key, sets, condition, *args)

    return write


def _counting(records: Any) -> Any:
    return lambda original: lambda walk, found, *args: original(walk, records(found), *args)


def _by_state(original: Any) -> Any:
    def line_of(record: Any, *args: Any, **more: Any) -> Any:
        told = {**record.receipt, "outcome": record.state} if record.receipt else {}
        return original(replace(record, receipt=told), *args, **more)

    return line_of


OF_RETENTION = (
    Mutant("R1", "a sweep claims for good", "registered", {"retention.sweeping:claim": _for_good}),
    Mutant(
        "R1, draft 3",
        "of messages in a batch the newest reason counts",
        "asked",
        {"worker.settle.collapse:stand_for": _newest_reason},
    ),
    Mutant(
        "R1, draft 3",
        "an answered message's reason is not kept",
        "an absence answers a message that asks to go, and a registration with a date follows",
        {"ledger.message_chains:concerning": _without_reason},
    ),
    Mutant(
        "R1",
        "a deletion's date is registered nowhere",
        "dated",
        {"only worker.settle.read_first:register_dated": lambda _: lambda items, _inv: (list(items), [])},
    ),
    Mutant("R1, draft 5", "what is deleted can't be claimed", "verified", {"retention.sweeping:claim": _open_only}),
    Mutant(
        "R2", "no date is waited for", "registered", {"worker.settle.read_first:_waits": lambda _: lambda *_args: False}
    ),
    Mutant(
        "R3, draft 12",
        "a receipt leaves the raw id",
        "registered",
        {"ledger.receipts:AGENDA": lambda original: tuple(name for name in original if name != "response_id")},
    ),
    Mutant(
        "R4",
        "holds are not looked at",
        "kept back",
        {"worker.settle.hold_check:held_keys": lambda _: lambda *_args: {}},
    ),
    Mutant(
        "R4, draft 6",
        "an earlier order that comes late counts",
        "ordered",
        {"retention.hold_orders:_ordering": _unconditional},
    ),
    Mutant(
        "R4, draft 15",
        "the person of an earlier registration is not kept",
        "named",
        {"retention.registration_rules:_added": _without_adds},
    ),
    Mutant("R5, draft 8", "what is held has no id", "kept back", {"ledger.receipts:_held": _without_id}),
    Mutant(
        "R5, draft 9",
        "a release makes nothing due",
        "kept back",
        {"retention.hold_orders:make_due": lambda _: lambda *_args: (0, True)},
    ),
    Mutant(
        "R6",
        "no later registration stands",
        "registered",
        {"retention.registration_rules:order": lambda _: lambda _said: (0, "")},
    ),
    Mutant(
        "R6, draft 19",
        "who names nobody drops the person",
        "erased",
        {"retention.registration_rules:_standing": _without_person},
    ),
    Mutant(
        "R7",
        "what is registered after an erasure escapes it",
        "named",
        {"retention.registration_rules:_asked": lambda _: lambda write, *_args: write},
    ),
    Mutant(
        "R7",
        "an erasure counts only for the person who stands",
        "named",
        {"only retention.registering:_erased_at": _of_one_person},
    ),
    Mutant(
        "R8, draft 17",
        "an erasure's record is written whatever it says",
        "an erasure is looked at twice at once, at its end",
        {"only retention.erasure_record:Write": _whatever_it_says},
    ),
    Mutant(
        "R8",
        "a response of each page is not counted",
        "erased",
        {"retention.erasure:_counted": _counting(lambda found: found[1:])},
    ),
    Mutant(
        "R8",
        "each page is counted twice",
        "erased",
        {"retention.erasure:_counted": _counting(lambda found: [*found, *found])},
    ),
    Mutant("R9, draft 21", "a day is sealed over its seal", "sealed", {"retention.evidence.sealing:_seal": _unchained}),
    Mutant("R9", "a line of each part is left out", "sealed", {"retention.evidence.sealing:_kept": _without_the_first}),
    Mutant(
        "R9",
        "what is written after its day was sealed is lost",
        "sealed",
        {
            "retention.evidence.sealing:OVER_AFTER": lambda _: -23 * 3600,
            "retention.evidence.sealing:_lines": lambda original: (
                lambda day, _before, *args: original(day, None, *args)
            ),
        },
    ),
    Mutant(
        "R9",
        "the day before is sealed once more",
        "sealed",
        {"only retention.evidence.sealing:lines_of": lambda _: lambda *_args: []},
    ),
    Mutant(
        "R9",
        "a day is passed over",
        "sealed",
        {
            "retention.evidence.seal_records:Sealed.date": lambda original: property(
                lambda self: original.fget(self) + _A_DAY
            )
        },
    ),
    Mutant(
        "R9",
        "a day is sealed, and its lines are not put into the bucket",
        "sealed",
        {"only retention.evidence.sealing:name_of": lambda _: lambda day, shard, _root: f"{day}/{shard}"},
    ),
    Mutant(
        "R9, draft 20",
        "the state is sealed, not the receipt",
        "sealed",
        {"only retention.evidence.sealing:line_of": _by_state},
    ),
    Mutant("R10", "a claim does not look whether it is due", "swept", {"retention.sweeping:claim": _unconditional}),
    Mutant(
        "R10, draft 11",
        "a receipt leaves the record on the agenda",
        "registered",
        {"ledger.receipts:AGENDA": lambda _: ()},
    ),
    Mutant(
        "R10, draft 27",
        "registering the same date again makes it due",
        "swept",
        {"retention.registration_rules:_standing": _due_again},
    ),
    Mutant(
        "R10", "what was dead-lettered is due at once", "rejected", {"ledger.agenda:DEAD_LETTERED_FOR": lambda _: 0}
    ),
    Mutant(
        "cascade",
        "what continues a response is not asked to go",
        "continued",
        {"retention.successors:_ask_all": lambda _: lambda *_args: None},
    ),
)
