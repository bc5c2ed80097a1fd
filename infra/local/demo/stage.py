"""Where the story is told: runs `ops` as it is typed, and prints the lines of its answer that matter."""

import io
import json
import os
import re
import shlex
import tempfile
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console

from infra.local import catalog
from infra.local.environment import Environment, running_environment
from infra.local.lines import TICK, Lines
from infra.local.settings import write_env
from infra.local.studio.settings import Settings as StudioSettings
from infra.operate.ops.cli import main as ops

DAY = 86_400.0

HIDDEN = ""
"""Of an answer that adds nothing to the story: no line of it is shown."""


WITHIN = 120.0
"""Seconds that a story waits for the functions, however busy the machine is."""


class NotAsTold(Exception):
    """A command did not end as the story says; the message has all that it printed."""


def wait(until: Callable[[], bool], between: Callable[[], object] = lambda: None) -> None:
    """Let the functions have the time that they need, and do what is `between` two looks.

    Raises NotAsTold after WITHIN seconds.
    """
    end = time.monotonic() + WITHIN
    while not until():
        if time.monotonic() > end:
            raise NotAsTold(f"what the story waits for did not happen within {WITHIN:.0f} s")
        between()
        time.sleep(0.1)


class Stage:
    """A running environment, and a console."""

    def __init__(self, environment: Environment, console: Console, log: Path) -> None:
        self.environment = environment
        self._console = console
        self._log = log

    def tell(self, text: str) -> None:
        """Say what happens."""
        self._console.print(f"\n{text}", style="bold", markup=False, highlight=False)

    def say(self, text: str) -> None:
        """Print a line of what happened."""
        self._console.print(f"    {text}", markup=False, highlight=False, soft_wrap=True)

    def tick(self, timer: str) -> dict[str, Any]:
        """Let a timer's function run once, and give what it counted. Raises NotAsTold where it failed."""
        before = len(self._ticks(timer))
        if not (reply := self.environment.tick(timer)).ok:
            raise NotAsTold(f"{timer}: {reply.error} {reply.message}")
        wait(lambda: len(self._ticks(timer)) > before)  # its line comes by another pipe than its answer
        return self._ticks(timer)[-1]

    def _ticks(self, timer: str) -> list[dict[str, Any]]:
        said: list[dict[str, Any]] = [json.loads(line) for line in self._log.read_text().splitlines()]
        return [each for each in said if each.get("function") == timer and each["message"] == TICK]

    def type(self, command: str, shows: str, code: int = 0) -> None:
        """Run a command, print it and those parts of its answer that match `shows`.

        Raises NotAsTold where it ends with another code, or shows no such line.
        """
        self._console.print(f"  $ {command}", style="cyan", markup=False, highlight=False, soft_wrap=True)
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            ended = ops(shlex.split(command)[1:])
        found = (
            []
            if shows == HIDDEN
            else [match for line in out.getvalue().splitlines() if (match := re.search(shows, line))]
        )
        if ended != code or (shows and not found):
            raise NotAsTold(f"{command} ended with {ended}, not {code}:\n{out.getvalue()}{err.getvalue()}")
        for match in found:
            self.say(match[0].strip())


@contextmanager
def stage(console: Console, functions: Collection[str]) -> Iterator[Stage]:
    """Set up these functions; `ops` finds them by OPS_ENV_FILE, as it finds `make dev` without it.

    Timers tick once at the start, and then when the story says so.
    """
    every = [each.hurried() for each in catalog.functions()] + [replace(each, every=DAY) for each in catalog.timers()]
    wanted = [each for each in every if each.name in functions]
    with tempfile.TemporaryDirectory() as folder:
        lines = Lines(Path(folder) / "demo.log", Console(file=io.StringIO()), as_it_is=False)
        with running_environment(wanted, studio=StudioSettings(realtime_post="json"), log=lines.take) as environment:
            environment.start()
            write_env(environment.told(lines.path), file := Path(folder) / "demo.env")
            os.environ["OPS_ENV_FILE"] = str(file)
            try:
                yield Stage(environment, console, lines.path)
            finally:
                del os.environ["OPS_ENV_FILE"]
