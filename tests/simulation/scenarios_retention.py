"""Scenarios of retention: many functions at work on the records of the same few responses."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random

from tests.simulation.faults import CRASH, DUPLICATE, GHOST
from tests.simulation.messages import SUBJECTS, Sent, erasure, kept, moment, order, registration, request
from tests.simulation.plan import DAY, Plan

_FUNCTIONS = ("register_response", "delete_response", "legal_hold", "erase_subject", "verify_deletion", "get_response")
_SKEWS = ((0.0,), (-300.0, 300.0), (300.0, 0.0, -300.0))
_SERVICES = (
    *("read throttled", "read timeout", "query throttled", "query stale", "write throttled", "write conflict"),
    *("write lost", "write unseen", "write late", "write twice", "send refused", "send lost", "send unseen"),
    *("send twice", "send partial", "result lost", "result unseen", "ack lost", CRASH, DUPLICATE, GHOST),
)
_CALLS = ("DELETE lost", "DELETE lost after", "DELETE 429", "DELETE 500", "DELETE 400", "GET lost", "GET 429")
HOUR = 3600.0


def _plan(random: Random, stores: Sequence[str], sent: Sequence[Sent], **more: object) -> Plan:
    """Play these messages in the order of their times, with some of the faults."""
    share = random.choice((0.0, 0.2, 0.6))
    faults = frozenset(each for each in (*_SERVICES, *_CALLS) if random.random() < share)
    plan = Plan(
        "respond",
        tuple(sorted(sent, key=lambda each: each.at)),
        faults=faults,
        most=random.choice((1, 2, 4)),
        workers=random.choice((2, 3)),
        batch=random.choice((1, 2)),
        beside=_FUNCTIONS,
        stores=tuple(stores),
        skews=random.choice(_SKEWS),
        lasts=40 * DAY,
        ticks=random.choice((0, 1, 3)),
        attempts=2,
        reports=False,
    )
    return replace(plan, **more)  # type: ignore[arg-type]  # fields of a plan


def _date(random: Random) -> float:
    """Seconds: due at once, in a moment, in an hour or two, in some days."""
    return random.choice((-60.0, 30.0, HOUR, 2 * HOUR, 3 * DAY, 60 * DAY))


def _when(random: Random) -> float:
    return random.choice((0.0, 0.0, 40.0, HOUR, 1.5 * HOUR, 3 * DAY, 4 * DAY)) + random.random()


def _registered(random: Random) -> Plan:
    """Responses are registered, once or more often, with dates that are changed; somebody may ask for them besides."""
    stores = ("planted-r1", "planted-r2")[: random.choice((1, 2))]
    sent = [
        registration(f"m{at}", random.choice(stores), _when(random), _date(random))
        for at in range(random.choice((1, 2, 4)))
    ]
    for at in range(random.choice((0, 1, 2))):
        said = random.choice(({}, {"reason": "manual"}, {"reason": "erasure", "subject": SUBJECTS[1]}))
        sent.append(request(f"x{at}", random.choice(stores), _when(random), **said))
    absent = frozenset(stores[:1] if random.random() < 0.2 else ())
    return _plan(random, stores, sent, absent=absent, returns=len(absent))


def _dated(random: Random) -> Plan:
    """Deletions with dates, some days ahead: these wait on the agenda, beside registrations and other deletions."""
    stores = ("planted-r1", "planted-r2")[: random.choice((1, 2))]
    sent = []
    for at in range(random.choice((1, 2, 3))):
        when = _when(random)
        said: dict[str, object] = {"not_before": moment(when + random.choice((30.0, HOUR, 3 * DAY, 20 * DAY)))}
        said |= random.choice(({}, {"reason": "manual"}, {"reason": "erasure", "subject": SUBJECTS[1]}))
        sent.append(request(f"x{at}", random.choice(stores), when, **said))
    if random.random() < 0.5:
        sent.append(request("y", random.choice(stores), _when(random)))
    if random.random() < 0.3:
        sent.append(registration("m", random.choice(stores), _when(random), _date(random)))
    return _plan(random, stores, sent)


def _of_somebody(random: Random, name: str, response_id: str, at: float, until: float) -> Sent:
    """A registration that names a person more often than not."""
    said = {"subject": random.choice(SUBJECTS[:2])} if random.random() < 0.7 else {}
    return registration(name, response_id, at, until, **said)


def _orders(random: Random, stores: Sequence[str], count: int) -> list[Sent]:
    """Orders to place and to release the holds of two cases, each on a record of its own."""
    people = [{"subject": each} for each in SUBJECTS[:2]]
    targets = random.sample([*({"response_id": each} for each in stores), *people], 2)
    sent = []
    for at in range(count):
        case = random.choice((0, 1))
        action = random.choice(("place", "place", "release"))
        sent.append(order(f"h{at}", action, f"case {case}", _when(random), **targets[case]))
    return sent


def _kept_back(random: Random) -> Plan:
    """Holds of several cases, on responses and on people, placed and released while deletions are under way."""
    stores = ("planted-r1", "planted-r2")[: random.choice((1, 2))]
    sent = [_of_somebody(random, f"m{at}", each, _when(random), _date(random)) for at, each in enumerate(stores)]
    sent += _orders(random, stores, random.choice((1, 2, 3, 5)))
    for at in range(random.choice((0, 1, 2))):
        said = random.choice(({}, {"reason": "manual"}, {"reason": "erasure", "subject": SUBJECTS[1]}))
        sent.append(request(f"x{at}", random.choice(stores), _when(random), **said))
    return _plan(random, stores, sent)


def _erased(random: Random) -> Plan:
    """People are erased: what is registered before, meanwhile and later, some of it on hold, some asked for besides."""
    stores = tuple(f"planted-r{at}" for at in range(1, random.choice((2, 4, 5))))
    sent = []
    for at, each in enumerate((*stores, *random.sample(stores, 1))):
        when = _when(random)
        said = {} if random.random() < 0.3 else {"created_at": moment(random.choice((-DAY, -HOUR, when)))}
        person = {"subject": random.choice((SUBJECTS[0], SUBJECTS[0], SUBJECTS[1]))} if random.random() < 0.9 else {}
        sent.append(registration(f"m{at}", each, when, random.choice((HOUR, 3 * DAY, 20 * DAY)), **said, **person))
    sent += [
        erasure(f"e{at}", SUBJECTS[0], _when(random), random.choice((None, None, -HOUR, 90 * DAY)))
        for at in range(random.choice((1, 1, 2)))
    ]
    if random.random() < 0.4:
        sent += _orders(random, stores, random.choice((1, 2)))
    return _plan(random, stores, sent)


def _continued(random: Random) -> Plan:
    """Responses continue each other, and some go with all that continues them."""
    stores = tuple(f"planted-r{at}" for at in range(1, random.choice((3, 4))))
    sent = []
    for at, each in enumerate(stores):
        said: dict[str, object] = {"previous_response_id": stores[at - 1]} if at or random.random() < 0.2 else {}
        until: float | None = random.choice((HOUR, 3 * DAY))
        if random.random() < 0.4:
            said, until = said | {"policy": "session"}, None
        sent.append(registration(f"m{at}", each, random.random() + 40.0 * at, until, **said))
    for at in range(random.choice((0, 1, 2))):
        said = {"cascade": True} | ({"reason": "manual"} if random.random() < 0.5 else {})
        sent.append(request(f"x{at}", random.choice(stores), _when(random), **said))
    if random.random() < 0.3:
        sent += _orders(random, stores, random.choice((1, 2)))
    return _plan(random, stores, sent)


def _verified(random: Random) -> Plan:
    """What was deleted is looked for, and may be there again."""
    stores = ("planted-r1",)
    session = random.random() < 0.5
    sent = [
        registration("m1", stores[0], 0.0, None, policy="session")
        if session
        else registration("m1", stores[0], 0.0, _date(random))
    ]
    if random.random() < 0.3:
        sent.append(request("x1", stores[0], _when(random), reason="manual"))
    if random.random() < 0.3:
        sent += _orders(random, stores, 1)
    return _plan(random, stores, sent, returns=random.choice((0, 1, 3)))


def _rejected(random: Random) -> Plan:
    """What can't be deleted comes up again, but not too often."""
    stores = ("planted-r1", "planted-r2")
    sent = [registration(f"m{at}", each, random.random(), _date(random)) for at, each in enumerate(stores)]
    return _plan(random, stores, sent, refused=frozenset(stores[:1]), most=random.choice((0, 0, 2)))


