"""The content-free notes that the ledger keeps of a delivery and its call, for people and for proofs."""

from pathlib import Path
from traceback import extract_tb
from typing import Any

from aistudio import Trace
from ledger import RecordKey
from worker.settle.context import Invocation, Item


def audit_of(item: Item, inv: Invocation, trace: Trace | None = None) -> dict[str, Any]:
    """Function, receive count, the message's recorded fields, and the call's request ids."""
    audit: dict[str, Any] = {"function": inv.function.name, "received": item.delivery.received}
    if item.message is not None:
        audit |= item.message.audit()
    if trace is not None:
        audit |= {
            "client_request_id": trace.client_request_id or None,
            "request_id": trace.request_id,
            "server_trace_id": trace.server_trace_id,
            "status": trace.status,
        }
    return {name: value for name, value in audit.items() if value is not None}


def subject_key(subject: str, inv: Invocation) -> RecordKey:
    """The record that holds a subject's legal holds."""
    return inv.keys.key("subject", subject)


def traceback_of(defect: BaseException) -> str:
    """What was raised and where, innermost first; not its message, which may quote content."""
    frames = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in extract_tb(defect.__traceback__)]
    return " < ".join([type(defect).__name__, *reversed(frames)])[:1000]
