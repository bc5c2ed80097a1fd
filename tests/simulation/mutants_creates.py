"""Holes in how calls are settled that must not repeat."""

import json
from dataclasses import replace
from typing import Any

from aistudio import Unavailable
from documents import Written
from tests.simulation.mutation import Mutant
from worker.outcome import End, Settlement
from worker.settle.decide import Decision, Step

_NEVER = "attribute_exists(#key) AND attribute_not_exists(#key)"


def steps(change: dict[Step, Step], when: Any = lambda _item, _record: True) -> Any:
    """The table of decisions, with these steps in the place of others."""

    def make(original: Any) -> Any:
        def decide(item: Any, record: Any, now: float, **more: Any) -> Decision:
            decision: Decision = original(item, record, now, **more)
            return (
                replace(decision, step=change[decision.step])
                if decision.step in change and when(item, record)
                else decision
            )

        return decide

    return make


def _higher_claim(original: Any) -> Any:
    def claim(*args: Any) -> Any:
        write = original(*args)
        return replace(write, sets={**write.sets, "copy": write.sets["copy"] + 1})

    return claim


def _busy_is_done(original: Any) -> Any:
    def decide_parts(*args: Any) -> Any:
        came, going = original(*args)
        return [
            (item, Settlement(End.DONE, "busy") if getattr(each, "busy", False) else each) for item, each in came
        ], going

    return decide_parts


def _forced(original: Any) -> Any:
    def decide(item: Any, record: Any, now: float, **more: Any) -> Decision:
        decision: Decision = original(item, record, now, **more)
        forced = item.delivery.force and record.state == "dead_lettered"
        return replace(decision, step=Step.PROCEED) if forced else decision

    return decide


def _recorded_first(original: Any) -> Any:
    from ledger import claims

    def finish(item: Any, claim: Any, outcome: Any, inv: Any) -> Any:
        inv.store.write(claims.done(claim, inv.clock.now(), {"outcome": outcome.state}))
        return original(item, claim, outcome, inv)

    return finish


def _sent_first(original: Any) -> Any:
    from worker.settle import answered_by_record
    from worker.settle import dead_lettering as module

    def dead_letter_all(endings: Any, inv: Any) -> Any:
        written = [(each.item, each.record.after(module._ending_write(each, inv)), each.trace) for each in endings]
        answered_by_record.send_dead_letters(written, inv)
        return original(endings, inv)

    return dead_letter_all


def _under_their_own_redrive(original: Any) -> Any:
    def dead_letter_all(endings: Any, inv: Any) -> Any:
        records = [replace(each.record, redrive=each.item.delivery.redrive) for each in endings]
        return original([replace(each, record=record) for each, record in zip(endings, records, strict=True)], inv)

    return dead_letter_all


def without_watermark(kept: Any) -> Any:
    """No watermark is written for these retry messages."""

    def make(original: Any) -> Any:
        def watermark(each: Any, inv: Any, *, sent: bool) -> Any:
            return None if kept(each) else original(each, inv, sent=sent)

        return watermark

    return make


def marked(sent: bool, of: Any = lambda _each: True) -> Any:
    """Watermarks are written as if these retry messages had been confirmed, or had not."""

    def make(original: Any) -> Any:
        def watermark(each: Any, inv: Any, *, sent: bool) -> Any:
            return original(each, inv, sent=told if of(each) else sent)

        told = sent
        return watermark

    return make


def _taken_for_granted(original: Any) -> Any:
    from documents import Written

    def write(self: Any, write: Any) -> Any:
        end = original(self, write)
        return Written.YES if end is Written.UNKNOWN and write.sets.get("state") == "claimed" else end

    return write


def _any_503(original: Any) -> Any:
    def class_of(status: int | None, *, idempotent: bool) -> Any:
        return original(429 if status == 503 else status, idempotent=idempotent)

    return class_of


def _ungated(_original: Any) -> Any:
    from worker.settle import calling

    def make_call(call: Any, item: Any, inv: Any, **_more: Any) -> Any:
        ended = calling._call(call, item, inv)
        if hasattr(ended, "reason"):
            inv.batch.report(ended, item.record_key)
        return ended

    return make_call


def _known_by_id(original: Any) -> Any:
    def open_body(text: str) -> Any:
        content = original(text)
        return replace(content, identity=content.identity and json.loads(content.identity)[1])

    return open_body


def _unregistered(original: Any) -> Any:
    return lambda claim, outcome, *args: original(claim, replace(outcome, registers=tuple), *args)


