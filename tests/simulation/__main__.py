"""`make simulate SEEDS=50000`: many seeded runs; where one breaks an invariant, a short trace of how that happens."""

import argparse
import os
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from random import Random

from tests.simulation.invocations import capture
from tests.simulation.runs import Seeded, run
from tests.simulation.scenarios import RARER, SCENARIOS
from tests.simulation.scopes import SCOPES
from tests.simulation.search import Found, search
from tests.simulation.shrink import as_text, shortest

_AT_ONCE = 50

Piece = tuple[str, range]
"""Seeds of one scenario that one process runs at once."""


def shares(scenarios: Sequence[str], first: int, count: int) -> dict[str, range]:
    """The seeds of each scenario, so many in all: of those that take long there are fewer."""
    weights = {name: 1 / RARER.get(name, 1) for name in scenarios}
    whole = sum(weights.values())
    return {name: range(first, first + max(1, round(count * weight / whole))) for name, weight in weights.items()}


def play(piece: Piece) -> tuple[str, int, float, list[tuple[int, str]]]:
    """Run these seeds: scenario, how many, the seconds that they took, and (seed, what broke) of those that fail."""
    name, seeds = piece
    begun = time.process_time()
    with capture():
        broken = [
            (seed, came.broken)
            for seed in seeds
            if (came := run(SCENARIOS[name](Random(seed)), Seeded(seed), seed)).broken
        ]
    return name, len(seeds), time.process_time() - begun, broken


def searched(name: str) -> tuple[str, Found]:
    """Search one scope."""
    with capture():
        return name, search(SCOPES[name])


def deep(pool: ProcessPoolExecutor) -> int:
    """Search all scopes; 1 where one fails."""
    failed = 0
    for name, found in pool.map(searched, SCOPES):
        if found.failed is not None:
            failed = 1
            print(f"{name}: {found.failed.broken}\n{as_text(found.failed.trace)}", flush=True)
        else:
            print(f"{name}: {found.states:,} states, {found.ends:,} ends, nothing broken", flush=True)
    return failed


def seeded(pool: ProcessPoolExecutor, seeds: dict[str, range]) -> int:
    """Run these seeds of each scenario; 1 where one fails."""
    done = {name: [0.0, 0.0] for name in seeds}
    for name, count, seconds, broken in pool.map(play, _pieces(seeds)):
        done[name][0] += count
        done[name][1] += seconds
        if broken:
            seed, what = broken[0]
            print(f"{name}, seed {seed}: {what}; the shortest trace of this and of the seeds behind it:", flush=True)
            with capture():
                best, came = shortest(SCENARIOS[name], seed)
            print(f"{as_text(came.trace)}\n{came.broken}")
            print(f"again: make simulate SCENARIO={name} FROM={best} SEEDS=1; keep it in tests/simulation/seeds.txt")
            pool.shutdown(cancel_futures=True)
            return 1
    for name, (many, seconds) in done.items():
        print(f"{name}: {many:,.0f} seeds, nothing broken, {many / seconds * 60:,.0f} a minute and core")
    return 0


def _pieces(seeds: dict[str, range]) -> Iterator[Piece]:
    for name, each in seeds.items():
        for at in range(0, len(each), _AT_ONCE):
            yield name, each[at : at + _AT_ONCE]


def main() -> int:
    """Run the seeds of one scenario or of all; 1 where one fails."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=10_000, help="how many in all (%(default)s)")
    parser.add_argument("--first", type=int, default=0, help="the first of each scenario (%(default)s)")
    parser.add_argument("--scenario", choices=list(SCENARIOS), help="which (all)")
    parser.add_argument("--deep", action="store_true", help="search every scope exhaustively instead")
    given = parser.parse_args()
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        if given.deep:
            return deep(pool)
        return seeded(pool, shares([given.scenario] if given.scenario else list(SCENARIOS), given.first, given.seeds))


if __name__ == "__main__":
    sys.exit(main())
