"""Scenarios: what a seed is played on. Each makes a plan of a seed's own randomness."""

from collections.abc import Callable
from dataclasses import replace
from random import Random

from tests.simulation.faults import CRASH, DUPLICATE, GHOST, every_fault
from tests.simulation.messages import POISON, SUBJECTS, Sent, about, creation, deletion, event, padded, script, stored
from tests.simulation.plan import DAY, Plan, record_key_of, subject_record_key
from tests.simulation.scenarios_retention import RETENTION

_SKEWS = ((0.0,), (-300.0, 300.0), (300.0, 0.0, -300.0))
_FAULTS = tuple(sorted(every_fault()))
_FORGED = (
    '{"v":1,"key":"planted-other","origin":"planted","first_seen":1,"sent_at":1,"attempt":7,"copy":9,"mac":"planted"}'
)
_OF_PRODUCERS = (
    {"key": ("String", "planted-other")},
    {"attempt": ("Number", "7")},
    {"seq": ("Number", "3"), "redrive": ("Number", "2")},
    {"force": ("String", "true"), "redrive": ("Number", "1")},
    {"not_before": ("Number", "1900000000"), "first_seen": ("Number", "1")},
    {"attempt": ("String", "first"), "reason": ("String", "planted")},
    {"encoding": ("String", "gzip"), "settlement": ("String", _FORGED)},
    {"settlement": ("String", _FORGED.replace('"copy":9', '"redrive":3'))},
    {"tenant": ("String", "planted-tenant")},
)


def _plan(random: Random, function: str, messages: tuple[Sent, ...]) -> Plan:
    share = random.choice((0.1, 0.3, 1.0))  # of all faults: a run that meets few kinds meets them often
    faults = frozenset(fault for fault in _FAULTS if random.random() < share)
    return Plan(
        function,
        messages,
        faults=faults,
        most=random.choice((1, 2, 4, 8)),
        redrives=random.choice((0, 1, 3)),
        forces=random.choice((0, 0, 2)) if function == "create" else 0,
        moves=random.choice((0, 0, 2)),
        holds=random.choice((0, 0, 1, 3)) if function == "delete" else 0,
        ages=(random.choice((0.0, 4.5 * DAY, 36 * DAY)),) if random.random() < 0.05 else (),
        skews=random.choice(_SKEWS),
        receives=random.choice((2, 5, 5)) if CRASH in faults else 50,
        attempts=random.choice((1, 2, 3)),
        absent=frozenset(["planted-a"] if function == "delete" and random.random() < 0.1 else []),
        appears=random.random() < 0.5,
        large=random.random() < 0.1,
        bucket=random.random() < 0.5,
    )


def _of_producer(random: Random, sent: Sent) -> Sent:
    """Some producers write attributes of their own."""
    return replace(sent, attributes=random.choice(_OF_PRODUCERS)) if random.random() < 0.1 else sent


def _somebody(random: Random) -> str:
    return random.choice(("", SUBJECTS[0], SUBJECTS[0], *SUBJECTS[1:]))


def _deletion(random: Random) -> Plan:
    sent = (
        deletion("m1", "planted-a", random.choice((0, 0, 600)), _somebody(random)),
        deletion("m2", "planted-a", subject=_somebody(random)),
    )
    messages = tuple(_of_producer(random, each) for each in sent)
    return _plan(random, "delete", messages[: random.choice((1, 1, 2))])


def _create(random: Random) -> Plan:
    unknown = random.choice(("dead_letter", "dead_letter", "retry"))
    sent = (
        creation("m1", "planted-a", unknown),
        creation("m2", "planted-a", unknown, random.choice(("", "", "!"))),
    )
    messages = tuple(_of_producer(random, each) for each in sent)
    return _plan(random, "create", messages[: random.choice((1, 1, 2))])


def _sessions(random: Random) -> Plan:
    """Creates by WebSocket, some with items that go before them."""
    unknown = random.choice(("dead_letter", "dead_letter", "retry"))
    messages = tuple(
        creation(f"m{at}", f"planted-{random.choice('ab')}", unknown, items=random.choice((0, 0, 1, 2)))
        for at in range(1, random.choice((2, 4)))
    )
    return replace(_plan(random, "create", messages), websocket=True, batch=random.choice((1, 3)))


def _scripts(random: Random) -> Plan:
    """Scripts of client events with a response or several, in sessions that may end at each step."""
    unknown = random.choice(("dead_letter", "dead_letter", "retry"))
    scripts = {key: _script(random) for key in ("planted-a", "planted-b")}
    keys = random.choices(sorted(scripts), k=random.choice((1, 3)))
    messages = tuple(
        script(f"m{at}", key, unknown, scripts[key] if random.random() < 0.8 else _script(random))
        for at, key in enumerate(keys, 1)
    )
    return replace(_plan(random, "script", messages), websocket=True, batch=random.choice((1, 3)))


