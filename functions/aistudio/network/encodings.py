"""Bodies that come compressed, although none was asked for."""

import zlib

_GZIP = 16 + zlib.MAX_WBITS


class Plain:
    """A body that comes as it is."""

    whole = True

    def feed(self, piece: bytes, most: int) -> bytes:
        """Return the piece, or as much of it as may be."""
        return piece[:most]


class Inflating:
    """A body that is inflated piece by piece, never past the bound that comes with a piece."""

    def __init__(self, window: int) -> None:
        self._window = window
        self._inflate = zlib.decompressobj(window)
        self._first = b""

    @property
    def whole(self) -> bool:
        """Whether the compressed data has come to its end."""
        return self._inflate.eof

    def feed(self, piece: bytes, most: int) -> bytes:
        """Return what the piece becomes, at most so many bytes.

        Raises:
            zlib.error: for what can't be inflated.
        """
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
            # "deflate" is sent with zlib's header of two bytes, as the standard has it, and without.
            self._window = -zlib.MAX_WBITS
            self._inflate = zlib.decompressobj(self._window)
            return self._inflate.decompress(self._first + piece, most)
        finally:
            self._first = self._first if len(self._first) > 1 else self._first + piece[:2]


def decoder(content_encoding: str) -> Plain | Inflating | None:
    """Make the decoder for a Content-Encoding; None for one that isn't known here."""
    match content_encoding.strip().lower():
        case "" | "identity":
            return Plain()
        case "gzip" | "x-gzip":
            return Inflating(_GZIP)
        case "deflate":
            return Inflating(zlib.MAX_WBITS)
        case _:
            return None
