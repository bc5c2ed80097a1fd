"""`ops break`: makes something go wrong in the local environment, under a name."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from infra.local.processes.loopback import loopback
from infra.operate.ops.common import AsJson, reach_of, seconds
from infra.operate.ops.ending import DONE, misused
from infra.operate.ops.environments import Reach
from infra.operate.ops.sample import ask
from infra.operate.ops.say import Voice

STEP = 0.5
"""Seconds between two steps of the progress bar."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault: what it does, how the local AI Studio then answers, or which service of the cloud is down."""

    does: str
    answers: tuple[dict[str, Any], ...] = ()
    down: tuple[str, ...] = ()


FAULTS = {
    "throttled": Fault("AI Studio answers 429, come back in 2 s", ({"status": 429, "headers": {"Retry-After": "2"}},)),
    "down": Fault("AI Studio answers 503", ({"status": 503},)),
    "slow": Fault("AI Studio answers after 5 s", ({"delay": 5},)),
    "errors": Fault("AI Studio answers every other request with 500", ({"status": 500, "probability": 0.5},)),
    "reset": Fault("AI Studio does what it is asked, then cuts the connection", ({"drop": "after", "reset": True},)),
    "gateway": Fault("a gateway answers 502 in HTML", ({"status": 502, "html": True},)),
    "rejected": Fault("AI Studio refuses every request: 400", ({"status": 400},)),
    "unauthorized": Fault("AI Studio does not take the key: 401", ({"status": 401},)),
    "forbidden": Fault("AI Studio does not allow it: 403", ({"status": 403},)),
    "queue-down": Fault("the queue service answers 503", down=("queue",)),
    "table-down": Fault("the table service answers 503", down=("table",)),
}
OFF = "off"


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("break", epilog="Example: ops break throttled --for 30s; ops break off")(break_)


def break_(
    context: typer.Context,
    fault: Annotated[str, typer.Argument(help="The fault's name (--list); off mends all.")] = "",
    for_: Annotated[str, typer.Option("--for", help="Mend it after so long; without, `ops break off` does.")] = "",
    list_: Annotated[bool, typer.Option("--list", help="List the faults.")] = False,
    as_json: AsJson = False,
) -> int:
    """Break the local environment on purpose, and see what the functions make of it."""
    voice = Voice(as_json=as_json)
    if list_:
        voice.data({name: each.does for name, each in FAULTS.items()})
        for name, each in FAULTS.items():
            voice.line(f"{name:13} {each.does}")
        return DONE
    if fault not in (*FAULTS, OFF):
        raise misused(f"there is no fault {fault!r}; there are: {', '.join(FAULTS)}, {OFF}")
    reach, pause = reach_of(context), seconds(for_) if for_ else None
    mend(reach)
    if fault == OFF:
        voice.line("nothing is broken on purpose any more")
    else:
        _break(reach, FAULTS[fault], voice, fault, pause)
    voice.data({"fault": fault, "armed": fault != OFF and pause is None})
    return DONE


def _break(reach: Reach, fault: Fault, voice: Voice, name: str, pause: float | None) -> None:
    if fault.answers:
        ask(reach, "POST", "faults", [{"times": None, **each} for each in fault.answers])
    switch(reach, fault.down)
    voice.line(f"{name}: {fault.does}" + ("" if pause is not None else f"; mend it with: {reach.hint('break', OFF)}"))
    if pause is None:
        return
    try:
        with voice.progress(name, round(pause)) as bar:
            over = time.monotonic() + pause
            while (left := over - time.monotonic()) > 0:
                time.sleep(min(STEP, left))
                bar(round(pause - left))
    finally:
        mend(reach)
    voice.line("mended")


def mend(reach: Reach) -> None:
    """Take back every fault. Raises Ended anywhere but locally."""
    ask(reach, "DELETE", "faults")
    switch(reach, ())


def switch(reach: Reach, down: Sequence[str]) -> None:
    """Switch these services of the local cloud off, and all others on."""
    url = f"{reach.settings.ymq_endpoint}/_local/down"
    loopback().put(url, json=list(down)).raise_for_status()