def _script(random: Random) -> list[str]:
    """One response at the least, so that something is billed; what is wrong comes seldom."""
    before = random.choices(("update", "item", "look", "sound", "commit", "ask"), k=random.choice((0, 1, 2, 3)))
    after = random.choices(("cancel", "update", "item", "sound", "commit", "ask"), k=random.choice((0, 0, 1, 3)))
    if random.random() < 0.2:
        before += random.choice((["update", "wrong"], ["wrong"]))
    return [*before, "ask", *after]


def _events(random: Random) -> Plan:
    """Creates in envelopes: two sources give their events the same ids."""
    sources = ("/planted/1", "/planted/2")
    messages = tuple(event(f"m{at}", random.choice(sources), f"planted-{random.choice('ab')}") for at in range(1, 4))
    return _plan(random, "create", messages)


def _many(random: Random, plan: Plan) -> Plan:
    return replace(plan, batch=random.choice((2, 3, 5)), workers=random.choice((2, 3)))


def _deletions(random: Random) -> Plan:
    messages = [
        deletion(f"m{index}", f"planted-{random.choice('abc')}", random.choice((0, 0, 300, 600)), _somebody(random))
        for index in range(1, 6)
    ]
    return _many(random, _plan(random, "delete", (*messages, POISON)))


def _creates(random: Random) -> Plan:
    messages = [
        creation(f"m{index}", f"planted-{random.choice('abc')}", on_unknown=random.choice(("dead_letter", "retry")))
        for index in range(1, 6)
    ]
    return _many(random, _plan(random, "create", (*messages, POISON)))


def _storm(random: Random) -> Plan:
    """The service throttles nearly every call for a while: no message ends by that, and nothing is unknown."""
    faults = frozenset({"POST 429", "POST 429 wait 2", "POST 429 wait 600", "POST down", "POST no connection"})
    messages = tuple(creation(f"m{index}", f"planted-{index}") for index in range(1, 5))
    return Plan("create", messages, faults, most=40, batch=4, attempts=1, steady=True, forbidden=frozenset({"unknown"}))


def _quota(random: Random) -> Plan:
    """The service takes fewer calls at a time than an instance may make: nothing is dead-lettered for that."""
    messages = tuple(deletion(f"m{at}", f"planted-{at}") for at in range(1, 41))
    faults = frozenset(random.sample(("DELETE lost", "write unseen", "send partial", CRASH, DUPLICATE), 2))
    return Plan(
        "delete", messages, faults, most=random.choice((0, 2)), batch=8, workers=random.choice((1, 2)), quota=3, at_once=8,
        attempts=1, steady=True, sent_before=True,
    )  # fmt: skip


def _neighbours(random: Random) -> Plan:
    """One message's neighbour can't be settled, so that its batch comes back again and again."""
    faults = frozenset({"DELETE 429", "DELETE 429 wait 600", "DELETE 500", "result down for an hour"})
    messages = (deletion("m1", "planted-a"), deletion("m2", "planted-b", 600))
    return Plan("delete", messages, faults, most=40, batch=8, attempts=3, sent_before=True)


def _unwritable(random: Random) -> Plan:
    """The ledger can be read and not be written, for an hour: nothing may have more messages for that."""
    function, method = random.choice((("delete", "DELETE"), ("create", "POST")))
    faults = frozenset({f"{method} 429", f"{method} 400", "write down for an hour"})
    messages = tuple(
        deletion(f"m{at}", f"planted-{at}", random.choice((0, 0, 600)), _somebody(random))
        if function == "delete"
        else creation(f"m{at}", f"planted-{at}")
        for at in range(1, 4)
    )
    return Plan(
        function, messages, faults, most=6, at_most=(("write down for an hour", 1),), batch=random.choice((1, 3)),
        workers=1, steady=True, sent_before=True, forbidden=frozenset({"doubled"}),
    )  # fmt: skip


def _throttled(random: Random) -> Plan:
    """One create is throttled again and again, and comes back although it was acknowledged."""
    faults = frozenset({"POST 429", "POST 429 wait 600", "ack lost"})
    return Plan("create", (creation("m1", "planted-a"),), faults, most=40)


def _unnamed(random: Random) -> Plan:
    """Creates that carry no id: their message ids are their keys, also once they were copied or redriven."""
    return _plan(random, "create", (creation("m1"), creation("m2"))[: random.choice((1, 1, 2))])


