"""``make simulate SEEDS=10000``: many seeded runs; where one breaks an invariant, a short trace of how that happens."""

import argparse
import sys
import time
from collections.abc import Sequence
from random import Random

from tests.simulation.invocations import capture
from tests.simulation.runs import Seeded, run
from tests.simulation.scenarios import SCENARIOS
from tests.simulation.scopes import SCOPES
from tests.simulation.search import search
from tests.simulation.shrink import as_text, shortest


def deep() -> int:
    """Search all scopes; 1 where one fails."""
    for name, plan in SCOPES.items():
        found = search(plan)
        if found.failed is not None:
            print(f"{name}: {found.failed.broken}\n{as_text(found.failed.trace)}")
            return 1
        print(f"{name}: {found.states:,} states, {found.ends:,} ends, nothing broken")
    return 0


def seeded(scenarios: Sequence[str], first: int, count: int) -> int:
    """Run so many seeds of each scenario; 1 where one fails."""
    for name in scenarios:
        begun = time.perf_counter()
        for seed in range(first, first + count):
            came = run(SCENARIOS[name](Random(seed)), Seeded(seed), seed)
            if came.broken:
                print(f"{name}, seed {seed}: {came.broken}; the shortest trace of this and of the seeds behind it:")
                best, came = shortest(SCENARIOS[name], seed)
                print(f"{as_text(came.trace)}\n{came.broken}")
                print(
                    f"again: make simulate SCENARIO={name} FROM={best} SEEDS=1; keep it in tests/simulation/seeds.txt"
                )
                return 1
        rate = count / (time.perf_counter() - begun) * 60
        print(f"{name}: {count} seeds, nothing broken, {rate:,.0f} a minute")
    return 0


def main() -> int:
    """Run the seeds of one scenario or of all; 1 where one fails."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=10_000, help="how many (%(default)s)")
    parser.add_argument("--first", type=int, default=0, help="the first of them (%(default)s)")
    parser.add_argument("--scenario", choices=list(SCENARIOS), help="which (all)")
    parser.add_argument("--deep", action="store_true", help="search every scope exhaustively instead")
    given = parser.parse_args()
    with capture():
        if given.deep:
            return deep()
        return seeded([given.scenario] if given.scenario else list(SCENARIOS), given.first, given.seeds)


if __name__ == "__main__":
    sys.exit(main())
