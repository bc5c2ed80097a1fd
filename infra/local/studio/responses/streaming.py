"""A response as a stream of server-sent events: while it is created, and replayed."""

from infra.local.studio.responses.events import Event, stream_events
from infra.local.studio.responses.life import Life
from infra.local.studio.responses.objects import Struck
from infra.local.studio.wire.answers import Answer, streamed
from infra.local.studio.wire.stream import EventStream, frames


def stream(life: Life, struck: Struck, after: int = -1) -> Answer:
    """The events behind the one of this number; the response is over once the last of them is written."""
    events = stream_events(life.final)
    broken = None
    whole = True
    for name in ("stream_breaks", "stream_stops", "stream_error"):
        if (fault := struck.get(name)) is not None:
            events, whole = events[: fault.after_events], False
            if name == "stream_breaks":
                broken = "reset" if fault.reset else "end"
            if name == "stream_error":
                told = {"code": fault.error_code, "message": "The stream failed", "param": None}
                events.append({"type": "error", **told, "sequence_number": len(events)})
    pieces = frames(_mixed([event for event in events if event["sequence_number"] > after], struck))
    if "stream_sentinel" in struck:
        pieces += (b"data: [DONE]\n\n",)
    if (cut := struck.get("stream_pieces")) is not None:
        body = b"".join(pieces)
        pieces = tuple(body[at : at + cut.size] for at in range(0, len(body), cut.size))
    slow = struck.get("stream_slow")
    pause = 0.0 if slow is None else slow.delay
    return streamed(EventStream(pieces, pause, broken, life.finish if whole else None))


def _mixed(events: list[Event], struck: Struck) -> list[Event]:
    if "stream_unknown_events" not in struck:
        return events
    mixed: list[Event] = []
    for event in events:
        number = event["sequence_number"]
        mixed.append({"type": "response.thinking_aloud.delta", "delta": "hm", "sequence_number": number})
        mixed.append({**event, "x_unknown_field": {"a": [1, None]}})
    return mixed
