"""Decode bodies that come compressed, although the request asks for plain bodies."""

import zlib

_GZIP = 16 + zlib.MAX_WBITS


class Plain:
    """A body that is not compressed."""

    whole = True

    def feed(self, piece: bytes, most: int) -> bytes:
        """Return the piece, at most `most` bytes of it."""
        return piece[:most]


class Inflating:
    """A compressed body, inflated piece by piece and never past the bound given with a piece."""

    def __init__(self, window: int) -> None:
        self._window = window
        self._inflate = zlib.decompressobj(window)
        self._first = b""

    @property
    def whole(self) -> bool:
        """Whether the compressed data is complete."""
        return self._inflate.eof

    def feed(self, piece: bytes, most: int) -> bytes:
        """Return the inflated piece, at most `most` bytes of it. Raises zlib.error: it can't be inflated."""
        whole = b""
        while piece and len(whole) < most:
            if self._inflate.eof:  # gzip may come in several members
                self._inflate = zlib.decompressobj(self._window)
            whole += self._inflated(piece, most - len(whole))
            piece = self._inflate.unconsumed_tail or self._inflate.unused_data
        return whole

    def _inflated(self, piece: bytes, most: int) -> bytes:
        try:
            return self._inflate.decompress(piece, most)
        except zlib.error:
            if self._window != zlib.MAX_WBITS or len(self._first) > 1:
                raise
            # Servers send "deflate" with zlib's header of two bytes, as the standard says, and without it.
            self._window = -zlib.MAX_WBITS
            self._inflate = zlib.decompressobj(self._window)
            return self._inflate.decompress(self._first + piece, most)
        finally:
            self._first = self._first if len(self._first) > 1 else self._first + piece[:2]


def decoder(content_encoding: str) -> Plain | Inflating | None:
    """Make the decoder for a Content-Encoding. Returns None for an unknown encoding."""
    match content_encoding.strip().lower():
        case "" | "identity":
            return Plain()
        case "gzip" | "x-gzip":
            return Inflating(_GZIP)
        case "deflate":
            return Inflating(zlib.MAX_WBITS)
        case _:
            return None
