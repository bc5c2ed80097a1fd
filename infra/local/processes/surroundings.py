"""Where child processes run, and what they get of this process's environment."""

import os
from pathlib import Path

from infra.local.processes.clock_ahead import NAME

ROOT = Path(__file__).resolve().parents[3]

_HANDED_ON = ("PATH", "LD_PRELOAD", "FAKETIME", "FAKETIME_DONT_FAKE_MONOTONIC", "FAKETIME_SHARED", "NO_FAKE_STAT", NAME)


def handed_on() -> dict[str, str]:
    """The part of this process's environment that each child gets: where programs are, and what sets the clock.

    `make test CLOCK=...` sets the clock by variables. A child without them would live on another day than its parent.
    """
    return {name: os.environ[name] for name in _HANDED_ON if name in os.environ}
