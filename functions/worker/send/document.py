"""A JSON document that may hold bytes: they become base64 only as the document is read, and are never held twice."""

import base64
import hashlib
import io
import json
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_QUADS = 64 * 1024
"""Quads of base64 that are made at once where all of a document is wanted."""


@dataclass(frozen=True, slots=True)
class _Encoded:
    """Bytes, read as base64."""

    raw: bytes | bytearray

    def __len__(self) -> int:
        return (len(self.raw) + 2) // 3 * 4

    def __getitem__(self, part: slice) -> bytes:
        first, last = part.start // 4, (part.stop + 3) // 4
        encoded = base64.b64encode(memoryview(self.raw)[first * 3 : last * 3])
        return encoded[part.start - first * 4 : part.stop - first * 4]


class Document(io.RawIOBase):
    """JSON text in UTF-8, as a file that can be read again. `text` is all but the bytes, maybe with half surrogates."""

    def __init__(self, value: Any, *, ascii_only: bool = False) -> None:
        super().__init__()
        held: list[bytes | bytearray] = []
        place = secrets.token_hex(16)

        def hold(found: object) -> str:
            if not isinstance(found, bytes | bytearray):
                raise TypeError("neither JSON nor bytes")
            held.append(found)
            return f"{place}:{len(held) - 1}"

        self.text = _json(value, hold, ascii_only=ascii_only)
        pieces = re.split(rf"{place}:(\d+)", self.text) if held else [self.text]
        self._pieces: list[bytes | _Encoded] = [
            piece.encode("utf-8", "surrogatepass") if index % 2 == 0 else _Encoded(held[int(piece)])
            for index, piece in enumerate(pieces)
        ]
        self._at = 0

    def __len__(self) -> int:
        """Count its bytes."""
        return sum(map(len, self._pieces))

    def sha256(self) -> str:
        """Return the digest of all of it, in hex."""
        digest = hashlib.sha256()
        self.seek(0)
        while piece := self.read(4 * _QUADS):
            digest.update(piece)
        self.seek(0)
        return digest.hexdigest()

    def whole(self) -> str:
        """Return all of it."""
        return b"".join(piece[0 : len(piece)] for piece in self._pieces).decode()

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def seekable(self) -> bool:
        """Tell that it can be read again."""
        return True

    def tell(self) -> int:
        """Return how many bytes were read."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go on from another byte."""
        self._at = max(0, offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: len(self)}[whence])
        return self._at

    def readinto(self, buffer: Any, /) -> int:
        """Read as much as fits, of one piece."""
        begin = self._at
        for piece in self._pieces:
            if begin < len(piece):
                part = piece[begin : min(len(piece), begin + len(buffer))]
                buffer[: len(part)] = part
                self._at += len(part)
                return len(part)
            begin -= len(piece)
        return 0


def _json(value: Any, hold: Callable[[object], str], *, ascii_only: bool) -> str:
    """JSON that any parser reads: NaN and infinity, which a service may send all the same, become null."""
    try:
        return json.dumps(value, ensure_ascii=ascii_only, allow_nan=False, default=hold)
    except ValueError:
        plain = json.loads(json.dumps(value, default=hold), parse_constant=lambda _: None)
        return json.dumps(plain, ensure_ascii=ascii_only)
