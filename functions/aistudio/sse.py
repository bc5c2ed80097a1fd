"""Read a `text/event-stream` piece by piece."""

import codecs
import re
from collections.abc import Iterator
from typing import Any

from aistudio.error_bodies import parse_object

_LINE_END = re.compile(rb"\r\n|\n|\r(?!\Z)")  # a \r at the very end may be half of \r\n


class EventStream:
    """Turns the bytes of an event stream, however they are cut, into the JSON objects that its events hold."""

    def __init__(self) -> None:
        self._line: list[bytes] = []  # the pieces of a line that has not ended: audio can make it very long
        self._data: list[bytes] = []
        self._begun = False

    def feed(self, piece: bytes) -> Iterator[dict[str, Any]]:
        """Yield the events that this piece completes, without what is no JSON object (a comment, `[DONE]`)."""
        held = self._line[-1:]
        self._line.append(piece)
        if b"\n" not in piece and b"\r" not in piece and not b"".join(held).endswith(b"\r"):
            return
        *lines, rest = _LINE_END.split(b"".join(self._line))
        self._line = [rest]
        if lines and not self._begun:
            self._begun, lines[0] = True, lines[0].removeprefix(codecs.BOM_UTF8)  # the standard allows this mark here
        for line in lines:
            if line.startswith(b"data:"):
                self._data.append(line[5:].removeprefix(b" "))
            elif not line and self._data:
                value = parse_object(b"\n".join(self._data))
                self._data = []
                if value is not None:
                    yield value
