"""The events of a response's stream, in the order in which the service sends them, numbered from 0.

A pure function of the finished response, so that what was sent while it ran can be replayed at any later time.
"""

from typing import Any

Event = dict[str, Any]


def stream_events(final: Event) -> list[Event]:
    """From response.created to the event that says how it ended; a cancelled response has none of these."""
    begun = {**final, "output": [], "output_text": None, "usage": None, "error": None, "incomplete_details": None}
    running = {**begun, "status": "in_progress"}
    events: list[Event] = [{"type": "response.created", "response": running}]
    if final["background"]:
        queued = {**begun, "status": "queued"}
        events = [{"type": f"response.{name}", "response": queued} for name in ("created", "queued")]
    events.append({"type": "response.in_progress", "response": running})
    for index, item in enumerate(final["output"]):
        events += _item_events(index, item)
    if final["status"] != "cancelled":
        events.append({"type": f"response.{final['status']}", "response": final})
    return numbered(events)


def numbered(events: list[Event]) -> list[Event]:
    """The events with the numbers of their places."""
    return [{**event, "sequence_number": number} for number, event in enumerate(events)]


def _item_events(index: int, item: Event) -> list[Event]:
    at: Event = {"item_id": item["id"], "output_index": index}
    inner: list[Event] = []
    empty = dict(item)
    if item["type"] == "message":
        empty = {**item, "content": [], "status": "in_progress"}
        inner = [event for number, part in enumerate(item["content"]) for event in _part_events(at, number, part)]
    elif item["type"] == "function_call":
        empty = {**item, "arguments": "", "status": "in_progress"}
        called = "response.function_call_arguments"
        inner = [
            {"type": f"{called}.delta", **at, "delta": item["arguments"]},
            {"type": f"{called}.done", **at, "name": item["name"], "arguments": item["arguments"]},
        ]
    elif item["type"] == "reasoning":
        empty = {**item, "summary": [], "status": "in_progress"}
        inner = [event for number, part in enumerate(item["summary"]) for event in _summary_events(at, number, part)]
    return [
        {"type": "response.output_item.added", "output_index": index, "item": empty},
        *inner,
        {"type": "response.output_item.done", "output_index": index, "item": item},
    ]


def _part_events(at: Event, number: int, part: Event) -> list[Event]:
    place: Event = {**at, "content_index": number}
    refused = part["type"] == "refusal"
    kind, name = ("response.refusal", "refusal") if refused else ("response.output_text", "text")
    extra: Event = {} if refused else {"logprobs": []}
    return [
        {"type": "response.content_part.added", **place, "part": {**part, name: ""}},
        *({"type": f"{kind}.delta", **place, **extra, "delta": piece} for piece in _pieces(part[name])),
        {"type": f"{kind}.done", **place, **extra, name: part[name]},
        {"type": "response.content_part.done", **place, "part": part},
    ]


def _summary_events(at: Event, number: int, part: Event) -> list[Event]:
    place: Event = {**at, "summary_index": number}
    kind = "response.reasoning_summary"
    return [
        {"type": f"{kind}_part.added", **place, "part": {**part, "text": ""}},
        *({"type": f"{kind}_text.delta", **place, "delta": piece} for piece in _pieces(part["text"])),
        {"type": f"{kind}_text.done", **place, "text": part["text"]},
        {"type": f"{kind}_part.done", **place, "part": part},
    ]


def _pieces(text: str) -> list[str]:
    """Word by word, at most a hundred pieces."""
    words = text.split(" ")
    step = len(words) // 100 + 1
    joined = [" ".join(words[at : at + step]) for at in range(0, len(words), step)]
    return [piece if at == 0 else f" {piece}" for at, piece in enumerate(joined)]
