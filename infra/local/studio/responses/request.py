"""What is wrong with the body of a create, as the API reference has it."""

import re
from typing import Any

from infra.local.studio.model import model_problem
from infra.local.studio.wire.answers import Answer, bad_request

NOT_SUPPORTED = {
    "metadata",
    "prompt_cache_key",
    "prompt_cache_retention",
    "safety_identifier",
    "service_tier",
    "truncation",
}
FLAGS = {"background", "parallel_tool_calls", "store", "stream"}
COUNTS = {"max_output_tokens", "max_tool_calls", "top_logprobs"}
TEXTS = {"instructions", "previous_response_id", "user"}
OTHERS = {
    "conversation",
    "include",
    "input",
    "model",
    "prompt",
    "reasoning",
    "stream_options",
    "temperature",
    "text",
    "tool_choice",
    "tools",
    "top_p",
}
TOOLS = {
    "apply_patch",
    "code_interpreter",
    "custom",
    "file_search",
    "function",
    "image_generation",
    "local_shell",
    "mcp",
    "shell",
    "web_search",
}
CHOICES = ("none", "auto", "required")
INCLUDED = (
    "file_search_call.results",
    "web_search_call.results",
    "web_search_call.action.sources",
    "message.input_image.image_url",
    "computer_call_output.output.image_url",
    "code_interpreter_call.outputs",
    "reasoning.encrypted_content",
    "message.output_text.logprobs",
)
FORMATS = ("text", "json_schema", "json_object")
NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
INPUT_LIMIT = 10_485_760  # characters


def problem(body: dict[str, Any], folder_id: str, retired_models: tuple[str, ...]) -> Answer | None:
    """The 400 that this body gets, or nothing; which responses are stored is not asked here."""
    given = {name: value for name, value in body.items() if value is not None}
    for name in given:
        if name in NOT_SUPPORTED:
            return bad_request(f"{name} is not supported", name)
        if name not in FLAGS | COUNTS | TEXTS | OTHERS:
            return bad_request(f"Unknown parameter: {name}", name)
    return (
        _model(given, folder_id, retired_models)
        or _scalars(given)
        or _objects(given)
        or _tools(given.get("tools", []))
        or _format(given.get("text", {}))
    )


def _model(given: dict[str, Any], folder_id: str, retired: tuple[str, ...]) -> Answer | None:
    if "prompt" in given:
        prompt = given["prompt"]
        named = isinstance(prompt, dict) and isinstance(prompt.get("id"), str)
        if not named:
            return bad_request("prompt needs an id", "prompt")
        if "model" not in given:
            return None
    if wrong := model_problem(given.get("model"), folder_id):
        return bad_request(wrong, "model")
    name = given["model"].split("/")[3]
    if name in retired:
        return bad_request("Failed to get model", "model")
    if "reasoning" in given and not name.startswith(("deepseek", "qwen")):  # marked so, yet these take it
        return bad_request("reasoning is not supported", "reasoning")
    return None


def _scalars(given: dict[str, Any]) -> Answer | None:
    for names, kind, what in ((FLAGS, bool, "a boolean"), (TEXTS, str, "a string")):
        for name in sorted(names & set(given)):
            if not isinstance(given[name], kind):
                return bad_request(f"{name} must be {what}", name)
    for name in sorted(COUNTS & set(given)):
        if type(given[name]) is not int or given[name] < 0:
            return bad_request(f"{name} must be a whole number", name)
    if given.get("top_logprobs", 0) > 20:
        return bad_request("top_logprobs must be between 0 and 20", "top_logprobs")
    for name in ("temperature", "top_p"):
        value = given.get(name, 0)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            return bad_request(f"{name} must be between 0 and 1", name)
    return None


def _objects(given: dict[str, Any]) -> Answer | None:
    asked = given.get("input", "")
    if not isinstance(asked, str) and not (isinstance(asked, list) and all(isinstance(item, dict) for item in asked)):
        return bad_request("input must be a string or an array of items", "input")
    if isinstance(asked, str) and len(asked) > INPUT_LIMIT:
        return bad_request(f"input has more than {INPUT_LIMIT} characters", "input")
    conversation = given.get("conversation", "")
    if not isinstance(conversation.get("id") if isinstance(conversation, dict) else conversation, str):
        return bad_request("conversation must be an id or an object with one", "conversation")
    choice = given.get("tool_choice", "auto")
    if choice not in CHOICES and not (isinstance(choice, dict) and isinstance(choice.get("type"), str)):
        return bad_request("tool_choice must be none, auto, required or an object with a type", "tool_choice")
    include = given.get("include", [])
    if not isinstance(include, list) or any(one not in INCLUDED for one in include):
        return bad_request("include names what is not there", "include")
    options = given.get("stream_options", {})
    if not isinstance(options, dict) or options.get("include_obfuscation") is not None:
        return bad_request("stream_options.include_obfuscation is not supported", "stream_options")
    return None


def _tools(tools: Any) -> Answer | None:
    if not isinstance(tools, list) or not all(isinstance(tool, dict) for tool in tools):
        return bad_request("tools must be an array of objects", "tools")
    for tool in tools:
        if not isinstance(tool.get("type"), str) or tool["type"] not in TOOLS:
            return bad_request("A tool of this type is not supported", "tools")
        if tool["type"] == "function" and not (isinstance(tool.get("name"), str) and NAME.fullmatch(tool["name"])):
            return bad_request("A function's name may hold letters, digits, _ and -", "tools")
    return None


def _format(text: Any) -> Answer | None:
    if not isinstance(text, dict) or not isinstance(form := text.get("format") or {"type": "text"}, dict):
        return bad_request("text must be an object, and its format too", "text")
    if form.get("type") not in FORMATS:
        return bad_request(f"text.format.type must be one of {', '.join(FORMATS)}", "text.format.type")
    if form["type"] == "json_schema":
        if not (isinstance(form.get("name"), str) and NAME.fullmatch(form["name"])):
            return bad_request("text.format.name may hold letters, digits, _ and -, at most 64", "text.format.name")
        if not isinstance(form.get("schema"), dict):
            return bad_request("text.format.schema must be an object", "text.format.schema")
    return None
