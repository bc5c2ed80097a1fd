"""Response objects: what the model made of a request."""

import json
from collections.abc import Mapping
from typing import Any

from infra.local.studio.faults.responses import Name, ResponseFault
from infra.local.studio.model import demanded_function, reply_to, tokens

Struck = Mapping[Name, ResponseFault]
ECHOED: dict[str, Any] = {
    "instructions": None,
    "previous_response_id": None,
    "parallel_tool_calls": True,
    "tools": [],
    "tool_choice": "auto",
    "temperature": None,
    "top_p": None,
    "top_logprobs": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "text": {"format": {"type": "text"}},
    "reasoning": None,
    "prompt": None,
    "user": None,
}


def response_object(
    response_id: str, created_at: float, request: Mapping[str, Any], text: str, struck: Struck | None = None
) -> dict[str, Any]:
    """The response to `text` when it is over; the faults say how it ends and what is odd about it."""
    faults = struck or {}
    reply = _reply(request, text, faults)
    status, error, details = _end(reply, request, faults)
    if status == "incomplete" and (most := request.get("max_output_tokens")) is not None:
        reply = " ".join(reply.split(" ")[:most])
    output = [] if status == "failed" else _output(response_id, request, reply, status, faults)
    spent = {"input_tokens": tokens(text), "output_tokens": tokens(reply)}
    usage = {
        **spent,
        "total_tokens": sum(spent.values()),
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens_details": {"reasoning_tokens": 0},
    }
    conversation = request.get("conversation")
    said = output[-1]["type"] == "message" and "refusal" not in faults if output else False
    return {
        **{name: default if request.get(name) is None else request[name] for name, default in ECHOED.items()},
        "id": response_id,
        "object": "response",
        "status": status,
        "created_at": created_at,
        "error": error,
        "incomplete_details": details,
        "output": output,
        "output_text": "" if "empty_output_text" in faults else reply if said else None,
        "usage": None if "no_usage" in faults or status == "failed" else usage,
        "conversation": {"id": conversation} if isinstance(conversation, str) else conversation,
        "model": request.get("model") or "gpt://local/model",
        "background": bool(request.get("background")),
    }


def _reply(request: Mapping[str, Any], text: str, faults: Struck) -> str:
    if (long := faults.get("long_text")) is not None:
        return "long " * (long.size // 5) + "l" * (long.size % 5)
    asked = (request.get("text") or {}).get("format") or {"type": "text"}
    return reply_to(text) if asked["type"] == "text" else json.dumps({"reply": reply_to(text)}, ensure_ascii=False)


def _end(
    reply: str, request: Mapping[str, Any], faults: Struck
) -> tuple[str, dict[str, str] | None, dict[str, str] | None]:
    """The status, the error and the incomplete_details."""
    fault = faults.get("ends")
    if fault is None:
        most = request.get("max_output_tokens")
        if most is not None and tokens(reply) > most:
            return "incomplete", None, {"reason": "max_output_tokens"}
        return "completed", None, None
    error = {"code": fault.error_code, "message": "The response failed"} if fault.status == "failed" else None
    return fault.status, error, {"reason": fault.reason} if fault.status == "incomplete" else None


def _output(
    response_id: str, request: Mapping[str, Any], reply: str, status: str, faults: Struck
) -> list[dict[str, Any]]:
    if (name := demanded_function(request)) is not None:
        call: dict[str, Any] = {"id": f"fc_{response_id}", "type": "function_call", "call_id": f"call_{response_id}"}
        return [{**call, "name": name, "arguments": "{}", "status": "completed"}]
    if "text_in_summary" in faults:
        summary = [{"type": "summary_text", "text": reply}]
        return [{"id": f"rs_{response_id}", "type": "reasoning", "summary": summary, "status": "completed"}]
    part: dict[str, Any] = {"type": "output_text", "text": reply, "annotations": [], "logprobs": []}
    if "refusal" in faults:
        part = {"type": "refusal", "refusal": "I can't help with that."}
    message = {
        "id": f"msg_{response_id}",
        "type": "message",
        "role": "assistant",
        "status": "completed" if status == "completed" else "incomplete",
        "content": [part],
    }
    odd = {"id": f"odd_{response_id}", "type": "crystal_ball_call", "vision": {"depth": [1, None]}}
    return [odd, message] if "unknown_items" in faults else [message]
