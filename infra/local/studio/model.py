"""The stand-in for a model: what it answers depends on the input and on nothing else."""

from collections.abc import Mapping
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


def demanded_function(request: Mapping[str, Any]) -> str | None:
    """The function that the request's tool_choice demands, if any."""
    choice = request.get("tool_choice")
    if isinstance(choice, dict) and choice.get("type") == "function":
        return str(choice.get("name"))
    tools = [tool for tool in request.get("tools") or () if isinstance(tool, dict) and tool.get("type") == "function"]
    return str(tools[0].get("name")) if choice == "required" and tools else None


def model_problem(model: object, folder_id: str) -> str | None:
    """What is wrong with a model URI `gpt://<folder>/<model>[/branch]`, if anything."""
    if not isinstance(model, str) or not model.startswith("gpt://"):
        return "Invalid model URI"
    folder, _, name = model.removeprefix("gpt://").partition("/")
    if folder != folder_id:
        return "Specified folder ID does not match with service account"
    return None if name else "Invalid model URI"
