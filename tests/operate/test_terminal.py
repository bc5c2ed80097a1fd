"""`ops` as a person sees it: in a terminal, whose screen is looked at."""

import re
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pexpect
import pyte
import pytest

from infra.local.environment import Environment
from infra.local.processes.surroundings import ROOT
from tests.operate.conftest import Scene
from tests.operate.dead_letters import DELETE, deletions
from tests.support.processes import ENVIRONMENT
from tests.support.waiting import eventually

SIZES = [(80, 24), (120, 40)]
LONG = "resp_" + "0123456789" * 12


class Terminal:
    """A command in a terminal of some columns and rows."""

    def __init__(self, command: "pexpect.spawn[str]", columns: int, rows: int) -> None:
        self.command = command
        self.columns = columns
        self._screen = pyte.HistoryScreen(columns, rows)
        self._stream = pyte.Stream(self._screen)

    def read(self) -> str:
        """All that is on the screen now, and what left it at the top, without the breaks that its width makes."""
        try:
            while True:
                self._stream.feed(self.command.read_nonblocking(4096, timeout=0.1))
        except (pexpect.TIMEOUT, pexpect.EOF):
            pass
        above = ["".join(row[column].data for column in range(self.columns)) for row in self._screen.history.top]
        return "".join(line.ljust(self.columns) for line in (*above, *self._screen.display))

    def shows(self, text: str) -> str:
        """Wait until it shows this."""
        return eventually(lambda: found if text in (found := self.read()) else "", f"{text!r} on the screen")


def _heed_ctrl_c() -> None:
    """Let a child end by Ctrl-C: tests that run in the background ignore it, and so would all that they start."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def terminal(scene: Scene, columns: int, rows: int, *arguments: str, **variables: str) -> Iterator[Terminal]:
    command = pexpect.spawn(
        sys.executable,
        ["-m", "infra.operate.ops", "--env-file", str(scene.settings), *arguments],
        cwd=str(ROOT),
        env={**ENVIRONMENT, "TERM": "xterm-256color", **variables},
        dimensions=(rows, columns),
        encoding="utf-8",
        timeout=60,
        preexec_fn=_heed_ctrl_c,
    )
    try:
        yield Terminal(command, columns, rows)
    finally:
        command.close(force=True)


@pytest.mark.parametrize(("columns", "rows"), SIZES)
def test_a_redrive_asks_and_a_yes_sends(scene: Scene, environment: Environment, columns: int, rows: int) -> None:
    name = f"{LONG}_redriven_{columns}"
    environment.studio.seed(name)
    deletions(environment, [name])

    with terminal(scene, columns, rows, "dead-letters", "list") as listing:
        assert name in listing.shows("1 dead letter.")
    with terminal(scene, columns, rows, "dead-letters", "redrive", "--reason", "rejected") as redrive:
        redrive.shows("Send 1 back? [y/N]")
        redrive.command.sendline("y")
        redrive.shows(f"1 sent: rejected -> {DELETE}")
        redrive.command.wait()
        assert redrive.command.exitstatus == 0
    eventually(lambda: environment.studio.stored() == [])


@pytest.mark.parametrize(("columns", "rows"), SIZES)
def test_a_message_is_sent_and_its_end_is_shown_whole(
    scene: Scene, environment: Environment, columns: int, rows: int
) -> None:
    name = f"{LONG}_sent_{columns}"
    environment.studio.seed(name)

    with terminal(scene, columns, rows, "send", DELETE, f'{{"response_id": "{name}"}}') as send:
        shown = send.shows("result response#")

    assert f"{name}: deleted" in shown
    assert re.search(r"record response#[0-9a-f]{32} ", shown)


def test_what_takes_longer_than_a_second_shows_how_far_it_is(scene: Scene, environment: Environment) -> None:
    with terminal(scene, 80, 24, "break", "slow", "--for", "5m") as breaking:
        breaking.shows("━")
        breaking.shows("/300")
        breaking.command.sendintr()
        breaking.command.wait()
        assert breaking.command.exitstatus == 130


def test_the_live_table_is_drawn_anew_until_ctrl_c(scene: Scene, environment: Environment) -> None:
    with terminal(scene, 80, 24, "watch", "--every", "1s") as watch:
        watch.shows("dead letters")
        deletions(environment, ["resp_1", "resp_2"])
        watch.shows("dead letters: 2 rejected")
        watch.command.sendintr()
        watch.command.wait()
        assert watch.command.exitstatus == 0


def test_without_colours_no_escape_sequence_is_printed(scene: Scene, environment: Environment) -> None:
    deletions(environment, ["resp_1"])
    with terminal(scene, 80, 24, "dead-letters", "list", NO_COLOR="1") as listing:
        printed = listing.command.read()
    assert "resp_1" in printed
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]m", printed)
