"""The stand-in for a model: what it answers depends on the input and on nothing else."""

from typing import Any


def reply_to(text: str) -> str:
    """The model's answer: an echo, so that a test can tell whose answer it holds."""
    return f"You said: {text}" if text else "You said nothing."


def tokens(text: str) -> int:
    """A count of tokens: one a word."""
    return len(text.split())


def text_of(items: object) -> str:
    """All text in an input: a string, or items whose content is a string or parts with `text` or `transcript`."""
    if isinstance(items, str):
        return items
    if isinstance(items, list):
        return " ".join(found for item in items if (found := text_of(item)))
    if not isinstance(items, dict):
        return ""
    return next((text_of(items[name]) for name in ("content", "text", "transcript", "output") if items.get(name)), "")


def model_problem(model: object, folder_id: str) -> str | None:
    """What is wrong with a model URI `gpt://<folder>/<model>[/branch]`, if anything."""
    if not isinstance(model, str) or not model.startswith("gpt://"):
        return "Invalid model URI"
    folder, _, name = model.removeprefix("gpt://").partition("/")
    if folder != folder_id:
        return "Specified folder ID does not match with service account"
    return None if name else "Invalid model URI"


def response_object(response_id: str, created_at: float, request: dict[str, Any], text: str) -> dict[str, Any]:
    """A completed response of the Responses API that answered `text`."""
    reply = reply_to(text)
    spent = {"input_tokens": tokens(text), "output_tokens": tokens(reply)}
    return {
        "id": response_id,
        "object": "response",
        "status": "completed",
        "created_at": created_at,
        "error": None,
        "incomplete_details": None,
        "output": [
            {
                "id": f"msg_{response_id}",
                "type": "message",
                "role": "assistant",
                "status": "completed",
                "content": [{"type": "output_text", "text": reply, "annotations": [], "logprobs": []}],
            }
        ],
        "output_text": reply,
        "instructions": request.get("instructions"),
        "usage": {
            **spent,
            "total_tokens": sum(spent.values()),
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens_details": {"reasoning_tokens": 0},
        },
        "parallel_tool_calls": request.get("parallel_tool_calls", True),
        "conversation": None,
        "previous_response_id": request.get("previous_response_id"),
        "model": request.get("model", "gpt://local/model"),
        "tools": request.get("tools", []),
        "tool_choice": request.get("tool_choice", "auto"),
        "temperature": request.get("temperature"),
        "top_p": request.get("top_p"),
        "max_output_tokens": request.get("max_output_tokens"),
        "background": False,
        "user": request.get("user"),
    }
