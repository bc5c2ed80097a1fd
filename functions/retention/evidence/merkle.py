"""Merkle trees as certificate transparency has them: roots, and proofs that an entry is in a tree.

https://www.rfc-editor.org/rfc/rfc9162#section-2.1
"""

import hashlib
from collections.abc import Sequence

EMPTY = hashlib.sha256().digest()
"""The root of a tree without entries."""


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of one entry; its prefix keeps entries and nodes apart."""
    return hashlib.sha256(b"\x00" + entry).digest()


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Return the root of the tree over these leaf hashes."""
    return _levels(leaves)[-1][0] if leaves else EMPTY


def every_path(leaves: Sequence[bytes]) -> list[list[bytes]]:
    """Return the inclusion path of each leaf: the hashes that lead from it to the root, from the bottom up."""
    levels = _levels(leaves)
    return [
        [level[at] for depth, level in enumerate(levels) if (at := (index >> depth) ^ 1) < len(level)]
        for index in range(len(leaves))
    ]


def root_by_path(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """Return the root to which the path leads in a tree of this size; None where it can't be a path of this leaf.

    https://www.rfc-editor.org/rfc/rfc9162#section-2.1.3.2
    """
    if not 0 <= index < size:
        return None
    at, last, reached = index, size - 1, leaf
    for step in path:
        if last == 0:
            return None
        if at % 2 or at == last:
            reached = _node(step, reached)
            while not at % 2 and at:
                at, last = at >> 1, last >> 1
        else:
            reached = _node(reached, step)
        at, last = at >> 1, last >> 1
    return reached if last == 0 else None


def _levels(leaves: Sequence[bytes]) -> list[list[bytes]]:
    """Return the tree level by level, leaves first.

    A tree splits at the largest power of two: so the last node of a level, where it has no partner, goes up as it is.
    """
    levels = [list(leaves)]
    while len(below := levels[-1]) > 1:
        pairs = [_node(below[at], below[at + 1]) for at in range(0, len(below) - 1, 2)]
        levels.append([*pairs, *below[len(pairs) * 2 :]])
    return levels


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()
