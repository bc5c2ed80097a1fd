"""`make dev`: the local environment left running, its settings in `.local.env`, until Ctrl-C.

Standard output has what the functions print, each line as JSON; all else is said on standard error.
"""

import argparse
import sys
import threading
from pathlib import Path

from rich.console import Console
from rich.table import Table

from infra.local import catalog
from infra.local.demo.printed import as_json
from infra.local.environment import Environment, running_environment
from infra.local.processes.stopping import stopping_in_order
from infra.local.processes.sweep import Taken, swept
from infra.local.settings import LOCAL_ENV, write_env


def describe(console: Console, environment: Environment, path: Path) -> None:
    """Say what runs where, and what to do with it."""
    table = Table("what", "where", box=None, pad_edge=False)
    table.add_row("queues, tables, object storage", environment.servers.endpoint)
    table.add_row("local AI Studio", environment.studio.base_url)
    for name, url in environment.queues.items():
        table.add_row(f"queue of {name}", url)
    table.add_row("results queue", environment.results)
    table.add_row("dead-letter queue", environment.dead_letters)
    table.add_row("ledger", f"table {environment.ledger}")
    table.add_row("settings", str(path))
    console.print(table)
    control = environment.studio.base_url.removesuffix("/v1") + "/_local"
    console.print(
        "\nStore a response:   "
        f"""curl -X POST {control}/responses -d '["resp_1"]'"""
        '\nSend a message:     make send TO=delete_response MESSAGE=\'{"response_id": "resp_1"}\''
        "\nSend a sample:      make send TO=realtime_response_create "
        "MESSAGE=events/realtime_response_create/with_context.json"
        f"\nSee what was asked: curl {control}/requests"
        "\nCtrl-C stops everything.\n",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )


def tell(function: str, line: str) -> None:
    """Print what a function printed, at once."""
    sys.stdout.write(as_json(function, line) + "\n")
    sys.stdout.flush()


def main() -> int:
    """Run until Ctrl-C, SIGTERM, or the end of the process that started this one."""
    parser = argparse.ArgumentParser(prog="python -m infra.local.dev", description=__doc__)
    parser.add_argument("--settings", type=Path, default=LOCAL_ENV, help="where to write the settings (%(default)s)")
    path: Path = parser.parse_args().settings
    console = Console(stderr=True, width=None if sys.stderr.isatty() else 120)
    try:
        with stopping_in_order(), swept(path), running_environment(catalog.functions(), log=tell) as up:
            up.start()
            write_env(up.settings, path)
            try:
                describe(console, up, path)
                threading.Event().wait()
            finally:
                console.print("Stopping.")
    except Taken as error:
        sys.exit(f"`make dev` runs already: {error}. Use that one, or stop it first.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
