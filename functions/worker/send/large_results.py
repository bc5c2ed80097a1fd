"""Results too large for a queue: they go to the bucket (the claim check), or without their largest fields."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from worker.send.bucket import Bucket, StorageUnavailable
from worker.send.document import Document

LARGEST = 240 * 1024
"""Bytes of an event that still go by queue; the queue takes 256 KiB with attributes."""

_MOST_NAMED, _LONGEST_NAME = 100, 64
"""Fields that are named of those left out, and characters of a name: it is the service that chooses both."""

_log = logging.getLogger(__name__)


def is_large(document: Document) -> bool:
    """Return whether no queue message takes the event."""
    return len(document) > LARGEST


def stored(bucket: Bucket, key: str, document: Document) -> dict[str, Any] | None:
    """Store JSON and return what a message says of it: bucket, key, size in bytes, sha256; None where it failed."""
    try:
        bucket.put_document(key, document)
    except StorageUnavailable as error:
        _log.warning("a result is not stored: %s", error)
        return None
    return {"bucket": bucket.name, "key": key, "size": len(document), "sha256": document.sha256()}


def lightened(data: Mapping[str, Any], bulky: Sequence[str], size: int, *, ascii_only: bool) -> dict[str, Any]:
    """Leave bulky fields out of the data of an event of `size` bytes, as few as need be, and say which.

    Where those are not enough the largest others follow: a result that no queue takes would never leave.
    """
    data = dict(data)
    omitted: list[str] = []
    sizes = {name: len(Document({name: value}, ascii_only=ascii_only)) for name, value in data.items()}
    others = sorted(data.keys() - set(bulky), key=sizes.__getitem__, reverse=True)
    for name in (*(name for name in bulky if name in data), *others):
        if size <= LARGEST:
            break
        del data[name]
        size -= sizes[name]
        if len(omitted) < _MOST_NAMED:
            omitted.append(name[:_LONGEST_NAME])
            size += len(Document(omitted[-1:], ascii_only=ascii_only))
    return data | {"omitted": omitted}