def _created(random: Random) -> Plan:
    """Responses are registered by their own creates, and by others too; their people are held and erased."""
    sent = [
        kept(f"m{at}", f"planted-{at}", float(at), _date(random), random.choice(SUBJECTS[:2]))
        for at in range(random.choice((1, 2)))
    ]
    if random.random() < 0.5:
        sent.append(registration("r1", "resp_1", 2.0 + _when(random), _date(random)))
    if random.random() < 0.5:
        sent.append(erasure("e1", SUBJECTS[0], 2.0 + _when(random)))
    if random.random() < 0.5:
        sent.append(order("h1", "place", "case 1", 2.0 + _when(random), subject=SUBJECTS[0]))
    return _plan(random, (), sent)


def _sealed(random: Random) -> Plan:
    """Some days' receipts and history are sealed, by two at once and with crashes.

    One response may not be there when its date has come, and be registered anew after that.
    """
    stores = tuple(f"planted-r{at}" for at in range(1, random.choice((2, 4))))
    times = (0.0, HOUR, 15.9 * HOUR, 16 * HOUR, DAY)
    sent = [registration(f"m{at}", each, random.choice(times), -60.0) for at, each in enumerate(stores)]
    sent.append(order("h1", "place", "case 1", random.choice(times), subject=SUBJECTS[0]))
    absent = frozenset(stores[:1] if random.random() < 0.3 else ())
    if absent:
        sent[0] = registration("m0", stores[0], 0.0, -60.0)
        sent += [registration("a1", stores[0], HOUR, 60 * DAY), request("x1", stores[0], 2 * HOUR)]
    return _plan(random, stores, sent, lasts=2.9 * DAY, seals=True, absent=absent, returns=len(absent))


