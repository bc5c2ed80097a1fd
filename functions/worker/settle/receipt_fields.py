"""What records and receipts keep of a delivery and its call, without content: for people, and for proofs."""

from typing import Any

from aistudio import Trace
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
