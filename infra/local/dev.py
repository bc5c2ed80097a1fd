"""`make dev`: the local environment left running, its settings in `.local.env`, until Ctrl-C.

Standard output has a line for each thing that happens; `--json` gives what the functions print, a line of JSON each.
Settings of the functions that the command's environment has are theirs: `make dev MAX_AGE=1m`.
"""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from infra.local import catalog
from infra.local.catalog import LocalFunction
from infra.local.environment import Environment, running_environment
from infra.local.lines import Lines
from infra.local.processes.stopping import stopping_in_order
from infra.local.processes.surroundings import ROOT
from infra.local.processes.sweep import Taken, swept
from infra.local.settings import LOCAL_ENV, own_settings, write_env

PORTS = (8466, 8467)
"""Of the queue and table server, and of the AI Studio: the same each time, where they are free."""
LOOK_EVERY = 1.0
"""Seconds between two looks at whether the servers still run."""
LOG = ROOT / ".local" / "dev.log"


def describe(console: Console, environment: Environment, path: Path, own: Mapping[str, str]) -> None:
    """Say what runs where, and what to do with it."""
    ports = (environment.servers.port, environment.studio.server.port)
    taken = [str(wanted) for wanted, given in zip(PORTS, ports, strict=True) if wanted != given]
    control = environment.studio.base_url.removesuffix("/v1") + "/_local"
    where = {
        "queues, tables, storage": environment.servers.endpoint,
        "local AI Studio": environment.studio.base_url,
        "settings, queues' URLs": str(path),
        "your settings": ", ".join(f"{name}={value}" for name, value in own.items()),
        "taken by others": f"port {', '.join(taken)}: free ones are used in their place" if taken else "",
    }
    for what, told in where.items():
        if told:
            console.print(f"{what:24} {told}", markup=False)
    console.print(
        "\nIn another terminal (`.venv/bin/ops --help` has the rest):\n"
        f"""  curl -X POST {control}/responses -d '["resp_1"]'\n"""
        """  .venv/bin/ops send delete_response '{"response_id": "resp_1"}'\n"""
        "  .venv/bin/ops watch\n"
        "  .venv/bin/ops break --list\n"
        "Ctrl-C stops everything.\n",
        markup=False,
    )


def with_own(function: LocalFunction, own: Mapping[str, str]) -> LocalFunction:
    """The function with these in place of its own settings."""
    given = function.settings or {}
    return replace(function, settings={**given, **{name: own[name] for name in own.keys() & given.keys()}})


def in_front() -> None:
    """Take the terminal: Ctrl-C then reaches this process, not the `make` that started it, which would call it failed."""
    if not sys.stdin.isatty():
        return
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    with suppress(OSError):
        os.setpgid(0, 0)
        os.tcsetpgrp(sys.stdin.fileno(), os.getpgrp())


def chosen(names: Sequence[str]) -> list[LocalFunction]:
    """The functions and timers of these names; all, where none is named. Raises ValueError for a name that none has."""
    known = {function.name: function for function in (*catalog.functions(), *catalog.timers())}
    if lost := set(names) - known.keys():
        raise ValueError(f"--function {', '.join(sorted(lost))}: no such function in functions.yaml")
    return [known[name] for name in names or known]


def run(path: Path, log: Path, names: Sequence[str], *, as_json: bool) -> None:
    """Run until a signal. Raises Taken, and ValueError where a setting of one's own is malformed, or a name unknown."""
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    own = own_settings(os.environ)
    lines = Lines(log, Console(), as_it_is=as_json)
    functions = [with_own(function, own) for function in chosen(names)]
    with swept(path), running_environment(functions, settings=own, ports=PORTS, log=lines.take) as up:
        up.start()
        write_env(up.told(log), path)
        try:
            describe(console, up, path, own)
            while not threading.Event().wait(LOOK_EVERY):
                for name in up.mend():
                    console.print(f"{name} had ended, and is started again: what it kept is gone", style="bold red")
        finally:
            console.print("Stopping.")


def main() -> int:
    """Run until Ctrl-C, SIGTERM, or the end of the process that started this one."""
    parser = argparse.ArgumentParser(prog="python -m infra.local.dev", description=__doc__)
    parser.add_argument("--settings", type=Path, default=LOCAL_ENV, help="where to write the settings (%(default)s)")
    parser.add_argument("--log", type=Path, default=LOG, help="where to keep what functions print (%(default)s)")
    parser.add_argument("--json", action="store_true", help="show what functions print as it is")
    parser.add_argument("--function", action="append", default=[], help="run it, and what it sends to; may be repeated")
    given = parser.parse_args()
    in_front()
    try:
        with stopping_in_order():
            run(given.settings, given.log, given.function, as_json=given.json)
    except SystemExit as ended:
        if ended.code != 128 + signal.SIGINT:  # Ctrl-C is how it is meant to end
            raise
    except Taken as error:
        sys.exit(f"`make dev` runs already ({error}): use that one, or stop it first.")
    except ValueError as error:
        sys.exit(f"settings missing or malformed: {error}. functions/README.md lists them.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
