"""Measure all rows, print the table, and write it: `make bench`; ARGS="--rounds 5" for more rounds than 3."""

import argparse
import sys

from tests.benchmarks import report, rows
from tests.benchmarks.running import environment


def main() -> None:
    """Measure."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--print", action="store_true", help="write no files")
    options = asked.parse_args()
    with environment(rows.API, rows.TABLES, rows.QUEUES, rows.QUOTA) as env:
        programs = rows.programs(env)
        rounds = []
        for number in range(options.rounds):
            rounds.append({name: program() for name, program in programs.items()})
            print(f"round {number + 1} of {options.rounds} is over", file=sys.stderr)
        measured = list(rows.rows(rounds, env.package.size))
    print(report.table(measured, options.rounds))
    if not options.print:
        report.write(measured, options.rounds)


main()
