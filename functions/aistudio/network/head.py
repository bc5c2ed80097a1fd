"""The heads of requests and answers (RFC 9112), written and read strictly.

http.client reads a head with the parser for electronic mail, which takes a third of a call's time and passes over what
is no header.
"""

import http.client
import io
import re
from typing import Any

from aistudio.network.request import Request

_LONGEST, _MOST = 65_536, 100
"""Bytes of a line of an answer's head, and lines of its headers; http.client reads as much."""

_BLANK = b" \t"

_NAME = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_REQUEST = re.compile(rb"[A-Z]+ [!-~]+ HTTP/1\.1\r\n(%b: [^\0\r\n]*\r\n)*\r\n" % _NAME)
_STATUS = re.compile(rb"HTTP/1\.([0-9]) ([1-9][0-9]{2})( [^\0\r\n]*)?\r?\n")
"""Python's int() would take "2_00" for a status."""
_HEADER = re.compile(rb"(%b):([^\0\r\n]*)\r?\n" % _NAME)
"""The blanks around a value stay in it: a pattern that left them out would try each place in a row of blanks."""
_FOLDED = re.compile(rb"[ \t]([^\0\r\n]*)\r?\n")
"""A further line of the header before it."""

_LENGTH = re.compile(rb"[0-9]{1,18}")
_WITHOUT_BODY = (http.client.NO_CONTENT, http.client.NOT_MODIFIED)


def written(request: Request) -> bytes:
    """Write a request, with its body. Raises ValueError: it has parts that would end a line, or that no request has."""
    lines = [b"%b %b HTTP/1.1\r\n" % (request.method.encode("ascii"), request.target)]
    lines += [b"%b: %b\r\n" % header for header in request.headers.raw]
    head = b"".join([*lines, b"\r\n"])
    if not _REQUEST.fullmatch(head) or head.count(b"\n") != len(lines) + 1:  # a value may hold a further header
        raise ValueError("no head of a request")
    return head + request.read()


class StrictResponse(http.client.HTTPResponse):
    """http.client's response, which reads the body; its head is read here. `fields` are its headers."""

    fields: list[tuple[bytes, bytes]]
    version: int

    def __init__(self, connection: Any, reader: io.BufferedReader, method: str) -> None:
        super().__init__(connection, method=method)
        self._reader = reader

    def begin(self) -> None:
        """Read heads up to that of the final answer: those before it only tell how things stand.

        Raises OSError: the connection broke.
        Raises http.client.HTTPException: what came is no answer, or says in no sure way where it ends.
        """
        while True:
            minor, status = self._status()
            self.fields = self._headers()
            if status >= http.client.OK:
                break
            if status == http.client.SWITCHING_PROTOCOLS:
                raise http.client.HTTPException("another protocol, which was not asked for")
        self.code = self.status = status
        self.version = 10 if minor == b"0" else 11
        self._frame()

    def _status(self) -> tuple[bytes, int]:
        known = _STATUS.fullmatch(self._line())
        if not known:
            raise http.client.HTTPException("a status line that is cut off, or none")
        return known[1], int(known[2])

    def _headers(self) -> list[tuple[bytes, bytes]]:
        fields: list[tuple[bytes, bytes]] = []
        for _ in range(_MOST + 1):
            line = self._line()
            if line in (b"\r\n", b"\n"):
                return fields
            if known := _HEADER.fullmatch(line):
                fields.append((known[1], known[2].strip(_BLANK)))
            elif fields and (known := _FOLDED.fullmatch(line)):
                fields[-1] = (fields[-1][0], b" ".join([fields[-1][1], known[1].strip(_BLANK)]).strip(_BLANK))
            else:
                raise http.client.HTTPException("a header that is cut off, or none")
        raise http.client.HTTPException("too many headers")

    def _line(self) -> bytes:
        return io.BufferedReader.readline(self._reader, _LONGEST)

    def _values(self, name: bytes) -> list[bytes]:
        return [value.lower() for field, value in self.fields if field.lower() == name]

    def _frame(self) -> None:
        """Find where the body ends."""
        encodings, lengths = self._values(b"transfer-encoding"), set(self._values(b"content-length"))
        if encodings not in ([], [b"chunked"]) or len(lengths) > 1 or not all(map(_LENGTH.fullmatch, lengths)):
            raise http.client.HTTPException("an answer that says in no sure way where it ends")
        bodiless = self.status in _WITHOUT_BODY  # whatever its headers say
        self.chunked = bool(encodings) and not bodiless
        self.chunk_left = None
        self.length = 0 if bodiless else None if self.chunked or not lengths else int(lengths.pop())
        options = b",".join(self._values(b"connection"))
        kept = b"close" not in options and (self.version > 10 or b"keep-alive" in options)
        self.will_close = not kept or (self.length is None and not self.chunked)
