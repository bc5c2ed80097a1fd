"""`make demo`: what the functions do, as a story in two chapters. Exits 0 only if everything happened as the story says."""

import sys

from rich.console import Console

from infra.local.demo import retention, settling
from infra.local.demo.stage import NotAsTold
from infra.local.processes.stopping import stopping_in_order

CHAPTERS = ("What becomes of a message", "What becomes of a stored response")


def main() -> int:
    """Tell both chapters; 0 if they went as told."""
    console = Console(width=None if sys.stdout.isatty() else 100)
    with stopping_in_order():
        try:
            console.rule(CHAPTERS[0])
            settling.tell(console)
            console.print()
            console.rule(CHAPTERS[1])
            page = retention.tell(console)
        except NotAsTold as error:
            console.print(f"\nNot as told: {error}", style="bold red", markup=False, soft_wrap=True)
            return 1
    console.print("Go on: make dev, then .venv/bin/ops in another terminal; make samples plays all. The proof:")
    console.print(page, markup=False, highlight=False, soft_wrap=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
