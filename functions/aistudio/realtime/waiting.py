"""Reading a session while something is to be expected: a turn, or the transcripts behind the last turn."""

import contextlib
from collections.abc import Callable, Mapping
from typing import Any

from websockets.exceptions import ConnectionClosed

from aistudio.realtime.client_events import KINDS, RESPONSE_CREATE
from aistudio.realtime.frames import Wire, close_code
from aistudio.realtime.heard import Heard
from aistudio.realtime.turn import Turn

TRANSCRIBED_WITHIN = 10.0
"""Seconds to wait, at the end, for transcripts that the session was asked for."""


def read_turn(wire: Wire, turn: Turn, hear: Callable[[Mapping[str, Any]], None]) -> str:
    """Read until the turn is over, or its patience; return what ended the reading then. `hear` takes each event.

    A turn of which nothing is heard at all is waited for as long as the table of client events has it.

    Raises TimeoutError: when the session's time is over, as all that `wire` raises.
    """
    silent_until = wire.now() + KINDS[RESPONSE_CREATE].within
    seen: object = None
    since = 0.0
    while not turn.over:
        patience = turn.patience
        if seen != (patience, turn.heard):  # what is not about a response is no reason to wait longer
            seen, since = (patience, turn.heard), wire.now()
        waits_until = since + patience if patience is not None else None if turn.heard else silent_until
        try:
            event = wire.receive(None if waits_until is None else waits_until - wire.now())
        except (TimeoutError, ConnectionClosed) as error:
            if patience is None:
                if waits_until is not None and isinstance(error, TimeoutError) and wire.now() >= waits_until:
                    return "no response.created in time"
                raise
            return "the time is over" if isinstance(error, TimeoutError) else f"closed {close_code(error)}"
        hear(event)
    return ""


def read_transcripts(wire: Wire, heard: Heard, item_ids: set[str | None]) -> None:
    """Read until each of these items has its transcript, or the time for transcripts is over."""
    until = wire.now() + TRANSCRIBED_WITHIN
    with contextlib.suppress(TimeoutError, ConnectionClosed):
        while not heard.has_transcripts(item_ids):
            heard.note(wire.receive(until - wire.now()))
