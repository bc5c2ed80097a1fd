"""One soak: a load through the local servers with things going wrong, until everything has come to rest."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from random import Random

from infra.deploy.table import policies
from infra.local.catalog import LocalFunction, namespace_of, timers
from infra.local.cloud.trigger import Batching
from infra.local.environment import Environment, running_environment
from infra.local.studio.settings import Settings as StudioSettings
from ledger import Holds, Keys, Ledger
from ledger.agenda import text_of
from ledger.states import ALREADY_ABSENT
from tests.e2e.soak.chaos import Chaos
from tests.e2e.soak.evidence import Evidence, collect
from tests.e2e.soak.load import (
    CANCEL,
    CASE,
    CREATE,
    DELETE,
    ERASE,
    EVENT,
    GET,
    HELD_SUBJECT,
    HOLD,
    LIST,
    REGISTER,
    RESPOND,
    SWEEP,
    VERIFY,
    Kind,
    Load,
    make_load,
)
from tests.e2e.soak.progress import Progress
from tests.e2e.soak.proxy import running_proxy
from tests.e2e.soak.reckoning import differences
from tests.e2e.soak.redrive import redrive_deletions
from tests.support.planted import API_KEY, HASH_KEY, PLANTED, SECRETS, TOKEN, leaks_of
from tests.support.waiting import NotInTime, eventually

TIMEOUT = 8
SHORT_VISIBILITY = 4
"""Seconds: less than a function's timeout, so that what takes long is delivered a second time meanwhile."""
LONGEST_DELAY = 2
AHEAD = 600
"""Messages that wait in the queues at the most: the local queue server slows down with what waits in it."""
LOOK_EVERY = 0.25
PATIENCE = 3.0
"""Seconds after which the next thing goes wrong though the work has not got on."""
FEEDING = 0.75
"""The share of the time in which messages are sent; a slow machine sends fewer, and the report says how many."""


def _function(name: str, instances: int = 1, batch: int = 10) -> LocalFunction:
    batching = Batching(batch, 0.2, SHORT_VISIBILITY)
    return LocalFunction(name, f"{name}.handler", TIMEOUT, instances=instances, receives=1000, batching=batching)


FUNCTIONS = [
    _function(DELETE, instances=2, batch=50),
    _function(CREATE, instances=2),
    *(_function(name) for name in (RESPOND, EVENT, GET, LIST, CANCEL, REGISTER, HOLD, ERASE, VERIFY)),
    *(replace(each, every=1.0) for each in timers() if each.name == SWEEP),
]
SETTINGS = {
    **SECRETS,
    "LEASE_MARGIN": "1s",
    "CALL_NEEDS": "1s",
    "LOG_LEVEL": "DEBUG",
    "ERASE_SETTLE": "1s",
    "SWEEP_LEASE": "1m",
    "RETENTION_POLICIES": policies().replace('"1h"', '"1m"'),  # until a deleted response is looked for
}


@dataclass(frozen=True)
class Plan:
    """How large a soak is: messages, kills, storms, and how often each other thing goes wrong.

    `within` is the time, in seconds, after which it fails if it has not come to rest.
    """

    messages: int
    seed: int
    kills: int
    storms: int
    rounds: int
    within: float


@dataclass(frozen=True)
class Report:
    """What a soak found: `wrong` is empty where every promise was kept; `struck` counts what was done to it."""

    messages: int
    seconds: float
    struck: int
    wrong: list[str]
    figures: dict[str, object]


