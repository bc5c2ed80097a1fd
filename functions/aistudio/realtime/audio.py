"""Audio in base64, as it comes in the deltas of one part."""

import base64
import re
from collections.abc import Sequence
from itertools import takewhile

_TO_STANDARD = str.maketrans("-_", "+/", " \t\r\n")
_A_RUN = re.compile(r"[^=]+=*|=+")  # padding ends a run: what follows it begins anew


class Sound:
    """The audio of one part, decoded as it comes: minutes of it are not kept as text as well."""

    def __init__(self) -> None:
        self._audio = bytearray()
        self._unclear: list[str] = []  # from the first delta on that is not whole by itself

    def add(self, delta: str) -> None:
        """Take the next delta."""
        text = delta.translate(_TO_STANDARD)
        audio = _run(text) if not self._unclear and len(text) % 4 == 0 else None
        if audio is None:
            self._unclear.append(text)
        else:
            self._audio += audio

    def whole(self) -> bytearray | None:
        """Return all of it; None where it can't be decoded."""
        rest = decoded(self._unclear)
        if rest is None:
            return None
        self._audio += rest
        self._unclear.clear()
        return self._audio


def decoded(deltas: Sequence[str]) -> bytes | None:
    """Decode the deltas: each is base64 of its own, or all of them are one base64 text that was cut anywhere.

    Both alphabets are read. None where it can't be decoded.
    """
    pieces = [delta.translate(_TO_STANDARD) for delta in deltas]
    text = "".join(pieces)
    padded = all(len(run) % 4 == 0 for run in _A_RUN.findall(text))
    # Without padding only the pieces themselves tell: one that was cut has bits over that belong to the next.
    for runs in (_A_RUN.findall(text), pieces) if padded else (pieces, _A_RUN.findall(text)):
        audio = list(takewhile(lambda piece: piece is not None, map(_run, runs)))
        if len(audio) == len(runs):
            return b"".join(piece or b"" for piece in audio)
    return None


def _run(text: str) -> bytes | None:
    bare = text.rstrip("=")
    try:
        audio = base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except ValueError:
        return None
    # Where that differs there is padding without anything before it, or bits are left over.
    whole = base64.b64encode(audio).rstrip(b"=").decode() == bare and (bool(bare) or not text)
    return audio if whole else None