def _unregistered_once_told(original: Any) -> Any:
    def written(claim: Any, outcome: Any, *args: Any) -> Any:
        told = outcome.state == "done"
        return original(claim, replace(outcome, registers=tuple) if told else outcome, *args)

    return written


def _learns_of_polls(original: Any) -> Any:
    def desk_of(item: Any, inv: Any, *learn: Any) -> Any:
        return original(item, inv, *(learn if item.message.given.get("background") else ()))

    return desk_of


def _unavailable_after_all(original: Any) -> Any:
    def result(self: Any, error: Any) -> Any:
        if error is not None:
            raise Unavailable("simulated", self.trace)
        return original(self, error)

    return result


def _refused_after_all(original: Any) -> Any:
    def result(self: Any, error: Any) -> Any:
        if error is not None:
            raise error
        return original(self, error)

    return result


def _told_once(original: Any) -> Any:
    def note(self: Any, event: Any) -> None:
        original(self, event)
        self.told_again = False

    return note


def _given_back(original: Any) -> Any:
    def ending(how: Any, writes: Any, inv: Any) -> Any:
        released = {write.key for write in writes if write.sets.get("state") == "open" and how > {Written.REFUSED}}
        return original(how, writes, inv) - released

    return ending


OF_CREATES = (
    Mutant("H1", "the claim itself raises the watermark", "create", {"ledger.claims:claim": _higher_claim}),
    Mutant(
        "H2",
        "a claim is released with the next number although no retry message was confirmed",
        "create",
        {"worker.settle.retries:_watermark": marked(True, lambda each: each.owner is not None)},
    ),
    Mutant(
        "H3",
        "a busy delivery is acknowledged without a retry message",
        "busy",
        {"worker.settle.claim_first:_decide_parts": _busy_is_done},
    ),
    Mutant(
        "H4",
        "a dead-lettered create counts as settled before its dead letter was sent",
        "create",
        {"worker.settle.decide:decide": steps({Step.RESEND: Step.DEAD_LETTERED})},
    ),
    Mutant(
        "H5",
        "a redriven create meets its own dead-lettered record and is acknowledged",
        "create",
        {
            "ledger.conditions:REDRIVEN": lambda _: _NEVER,
            "worker.settle.decide:decide": steps(
                {Step.PROCEED: Step.DEAD_LETTERED}, lambda _, record: record.state == "dead_lettered"
            ),
        },
    ),
    Mutant(
        "H6",
        "an unforced redrive of outcome_unknown is acknowledged",
        "create",
        {"worker.settle.decide:decide": steps({Step.REFUSE: Step.DEAD_LETTERED})},
    ),
    Mutant(
        "H7",
        "a force is good for ever",
        "a create forced",
        {
            "ledger.conditions:REDRIVEN_BY_FORCE": lambda _: "#state = :dead_lettered AND #redrive <= :redrive",
            "worker.settle.decide:decide": _forced,
        },
    ),
    Mutant(
        "H8",
        "the owner of a claim is the instance, not the delivery",
        "create",
        {"worker.settle.batch:_item": lambda original: lambda *args: replace(original(*args), owner="this instance")},
    ),
    Mutant(
        "H9",
        "a redriven message does not say its key, so it stands for itself",
        "unnamed",
        {
            "only tests.simulation.people:redriven": lambda original: (
                lambda dead_letter, **more: original(replace(dead_letter, key=None), **more)
            )
        },
    ),
    Mutant(
        "H10",
        "a 503 is taken for a refusal where the call must not repeat",
        "create",
        {"aistudio.error_bodies:class_of": _any_503},
    ),
    Mutant(
        "H12",
        "an ended lease is dead-lettered without naming the owner that was seen",
        "a create twice at once, writes go astray",
        {"ledger.claims:dead_lettered": lambda original: lambda *args: replace(original(*args), condition="")},
    ),
    Mutant(
        "H13",
        "a create's result message follows the ledger",
        "create",
        {"worker.settle.finishing_claimed:finish_claimed": _recorded_first},
    ),
    Mutant(
        "H14",
        "the dead letter goes before the record says dead_lettered",
        "create",
        {"worker.settle.dead_lettering:dead_letter_all": _sent_first},
    ),
    Mutant(
        "H19",
        "the claim is kept after a 429",
        "storm",
        {"worker.settle.retries:_watermark": without_watermark(lambda each: each.owner is not None)},
    ),
    Mutant(
        "H20",
        "a busy delivery's retry message raises no watermark",
        "busy",
        {"worker.settle.retries:_watermark": without_watermark(lambda each: each.busy)},
    ),
    Mutant(
        "H20",
        "a claim is released with its own number although its retry message was confirmed",
        "throttled",
        {"worker.settle.retries:_watermark": marked(False, lambda each: each.owner is not None)},
    ),
    Mutant(
        "H24",
        "the lease ends with the invocation",
        "create",
        {
            "worker.settle.claim_first:_claim": lambda original: (
                lambda item, inv: replace(original(item, inv), lease_until=inv.deadline.killed_at)
            )
        },
    ),
    Mutant(
        "faults 21",
        "a claim whose end is unknown is taken for granted",
        "create",
        {"documents.store:Store.write": _taken_for_granted},
    ),
    Mutant(
        "breaker",
        "neither the breaker nor the time is asked after the claim",
        "storm",
        {"only worker.settle.claim_first:make_call": _ungated},
    ),
    Mutant(
        "sessions",
        "a session that ends behind its create is taken for one that asked for nothing",
        "sessions",
        {"aistudio.realtime.turn:Turn.error": lambda _: lambda _self, trace, what: Unavailable(what, trace)},
    ),
    Mutant(
        "sessions",
        "a script whose session ends behind what is billed is sent again",
        "scripts",
        {"aistudio.realtime.script:Script.result": _unavailable_after_all},
    ),
    Mutant(
        "sessions",
        "a script that is refused behind a response which it was given is sent again",
        "scripts",
        {"aistudio.realtime.script:Script.result": _refused_after_all},
    ),
    Mutant(
        "sessions",
        "an update that the service tells twice acknowledges the next one",
        "scripts",
        {"aistudio.realtime.heard:Heard.note": _told_once},
    ),
    Mutant(
        "registry",
        "a response is not registered with its create's outcome",
        "background",
        {"worker.settle.finishing_claimed:_written": _unregistered},
    ),
    Mutant(
        "registry",
        "a response whose id only its result tells is not registered",
        "background",
        {
            "only worker.settle.claim_first:desk_of": _learns_of_polls,
            "worker.settle.finishing_claimed:_written": _unregistered_once_told,
        },
    ),
    Mutant(
        "registry",
        "nobody looks up what a dead caller had learned",
        "background",
        {"worker.settle.claim_first:_found": lambda _: lambda *_args: None},
    ),
    Mutant(
        "registry",
        "a response that goes on is left to no poll",
        "background",
        {"worker.settle.context:Invocation.sent_elsewhere": lambda _: lambda *_args: True},
    ),
    Mutant(
        "claims",
        "a redrive that a delivery began is claimed by the owner of its earlier claim",
        "a claim comes late that was made before its delivery began a redrive",
        {
            "only worker.settle.claim_first:replace": lambda original: (
                lambda each, **changes: each if set(changes) == {"owner"} else original(each, **changes)
            )
        },
    ),
    Mutant(
        "claims",
        "a claim that could not be given back does not keep its message from being sent again",
        "unwritable",
        {"worker.settle.retries:_ending": _given_back},
    ),
    Mutant(
        "I4",
        "an outcome is written once more by whoever else finds its claim",
        "background",
        {
            "ledger.conditions:STILL_MINE_TO_FINISH": lambda held: held.replace(
                "#state = :claimed", "#state IN (:claimed, :done)"
            ),
            "worker.settle.finishing_claimed:_is_done": lambda _: lambda *_args: False,
        },
    ),
    Mutant(
        "leases",
        "an ended lease is dead-lettered under the delivery's redrive number",
        "expired",
        {"worker.settle.dead_lettering:dead_letter_all": _under_their_own_redrive},
    ),
    Mutant(
        "key_reused",
        "a key may stand for other content",
        "create",
        {
            "ledger.conditions:SAME_BODY": lambda _: "attribute_not_exists(#body_hash) OR attribute_exists(#body_hash)",
            "worker.settle.decide:decide": lambda original: (
                lambda item, *args, **more: original(replace(item, body_hash=""), *args, **more)
            ),
        },
    ),
    Mutant(
        "unknown",
        "outcome_unknown is redriven without force",
        "create",
        {
            "ledger.conditions:REDRIVEN": lambda _: "#state = :dead_lettered AND #redrive < :redrive",
            "worker.settle.decide:decide": steps({Step.REFUSE: Step.PROCEED}),
        },
    ),
    Mutant(
        "events",
        "an event's identity is its id alone",
        "events",
        {"worker.receive.envelope:open_body": _known_by_id},
    ),
)
