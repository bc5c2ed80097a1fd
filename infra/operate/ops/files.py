"""What a person names or pipes in, read as text."""

import sys
from pathlib import Path

from infra.operate.ops.ending import misused, unusable


def text_of(path: Path) -> str:
    """Read a file of UTF-8 text. Raises Ended, which names the file."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise unusable(error, path) from None
    except ValueError:  # no UTF-8, or a name that no file can have
        raise misused(f"{path}: not UTF-8 text") from None


def standard_input() -> str:
    """Read all of standard input. Raises Ended where it is no UTF-8 text."""
    try:
        return sys.stdin.read()
    except UnicodeDecodeError:
        raise misused("standard input: not UTF-8 text") from None