def soak(plan: Plan) -> Report:
    """Run it and reckon. Raises NotInTime where the time is over first."""
    begun = time.monotonic()
    load, progress = make_load(plan.messages, plan.seed), Progress()
    studio = StudioSettings(keys=(TOKEN, API_KEY), realtime_post="json", latency=0.01, seed=plan.seed)
    with (
        running_environment(FUNCTIONS, studio=studio, settings=SETTINGS, log=progress.told) as environment,
        running_proxy(environment.servers.endpoint, LONGEST_DELAY, plan.seed) as proxy,
    ):
        environment.settings["YMQ_ENDPOINT"] = proxy.url
        environment.studio.seed(*load.stored)
        environment.studio.seed(*load.looked_at, background=True)
        environment.start(HOLD)
        place_holds(environment, load)
        environment.start(*(function.name for function in FUNCTIONS if function.name != HOLD))
        chaos = Chaos(environment, proxy, plan.seed)
        deadline = begun + plan.within
        with _striking(chaos, plan, progress, len(load.messages)) as struck:
            until = begun + FEEDING * plan.within
            load = load.first(_feed(environment, load, until))
            while not struck.is_set() and time.monotonic() < until:
                struck.wait(LOOK_EVERY)
        _come_to_rest(environment, deadline, "all messages come to rest")
        seconds = time.monotonic() - begun
        release_holds(environment, load)
        _come_to_rest(environment, deadline, "all releases come to rest")
        again = [planned.body for planned in load.of(Kind.RELEASED).values()]
        again += Random(plan.seed).sample(sorted({planned.body for planned in load.messages}), len(load.messages) // 20)
        _send(environment, load, again)
        _come_to_rest(environment, deadline, "all messages come to rest after the holds' release")
        redriven = redrive_deletions(environment)
        _come_to_rest(environment, deadline, "all deletions that were dead-lettered come to rest")
        _look_for_the_erased(environment, load, deadline)
        environment.stop()
        evidence = collect(environment, progress.lines)
        wrong = differences(load, evidence) + leaks_of(environment, progress.lines, PLANTED)
        figures = _figures(load, evidence, progress, chaos, proxy.seen, seconds) | {"deletions redriven": redriven}
        return Report(len(load.messages), time.monotonic() - begun, chaos.done.total(), wrong, figures)


def place_holds(environment: Environment, load: Load) -> None:
    """Put what is to be held under a hold, by itself or by its subject; by messages what is to be released."""
    holds, keys = Holds(Ledger(environment.dynamodb, environment.ledger), settling=0), Keys(HASH_KEY)
    holds.place(keys.key("subject", HELD_SUBJECT), CASE, time.time())
    for planned in load.of(Kind.HELD).values():
        if HELD_SUBJECT not in planned.body:
            holds.place(keys.key(namespace_of(DELETE), planned.key), CASE, time.time())
    _order(environment, load, "place")


def release_holds(environment: Environment, load: Load) -> None:
    """Release those that are to be released."""
    _order(environment, load, "release")


def _order(environment: Environment, load: Load, action: str) -> None:
    """Send orders of holds, and wait until the ledger has them all."""
    if not (orders := load.orders(action)):
        return
    store, keys = Ledger(environment.dynamodb, environment.ledger), Keys(HASH_KEY)
    environment.send(HOLD, *orders.values())
    held = [keys.key(namespace_of(DELETE), key) for key in load.of(Kind.RELEASED)]
    wanted = {CASE} if action == "place" else set()
    eventually(lambda: all(set(store.get(key).hold) == wanted for key in held), f"holds: {action}", every=LOOK_EVERY)


def _look_for_the_erased(environment: Environment, load: Load, deadline: float) -> None:
    """Wait until the sweep has had each erased response looked for, or the look is put off for a week."""
    store, keys = Ledger(environment.dynamodb, environment.ledger), Keys(HASH_KEY)
    names = [keys.key(namespace_of(DELETE), about) for about in load.erased]
    tomorrow = text_of(time.time() + 86_400)

    def looked_for() -> bool:
        records = store.get_many(names).values()
        return all(
            each.state == ALREADY_ABSENT or "verified_at" in each.rest or str(each.due_at or "") > tomorrow
            for each in records
        )

    eventually(looked_for, "what was erased is looked for", deadline - time.monotonic(), LOOK_EVERY)
    _come_to_rest(environment, deadline, "all looks come to rest")


def at_rest(environment: Environment) -> bool:
    """Nothing waits in a function's queue, is delayed there, or is being dealt with."""
    return sum(depths(environment).values()) == 0


def depths(environment: Environment) -> dict[str, int]:
    """How many messages each function's queue holds, in whatever state."""
    wanted = [f"ApproximateNumberOfMessages{which}" for which in ("", "NotVisible", "Delayed")]
    return {
        name: sum(
            int(value)
            for attribute, value in environment.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])[
                "Attributes"
            ].items()
            if attribute in wanted
        )
        for name, url in environment.queues.items()
    }


def _feed(environment: Environment, load: Load, until: float) -> int:
    """Send as many as there is time for, but never let too many wait; how many were sent."""
    for start in range(0, len(load.messages), 100):
        while sum(depths(environment).values()) >= AHEAD:
            if time.monotonic() > until:
                return start
            time.sleep(LOOK_EVERY)
        _send(environment, load, [planned.body for planned in load.messages[start : start + 100]])
    return len(load.messages)


def _send(environment: Environment, load: Load, bodies: list[str]) -> None:
    functions = {planned.body: planned.function for planned in load.messages}
    for name in sorted(set(functions.values())):
        mine = [body for body in bodies if functions[body] == name]
        if mine:
            environment.send(name, *mine)


@contextmanager
def _striking(chaos: Chaos, plan: Plan, progress: Progress, expected: int) -> Iterator[threading.Event]:
    """While the block lasts things go wrong, spread over the work rather than over time: machines differ.

    What it gives is set when everything that was planned has gone wrong.
    """
    over, struck = threading.Event(), threading.Event()
    planned = chaos.plan(plan.kills, plan.storms, plan.rounds)

    def strike() -> None:
        for number, what in enumerate(planned):
            # Fewer records than messages come to an end, since some messages are doubles of others.
            due, patience = 0.8 * expected * number / len(planned), time.monotonic() + PATIENCE
            while progress.settled < due and time.monotonic() < patience and not over.is_set():
                over.wait(0.05)
            if over.is_set():
                return
            chaos.strike(what)
        struck.set()

    thread = threading.Thread(target=strike, name="chaos", daemon=True)
    thread.start()
    try:
        yield struck
    finally:
        over.set()
        chaos.end()
        thread.join()


def _come_to_rest(environment: Environment, deadline: float, what: str) -> None:
    try:
        eventually(lambda: at_rest(environment), what, deadline - time.monotonic(), LOOK_EVERY)
    except NotInTime as error:
        left = {name: count for name, count in depths(environment).items() if count}
        raise NotInTime(f"{error}; left in the queues: {left}") from None


def _figures(
    load: Load, found: Evidence, progress: Progress, chaos: Chaos, seen: Counter[str], seconds: float
) -> dict[str, object]:
    records = Counter(str(record.state) for record in found.records.values() if record.state)
    reasons = Counter(dead_letter.attributes.get("reason", "?") for dead_letter in found.dead_letters)
    return {
        "messages": len(load.messages),
        "seconds until at rest": round(seconds, 1),
        "messages a second": round(len(load.messages) / seconds, 1),
        "went wrong": dict(sorted(chaos.done.items())) | {"answers lost": seen["lost answers"]},
        "deliveries by end": dict(progress.ends),
        "records by state": dict(records),
        "dead letters by reason": dict(reasons),
        "calls": sum(len(calls) for calls in found.calls.values()),
        "billed": sum(found.billed(key) for key in found.calls),
        "results sent": sum(len(copies) for copies in found.results.values()),
        "dead-lettered records whose dead letter is not noted": sum(
            record.dlq == "pending" for record in found.records.values()
        ),
    }
