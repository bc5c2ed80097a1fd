"""The decorator that makes a timer function: a call at each tick, with no queue of its own.

What a timer sends: https://yandex.cloud/en/docs/functions/concepts/trigger/timer
"""

import functools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any, Protocol

from ledger import Keys, Ledger
from worker.clock import Clock, Deadline
from worker.send.bucket import Bucket
from worker.send.elsewhere import Elsewhere
from worker.send.results import Results
from worker.settings import LEDGER, Settings


@dataclass(frozen=True, slots=True)
class Tick:
    """One tick: when the timer fired, in epoch seconds, and the payload that it is set up with."""

    at: float
    payload: str = ""


@dataclass(frozen=True, slots=True)
class Tools:
    """What a timer's call works with. `elsewhere` knows the functions that this one says it sends to.

    `results` is the results queue, if it says that it sends there; `evidence` is the bucket of EVIDENCE_BUCKET.
    """

    store: Ledger
    keys: Keys
    clock: Clock
    deadline: Deadline
    random: Random
    elsewhere: Elsewhere
    results: Results
    evidence: Bucket
    settings: Settings


TimerCall = Callable[[Tick, Tools], Mapping[str, int]]
"""Does what is due, and says how much of what it did. Whatever it raises lets the timer try again."""


@dataclass(frozen=True, slots=True)
class Timer:
    """One timer function; `needs` are the settings that it can't do without, `sends_to` functions with queues.

    `result_type` is the CloudEvents type of its results.
    """

    name: str
    call: TimerCall
    needs: tuple[str, ...]
    sends_to: tuple[str, ...]
    result_type: str


class TimerHandler(Protocol):
    """What the platform calls at each tick; `timer` tells tests and tools what it is."""

    timer: Timer

    def __call__(self, event: Mapping[str, Any], context: Any) -> dict[str, int]:
        """Do what is due. Raises SettingsError where the environment is not usable."""
        ...


def timer_function(
    *, needs: Iterable[str] = LEDGER, sends_to: Iterable[str] = (), result_type: str = ""
) -> Callable[[TimerCall], TimerHandler]:
    """Make a handler of a call: `call(tick, tools) -> counts`.

    `needs` are the settings that the function can't do without; `sends_to` are the functions to whose queues it
    sends, each of which needs a setting `<FUNCTION>_QUEUE_URL`; `results` among them is the results queue, where its
    results of the CloudEvents type `result_type` go.
    """

    def make(call: TimerCall) -> TimerHandler:
        timer = Timer(call.__module__.rpartition(".")[2], call, tuple(needs), tuple(sends_to), result_type)

        @functools.wraps(call)
        def handler(event: Mapping[str, Any], context: Any) -> dict[str, int]:
            from worker.wiring import timer_instance  # the first tick reads the settings, not the import

            return timer_instance(timer).handle(event, context)

        handler.timer = timer  # type: ignore[attr-defined]  # functions take attributes, their type does not say so
        return handler  # type: ignore[return-value]  # it has `timer` now

    return make


def tick_of(event: Mapping[str, Any], now: float) -> Tick:
    """Return the tick that a timer's event tells of. Raises ValueError: the event is not a timer's."""
    try:
        (message,) = event["messages"]
        created, details = message["event_metadata"].get("created_at"), message["details"]
        payload = str(details.get("payload") or "") if details["trigger_id"] else ""
        return Tick(datetime.fromisoformat(created).timestamp() if created else now, payload)
    except (AttributeError, LookupError, TypeError, ValueError):
        raise ValueError("event.messages: not one timer's message. Is this function invoked by a timer?") from None
