"""Holes in how calls are settled that may repeat."""

from dataclasses import replace
from typing import Any

from documents.reads import READ_AT_ONCE
from tests.simulation.mutants_creates import marked, steps, without_watermark
from tests.simulation.mutation import Mutant
from worker.outcome import End, Outcome, Settlement
from worker.settle.decide import Step


def _receipts(condition: str) -> Any:
    def make(original: Any) -> Any:
        def outcome(standing: Any, record: Any, state: str, *args: Any) -> Any:
            write = original(standing, record, state, *args)
            return write if state == "held" else replace(write, condition=condition)

        return outcome

    return make


def _held_unseen(original: Any) -> Any:
    from aistudio import Trace

    def call(item: Any, read: Any, *args: Any) -> Any:
        if item.record_key in read.held and item.flaw is None:
            return Outcome("held", Trace())
        return original(item, read, *args)

    return call


def _left_alone(original: Any) -> Any:
    def send_again(retries: Any, inv: Any) -> Any:
        alone = [each for each in retries if each.again.reason is None]
        left = [(each.item, Settlement(End.UNSETTLED, "time")) for each in alone]
        return left + original([each for each in retries if each.again.reason is not None], inv)

    return send_again


def _read_later(original: Any) -> Any:
    def go_on(items: Any, read: Any, inv: Any) -> Any:
        return original(items, replace(read, at=inv.clock.monotonic()), inv)

    return go_on


def _one_held_id(original: Any) -> Any:
    def result(item: Any, result_id: str, *args: Any) -> Any:
        return original(item, f"{item.record_key}#held" if "#held#" in result_id else result_id, *args)

    return result


def _answered_there(original: Any) -> Any:
    def look_again(refused: Any, inv: Any) -> Any:
        left, _ = original(refused, inv)
        return left, []

    return look_again


def _absent_now(original: Any) -> Any:
    def outcome(standing: Any, record: Any, state: str, now: float, *args: Any) -> Any:
        return original(replace(standing, sent_at=int(now * 1000) + 60_000), record, state, now, *args)

    return outcome


def _naming_nobody(original: Any) -> Any:
    def answer(decisions: Any, inv: Any) -> Any:
        return original([replace(each, item=replace(each.item, subjects=frozenset())) for each in decisions], inv)

    return answer


OF_DELETIONS = (
    Mutant(
        "H2",
        "a deletion's watermark is raised although no retry message was confirmed",
        "deletion",
        {"worker.settle.retries:_watermark": marked(True)},
    ),
    Mutant(
        "H4",
        "a dead-lettered deletion counts as settled before its dead letter was sent",
        "deletions",
        {"worker.settle.decide:decide": steps({Step.RESEND: Step.DEAD_LETTERED})},
    ),
    Mutant(
        "H11",
        "receipts are written whatever is there",
        "a deletion twice at once, writes go astray",
        {"ledger.receipts:outcome": _receipts("")},
    ),
    Mutant(
        "H11",
        "a watermark is written over whatever is there",
        "deletion",
        {"ledger.message_chains:watermark": lambda original: lambda *args: replace(original(*args), condition="")},
    ),
    Mutant(
        "H15",
        "held blocks for ever",
        "nobody",
        {
            "worker.settle.decide:_after_an_end": lambda original: (
                lambda item, record, **more: replace(
                    original(item, record, **more), **({"step": Step.HELD} if record.state == "held" else {})
                )
            )
        },
    ),
    Mutant(
        "H15",
        "a dead-lettered deletion answers every later message",
        "deletions",
        {
            "worker.settle.decide:_answered": lambda original: (
                lambda delivery, record, **more: record.state == "dead_lettered" or original(delivery, record, **more)
            )
        },
    ),
    Mutant(
        "H16",
        "held is recorded without a look whether it is still there",
        "deletions",
        {"worker.settle.read_first:_call": _held_unseen},
    ),
    Mutant(
        "H18",
        "a deletion is dead-lettered over held",
        "a deletion is refused and held at once, and its writer is killed",
        {"ledger.conditions:ENDED_BEFORE": lambda _: "#state IN (:held, :dead_lettered) AND #redrive <= :redrive"},
    ),
    Mutant(
        "H20",
        "retry messages of a deletion raise no watermark",
        "neighbours",
        {"worker.settle.retries:_watermark": without_watermark(lambda each: each.owner is None)},
    ),
    Mutant(
        "H23",
        "what could not begin before the deadline is left unsettled",
        "slow",
        {"worker.settle.retries:send_again": _left_alone},
    ),
    Mutant(
        "H26",
        "a watermark outlives the retry message that it stands for",
        "an older retry message is moved back when no queue can hold the newer one any more",
        {
            "worker.settle.decide:_superseded": lambda original: (
                lambda item, record, now, _: original(item, record, now, 1e12)
            )
        },
    ),
    Mutant(
        "I5",
        "whom a deletion concerned is forgotten where it goes on",
        "nobody",
        {"ledger.message_chains:Standing.adds": lambda _: property(lambda _self: {})},
    ),
    Mutant(
        "I5",
        "whom a deletion concerned is forgotten where its record answers it",
        "an absence answers a message that names a person, and a hold follows",
        {"worker.settle.hold_check:keep_named": lambda _: lambda *_args: set()},
    ),
    Mutant(
        "I5",
        "whom a deletion concerned is forgotten where its dead-lettering was refused",
        "an absence answers a refused deletion that names a person, and a hold follows",
        {"only worker.settle.dead_lettering:answer": _naming_nobody},
    ),
    Mutant(
        "I5",
        "a batch is read in parts as it came, whatever its keys are",
        "a message far behind in a batch names a person on hold",
        {"worker.settle.read_first:_parted": lambda _: lambda items: (items[:READ_AT_ONCE], items[READ_AT_ONCE:])},
    ),
    Mutant(
        "I5",
        "holds are read once a batch, however long it takes",
        "slow",
        {"worker.settle.calling:may_begin": lambda original: lambda inv, *, first, **_: original(inv, first=first)},
    ),
    Mutant(
        "I5",
        "a hold's window is measured from after the read",
        "slow",
        {"worker.settle.read_first:_go_on": _read_later},
    ),
    Mutant(
        "results",
        "a refused outcome is taken for another delivery's to publish",
        "a deletion twice at once, writes go astray",
        {"worker.settle.finishing:_look_again": _answered_there},
    ),
    Mutant(
        "results", "all that was held has one result id", "nobody", {"worker.settle.publishing:_result": _one_held_id}
    ),
    Mutant(
        "absence",
        "an absence answers every later message",
        "absent",
        {
            "worker.settle.decide:decide": steps(
                {Step.PROCEED: Step.FINAL}, lambda _, record: record.state == "already_absent"
            )
        },
    ),
    Mutant(
        "absence",
        "an absence answers what is sent until it is written",
        "absent",
        {"ledger.receipts:outcome": _absent_now},
    ),
    Mutant(
        "absence",
        "a deletion does not pass over an absence",
        "absent",
        {
            "ledger.conditions:RECEIPTS_AS_READ": lambda _: (
                "attribute_not_exists(#receipts) AND #receipts = :receipts_read"
            )
        },
    ),
)