def _busy(random: Random) -> Plan:
    """A caller has died, and its message comes back although it was acknowledged."""
    return Plan("create", (creation("m1", "planted-a"),), frozenset({CRASH, "ack lost"}), most=6)


def _background(random: Random) -> Plan:
    """Creates that are stored, plain, as streams or in the background, which are polled, cancelled and deleted."""
    messages = [
        stored(
            f"m{at}", f"planted-{random.choice('ab')}", background=random.random() < 0.6, stream=random.random() < 0.4
        )
        for at in range(1, random.choice((2, 3)))
    ]
    for at in range(random.choice((0, 1, 3))):
        function = random.choice(("cancel_response", "delete_response", "delete_response"))
        messages.append(about(f"x{at}", function, f"resp_{random.choice('112')}"))
    plan = _plan(random, "respond", tuple(messages))
    return replace(
        plan, beside=("get_response", "cancel_response", "delete_response"), redrives=0, forces=0, moves=0, ages=(),
        batch=random.choice((1, 2)), workers=random.choice((2, 3)),
    )  # fmt: skip


def _forgotten(random: Random) -> Plan:
    """A queue drops what it kept for as long as it keeps anything, or is purged; later another message comes."""
    function, make, faults = random.choice(
        (
            ("delete", deletion, frozenset({"DELETE 429", "DELETE lost", "DELETE 400"})),
            ("create", creation, frozenset({CRASH, DUPLICATE, "POST 429", "POST 400"})),
        )
    )
    messages = (make("m1", "planted-a"), make("m2", "planted-a"), make("m3", "planted-a"))
    if function == "delete" and random.random() < 0.5:
        messages = (deletion("m1", "planted-a", random.choice((300, 600))), *messages[1:])
    ages = tuple(random.choice((0.0, 2 * DAY, 4.5 * DAY, 15 * DAY, 36 * DAY)) for _ in range(3))
    return Plan(function, messages, faults, most=4, ages=ages, one_by_one=True, redrives=random.choice((0, 1)))


def _fresh(random: Random) -> Plan:
    """A message that has ended comes back, and meets a fresh one of its key, which may have a date."""
    messages = (deletion("m1", "planted-a"), deletion("m2", "planted-a", random.choice((0, 300, 600))))
    return Plan("delete", messages, frozenset({"DELETE 400", GHOST}), most=4, batch=3, one_by_one=True)


def _moved(random: Random) -> Plan:
    """Scripts move dead letters back, as they are or their bodies only; and a producer sends once more."""
    function, make, faults = random.choice(
        (
            ("delete", deletion, frozenset({"DELETE 400", "DELETE 500", "DELETE 429", GHOST})),
            ("create", creation, frozenset({"POST 400", "POST lost after", "POST 429", GHOST})),
        )
    )
    messages = (make("m1", "planted-a"), make("m2", "planted-a"))[: random.choice((1, 2))]
    return Plan(function, messages, faults, most=4, moves=3, redrives=1, attempts=1, one_by_one=True)


def _nobody(random: Random) -> Plan:
    """Messages that name nobody, or somebody else, follow those of a person with a hold, however these ended."""
    messages = (
        deletion("m1", "planted-a", random.choice((0, 600)), _somebody(random)),
        deletion("m2", "planted-a", random.choice((0, 600)), _somebody(random)),
        deletion("m3", "planted-a", subject=""),
    )
    faults = frozenset({"DELETE 400", "DELETE 429", "DELETE lost", "write lost", "write down", CRASH, DUPLICATE})
    return Plan(
        "delete", messages, faults, most=random.choice((0, 2, 4)), holds=1, reports=False,
        batch=random.choice((1, 2)), one_by_one=random.random() < 0.5,
    )  # fmt: skip


def _attributes(random: Random) -> Plan:
    """Producers write attributes of their own, of any name."""
    function, make = random.choice((("delete", deletion), ("create", creation)))
    messages = tuple(
        replace(make(f"m{at}", f"planted-{random.choice('ab')}"), attributes=random.choice(_OF_PRODUCERS))
        for at in range(1, 4)
    )
    faults = frozenset({"DELETE 429", "DELETE 400", "POST 429", "POST 400"})
    return Plan(function, messages, faults, most=3, batch=2, redrives=1)


