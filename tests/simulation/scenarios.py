"""Scenarios: what a seed is played on. Each makes a plan of a seed's own randomness."""

from collections.abc import Callable
from dataclasses import replace
from random import Random

from tests.simulation.plan import CRASH, DUPLICATE, GHOST, Plan, Sent, creation, deletion, every_fault

_SKEWS = ((0.0,), (-300.0, 300.0), (300.0, 0.0, -300.0))
_FAULTS = tuple(sorted(every_fault()))
_POISON = Sent("poison", "", '{"planted": "content"}')


def _plan(random: Random, function: str, messages: tuple[Sent, ...]) -> Plan:
    share = random.choice((0.1, 0.3, 1.0))  # of all faults: a run that meets few kinds meets them often
    return Plan(
        function,
        messages,
        faults=frozenset(fault for fault in _FAULTS if random.random() < share),
        most=random.choice((1, 2, 4, 8)),
        redrives=random.choice((0, 1, 3)),
        forces=random.choice((0, 0, 2)) if function == "create" else 0,
        holds=random.choice((0, 0, 1)) if function == "delete" else 0,
        hold_subject=random.random() < 0.3,
        forgetful=random.random() < 0.05,
        skews=random.choice(_SKEWS),
        receives=random.choice((2, 5, 5)),
        attempts=random.choice((1, 2, 3)),
        absent=frozenset(["planted-a"] if function == "delete" and random.random() < 0.1 else []),
    )


def _deletion(random: Random) -> Plan:
    sent = (deletion("m1", "planted-a", random.choice((0, 0, 5000))), deletion("m2", "planted-a"))
    return _plan(random, "delete", sent[: random.choice((1, 1, 2))])


def _create(random: Random) -> Plan:
    sent = (creation("m1", "planted-a"), creation("m2", "planted-a"))
    return _plan(random, "create", sent[: random.choice((1, 1, 2))])


def _many(random: Random, plan: Plan) -> Plan:
    return replace(plan, batch=random.choice((2, 3, 5)), workers=random.choice((2, 3)))


def _deletions(random: Random) -> Plan:
    messages = [
        deletion(f"m{index}", f"planted-{random.choice('abc')}", random.choice((0, 0, 600, 4000)))
        for index in range(1, 6)
    ]
    return _many(random, _plan(random, "delete", (*messages, _POISON)))


def _creates(random: Random) -> Plan:
    messages = [
        creation(f"m{index}", f"planted-{random.choice('abc')}", on_unknown=random.choice(("dead_letter", "retry")))
        for index in range(1, 6)
    ]
    return _many(random, _plan(random, "create", (*messages, _POISON)))


def _storm(random: Random) -> Plan:
    """The service throttles nearly every call for a while: no message ends by that, and nothing is unknown."""
    faults = frozenset({"POST 429", "POST 429 wait 2", "POST 429 wait 600", "POST down", "POST no connection"})
    messages = tuple(creation(f"m{index}", f"planted-{index}") for index in range(1, 5))
    return Plan("create", messages, faults, most=40, batch=4, attempts=1, steady=True, forbidden=frozenset({"unknown"}))


def _neighbours(random: Random) -> Plan:
    """One message's neighbour can't be settled, so that its batch comes back again and again."""
    faults = frozenset({"DELETE 429", "DELETE 429 wait 600", "DELETE 500", "result down for an hour"})
    messages = (deletion("m1", "planted-a"), deletion("m2", "planted-b", 3000))
    return Plan("delete", messages, faults, most=40, batch=8, receives=50, attempts=3, sent_before=True)


def _throttled(random: Random) -> Plan:
    """One create is throttled again and again, and comes back although it was acknowledged."""
    faults = frozenset({"POST 429", "POST 429 wait 600", "ack lost"})
    return Plan("create", (creation("m1", "planted-a"),), faults, most=40, receives=50)


def _unnamed(random: Random) -> Plan:
    """Creates that carry no id: their message ids are their keys, also once they were copied or redriven."""
    return _plan(random, "create", (creation("m1"), creation("m2"))[: random.choice((1, 1, 2))])


def _busy(random: Random) -> Plan:
    """A caller has died, and its message comes back although it was acknowledged."""
    return Plan("create", (creation("m1", "planted-a"),), frozenset({CRASH, "ack lost"}), most=6, receives=50)


def _forgotten(random: Random) -> Plan:
    """The queue drops a message that nobody took for as long as it keeps any; later another one comes for its key."""
    function, make, faults = random.choice(
        (
            ("delete", deletion, frozenset({"DELETE 429", "DELETE lost"})),
            ("create", creation, frozenset({CRASH, DUPLICATE})),
        )
    )
    messages = (make("m1", "planted-a"), make("m2", "planted-a"))
    return Plan(function, messages, faults, most=4, forgetful=True, one_by_one=True)


def _fresh(random: Random) -> Plan:
    """A message that has ended comes back, and meets a fresh one of its key, which may have a date."""
    messages = (deletion("m1", "planted-a"), deletion("m2", "planted-a", random.choice((0, 600, 3000))))
    return Plan("delete", messages, frozenset({"DELETE 400", GHOST}), most=4, batch=3, receives=50, one_by_one=True)


def _nobody(random: Random) -> Plan:
    """A message that names nobody follows one of a subject that a hold is placed on, however that one ended."""
    named, later = deletion("m1", "planted-a", random.choice((0, 3000))), deletion("m2", "planted-a", of_nobody=True)
    faults = frozenset({"DELETE 400", "DELETE 429", "DELETE lost", "write lost", "write down", CRASH, DUPLICATE})
    return Plan(
        "delete", (named, later), faults, most=random.choice((0, 2, 4)), holds=1, hold_subject=True, reports=False,
        batch=random.choice((1, 2)), one_by_one=True,
    )  # fmt: skip


def _slow(random: Random) -> Plan:
    """Far more calls than an invocation has time for, without any fault; a hold may be placed meanwhile."""
    messages = tuple(deletion(f"m{index}", f"planted-{index}") for index in range(1, 17))
    return Plan(
        "delete", messages, batch=16, receives=2, at_once=2, slow_call=5.0, timeout=30.0, holds=random.choice((0, 1)),
        reports=False, hold_subject=True, steady=True, sent_before=True, forbidden=frozenset({"moved"}),
    )  # fmt: skip


def _dates(random: Random) -> Plan:
    """Messages of one response with different dates, and nothing that goes wrong: the first date counts."""
    dates = (0, 600, 3000, 3890, 4000)
    messages = tuple(deletion(f"m{index}", "planted-a", random.choice(dates)) for index in range(1, 4))
    return Plan("delete", messages, batch=3, steady=True, forbidden=frozenset({"moved"}))


SCENARIOS: dict[str, Callable[[Random], Plan]] = {
    "deletion": _deletion,
    "create": _create,
    "deletions": _deletions,
    "creates": _creates,
    "storm": _storm,
    "neighbours": _neighbours,
    "throttled": _throttled,
    "unnamed": _unnamed,
    "busy": _busy,
    "forgotten": _forgotten,
    "fresh": _fresh,
    "nobody": _nobody,
    "slow": _slow,
    "dates": _dates,
}
