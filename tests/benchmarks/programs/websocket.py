"""Text turns with `websockets` alone, and nothing else: websocket.py ROOT TURNS. The library is the archive's."""

import json
import os
import sys
from pathlib import Path

sys.path.insert(0, sys.argv[1])
sys.path.append(str(Path(__file__).parents[3]))

from websockets.sync.client import connect

from tests.benchmarks.programs.meter import tell


def turn() -> None:
    """One session, one response."""
    with connect(os.environ["AISTUDIO_REALTIME_URL"], compression=None) as session:
        session.send(json.dumps({"type": "session.update", "session": {"type": "realtime"}}))
        session.send(json.dumps({"type": "response.create"}))
        while json.loads(session.recv())["type"] != "response.done":
            pass


def work(turns: int) -> None:
    """Make so many turns, one after another."""
    for _ in range(turns):
        turn()


def main() -> None:
    """Measure them."""
    tell(work, int(sys.argv[2]), warm_up=5)


main()