def _absent(random: Random) -> Plan:
    """A response is stored after somebody has asked for its deletion in vain; others ask again."""
    messages = tuple(deletion(f"m{at}", "planted-a") for at in range(1, 4))
    faults = frozenset({"DELETE 429", "DELETE lost after", "write lost", DUPLICATE, GHOST})
    return Plan(
        "delete", messages, faults, most=random.choice((0, 2, 4)), batch=random.choice((1, 2)), appears=True,
        absent=frozenset({"planted-a"}), one_by_one=random.random() < 0.5, redrives=1,
    )  # fmt: skip


def _expired(random: Random) -> Plan:
    """A caller dies, the queue moves its message, and an operator redrives it: the lease ends under another number."""
    faults = frozenset({CRASH, "POST 429", "POST 400"})
    return Plan("create", (creation("m1", "planted-a"),), faults, most=3, receives=1, redrives=3, forces=1)


def _slow(random: Random) -> Plan:
    """Far more calls than an invocation has time for; a hold may be placed meanwhile, and reads may be slow."""
    messages = tuple(deletion(f"m{index}", f"planted-{index}") for index in range(1, 17))
    return Plan(
        "delete", messages, frozenset({"read slow"}), most=random.choice((0, 4)), batch=16, receives=2, at_once=2,
        slow_call=random.choice((3.3, 5.0)), timeout=30.0, holds=random.choice((0, 1, 2)), reports=False, steady=True,
        on_hold=(subject_record_key(SUBJECTS[0]), record_key_of("response", "planted-9")),
        sent_before=True, forbidden=frozenset({"moved"}),
    )  # fmt: skip


def _dates(random: Random) -> Plan:
    """Messages of one response with dates that are soon, and nothing that goes wrong: the first date counts."""
    dates = (0, 60, 300, 590, 600)
    messages = tuple(deletion(f"m{index}", "planted-a", random.choice(dates)) for index in range(1, 4))
    return Plan("delete", messages, batch=3, steady=True, forbidden=frozenset({"moved"}))


def _retired(random: Random) -> Plan:
    """For an hour the deployment is wrong, and every call is rejected alike."""
    messages = tuple(deletion(f"m{at}", f"planted-{at}") for at in range(1, random.choice((4, 9))))
    return Plan(
        "delete", messages, batch=random.choice((1, 2, 5)), workers=1, steady=True, retired=600.0, prompt=1300.0,
        sent_before=random.random() < 0.5, gathers=random.choice((0.0, 90.0)),
    )  # fmt: skip


def _denied(random: Random) -> Plan:
    """One response never is let in, which delays no other; or two are not."""
    names = [f"planted-{at}" for at in range(1, 7)]
    random.shuffle(names)
    denied = names[0], *(names[3:4] if random.random() < 0.5 else ())
    messages = tuple(deletion(f"m{at}", name) for at, name in enumerate(names))
    return Plan(
        "delete", messages, batch=random.choice((2, 6)), workers=1, steady=True, sent_before=True, prompt=0.9 if len(denied) == 1 else 120.0,
        denied=frozenset(denied), at_once=1, max_age=600.0,
    )  # fmt: skip


def _outage(random: Random) -> Plan:
    """Messages wait for longer than the age limit before they are delivered at all; then the service is busy."""
    function, make, method = random.choice((("delete", deletion, "DELETE"), ("create", creation, "POST")))
    messages = tuple(make(f"m{at}", f"planted-{at}") for at in range(1, 6))
    faults = frozenset({f"{method} 429", f"{method} no connection"})
    return Plan(function, messages, faults, most=3, batch=5, steady=True, sent_before=True, ages=(1.1 * DAY,))


def _backoff(random: Random) -> Plan:
    """Messages of one response with different dates, all of which come while the service asks for patience."""
    messages = tuple(deletion(f"m{index}", "planted-a", random.choice((0, 300, 600))) for index in range(1, 4))
    faults = frozenset({"DELETE 429", "DELETE 429 wait 600"})
    return Plan("delete", messages, faults, most=6, batch=random.choice((1, 3)), steady=True, sent_before=True)


def _joined(random: Random) -> Plan:
    """Messages of one key come together, some of which were called more often than others."""
    function, make, method = random.choice((("delete", deletion, "DELETE"), ("create", creation, "POST")))
    messages = tuple(make(f"m{at}", "planted-a") for at in range(1, 4))
    faults = frozenset({f"{method} 500", f"{method} 429", DUPLICATE})
    return Plan(function, messages, faults, most=8, batch=2, workers=3, attempts=5, gathers=5.0)


def _answered(random: Random) -> Plan:
    """A message that names a person is answered by the retry message of one that names nobody; then comes a hold."""
    messages = (deletion("m1", "planted-a", subject=""), deletion("m2", "planted-a"))
    faults = frozenset({"DELETE 429 wait 600", "DELETE 429"})
    return Plan(
        "delete", messages, faults, most=3, holds=1, on_hold=(subject_record_key(SUBJECTS[0]),), reports=False, steady=True,
    )  # fmt: skip


