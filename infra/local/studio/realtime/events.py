"""The server events of one Realtime turn, in the order in which the service sends them.

Pure: the caller adds `event_id`s and time. Text comes word by word, audio as a tenth of a second of silence a word.
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from infra.local.studio.faults.realtime import RealtimeFault
from infra.local.studio.model import demanded_function, reply_to, text_of, tokens

Event = dict[str, Any]
PCM_OF_A_WORD = base64.b64encode(bytes(4800)).decode()  # 16 bits, 24 kHz


@dataclass(frozen=True)
class Turn:
    """What a response.create asked for, resolved against its session: `modalities` are those really produced.

    `call`: the function that is called in place of an answer.
    """

    response_id: str
    item_id: str
    heard: str
    modalities: tuple[str, ...]
    metadata: dict[str, Any] | None = None
    fault: RealtimeFault | None = None
    call: str | None = None

    @property
    def text(self) -> str:
        """What the model says."""
        return reply_to(self.heard) if self.call is None else ""

    def has(self, name: str) -> bool:
        """Whether this fault was asked for."""
        return self.fault is not None and self.fault.realtime == name


def asked_for(new_id: Callable[[], str], asked: dict[str, Any], heard: str, modalities: tuple[str, ...]) -> Turn:
    """The turn that a response.create begins; its own `input`, `output_modalities` and `metadata` go first."""
    return Turn(
        response_id=f"resp_{new_id()}",
        item_id=f"item_{new_id()}",
        heard=text_of(asked.get("input")) or heard or text_of(asked.get("instructions")),
        modalities=tuple(asked.get("output_modalities") or modalities),
        metadata=asked.get("metadata"),
        call=demanded_function(asked),
    )


def error_event(kind: str, message: str, code: str | None, event_id: str | None) -> Event:
    """An `error`, naming the client event that failed."""
    told = {"type": kind, "code": code, "message": message, "param": None, "event_id": event_id}
    return {"type": "error", "error": told}


def response(turn: Turn, status: str, output: list[Event], *, used: bool = False) -> Event:
    """The response object of the Realtime API, which is not the one of the Responses API."""
    spent = {"input_tokens": tokens(turn.heard), "output_tokens": tokens(turn.text)}
    details: Event | None = None
    if status not in ("in_progress", "completed"):
        reasons = {"failed": "server_error", "incomplete": "max_output_tokens", "cancelled": "client_cancelled"}
        details = {"type": status, "reason": reasons[status]}
    return {
        "id": turn.response_id,
        "object": "realtime.response",
        "status": status,
        "status_details": details,
        "output": output,
        "conversation_id": None,
        "output_modalities": ["text", "audio"],  # both are shown whatever is produced
        "max_output_tokens": "inf",
        "audio": None,
        "usage": {**spent, "total_tokens": sum(spent.values())} if used else None,
        "metadata": turn.metadata,
    }


def turn_events(turn: Turn) -> list[Event]:
    """From response.created to response.done, with the fault's changes."""
    created: Event = {"type": "response.created", "response": response(turn, "in_progress", [])}
    done = done_event(turn)
    middle = _output_events(turn)
    if turn.has("unknown_events"):
        created, middle = {**created, "x_unknown_field": {"a": 1}}, _with_unknown(middle)
    if turn.has("foreign_done"):
        foreign_id = "resp_" + turn.response_id[:4:-1]  # another id, made of ours so that it follows the seed
        foreign = Turn(foreign_id, "item_foreign", "something else", ("text",))
        middle = [*turn_events(foreign), *middle]
    return [created, *middle, done, *([done] if turn.has("two_dones") else [])]


def done_event(turn: Turn) -> Event:
    """The response.done: also the whole answer where the service answers with JSON."""
    status = turn.fault.done_status if turn.fault is not None and turn.has("done_status") else "completed"
    return {"type": "response.done", "response": response(turn, status, [_item(turn, status)], used=True)}


def cancelled_event(turn: Turn) -> Event:
    """The response.done of a response that the client cancelled."""
    return {"type": "response.done", "response": response(turn, "cancelled", [], used=True)}


def _item(turn: Turn, status: str) -> Event:
    if turn.call is not None:
        ended = status if status in ("in_progress", "completed") else "incomplete"
        return {**_call(turn, begun=status == "in_progress"), "object": "realtime.item", "status": ended}
    item: Event = {"id": turn.item_id, "object": "realtime.item", "type": "message", "role": "assistant"}
    item["status"] = status if status in ("in_progress", "completed") else "incomplete"
    return {**item, "content": [] if status == "in_progress" else [_part(turn)]}


def _call(turn: Turn, *, begun: bool = False) -> Event:
    named = {"call_id": f"call_{turn.response_id[5:]}", "name": turn.call}
    return {"id": turn.item_id, "type": "function_call", **named, "arguments": "" if begun else "{}"}


def _part(turn: Turn, *, begun: bool = False) -> Event:
    said = "" if begun else turn.text
    # The service may wrap a text answer as audio without bytes; it leaves the bytes out of response.done anyway.
    if "audio" in turn.modalities or turn.has("audio_although_text"):
        return {"type": "output_audio", "audio": None, "transcript": said}
    return {"type": "output_text", "text": said}


def _output_events(turn: Turn) -> list[Event]:
    whole: Event = {"response_id": turn.response_id, "output_index": 0}
    part: Event = {**whole, "item_id": turn.item_id, "content_index": 0}
    if turn.call is not None:
        call = _call(turn)
        told = {**whole, "item_id": turn.item_id, "call_id": call["call_id"]}
        arguments = "response.function_call_arguments"
        return [
            {"type": "response.output_item.added", **whole, "item": _item(turn, "in_progress")},
            {"type": f"{arguments}.delta", **told, "delta": call["arguments"]},
            {"type": f"{arguments}.done", **told, "name": turn.call, "arguments": call["arguments"]},
            {"type": "response.output_item.done", **whole, "item": _item(turn, "completed")},
        ]
    words = turn.text.split(" ")
    pieces = [word if index == 0 else f" {word}" for index, word in enumerate(words)]
    events: list[Event] = [
        {"type": "response.output_item.added", **whole, "item": _item(turn, "in_progress")},
        {"type": "response.content_part.added", **part, "part": _part(turn, begun=True)},
    ]
    if "text" in turn.modalities:
        events += [{"type": "response.output_text.delta", **part, "delta": piece} for piece in pieces]
        events.append({"type": "response.output_text.done", **part, "text": turn.text})
    if "audio" in turn.modalities or turn.has("audio_although_text"):
        for piece in pieces:
            events.append({"type": "response.output_audio_transcript.delta", **part, "delta": piece})
            events.append({"type": "response.output_audio.delta", **part, "delta": PCM_OF_A_WORD})
        events.append({"type": "response.output_audio.done", **part})
        events.append({"type": "response.output_audio_transcript.done", **part, "transcript": turn.text})
    return [
        *events,
        {"type": "response.content_part.done", **part, "part": _part(turn)},
        {"type": "response.output_item.done", **whole, "item": _item(turn, "completed")},
    ]


def _with_unknown(events: list[Event]) -> list[Event]:
    mixed: list[Event] = []
    for event in events:
        mixed.append({"type": "response.thinking_aloud.delta", "delta": "hm", "depth": [1, {"two": None}]})
        mixed.append({**event, "x_unknown_field": True})
    return mixed