_AT_ONCE = frozenset({DUPLICATE, GHOST, CRASH, "ack lost", "query stale", "send unseen", "write lost", "write unseen"})


def _close(random: Random, stores: Sequence[str], sent: Sequence[Sent], **more: object) -> Plan:
    """Play messages that come nearly at once, and in any order, with a few faults."""
    chosen = {"faults": _AT_ONCE if random.random() < 0.5 else frozenset(), "most": 3, "workers": 3, "batch": 3}
    return _plan(random, stores, sent, **chosen | more)


def _asked(random: Random) -> Plan:
    """One response is asked for by several messages at once, beside its registration, whose date is far away."""
    stores = ("planted-r1",)
    sent = [registration("m1", stores[0], random.choice((0.0, 0.5, 40.0)), random.choice((60 * DAY, 60 * DAY, HOUR)))]
    for at in range(random.choice((1, 2, 3))):
        said = {"reason": "manual"} if random.random() < 0.5 else {}
        sent.append(request(f"x{at}", stores[0], random.random(), **said))
    absent = frozenset(stores if random.random() < 0.4 else ())
    faults = _AT_ONCE | {"DELETE 429", "DELETE 429 wait 600", "DELETE 400"}
    return _close(
        random,
        stores,
        sent,
        absent=absent,
        returns=len(absent),
        faults=faults if random.random() < 0.6 else frozenset(),
    )


def _swept(random: Random) -> Plan:
    """Two sweeps and more at once, on the same few records."""
    stores = ("planted-r1", "planted-r2")
    until = random.choice((-60.0, HOUR))
    sent = [registration(f"m{at}", stores[at % 2], 0.0 if at < 2 else HOUR + random.random(), until) for at in range(3)]
    return _close(random, stores, sent, ticks=6)


def _named(random: Random) -> Plan:
    """Registrations of one response name several people and dates, in any order; these are held and erased."""
    stores = ("planted-r1",)
    sent = []
    for at in range(random.choice((2, 3))):
        said = {"subject": random.choice(SUBJECTS[:2])} if random.random() < 0.8 else {}
        said |= {"created_at": moment(-DAY)} if random.random() < 0.4 else {}
        when = random.choice((0.0, 0.0, HOUR)) + random.random()
        sent.append(registration(f"m{at}", stores[0], when, random.choice((2 * HOUR, 60 * DAY)), **said))
    if random.random() < 0.6:
        sent.append(order("h1", "place", "case 1", 40.0, subject=SUBJECTS[0]))
    else:
        sent.append(erasure("e1", SUBJECTS[0], 40.0))
    return _close(random, stores, sent)


def _ordered(random: Random) -> Plan:
    """Orders of one case that come nearly at once, in any order."""
    stores = ("planted-r1",)
    target = random.choice(({"response_id": stores[0]}, {"subject": SUBJECTS[0]}))
    sent = [registration("m1", stores[0], 0.0, random.choice((-60.0, HOUR)), subject=SUBJECTS[0])]
    start = random.choice((0.5, 2 * HOUR))
    for at in range(random.choice((2, 3))):
        action = random.choice(("place", "release"))
        sent.append(order(f"h{at}", action, "case 1", start + random.random(), **target))
    return _close(random, stores, sent)


def _erasing(random: Random) -> Plan:
    """One erasure, of one or two responses, whose message is delivered more than once."""
    stores = ("planted-r1", "planted-r2")[: random.choice((1, 2))]
    sent = [registration(f"m{at}", each, 0.0, 60 * DAY, subject=SUBJECTS[0]) for at, each in enumerate(stores)]
    sent.append(erasure("e1", SUBJECTS[0], random.choice((0.5, 70.0))))
    return _close(random, stores, sent, faults=_AT_ONCE)


RETENTION: dict[str, Callable[[Random], Plan]] = {
    "registered": _registered,
    "dated": _dated,
    "kept back": _kept_back,
    "erased": _erased,
    "continued": _continued,
    "verified": _verified,
    "rejected": _rejected,
    "created": _created,
    "sealed": _sealed,
    "asked": _asked,
    "swept": _swept,
    "named": _named,
    "ordered": _ordered,
    "erasing": _erasing,
}