def _oversized(random: Random) -> Plan:
    """Bodies that fit into their queue, and not with attributes of ours: the queue's own policy has to move them."""
    function, make, method = random.choice((("delete", deletion, "DELETE"), ("create", creation, "POST")))
    dates = (0, 0, 300) if function == "delete" else (0,)
    sizes = [random.choice((400, 1200, 2000)) for _ in range(4)]
    messages = [
        padded(
            deletion(f"m{at}", f"planted-{at}", random.choice(dates))
            if make is deletion
            else creation(f"m{at}", f"planted-{at}"),
            size,
        )
        for at, size in enumerate(sizes, 1)
    ]
    faults = frozenset({f"{method} 429", f"{method} 400", f"{method} 500"})
    return Plan(
        function, (*messages, padded(POISON, random.choice((400, 2000)))), faults, most=random.choice((0, 3, 6)),
        batch=random.choice((2, 5)), receives=3, max_bytes=2048, steady=True,
    )  # fmt: skip


_SERVICES = ("read", "write", "send", "result")
_ENDS = ("429 wait 600", "400", "500", "403")


def _silence(random: Random) -> Plan:
    """A mixed batch whose services fall silent or slow, some or all: it ends before it is killed."""
    function, make, method = random.choice((("delete", deletion, "DELETE"), ("create", creation, "POST")))
    count = random.choice((1, 6, 30))
    messages = tuple(make(f"m{at}", f"planted-{at}") for at in range(1, count + 1))
    word = random.choice(("silent", "slow long", "lost", "timeout", "slow"))
    faults = {f"{kind} {word}" for kind in _SERVICES if random.random() < 0.6}
    faults |= {f"{method} {end}" for end in random.sample(_ENDS, 2)}
    return Plan(
        function, messages, frozenset(faults), most=30, batch=count, workers=1, steady=True, sent_before=True,
        tick=0.001, slow_call=random.choice((0.0, 1.0, 7.0)), timeout=60.0 if function == "create" else random.choice((30.0, 60.0)),
    )  # fmt: skip


def _crowd(random: Random) -> Plan:
    """More messages than a read or a transaction takes, some keys more than once, of several people; holds on any."""
    function, method = random.choice((("delete", "DELETE"), ("delete", "DELETE"), ("create", "POST")))
    count = random.choice((30, 60, 130, 230))
    keys = [f"planted-{random.randrange(count)}" for _ in range(count)]
    messages = tuple(
        deletion(f"m{at}", key, random.choice((0, 0, 0, 300)), _somebody(random))
        if function == "delete"
        else creation(f"m{at}", key)
        for at, key in enumerate(keys)
    )
    kinds = (
        "read partial",
        "write conflict",
        "write unseen",
        "send partial",
        f"{method} 429 wait 600",
        f"{method} 400",
        CRASH,
    )
    return Plan(
        function, messages, frozenset(random.sample(kinds, 3)), most=random.choice((0, 2, 6)), batch=250,
        holds=random.choice((0, 3)) if function == "delete" else 0, sent_before=True, tick=0.001, at_once=16,
    )  # fmt: skip


SCENARIOS: dict[str, Callable[[Random], Plan]] = {
    "deletion": _deletion,
    "create": _create,
    "deletions": _deletions,
    "creates": _creates,
    "sessions": _sessions,
    "scripts": _scripts,
    "background": _background,
    "events": _events,
    "storm": _storm,
    "quota": _quota,
    "neighbours": _neighbours,
    "unwritable": _unwritable,
    "throttled": _throttled,
    "unnamed": _unnamed,
    "busy": _busy,
    "forgotten": _forgotten,
    "fresh": _fresh,
    "moved": _moved,
    "nobody": _nobody,
    "attributes": _attributes,
    "absent": _absent,
    "expired": _expired,
    "slow": _slow,
    "dates": _dates,
    "backoff": _backoff,
    "answered": _answered,
    "joined": _joined,
    "retired": _retired,
    "denied": _denied,
    "outage": _outage,
    "oversized": _oversized,
    "silence": _silence,
    "crowd": _crowd,
    **RETENTION,
}

RARER = (
    {"crowd": 5, "retired": 10, "silence": 4, "slow": 4, "denied": 4, "quota": 8}
    | dict.fromkeys(RETENTION, 4)
    | {"sealed": 8}
)
"""Scenarios that take long: one seed of theirs for so many of another's."""
