"""The content-free notes that the ledger keeps of a delivery and its call, for people and for proofs."""

import re
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from traceback import extract_tb
from typing import Any

from aistudio import Trace
from ledger import RecordKey
from worker.settle.context import Invocation, Item

_COUNTED = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_LARGEST_COUNT = 10**15
_MOST_COUNTS = 32


def notes_of(item: Item, inv: Invocation, trace: Trace | None = None) -> dict[str, Any]:
    """Function, receive count, the message's recorded fields, and the call's request ids."""
    notes: dict[str, Any] = {"function": inv.function.name, "received": item.delivery.received}
    if item.message is not None:
        notes |= item.message.notes()
    if trace is not None:
        notes |= {
            "client_request_id": trace.client_request_id or None,
            "request_id": trace.request_id,
            "server_trace_id": trace.server_trace_id,
            "status": trace.status,
        }
    return {name: value for name, value in notes.items() if value is not None}


def subject_key(subject: str, inv: Invocation) -> RecordKey:
    """The record that holds a subject's legal holds."""
    return inv.keys.key("subject", subject)


def token_counts(usage: Mapping[str, Any], levels: int = 3) -> dict[str, Any]:
    """The numbers of a usage object, nested ones too; whatever else it holds is not ours to keep, and no table takes
    numbers without end, nor an object of any depth and width.
    """
    kept: dict[str, Any] = {}
    for name, value in islice(usage.items(), _MOST_COUNTS):
        if not _COUNTED.fullmatch(name):
            continue
        if isinstance(value, Mapping) and levels > 1:
            kept[name] = token_counts(value, levels - 1)
        elif isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LARGEST_COUNT:
            kept[name] = value
    return kept


def traceback_of(defect: BaseException) -> str:
    """What was raised and where, innermost first; not its message, which may quote content."""
    frames = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in extract_tb(defect.__traceback__)]
    return " < ".join([type(defect).__name__, *reversed(frames)])[:1000]
