"""What ten million responses take: how long, what is full first, and what it costs. `make scale` prints the table.

A model of few numbers. tests/unit/test_scale.py holds it to runs of the functions' own code, scaled down, in virtual time
(tests/benchmarks/scaled_down.py).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from tests.benchmarks import cost

MANY = 10_000_000
HOUR, MONTH = 3600, 30 * 86_400

REQUEST, CALL = 0.01, 0.05
"""Seconds that a request to table or queue takes, and a call: as in `make bench`."""

BATCH = 100

REGISTER, SWEEP, DELETE_DUE, SEAL = 9, cost.SWEEP_UNITS, 10, 0.5
"""Request units of a response with a person, from its registration to its seal (tests/integration/test_request_units.py)."""

BACKLOG, TICK = 10_000, 300
"""Deletions that a sweep lets wait (SWEEP_BACKLOG), and seconds between sweeps (infra/functions.yaml)."""

SWEEPING = 45
"""Seconds of its minute in which a sweep begins further pages; ten messages go in a request (`make bench-retention`)."""


@dataclass(frozen=True, slots=True)
class Cloud:
    """What there is: instances of delete_response in all zones, calls at once of each, request units a second.

    `compute` is the seconds of computing of a deletion, on a share of a core as large as the function's.
    """

    name: str
    instances: int
    at_once: int
    units: float
    compute: float = 0.0

    @property
    def seconds_of_batch(self) -> float:
        """Seconds that an instance takes for a batch: records are read, calls made, outcomes written, results sent."""
        return 3 * REQUEST + ceil(BATCH / self.at_once) * CALL + BATCH * self.compute

    def limits(self, units: float, *, swept: bool = False) -> dict[str, float]:
        """Deletions a second that each part lets through, where each takes so many request units."""
        limits = {"instances": self.instances * BATCH / self.seconds_of_batch, "request units": self.units / units}
        swept_a_second = 1 / (SWEEP / self.units + REQUEST / 10)
        sweeps = {"SWEEP_BACKLOG": BACKLOG / TICK, "the sweep's minute": SWEEPING * swept_a_second / TICK}
        return limits | (sweeps if swept else {})

    def rate(self, units: float, *, swept: bool = False) -> tuple[float, str]:
        """Deletions a second, and what is full first."""
        limits = self.limits(units, swept=swept)
        first = min(limits, key=lambda name: limits[name])
        return limits[first], first


NEW = Cloud("new", instances=6, at_once=16, units=1_000, compute=0.0025)
RAISED = Cloud("raised", instances=30, at_once=16, units=10_000, compute=0.0025)


def table() -> Iterator[str]:
    """The table, as Markdown."""
    yield "| ten million | quotas | a second | it takes | full first | functions | table |"
    yield "|---|---|---|---|---|---|---|"
    for what, units, swept in (
        ("deletions behind", cost.OUR_UNITS, False),
        ("registered, due on one day", SWEEP + DELETE_DUE, True),
    ):
        for cloud in (NEW, RAISED):
            rate, first = cloud.rate(units, swept=swept)
            dollars = cost.functions(cloud.seconds_of_batch, BATCH) * MANY / 1e6, cost.table(units) * MANY / 1e6
            paid = " | ".join(f"${each:,.2f}" for each in dollars)
            yield f"| {what} | {cloud.name} | {rate:,.0f} | {MANY / rate / HOUR:,.0f} h | {first} | {paid} |"
    each = REGISTER + SWEEP + DELETE_DUE + SEAL
    for cloud in (NEW, RAISED):
        rate = MANY / MONTH
        share = rate * each / cloud.units
        paid = f"${cost.functions(cloud.seconds_of_batch, BATCH) * MANY / 1e6:,.2f} | ${cost.table(each) * MANY / 1e6:,.2f}"
        yield f"| registered and due evenly in 30 days | {cloud.name} | {rate:,.1f} | all the time | none: {share:.0%} of the units | {paid} |"


def main() -> None:
    """Print the table."""
    print(*table(), sep="\n")  # noqa: T201 - what the command is for


if __name__ == "__main__":
    main()
