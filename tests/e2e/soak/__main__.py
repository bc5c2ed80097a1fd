"""`make soak`: ten thousand messages, and a report; exits 1 where a promise was broken or messages were left out."""

import argparse
import sys

from tests.e2e.soak.soak import Plan, soak
from tests.support.waiting import NotInTime


def main() -> int:
    """Run one soak and print what it found."""
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.soak", description=__doc__)
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--within", type=float, default=900, help="seconds in which all must settle (%(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    size = given.messages // 100
    plan = Plan(given.messages, given.seed, kills=size // 2, storms=size // 4, rounds=size // 16, within=given.within)
    try:
        report = soak(plan)
    except NotInTime as error:
        sys.stdout.write(f"FAILED: {error} (seed {given.seed}, {given.within:g} s in all)\n")
        return 1
    for name, value in report.figures.items():
        sys.stdout.write(f"{name:40} {value}\n")
    for problem in report.wrong[:50]:
        sys.stdout.write(f"WRONG: {problem}\n")
    told = f"{len(report.wrong)} promises broken" if report.wrong else "every promise was kept"
    sys.stdout.write(f"{told}, seed {given.seed}, {report.seconds:.0f} s in all\n")
    too_few = report.messages < given.messages
    if too_few:
        sys.stdout.write(
            f"FAILED: there was time to send only {report.messages} of {given.messages} messages; run it on a machine "
            f"with less to do, or with --within above {given.within:g}\n"
        )
    return 1 if report.wrong or too_few else 0


if __name__ == "__main__":
    sys.exit(main())
