"""`text/event-stream`, piece by piece."""

import re
from collections.abc import Iterator
from typing import Any

from aistudio.bodies import parse_object

_LINE_END = re.compile(rb"\r\n|\n|\r(?!\Z)")  # a \r at the very end may be half of \r\n


class EventStream:
    """Turns the bytes of an event stream, however they are cut, into the JSON objects that its events hold."""

    def __init__(self) -> None:
        self._rest = b""
        self._data: list[bytes] = []

    def feed(self, piece: bytes) -> Iterator[dict[str, Any]]:
        """Give the events that this piece completes; what is not a JSON object (a comment, `[DONE]`) is left out."""
        *lines, self._rest = _LINE_END.split(self._rest + piece)
        for line in lines:
            if line.startswith(b"data:"):
                self._data.append(line[5:].removeprefix(b" "))
            elif not line and self._data:
                yield from self._event()

    def end(self) -> Iterator[dict[str, Any]]:
        """Give an event that was complete but for its empty line."""
        yield from self.feed(b"\n\n")

    def _event(self) -> Iterator[dict[str, Any]]:
        value = parse_object(b"\n".join(self._data))
        self._data = []
        if value is not None:
            yield value
