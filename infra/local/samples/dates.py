"""Moves a sample to another day: its file keeps the times of one day, what is played or printed has those of now."""

import copy
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from infra.local.samples.attributes import SETTLEMENT, md5_of_attributes, text_of, with_text

Sign = Callable[[Mapping[str, Any], str], str]
"""Makes the text of the attribute `settlement` from its fields and the message's body."""

_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?P<fraction>\.\d+)?(?P<zone>[Zz]|[+-]\d\d:\d\d)")
_SETTLEMENT_TIMES = frozenset({"first_seen", "sent_at", "not_before"})


def redated(event: Mapping[str, Any], now: float, sign: Sign) -> dict[str, Any]:
    """A copy of a trigger event whose newest message arrived at `now` (epoch seconds), with MD5s to match.

    All times move by the same number of whole seconds: the queue's, the event's, those in bodies, and those in the
    attribute `settlement`, which is signed anew. An MD5 of a body that was wrong stays wrong.
    """
    moved: dict[str, Any] = copy.deepcopy(dict(event))
    seconds = (int(now * 1000) - max(map(_arrival, moved["messages"]), default=0)) // 1000
    for entry in moved["messages"]:
        message = entry["details"]["message"]
        entry["event_metadata"]["created_at"] = _later_text(entry["event_metadata"]["created_at"], seconds)
        for name in _times_of(message):
            message["attributes"][name] = str(int(message["attributes"][name]) + seconds * 1000)
        right = message["md5_of_body"] == md5_of_body(message["body"])
        message["body"] = _later_text(message["body"], seconds)
        if right:
            message["md5_of_body"] = md5_of_body(message["body"])
        attributes = message.get("message_attributes") or {}
        if SETTLEMENT in attributes:
            said = json.loads(text_of(attributes[SETTLEMENT]))
            said |= {name: said[name] + seconds * 1000 for name in _SETTLEMENT_TIMES & said.keys()}
            attributes[SETTLEMENT] = with_text(attributes[SETTLEMENT], sign(said, message["body"]))
        if attributes:
            message["md5_of_message_attributes"] = md5_of_attributes(attributes)
    return moved


def md5_of_body(body: str) -> str:
    """The digest that the queue gives of a body."""
    return hashlib.md5(body.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()


def _times_of(message: Mapping[str, Any]) -> list[str]:
    """The names of the queue's own attributes that are times; a sample may have none."""
    return [name for name in message["attributes"] or {} if name.endswith("Timestamp")]


def _arrival(entry: Mapping[str, Any]) -> int:
    """The last time that the queue gave a message, else that of the event, in epoch milliseconds."""
    message, created = entry["details"]["message"], datetime.fromisoformat(entry["event_metadata"]["created_at"])
    return max(
        (int(message["attributes"][name]) for name in _times_of(message)), default=int(created.timestamp() * 1000)
    )


def _later_text(text: str, seconds: int) -> str:
    """The text with each RFC 3339 time in it moved, in its own zone and as precise as before; no time stays itself."""
    return _RFC_3339.sub(lambda found: _later(found, seconds), text)


def _later(found: re.Match[str], seconds: int) -> str:
    fraction, zone = found["fraction"] or "", found["zone"]
    try:
        time = datetime.fromisoformat(found[0].removesuffix(zone).removesuffix(fraction)) + timedelta(seconds=seconds)
    except (ValueError, OverflowError):
        return found[0]  # there is no such day
    return time.isoformat() + fraction + zone
