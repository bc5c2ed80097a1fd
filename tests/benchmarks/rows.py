"""The rows of the table: what is measured, against what, and the budget."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median

from ledger.agenda import SHARDS
from tests.benchmarks import cost, stand_in
from tests.benchmarks import turns as turns_of
from tests.benchmarks.programs.meter import WARM_UP
from tests.benchmarks.running import Environment, Taken

WRITES = ("PutItem", "UpdateItem", "TransactWriteItems")

API, TABLES, QUEUES = 50, 10, 10
"""Milliseconds until the stand-in server answers as each service."""

COUNT, BATCH = 1000, 100
TURNS, SPOKEN = 200, 3
UNDER_QUOTA, QUOTA = 3000, 10
"""Deletions, and how many of them the service takes at a time."""
FEW = 100
"""Deletions of the rival that makes one call after another: a thousand would take a minute."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row: `figures` has one value a round; at least, or at most, `budget`."""

    what: str
    against: str
    figures: Sequence[float]
    budget: float
    at_least: bool
    unit: str = ""

    @property
    def middle(self) -> float:
        """The median of the rounds."""
        return median(self.figures)

    @property
    def kept(self) -> bool:
        """Whether the budget is kept."""
        return self.middle >= self.budget if self.at_least else self.middle <= self.budget


Round = Mapping[str, Taken]


TIMES = "\N{MULTIPLICATION SIGN}"


def programs(env: Environment) -> dict[str, Callable[[], Taken]]:
    """The programs of a round, those that are compared beside each other."""
    every: dict[str, Callable[[], Taken]] = {}
    for at_once in (16, 100):
        every[f"product {at_once}"] = partial(env.product, COUNT, BATCH, at_once)
        every[f"alone {at_once}"] = partial(env.http_client, COUNT, at_once)
        every[f"async {at_once}"] = partial(env.rival, "side_by_side", COUNT, at_once)
    every["one by one"] = partial(env.rival, "handler", FEW, FEW)
    every["cold product"] = partial(env.product, 1, 1, 16)
    every["cold rival"] = partial(env.rival, "handler", 1, 1)
    polls = {"GET_RESPONSE_QUEUE_URL": "http://127.0.0.1/polls"}
    every["creates"] = partial(env.function, "create_response", BATCH, BATCH, 16, **polls)
    every["turns"] = partial(env.turns, TURNS)
    every["bare turns"] = partial(env.websocket, TURNS)
    every["spoken"] = partial(env.turns, SPOKEN, SPOKEN, "/speech")
    every["sweep"] = partial(env.sweep, 1)
    every["quota"] = partial(env.function, "delete_response", UNDER_QUOTA, BATCH, 50, "/quota")
    return every


def rows(rounds: Sequence[Round], size: int) -> Iterator[Row]:
    """The table, from what each round took and the archive's size in bytes."""
    yield from _rates(rounds, 16, of_limit=0.85, of_sdk=1)
    yield from _rates(rounds, 100, of_limit=0.5, of_sdk=5)
    slow = [each["one by one"].seconds / FEW / (each["product 16"].seconds / COUNT) for each in rounds]
    handler = "OpenAI's SDK, one call after another, Powertools' batch and idempotency"
    yield Row("deletions, 16 in flight: rate", handler, slow, 1, True, TIMES)
    asked = [_requests(each["product 16"]) for each in rounds]
    yield Row("requests to tables and queues for 100 deletions", "", asked, 15, False)
    cold = [each["cold product"].whole / each["cold rival"].whole for each in rounds]
    yield Row(
        "cold start, first message settled, from the archive", "the handler on OpenAI's SDK", cold, 0.35, False, TIMES
    )
    yield Row("peak memory of a cold deletion", "", [each["cold product"].peak for each in rounds], 48, False, "MiB")
    yield from _creates_and_turns(rounds)
    yield from _sweep(rounds)
    yield from _costs(rounds)
    yield from _quota(rounds)
    yield Row("archive", "", [size / 1e6], 6, False, "MB")


