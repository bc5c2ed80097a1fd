"""Measure all rows, print the table, and write it: `make bench`; ARGS="--rounds 5" for more rounds than 3.

On a busy machine there are fewer: no round begins that would end more than eight minutes after the first began.
"""

import argparse
import sys
import time

from tests.benchmarks import report, rows
from tests.benchmarks.running import environment

MINUTES = 8


def main() -> None:
    """Measure."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--print", action="store_true", help="write no files")
    options = asked.parse_args()
    with environment(rows.API, rows.TABLES, rows.QUEUES, rows.QUOTA) as env:
        programs = rows.programs(env)
        begun, rounds = time.monotonic(), list[rows.Round]()
        while len(rounds) < options.rounds:
            rounds.append({name: program() for name, program in programs.items()})
            print(f"round {len(rounds)} of {options.rounds} is over", file=sys.stderr)
            took = time.monotonic() - begun
            if took + took / len(rounds) > MINUTES * 60:
                break
        measured = list(rows.rows(rounds, env.package.size))
    print(report.table(measured, len(rounds)))
    if not options.print:
        report.write(measured, len(rounds))


main()
