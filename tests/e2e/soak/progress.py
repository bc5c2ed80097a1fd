"""How far a soak has got, by the functions' own log lines."""

import json
import threading
from collections import Counter
from typing import Any


class Progress:
    """Log lines as they come, and how many messages they say are settled."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.ends: Counter[str] = Counter()
        self._keys: set[str] = set()
        self._lock = threading.Lock()

    def told(self, _function: str, line: str) -> None:
        """Take a line that a function printed."""
        with self._lock:
            self.lines.append(line)
            said = _said(line)
            if "end" in said:
                self.ends[said["end"]] += 1
            if said.get("end") in ("done", "dead_lettered"):
                self._keys.add(said["key"])

    @property
    def settled(self) -> int:
        """How many records have come to an end."""
        return len(self._keys)


def _said(line: str) -> dict[str, Any]:
    """What a log line says; nothing where it is none, or where its process was killed while it wrote it."""
    try:
        said = json.loads(line)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