def _rates(rounds: Sequence[Round], at_once: int, of_limit: float, of_sdk: float) -> Iterator[Row]:
    what, limit = f"1,000 deletions, {at_once} in flight", at_once * 1000 / API
    compared = [tuple(each[f"{name} {at_once}"] for name in ("product", "alone", "async")) for each in rounds]
    rate = [COUNT / product.seconds / limit for product, _, _ in compared]
    yield Row(f"{what}: rate", f"the limit, {limit:,.0f}/s", rate, of_limit, True, TIMES)
    sdk = [rival.seconds / product.seconds for product, _, rival in compared]
    equal = "OpenAI's SDK, asynchronous, with a record and a result each"
    yield Row(f"{what}: rate", equal, sdk, of_sdk, True, TIMES)
    cpu = [product.cpu / alone.cpu for product, alone, _ in compared]
    yield Row(f"{what}: CPU of a deletion, all in", "`http.client`, the call alone", cpu, 4, False, TIMES)


def _creates_and_turns(rounds: Sequence[Round]) -> Iterator[Row]:
    each_create = BATCH + WARM_UP
    writes = [sum(each["creates"].requests.get(name, 0) for name in WRITES) / each_create for each in rounds]
    yield Row("writes to the table a create", "", writes, 2, False)
    turns = [each["turns"].seconds / each["bare turns"].seconds for each in rounds]
    yield Row("realtime text turn, 20 deltas without pauses", "bare `websockets`", turns, 2, False, TIMES)
    what = f"{SPOKEN} spoken turns of {turns_of.MINUTES} minutes at once"
    yield Row(f"{what}: peak memory", "", [each["spoken"].peak for each in rounds], 200, False, "MiB")
    yield Row(f"{what}: memory that stays", "", [each["spoken"].left for each in rounds], 80, False, "MiB")


def _sweep(rounds: Sequence[Round]) -> Iterator[Row]:
    due = SHARDS * stand_in.PAGES * stand_in.PAGE
    share = [each["sweep"].cpu / due * 1000 / cost.SWEEP_UNITS for each in rounds]
    yield Row("sweep at 1,000 request units a second: CPU", "a core", share, 0.1, False, TIMES)


def _costs(rounds: Sequence[Round]) -> Iterator[Row]:
    bare, with_table = [], []
    for each in rounds:
        product, rival = each["product 16"].seconds / COUNT * BATCH, each["one by one"].seconds / FEW
        ours, theirs = cost.functions(product, BATCH), cost.functions(rival, 1)
        bare.append(ours / theirs)
        with_table.append((ours + cost.table(cost.OUR_UNITS)) / (theirs + cost.table(cost.THEIR_UNITS)))
    single = "OpenAI's SDK, a message an invocation"
    yield Row("cost of a million deletions, without the table", single, bare, 1 / 15, False, TIMES)
    yield Row("cost of a million deletions, with the table", single, with_table, 0.4, False, TIMES)


def _quota(rounds: Sequence[Round]) -> Iterator[Row]:
    taken, what = [each["quota"] for each in rounds], f"deletions, 50 in flight allowed, {QUOTA} taken at a time"
    # The whole run is counted, with its warm-up: then it finds the quota out.
    limit = QUOTA * 1000 / API
    rate = [each.requests["DELETE"] / each.seconds * UNDER_QUOTA / (UNDER_QUOTA + WARM_UP) / limit for each in taken]
    yield Row(f"{what}: rate", f"the limit, {limit:,.0f}/s", rate, 0.5, True, TIMES)
    dead = [each.requests.get(stand_in.TO + "dead", 0) for each in taken]
    yield Row(f"{what}: dead letters", "", dead, 0, False)


def _requests(taken: Taken) -> float:
    """Requests but deletions themselves, for each hundred deletions."""
    asked = sum(
        count for name, count in taken.requests.items() if name != "DELETE" and not name.startswith(stand_in.TO)
    )
    return asked / taken.requests["DELETE"] * 100
